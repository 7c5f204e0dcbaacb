// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mean of a sequence's tokens, of all or of those that a mask shows. It is
// what attention gives that weighs all keys alike, so that is what it becomes:
// scores are multiplied by 0, the mask hides the rest.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Mask.h"
#include "compiler/raise/Moves.h"

#include <cmath>
#include <random>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEPOOLING
#include "compiler/raise/Passes.h.inc"

namespace {

struct TokenMean {
  Value x;            ///< [B, T, D]
  BlockArgument mask; ///< [B, T], or null
};

class RaisePoolingPass : public impl::RaisePoolingBase<RaisePoolingPass> {
public:
  void runOnOperation() override;

private:
  std::optional<TokenMean> matchMean(onnx::NodeOp node);
  std::optional<TokenMean> matchMaskedMean(onnx::NodeOp node);
  bool isMaskedMean(Value value, const Leaves &leaves, const TokenMean &mean,
                    const Sizes &sizes, std::mt19937 &random);
  void rewrite(onnx::NodeOp node, const TokenMean &mean);

  SymbolicShapes *shapes = nullptr;
};

} // namespace

static bool isSequence(Value x, const SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(x);
  return isFloat32(x) && !constantOf(x) && dims && dims->size() == 3 &&
         dims->back().isConstant();
}

/// Whether \p node, a reduction \p type, goes over the tokens.
static bool reducesTokens(onnx::NodeOp node, StringRef type) {
  auto axes =
      node && node.isOnnx(type) ? integersOf(node, "axes", 1) : std::nullopt;
  return axes && axes->size() == 1 && normaliseAxis(axes->front(), 3) == 1;
}

/// The tokens [B, T, D] of which \p columns are the transposed, or null.
static Value tokensOfColumns(Value columns, const SymbolicShapes &shapes) {
  onnx::NodeOp turn = nodeOf(columns, "Transpose");
  auto order = turn ? turn.getOnnxInts("perm") : std::nullopt;
  Value x = turn ? Value(turn.getInputs()[0]) : Value();
  return x && order && llvm::equal(*order, ArrayRef<int64_t>{0, 2, 1}) &&
                 isSequence(x, shapes)
             ? x
             : Value();
}

/// ReduceMean over the tokens, or over what they are as columns, as pools of
/// one dimension have them.
std::optional<TokenMean> RaisePoolingPass::matchMean(onnx::NodeOp node) {
  Value x = node.getInputs()[0];
  if (reducesTokens(node, "ReduceMean") && isSequence(x, *shapes))
    return TokenMean{x, {}};
  auto axes =
      node.isOnnx("ReduceMean") ? integersOf(node, "axes", 1) : std::nullopt;
  bool isLast =
      axes && axes->size() == 1 && normaliseAxis(axes->front(), 3) == 2;
  if (Value tokens = tokensOfColumns(x, *shapes);
      tokens && (isLast || node.isOnnx("GlobalAveragePool")))
    return TokenMean{tokens, {}};
  return std::nullopt;
}

/// Tries \p value on random tokens and a mask that shows the first one.
bool RaisePoolingPass::isMaskedMean(Value value, const Leaves &leaves,
                                    const TokenMean &mean, const Sizes &sizes,
                                    std::mt19937 &random) {
  Numbers x, mask;
  for (const SymbolicExpr &dim : *shapes->dims(mean.x))
    x.shape.push_back(dim.evaluate(sizes));
  int64_t batch = x.shape[0], tokens = x.shape[1], width = x.shape[2];
  mask.shape = {batch, tokens};
  for (int64_t i = 0; i < batch * tokens; ++i)
    mask.values.push_back(i % tokens == 0 || random() % 2);
  for (int64_t i = 0; i < batch * tokens * width; ++i)
    x.values.push_back(double(random() % 2001) / 1000 - 1);
  llvm::DenseMap<Value, Numbers> given;
  given[mean.x] = x;
  given[mean.mask] = mask;
  auto found = evaluateAt(value, leaves, sizes, *shapes, given);
  if (!found || int64_t(found->values.size()) != batch * width)
    return false;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t c = 0; c < width; ++c) {
      double sum = 0, count = 0;
      for (int64_t t = 0; t < tokens; ++t) {
        double shown = mask.values[b * tokens + t];
        sum += shown * x.values[(b * tokens + t) * width + c];
        count += shown;
      }
      if (!(std::abs(found->values[b * width + c] - sum / count) < 1e-4))
        return false;
    }
  return true;
}

/// The sum of what the mask shows over its count, in any spelling of the mask.
std::optional<TokenMean> RaisePoolingPass::matchMaskedMean(onnx::NodeOp node) {
  onnx::NodeOp sum = nodeOf(node.getInputs()[0], "ReduceSum");
  if (!reducesTokens(sum, "ReduceSum"))
    return std::nullopt;
  onnx::NodeOp shown = nodeOf(sum.getInputs()[0], "Mul");
  shown = shown ? shown : nodeOf(sum.getInputs()[0], "Where");
  if (!shown)
    return std::nullopt;
  for (Value x : shown.getInputs()) {
    if (!isSequence(x, *shapes))
      continue;
    Value result = node->getResult(0);
    Leaves leaves = leavesOf(result, x, *shapes);
    if (leaves.arguments.size() != 1)
      continue;
    TokenMean mean{x, leaves.arguments.front()};
    const Dims *mask = shapes->dims(mean.mask), &tokens = *shapes->dims(x);
    if (!mask || mask->size() != 2 || (*mask)[0] != tokens[0] ||
        (*mask)[1] != tokens[1])
      continue;
    std::mt19937 random(3);
    bool good = true;
    for (const Sizes &sizes : probeSizes(getOperation()))
      good = good && isMaskedMean(result, leaves, mean, sizes, random);
    if (good)
      return mean;
  }
  return std::nullopt;
}

/// Heads of at most 64 columns: each has the same weights, and they are small
/// enough for any target.
static int64_t headsFor(int64_t width) {
  for (int64_t heads = 1; width / heads >= 16; ++heads)
    if (width % heads == 0 && width / heads <= 64)
      return heads;
  return 1;
}

void RaisePoolingPass::rewrite(onnx::NodeOp node, const TokenMean &mean) {
  const Dims all = *shapes->dims(mean.x);
  const Dims *wanted = shapes->dims(node->getResult(0));
  Dims one = {all[0], SymbolicExpr(1), all[2]}, flat = {all[0], all[2]};
  Dims column = {all[0], all[2], SymbolicExpr(1)};
  if (!wanted || (*wanted != one && *wanted != flat && *wanted != column))
    return;
  int64_t width = *all[2].constant(), heads = headsFor(width);
  OpBuilder builder(node);
  Location loc = node.getLoc();
  Type f32 = builder.getF32Type();
  DenseElementsAttr identity = nn::identityMatrix(&getContext(), width);
  // Keys and values are rows of a linear layer on the NPU.
  auto rows = [&](Value x, const Dims &dims) -> Value {
    return builder.create<nn::LinearOp>(loc, tensorType(dims, f32), x,
                                        makeConstant(builder, loc, identity),
                                        Value());
  };
  Value keys = rows(mean.x, all);
  Value first = builder.create<nn::SliceOp>(loc, tensorType(one, f32), mean.x,
                                            /*first=*/0);
  Value mask = mean.mask ? keyMask(mean.mask, *shapes) : Value();
  RankedTensorType cache =
      tensorType({all[0], heads, all[1], width / heads}, f32);
  auto attention = builder.create<nn::AttentionOp>(
      loc, TypeRange{tensorType(one, f32), cache, cache}, rows(first, one),
      keys, keys, Value(), Value(), mask, /*bias=*/Value(),
      builder.getI64IntegerAttr(heads), builder.getI64IntegerAttr(heads),
      builder.getBoolAttr(false), builder.getF32FloatAttr(0),
      builder.getF32FloatAttr(std::numeric_limits<float>::lowest()),
      IntegerAttr(), builder.getF32FloatAttr(0),
      /*bias_origin=*/IntegerAttr());
  Value out = attention.getOut();
  if (*wanted != one)
    out = builder.create<nn::SliceOp>(loc, tensorType(flat, f32), out,
                                      /*first=*/0);
  if (*wanted != one) {
    shapes->setDims(out, flat);
    return replaceByRow(node, out, *shapes);
  }
  node->getResult(0).replaceAllUsesWith(out);
}

void RaisePoolingPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes known(function);
  shapes = &known;
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes) {
    if (node->getNumResults() != 1 || !isFloat32(node->getResult(0)))
      continue;
    std::optional<TokenMean> mean;
    if (node.isOnnx("ReduceMean") || node.isOnnx("GlobalAveragePool"))
      mean = matchMean(node);
    else if (node.isOnnx("Div"))
      mean = matchMaskedMean(node);
    if (mean)
      rewrite(node, *mean);
  }
  eraseDead(function);
  shapes = nullptr;
}

} // namespace dalbit::raise
