// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs that were quantised before they came here, in floats (A13): weights
// stay the integers that they are (#onnx.codes), quantisers of activations go,
// since the NPU quantises every row by itself; of a static one that a product
// with a weight reads the range stays, as Clip.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Codes.h"
#include "compiler/raise/FloatsOfCodes.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_TAKECODES
#include "compiler/raise/Passes.h.inc"

namespace {

class TakeCodesPass : public impl::TakeCodesBase<TakeCodesPass> {
public:
  void runOnOperation() override;

private:
  bool dequantize(onnx::NodeOp node);
  bool integerProduct(onnx::NodeOp node);
  bool matMulIntegerToFloat(onnx::NodeOp node);
  bool dynamicMatMul(onnx::NodeOp node);
  bool attention(onnx::NodeOp node);
  bool embedNorm(onnx::NodeOp node);

  FloatsOfCodes floats{nullptr};
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

bool TakeCodesPass::dequantize(onnx::NodeOp node) {
  RankedTensorType type = rankedType(node.getInputs()[0]);
  int64_t axis = node.getOnnxInt("axis").value_or(1);
  axis = type ? normaliseAxis(axis, type.getRank()) : axis;
  Value x = floats.of({node.getInputs()[0], node.getInputs()[1],
                       inputOf(node, 2), std::max<int64_t>(axis, 0),
                       node.getOnnxInt("block_size").value_or(0)},
                      node);
  if (!x)
    return false;
  Value result = node->getResult(0);
  if (!constantOf(node.getInputs()[0])) {
    Quantised q = {node.getInputs()[0], node.getInputs()[1], inputOf(node, 2),
                   0, 0};
    if (llvm::any_of(result.getUses(), feedsProduct)) {
      Value factor = floats.clipped(x, q, true);
      result.replaceUsesWithIf(factor, feedsProduct);
    }
    x = floats.clipped(x, q, false);
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
    Value zeroA = inputOf(node, 2), zeroB = inputOf(node, 3);
    Value a = floats.of({node.getInputs()[0], scaleA, zeroA, 0, 0}, node);
    Value b;
    bool isConv = node.isOnnx("ConvInteger");
    if (scaleB) {
      b = floats.of({node.getInputs()[1], scaleB, zeroB, 0, 0}, node);
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
    end.replaceAllUsesWith(
        makeFloatNode(builder, node, isConv ? "Conv" : "MatMul", {a, b},
                      floatsLike(end), node.getOnnxAttributesAttr()));
    return true;
  }
  return false;
}

/// a, b, their scales, their zero points, bias of floats.
bool TakeCodesPass::matMulIntegerToFloat(onnx::NodeOp node) {
  RankedTensorType type = rankedType(node.getInputs()[1]);
  Value a = floats.of(
      {node.getInputs()[0], inputOf(node, 2), inputOf(node, 4), 0, 0}, node);
  Value b = floats.of({node.getInputs()[1], inputOf(node, 3), inputOf(node, 5),
                       type ? type.getRank() - 1 : 0, 0},
                      node);
  if (!a || !b)
    return false;
  OpBuilder builder(node);
  Type result = node->getResult(0).getType();
  Value product = makeFloatNode(builder, node, "MatMul", {a, b}, result);
  if (Value bias = inputOf(node, 6))
    product = makeFloatNode(builder, node, "Add", {product, bias}, result);
  node->getResult(0).replaceAllUsesWith(product);
  return true;
}

/// A of floats, b with its scale and zero point, bias of floats.
bool TakeCodesPass::dynamicMatMul(onnx::NodeOp node) {
  RankedTensorType type = rankedType(node.getInputs()[1]);
  Value b = floats.of({node.getInputs()[1], inputOf(node, 2), inputOf(node, 3),
                       type ? type.getRank() - 1 : 0, 0},
                      node);
  if (!b)
    return false;
  OpBuilder builder(node);
  Type result = node->getResult(0).getType();
  Value product =
      makeFloatNode(builder, node, "MatMul", {node.getInputs()[0], b}, result);
  if (Value bias = inputOf(node, 4))
    product = makeFloatNode(builder, node, "Add", {product, bias}, result);
  node->getResult(0).replaceAllUsesWith(product);
  return true;
}

/// com.microsoft.QAttention, whose products are part of it, on floats: input,
/// weights, bias, scale of either, mask, zero point of either, past.
bool TakeCodesPass::attention(onnx::NodeOp node) {
  RankedTensorType type = rankedType(node.getInputs()[1]);
  Quantised codes = {node.getInputs()[0], inputOf(node, 3), inputOf(node, 6), 0,
                     0};
  Value x = floats.of(codes, node);
  Value weights =
      floats.of({node.getInputs()[1], inputOf(node, 4), inputOf(node, 7),
                 type ? type.getRank() - 1 : 0, 0},
                node);
  if (!x || !weights)
    return false;
  x = floats.clipped(x, codes, constantOf(node.getInputs()[1]) != nullptr);
  OpBuilder builder(node);
  Value none =
      builder.create<onnx::NoneOp>(node.getLoc(), builder.getNoneType());
  auto orNone = [&](unsigned index) {
    Value value = inputOf(node, index);
    return value ? value : none;
  };
  SmallVector<Type> types;
  for (Value result : node->getResults())
    types.push_back(floatsLike(result));
  auto attention = builder.create<onnx::NodeOp>(
      node.getLoc(), types, builder.getStringAttr("Attention"),
      ValueRange{x, weights, orNone(2), orNone(5), orNone(8)},
      builder.getI64IntegerAttr(1), builder.getStringAttr("com.microsoft"),
      node.getNodeNameAttr(), node.getOnnxAttributesAttr(), 0u);
  node->replaceAllUsesWith(attention->getResults());
  return true;
}

/// com.microsoft.QEmbedLayerNormalization: ids, segments, tables of words,
/// positions and segments, gamma, beta as codes, mask, then their scales and
/// zero points.
bool TakeCodesPass::embedNorm(onnx::NodeOp node) {
  OpBuilder builder(node);
  Value none =
      builder.create<onnx::NoneOp>(node.getLoc(), builder.getNoneType());
  SmallVector<Value> inputs(8, none);
  for (unsigned at : {0u, 1u, 7u})
    if (Value value = inputOf(node, at))
      inputs[at] = value;
  for (unsigned part = 0; part < 5; ++part) {
    Value codes = inputOf(node, 2 + part);
    if (!codes)
      continue;
    inputs[2 + part] = floats.of(
        {codes, inputOf(node, 8 + part), inputOf(node, 13 + part)}, node);
    if (!inputs[2 + part])
      return false;
  }
  Type i32 = builder.getI32Type();
  SmallVector<Type> types = {floatsLike(node->getResult(0))};
  if (node->getNumResults() > 1)
    types.push_back(UnrankedTensorType::get(i32));
  auto norm = builder.create<onnx::NodeOp>(
      node.getLoc(), types, builder.getStringAttr("EmbedLayerNormalization"),
      inputs, builder.getI64IntegerAttr(1),
      builder.getStringAttr("com.microsoft"), node.getNodeNameAttr(),
      node.getOnnxAttributesAttr(), 0u);
  node->replaceAllUsesWith(norm->getResults());
  return true;
}

void TakeCodesPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  floats = FloatsOfCodes(&getContext());
  SmallVector<onnx::NodeOp> nodes;
  function.walk<WalkOrder::PreOrder>(
      [&](onnx::NodeOp node) { nodes.push_back(node); });
  for (onnx::NodeOp node : nodes) {
    if (isStandardOrMicrosoft(node, "DequantizeLinear"))
      dequantize(node);
    else if (node.isOnnx("MatMulInteger") || node.isOnnx("ConvInteger"))
      integerProduct(node);
    else if (isStandardOrMicrosoft(node, "MatMulIntegerToFloat"))
      matMulIntegerToFloat(node);
    else if (isStandardOrMicrosoft(node, "DynamicQuantizeMatMul"))
      dynamicMatMul(node);
    else if (isStandardOrMicrosoft(node, "QAttention"))
      attention(node);
    else if (isStandardOrMicrosoft(node, "QEmbedLayerNormalization"))
      embedNorm(node);
    else if (isStandardOrMicrosoft(node, "QGemm") && !scaleOfResult(node).first)
      if (Value y = floats.result(node))
        node->getResult(0).replaceAllUsesWith(y);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
