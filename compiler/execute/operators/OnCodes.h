// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnxruntime's operators on codes that are operators of the standard on what
// the codes stand for, quantised again: QLinearAdd and its kin. One table for
// the executor's rows and for raising.

#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace dalbit::execute {

struct CodesOperator {
  const char *name;     // of com.microsoft
  const char *standard; // the operator on floats
  /// First inputs, floats or flags that have no scale.
  unsigned plain = 0;
  /// How many operands follow, each as codes, scale, zero point; 0: all.
  unsigned operands = 1;
  /// Scale and zero point of the result come first.
  bool resultFirst = false;

  /// Where the codes of each operand stand among \p inputs inputs.
  llvm::SmallVector<unsigned> operandsAt(unsigned inputs) const;
  /// Where the scale of the result stands; its zero point follows.
  unsigned resultAt() const { return resultFirst ? 0 : plain + 3 * operands; }
  /// Attributes of the standard's operator at opset 17 for \p attributes of
  /// this one; channels are not last.
  static mlir::DictionaryAttr
  standardAttributes(mlir::DictionaryAttr attributes);
};

/// The operator of com.microsoft called \p name, or null.
const CodesOperator *codesOperator(llvm::StringRef name);

} // namespace dalbit::execute
