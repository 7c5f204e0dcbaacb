// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In front of a unit: the queue of go's and the list of started instructions
// (rtl/sequencer/dispatch.sv). Cycles are those in which something is decided;
// registers show it in the next.

#pragma once

#include "simulator/fast/Code.h"
#include "simulator/fast/Sizes.h"
#include "simulator/fast/Time.h"

#include <algorithm>

namespace dalbit::fast {

struct Note {
  uint32_t pc = 0;
  uint16_t tag = 0, wait = 0, signal = 0;
  uint16_t config = 0; ///< place of its configuration
  uint32_t go = 0;     ///< number of the go
  uint64_t sum = 0;    ///< of matrix and vector unit's (Plans.h)
};

struct Dispatch {
  static constexpr uint32_t Configs = 16; ///< queue, list and one to spare

  Note queue[isa::QueueDepth], list[ListDepth];
  uint32_t head = 0, count = 0, first = 0, listed = 0, pushes = 0;
  uint32_t configs[Configs][MostFields];

  Cycle tookAt = -2;         ///< cycle of the latest take
  Cycle readyFrom = 0;       ///< the unit's ready_o; Never: not known yet
  Cycle roomFrom = 0;        ///< the list has a place
  Cycle headFrom = 0;        ///< the head is there
  Cycle stallFrom = Never;   ///< first cycle in which only semaphores lack
  Cycle busyFrom = Never;    ///< first cycle with an instruction in the unit
  Cycle idleFrom = 0;        ///< first cycle with queue and list empty
  uint64_t issuedBefore = 0; ///< issuing cycles before idleFrom

  const Note &front() const { return queue[head]; }
  const Note &oldest() const { return list[first]; }
  /// First cycle in which the head may start as far as its unit goes.
  Cycle ableFrom() const {
    if (count == 0 || listed == ListDepth)
      return Never;
    return std::max({headFrom, tookAt + 2, readyFrom, roomFrom});
  }
  bool isFull(Cycle now) const {
    return count + (tookAt == now) == isa::QueueDepth;
  }
};

} // namespace dalbit::fast
