// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known about the values of @main before any number is: the size of
// every dimension as an expression over B, T and P, and for small integer
// tensors (the shape arithmetic of exported graphs) every element.
//
// Promises: what it says holds for every run whose arguments have the sizes
// that `dalbit.dims` states, B, T >= 1, P >= 0. Where the standard cuts an
// index at the end of a tensor and the two cannot be compared, the index is
// taken to lie inside (a model whose position table is too short fails
// elsewhere). Says nothing about results of operators that it does not know.

#pragma once

#include "compiler/raise/SymbolicExpr.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace dalbit::onnx {
class NodeOp;
}

namespace dalbit::raise {

using Dims = llvm::SmallVector<SymbolicExpr, 4>;

/// Elements of a small integer tensor of a fixed shape, row-major. Booleans
/// are 0 and 1.
struct Contents {
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<SymbolicExpr> elements;

  bool allConstant() const;
};

class SymbolicShapes {
public:
  /// Reads `dalbit.dims` of the arguments and walks the body once.
  explicit SymbolicShapes(mlir::func::FuncOp function);
  /// Only the arguments; the caller calls infer() in order.
  static SymbolicShapes ofArguments(mlir::func::FuncOp function);

  void infer(mlir::Operation *op);

  const Dims *dims(mlir::Value value) const;
  const Contents *contents(mlir::Value value) const;
  void setDims(mlir::Value value, Dims dims);
  void setContents(mlir::Value value, Contents contents);

  /// The one operation that reads elements of \p value, once; null if there are
  /// several or none. Those that only read its sizes do not count.
  mlir::Operation *soleReader(mlir::Value value) const;

  /// Dimensions of both values are known and equal.
  bool sameDims(mlir::Value a, mlir::Value b) const;

private:
  SymbolicShapes() = default;
  void readArguments(mlir::func::FuncOp function);

  llvm::DenseMap<mlir::Value, Dims> knownDims;
  llvm::DenseMap<mlir::Value, Contents> knownContents;
};

/// Dimensions of the results of an onnx.node (ShapeFunctions.cpp).
void inferNodeDims(onnx::NodeOp node, SymbolicShapes &shapes);
/// The same for convolutions, padding, arg-maxima, GatherND (ShapeStems.cpp).
std::optional<Dims> stemDims(onnx::NodeOp node, const SymbolicShapes &shapes);
/// Elements of the results of an onnx.node (ShapeContents.cpp).
void inferNodeContents(onnx::NodeOp node, SymbolicShapes &shapes);

/// Sizes of a tensor that both broadcast to, or nothing if they cannot.
std::optional<Dims> broadcast(const Dims &a, const Dims &b);
/// \p symbol, or the number that the file fixes (`dalbit.sizes`).
SymbolicExpr sizeIn(mlir::func::FuncOp function, Symbol symbol);
/// A constant size is a static dimension, any other a dynamic one.
mlir::RankedTensorType tensorType(const Dims &dims, mlir::Type element);

/// Where Slice begins and how many elements it takes of a dimension of \p size.
struct SliceRange {
  SymbolicExpr start;
  SymbolicExpr count;
};
std::optional<SliceRange> sliceRange(const SymbolicExpr &start,
                                     const SymbolicExpr &end, int64_t step,
                                     const SymbolicExpr &size);

} // namespace dalbit::raise
