// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/dialect/qnn/QNNOps.h"

#include "compiler/dialect/qnn/QNNDialect.cpp.inc"

#define GET_OP_CLASSES
#include "compiler/dialect/qnn/QNNOps.cpp.inc"

void dalbit::qnn::QNNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "compiler/dialect/qnn/QNNOps.cpp.inc"
      >();
}

using namespace mlir;

namespace dalbit::qnn {

int64_t groupsOf(Operation *op) {
  if (auto norm = dyn_cast_or_null<RMSNormOp>(op))
    return int64_t(norm.getGroups());
  auto norm = dyn_cast_or_null<LayerNormOp>(op);
  return norm ? int64_t(norm.getGroups()) : 0;
}

/// Codes and scales of low bytes, or nothing.
static LogicalResult checkLow(Operation *op, ValueRange low, Value codes,
                              Value scales) {
  if (low.empty() || (low.size() == 2 && low[0].getType() == codes.getType() &&
                      low[1].getType() == scales.getType()))
    return success();
  return op->emitOpError() << "has low bytes that are no codes and scales like "
                              "the high ones";
}

LogicalResult QuantizeOp::verify() {
  return checkLow(*this, getLow(), getCodes(), getScales());
}

LogicalResult EmptyOp::verify() {
  if (!getOut().getType().hasStaticShape() ||
      getOut().getType().getNumElements() != 0)
    return emitOpError() << "has elements";
  return success();
}

LogicalResult LinearOp::verify() {
  return checkLow(*this, getLow(), getCodes(), getScales());
}

} // namespace dalbit::qnn
