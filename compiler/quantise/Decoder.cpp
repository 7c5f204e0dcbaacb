// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/quantise/Decoder.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dalbit::quantise {

int16_t rotaryFactor(double value) {
  long rounded = std::lround(std::ldexp(value, RotaryFraction));
  return int16_t(std::clamp(rounded, -32767L, 32767L));
}

Pair productStep(int fraction) {
  return makePair(std::ldexp(1.0 / 32767, ProductShift - fraction));
}

Table softcapTable(double cap) {
  Table table;
  table.shift = std::clamp(int(std::ceil(std::log2(16 * cap))), 0, 31);
  double range = std::ldexp(1.0, table.shift + 15 - ResidualFraction);
  table.words = piecewiseLinear(-range, range, 16384, [cap](double x) {
    double u = x / cap;
    return std::fabs(u) < 1e-6 ? 1.0 : std::tanh(u) / u;
  });
  table.gateShift = 14;
  return table;
}

int keyBits(int64_t experts) {
  return int(std::bit_width(uint64_t(experts - 1)));
}

} // namespace dalbit::quantise
