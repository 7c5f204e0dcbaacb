// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scalar rules of docs/arithmetic.md as the functional engine executes
// them. The integer executor of [qnn] and the rtl have their own; tests hold
// the three against each other.

#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace dalbit::functional {

inline int32_t saturate32(int64_t value) {
  if (value > std::numeric_limits<int32_t>::max())
    return std::numeric_limits<int32_t>::max();
  if (value < std::numeric_limits<int32_t>::min())
    return std::numeric_limits<int32_t>::min();
  return static_cast<int32_t>(value);
}

inline int32_t saturate16(int64_t value) {
  return value > 32767 ? 32767 : value < -32768 ? -32768 : int32_t(value);
}

inline int32_t saturate8(int64_t value) {
  return value > 127 ? 127 : value < -128 ? -128 : int32_t(value);
}

/// A3: x * m / 2^shift, halves up, saturated to int32.
inline int32_t requantise(int32_t x, int32_t mantissa, int shift) {
  int64_t product = int64_t(x) * mantissa;
  if (shift < 0)
    return product == 0  ? 0
           : product > 0 ? std::numeric_limits<int32_t>::max()
                         : std::numeric_limits<int32_t>::min();
  if (shift == 0)
    return saturate32(product);
  if (shift >= 48)
    return 0;
  return saturate32((product + (int64_t(1) << (shift - 1))) >> shift);
}

/// A row scalar (S): value * 2^-exponent.
struct RowScalar {
  int32_t value = 0;
  int8_t exponent = 0;

  bool operator==(const RowScalar &) const = default;
};

/// A pair as stored in memory (A3).
inline RowScalar unpackPair(uint32_t word) {
  return {int16_t(word & 0xffff), int8_t((word >> 16) & 0xff)};
}

inline uint32_t packPair(RowScalar pair) {
  return uint16_t(pair.value) | (uint32_t(uint8_t(pair.exponent)) << 16);
}

/// S1. \p value may have up to 48 bits.
RowScalar norm16(int64_t value, int exponent);
/// S2.
RowScalar norm32(int64_t sum);
/// S3, S5, S6, S7 add \p adjust to the exponent (S9).
RowScalar scale(RowScalar x, RowScalar factor, int adjust);
/// S4.
RowScalar fix(RowScalar x, RowScalar factor);
/// S5: factor / x.
RowScalar reciprocal(RowScalar x, RowScalar factor, int adjust);
/// S6: 1 / sqrt(x * factor + epsilon).
RowScalar reciprocalSquareRoot(RowScalar x, RowScalar factor, RowScalar epsilon,
                               int adjust);

/// A4: the right shift of a row of which \p absmax is the absolute maximum.
int squareShift(int32_t absmax);

/// V4: a table word has the base in [15:0] and the slope in [31:16].
inline int32_t lookUp(const uint32_t *table, int32_t x, int shift, int offset) {
  int32_t input = saturate16((int64_t(x) >> shift) + offset);
  uint32_t u = uint32_t(input + 32768);
  uint32_t word = table[u >> 8];
  int32_t base = int16_t(word & 0xffff), slope = int16_t(word >> 16);
  return saturate16(base + ((slope * int32_t(u & 255) + 128) >> 8));
}

} // namespace dalbit::functional
