// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Words that all parts of the fast engine share. A cycle is the rtl's: values
// of registers are those before its edge, so what is decided in cycle c is seen
// in c + 1 (T2).

#pragma once

#include <cstdint>

namespace dalbit::fast {

using Cycle = int64_t;

/// Later than everything; additions to it do not overflow.
inline constexpr Cycle Never = INT64_MAX / 4;

// Numbers of the units (isa/npu.td); the sequencer follows in lists of those
// that take semaphores or report errors.
enum UnitNumber : unsigned {
  DmaIn,
  DmaOut,
  Matrix,
  Vector,
  Units,
  Sequencer = Units
};

} // namespace dalbit::fast
