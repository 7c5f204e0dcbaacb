// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The numbers of keys that onnxruntime's GroupQueryAttention is told
// (seqlens_k: those of each sequence less one, total_sequence_length: the
// most). Found by evaluating: they count the ones of a mask, follow from sizes,
// or are an input.
//
// A program adds new keys behind all P that it has, so an input must say P + T;
// the argument then carries `dalbit.keys_less`, the number by which its
// elements are less. Whoever runs the function checks them (host::Session,
// execute::FloatExecutor). Without a past they may say less: prompts that are
// padded at their ends, whose tokens see none of the padding anyway.

#pragma once

#include "compiler/raise/SymbolicShapes.h"

#include <string>

namespace dalbit::raise {

class KeyLengths {
public:
  /// \p keys is P + T as the function's sizes have it.
  KeyLengths(mlir::func::FuncOp function, const SymbolicExpr &keys,
             const SymbolicShapes &shapes)
      : function(function), keys(keys), shapes(shapes) {}

  /// Reads \p numbers, input \p name of the operator, which are the keys of
  /// each sequence less \p less; null is fine. False, and `why` says it, if
  /// they are something else.
  bool read(mlir::Value numbers, llvm::StringRef name, int64_t less);
  /// Marks the arguments that hold numbers.
  void mark();

  mlir::BlockArgument mask; ///< flags [B, S] whose ones are counted, or null
  std::string why;

private:
  bool fail(llvm::StringRef name, const std::string &reason);
  bool readMask(mlir::Value numbers, int64_t less);
  bool readInput(mlir::Value numbers, int64_t less);

  mlir::func::FuncOp function;
  SymbolicExpr keys;
  const SymbolicShapes &shapes;
  mlir::BlockArgument argument; ///< that is being read
  llvm::SmallVector<std::pair<mlir::BlockArgument, int64_t>> inputs;
};

} // namespace dalbit::raise
