// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float kernels of the nn dialect: what each operation computes is written in
// compiler/dialect/nn/NNOps.td.

#pragma once

#include "compiler/execute/Tensor.h"

#include "mlir/IR/Operation.h"

#include <optional>
#include <vector>

namespace dalbit::execute {

/// The sizes that stay symbolic (contract M1), as one call binds them.
struct Symbols {
  int64_t batch = 1;
  int64_t tokens = 1;
  int64_t past = 0;
};

/// The results of \p op for these operands (null: left out), or nothing if it
/// is no operation of the nn dialect. \p symbols may be null; operations that
/// need them (nn.position_ids) then throw. Throws dalbit::Error.
std::optional<std::vector<Tensor>> runNN(mlir::Operation *op,
                                         llvm::ArrayRef<const Tensor *> inputs,
                                         const Symbols *symbols);

} // namespace dalbit::execute
