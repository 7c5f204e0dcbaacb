// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors of a model file as attributes: up to 1 KiB (and numbers written one
// by one) dense, the rest as #onnx.weight into the model or its external data.

#pragma once

#include "mlir/IR/BuiltinAttributeInterfaces.h"

#include <string>

namespace onnx {
class TensorProto;
class ValueInfoProto;
} // namespace onnx

namespace dalbit::import {

/// Where a model lies.
struct ModelFile {
  std::string path;   // as the user gave it
  std::string folder; // of the file, with a slash, or empty
};

/// The value of \p tensor, a part of a skeleton of \p file (Skeleton.h).
/// Throws dalbit::Error: element type not supported, bytes that do not match
/// the shape, external data that is missing or outside the model's folder.
mlir::TypedAttr tensorAttribute(mlir::MLIRContext *context,
                                const ::onnx::TensorProto &tensor,
                                const ModelFile &file);

} // namespace dalbit::import
