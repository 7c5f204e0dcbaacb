// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/FloatsOfCodes.h"

#include "compiler/execute/operators/OnCodes.h"
#include "compiler/raise/Bounds.h"
#include "compiler/raise/Codes.h"

#include "mlir/IR/IRMapping.h"

#include <cmath>

using namespace mlir;

namespace dalbit::raise {

Value inputOf(onnx::NodeOp node, unsigned index) {
  return hasInput(node, index) ? node.getInputs()[index] : Value();
}

bool isStandardOrMicrosoft(onnx::NodeOp node, StringRef type) {
  return node && node.getOpType() == type &&
         (node.getDomain().empty() || node.getDomain() == "com.microsoft");
}

static bool isSame(Value a, Value b) {
  if (a == b)
    return true;
  TypedAttr x = constantOf(a), y = constantOf(b);
  return x && x == y;
}

Type floatsLike(Value value) {
  auto type = cast<ShapedType>(value.getType());
  Type f32 = Float32Type::get(value.getContext());
  return type.hasRank() ? Type(RankedTensorType::get(type.getShape(), f32))
                        : Type(UnrankedTensorType::get(f32));
}

Value makeFloatNode(OpBuilder &builder, onnx::NodeOp like, StringRef type,
                    ValueRange inputs, Type result, DictionaryAttr attributes) {
  auto node = builder.create<onnx::NodeOp>(
      like.getLoc(), TypeRange(result), builder.getStringAttr(type), inputs,
      builder.getI64IntegerAttr(17), StringAttr(), like.getNodeNameAttr(),
      attributes ? attributes : builder.getDictionaryAttr({}), 0u);
  return node->getResult(0);
}

static bool isProductOfCodes(StringRef type) {
  return type == "QLinearMatMul" || type == "QGemm" || type == "QLinearConv";
}

Value FloatsOfCodes::constant(const Quantised &q, onnx::NodeOp user) {
  TypedAttr scale = constantOf(q.scale),
            zero = q.zero ? constantOf(q.zero) : TypedAttr();
  if (!scale || (q.zero && !zero))
    return {};
  TypedAttr value =
      codesConstant(constantOf(q.codes), scale, zero, q.axis, q.block);
  if (!value)
    return {};
  OpBuilder builder(user);
  return builder.create<onnx::ConstantOp>(user.getLoc(), value.getType(),
                                          value);
}

static bool isMove(onnx::NodeOp node) {
  return node && node.getDomain().empty() &&
         llvm::is_contained({"Reshape", "Transpose", "Gather", "Slice",
                             "Squeeze", "Unsqueeze", "Split", "Flatten",
                             "Expand", "Identity", "Tile"},
                            node.getOpType());
}

/// Operators that move elements, with one scale for all of them.
Value FloatsOfCodes::throughMove(const Quantised &q, onnx::NodeOp move) {
  auto single = [](Value value) {
    auto type = rankedType(value);
    return type && type.hasStaticShape() && type.getNumElements() == 1;
  };
  if (!isMove(move) || (constantOf(q.scale) && !single(q.scale)))
    return {};
  Quantised before = q;
  before.codes = move.getInputs()[0];
  Value x = of(before, move);
  if (!x)
    return {};
  OpBuilder builder(move);
  SmallVector<Value> inputs(move.getInputs());
  inputs[0] = x;
  SmallVector<Type> types;
  for (Value result : move->getResults())
    types.push_back(floatsLike(result));
  auto copy = builder.create<onnx::NodeOp>(
      move.getLoc(), types, move.getOpTypeAttr(), inputs, move.getOpsetAttr(),
      StringAttr(), move.getNodeNameAttr(), move.getOnnxAttributesAttr(), 0u);
  for (auto [old, result] : llvm::zip(move->getResults(), copy->getResults()))
    made[{old.getAsOpaquePointer(), q.scale.getAsOpaquePointer(),
          q.zero.getAsOpaquePointer()}] = result;
  return copy->getResult(cast<OpResult>(q.codes).getResultNumber());
}

/// A constant of int32 in units of the product of two scales.
Value FloatsOfCodes::scaledBias(Value bias, Value a, Value b,
                                onnx::NodeOp user) {
  TypedAttr codes = constantOf(bias), x = constantOf(a), y = constantOf(b);
  TypedAttr scales = x && y ? productOf(x, y) : TypedAttr();
  TypedAttr value =
      codes && scales ? codesConstant(codes, scales, {}, 0, 0) : TypedAttr();
  if (!value)
    return {};
  OpBuilder builder(user);
  return builder.create<onnx::ConstantOp>(user.getLoc(), value.getType(),
                                          value);
}

/// The least and the largest number that integers of \p type stand for.
static std::optional<std::pair<double, double>> rangeOf(Type type, double scale,
                                                        double zero) {
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || integer.getWidth() > 16)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  double count = std::ldexp(1.0, int(integer.getWidth()));
  double least = isUnsigned ? 0 : -count / 2;
  return std::pair((least - zero) * scale, (least + count - 1 - zero) * scale);
}

/// Flatten, or Reshape to two dimensions.
static bool isMatrixOfRows(Value x) {
  onnx::NodeOp reshape = nodeOf(x, "Reshape");
  auto sizes = reshape ? integersOf(reshape, "shape", 1) : std::nullopt;
  return nodeOf(x, "Flatten") || (sizes && sizes->size() == 2);
}

/// Between two activations, in softmax and the like, ranges are not imposed:
/// they only cut what the quantiser had not met (A13). But one that begins at 0
/// behind a sum or product that may be negative is what is left of a Relu,
/// which quantisers swallow.
Value FloatsOfCodes::clipped(Value x, const Quantised &q, bool isFactor) {
  auto scale = scalarOf(q.scale),
       zero = q.zero ? scalarOf(q.zero) : std::optional(0.0);
  if (!scale || !zero || !(*scale > 0))
    return x;
  // Rows of a table of integers: nothing was cut.
  Value source = q.codes;
  while (isMove(nodeOf(source)))
    source = nodeOf(source).getInputs()[0];
  if (constantOf(source))
    return x;
  auto range = rangeOf(getElementTypeOrSelf(q.codes.getType()), *scale, *zero);
  if (!range)
    return x;
  Bounds bounds = boundsOf(x);
  if (range->first <= bounds.low && bounds.high <= range->second)
    return x;
  onnx::NodeOp node = nodeOf(x);
  bool isSum = node && llvm::is_contained({"Add", "MatMul", "Gemm", "Conv",
                                           "BatchNormalization"},
                                          node.getOpType());
  if (!isFactor && !(isSum && range->first == 0 && bounds.low < 0))
    return x;
  Value &cut = clips[Key(x.getAsOpaquePointer(), q.scale.getAsOpaquePointer(),
                         q.zero.getAsOpaquePointer())];
  if (cut)
    return cut;
  OpBuilder builder(context);
  builder.setInsertionPointAfterValue(x);
  // A matrix that rows were flattened to: the rows are cut.
  Value rows = x;
  if (isMatrixOfRows(x))
    rows = node.getInputs()[0];
  auto bound = [&](double value) -> Value {
    auto type = RankedTensorType::get({}, builder.getF32Type());
    return builder.create<onnx::ConstantOp>(
        x.getLoc(), type, DenseElementsAttr::get(type, float(value)));
  };
  Value low = bound(range->first), high = bound(range->second);
  cut = builder
            .create<onnx::NodeOp>(
                x.getLoc(), TypeRange(floatsLike(rows)),
                builder.getStringAttr("Clip"), ValueRange{rows, low, high},
                builder.getI64IntegerAttr(13), StringAttr(), StringAttr(),
                builder.getDictionaryAttr({}), 0u)
            ->getResult(0);
  if (rows != x) {
    IRMapping map;
    map.map(rows, cut);
    cut = builder.clone(*x.getDefiningOp(), map)->getResult(0);
  }
  return cut;
}

/// Codes, scale and zero point from input \p at on, as floats.
Value FloatsOfCodes::operand(onnx::NodeOp node, unsigned at, int64_t axis,
                             bool isFactor) {
  if (!inputOf(node, at))
    return {};
  Quantised q = {inputOf(node, at), inputOf(node, at + 1),
                 inputOf(node, at + 2), axis, 0};
  Value x = of(q, node);
  return !x || constantOf(q.codes) ? x : clipped(x, q, isFactor);
}

/// QLinearMatMul, QGemm, QLinearConv.
Value FloatsOfCodes::product(onnx::NodeOp node) {
  StringRef type = node.getOpType();
  Value other = inputOf(node, 3);
  RankedTensorType weight = other ? rankedType(other) : RankedTensorType();
  bool flipped = node.getOnnxInt("transB").value_or(0) != 0;
  // Scales a channel of the result.
  int64_t axis = type == "QLinearConv" || flipped ? 0
                 : weight                         ? weight.getRank() - 1
                                                  : 0;
  Value a = operand(node, 0, 0, other && constantOf(other)),
        b = operand(node, 3, axis, false);
  unsigned at = type == "QGemm" ? 6 : 8;
  bool hasBias = type != "QLinearMatMul" && inputOf(node, at);
  Value bias = hasBias ? scaledBias(inputOf(node, at), inputOf(node, 1),
                                    inputOf(node, 4), node)
                       : Value();
  if (!a || !b || (hasBias && !bias) ||
      (type == "QGemm" && node.getOnnxFloat("alpha").value_or(1) != 1))
    return {};
  SmallVector<Value> inputs = {a, b};
  if (bias)
    inputs.push_back(bias);
  OpBuilder builder(node);
  builder.setInsertionPointAfter(node);
  return makeFloatNode(builder, node,
                       type == "QGemm"         ? "Gemm"
                       : type == "QLinearConv" ? "Conv"
                                               : "MatMul",
                       inputs, floatsLike(node->getResult(0)),
                       node.getOnnxAttributesAttr());
}

Value FloatsOfCodes::result(onnx::NodeOp node) {
  if (isProductOfCodes(node.getOpType()))
    return product(node);
  const execute::CodesOperator *row = execute::codesOperator(node.getOpType());
  // Channels that are last have no operator of the standard.
  if (!row || node.getOnnxInt("channels_last").value_or(0) != 0)
    return {};
  SmallVector<Value> inputs(node.getInputs().take_front(row->plain));
  for (unsigned at : row->operandsAt(node.getInputs().size())) {
    inputs.push_back(operand(node, at, 0, false));
    if (!inputs.back())
      return {};
  }
  auto own = node.getOnnxAttributesAttr();
  OpBuilder builder(node);
  builder.setInsertionPointAfter(node);
  return makeFloatNode(builder, node, row->standard, inputs,
                       floatsLike(node->getResult(0)),
                       own ? row->standardAttributes(own) : own);
}

std::pair<Value, Value> scaleOfResult(onnx::NodeOp node) {
  const execute::CodesOperator *row = execute::codesOperator(node.getOpType());
  unsigned at = row ? row->resultAt() : node.getOpType() == "QGemm" ? 7 : 6;
  return {inputOf(node, at), inputOf(node, at + 1)};
}

Value FloatsOfCodes::make(const Quantised &q, onnx::NodeOp user) {
  if (constantOf(q.codes))
    return constant(q, user);
  auto node = dyn_cast_or_null<onnx::NodeOp>(q.codes.getDefiningOp());
  if (!node)
    return {};
  auto isMine = [&](Value scale, Value zero) {
    bool sameZero = !zero == !q.zero ? !zero || isSame(zero, q.zero)
                                     : scalarOf(zero ? zero : q.zero) == 0.0;
    return scale && isSame(scale, q.scale) && sameZero;
  };
  if (isStandardOrMicrosoft(node, "QuantizeLinear"))
    return isMine(node.getInputs()[1], inputOf(node, 2)) ? node.getInputs()[0]
                                                         : Value();
  if (node.isOnnx("DynamicQuantizeLinear"))
    return q.codes == node->getResult(0) &&
                   isMine(node->getResult(1), node->getResult(2))
               ? node.getInputs()[0]
               : Value();
  if (isProductOfCodes(node.getOpType()) ||
      execute::codesOperator(node.getOpType())) {
    auto [scale, zero] = scaleOfResult(node);
    return isMine(scale, zero) ? result(node) : Value();
  }
  return throughMove(q, node);
}

/// The floats that \p q stands for, or null if the operators behind it are not
/// known.
Value FloatsOfCodes::of(const Quantised &q, onnx::NodeOp user) {
  if (!q.codes || !q.scale)
    return {};
  auto key = std::make_tuple(q.codes.getAsOpaquePointer(),
                             q.scale.getAsOpaquePointer(),
                             q.zero.getAsOpaquePointer());
  // A constant is made anew before each user, wherever that stands.
  if (auto found = made.find(key); found != made.end())
    return found->second;
  Value value = make(q, user);
  if (value && !constantOf(q.codes))
    made[key] = value;
  return value;
}

} // namespace dalbit::raise
