// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the scheduler must know of a target: the sizes of
// docs/microarchitecture.md.

#pragma once

#include <algorithm>
#include <cstdint>

namespace dalbit::target {
struct Target;
}

namespace dalbit::schedule {

struct Machine {
  int64_t n = 32;            ///< output channels of the dot array
  int64_t k = 32;            ///< products per channel and cycle
  int64_t lanes = 16;        ///< vector lanes
  int64_t portBytes = 64;    ///< scratchpad port
  int64_t accEntries = 512;  ///< accumulator entries, two halves
  int64_t rowScalars = 1024; ///< row scalar memory
  int64_t spmBytes = 1 << 20;
  int64_t banks = 16;
  int64_t axiBytes = 32;

  int64_t bankBytes() const { return spmBytes / banks; }
  /// Of a buffer that any unit streams: a port's word, and the vector unit's
  /// int32 columns of a beat.
  int64_t alignment() const { return std::max(portBytes, 4 * lanes); }
};

Machine machineOf(const target::Target &target);

inline int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

} // namespace dalbit::schedule
