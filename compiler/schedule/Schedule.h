// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// [qnn] to [npu]: the jobs of the entry points `prefill` and `decode`.

#pragma once

#include "compiler/schedule/Plan.h"

#include "mlir/IR/BuiltinOps.h"

namespace dalbit::schedule {

struct Schedule {
  Plan plan;
  /// Functions prefill and decode over (tokens, position, batch, all_rows);
  /// buffers have addresses, jobs have semaphores.
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Schedules the module's one function. The largest prefill block whose buffers
/// fit is taken. Errors are emitted; among them that nothing fits.
mlir::FailureOr<Schedule> schedule(mlir::ModuleOp qnn, const Options &options);

// The passes that follow the emission, on one function each (Passes of this
// folder).
mlir::LogicalResult allocate(mlir::func::FuncOp function,
                             const Machine &machine, bool quiet);
void insertSemaphores(mlir::func::FuncOp function);
/// Proves that every two conflicting jobs are ordered and that no job waits for
/// ever.
mlir::LogicalResult verifySync(mlir::func::FuncOp function);

} // namespace dalbit::schedule
