// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LayerNormalization, whole or in parts; of heads that are cut out one by one,
// each with numbers of its own.

#include "compiler/raise/Passes.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/NodeWriter.h"
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
      builder.getF32FloatAttr(static_cast<float>(match.epsilon)),
      builder.getI64IntegerAttr(1));
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

/// Element \p index along \p axis of which \p value consists: what it is of.
static Value sliceOf(Value value, int64_t axis, int64_t index) {
  auto split = value.getDefiningOp<onnx::NodeOp>();
  if (split && split.isOnnx("Split"))
    return normaliseAxis(split.getOnnxInt("axis").value_or(0),
                         rankedType(value).getRank()) == axis &&
                   cast<OpResult>(value).getResultNumber() == index
               ? split.getInputs()[0]
               : Value();
  auto slice = nodeOf(value, "Slice");
  if (!slice)
    return {};
  auto range = axisSlice(slice, rankedType(value).getRank());
  return range && range->axis == axis && range->start == index
             ? slice.getInputs()[0]
             : Value();
}

/// Norms of all slices of a value that are put together again (the heads of
/// StableLM): one norm, then what is of each slice.
static void matchSlices(onnx::NodeOp concat) {
  RankedTensorType type = rankedType(concat->getResult(0));
  int64_t count = int64_t(concat.getInputs().size());
  int64_t axis = type ? normaliseAxis(concat.getOnnxInt("axis").value_or(-1),
                                      type.getRank())
                      : -1;
  if (axis < 0 || axis == type.getRank() - 1 || type.getDimSize(axis) != count)
    return;
  Value x;
  FloatAttr epsilon;
  int64_t width = type.getShape().back();
  SmallVector<float> gammas, betas;
  bool hasBeta = false;
  for (auto [i, part] : llvm::enumerate(concat.getInputs())) {
    auto norm = part.getDefiningOp<nn::LayerNormOp>();
    Value whole =
        norm && norm.getGroups() == 1 && staticDim(norm.getX(), axis) == 1
            ? sliceOf(norm.getX(), axis, int64_t(i))
            : Value();
    if (!whole || whole.getType() != type || (x && whole != x) ||
        (epsilon && norm.getEpsilonAttr() != epsilon))
      return;
    x = whole;
    epsilon = norm.getEpsilonAttr();
    SmallVector<float> gamma, beta(size_t(width), 0.0f);
    onnx::readWeight(constantOf(norm.getGamma()), gamma);
    if (norm.getBeta()) {
      onnx::readWeight(constantOf(norm.getBeta()), beta);
      hasBeta = true;
    }
    llvm::append_range(gammas, gamma);
    llvm::append_range(betas, beta);
  }
  NodeWriter write(concat);
  OpBuilder &builder = write.builder;
  SmallVector<int64_t> shape(size_t(type.getRank() - axis), 1);
  shape.front() = count;
  shape.back() = width;
  auto numbers = [&](ArrayRef<float> values) {
    return write.constant(DenseElementsAttr::get(
        RankedTensorType::get(shape, builder.getF32Type()), values));
  };
  auto one = DenseElementsAttr::get(
      RankedTensorType::get({width}, builder.getF32Type()), 1.0f);
  Value made = builder.create<nn::LayerNormOp>(
      concat.getLoc(), type, x, makeConstant(builder, concat.getLoc(), one),
      Value(), epsilon, builder.getI64IntegerAttr(1));
  made = write("Mul", {made, numbers(gammas)});
  made.setType(type);
  if (hasBeta) {
    made = write("Add", {made, numbers(betas)});
    made.setType(type);
  }
  concat->getResult(0).replaceAllUsesWith(made);
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
    else if (node.isOnnx("Div"))
      matchParts(node);
  }
  for (onnx::NodeOp node : nodes)
    if (node.isOnnx("Concat"))
      matchSlices(node);
  eraseDead(function);
}

} // namespace dalbit::raise
