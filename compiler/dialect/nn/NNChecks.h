// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What verifiers of the nn dialect have in common. A dynamic dimension agrees
// with every size.

#pragma once

#include "compiler/dialect/nn/NNOps.h"

namespace dalbit::nn {

inline mlir::RankedTensorType tensorType(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

inline bool agree(int64_t a, int64_t b) {
  return mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b) ||
         a == b;
}

inline mlir::LogicalResult fails(mlir::Operation *op, llvm::StringRef rule,
                                 const llvm::Twine &what) {
  return op->emitOpError() << what << " (" << rule << ")";
}

/// Checks that \p value has the sizes \p dims; a dynamic entry is any size.
mlir::LogicalResult checkShape(mlir::Operation *op, llvm::StringRef rule,
                               llvm::StringRef what, mlir::Value value,
                               llvm::ArrayRef<int64_t> dims);

/// Checks \p groups parts of the rows \p x, and \p gamma of one or of all.
mlir::LogicalResult checkGroups(mlir::Operation *op, mlir::StringRef rule,
                                mlir::Value x, int64_t groups,
                                mlir::Value gamma);

} // namespace dalbit::nn
