// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of QNNTokenOps.td. A dynamic dimension agrees with every size.

#include "compiler/dialect/nn/Rearrangement.h"
#include "compiler/dialect/qnn/QNNOps.h"

using namespace mlir;

namespace dalbit::qnn {

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static bool agree(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

static bool agree(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto pair) {
           return agree(std::get<0>(pair), std::get<1>(pair));
         });
}

/// Whether \p out is \p in seen so; without a view as it is.
static LogicalResult checkView(Operation *op, Value in, Value out,
                               ArrayRef<int64_t> view,
                               ArrayRef<int64_t> order) {
  bool fits = view.empty() ? agree(shapeOf(in), shapeOf(out))
                           : nn::Rearrangement::of(shapeOf(in), view, order,
                                                   shapeOf(out))
                                 .has_value();
  if (fits)
    return success();
  return op->emitOpError() << "has a view, order or result that do not fit";
}

LogicalResult ImportOp::verify() {
  return checkView(*this, getIn(), getOut(), getView(), getOrder());
}

LogicalResult DequantizeOp::verify() {
  return checkView(*this, getX(), getOut(), getView(), getOrder());
}

LogicalResult TableOp::verify() {
  if (getFunction() == "tanh" || getFunction() == "sigmoid")
    return success();
  return emitOpError() << "function is \"" << getFunction()
                       << "\", expected tanh or sigmoid";
}

LogicalResult HeadsOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getX());
  int64_t heads = getHeads();
  if (x.size() != 3 || heads <= 0 || ShapedType::isDynamic(x[2]) ||
      x[2] % heads != 0)
    return emitOpError() << "needs x of [B, U, heads * d]";
  int64_t rows = getPastCodes() ? ShapedType::kDynamic : x[1];
  if (static_cast<bool>(getPastCodes()) != static_cast<bool>(getPastScales()))
    return emitOpError() << "has codes or scales of a past only";
  if (!agree(shapeOf(getCodes()), {x[0], heads, rows, x[2] / heads}) ||
      !agree(shapeOf(getScales()), {x[0], heads, rows}))
    return emitOpError() << "needs codes of [B, H, P + U, d] and scales of "
                            "[B, H, P + U]";
  return success();
}

LogicalResult AttendOp::verify() {
  ArrayRef<int64_t> q = shapeOf(getQuery()), k = shapeOf(getKeys());
  int64_t heads = getHeads();
  if (q.size() != 3 || k.size() != 4 || heads <= 0 || k[1] <= 0 ||
      heads % k[1] != 0 || !agree(k, {q[0], k[1], k[2], q[2] / heads}))
    return emitOpError() << "needs queries of [B, U, H*d] and keys of "
                            "[B, G, S, d], G a divisor of H";
  if (!agree(shapeOf(getValues()), k) ||
      !agree(shapeOf(getKeyScales()), k.drop_back()) ||
      !agree(shapeOf(getValueScales()), k.drop_back()))
    return emitOpError() << "has keys, values and scales that do not fit";
  if (getMask()) {
    ArrayRef<int64_t> mask = shapeOf(getMask());
    bool fits = mask.size() == 2 ? agree(mask, {q[0], k[2]})
                                 : mask.size() == 3 && agree(mask[1], q[1]) &&
                                       agree(mask[2], k[2]);
    if (!fits)
      return emitOpError() << "needs a mask of [B, S] or [1 or B, U, S]";
  }
  if (getWeights() && k[1] != heads)
    return emitOpError() << "has weights beside shared keys";
  if (getWeights() && getSinks())
    return emitOpError() << "has weights beside sinks";
  if (getWeights() && !agree(shapeOf(getWeights()), {q[0], q[1], k[2]}))
    return emitOpError() << "needs weights of [B, U, S]";
  return success();
}

LogicalResult SliceOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getX()), out = shapeOf(getOut());
  if (x.size() != 3 || (out.size() != 2 && out.size() != 3) ||
      !agree(x.back(), out.back()))
    return emitOpError() << "needs x of [B, U, D] and a result of [B, D] or "
                            "[B, n, D]";
  if (out.size() == 3 && ShapedType::isDynamic(out[1]) && getFirst() != 0)
    return emitOpError() << "takes an open number of rows from row "
                         << getFirst();
  return success();
}

LogicalResult ConcatOp::verify() {
  ArrayRef<int64_t> out = shapeOf(getOut());
  if (getParts().empty() || out.size() != 3)
    return emitOpError() << "needs parts and a result of [B, U, D]";
  for (Value part : getParts())
    if ((shapeOf(part).size() != 2 && shapeOf(part).size() != 3) ||
        !agree(shapeOf(part).back(), out[2]))
      return emitOpError() << "has a part that is not [B, U, D] or [B, D] of "
                              "its width";
  return success();
}

LogicalResult WindowsOp::verify() {
  ArrayRef<int64_t> x = shapeOf(getX()), out = shapeOf(getOut());
  int64_t size = getSize();
  if (size <= 0 || int64_t(getStride()) <= 0 || int64_t(getBefore()) < 0)
    return emitOpError() << "needs a positive size and stride";
  if (x.size() != 3 || out.size() != 3 || out[2] != size * x[2])
    return emitOpError() << "needs x of [B, U, D] and a result of "
                            "[B, V, size * D]";
  return success();
}

} // namespace dalbit::qnn
