// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants of integers with scales (#onnx.codes): made, cut and turned.

#pragma once

#include "compiler/dialect/onnx/OnnxOps.h"

namespace dalbit::raise {

/// What DequantizeLinear gives for constants; vectors and numbers, which no
/// product takes as integers, come as plain floats. Null if the sizes do not
/// fit.
mlir::TypedAttr codesConstant(mlir::TypedAttr codes, mlir::TypedAttr scales,
                              mlir::TypedAttr zeros, int64_t axis,
                              int64_t block);

/// Element by element product of two constants of floats, of which one may be a
/// single number; null if their shapes differ.
mlir::TypedAttr productOf(mlir::TypedAttr a, mlir::TypedAttr b);

/// Columns [start, start + size) of each \p step columns of dimension \p dim.
/// Null if blocks of codes are cut.
mlir::TypedAttr sliceCodes(onnx::CodesAttr value, int64_t dim, int64_t step,
                           int64_t start, int64_t size);

/// A matrix the other way round.
mlir::TypedAttr transposeCodes(onnx::CodesAttr value);

} // namespace dalbit::raise
