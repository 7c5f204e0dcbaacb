// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/integer/Rules.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dalbit::execute {

int32_t clamp32(int64_t value) {
  return int32_t(std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(),
                                     std::numeric_limits<int32_t>::max()));
}

int32_t requantise(int64_t x, Scaled by, int adjust) {
  int64_t product = x * by.m;
  int shift = by.e + adjust;
  if (product == 0 || shift >= 48)
    return 0;
  if (shift < 0)
    return product > 0 ? std::numeric_limits<int32_t>::max()
                       : std::numeric_limits<int32_t>::min();
  int64_t half = shift ? int64_t(1) << (shift - 1) : 0;
  return clamp32((product + half) >> shift);
}

static int lengthOf(int64_t magnitude) {
  int bits = 0;
  for (; magnitude; magnitude >>= 1)
    ++bits;
  return bits;
}

/// Rounds a magnitude to \p bits bits, halves away from zero; what was shifted
/// out goes to the exponent.
static Scaled roundTo(Scaled x, int bits) {
  int64_t magnitude = x.m < 0 ? -x.m : x.m;
  int excess = lengthOf(magnitude) - bits;
  if (excess > 0) {
    magnitude = (magnitude + (int64_t(1) << (excess - 1))) >> excess;
    if (magnitude >> bits) {
      magnitude >>= 1;
      ++excess;
    }
    x.e -= excess;
  }
  x.m = x.m < 0 ? -magnitude : magnitude;
  return x;
}

Scaled normal(Scaled x) {
  if (x.m == 0)
    return {};
  x = roundTo(x, 15);
  while (std::abs(x.m) < 1 << 14) {
    x.m *= 2;
    ++x.e;
  }
  if (x.e > 127)
    return {};
  if (x.e < -128)
    return {x.m < 0 ? -32767 : 32767, -128};
  return x;
}

Scaled sumOf(int64_t sum) {
  if (sum == int32_t(sum))
    return {sum, 0};
  return roundTo({sum, 0}, 31);
}

Scaled times(Scaled a, Scaled b, int adjust) {
  Scaled x = normal(a), y = normal(b);
  return normal({x.m * y.m, x.e + y.e + adjust});
}

Scaled divide(Scaled numerator, Scaled x) {
  Scaled n = normal(x);
  if (n.m == 0)
    return {};
  int64_t m = std::abs(n.m), index = (m - 16384) / 128;
  int64_t guess =
      std::llround(double(1 << 29) / double(16384 + 128 * index + 64));
  int64_t refined =
      (guess * ((int64_t(1) << 30) - m * guess) + (1 << 28)) >> 29;
  return times(normal({n.m < 0 ? -refined : refined, 29 - n.e}), numerator);
}

Scaled inverseRoot(Scaled x, Scaled factor, Scaled epsilon) {
  Scaled a = times(x, factor), b = normal(epsilon);
  if (a.m < 0)
    a = {};
  if (b.m < 0)
    b = {};
  if (a.m == 0 && b.m == 0)
    return {};
  Scaled sum = a.m == 0 ? b : a;
  if (a.m != 0 && b.m != 0) {
    if (b.e < a.e)
      std::swap(a, b);
    int64_t small = (b.m * 256) >> std::min(b.e - a.e, 31);
    sum = normal({a.m * 256 + small, a.e + 8});
  }
  if (sum.e % 2 != 0) {
    sum.m *= 2;
    sum.e += 1;
  }
  int64_t index = sum.m / 256 - 64;
  int64_t guess =
      std::llround(double(1 << 22) / std::sqrt(double(index + 64) * 256 + 128));
  int64_t square = (guess * guess + 8192) >> 14;
  int64_t refined = (guess * (3 * (int64_t(1) << 30) - sum.m * square) +
                     (int64_t(1) << 30)) >>
                    31;
  return normal({refined, 22 - sum.e / 2});
}

int squareShift(int64_t absmax) { return std::max(0, lengthOf(absmax) - 15); }

int32_t interpolate(const uint32_t *table, int32_t x, int shift, int offset) {
  int64_t input =
      std::clamp<int64_t>((int64_t(x) >> shift) + offset, -32768, 32767) +
      32768;
  int base = int16_t(table[input / 256] & 0xffff),
      slope = int16_t(table[input / 256] >> 16);
  return std::clamp(base + ((slope * int(input % 256) + 128) >> 8), -32768,
                    32767);
}

} // namespace dalbit::execute
