// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the nn dialect: rules N1..N16, N22, N23 and N26 of NNOps.td.

#include "compiler/dialect/nn/NNChecks.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace dalbit::nn;

#include "compiler/dialect/nn/NNDialect.cpp.inc"

void NNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "compiler/dialect/nn/NNOps.cpp.inc"
      >();
}

DenseElementsAttr dalbit::nn::identityMatrix(MLIRContext *context,
                                             int64_t width) {
  SmallVector<float> numbers(width * width, 0);
  for (int64_t i = 0; i < width; ++i)
    numbers[i * width + i] = 1;
  return DenseElementsAttr::get(
      RankedTensorType::get({width, width}, Float32Type::get(context)),
      ArrayRef<float>(numbers));
}

LogicalResult dalbit::nn::checkShape(Operation *op, StringRef rule,
                                     StringRef what, Value value,
                                     ArrayRef<int64_t> dims) {
  RankedTensorType type = tensorType(value);
  bool good = type.getRank() == static_cast<int64_t>(dims.size());
  for (size_t i = 0; good && i < dims.size(); ++i)
    good = agree(type.getDimSize(i), dims[i]);
  if (good)
    return success();
  std::string wanted;
  for (int64_t dim : dims) {
    wanted += wanted.empty() ? "" : "x";
    wanted += ShapedType::isDynamic(dim) ? "?" : std::to_string(dim);
  }
  std::string found;
  llvm::raw_string_ostream(found) << type;
  return fails(op, rule, Twine(what) + " is " + found + ", expected " + wanted);
}

LogicalResult PositionIdsOp::verify() {
  return checkShape(*this, "N1", "the result", getIds(),
                    {1, ShapedType::kDynamic});
}

LogicalResult EmbeddingOp::verify() {
  RankedTensorType table = tensorType(getTable());
  RankedTensorType ids = tensorType(getIds());
  if (table.getRank() != 2 || (ids.getRank() != 1 && ids.getRank() != 2))
    return fails(*this, "N2", "needs a table [V, D] and ids [B, T] or [B]");
  SmallVector<int64_t> shape(ids.getShape());
  shape.push_back(table.getDimSize(1));
  return checkShape(*this, "N2", "the result", getOut(), shape);
}

static LogicalResult verifyBroadcast(Operation *op) {
  RankedTensorType out = tensorType(op->getResult(0));
  int64_t widest = 0;
  for (Value operand : op->getOperands())
    widest = std::max(widest, tensorType(operand).getRank());
  bool good = out.getRank() == widest;
  for (int64_t i = 1; good && i <= widest; ++i) {
    int64_t result = out.getDimSize(widest - i);
    int64_t size = 1;
    for (Value operand : op->getOperands()) {
      RankedTensorType type = tensorType(operand);
      int64_t dim =
          i <= type.getRank() ? type.getDimSize(type.getRank() - i) : 1;
      if (dim == 1)
        continue;
      good = good && agree(dim, size == 1 ? dim : size) && agree(dim, result);
      if (size == 1 || ShapedType::isDynamic(size))
        size = dim;
    }
    good = good && agree(size, result);
  }
  if (good)
    return success();
  return fails(op, "N3", "has operands that do not broadcast to the result");
}

LogicalResult AddOp::verify() { return verifyBroadcast(*this); }
LogicalResult MulOp::verify() { return verifyBroadcast(*this); }

LogicalResult GeluOp::verify() {
  if (llvm::is_contained({"none", "tanh", "sigmoid"}, getApproximate()))
    return success();
  return fails(*this, "N4",
               "has approximate = \"" + getApproximate() +
                   "\", expected \"none\", \"tanh\" or \"sigmoid\"");
}

LogicalResult ClipOp::verify() {
  if (getLow() <= getHigh() && (getLow().isFinite() || getHigh().isFinite()))
    return success();
  return fails(*this, "N26", "has bounds that are no range");
}

LogicalResult LayerNormOp::verify() {
  if (failed(checkGroups(*this, "N5", getX(), getGroups(), getGamma())))
    return failure();
  if (getBeta() && failed(checkShape(*this, "N5", "beta", getBeta(),
                                     tensorType(getGamma()).getShape())))
    return failure();
  if (getEpsilon().isNegative() || getEpsilon().isNaN())
    return fails(*this, "N6", "has a negative epsilon");
  return success();
}

LogicalResult LinearOp::verify() {
  RankedTensorType x = tensorType(getX());
  RankedTensorType out = tensorType(getOut());
  if (x.getRank() == 0 || out.getRank() == 0)
    return fails(*this, "N7", "multiplies a tensor without dimensions");
  int64_t outputs = out.getShape().back();
  if (failed(checkShape(*this, "N7", "weight", getWeight(),
                        {x.getShape().back(), outputs})))
    return failure();
  if (getBias() &&
      failed(checkShape(*this, "N8", "bias", getBias(), {outputs})))
    return failure();
  SmallVector<int64_t> expected(x.getShape());
  expected.back() = outputs;
  return checkShape(*this, "N9", "the result", getOut(), expected);
}

LogicalResult KeyMaskOp::verify() {
  RankedTensorType mask = tensorType(getMask());
  RankedTensorType out = tensorType(getOut());
  if (mask.getRank() == 1 && out.getRank() == 2 && !getCounted() &&
      !getInverted()) {
    int64_t count = mask.getDimSize(0), batch = out.getDimSize(0);
    if (count == batch || (!ShapedType::isDynamic(batch) && count > batch))
      return success();
  }
  if (mask.getRank() != 2)
    return fails(*this, "N10", "needs a mask [B, S] or numbers of keys [B]");
  if (getCounted() && getInverted())
    return fails(*this, "N10", "counts ones or zeros, not both");
  int64_t keys = mask.getDimSize(1);
  if (out.getRank() == 2 && !ShapedType::isDynamic(keys) &&
      !out.isDynamicDim(1))
    keys = std::max(keys, out.getDimSize(1));
  return checkShape(*this, "N10", "the result", getOut(),
                    {mask.getDimSize(0), keys});
}

/// Rule N23 for an attention of \p queries to \p keys.
static LogicalResult checkBias(AttentionOp op, int64_t queries, int64_t keys) {
  auto origin = op.getBiasOrigin();
  if (!op.getBias())
    return origin ? fails(op, "N23", "has a bias_origin without a bias")
                  : success();
  int64_t heads = op.getHeads();
  if (!origin)
    return checkShape(op, "N23", "the bias", op.getBias(),
                      {heads, queries, keys});
  RankedTensorType type = tensorType(op.getBias());
  if (failed(checkShape(op, "N23", "the bias", op.getBias(),
                        {heads, ShapedType::kDynamic})))
    return failure();
  if (int64_t(*origin) < 0 || int64_t(*origin) >= type.getDimSize(1))
    return fails(op, "N23", "has a bias without a column for distance 0");
  return success();
}

LogicalResult AttentionOp::verify() {
  int64_t any = ShapedType::kDynamic;
  RankedTensorType query = tensorType(getQuery());
  RankedTensorType key = tensorType(getKey());
  if (query.getRank() != 3 || key.getRank() != 3)
    return fails(*this, "N11", "needs query and key of three dimensions");
  int64_t heads = getHeads(), kvHeads = getKvHeads();
  if (heads <= 0 || kvHeads <= 0 || heads % kvHeads != 0)
    return fails(*this, "N12",
                 Twine("has ") + Twine(heads) + " heads for " + Twine(kvHeads) +
                     " key/value heads");
  int64_t width = query.getDimSize(2), kvWidth = key.getDimSize(2);
  if ((!ShapedType::isDynamic(width) && width % heads != 0) ||
      (!ShapedType::isDynamic(kvWidth) && kvWidth % kvHeads != 0) ||
      (!ShapedType::isDynamic(width) && !ShapedType::isDynamic(kvWidth) &&
       width / heads != kvWidth / kvHeads))
    return fails(*this, "N12", "has widths that the heads do not divide alike");
  int64_t headSize = ShapedType::isDynamic(width) ? any : width / heads;
  int64_t batch = query.getDimSize(0), keys = key.getDimSize(1);
  if (failed(checkShape(*this, "N11", "value", getValue(),
                        {batch, keys, kvWidth})) ||
      failed(checkShape(*this, "N11", "key", getKey(), {batch, keys, kvWidth})))
    return failure();
  if (getWindow() && *getWindow() <= 0)
    return fails(*this, "N22", "has a window that is not positive");
  if (getSoftcap().isNegative() || getSoftcap().isNaN())
    return fails(*this, "N22", "has a negative softcap");
  bool self = getPastKey() || getCausal();
  if (self && !agree(keys, query.getDimSize(1)))
    return fails(*this, "N11",
                 "has as many new keys as queries only without a past and "
                 "without causal");
  if (static_cast<bool>(getPastKey()) != static_cast<bool>(getPastValue()))
    return fails(*this, "N13", "has one of past_k and past_v only");
  int64_t past = getPastKey() ? any : 0;
  if (getPastKey()) {
    if (failed(checkShape(*this, "N13", "past_k", getPastKey(),
                          {batch, kvHeads, any, headSize})))
      return failure();
    past = tensorType(getPastKey()).getDimSize(2);
    if (failed(checkShape(*this, "N13", "past_v", getPastValue(),
                          {batch, kvHeads, past, headSize})))
      return failure();
  }
  int64_t all = ShapedType::isDynamic(past) || ShapedType::isDynamic(keys)
                    ? any
                    : past + keys;
  if (getKeyMask() && tensorType(getKeyMask()).getRank() == 3) {
    int64_t sequences = tensorType(getKeyMask()).getDimSize(0);
    if (failed(
            checkShape(*this, "N14", "the mask", getKeyMask(),
                       {sequences == 1 ? 1 : batch, query.getDimSize(1), all})))
      return failure();
  } else if (getKeyMask() && failed(checkShape(*this, "N14", "key_mask",
                                               getKeyMask(), {batch, all}))) {
    return failure();
  }
  if (failed(checkBias(*this, query.getDimSize(1), all)))
    return failure();
  if (getSinks() &&
      failed(checkShape(*this, "N27", "sinks", getSinks(), {heads})))
    return failure();
  if (failed(
          checkShape(*this, "N15", "the result", getOut(), query.getShape())))
    return failure();
  for (Value present : {getPresentKey(), getPresentValue()})
    if (failed(checkShape(*this, "N16", "present", present,
                          {batch, kvHeads, all, headSize})))
      return failure();
  return success();
}

#define GET_OP_CLASSES
#include "compiler/dialect/nn/NNOps.cpp.inc"
