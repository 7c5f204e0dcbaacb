// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Halves and doubles become f32: the NPU has no floats, so their width says
// nothing about how the model runs, and every later step knows one type only.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_WIDENFLOATS
#include "compiler/raise/Passes.h.inc"

namespace {

/// The standard's numbers of the types: float, float16, double, bfloat16.
constexpr int64_t OnnxFloat = 1, OnnxHalf = 10, OnnxDouble = 11,
                  OnnxBfloat = 16;

class WidenFloatsPass : public impl::WidenFloatsBase<WidenFloatsPass> {
public:
  void runOnOperation() override;

private:
  bool isOther(Type type) const;
  Type widened(Type type) const;
  void widenAttributes(onnx::NodeOp node);
  void widenBorder();
};

} // namespace

bool WidenFloatsPass::isOther(Type type) const {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return false;
  Type element = shaped.getElementType();
  return element.isF16() || element.isBF16() || element.isF64();
}

Type WidenFloatsPass::widened(Type type) const {
  if (!isOther(type))
    return type;
  Type f32 = Float32Type::get(type.getContext());
  if (auto ranked = dyn_cast<RankedTensorType>(type))
    return RankedTensorType::get(ranked.getShape(), f32);
  return UnrankedTensorType::get(f32);
}

/// Types that attributes name, and numbers that they hold.
void WidenFloatsPass::widenAttributes(onnx::NodeOp node) {
  DictionaryAttr attributes = node.getOnnxAttributesAttr();
  if (!attributes)
    return;
  Builder builder(&getContext());
  NamedAttrList list(attributes);
  for (StringRef name : {"to", "dtype"})
    if (auto type = dyn_cast_or_null<IntegerAttr>(list.get(name)))
      if (llvm::is_contained({OnnxHalf, OnnxDouble, OnnxBfloat}, type.getInt()))
        list.set(name, builder.getI64IntegerAttr(OnnxFloat));
  if (auto value = dyn_cast_or_null<TypedAttr>(list.get("value")))
    if (isOther(value.getType()))
      if (TypedAttr wide = floatConstant(value))
        list.set("value", wide);
  node.setOnnxAttributesAttr(list.getDictionary(&getContext()));
}

/// Arguments and results keep the name of their type for the host.
void WidenFloatsPass::widenBorder() {
  func::FuncOp function = getOperation();
  auto nameOf = [&](Type type) {
    Type element = cast<ShapedType>(type).getElementType();
    return StringAttr::get(&getContext(), element.isF16()    ? "float16"
                                          : element.isBF16() ? "bfloat16"
                                                             : "double");
  };
  for (BlockArgument argument : function.getArguments())
    if (isOther(argument.getType())) {
      function.setArgAttr(argument.getArgNumber(), "dalbit.type",
                          nameOf(argument.getType()));
      argument.setType(widened(argument.getType()));
    }
  FunctionType type = function.getFunctionType();
  SmallVector<Type> inputs, results;
  for (Type input : type.getInputs())
    inputs.push_back(widened(input));
  for (auto [index, result] : llvm::enumerate(type.getResults())) {
    if (isOther(result))
      function.setResultAttr(index, "dalbit.type", nameOf(result));
    results.push_back(widened(result));
  }
  function.setFunctionType(FunctionType::get(&getContext(), inputs, results));
}

void WidenFloatsPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  widenBorder();
  function.walk([&](Operation *op) {
    if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
      TypedAttr wide = isOther(constant.getType())
                           ? floatConstant(constant.getValue())
                           : TypedAttr();
      if (wide) {
        constant.setValueAttr(wide);
        Value(constant.getResult()).setType(wide.getType());
      }
      return;
    }
    for (Value result : op->getResults())
      result.setType(widened(result.getType()));
    if (auto node = dyn_cast<onnx::NodeOp>(op))
      widenAttributes(node);
  });
}

} // namespace dalbit::raise
