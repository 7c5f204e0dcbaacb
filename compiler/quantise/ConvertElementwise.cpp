// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of single numbers, and of a row's.

#include "compiler/quantise/Converter.h"
#include "compiler/quantise/Decoder.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace dalbit::quantise {

LogicalResult Converter::gate(Value x, Value out, StringRef function) {
  FailureOr<Value> made = residualOf(x, out.getDefiningOp());
  if (failed(made))
    return failure();
  set(out, builder.create<qnn::GateOp>(out.getLoc(), fixedLike(out), *made,
                                       builder.getStringAttr(function)));
  return success();
}

LogicalResult Converter::table(Value x, Value out, StringRef function) {
  FailureOr<Value> made = residualOf(x, out.getDefiningOp());
  if (failed(made))
    return failure();
  set(out,
      builder.create<qnn::TableOp>(out.getLoc(), fixedLike(out), *made,
                                   builder.getStringAttr(function)),
      TableFraction);
  return success();
}

LogicalResult Converter::softmax(nn::SoftmaxOp op) {
  FailureOr<Value> x = residualOf(op.getX(), op);
  if (failed(x))
    return failure();
  set(op.getOut(),
      builder.create<qnn::SoftmaxOp>(op.getLoc(), x->getType(), *x),
      ShareFraction);
  return success();
}

LogicalResult Converter::scale(nn::ScaleOp op) {
  FailureOr<Value> x = residualOf(op.getX(), op);
  if (failed(x))
    return failure();
  Pair factor = makePair(op.getFactor().convertToDouble());
  set(op.getOut(),
      builder.create<qnn::RescaleOp>(op.getLoc(), fixedLike(op.getOut()), *x,
                                     builder.getI16IntegerAttr(factor.mantissa),
                                     builder.getI8IntegerAttr(factor.shift)));
  return success();
}

/// Bounds in units of the value's own format; one that no value can pass is
/// none.
LogicalResult Converter::clip(nn::ClipOp op) {
  FailureOr<Value> x = fixedOf(op.getX(), op);
  if (failed(x))
    return failure();
  Value value = *x;
  int64_t fraction = fixed[op.getX()].second;
  auto cut = [&](const llvm::APFloat &bound, bool upper) {
    double units =
        std::round(std::ldexp(bound.convertToDouble(), int(fraction)));
    if (upper ? units > INT32_MAX : units < INT32_MIN)
      return;
    units = std::clamp(units, double(INT32_MIN), double(INT32_MAX));
    value = builder.create<qnn::BoundOp>(
        op.getLoc(), fixedLike(op.getOut()), value,
        builder.getI32IntegerAttr(int32_t(units)),
        upper ? builder.getUnitAttr() : UnitAttr());
  };
  cut(op.getLow(), false);
  cut(op.getHigh(), true);
  set(op.getOut(), value, fraction);
  return success();
}

} // namespace dalbit::quantise
