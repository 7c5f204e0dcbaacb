// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of NNDecoderOps.td: rules N17..N21.

#include "compiler/dialect/nn/NNChecks.h"

using namespace mlir;
using namespace dalbit::nn;

int64_t dalbit::nn::groupsOf(Operation *op) {
  if (auto norm = dyn_cast_or_null<RMSNormOp>(op))
    return int64_t(norm.getGroups());
  auto norm = dyn_cast_or_null<LayerNormOp>(op);
  return norm ? int64_t(norm.getGroups()) : 0;
}

LogicalResult dalbit::nn::checkGroups(Operation *op, StringRef rule, Value x,
                                      int64_t groups, Value gamma) {
  RankedTensorType type = tensorType(x), scale = tensorType(gamma);
  if (type.getRank() == 0 || groups <= 0)
    return fails(op, rule, "needs a last dimension and positive groups");
  int64_t width = type.getShape().back(), part = ShapedType::kDynamic;
  if (!ShapedType::isDynamic(width)) {
    if (width % groups != 0)
      return fails(op, rule,
                   Twine("cuts ") + Twine(width) + " columns into " +
                       Twine(groups) + " groups");
    part = width / groups;
  }
  if (scale.getRank() == 1 && scale.getDimSize(0) == width)
    return success();
  return checkShape(op, rule, "gamma", gamma, {part});
}

LogicalResult RMSNormOp::verify() {
  if (failed(checkGroups(*this, "N17", getX(), getGroups(), getGamma())))
    return failure();
  if (getEpsilon().isNegative() || getEpsilon().isNaN())
    return fails(*this, "N18", "has a negative epsilon");
  return success();
}

LogicalResult RotaryOp::verify() {
  RankedTensorType x = tensorType(getX());
  RankedTensorType cos = tensorType(getCos());
  int64_t heads = getHeads();
  if (x.getRank() != 3 || heads <= 0 || cos.getRank() != 2)
    return fails(*this, "N19", "needs x [B, T, H*d] and tables [N, r]");
  int64_t width = x.getDimSize(2), pairs = cos.getDimSize(1);
  if (!ShapedType::isDynamic(width) &&
      (width % heads != 0 ||
       (!ShapedType::isDynamic(pairs) && 2 * pairs > width / heads)))
    return fails(*this, "N19",
                 Twine("rotates ") + Twine(pairs) + " pairs in heads of " +
                     Twine(width) + " / " + Twine(heads) + " columns");
  if (failed(checkShape(*this, "N19", "sin", getSin(), cos.getShape())))
    return failure();
  RankedTensorType ids = tensorType(getIds());
  if (ids.getRank() == 2 && ids.getDimSize(0) == 1)
    return checkShape(*this, "N20", "ids", getIds(), {1, x.getDimSize(1)});
  return checkShape(*this, "N20", "ids", getIds(),
                    {x.getDimSize(0), x.getDimSize(1)});
}

LogicalResult MaskPositionsOp::verify() {
  RankedTensorType mask = tensorType(getMask());
  if (mask.getRank() != 2)
    return fails(*this, "N21", "needs a mask [B, S]");
  return checkShape(*this, "N21", "the result", getIds(),
                    {mask.getDimSize(0), ShapedType::kDynamic});
}
