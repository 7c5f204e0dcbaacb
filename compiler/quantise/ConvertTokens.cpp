// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of other tokens, and the order of dimensions at the border.

#include "compiler/quantise/Converter.h"

using namespace mlir;

namespace dalbit::quantise {

LogicalResult Converter::rearrange(nn::RearrangeOp op) {
  bool isMask = llvm::all_of(op.getOut().getUsers(), [&](Operation *user) {
    if (auto attention = dyn_cast<nn::AttentionOp>(user))
      return attention.getKeyMask() == op.getOut();
    if (auto cached = dyn_cast<nn::CachedAttentionOp>(user))
      return cached.getMask() == op.getOut();
    auto weights = dyn_cast<nn::AttentionWeightsOp>(user);
    return weights && weights.getMask() == op.getOut();
  });
  if (isMask)
    return success(); // taken up by the attention
  if (!isa<BlockArgument>(op.getX()) &&
      llvm::all_of(op.getOut().getUsers(),
                   [](Operation *user) { return isa<func::ReturnOp>(user); }))
    return success(); // taken up by the border
  if (!isa<BlockArgument>(op.getX()))
    return op.emitError() << "dimensions change their order inside the model; "
                             "the NPU keeps rows as they are";
  builder.setInsertionPointToStart(&function.getBody().front());
  set(op.getOut(), builder.create<qnn::ImportOp>(
                       op.getLoc(), fixedLike(op.getOut()), op.getX(),
                       ResidualFraction, op.getView(), op.getOrder()));
  return success();
}

LogicalResult Converter::slice(nn::SliceOp op) {
  FailureOr<Value> x = fixedOf(op.getX(), op);
  if (failed(x))
    return failure();
  set(op.getOut(),
      builder.create<qnn::SliceOp>(op.getLoc(), fixedLike(op.getOut()), *x,
                                   op.getFirst()),
      fixed[op.getX()].second);
  return success();
}

LogicalResult Converter::pick(nn::PickOp op) {
  FailureOr<Value> x = fixedOf(op.getX(), op);
  if (failed(x))
    return failure();
  Value from = op.getFrom();
  if (op.getTokenRule().isShown()) {
    FailureOr<Value> mask = maskOf(from, op);
    if (failed(mask))
      return failure();
    from = *mask;
  } else if (!isa<BlockArgument>(from)) {
    return op.emitError() << "the ids that choose a token are not an input of "
                             "the graph";
  }
  // Ids are words of 32 bits on the NPU.
  if (auto id = op.getTokenRule().id; id && *id != int32_t(*id))
    return op.emitError() << "the id " << *id
                          << " that chooses a token has more than 32 bits";
  set(op.getOut(),
      builder.create<qnn::PickOp>(op.getLoc(), fixedLike(op.getOut()), *x, from,
                                  op.getRuleAttr(), op.getIdAttr()),
      fixed[op.getX()].second);
  return success();
}

LogicalResult Converter::tokenMax(nn::TokenMaxOp op) {
  FailureOr<Value> x = fixedOf(op.getX(), op), mask = maskOf(op.getMask(), op);
  if (failed(x) || failed(mask))
    return failure();
  set(op.getOut(),
      builder.create<qnn::TokenMaxOp>(op.getLoc(), fixedLike(op.getOut()), *x,
                                      *mask),
      fixed[op.getX()].second);
  return success();
}

LogicalResult Converter::concat(nn::ConcatOp op) {
  SmallVector<Value> parts;
  for (Value part : op.getParts()) {
    FailureOr<Value> made = residualOf(part, op);
    if (failed(made))
      return failure();
    parts.push_back(*made);
  }
  set(op.getOut(), builder.create<qnn::ConcatOp>(
                       op.getLoc(), fixedLike(op.getOut()), parts));
  return success();
}

LogicalResult Converter::windows(nn::WindowsOp op) {
  FailureOr<Value> x = fixedOf(op.getX(), op);
  if (failed(x))
    return failure();
  set(op.getOut(),
      builder.create<qnn::WindowsOp>(op.getLoc(), fixedLike(op.getOut()), *x,
                                     op.getSize(), op.getStride(),
                                     op.getBefore()),
      fixed[op.getX()].second);
  return success();
}

} // namespace dalbit::quantise
