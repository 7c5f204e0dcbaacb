// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention over keys that are complete before the first query: encoders,
// cross attention.

#include "compiler/quantise/Converter.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/quantise/Weights.h"

#include <cmath>

using namespace mlir;

namespace dalbit::quantise {

/// Whether \p op moves nothing but dimensions of 1.
static bool keepsOrder(nn::RearrangeOp op) {
  SmallVector<int64_t> order;
  for (int64_t dim : op.getOrder())
    if (op.getView()[dim] != 1)
      order.push_back(dim);
  return llvm::is_sorted(order);
}

/// The additive integer mask of an attention, none for none.
FailureOr<Value> Converter::maskOf(Value mask, Operation *user) {
  if (!mask)
    return Value();
  if (auto found = fixed.find(mask); found != fixed.end())
    return found->second.first;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  auto source = mask.getDefiningOp<nn::KeyMaskOp>();
  if (source && isa<BlockArgument>(source.getMask())) {
    // One for all layers: the input has one place.
    for (Operation *other : source.getMask().getUsers())
      if (auto made = dyn_cast<qnn::ImportMaskOp>(other)) {
        if (made.getInverted() != source.getInverted() ||
            made.getCounted() != source.getCounted() ||
            made.getOut().getType() != fixedLike(mask))
          return user->emitError() << "one input hides keys in two ways";
        set(mask, made.getOut());
        return made.getOut();
      }
    set(mask, builder.create<qnn::ImportMaskOp>(
                  source.getLoc(), fixedLike(mask), source.getMask(),
                  source.getInvertedAttr(), source.getCountedAttr()));
    return fixed[mask].first;
  }
  // A float mask, perhaps with a dimension of 1 in front.
  Value scores = mask;
  if (auto moved = mask.getDefiningOp<nn::RearrangeOp>();
      moved && keepsOrder(moved))
    scores = moved.getX();
  if (!isa<BlockArgument>(scores))
    return user->emitError() << "attention mask is not an input of the graph";
  for (Operation *other : scores.getUsers())
    if (auto made = dyn_cast<qnn::ImportScoresOp>(other)) {
      if (made.getOut().getType() != fixedLike(mask))
        return user->emitError() << "one input is added to scores in two ways";
      set(mask, made.getOut());
      return made.getOut();
    }
  set(mask, builder.create<qnn::ImportScoresOp>(user->getLoc(), fixedLike(mask),
                                                scores));
  return fixed[mask].first;
}

/// Codes and scales of the rows \p x, kept as those of \p present.
void Converter::heads(Value x, Value present, int64_t heads, Value past) {
  auto [pastCodes, pastScales] = cacheOf(past);
  auto op = builder.create<qnn::HeadsOp>(
      x.getLoc(), withElement(present, builder.getI8Type()), rowsOf(present), x,
      pastCodes, pastScales, heads);
  caches[present] = {op.getCodes(), op.getScales()};
}

/// Queries \p query of \p op to whole keys and values, codes with scales.
template <typename Op>
void Converter::attendTo(Op op, Value query, std::pair<Value, Value> keys,
                         std::pair<Value, Value> values, Value mask,
                         IntegerAttr window, TypedAttr bias,
                         IntegerAttr biasOrigin, TypedAttr sinks) {
  auto made = builder.create<qnn::AttendOp>(
      op.getLoc(), fixedLike(op.getOut()), Type(), query, keys.first,
      keys.second, values.first, values.second, mask, op.getHeadsAttr(),
      builder.getBoolAttr(false), op.getScaleAttr(), window, bias, biasOrigin,
      sinks);
  setAttended(op.getOut(), made.getOut());
}

/// Whether linear layers alone read \p value or tokens of it, perhaps cut to a
/// range with the 0 of padding columns in it.
static bool feedsLinears(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    auto clip = dyn_cast<nn::ClipOp>(user);
    if (clip && clip.getLow().convertToFloat() <= 0 &&
        clip.getHigh().convertToFloat() >= 0)
      return feedsLinears(clip.getOut());
    auto slice = dyn_cast<nn::SliceOp>(user);
    return slice ? feedsLinears(slice.getOut()) : isa<nn::LinearOp>(user);
  });
}

/// Whether all that read \p value take the heads that lie side by side in it.
static bool isReadByHeads(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    return isa<nn::LinearOp, nn::RotaryOp, nn::AttentionOp,
               nn::AttentionWeightsOp, nn::CachedAttentionOp>(user) ||
           nn::groupsOf(user) > 1;
  });
}

void Converter::setTurned(Value out, Value made) {
  setHeads(out, made, isReadByHeads(out));
}

void Converter::setAttended(Value out, Value made) {
  setHeads(out, made, feedsLinears(out));
}

/// Heads are padded on some targets, and their columns in another order where
/// angles turn them. Who does not know where they lie reads them behind a
/// linear layer that changes nothing.
void Converter::setHeads(Value out, Value made, bool isKnown) {
  if (!isKnown) {
    int64_t width = cast<ShapedType>(out.getType()).getShape().back();
    TypedAttr identity = nn::identityMatrix(builder.getContext(), width);
    qnn::QuantizeOp rows = codesOf(made, ResidualFraction);
    made = builder.create<qnn::LinearOp>(
        out.getLoc(), fixedLike(out), rows.getCodes(), rows.getScales(),
        ValueRange(), identity, TypedAttr(), builder.getStringAttr("w8"),
        builder.getI64IntegerAttr(ResidualFraction));
  }
  set(out, made);
}

/// The sinks of \p op. A head with -inf has none, which is the lowest score
/// here: its exponential is 0 beside any key that is seen.
TypedAttr Converter::sinksOf(nn::AttentionOp op) {
  TypedAttr constant = constantOf(op.getSinks());
  if (!constant)
    return constant;
  SmallVector<float> values;
  onnx::readWeight(constant, values);
  auto isNone = [](float value) { return std::isinf(value) && value < 0; };
  if (llvm::all_of(values, isNone))
    return {};
  float lowest = float(std::ldexp(-double(HiddenScore), -ResidualFraction));
  for (float &value : values)
    value = isNone(value) ? lowest : value;
  return DenseElementsAttr::get(cast<ShapedType>(constant.getType()),
                                ArrayRef<float>(values));
}

LogicalResult Converter::checkNumbers(nn::AttentionOp op) {
  if (op.getSinks() && !constantOf(op.getSinks()))
    return op.emitError() << "its sinks are not a constant";
  if (!op.getBias())
    return success();
  if (!constantOf(op.getBias()))
    return op.emitError() << "the bias of the scores is not a constant";
  if (op.getKeyMask() && op.getSoftcap().convertToDouble() > 0)
    return op.emitError() << "scores with a cap, a bias and a mask are not "
                             "supported on the NPU: its vector unit adds once "
                             "behind the cap";
  return success();
}

LogicalResult Converter::attend(nn::AttentionOp op) {
  if (op.getSoftcap().convertToDouble() > 0)
    return op.emitError() << "attention over complete keys has a cap on its "
                             "scores; the NPU has one for causal attention "
                             "alone";
  FailureOr<Value> q = residualOf(op.getQuery(), op),
                   k = residualOf(op.getKey(), op),
                   v = residualOf(op.getValue(), op);
  if (failed(q) || failed(k) || failed(v) || failed(checkNumbers(op)))
    return failure();
  FailureOr<Value> mask = maskOf(op.getKeyMask(), op);
  if (failed(mask))
    return failure();
  heads(*k, op.getPresentKey(), op.getKvHeads(), op.getPastKey());
  heads(*v, op.getPresentValue(), op.getKvHeads(), op.getPastValue());
  attendTo(op, *q, caches[op.getPresentKey()], caches[op.getPresentValue()],
           *mask, op.getWindowAttr(), constantOf(op.getBias()),
           op.getBiasOriginAttr(), sinksOf(op));
  return success();
}

LogicalResult Converter::cachedAttention(nn::CachedAttentionOp op) {
  FailureOr<Value> q = residualOf(op.getQuery(), op);
  if (failed(q))
    return failure();
  FailureOr<Value> mask = maskOf(op.getMask(), op);
  if (failed(mask))
    return failure();
  for (Value cache : {op.getKeys(), op.getValues()})
    if (!isGivenCache(cache) && !caches.count(cache))
      return op.emitError() << "keys or values are neither inputs of the graph "
                               "nor made by a linear layer";
  attendTo(op, *q, cacheOf(op.getKeys()), cacheOf(op.getValues()), *mask);
  return success();
}

/// The weights become a second result of the attention that has them.
LogicalResult Converter::attentionWeights(nn::AttentionWeightsOp op) {
  FailureOr<Value> q = residualOf(op.getQuery(), op),
                   k = residualOf(op.getKey(), op);
  if (failed(q) || failed(k))
    return failure();
  for (Operation *user : q->getUsers()) {
    auto attend = dyn_cast<qnn::AttendOp>(user);
    auto heads = attend ? attend.getKeys().getDefiningOp<qnn::HeadsOp>()
                        : qnn::HeadsOp();
    if (!heads || heads.getX() != *k)
      continue;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(attend);
    auto both = builder.create<qnn::AttendOp>(
        attend.getLoc(), attend.getOut().getType(), fixedLike(op.getOut()),
        attend.getQuery(), attend.getKeys(), attend.getKeyScales(),
        attend.getValues(), attend.getValueScales(), attend.getMask(),
        attend.getHeadsAttr(), attend.getCausalAttr(), attend.getScaleAttr(),
        attend.getWindowAttr(), attend.getBiasAttr(),
        attend.getBiasOriginAttr(), attend.getSinksAttr());
    attend.getOut().replaceAllUsesWith(both.getOut());
    for (auto &[value, made] : fixed)
      if (made.first == attend.getOut())
        made.first = both.getOut();
    attend.erase();
    set(op.getOut(), both.getWeights(), WeightsFraction);
    return success();
  }
  return op.emitError() << "attention weights without their attention are not "
                           "supported on the NPU";
}

} // namespace dalbit::quantise
