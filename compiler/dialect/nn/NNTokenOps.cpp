// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of NNTokenOps.td: rules K1..K12.

#include "compiler/dialect/nn/NNChecks.h"
#include "compiler/dialect/nn/Rearrangement.h"

using namespace mlir;
using namespace dalbit::nn;

LogicalResult RearrangeOp::verify() {
  if (Rearrangement::of(tensorType(getX()).getShape(), getView(), getOrder(),
                        tensorType(getOut()).getShape()))
    return success();
  return fails(*this, "K1", "has a view, order or result that do not fit x");
}

LogicalResult SliceOp::verify() {
  RankedTensorType x = tensorType(getX()), out = tensorType(getOut());
  int64_t any = ShapedType::kDynamic;
  if (x.getRank() != 3)
    return fails(*this, "K2", "needs x of [B, U, D]");
  int64_t batch = x.getDimSize(0), width = x.getDimSize(2);
  if (out.getRank() == 2)
    return checkShape(*this, "K2", "the result", getOut(), {batch, width});
  if (failed(
          checkShape(*this, "K2", "the result", getOut(), {batch, any, width})))
    return failure();
  int64_t first = getFirst(), all = x.getDimSize(1), count = out.getDimSize(1);
  if (ShapedType::isDynamic(all) || ShapedType::isDynamic(count))
    return success();
  if (first < 0)
    first += all;
  if (first < 0 || first + count > all)
    return fails(*this, "K2", "takes tokens that x does not have");
  return success();
}

LogicalResult PickOp::verify() {
  RankedTensorType x = tensorType(getX());
  if (x.getRank() != 3)
    return fails(*this, "K3", "needs x of [B, U, D]");
  if (failed(checkShape(*this, "K3", "ids", getFrom(),
                        {x.getDimSize(0), x.getDimSize(1)})))
    return failure();
  TokenRule rule = getTokenRule();
  if (!rule.isValid())
    return fails(*this, "K3", "has no such rule, or an id is missing or idle");
  if (rule.isShown() != tensorType(getFrom()).getElementType().isF32())
    return fails(*this, "K3",
                 "needs a mask for the rule shown, ids for others");
  return checkShape(*this, "K3", "the result", getOut(),
                    {x.getDimSize(0), x.getDimSize(2)});
}

LogicalResult TokenMaxOp::verify() {
  RankedTensorType x = tensorType(getX());
  if (x.getRank() != 3)
    return fails(*this, "K11", "needs x of [B, U, D]");
  if (getMask() && failed(checkShape(*this, "K11", "the mask", getMask(),
                                     {x.getDimSize(0), x.getDimSize(1)})))
    return failure();
  return checkShape(*this, "K11", "the result", getOut(),
                    {x.getDimSize(0), x.getDimSize(2)});
}

LogicalResult TopKOp::verify() {
  RankedTensorType x = tensorType(getX());
  int64_t k = getK(), columns = x.getRank() ? x.getShape().back() : 0;
  if (k < 1 || (k > columns && !ShapedType::isDynamic(columns)))
    return fails(*this, "K12", "chooses none or more than there are");
  SmallVector<int64_t> shape(x.getShape().drop_back());
  if (k > 1 || tensorType(getIndices()).getRank() == x.getRank())
    shape.push_back(k);
  if (failed(checkShape(*this, "K12", "the values", getValues(), shape)))
    return failure();
  return checkShape(*this, "K12", "the indices", getIndices(), shape);
}

LogicalResult ConcatOp::verify() {
  RankedTensorType out = tensorType(getOut());
  if (getParts().empty() || out.getRank() != 3)
    return fails(*this, "K4", "needs parts and a result of [B, U, D]");
  int64_t rows = 0;
  for (Value part : getParts()) {
    RankedTensorType type = tensorType(part);
    if (type.getRank() == 2 &&
        (type.getDimSize(0) == 1 ||
         agree(type.getDimSize(0), out.getDimSize(0))) &&
        agree(type.getDimSize(1), out.getDimSize(2))) {
      rows = ShapedType::isDynamic(rows) ? rows : rows + 1;
      continue;
    }
    if (type.getRank() != 3 || !agree(type.getDimSize(2), out.getDimSize(2)) ||
        (type.getDimSize(0) != 1 &&
         !agree(type.getDimSize(0), out.getDimSize(0))))
      return fails(*this, "K4", "has a part that is not [B or 1, U, D]");
    bool open = ShapedType::isDynamic(type.getDimSize(1)) ||
                ShapedType::isDynamic(rows);
    rows = open ? ShapedType::kDynamic : rows + type.getDimSize(1);
  }
  if (!agree(rows, out.getDimSize(1)))
    return fails(*this, "K4", "has parts that do not add up to the result");
  return success();
}

LogicalResult WindowsOp::verify() {
  RankedTensorType x = tensorType(getX());
  int64_t size = getSize(), stride = getStride(), before = getBefore(),
          after = getAfter();
  if (size <= 0 || stride <= 0 || before < 0 || after < 0)
    return fails(*this, "K6",
                 "has a size, stride or border that is not "
                 "positive");
  if (x.getRank() != 3)
    return fails(*this, "K5", "needs x of [B, U, D]");
  int64_t any = ShapedType::kDynamic, rows = x.getDimSize(1),
          width = x.getDimSize(2);
  return checkShape(*this, "K5", "the result", getOut(),
                    {x.getDimSize(0),
                     ShapedType::isDynamic(rows)
                         ? any
                         : (rows + before + after - size) / stride + 1,
                     ShapedType::isDynamic(width) ? any : size * width});
}

LogicalResult CachePartOp::verify() {
  RankedTensorType past = tensorType(getPast());
  ArrayRef<int64_t> at = getAt();
  if (past.getRank() != int64_t(at.size()) + 4 ||
      llvm::any_of(llvm::zip(at, past.getShape()), [](auto pair) {
        auto [index, size] = pair;
        return index < 0 || index >= size;
      }))
    return fails(*this, "K9", "has an index that is none of its input");
  return checkShape(*this, "K9", "the result", getOut(),
                    past.getShape().drop_front(at.size()));
}

LogicalResult StackCachesOp::verify() {
  RankedTensorType out = tensorType(getOut());
  int64_t count = 1;
  for (int64_t size :
       out.getShape().drop_back(std::min<int64_t>(out.getRank(), 4)))
    count = ShapedType::isDynamic(size) ? -1 : count * size;
  if (out.getRank() < 5 || count != int64_t(getParts().size()))
    return fails(*this, "K10", "has another number of parts than its result");
  for (Value part : getParts())
    if (failed(checkShape(*this, "K10", "a part", part,
                          out.getShape().take_back(4))))
      return failure();
  return success();
}

/// A mask of [B, S] or [B or 1, T, S], if there is one.
static LogicalResult checkMask(Operation *op, StringRef rule, Value mask,
                               int64_t batch, int64_t tokens, int64_t keys) {
  if (!mask)
    return success();
  RankedTensorType type = tensorType(mask);
  if (type.getRank() != 3)
    return checkShape(op, rule, "the mask", mask, {batch, keys});
  return checkShape(op, rule, "the mask", mask,
                    {type.getDimSize(0) == 1 ? 1 : batch, tokens, keys});
}

LogicalResult CachedAttentionOp::verify() {
  RankedTensorType query = tensorType(getQuery()), keys = tensorType(getKeys());
  int64_t heads = getHeads(), width = query.getRank() == 3
                                          ? query.getDimSize(2)
                                          : ShapedType::kDynamic;
  if (heads <= 0 || keys.getRank() != 4 || ShapedType::isDynamic(width) ||
      width % heads != 0)
    return fails(*this, "K7",
                 "needs queries [B, T, H*d] and keys [B, H, S, d]");
  int64_t batch = query.getDimSize(0), all = keys.getDimSize(2);
  SmallVector<int64_t> cache = {batch, heads, all, width / heads};
  if (failed(checkShape(*this, "K7", "keys", getKeys(), cache)) ||
      failed(checkShape(*this, "K7", "values", getValues(), cache)) ||
      failed(
          checkMask(*this, "K7", getMask(), batch, query.getDimSize(1), all)))
    return failure();
  return checkShape(*this, "K7", "the result", getOut(), query.getShape());
}

LogicalResult AttentionWeightsOp::verify() {
  RankedTensorType query = tensorType(getQuery()), key = tensorType(getKey());
  int64_t heads = getHeads();
  if (heads <= 0 || query.getRank() != 3 || key.getRank() != 3 ||
      ShapedType::isDynamic(query.getDimSize(2)) ||
      query.getDimSize(2) % heads != 0 ||
      query.getDimSize(2) != key.getDimSize(2))
    return fails(*this, "K8", "needs query and key of [B, T or S, H*d]");
  int64_t batch = query.getDimSize(0), tokens = query.getDimSize(1),
          keys = key.getDimSize(1);
  if (failed(checkMask(*this, "K8", getMask(), batch, tokens, keys)))
    return failure();
  return checkShape(*this, "K8", "the result", getOut(), {batch, tokens, keys});
}
