// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mixtures of experts: every expert is computed for every token, its gate is 0
// where the router has not chosen it.

#include "compiler/quantise/Converter.h"
#include "compiler/quantise/Decoder.h"

using namespace mlir;

namespace dalbit::quantise {

LogicalResult Converter::route(nn::RouteOp op) {
  FailureOr<Value> logits = residualOf(op.getLogits(), op);
  if (failed(logits))
    return failure();
  if (keyBits(op.getLogits().getType().getShape().back()) > 8)
    return op.emitError() << "more than 256 experts are not supported on the "
                             "NPU";
  set(op.getGates(),
      builder.create<qnn::RouteOp>(op.getLoc(), logits->getType(), *logits,
                                   op.getChosenAttr(), op.getNormalisedAttr()),
      GateFraction);
  return success();
}

LogicalResult Converter::weigh(nn::WeighOp op) {
  FailureOr<Value> x = residualOf(op.getX(), op);
  if (failed(x))
    return failure();
  auto gates = fixed.find(op.getGates());
  if (gates == fixed.end() ||
      !gates->second.first.getDefiningOp<qnn::RouteOp>())
    return op.emitError() << "the weights of experts do not come from a router";
  set(op.getOut(),
      builder.create<qnn::WeighOp>(op.getLoc(), x->getType(), *x,
                                   gates->second.first, op.getExpertAttr()));
  return success();
}

} // namespace dalbit::quantise
