// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DMA loads that run ahead of the jobs which use them. All loads of a block are
// requested first, in order of use; each belongs to a ring of buffers. A load
// is written as soon as its ring has a slot whose last user stands in the
// program already, so that program order stays a valid order.

#pragma once

#include "compiler/schedule/JobBuilder.h"

#include <cassert>
#include <functional>
#include <vector>

namespace dalbit::schedule {

class Loads {
public:
  enum Ring { Weights, Norms, Caches, Biases, RingCount };

  void setSlots(Ring ring, std::vector<mlir::Value> slots) {
    rings[ring].slots = std::move(slots);
  }
  void request(Ring ring, std::function<void(mlir::Value slot)> emit) {
    queue.push_back({ring, std::move(emit)});
  }

  /// Writes all loads that may be written now.
  void prefetch() {
    for (; next < queue.size(); ++next) {
      RingState &ring = rings[queue[next].ring];
      if (ring.issued - ring.released >= ring.slots.size())
        return;
      queue[next].emit(ring.slots[ring.issued++ % ring.slots.size()]);
    }
  }

  /// The slot of the ring's next load.
  mlir::Value take(Ring ring) {
    prefetch();
    RingState &state = rings[ring];
    assert(state.taken < state.issued && "loads are requested in order of use");
    return state.slots[state.taken++ % state.slots.size()];
  }
  /// The oldest load in use has no further users.
  void release(Ring ring) {
    ++rings[ring].released;
    prefetch();
  }

  /// Between blocks; every load has been used.
  void reset() {
    queue.clear();
    next = 0;
  }

private:
  struct Load {
    Ring ring;
    std::function<void(mlir::Value slot)> emit;
  };
  struct RingState {
    std::vector<mlir::Value> slots;
    size_t issued = 0, taken = 0, released = 0;
  };
  std::vector<Load> queue;
  size_t next = 0;
  RingState rings[RingCount];
};

} // namespace dalbit::schedule
