// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of the module as tensors and back.

#pragma once

#include "compiler/execute/Tensor.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace dalbit::execute {

/// The value of a dense attribute or #onnx.weight. A weight that is stored as
/// it is used stays in the mapped file; the tensor then lives as long as the
/// context. Throws dalbit::Error for an attribute or element type without a
/// tensor and for a file that cannot be read.
Tensor constantTensor(mlir::Attribute value);

/// The tensor as a dense attribute of \p context.
mlir::DenseElementsAttr denseAttribute(mlir::MLIRContext *context,
                                       const Tensor &tensor);

} // namespace dalbit::execute
