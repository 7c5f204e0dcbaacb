// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mean or maximum of a sequence's tokens, of all or of those that a mask
// shows. A maximum is an operation of its own. A mean is what attention gives
// that weighs all keys alike, so that is what it becomes: scores are multiplied
// by 0, the mask hides the rest.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Mask.h"
#include "compiler/raise/Moves.h"

#include "llvm/ADT/SetVector.h"

#include <cmath>
#include <random>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEPOOLING
#include "compiler/raise/Passes.h.inc"

namespace {

/// A mean or maximum over tokens.
struct TokenPool {
  Value x;            ///< [B, T, D]
  BlockArgument mask; ///< [B, T], or null
};

class RaisePoolingPass : public impl::RaisePoolingBase<RaisePoolingPass> {
public:
  void runOnOperation() override;

private:
  std::optional<TokenPool> matchMean(onnx::NodeOp node);
  std::optional<TokenPool> matchMaskedMean(onnx::NodeOp node);
  std::optional<TokenPool> matchMax(onnx::NodeOp node);
  std::optional<TokenPool> findMask(Value x, Value result, bool isMax);
  bool isMasked(Value value, const Leaves &leaves, const TokenPool &pool,
                bool isMax, const Sizes &sizes, std::mt19937 &random);
  void rewriteMax(onnx::NodeOp node, const TokenPool &pool);
  void rewrite(onnx::NodeOp node, const TokenPool &mean);

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
std::optional<TokenPool> RaisePoolingPass::matchMean(onnx::NodeOp node) {
  Value x = node.getInputs()[0];
  if (reducesTokens(node, "ReduceMean") && isSequence(x, *shapes))
    return TokenPool{x, {}};
  auto axes =
      node.isOnnx("ReduceMean") ? integersOf(node, "axes", 1) : std::nullopt;
  bool isLast =
      axes && axes->size() == 1 && normaliseAxis(axes->front(), 3) == 2;
  if (Value tokens = tokensOfColumns(x, *shapes);
      tokens && (isLast || node.isOnnx("GlobalAveragePool")))
    return TokenPool{tokens, {}};
  return std::nullopt;
}

/// Tries \p value on random tokens and a mask that shows the first one: their
/// mean, or the largest.
bool RaisePoolingPass::isMasked(Value value, const Leaves &leaves,
                                const TokenPool &pool, bool isMax,
                                const Sizes &sizes, std::mt19937 &random) {
  Numbers x, mask;
  for (const SymbolicExpr &dim : *shapes->dims(pool.x))
    x.shape.push_back(dim.evaluate(sizes));
  int64_t batch = x.shape[0], tokens = x.shape[1], width = x.shape[2];
  mask.shape = {batch, tokens};
  for (int64_t i = 0; i < batch * tokens; ++i)
    mask.values.push_back(i % tokens == 0 || random() % 2);
  // All below 0 at times, so that a hidden token's 0 would be seen.
  for (int64_t i = 0; i < batch * tokens * width; ++i)
    x.values.push_back(double(random() % 2001) / 1000 - (i % 2 ? 1 : 3));
  llvm::DenseMap<Value, Numbers> given;
  given[pool.x] = x;
  given[pool.mask] = mask;
  auto found = evaluateAt(value, leaves, sizes, *shapes, given);
  if (!found || int64_t(found->values.size()) != batch * width)
    return false;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t c = 0; c < width; ++c) {
      double sum = 0, count = 0, largest = -1e30;
      for (int64_t t = 0; t < tokens; ++t) {
        if (mask.values[b * tokens + t] == 0)
          continue;
        double number = x.values[(b * tokens + t) * width + c];
        sum += number;
        count += 1;
        largest = std::max(largest, number);
      }
      double wanted = isMax ? largest : sum / count;
      if (!(std::abs(found->values[b * width + c] - wanted) < 1e-4))
        return false;
    }
  return true;
}

/// The pool of \p x that \p result is, with a mask of the user; in any
/// spelling of the mask.
std::optional<TokenPool> RaisePoolingPass::findMask(Value x, Value result,
                                                    bool isMax) {
  Leaves leaves = leavesOf(result, x, *shapes);
  if (leaves.arguments.size() != 1)
    return std::nullopt;
  TokenPool pool{x, leaves.arguments.front()};
  const Dims *mask = shapes->dims(pool.mask), &tokens = *shapes->dims(x);
  if (!mask || mask->size() != 2 || (*mask)[0] != tokens[0] ||
      (*mask)[1] != tokens[1])
    return std::nullopt;
  std::mt19937 random(3);
  for (const Sizes &sizes : probeSizes(getOperation()))
    if (!isMasked(result, leaves, pool, isMax, sizes, random))
      return std::nullopt;
  return pool;
}

/// The sum of what the mask shows over its count.
std::optional<TokenPool> RaisePoolingPass::matchMaskedMean(onnx::NodeOp node) {
  onnx::NodeOp sum = nodeOf(node.getInputs()[0], "ReduceSum");
  if (!reducesTokens(sum, "ReduceSum"))
    return std::nullopt;
  onnx::NodeOp shown = nodeOf(sum.getInputs()[0], "Mul");
  shown = shown ? shown : nodeOf(sum.getInputs()[0], "Where");
  if (!shown)
    return std::nullopt;
  for (Value x : shown.getInputs())
    if (isSequence(x, *shapes))
      if (auto pool = findMask(x, node->getResult(0), /*isMax=*/false))
        return pool;
  return std::nullopt;
}

/// A maximum over the tokens or over columns that they are, with or without
/// something in the place of hidden ones that no number is below.
std::optional<TokenPool> RaisePoolingPass::matchMax(onnx::NodeOp node) {
  Value tokens = node.getInputs()[0];
  if (!reducesTokens(node, "ReduceMax")) {
    tokens = node.isOnnx("GlobalMaxPool") ? tokensOfColumns(tokens, *shapes)
                                          : Value();
    return tokens ? std::optional(TokenPool{tokens, {}}) : std::nullopt;
  }
  llvm::SetVector<Value> seen;
  seen.insert(tokens);
  for (size_t i = 0; i < seen.size() && seen.size() < 16; ++i) {
    if (i > 0 && isSequence(seen[i], *shapes))
      if (auto pool = findMask(seen[i], node->getResult(0), /*isMax=*/true))
        return pool;
    onnx::NodeOp from = nodeOf(seen[i]);
    if (from &&
        llvm::is_contained({"Where", "Add", "Sub", "Mul"}, from.getOpType()))
      seen.insert(from.getInputs().begin(), from.getInputs().end());
  }
  return isSequence(tokens, *shapes) ? std::optional(TokenPool{tokens, {}})
                                     : std::nullopt;
}

void RaisePoolingPass::rewriteMax(onnx::NodeOp node, const TokenPool &pool) {
  const Dims &all = *shapes->dims(pool.x);
  Dims flat = {all[0], all[2]};
  OpBuilder builder(node);
  Value mask = pool.mask ? keyMask(pool.mask, *shapes) : Value();
  Value out = builder.create<nn::TokenMaxOp>(
      node.getLoc(), tensorType(flat, builder.getF32Type()), pool.x, mask);
  shapes->setDims(out, flat);
  replaceByRow(node, out, *shapes);
}

/// Heads of at most 64 columns: each has the same weights, and they are small
/// enough for any target.
static int64_t headsFor(int64_t width) {
  for (int64_t heads = 1; width / heads >= 16; ++heads)
    if (width % heads == 0 && width / heads <= 64)
      return heads;
  return 1;
}

void RaisePoolingPass::rewrite(onnx::NodeOp node, const TokenPool &mean) {
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
      /*sinks=*/Value(), builder.getI64IntegerAttr(heads),
      builder.getI64IntegerAttr(heads), builder.getBoolAttr(false),
      builder.getF32FloatAttr(0),
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
    if (node.isOnnx("ReduceMax") || node.isOnnx("GlobalMaxPool")) {
      if (auto largest = matchMax(node))
        rewriteMax(node, *largest);
      continue;
    }
    std::optional<TokenPool> mean;
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
