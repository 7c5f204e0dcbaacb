// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The three names of an element type: the number in TensorProto.DataType of
// the standard, MLIR's type (signed integers are signless there, unsigned ones
// unsigned, bool is i1) and the executor's enumerator.

#pragma once

#include "compiler/execute/Tensor.h"

#include "mlir/IR/Types.h"

#include <optional>

namespace dalbit::execute {

/// Nothing for a number that the standard does not have or Dalbit does not
/// support (strings, complex numbers, 8-bit floats, 2-bit integers).
std::optional<ElementType> elementOfOnnx(int dataType);
/// "float", "int4" ...: the standard's name, for messages.
std::string onnxElementName(int dataType);
int onnxOfElement(ElementType type);

mlir::Type mlirOfElement(mlir::MLIRContext *context, ElementType type);
std::optional<ElementType> elementOfMlir(mlir::Type type);

} // namespace dalbit::execute
