// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the steps that take experts apart share.

#pragma once

#include "compiler/raise/NodeWriter.h"
#include "compiler/raise/SymbolicShapes.h"

namespace dalbit::raise {

/// An operator that experts have between their products, element by element.
inline bool isElementwise(onnx::NodeOp node) {
  return llvm::is_contained({"Add", "Sub", "Mul", "Div", "Pow", "Neg",
                             "Sigmoid", "Tanh", "Erf", "Relu", "Gelu"},
                            node.getOpType());
}

/// A new operator of floats whose result has the sizes that \p shapes finds.
inline mlir::Value writeSized(NodeWriter &write, SymbolicShapes &shapes,
                              llvm::StringRef type, mlir::ValueRange inputs,
                              NodeWriter::Attributes attributes = {}) {
  mlir::Value value = write(type, inputs, attributes);
  shapes.infer(value.getDefiningOp());
  if (const Dims *dims = shapes.dims(value))
    value.setType(tensorType(*dims, write.builder.getF32Type()));
  return value;
}

} // namespace dalbit::raise
