// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Real constants as the pairs of docs/arithmetic.md (A3): 15-bit mantissas with
// a shift.

#pragma once

#include <cstdint>

namespace dalbit::quantise {

struct Pair {
  int16_t mantissa = 0;
  int8_t shift = 0;

  /// The word that streams and immediates hold.
  uint32_t word() const {
    return uint16_t(mantissa) | (uint32_t(uint8_t(shift)) << 16);
  }
  double value() const;
};

/// The pair nearest to \p value, its mantissa in [2^14, 2^15); 0 is (0, 0).
/// Values below 2^-113 become 0, the largest mantissa stands for values of
/// 2^143 and more.
Pair makePair(double value);

} // namespace dalbit::quantise
