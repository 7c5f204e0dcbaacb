// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/Arithmetic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

namespace dalbit::functional {

namespace {

int bitLength(uint64_t value) { return 64 - std::countl_zero(value); }

/// recip_table of S5.
const std::array<int32_t, 128> &reciprocalTable() {
  static const auto table = [] {
    std::array<int32_t, 128> t{};
    for (int i = 0; i < 128; ++i)
      t[i] = int32_t(std::lround(std::ldexp(1.0, 29) / (16384 + 128 * i + 64)));
    return t;
  }();
  return table;
}

/// rsqrt_table of S6.
const std::array<int32_t, 192> &rootTable() {
  static const auto table = [] {
    std::array<int32_t, 192> t{};
    for (int i = 0; i < 192; ++i)
      t[i] = int32_t(
          std::lround(std::ldexp(1.0, 22) / std::sqrt((i + 64) * 256.0 + 128)));
    return t;
  }();
  return table;
}

} // namespace

RowScalar norm16(int64_t value, int exponent) {
  if (value == 0)
    return {};
  uint64_t magnitude = uint64_t(std::llabs(value));
  int bits = bitLength(magnitude);
  if (bits <= 15) {
    magnitude <<= 15 - bits;
    exponent += 15 - bits;
  } else {
    int shift = bits - 15;
    magnitude = (magnitude + (uint64_t(1) << (shift - 1))) >> shift;
    exponent -= shift;
    if (magnitude == 1u << 15) {
      magnitude = 1u << 14;
      --exponent;
    }
  }
  if (exponent > 127)
    return {};
  if (exponent < -128) {
    magnitude = 32767;
    exponent = -128;
  }
  int32_t m = int32_t(magnitude);
  return {value < 0 ? -m : m, int8_t(exponent)};
}

RowScalar norm32(int64_t sum) {
  if (sum == int32_t(sum))
    return {int32_t(sum), 0};
  uint64_t magnitude = uint64_t(std::llabs(sum));
  int shift = bitLength(magnitude) - 31;
  magnitude = (magnitude + (uint64_t(1) << (shift - 1))) >> shift;
  if (magnitude == uint64_t(1) << 31) {
    magnitude = uint64_t(1) << 30;
    ++shift;
  }
  int32_t m = int32_t(magnitude);
  return {sum < 0 ? -m : m, int8_t(-shift)};
}

RowScalar scale(RowScalar x, RowScalar factor, int adjust) {
  RowScalar a = norm16(x.value, x.exponent);
  RowScalar b = norm16(factor.value, factor.exponent);
  return norm16(int64_t(a.value) * b.value, a.exponent + b.exponent + adjust);
}

RowScalar fix(RowScalar x, RowScalar factor) {
  return {requantise(x.value, factor.value, x.exponent + factor.exponent), 0};
}

RowScalar reciprocal(RowScalar x, RowScalar factor, int adjust) {
  RowScalar a = norm16(x.value, x.exponent);
  if (a.value == 0)
    return {};
  int64_t m = std::abs(a.value);
  int64_t t = reciprocalTable()[(m - 16384) >> 7];
  int64_t r = (t * ((int64_t(1) << 30) - m * t) + (int64_t(1) << 28)) >> 29;
  RowScalar inverse = norm16(a.value < 0 ? -r : r, 29 - a.exponent);
  return scale(inverse, factor, adjust);
}

RowScalar reciprocalSquareRoot(RowScalar x, RowScalar factor, RowScalar epsilon,
                               int adjust) {
  RowScalar a = scale(x, factor, 0);
  RowScalar b = norm16(epsilon.value, epsilon.exponent);
  if (a.value < 0)
    a = {};
  if (b.value < 0)
    b = {};
  if (a.value == 0 && b.value == 0)
    return {};
  RowScalar sum = a;
  if (a.value == 0) {
    sum = b;
  } else if (b.value != 0) {
    const RowScalar &large = a.exponent <= b.exponent ? a : b;
    const RowScalar &small = a.exponent <= b.exponent ? b : a;
    int distance = std::min(small.exponent - large.exponent, 31);
    sum = norm16((int64_t(large.value) << 8) +
                     ((int64_t(small.value) << 8) >> distance),
                 large.exponent + 8);
  }
  int64_t m = sum.value;
  int e = sum.exponent;
  if (e & 1) {
    m *= 2;
    e += 1;
  }
  int64_t t = rootTable()[(m >> 8) - 64];
  int64_t q = (t * t + (1 << 13)) >> 14;
  int64_t r = (t * (3 * (int64_t(1) << 30) - m * q) + (int64_t(1) << 30)) >> 31;
  return norm16(r, 22 - e / 2 + adjust);
}

int squareShift(int32_t absmax) {
  return std::max(0, bitLength(uint64_t(std::llabs(int64_t(absmax)))) - 15);
}

} // namespace dalbit::functional
