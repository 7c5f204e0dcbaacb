// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RMSNorm: a row over the root of its mean square, whole or in parts; a row
// over its length is one whose gamma is one over the root of the columns. Layer
// normalisations, which divide a centred row so, are raised before.

#include "compiler/raise/Passes.h"

#include "compiler/raise/NormParts.h"

#include <cmath>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISERMSNORM
#include "compiler/raise/Passes.h.inc"

namespace {

class RaiseRMSNormPass : public impl::RaiseRMSNormBase<RaiseRMSNormPass> {
public:
  void runOnOperation() override;
};

} // namespace

static void rewriteRMS(Value x, TypedAttr gamma, double epsilon, Value result) {
  Operation *op = result.getDefiningOp();
  OpBuilder builder(op);
  Location loc = op->getLoc();
  if (!gamma)
    gamma = DenseElementsAttr::get(
        RankedTensorType::get({rankedType(x).getShape().back()},
                              builder.getF32Type()),
        1.0f);
  auto norm = builder.create<nn::RMSNormOp>(
      loc, x.getType(), x, makeConstant(builder, loc, gamma),
      builder.getF32FloatAttr(static_cast<float>(epsilon)),
      builder.getI64IntegerAttr(1));
  result.replaceAllUsesWith(norm.getOut());
}

static void matchRMSParts(onnx::NodeOp node) {
  if (node->getNumResults() != 1)
    return;
  auto normalised = matchNormalised(node->getResult(0));
  Value x = normalised ? normalised->numerator : Value();
  if (!x || !isFloat32(x) || staticDim(x, -1) <= 0)
    return;
  for (const ScaledNorm &norm : scaledNorms(node->getResult(0), false))
    rewriteRMS(x, norm.gamma, normalised->epsilon, norm.result);
}

/// x over its length, which may be kept away from 0 (torch's normalize).
static void matchUnitLength(onnx::NodeOp node) {
  Value x = node.getInputs()[0], length = node.getInputs()[1];
  int64_t width = staticDim(x, -1);
  if (!isFloat32(x) || width <= 0 ||
      node->getResult(0).getType() != x.getType())
    return;
  if (auto expand = nodeOf(length, "Expand"))
    length = expand.getInputs()[0];
  double least = 0;
  if (auto clip = nodeOf(length, "Clip")) {
    auto given = clip.getOnnxFloat("min");
    if (given)
      least = *given;
    else if (hasInput(clip, 1))
      least = scalarOf(clip.getInputs()[1]).value_or(-1);
    if (hasInput(clip, 2) || clip.getOnnxFloat("max") || least < 0)
      return;
    length = clip.getInputs()[0];
  } else if (auto most = nodeOf(length, "Max");
             most && most.getInputs().size() == 2) {
    unsigned constant = scalarOf(most.getInputs()[1]) ? 1 : 0;
    least = scalarOf(most.getInputs()[constant]).value_or(-1);
    if (least < 0)
      return;
    length = most.getInputs()[1 - constant];
  }
  if (lengthOperand(length) != x)
    return;
  auto gamma = DenseElementsAttr::get(
      RankedTensorType::get({width}, rankedType(x).getElementType()),
      static_cast<float>(1 / std::sqrt(double(width))));
  // Below the least length the row is as good as 0 in either spelling.
  rewriteRMS(x, gamma, least * least / double(width), node->getResult(0));
}

/// RMSNormalization of opset 23.
static void matchRMSNode(onnx::NodeOp node) {
  Value x = node.getInputs()[0];
  RankedTensorType type = rankedType(x);
  TypedAttr gamma = constantOf(node.getInputs()[1]);
  gamma = gamma ? vectorConstant(gamma) : gamma;
  if (!type || !isFloat32(x) || staticDim(x, -1) <= 0 || !gamma ||
      cast<RankedTensorType>(gamma.getType()).getDimSize(0) !=
          staticDim(x, -1) ||
      normaliseAxis(node.getOnnxInt("axis").value_or(-1), type.getRank()) !=
          type.getRank() - 1)
    return;
  rewriteRMS(x, gamma, node.getOnnxFloat("epsilon").value_or(1e-5f),
             node->getResult(0));
}

void RaiseRMSNormPass::runOnOperation() {
  func::FuncOp function = getOperation();
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes) {
    if (node.isOnnx("RMSNormalization"))
      matchRMSNode(node);
    if (node.isOnnx("Div")) {
      matchRMSParts(node);
      matchUnitLength(node);
    }
  }
  eraseDead(function);
}

} // namespace dalbit::raise
