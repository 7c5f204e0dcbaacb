// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers of #onnx.codes: floats, and the integers themselves where a product
// can take them.

#pragma once

#include "compiler/dialect/onnx/OnnxOps.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dalbit::onnx {

/// Why these would be no #onnx.codes; empty if they would.
std::string misfit(mlir::TypedAttr codes, mlir::TypedAttr scales,
                   mlir::TypedAttr zeros, int64_t axis, int64_t block);

/// The floats that \p codes stands for, row-major. Throws dalbit::Error if a
/// file cannot be read.
void readCodes(CodesAttr codes, llvm::SmallVectorImpl<float> &out);

/// A matrix [K, N] of integers, their zero points subtracted, with one scale a
/// column.
struct Grid {
  std::vector<int32_t> codes; ///< [k][n]
  std::vector<float> scales;  ///< [n]
};

/// \p weight as such a grid; nothing if it is not made of codes or has several
/// scales in a column.
std::optional<Grid> gridOf(mlir::Attribute weight);

} // namespace dalbit::onnx
