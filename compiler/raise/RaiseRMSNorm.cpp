// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RMSNorm: a row over the root of its mean square, whole or in parts. Layer
// normalisations, which divide a centred row so, are raised before.

#include "compiler/raise/Passes.h"

#include "compiler/raise/NormParts.h"

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
    else if (node.isOnnx("Div") || node.isOnnx("Mul"))
      matchRMSParts(node);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
