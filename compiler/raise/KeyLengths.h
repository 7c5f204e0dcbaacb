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
// padded at their ends, whose tokens see none of the padding anyway. The total
// (`dalbit.keys_total`) counts the padding, so its largest element says all.

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

  /// Reads seqlens_k, the keys of each sequence less one; null is fine. False,
  /// and `why` says it, if they are something else.
  bool readLast(mlir::Value numbers) { return read(numbers, 1, false); }
  /// The same of total_sequence_length, the most keys of a sequence.
  bool readTotal(mlir::Value number) { return read(number, 0, true); }
  /// Marks the arguments that hold numbers.
  void mark();

  mlir::BlockArgument mask; ///< flags [B, S] whose ones are counted, or null
  std::string why;

private:
  /// An argument that holds numbers: keys less `less`.
  struct Input {
    mlir::BlockArgument argument;
    int64_t less = 0;
    bool isTotal = false;
  };

  bool read(mlir::Value numbers, int64_t less, bool isTotal);
  bool fail(bool isTotal, const std::string &reason);
  bool readMask(mlir::Value numbers, int64_t less);
  std::optional<int64_t> readInput(mlir::Value numbers);

  mlir::func::FuncOp function;
  SymbolicExpr keys;
  const SymbolicShapes &shapes;
  mlir::BlockArgument argument; ///< that is being read
  llvm::SmallVector<Input> inputs;
};

} // namespace dalbit::raise
