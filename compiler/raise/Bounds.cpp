// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Bounds.h"

#include "compiler/raise/Graph.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace dalbit::raise {

namespace {

/// Operators through which bounds are followed: deeper ones say nothing.
constexpr int mostSteps = 12;

Bounds boundsOf(Value value, int steps);

/// 0 times anything is 0 here: a bound is not reached.
double times(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }

Bounds times(Bounds a, Bounds b) {
  double ends[] = {times(a.low, b.low), times(a.low, b.high),
                   times(a.high, b.low), times(a.high, b.high)};
  auto [low, high] = std::minmax_element(std::begin(ends), std::end(ends));
  return {*low, *high};
}

Bounds boundsOf(onnx::NodeOp node, int steps) {
  constexpr double none = HUGE_VAL;
  StringRef type = node.getOpType();
  if (type == "Softmax" || type == "Sigmoid" || type == "HardSigmoid")
    return {0, 1};
  if (type == "Tanh" || type == "Erf" || type == "Sin" || type == "Cos")
    return {-1, 1};
  if (type == "Exp" || type == "Abs" || type == "Sqrt" || type == "Softplus" ||
      type == "ReduceL1" || type == "ReduceL2" || type == "ReduceSumSquare")
    return {0, none};
  if (node.getInputs().empty() || !node.getInputs()[0])
    return {};
  Value first = node.getInputs()[0];
  auto operand = [&](unsigned i) {
    return boundsOf(node.getInputs()[i], steps + 1);
  };
  if (type == "Relu") {
    Bounds x = operand(0);
    return {std::max(x.low, 0.0), std::max(x.high, 0.0)};
  }
  if (llvm::is_contained({"Reshape", "Transpose", "Gather", "Slice", "Squeeze",
                          "Unsqueeze", "Flatten", "Expand", "Identity", "Tile",
                          "Split", "ReduceMean", "ReduceMax", "ReduceMin",
                          "GlobalAveragePool", "GlobalMaxPool"},
                         type))
    return operand(0);
  if (type == "ReduceSum") {
    Bounds x = operand(0);
    return {x.low >= 0 ? 0 : -none, x.high <= 0 ? 0 : none};
  }
  if (type == "Neg") {
    Bounds x = operand(0);
    return {-x.high, -x.low};
  }
  if (node.getInputs().size() != 2)
    return {};
  if (type == "Pow") {
    auto exponent = scalarOf(node.getInputs()[1]);
    bool even = exponent && std::fmod(*exponent, 2) == 0;
    return even || operand(0).low >= 0 ? Bounds{0, none} : Bounds{};
  }
  if (type == "Mul" && first == node.getInputs()[1])
    return {0, none};
  if (type == "Mul")
    return times(operand(0), operand(1));
  if (type == "Add") {
    Bounds a = operand(0), b = operand(1);
    return {a.low + b.low, a.high + b.high};
  }
  if (type == "Sub") {
    Bounds a = operand(0), b = operand(1);
    return {a.low - b.high, a.high - b.low};
  }
  if (type == "Div") {
    Bounds a = operand(0), b = operand(1);
    if (b.low > 0)
      return times(a, {1 / b.high, 1 / b.low});
    return a.low >= 0 && b.low >= 0 ? Bounds{0, none} : Bounds{};
  }
  return {};
}

Bounds boundsOf(Value value, int steps) {
  if (auto number = scalarOf(value))
    return {*number, *number};
  onnx::NodeOp node = nodeOf(value);
  return node && steps < mostSteps ? boundsOf(node, steps) : Bounds();
}

} // namespace

Bounds boundsOf(Value value) { return boundsOf(value, 0); }

} // namespace dalbit::raise
