// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Piecewise-linear tables. A segment runs through the function's values at its
// two ends, shifted by half of the largest distance to the curve, so that the
// error has both signs.

#include "compiler/quantise/Weights.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace dalbit::quantise {

namespace {

/// \p function over the 256 segments of [low, high), its values times \p unit.
std::vector<uint32_t> makeTable(double low, double high, double unit,
                                const std::function<double(double)> &function) {
  std::vector<uint32_t> words;
  double width = (high - low) / 256;
  for (int i = 0; i < 256; ++i) {
    double x0 = low + i * width, x1 = x0 + width;
    double y0 = function(x0), y1 = function(x1),
           middle = function((x0 + x1) / 2);
    double shift = (middle - (y0 + y1) / 2) / 2;
    long base = std::clamp(std::lround((y0 + shift) * unit), -32768L, 32767L);
    long end = std::clamp(std::lround((y1 + shift) * unit), -32768L, 32767L);
    words.push_back(uint32_t(uint16_t(base)) | uint32_t(uint16_t(end - base))
                                                   << 16);
  }
  return words;
}

double geluGate(double x, bool tanh) {
  if (!tanh)
    return 0.5 * (1 + std::erf(x / std::numbers::sqrt2));
  double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return 0.5 * (1 + std::tanh(inner));
}

} // namespace

const Table &exponentialTable() {
  // Inputs of 12 fraction bits, moved up by 32767 so that [-16, 0] fills the
  // table.
  static const Table table = [] {
    Table t;
    t.words = makeTable(-16, 0, 32767, [](double x) { return std::exp(x); });
    t.words[0] = 0; // everything below -15.94, a masked score above all (A6)
    t.shift = ResidualFraction - 12;
    t.offset = 32767;
    return t;
  }();
  return table;
}

const Table &geluTable(bool tanh) {
  auto make = [](bool tanh) {
    Table t;
    t.words =
        makeTable(-8, 8, 16384, [tanh](double x) { return geluGate(x, tanh); });
    t.shift = ResidualFraction - 12;
    t.gateShift = 14;
    return t;
  };
  static const Table tanhTable = make(true), erfTable = make(false);
  return tanh ? tanhTable : erfTable;
}

} // namespace dalbit::quantise
