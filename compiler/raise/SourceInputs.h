// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two sides of an encoder-decoder: inputs whose length is that of the
// source text (or sound), not of the tokens that are made.

#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace dalbit::raise {

/// What is known about an input before its sizes are.
struct InputFacts {
  std::string name;
  mlir::RankedTensorType type;
  /// The exporter's name of the dimension that may be a length, or empty.
  std::string lengthName;
  /// Its size as the file or the user says it.
  std::optional<int64_t> length;
};

/// The dimension that may be a length: of caches [B, heads, S, d] the third, of
/// others the second; -1 if there is none.
int64_t lengthAxis(mlir::RankedTensorType type);

/// For every input whether it is one of the source. Names say so ("encoder",
/// "cross", or that the tokens are those of a decoder); else two inputs of
/// tokens whose sizes and exporter's names differ, of which \p outputNames (of
/// dimensions of the first result) has one. All false if no input of tokens
/// would be left, as in a model that is an encoder.
llvm::SmallVector<bool> findSource(llvm::ArrayRef<InputFacts> inputs,
                                   llvm::ArrayRef<std::string> outputNames);

} // namespace dalbit::raise
