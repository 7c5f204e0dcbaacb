// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small questions about onnx.node graphs that every raising step asks: is this
// the standard's operator X, is this value a constant, which number.
//
// Errors: a weight whose file cannot be read counts as "not a constant"; the
// importer has checked the file before.

#pragma once

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <optional>

namespace dalbit::raise {

/// The standard's operator \p type that makes \p value, or null.
onnx::NodeOp nodeOf(mlir::Value value, llvm::StringRef type);
onnx::NodeOp nodeOf(mlir::Operation *op, llvm::StringRef type);
/// Any operator of the standard without a body, or null.
onnx::NodeOp nodeOf(mlir::Value value);

/// True if input \p index of \p node exists and is not left out.
bool hasInput(onnx::NodeOp node, unsigned index);

/// The value of an onnx.constant or nn.constant, or null.
mlir::TypedAttr constantOf(mlir::Value value);
/// The number in a constant of one element, whatever its rank.
std::optional<double> scalarOf(mlir::Value value);
/// The integers of a small constant (at most 64 elements).
std::optional<llvm::SmallVector<int64_t>> integersOf(mlir::Value value);
/// A list that is attribute \p name or else constant input \p index.
std::optional<llvm::SmallVector<int64_t>>
integersOf(onnx::NodeOp node, llvm::StringRef name, unsigned index);

/// A Slice with steps of 1 along one axis alone.
struct AxisSlice {
  int64_t axis = 0;           ///< from the front
  int64_t start = 0;          ///< as given: from the end if negative
  std::optional<int64_t> end; ///< as given, none if it is no constant
};
/// \p node as such a Slice of a value of \p rank dimensions.
std::optional<AxisSlice> axisSlice(onnx::NodeOp node, int64_t rank);

/// An axis counted from the front, or -1 if it does not exist.
int64_t normaliseAxis(int64_t axis, int64_t rank);

/// True if every element is the float 0: a constant, or a ConstantOfShape.
bool isZeros(mlir::Value value);

mlir::RankedTensorType rankedType(mlir::Value value);
/// Static dimension \p index of \p value, or -1.
int64_t staticDim(mlir::Value value, int64_t index);
bool isFloat32(mlir::Value value);

/// Columns [start, start + size) of dimension \p dim of a constant, without
/// copying if it is a weight. Null if it is of an unknown kind.
mlir::TypedAttr sliceConstant(mlir::TypedAttr value, int64_t dim, int64_t start,
                              int64_t size);
/// The same of every \p block columns, side by side; copies unless there is one
/// block.
mlir::TypedAttr sliceBlocks(mlir::TypedAttr value, int64_t dim, int64_t block,
                            int64_t start, int64_t size);
/// Matrix \p index of a constant [n, a, b] as [a, b], without copying if it is
/// a weight; null if that is a view of another kind.
mlir::TypedAttr planeOf(mlir::TypedAttr value, int64_t index);
/// A constant in another shape of as many elements, without copying if it is a
/// whole weight as it lies in the file; null if it is of an unknown kind.
mlir::TypedAttr reshapeConstant(mlir::TypedAttr value,
                                llvm::ArrayRef<int64_t> shape);
/// A matrix the other way round, without copying if it is a weight.
mlir::TypedAttr transposeConstant(mlir::TypedAttr value);
/// The constant in f32, reshaped to one dimension (size-1 dimensions dropped);
/// null if it has more than one other dimension.
mlir::TypedAttr vectorConstant(mlir::TypedAttr value);
/// The constant with f32 elements; null if they are not floats.
mlir::TypedAttr floatConstant(mlir::TypedAttr value);
/// A constant float matrix, looking through a Transpose of one; or null.
mlir::TypedAttr matrixConstant(mlir::Value value);

mlir::Value makeConstant(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::TypedAttr value);
/// A constant [N] of f32.
mlir::Value makeVector(mlir::OpBuilder &builder, mlir::Location loc,
                       llvm::ArrayRef<float> numbers);
/// The numbers of a constant; nothing if there is none or its file went away.
std::optional<llvm::SmallVector<float>> floatsOf(mlir::TypedAttr constant);

/// Whether \p value is only a result of the graph, of which the host may
/// choose.
bool isOnlyReturned(mlir::Value value);

/// The only function of a module that the compiler works on, or null.
mlir::func::FuncOp mainFunction(mlir::ModuleOp module);

/// Erases operations without uses and effects, last first.
void eraseDead(mlir::func::FuncOp function);

} // namespace dalbit::raise
