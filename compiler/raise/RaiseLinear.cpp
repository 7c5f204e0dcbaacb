// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products with constant weights. First every MatMul and Gemm becomes an
// nn.linear on the value before it was flattened to a matrix; then reshapes
// that give back the old sizes disappear; then (SplitLinear.cpp) products that
// are cut into pieces become several.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/SplitLinear.h"
#include "compiler/raise/SymbolicShapes.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISELINEAR
#include "compiler/raise/Passes.h.inc"

namespace {

/// A product with a constant weight.
struct LinearMatch {
  Value x;
  TypedAttr weight; // [K, N]
  TypedAttr bias;   // [N] or null
  Value result;
};

class RaiseLinearPass : public impl::RaiseLinearBase<RaiseLinearPass> {
public:
  void runOnOperation() override;
};

} // namespace

static int64_t outputsOf(TypedAttr weight) {
  return cast<RankedTensorType>(weight.getType()).getDimSize(1);
}

/// \p value as a bias of \p size; null if it is none.
static TypedAttr constantBias(Value value, int64_t size) {
  TypedAttr constant = constantOf(value);
  RankedTensorType type = rankedType(value);
  if (!constant || !type || type.getRank() == 0 ||
      type.getShape().back() != size || type.getNumElements() != size)
    return {};
  return vectorConstant(constant);
}

static std::optional<LinearMatch> matchMatMul(onnx::NodeOp node,
                                              const SymbolicShapes &shapes) {
  LinearMatch match;
  match.x = node.getInputs()[0];
  match.weight = matrixConstant(node.getInputs()[1]);
  match.result = node->getResult(0);
  RankedTensorType type = rankedType(match.x);
  if (!match.weight || !type || type.getRank() < 2)
    return std::nullopt;
  if (auto add = nodeOf(shapes.soleReader(match.result), "Add")) {
    Value other = add.getInputs()[add.getInputs()[0] == match.result ? 1 : 0];
    RankedTensorType wide = rankedType(other);
    match.bias = wide && wide.getRank() <= type.getRank()
                     ? constantBias(other, outputsOf(match.weight))
                     : TypedAttr();
    if (match.bias)
      match.result = add->getResult(0);
  }
  return match;
}

static std::optional<LinearMatch> matchGemm(onnx::NodeOp node) {
  LinearMatch match;
  match.x = node.getInputs()[0];
  match.result = node->getResult(0);
  match.weight = matrixConstant(node.getInputs()[1]);
  if (!match.weight || node.getOnnxInt("transA").value_or(0) != 0 ||
      node.getOnnxFloat("alpha").value_or(1) != 1)
    return std::nullopt;
  if (node.getOnnxInt("transB").value_or(0) != 0)
    match.weight = transposeConstant(match.weight);
  if (!match.weight || !hasInput(node, 2))
    return match.weight ? std::optional<LinearMatch>(match) : std::nullopt;
  match.bias = constantBias(node.getInputs()[2], outputsOf(match.weight));
  if (!match.bias || node.getOnnxFloat("beta").value_or(1) != 1)
    return std::nullopt;
  return match;
}

/// The value that \p matrix is a flattened form of, with the same last
/// dimension; \p matrix itself if there is none.
static Value beforeFlattening(Value matrix, const SymbolicShapes &shapes) {
  onnx::NodeOp node = nodeOf(matrix, "Reshape");
  if (!node)
    node = nodeOf(matrix, "Flatten");
  const Dims *flat = shapes.dims(matrix);
  if (!node || !flat || flat->size() != 2)
    return matrix;
  Value full = node.getInputs()[0];
  const Dims *dims = shapes.dims(full);
  if (!dims || dims->size() < 3 || dims->back() != flat->back())
    return matrix;
  return full;
}

/// What \p x puts together along the columns; empty if it does not, or cuts
/// blocks of the weight.
static SmallVector<std::pair<Value, TypedAttr>>
columnParts(Value x, TypedAttr weight, const SymbolicShapes &shapes) {
  SmallVector<std::pair<Value, TypedAttr>> parts;
  auto concat = nodeOf(x, "Concat");
  const Dims *dims = shapes.dims(x);
  int64_t rank = dims ? static_cast<int64_t>(dims->size()) : 0;
  if (!concat || rank < 2 ||
      normaliseAxis(concat.getOnnxInt("axis").value_or(0), rank) != rank - 1)
    return {};
  int64_t start = 0;
  for (Value part : concat.getInputs()) {
    int64_t size = staticDim(part, -1);
    TypedAttr rows =
        size > 0 ? sliceConstant(weight, 0, start, size) : TypedAttr();
    if (!rows || !isFloat32(part) || constantOf(part))
      return {};
    parts.push_back({part, rows});
    start += size;
  }
  return parts;
}

static void rewrite(LinearMatch match, SymbolicShapes &shapes) {
  const Dims *wanted = shapes.dims(match.result);
  Value x = beforeFlattening(match.x, shapes);
  const Dims *from = shapes.dims(x);
  if (!wanted || !from || !isFloat32(x))
    return;
  Dims dims = *from, flat = *wanted; // the map may grow below
  dims.back() = outputsOf(match.weight);
  if (staticDim(x, -1) !=
      cast<RankedTensorType>(match.weight.getType()).getDimSize(0))
    return;
  Operation *op = match.result.getDefiningOp();
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Value bias = match.bias ? makeConstant(builder, loc, match.bias) : Value();
  RankedTensorType type = tensorType(dims, builder.getF32Type());
  auto parts = columnParts(x, match.weight, shapes);
  if (parts.empty())
    parts.push_back({x, match.weight});
  // Parts that stand side by side are multiplied one by one.
  Value linear;
  for (auto [part, rows] : parts) {
    Value weight = makeConstant(builder, loc, rows);
    shapes.infer(weight.getDefiningOp());
    Value product = builder.create<nn::LinearOp>(loc, type, part, weight,
                                                 linear ? Value() : bias);
    shapes.setDims(product, dims);
    linear = linear
                 ? Value(builder.create<nn::AddOp>(loc, type, linear, product))
                 : product;
    shapes.setDims(linear, dims);
  }
  if (x != match.x)
    linear = flatten(builder, linear, flat, shapes);
  match.result.replaceAllUsesWith(linear);
}

/// Removes reshapes of reshapes that end where they began.
static void dropRoundTrips(func::FuncOp function, SymbolicShapes &shapes) {
  for (auto node :
       llvm::make_early_inc_range(function.getOps<onnx::NodeOp>())) {
    if (!node.isOnnx("Reshape"))
      continue;
    Value source = node.getInputs()[0];
    while (auto inner = nodeOf(source, "Reshape"))
      source = inner.getInputs()[0];
    if (!shapes.sameDims(source, node->getResult(0)))
      continue;
    node->getResult(0).replaceAllUsesWith(source);
    node->erase();
  }
}

void RaiseLinearPass::runOnOperation() {
  func::FuncOp function = getOperation();
  SymbolicShapes shapes(function);
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes) {
    std::optional<LinearMatch> match;
    if (node.isOnnx("MatMul"))
      match = matchMatMul(node, shapes);
    else if (node.isOnnx("Gemm"))
      match = matchGemm(node);
    if (match)
      rewrite(*match, shapes);
  }
  dropRoundTrips(function, shapes);
  eraseDead(function);
  splitLinears(function);
  eraseDead(function);
}

} // namespace dalbit::raise
