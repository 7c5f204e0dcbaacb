// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LayerNormalization, whole or in parts.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISELAYERNORM
#include "compiler/raise/Passes.h.inc"

namespace {

/// A layer normalisation found in the graph.
struct NormMatch {
  Value x;
  TypedAttr gamma, beta; // null if missing
  double epsilon = 0;
  Value result; // to be replaced
};

class RaiseLayerNormPass : public impl::RaiseLayerNormBase<RaiseLayerNormPass> {
public:
  void runOnOperation() override;
};

} // namespace

/// The mean of \p value over its last dimension, dimension kept.
static Value meanOperand(Value value) {
  auto mean = nodeOf(value, "ReduceMean");
  if (!mean || mean.getOnnxInt("keepdims").value_or(1) == 0)
    return {};
  Value operand = mean.getInputs()[0];
  RankedTensorType type = rankedType(operand);
  auto axes = integersOf(mean, "axes", 1);
  if (!type || !axes || axes->size() != 1 ||
      normaliseAxis(axes->front(), type.getRank()) != type.getRank() - 1)
    return {};
  return operand;
}

/// The value that \p value is the square of.
static Value squareOperand(Value value) {
  if (auto power = nodeOf(value, "Pow"))
    return scalarOf(power.getInputs()[1]) == 2.0 ? power.getInputs()[0]
                                                 : Value();
  auto product = nodeOf(value, "Mul");
  if (product && product.getInputs()[0] == product.getInputs()[1])
    return product.getInputs()[0];
  return {};
}

/// \p centred as x - mean(x): x.
static Value centredOperand(Value centred) {
  auto difference = nodeOf(centred, "Sub");
  if (!difference ||
      meanOperand(difference.getInputs()[1]) != difference.getInputs()[0])
    return {};
  return difference.getInputs()[0];
}

/// \p root as sqrt(mean(centred^2) + epsilon).
static bool matchDeviation(Value root, Value centred, double &epsilon) {
  Value sum;
  if (auto sqrt = nodeOf(root, "Sqrt"))
    sum = sqrt.getInputs()[0];
  else if (auto power = nodeOf(root, "Pow");
           power && scalarOf(power.getInputs()[1]) == 0.5)
    sum = power.getInputs()[0];
  auto add = nodeOf(sum, "Add");
  if (!add)
    return false;
  for (unsigned i : {0u, 1u}) {
    auto number = scalarOf(add.getInputs()[i]);
    Value variance = add.getInputs()[1 - i];
    Value square = number ? meanOperand(variance) : Value();
    if (square && squareOperand(square) == centred) {
      epsilon = *number;
      return true;
    }
  }
  return false;
}

/// \p value as centred / deviation in one of its spellings.
static bool matchNormalised(Value value, NormMatch &match) {
  auto quotient = [&](Value centred, Value deviation) {
    match.x = centredOperand(centred);
    return match.x && matchDeviation(deviation, centred, match.epsilon);
  };
  if (auto division = nodeOf(value, "Div"))
    return quotient(division.getInputs()[0], division.getInputs()[1]);
  auto product = nodeOf(value, "Mul");
  if (!product)
    return false;
  for (unsigned i : {0u, 1u}) {
    Value inverse = product.getInputs()[i];
    Value deviation;
    if (auto reciprocal = nodeOf(inverse, "Reciprocal"))
      deviation = reciprocal.getInputs()[0];
    else if (auto division = nodeOf(inverse, "Div");
             division && scalarOf(division.getInputs()[0]) == 1.0)
      deviation = division.getInputs()[1];
    if (deviation && quotient(product.getInputs()[1 - i], deviation))
      return true;
  }
  return false;
}

/// The [width] constant among the operands of the only user of \p value, if
/// that is operator \p type; moves \p value on to the user's result.
static TypedAttr takeVector(Value &value, StringRef type, int64_t width) {
  if (!value.hasOneUse())
    return {};
  auto user = nodeOf(*value.user_begin(), type);
  if (!user)
    return {};
  Value other = user.getInputs()[user.getInputs()[0] == value ? 1 : 0];
  TypedAttr constant = constantOf(other);
  if (!constant)
    return {};
  RankedTensorType shape = rankedType(other);
  // A [D, 1] column would be added along another dimension.
  if (shape.getRank() == 0 || shape.getShape().back() != width ||
      shape.getRank() > rankedType(value).getRank())
    return {};
  constant = vectorConstant(constant);
  if (constant)
    value = user->getResult(0);
  return constant;
}

static void rewrite(NormMatch match) {
  Operation *op = match.result.getDefiningOp();
  OpBuilder builder(op);
  Location loc = op->getLoc();
  int64_t width = rankedType(match.x).getShape().back();
  TypedAttr gamma = match.gamma;
  if (!gamma)
    gamma = DenseElementsAttr::get(
        RankedTensorType::get({width}, builder.getF32Type()), 1.0f);
  Value beta = match.beta ? makeConstant(builder, loc, match.beta) : Value();
  auto norm = builder.create<nn::LayerNormOp>(
      loc, match.x.getType(), match.x, makeConstant(builder, loc, gamma), beta,
      builder.getF32FloatAttr(static_cast<float>(match.epsilon)));
  match.result.replaceAllUsesWith(norm.getOut());
}

static bool isRaisable(Value x) { return isFloat32(x) && staticDim(x, -1) > 0; }

static void matchParts(onnx::NodeOp node) {
  NormMatch match;
  if (node->getNumResults() != 1 ||
      !matchNormalised(node->getResult(0), match) || !isRaisable(match.x))
    return;
  match.result = node->getResult(0);
  int64_t width = staticDim(match.x, -1);
  match.gamma = takeVector(match.result, "Mul", width);
  match.beta = takeVector(match.result, "Add", width);
  rewrite(match);
}

static void matchWhole(onnx::NodeOp node) {
  NormMatch match;
  match.x = node.getInputs()[0];
  RankedTensorType type = rankedType(match.x);
  if (!type || !isRaisable(match.x) ||
      normaliseAxis(node.getOnnxInt("axis").value_or(-1), type.getRank()) !=
          type.getRank() - 1)
    return;
  for (OpResult other : node->getResults().drop_front())
    if (!other.use_empty())
      return; // somebody wants mean or deviation
  int64_t width = staticDim(match.x, -1);
  auto vector = [&](unsigned index) {
    TypedAttr constant = constantOf(node.getInputs()[index]);
    if (constant)
      constant = vectorConstant(constant);
    return constant &&
                   cast<RankedTensorType>(constant.getType()).getDimSize(0) ==
                       width
               ? constant
               : TypedAttr();
  };
  match.gamma = vector(1);
  if (hasInput(node, 2))
    match.beta = vector(2);
  if (!match.gamma || (hasInput(node, 2) && !match.beta))
    return;
  match.epsilon = node.getOnnxFloat("epsilon").value_or(1e-5f);
  match.result = node->getResult(0);
  rewrite(match);
}

void RaiseLayerNormPass::runOnOperation() {
  func::FuncOp function = getOperation();
  SmallVector<onnx::NodeOp> nodes;
  function.walk([&](onnx::NodeOp node) { nodes.push_back(node); });
  for (onnx::NodeOp node : nodes) {
    if (node->getParentOp() != function)
      continue;
    if (node.isOnnx("LayerNormalization"))
      matchWhole(node);
    else if (node.isOnnx("Div") || node.isOnnx("Mul"))
      matchParts(node);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
