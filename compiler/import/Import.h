// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an ONNX file to a module of the onnx dialect with one function @main.
//
// Promises
//  - arguments and results are the graph's inputs (without those that an
//    initializer fixes) and outputs, in order; each carries `dalbit.name` (the
//    ONNX name) and `dalbit.dims` (an array of strings, one per dimension: a
//    number, the file's own symbol, or "?"; absent if the rank is unknown);
//  - the module carries `dalbit.source` (the path) and `dalbit.metadata` (the
//    file's metadata_props, a dictionary of strings);
//  - results of nodes have element types but no shapes (tensor<*xf32>);
//  - nodes are in an order in which every value is made before it is used;
//  - Identity and Constant nodes are gone; operators have the one form that
//    README.md describes;
//  - weights stay in the file (#onnx.weight), which must not change while the
//    context lives.
// Errors are emitted on \p context without a location:
// "FILE: node 'NAME' (OP, opset N): cause". No exception leaves.

#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace dalbit::import {

mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importOnnx(mlir::MLIRContext &context, llvm::StringRef path);

} // namespace dalbit::import
