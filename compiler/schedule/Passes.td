// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DALBIT_SCHEDULE_PASSES
#define DALBIT_SCHEDULE_PASSES

include "mlir/Pass/PassBase.td"

def ScheduleQNN : Pass<"qnn-to-npu", "mlir::ModuleOp"> {
  let summary = "writes the jobs of prefill and decode, with addresses and semaphores";
  let description = [{
    Needs: one function of qnn operations. Leaves: functions `prefill` and `decode` of npu jobs in
    which every buffer has an address and every two conflicting jobs of different units are ordered
    (proved by `npu-verify-sync`).
  }];
  let options = [
    Option<"target", "target", "std::string", "\"edge\"", "built-in target or TOML file">,
    Option<"context", "context", "int64_t", "256", "largest P + T">];
  let dependentDialects = ["npu::NPUDialect", "mlir::arith::ArithDialect", "mlir::scf::SCFDialect",
                           "mlir::memref::MemRefDialect"];
}

def VerifySync : Pass<"npu-verify-sync", "mlir::func::FuncOp"> {
  let summary = "proves that jobs neither race nor wait for ever";
  let description = [{
    Replays the semaphores of each segment between barriers in program order. Changes nothing; fails
    at the first job that may touch what another unit still uses, or that waits for a signal that
    never comes.
  }];
}

def InsertSemaphores : Pass<"npu-insert-semaphores", "mlir::func::FuncOp"> {
  let summary = "makes every cross-unit dependence wait for its producer";
  let description = [{
    Needs: buffers with addresses. Leaves: no job that reads a word another unit may still write, or
    writes one that another may still read; `npu-verify-sync` proves it.
  }];
}

#endif
