// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Piecewise-linear tables. A segment runs through the function's values at its
// two ends, shifted by half of the largest distance to the curve, so that the
// error has both signs.

#include "compiler/quantise/Weights.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>

namespace dalbit::quantise {

std::vector<uint32_t>
piecewiseLinear(double low, double high, double unit,
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

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// What a gate multiplies x by, or a table's own value.
struct Function {
  const char *name;
  bool isGate;
  double (*value)(double x);
};

const Function functions[] = {
    {"gelu_erf", true,
     [](double x) { return 0.5 * (1 + std::erf(x / std::numbers::sqrt2)); }},
    {"gelu_tanh", true,
     [](double x) {
       double inner =
           std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
       return 0.5 * (1 + std::tanh(inner));
     }},
    {"gelu_sigmoid", true, [](double x) { return sigmoid(1.702 * x); }},
    {"silu", true, sigmoid},
    {"relu", true, [](double x) { return x < 0 ? 0.0 : 1.0; }},
    {"negative", true, [](double x) { return x < 0 ? 1.0 : 0.0; }},
    {"tanh", false, [](double x) { return std::tanh(x); }},
    {"sigmoid", false, sigmoid},
};

Table makeFunctionTable(const Function &function) {
  Table t;
  double unit = function.isGate ? 16384 : 1 << TableFraction;
  t.words = piecewiseLinear(-8, 8, unit, function.value);
  // Steps lie on the border of two segments.
  for (std::string_view step : {"relu", "negative"})
    if (function.name == step)
      for (int i = 0; i < 256; ++i)
        t.words[size_t(i)] = (i < 128) == (step == "relu") ? 0 : 16384;
  t.shift = ResidualFraction - 12;
  t.gateShift = function.isGate ? 14 : 0;
  return t;
}

} // namespace

const Table &exponentialTable() {
  // Inputs of 12 fraction bits, moved up by 32767 so that [-16, 0] fills the
  // table.
  static const Table table = [] {
    Table t;
    t.words =
        piecewiseLinear(-16, 0, 32767, [](double x) { return std::exp(x); });
    t.words[0] = 0; // everything below -15.94, a masked score above all (A6)
    t.shift = ResidualFraction - 12;
    t.offset = 32767;
    return t;
  }();
  return table;
}

const Table &stepTable() {
  static const Table table = [] {
    Table t;
    // 0 is the first number of a segment.
    for (int i = 0; i < 256; ++i)
      t.words.push_back(i < 128 ? 0 : 1);
    return t;
  }();
  return table;
}

const Table *tableOf(std::string_view function) {
  static const std::map<std::string_view, Table> tables = [] {
    std::map<std::string_view, Table> made;
    for (const Function &entry : functions)
      made.emplace(entry.name, makeFunctionTable(entry));
    return made;
  }();
  auto found = tables.find(function);
  return found == tables.end() ? nullptr : &found->second;
}

} // namespace dalbit::quantise
