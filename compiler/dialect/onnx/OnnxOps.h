// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The onnx dialect in C++ (described in OnnxOps.td).

#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <memory>
#include <optional>

namespace dalbit {
class MappedFile;
namespace onnx {
class MappedFileTable;
} // namespace onnx
} // namespace dalbit

#include "compiler/dialect/onnx/OnnxDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "compiler/dialect/onnx/OnnxAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "compiler/dialect/onnx/OnnxTypes.h.inc"

#define GET_OP_CLASSES
#include "compiler/dialect/onnx/OnnxOps.h.inc"
