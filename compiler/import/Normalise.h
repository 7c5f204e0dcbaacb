// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One form of every operator, whatever version of the standard a model uses.
// README.md lists the forms.

#pragma once

#include "mlir/IR/Builders.h"

#include <string>

namespace dalbit::import {

/// A node about to be built.
struct Draft {
  std::string type;
  int version = 0; // of the operator (Operator::since)
  llvm::SmallVector<mlir::Value> inputs;
  mlir::NamedAttrList attributes;
};

/// Brings \p draft into its one form; new constants go where \p builder
/// stands. Throws dalbit::Error.
void normalise(Draft &draft, mlir::OpBuilder &builder, mlir::Location loc);

} // namespace dalbit::import
