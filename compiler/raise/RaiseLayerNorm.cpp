// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LayerNormalization, whole or in parts.

#include "compiler/raise/Passes.h"

#include "compiler/raise/NormParts.h"

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

/// \p centred as x - mean(x): x.
static Value centredOperand(Value centred) {
  auto difference = nodeOf(centred, "Sub");
  if (!difference ||
      meanOperand(difference.getInputs()[1]) != difference.getInputs()[0])
    return {};
  return difference.getInputs()[0];
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
  if (node->getNumResults() != 1)
    return;
  auto normalised = matchNormalised(node->getResult(0));
  Value x = normalised ? centredOperand(normalised->numerator) : Value();
  if (!x || !isRaisable(x))
    return;
  for (const ScaledNorm &norm : scaledNorms(node->getResult(0), true))
    rewrite({x, norm.gamma, norm.beta, normalised->epsilon, norm.result});
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
