// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes operators of the standard in front of a node that they replace.

#pragma once

#include "compiler/dialect/onnx/OnnxOps.h"
#include "mlir/IR/Builders.h"

namespace dalbit::raise {

class NodeWriter {
public:
  explicit NodeWriter(onnx::NodeOp node) : builder(node), node(node) {}

  using Attributes = llvm::ArrayRef<mlir::NamedAttribute>;

  /// The first result of a new operator of opset 17; floats unless \p element
  /// says something else.
  mlir::Value operator()(llvm::StringRef type, mlir::ValueRange inputs,
                         Attributes attributes = {}, mlir::Type element = {}) {
    auto made = builder.create<onnx::NodeOp>(
        node.getLoc(),
        mlir::TypeRange(mlir::UnrankedTensorType::get(
            element ? element : builder.getF32Type())),
        builder.getStringAttr(type), inputs, builder.getI64IntegerAttr(17),
        mlir::StringAttr(), node.getNodeNameAttr(),
        builder.getDictionaryAttr(attributes), 0u);
    return made->getResult(0);
  }
  mlir::NamedAttribute attribute(llvm::StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }
  mlir::NamedAttribute list(llvm::StringRef name,
                            llvm::ArrayRef<int64_t> values) {
    return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(values));
  }
  /// A constant list.
  mlir::Value integers(llvm::ArrayRef<int64_t> values) {
    return constant(mlir::DenseElementsAttr::get(
        mlir::RankedTensorType::get({int64_t(values.size())},
                                    builder.getI64Type()),
        values));
  }
  /// A constant without dimensions.
  mlir::Value number(float value) {
    return constant(mlir::DenseElementsAttr::get(
        mlir::RankedTensorType::get({}, builder.getF32Type()), value));
  }
  mlir::Value number(int64_t value) {
    return constant(mlir::DenseElementsAttr::get(
        mlir::RankedTensorType::get({}, builder.getI64Type()), value));
  }
  mlir::Value constant(mlir::TypedAttr value) {
    return builder.create<onnx::ConstantOp>(node.getLoc(), value);
  }
  /// Size \p axis of \p value as a number without dimensions.
  mlir::Value sizeOf(mlir::Value value, int64_t axis) {
    mlir::Type i64 = builder.getI64Type();
    return (*this)("Gather", {(*this)("Shape", value, {}, i64), number(axis)},
                   {attribute("axis", 0)}, i64);
  }
  /// Elements start, start + step, ... before \p end of the last dimension.
  mlir::Value columns(mlir::Value value, int64_t start, int64_t end,
                      int64_t step = 1) {
    return (*this)("Slice", {value, integers({start}), integers({end}),
                             integers({-1}), integers({step})});
  }

  mlir::OpBuilder builder;

private:
  onnx::NodeOp node;
};

} // namespace dalbit::raise
