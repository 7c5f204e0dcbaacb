// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums, products, scales, ranges, activations and softmaxes that belong to no
// larger idiom.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/SymbolicShapes.h"

#include <cmath>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEELEMENTWISE
#include "compiler/raise/Passes.h.inc"

namespace {

class RaiseElementwisePass
    : public impl::RaiseElementwiseBase<RaiseElementwisePass> {
public:
  void runOnOperation() override;
};

} // namespace

/// An operand for nn: constants change their dialect.
static Value asOperand(OpBuilder &builder, Location loc, Value value) {
  TypedAttr constant = constantOf(value);
  if (!constant || !value.getDefiningOp<onnx::ConstantOp>())
    return value;
  return makeConstant(builder, loc, constant);
}

static Value raiseBinary(onnx::NodeOp node, OpBuilder &builder) {
  Value a = node.getInputs()[0], b = node.getInputs()[1];
  Location loc = node.getLoc();
  Type type = node->getResult(0).getType();
  // Exponents may be integers.
  for (Value value : {a, b, Value(node->getResult(0))})
    if (!rankedType(value) || (!isFloat32(value) && !scalarOf(value)))
      return {};
  StringRef name = node.getOpType();
  // Squared functions (relu2).
  if (name == "Pow" && a.getType() == type && scalarOf(b) == 2.0)
    return builder.create<nn::MulOp>(loc, type, a, a);
  if (name == "Mul" || name == "Div")
    for (unsigned i : {1u, 0u}) {
      auto number = scalarOf(node.getInputs()[i]);
      Value x = node.getInputs()[1 - i];
      if (!number || x.getType() != type || (name == "Div" && i == 0))
        continue;
      double factor = name == "Div" ? 1 / *number : *number;
      return builder.create<nn::ScaleOp>(
          loc, type, x, builder.getF32FloatAttr(static_cast<float>(factor)));
    }
  if (name != "Add" && name != "Mul" && name != "Sub")
    return {};
  a = asOperand(builder, loc, a), b = asOperand(builder, loc, b);
  if (name == "Sub") {
    Value minus = builder.create<nn::ScaleOp>(loc, b.getType(), b,
                                              builder.getF32FloatAttr(-1));
    return builder.create<nn::AddOp>(loc, type, a, minus);
  }
  if (name == "Add")
    return builder.create<nn::AddOp>(loc, type, a, b);
  // x * sigmoid(x) in one of its orders.
  for (auto [x, gate] : {std::pair{a, b}, std::pair{b, a}})
    if (auto sigmoid = gate.getDefiningOp<nn::SigmoidOp>();
        sigmoid && sigmoid.getX() == x)
      return builder.create<nn::SiluOp>(loc, type, x);
  return builder.create<nn::MulOp>(loc, type, a, b);
}

static Value raiseUnary(onnx::NodeOp node, OpBuilder &builder) {
  Value x = node.getInputs()[0];
  Location loc = node.getLoc();
  Type type = x.getType();
  if (!isFloat32(x) || !rankedType(x) || node->getResult(0).getType() != type)
    return {};
  StringRef name = node.getOpType();
  if (name == "Relu")
    return builder.create<nn::ReluOp>(loc, type, x);
  if (name == "Tanh")
    return builder.create<nn::TanhOp>(loc, type, x);
  if (name == "Sigmoid")
    return builder.create<nn::SigmoidOp>(loc, type, x);
  // What is no part of an attention: probabilities of classes.
  int64_t rank = rankedType(x).getRank();
  if (name == "Softmax" && rank > 0 &&
      normaliseAxis(node.getOnnxInt("axis").value_or(-1), rank) == rank - 1)
    return builder.create<nn::SoftmaxOp>(loc, type, x);
  if (name == "Neg")
    return builder.create<nn::ScaleOp>(loc, type, x,
                                       builder.getF32FloatAttr(-1));
  return {};
}

/// Clip with constant bounds.
static Value raiseClip(onnx::NodeOp node, OpBuilder &builder) {
  Value x = node.getInputs()[0];
  if (!isFloat32(x) || !rankedType(x) ||
      node->getResult(0).getType() != x.getType())
    return {};
  double bounds[] = {-HUGE_VAL, HUGE_VAL};
  for (unsigned i : {1u, 2u})
    if (hasInput(node, i)) {
      auto number = scalarOf(node.getInputs()[i]);
      if (!number || std::isnan(*number))
        return {};
      bounds[i - 1] = *number;
    }
  auto [low, high] = bounds;
  if (low == -HUGE_VAL && high == HUGE_VAL)
    return x;
  // Where they are crossed the upper one counts.
  low = std::min(low, high);
  if (std::isinf(low) && std::isinf(high))
    return {};
  return builder.create<nn::ClipOp>(node.getLoc(), x.getType(), x,
                                    builder.getF32FloatAttr(float(low)),
                                    builder.getF32FloatAttr(float(high)));
}

void RaiseElementwisePass::runOnOperation() {
  func::FuncOp function = getOperation();
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes) {
    if (node->getNumResults() != 1 || !nodeOf(node->getResult(0)))
      continue;
    OpBuilder builder(node);
    Value raised;
    if (node.isOnnx("Clip"))
      raised = raiseClip(node, builder);
    else if (node.getInputs().size() == 2)
      raised = raiseBinary(node, builder);
    else if (node.getInputs().size() == 1)
      raised = raiseUnary(node, builder);
    if (raised)
      node->getResult(0).replaceAllUsesWith(raised);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
