// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors in files: ONNX TensorProto (.pb, as in test_data_set folders) and
// NumPy (.npy, versions 1 to 3, little-endian, C or Fortran order).
//
// Errors are dalbit::Error naming the file. Written files appear whole or not
// at all. bfloat16 has no NumPy type and is written as float32, 4-bit integers
// as 8-bit ones.

#pragma once

#include "compiler/execute/Tensor.h"

#include <string>

namespace dalbit::execute {

struct TensorFile {
  std::string name; // of the tensor; empty in .npy files
  Tensor tensor;
};

/// The format is told by the content, not by the file's name.
TensorFile readTensorFile(const std::string &path);

void writeNpy(const std::string &path, const Tensor &tensor);

} // namespace dalbit::execute
