// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading the elements of a constant, whether it lies in a mapped file
// (#onnx.weight) or in the module (a dense attribute).
//
// Left out: zero-copy access, which compiler/execute/Constants.h gives.

#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace dalbit::onnx {

class WeightAttr;

/// Bytes of one stored element: bool is one byte. Zero for types that no
/// tensor of the standard has.
int64_t elementBytes(mlir::Type element);

/// Converts \p value, a #onnx.weight, #onnx.codes or dense attribute of a
/// float, integer or bool type, to float, row-major in the viewed order.
/// Integers beyond 2^24 round. Throws dalbit::Error if the file cannot be read
/// or ends too early.
void readWeight(mlir::Attribute value, llvm::SmallVectorImpl<float> &out);

/// The same for 64-bit integers; floats are truncated toward zero.
void readWeight(mlir::Attribute value, llvm::SmallVectorImpl<int64_t> &out);

/// The stored bytes of \p weight (the whole source tensor, not the view).
/// They stay valid as long as the context. Throws dalbit::Error.
llvm::ArrayRef<char> weightBytes(WeightAttr weight);

} // namespace dalbit::onnx
