// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/Normalise.h"

#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/execute/Constants.h"
#include "compiler/execute/ElementTypes.h"

#include "support/Error.h"

using namespace mlir;

namespace dalbit::import {

namespace {

bool isLeftOut(const Draft &draft, size_t index) {
  return index >= draft.inputs.size() ||
         isa<NoneType>(draft.inputs[index].getType());
}

/// Turns a constant last input into the integer list attribute \p name.
void inputToAttribute(Draft &draft, size_t index, StringRef name) {
  if (isLeftOut(draft, index))
    return;
  auto constant = draft.inputs[index].getDefiningOp<onnx::ConstantOp>();
  if (!constant)
    return;
  auto type = dyn_cast<RankedTensorType>(constant.getType());
  if (!type || !type.getElementType().isInteger())
    return;
  llvm::SmallVector<int64_t> values;
  onnx::readWeight(constant.getValue(), values);
  draft.attributes.set(name,
                       DenseI64ArrayAttr::get(constant.getContext(), values));
  draft.inputs.truncate(index);
}

Value makeConstant(OpBuilder &builder, Location loc,
                   const execute::Tensor &tensor) {
  return builder.create<onnx::ConstantOp>(
      loc, execute::denseAttribute(builder.getContext(), tensor));
}

Value noneValue(OpBuilder &builder, Location loc) {
  return builder.create<onnx::NoneOp>(loc, builder.getNoneType());
}

/// An integer list attribute as a constant input, or onnx.none if absent.
Value listInput(Draft &draft, StringRef name, OpBuilder &builder,
                Location loc) {
  auto list = dyn_cast_or_null<DenseI64ArrayAttr>(draft.attributes.erase(name));
  if (!list)
    return noneValue(builder, loc);
  return makeConstant(
      builder, loc,
      execute::Tensor::of<int64_t>({list.size()}, list.asArrayRef()));
}

/// A float attribute as a scalar input of the type of input 0.
Value numberInput(Draft &draft, StringRef name, OpBuilder &builder,
                  Location loc) {
  auto number = dyn_cast_or_null<FloatAttr>(draft.attributes.erase(name));
  if (!number)
    return noneValue(builder, loc);
  auto type = cast<TensorType>(draft.inputs[0].getType()).getElementType();
  auto element = execute::elementOfMlir(type);
  if (!element)
    throw Error("input 0 has elements of an unknown type");
  auto value = execute::Tensor::scalar<float>(float(number.getValueAsDouble()));
  return makeConstant(builder, loc, value.cast(*element));
}

} // namespace

void normalise(Draft &draft, OpBuilder &builder, Location loc) {
  StringRef type = draft.type;
  if (type == "Squeeze" || type == "Unsqueeze" || type.starts_with("Reduce")) {
    inputToAttribute(draft, 1, "axes");
  } else if (type == "Split") {
    inputToAttribute(draft, 1, "split");
  } else if (type == "Softmax" || type == "LogSoftmax" || type == "Hardmax") {
    // Before 13 all dimensions from the axis on form one row.
    if (draft.version < 13)
      draft.attributes.set("flatten", builder.getI64IntegerAttr(1));
  } else if (type == "Clip" && draft.version < 11) {
    draft.inputs.push_back(numberInput(draft, "min", builder, loc));
    draft.inputs.push_back(numberInput(draft, "max", builder, loc));
  } else if (type == "Scan" && draft.version < 9) {
    draft.attributes.set("batched", builder.getI64IntegerAttr(1));
  } else if (type == "GroupNormalization" && draft.version < 21) {
    draft.attributes.set("scale_by_group", builder.getI64IntegerAttr(1));
  } else if (type == "Upsample" || (type == "Resize" && draft.version < 11)) {
    // Inputs were the tensor and its scales.
    draft.type = "Resize";
    draft.inputs.insert(draft.inputs.begin() + 1, noneValue(builder, loc));
    draft.attributes.set("coordinate_transformation_mode",
                         builder.getStringAttr("asymmetric"));
    draft.attributes.set("nearest_mode", builder.getStringAttr("floor"));
  } else if (type == "TopK" && draft.version < 10) {
    auto k = dyn_cast_or_null<IntegerAttr>(draft.attributes.erase("k"));
    if (!k)
      throw Error("attribute k is missing");
    draft.inputs.push_back(makeConstant(
        builder, loc, execute::Tensor::of<int64_t>({1}, {k.getInt()})));
  } else if (type == "Slice" && draft.version < 10) {
    for (const char *name : {"starts", "ends", "axes"})
      draft.inputs.push_back(listInput(draft, name, builder, loc));
  } else if (type == "Pad" && draft.version < 11) {
    draft.inputs.push_back(listInput(draft, "pads", builder, loc));
    draft.inputs.push_back(numberInput(draft, "value", builder, loc));
  }
  while (!draft.inputs.empty() && isLeftOut(draft, draft.inputs.size() - 1))
    draft.inputs.pop_back();
}

} // namespace dalbit::import
