// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RMSNorm, rotary embeddings and products of activations.

#include "compiler/quantise/Converter.h"

#include "compiler/dialect/onnx/Weight.h"

using namespace mlir;

namespace dalbit::quantise {

LogicalResult Converter::rmsNorm(nn::RMSNormOp op) {
  FailureOr<Value> x = residualOf(op.getX(), op);
  TypedAttr gamma = constantOf(op.getGamma());
  if (failed(x))
    return failure();
  if (!gamma)
    return op.emitError() << "gamma is not a constant";
  SmallVector<float> g;
  onnx::readWeight(gamma, g);
  // What only becomes codes has the finest format that cannot saturate; what
  // is turned or added next has the residual stream's.
  int64_t fraction = normFraction(g, {});
  if (!onlyBecomesCodes(op.getOut()))
    fraction = ResidualFraction;
  auto made = builder.create<qnn::RMSNormOp>(
      op.getLoc(), fixedLike(op.getOut()), *x, gamma, op.getEpsilonAttr(),
      op.getGroupsAttr(), builder.getI64IntegerAttr(fraction));
  if (op.getGroups() == 1 || fraction != ResidualFraction)
    set(op.getOut(), made, fraction);
  else
    setTurned(op.getOut(), made);
  return success();
}

/// Null for P + t, else a graph input or what the host makes of one.
FailureOr<Value> Converter::positionsOf(Value ids, Operation *user) {
  if (ids.getDefiningOp<nn::PositionIdsOp>())
    return Value();
  if (isa<BlockArgument>(ids))
    return ids;
  auto counted = ids.getDefiningOp<nn::MaskPositionsOp>();
  if (!counted || !isa<BlockArgument>(counted.getMask()))
    return user->emitError()
           << "positions are computed in the graph; only P .. P+T-1, an input "
              "of positions, an attention mask and ids are supported";
  // One for all layers: the host has one place for them.
  for (Operation *other : counted.getMask().getUsers())
    if (auto made = dyn_cast<qnn::MaskPositionsOp>(other);
        made && made.getIds().getType() == ids.getType() &&
        made.getFill() == counted.getFill() &&
        made.getHidden() == counted.getHidden())
      return Value(made.getIds());
  return Value(builder.create<qnn::MaskPositionsOp>(
      counted.getLoc(), ids.getType(), counted.getMask(), counted.getFillAttr(),
      counted.getHiddenAttr()));
}

/// Whether \p ids count the rows of a model without a past.
bool Converter::isFixedOrder(Value ids) {
  auto constant = ids.getDefiningOp<nn::ConstantOp>();
  auto numbers = constant ? dyn_cast<DenseIntElementsAttr>(constant.getValue())
                          : DenseIntElementsAttr();
  if (!numbers)
    return false;
  for (auto [i, number] : llvm::enumerate(numbers.getValues<APInt>()))
    if (number.getSExtValue() != int64_t(i))
      return false;
  return !function
              .walk([&](nn::AttentionOp op) {
                return op.getPastKey() || isCausal(op) ? WalkResult::interrupt()
                                                       : WalkResult::advance();
              })
              .wasInterrupted();
}

LogicalResult Converter::rotary(nn::RotaryOp op) {
  FailureOr<Value> x = residualOf(op.getX(), op);
  TypedAttr cos = constantOf(op.getCos()), sin = constantOf(op.getSin());
  if (failed(x))
    return failure();
  if (!cos || !sin)
    return op.emitError() << "angles are not constants";
  FailureOr<Value> ids = isFixedOrder(op.getIds())
                             ? FailureOr<Value>(Value())
                             : positionsOf(op.getIds(), op);
  if (failed(ids))
    return failure();
  setTurned(op.getOut(), builder.create<qnn::RotaryOp>(
                             op.getLoc(), fixedLike(op.getOut()), *x, *ids, cos,
                             sin, op.getHeadsAttr(), op.getInterleavedAttr()));
  return success();
}

/// One new token sees all keys of a cache, causal or not.
bool Converter::isCausal(nn::AttentionOp op) {
  return op.getCausal() ||
         (op.getPastKey() && op.getQuery().getType().getDimSize(1) == 1);
}

/// Causal attention computes a few heads' queries, keys and values at a time:
/// a linear layer, for queries and keys the norm of each head, then the angles.
/// What else lies between (a norm over all heads, a clip) is computed before,
/// and a linear layer that changes nothing brings its heads. Norms and angles
/// in front of other attention stand behind a linear layer too, which puts the
/// columns where they need them.
void Converter::separateProjections() {
  auto separate = [&](OpOperand *use, int64_t heads, bool turns) {
    auto soleOf = [&]<typename Op>(Op &step) {
      step = use->get().hasOneUse() ? use->get().getDefiningOp<Op>() : Op();
      return bool(step);
    };
    if (nn::RotaryOp rotary; turns && soleOf(rotary))
      use = &rotary.getXMutable();
    Value normed = use->get();
    if (turns && normed.hasOneUse() &&
        nn::groupsOf(normed.getDefiningOp()) == heads)
      use = &normed.getDefiningOp()->getOpOperand(0);
    if (nn::LinearOp linear; soleOf(linear))
      return;
    Value value = use->get();
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(use->getOwner());
    DenseElementsAttr identity =
        nn::identityMatrix(builder.getContext(),
                           cast<ShapedType>(value.getType()).getShape().back());
    Value weight = builder.create<nn::ConstantOp>(value.getLoc(),
                                                  identity.getType(), identity);
    use->set(builder.create<nn::LinearOp>(value.getLoc(), value.getType(),
                                          value, weight, Value()));
  };
  function.walk([&](nn::AttentionOp op) {
    if (!isCausal(op))
      return;
    separate(&op.getQueryMutable(), op.getHeads(), true);
    separate(&op.getKeyMutable(), op.getKvHeads(), true);
    separate(&op.getValueMutable(), op.getKvHeads(), false);
  });
  // There the norm of a single head is one of whole rows.
  function.walk([&](nn::RotaryOp op) {
    auto reader = op.getOut().hasOneUse()
                      ? dyn_cast<nn::AttentionOp>(*op.getOut().user_begin())
                      : nn::AttentionOp();
    if (!reader || !isCausal(reader))
      separate(&op.getXMutable(), op.getHeads(), op.getHeads() > 1);
  });
  function.walk([&](Operation *op) {
    if (nn::groupsOf(op) > 1 &&
        !op->getOperand(0).getDefiningOp<nn::RotaryOp>())
      separate(&op->getOpOperand(0), nn::groupsOf(op), false);
  });
}

LogicalResult Converter::product(nn::MulOp op) {
  if (op.getA().getType() != op.getB().getType())
    return op.emitError() << "factors have different shapes; the NPU "
                             "multiplies element by element";
  FailureOr<Value> a = residualOf(op.getA(), op), b = fixedOf(op.getB(), op);
  if (failed(a) || failed(b))
    return failure();
  auto made = builder.create<qnn::ProductOp>(
      op.getLoc(), fixedLike(op.getOut()), rowsOf(op.getOut()), *a, *b,
      builder.getI64IntegerAttr(fixed[op.getB()].second));
  scaled[op.getOut()] = {made.getOut(), made.getScales()};
  return success();
}

} // namespace dalbit::quantise
