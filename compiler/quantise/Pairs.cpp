// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/quantise/Pairs.h"

#include <cmath>

namespace dalbit::quantise {

double Pair::value() const { return std::ldexp(double(mantissa), -shift); }

Pair makePair(double value) {
  if (value == 0 || std::isnan(value))
    return {};
  int exponent;
  double fraction = std::frexp(std::fabs(value), &exponent); // [0.5, 1)
  int mantissa = int(std::lround(fraction * 32768));
  int shift = 15 - exponent;
  if (mantissa == 32768) {
    mantissa = 16384;
    --shift;
  }
  if (shift > 127)
    return {};
  if (shift < -128) {
    mantissa = 32767;
    shift = -128;
  }
  return {int16_t(value < 0 ? -mantissa : mantissa), int8_t(shift)};
}

} // namespace dalbit::quantise
