// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors as libonnx's protobuf message holds them. Every function throws
// dalbit::Error if type, shape and data do not go together.
//
// Left out: external data and tensors cut out of a model file, which
// compiler/import/Tensors.h adds.

#pragma once

#include "compiler/execute/Tensor.h"

namespace onnx {
class TensorProto;
} // namespace onnx

namespace dalbit::execute {

struct TensorHeader {
  ElementType element;
  Shape shape;
  int64_t count = 1;
  int64_t bytes = 0; // in the file: 4-bit integers are packed there
};

/// Type and shape, checked.
TensorHeader headerOf(const ::onnx::TensorProto &tensor);
/// Throws unless \p found bytes are what \p header needs.
void requireBytes(const TensorHeader &header, int64_t found);
/// A copy of header.bytes bytes.
Tensor tensorOfBytes(const TensorHeader &header, const char *bytes);
/// The value, from raw_data or from the field of the element type.
Tensor tensorOfProto(const ::onnx::TensorProto &tensor);

} // namespace dalbit::execute
