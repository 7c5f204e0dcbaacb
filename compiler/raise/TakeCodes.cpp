// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs that were quantised before they came here, in floats (A13): weights
// stay the integers that they are (#onnx.codes), quantisers of activations go,
// since the NPU quantises every row by itself; of a static one that a product
// with a weight reads the range stays, as Clip.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Codes.h"
#include "compiler/raise/Graph.h"

#include "mlir/IR/IRMapping.h"

#include <cmath>
#include <map>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_TAKECODES
#include "compiler/raise/Passes.h.inc"

namespace {

/// An integer tensor with what its elements stand for.
struct Quantised {
  Value codes, scale, zero; // zero: null for 0
  int64_t axis = 0, block = 0;
};

class TakeCodesPass : public impl::TakeCodesBase<TakeCodesPass> {
public:
  void runOnOperation() override;

private:
  Value floatOf(const Quantised &q, onnx::NodeOp user);
  Value makeFloat(const Quantised &q, onnx::NodeOp user);
  Value throughMove(const Quantised &q, onnx::NodeOp move);
  Value constantFloat(const Quantised &q, onnx::NodeOp user);
  Value floatResult(onnx::NodeOp node);

  bool dequantize(onnx::NodeOp node);
  bool integerProduct(onnx::NodeOp node);
  bool matMulIntegerToFloat(onnx::NodeOp node);
  bool dynamicMatMul(onnx::NodeOp node);
  Value scaledBias(Value bias, Value a, Value b, onnx::NodeOp user);
  Value clipped(Value x, const Quantised &q, bool isFactor);

  Value make(OpBuilder &builder, onnx::NodeOp like, StringRef type,
             ValueRange inputs, Type result, DictionaryAttr attributes = {});

  using Key = std::tuple<void *, void *, void *>;
  /// What integer tensors stand for, by codes, scale and zero point.
  std::map<Key, Value> made;
  /// Floats cut to the range of a quantiser, by floats, scale and zero point.
  std::map<Key, Value> clips;
};

} // namespace

/// A constant, or a constant in floats, turned or reshaped.
static bool isWeight(Value value) {
  if (constantOf(value))
    return true;
  auto node = value.getDefiningOp<onnx::NodeOp>();
  return node &&
         llvm::is_contained({"DequantizeLinear", "Transpose", "Reshape", "Cast",
                             "Squeeze", "Unsqueeze", "Identity"},
                            node.getOpType()) &&
         isWeight(node.getInputs()[0]);
}

/// Whether \p use is the activation of a product with a weight, perhaps moved
/// in between.
static bool feedsProduct(OpOperand &use) {
  auto node = dyn_cast<onnx::NodeOp>(use.getOwner());
  if (!node || !node.getDomain().empty() || use.getOperandNumber() != 0)
    return false;
  if (node.isOnnx("MatMul") || node.isOnnx("Gemm") || node.isOnnx("Conv"))
    return isWeight(node.getInputs()[1]);
  return llvm::is_contained({"Reshape", "Transpose", "Flatten", "Squeeze",
                             "Unsqueeze", "Identity"},
                            node.getOpType()) &&
         !node->getResult(0).use_empty() &&
         llvm::all_of(node->getResult(0).getUses(), feedsProduct);
}

static Value input(onnx::NodeOp node, unsigned index) {
  return hasInput(node, index) ? node.getInputs()[index] : Value();
}

/// Any operator of \p type, of the standard or onnxruntime's.
static bool isAny(onnx::NodeOp node, StringRef type) {
  return node && node.getOpType() == type &&
         (node.getDomain().empty() || node.getDomain() == "com.microsoft");
}

static bool isSame(Value a, Value b) {
  if (a == b)
    return true;
  TypedAttr x = constantOf(a), y = constantOf(b);
  return x && x == y;
}

/// The floats in the sizes of \p value.
static Type floatLike(Value value) {
  auto type = cast<ShapedType>(value.getType());
  Type f32 = Float32Type::get(value.getContext());
  return type.hasRank() ? Type(RankedTensorType::get(type.getShape(), f32))
                        : Type(UnrankedTensorType::get(f32));
}

Value TakeCodesPass::make(OpBuilder &builder, onnx::NodeOp like, StringRef type,
                          ValueRange inputs, Type result,
                          DictionaryAttr attributes) {
  auto node = builder.create<onnx::NodeOp>(
      like.getLoc(), TypeRange(result), builder.getStringAttr(type), inputs,
      builder.getI64IntegerAttr(17), StringAttr(), like.getNodeNameAttr(),
      attributes ? attributes : builder.getDictionaryAttr({}), 0u);
  return node->getResult(0);
}

Value TakeCodesPass::constantFloat(const Quantised &q, onnx::NodeOp user) {
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
Value TakeCodesPass::throughMove(const Quantised &q, onnx::NodeOp move) {
  auto single = [](Value value) {
    auto type = rankedType(value);
    return type && type.hasStaticShape() && type.getNumElements() == 1;
  };
  if (!isMove(move) || (constantOf(q.scale) && !single(q.scale)))
    return {};
  Quantised before = q;
  before.codes = move.getInputs()[0];
  Value x = floatOf(before, move);
  if (!x)
    return {};
  OpBuilder builder(move);
  SmallVector<Value> inputs(move.getInputs());
  inputs[0] = x;
  SmallVector<Type> types;
  for (Value result : move->getResults())
    types.push_back(floatLike(result));
  auto copy = builder.create<onnx::NodeOp>(
      move.getLoc(), types, move.getOpTypeAttr(), inputs, move.getOpsetAttr(),
      StringAttr(), move.getNodeNameAttr(), move.getOnnxAttributesAttr(), 0u);
  for (auto [old, result] : llvm::zip(move->getResults(), copy->getResults()))
    made[{old.getAsOpaquePointer(), q.scale.getAsOpaquePointer(),
          q.zero.getAsOpaquePointer()}] = result;
  return copy->getResult(cast<OpResult>(q.codes).getResultNumber());
}

/// A constant of int32 in units of the product of two scales.
Value TakeCodesPass::scaledBias(Value bias, Value a, Value b,
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

/// Whether \p x stays between the bounds in any case.
static bool isWithin(Value x, double low, double high) {
  onnx::NodeOp node = nodeOf(x);
  return node && low <= 0 && high >= 1 &&
         (node.getOpType() == "Softmax" || node.getOpType() == "Sigmoid");
}

/// \p x cut to the range of the static quantiser \p q (A13), or \p x. Between
/// two activations, in softmax and the like, ranges are not imposed: they only
/// cut what the quantiser had not met. But one that begins at 0 behind a sum
/// or product is what is left of a Relu, which quantisers swallow.
Value TakeCodesPass::clipped(Value x, const Quantised &q, bool isFactor) {
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
  if (!range || isWithin(x, range->first, range->second))
    return x;
  onnx::NodeOp node = nodeOf(x);
  bool isSum = node && llvm::is_contained({"Add", "MatMul", "Gemm", "Conv",
                                           "BatchNormalization"},
                                          node.getOpType());
  if (!isFactor && !(isSum && range->first == 0))
    return x;
  Value &cut = clips[Key(x.getAsOpaquePointer(), q.scale.getAsOpaquePointer(),
                         q.zero.getAsOpaquePointer())];
  if (cut)
    return cut;
  OpBuilder builder(&getContext());
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
                x.getLoc(), TypeRange(floatLike(rows)),
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

/// What an operator on integers computes, before its result is quantised.
Value TakeCodesPass::floatResult(onnx::NodeOp node) {
  OpBuilder builder(node);
  builder.setInsertionPointAfter(node);
  StringRef type = node.getOpType();
  Type result = floatLike(node->getResult(0));
  auto operand = [&](unsigned at, int64_t axis = 0) {
    if (!input(node, at))
      return Value();
    Quantised q = {input(node, at), input(node, at + 1), input(node, at + 2),
                   axis, 0};
    Value x = floatOf(q, node);
    bool isFactor =
        at == 0 && input(node, 3) && constantOf(input(node, 3)) &&
        llvm::is_contained({"QLinearMatMul", "QGemm", "QLinearConv"}, type);
    return !x || constantOf(q.codes) ? x : clipped(x, q, isFactor);
  };
  if (type == "QLinearMatMul" || type == "QGemm" || type == "QLinearConv") {
    RankedTensorType weight =
        input(node, 3) ? rankedType(input(node, 3)) : RankedTensorType();
    bool flipped = node.getOnnxInt("transB").value_or(0) != 0;
    // Scales a channel of the result.
    int64_t axis = type == "QLinearConv" || flipped ? 0
                   : weight                         ? weight.getRank() - 1
                                                    : 0;
    Value a = operand(0), b = operand(3, axis);
    unsigned at = type == "QGemm" ? 6 : 8;
    bool hasBias = type != "QLinearMatMul" && input(node, at);
    Value bias = hasBias ? scaledBias(input(node, at), input(node, 1),
                                      input(node, 4), node)
                         : Value();
    if (!a || !b || (hasBias && !bias) ||
        (type == "QGemm" && node.getOnnxFloat("alpha").value_or(1) != 1))
      return {};
    SmallVector<Value> inputs = {a, b};
    if (bias)
      inputs.push_back(bias);
    NamedAttrList attributes(node.getOnnxAttributesAttr());
    return make(builder, node,
                type == "QGemm"         ? "Gemm"
                : type == "QLinearConv" ? "Conv"
                                        : "MatMul",
                inputs, result, attributes.getDictionary(&getContext()));
  }
  if (type == "QLinearAdd" || type == "QLinearMul") {
    Value a = operand(0), b = operand(3);
    return a && b ? make(builder, node, type.drop_front(7), {a, b}, result)
                  : Value();
  }
  if (type == "QLinearSigmoid" || type == "QLinearSoftmax") {
    Value x = operand(0);
    return x ? make(builder, node, type.drop_front(7), x, result,
                    node.getOnnxAttributesAttr())
             : Value();
  }
  if (type == "QLinearConcat") {
    SmallVector<Value> parts;
    for (unsigned at = 2; at + 2 < node.getInputs().size(); at += 3)
      parts.push_back(operand(at));
    return !parts.empty() && llvm::all_of(parts, [](Value v) { return v; })
               ? make(builder, node, "Concat", parts, result,
                      node.getOnnxAttributesAttr())
               : Value();
  }
  return {};
}

/// Scale and zero point of the result of an operator on integers.
static std::pair<Value, Value> resultScale(onnx::NodeOp node) {
  StringRef type = node.getOpType();
  unsigned at = type == "QLinearConcat"                                ? 0
                : type == "QGemm"                                      ? 7
                : type == "QLinearSigmoid" || type == "QLinearSoftmax" ? 3
                                                                       : 6;
  return {input(node, at), input(node, at + 1)};
}

Value TakeCodesPass::makeFloat(const Quantised &q, onnx::NodeOp user) {
  if (constantOf(q.codes))
    return constantFloat(q, user);
  auto node = dyn_cast_or_null<onnx::NodeOp>(q.codes.getDefiningOp());
  if (!node)
    return {};
  auto isMine = [&](Value scale, Value zero) {
    bool sameZero = !zero == !q.zero ? !zero || isSame(zero, q.zero)
                                     : scalarOf(zero ? zero : q.zero) == 0.0;
    return scale && isSame(scale, q.scale) && sameZero;
  };
  if (isAny(node, "QuantizeLinear"))
    return isMine(node.getInputs()[1], input(node, 2)) ? node.getInputs()[0]
                                                       : Value();
  if (node.isOnnx("DynamicQuantizeLinear"))
    return q.codes == node->getResult(0) &&
                   isMine(node->getResult(1), node->getResult(2))
               ? node.getInputs()[0]
               : Value();
  if (node.getOpType().starts_with("QLinear") || isAny(node, "QGemm")) {
    auto [scale, zero] = resultScale(node);
    return isMine(scale, zero) ? floatResult(node) : Value();
  }
  return throughMove(q, node);
}

/// The floats that \p q stands for, or null if the operators behind it are not
/// known.
Value TakeCodesPass::floatOf(const Quantised &q, onnx::NodeOp user) {
  if (!q.codes || !q.scale)
    return {};
  auto key = std::make_tuple(q.codes.getAsOpaquePointer(),
                             q.scale.getAsOpaquePointer(),
                             q.zero.getAsOpaquePointer());
  // A constant is made anew before each user, wherever that stands.
  if (auto found = made.find(key); found != made.end())
    return found->second;
  Value value = makeFloat(q, user);
  if (value && !constantOf(q.codes))
    made[key] = value;
  return value;
}

bool TakeCodesPass::dequantize(onnx::NodeOp node) {
  RankedTensorType type = rankedType(node.getInputs()[0]);
  int64_t axis = node.getOnnxInt("axis").value_or(1);
  axis = type ? normaliseAxis(axis, type.getRank()) : axis;
  Value x = floatOf({node.getInputs()[0], node.getInputs()[1], input(node, 2),
                     std::max<int64_t>(axis, 0),
                     node.getOnnxInt("block_size").value_or(0)},
                    node);
  if (!x)
    return false;
  Value result = node->getResult(0);
  if (!constantOf(node.getInputs()[0])) {
    Quantised q = {node.getInputs()[0], node.getInputs()[1], input(node, 2), 0,
                   0};
    if (llvm::any_of(result.getUses(), feedsProduct)) {
      Value factor = clipped(x, q, true);
      result.replaceUsesWithIf(factor, feedsProduct);
    }
    x = clipped(x, q, false);
  }
  result.replaceAllUsesWith(x);
  return true;
}

/// The factors of a product of scalars, constants and \p start.
static bool factorsOf(Value value, Value start, SmallVectorImpl<Value> &list) {
  onnx::NodeOp mul = nodeOf(value, "Mul");
  if (value == start || !mul) {
    list.push_back(value);
    return list.size() < 8;
  }
  return factorsOf(mul.getInputs()[0], start, list) &&
         factorsOf(mul.getInputs()[1], start, list);
}

static Value onlyResult(Value value) {
  auto node = value.hasOneUse() ? dyn_cast<onnx::NodeOp>(*value.user_begin())
                                : onnx::NodeOp();
  return node && node->getNumResults() == 1 ? node->getResult(0) : Value();
}

/// MatMulInteger and ConvInteger up to the product with the scales of both
/// operands.
bool TakeCodesPass::integerProduct(onnx::NodeOp node) {
  Value start = onlyResult(node->getResult(0));
  if (!start || !nodeOf(start, "Cast"))
    return false;
  // Scale of a quantised activation, if it has one of its own.
  auto dynamicScale = [&](Value codes) -> Value {
    while (onnx::NodeOp from = nodeOf(codes)) {
      if (from.isOnnx("DynamicQuantizeLinear"))
        return from->getResult(1);
      if (from.getInputs().empty())
        break;
      codes = from.getInputs()[0];
    }
    return {};
  };
  Value scaleA = dynamicScale(node.getInputs()[0]),
        scaleB = dynamicScale(node.getInputs()[1]);
  if (!scaleA || (!scaleB && !constantOf(node.getInputs()[1])))
    return false;
  for (Value end = onlyResult(start); end; end = onlyResult(end)) {
    SmallVector<Value> factors;
    if (!nodeOf(end, "Mul") || !factorsOf(end, start, factors))
      return false;
    bool hasStart = false, hasA = false, hasB = false, others = false;
    TypedAttr constant;
    for (Value factor : factors) {
      bool &seen = factor == start             ? hasStart
                   : factor == scaleA && !hasA ? hasA
                   : factor == scaleB && !hasB ? hasB
                                               : others;
      if (&seen != &others) {
        seen = true;
        continue;
      }
      TypedAttr number = constantOf(factor);
      number = number ? floatConstant(number) : number;
      if (!number)
        return false;
      constant = constant ? productOf(constant, number) : number;
      if (!constant)
        return false;
    }
    if (!hasStart || !hasA || (scaleB ? !hasB : !constant))
      continue;
    if (scaleB && constant)
      return false;
    OpBuilder builder(end.getDefiningOp());
    Value zeroA = input(node, 2), zeroB = input(node, 3);
    Value a = floatOf({node.getInputs()[0], scaleA, zeroA, 0, 0}, node);
    Value b;
    bool isConv = node.isOnnx("ConvInteger");
    if (scaleB) {
      b = floatOf({node.getInputs()[1], scaleB, zeroB, 0, 0}, node);
    } else {
      TypedAttr codes = constantOf(node.getInputs()[1]),
                zero = zeroB ? constantOf(zeroB) : TypedAttr();
      int64_t rank = cast<ShapedType>(codes.getType()).getRank();
      constant = vectorConstant(constant);
      TypedAttr value =
          constant && (!zeroB || zero)
              ? codesConstant(codes, constant, zero, isConv ? 0 : rank - 1, 0)
              : TypedAttr();
      if (value)
        b = builder.create<onnx::ConstantOp>(node.getLoc(), value.getType(),
                                             value);
    }
    if (!a || !b)
      return false;
    end.replaceAllUsesWith(make(builder, node, isConv ? "Conv" : "MatMul",
                                {a, b}, floatLike(end),
                                node.getOnnxAttributesAttr()));
    return true;
  }
  return false;
}

/// a, b, their scales, their zero points, bias of floats.
bool TakeCodesPass::matMulIntegerToFloat(onnx::NodeOp node) {
  RankedTensorType type = rankedType(node.getInputs()[1]);
  Value a = floatOf({node.getInputs()[0], input(node, 2), input(node, 4), 0, 0},
                    node);
  Value b = floatOf({node.getInputs()[1], input(node, 3), input(node, 5),
                     type ? type.getRank() - 1 : 0, 0},
                    node);
  if (!a || !b)
    return false;
  OpBuilder builder(node);
  Type result = node->getResult(0).getType();
  Value product = make(builder, node, "MatMul", {a, b}, result);
  if (Value bias = input(node, 6))
    product = make(builder, node, "Add", {product, bias}, result);
  node->getResult(0).replaceAllUsesWith(product);
  return true;
}

/// A of floats, b with its scale and zero point, bias of floats.
bool TakeCodesPass::dynamicMatMul(onnx::NodeOp node) {
  RankedTensorType type = rankedType(node.getInputs()[1]);
  Value b = floatOf({node.getInputs()[1], input(node, 2), input(node, 3),
                     type ? type.getRank() - 1 : 0, 0},
                    node);
  if (!b)
    return false;
  OpBuilder builder(node);
  Type result = node->getResult(0).getType();
  Value product =
      make(builder, node, "MatMul", {node.getInputs()[0], b}, result);
  if (Value bias = input(node, 4))
    product = make(builder, node, "Add", {product, bias}, result);
  node->getResult(0).replaceAllUsesWith(product);
  return true;
}

void TakeCodesPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  made.clear();
  clips.clear();
  SmallVector<onnx::NodeOp> nodes;
  function.walk<WalkOrder::PreOrder>(
      [&](onnx::NodeOp node) { nodes.push_back(node); });
  for (onnx::NodeOp node : nodes) {
    if (isAny(node, "DequantizeLinear"))
      dequantize(node);
    else if (node.isOnnx("MatMulInteger") || node.isOnnx("ConvInteger"))
      integerProduct(node);
    else if (isAny(node, "MatMulIntegerToFloat"))
      matMulIntegerToFloat(node);
    else if (isAny(node, "DynamicQuantizeMatMul"))
      dynamicMatMul(node);
    else if (isAny(node, "QGemm") && !resultScale(node).first)
      if (Value y = floatResult(node))
        node->getResult(0).replaceAllUsesWith(y);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
