// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What integers of a graph that was quantised before it came here stand for
// (A13): the floats from which they were made, computed in floats all the way.

#pragma once

#include "compiler/raise/Graph.h"

#include <map>

namespace dalbit::raise {

/// An integer tensor with what its elements stand for.
struct Quantised {
  mlir::Value codes, scale, zero; // zero: null for 0
  int64_t axis = 0, block = 0;
};

/// Writes the floats behind integers of one function; what was written is used
/// again.
class FloatsOfCodes {
public:
  explicit FloatsOfCodes(mlir::MLIRContext *context) : context(context) {}

  /// The floats that \p q stands for, or null if the operators behind it are
  /// not known. Constants are made in front of \p user.
  mlir::Value of(const Quantised &q, onnx::NodeOp user);
  /// What an operator on integers computes, before its result is quantised;
  /// null if it is not known.
  mlir::Value result(onnx::NodeOp node);
  /// \p x cut to the range of the static quantiser \p q, or \p x. \p isFactor:
  /// it is the activation of a product with a weight.
  mlir::Value clipped(mlir::Value x, const Quantised &q, bool isFactor);

private:
  mlir::Value make(const Quantised &q, onnx::NodeOp user);
  mlir::Value throughMove(const Quantised &q, onnx::NodeOp move);
  mlir::Value constant(const Quantised &q, onnx::NodeOp user);
  mlir::Value scaledBias(mlir::Value bias, mlir::Value a, mlir::Value b,
                         onnx::NodeOp user);
  mlir::Value operand(onnx::NodeOp node, unsigned at, int64_t axis,
                      bool isFactor);
  mlir::Value product(onnx::NodeOp node);

  using Key = std::tuple<void *, void *, void *>;
  mlir::MLIRContext *context;
  /// What integer tensors stand for, by codes, scale and zero point.
  std::map<Key, mlir::Value> made;
  /// Floats cut to the range of a quantiser, by floats, scale and zero point.
  std::map<Key, mlir::Value> clips;
};

/// Input \p index, or null if it is left out.
mlir::Value inputOf(onnx::NodeOp node, unsigned index);
/// The floats in the sizes of \p value.
mlir::Type floatsLike(mlir::Value value);
/// An operator of the standard in the place of \p like.
mlir::Value makeFloatNode(mlir::OpBuilder &builder, onnx::NodeOp like,
                          llvm::StringRef type, mlir::ValueRange inputs,
                          mlir::Type result,
                          mlir::DictionaryAttr attributes = {});
/// Any operator of \p type, of the standard or onnxruntime's.
bool isStandardOrMicrosoft(onnx::NodeOp node, llvm::StringRef type);
/// Scale and zero point of the result of an operator on integers.
std::pair<mlir::Value, mlir::Value> scaleOfResult(onnx::NodeOp node);

} // namespace dalbit::raise
