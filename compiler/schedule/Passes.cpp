// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/schedule/Passes.h"

#include "compiler/schedule/Schedule.h"
#include "isa/target/Target.h"
#include "support/Error.h"

namespace dalbit::schedule {

#define GEN_PASS_DEF_INSERTSEMAPHORES
#define GEN_PASS_DEF_SCHEDULEQNN
#define GEN_PASS_DEF_VERIFYSYNC
#include "compiler/schedule/Passes.h.inc"

namespace {

struct ScheduleQNN : impl::ScheduleQNNBase<ScheduleQNN> {
  using ScheduleQNNBase::ScheduleQNNBase;
  void runOnOperation() override {
    Options options;
    options.maxContext = context;
    try {
      options.machine = machineOf(target::loadTarget(target));
      mlir::FailureOr<Schedule> result = schedule(getOperation(), options);
      if (mlir::failed(result))
        return signalPassFailure();
      getOperation().getBodyRegion().takeBody(result->module->getBodyRegion());
    } catch (const Error &error) { // of the target, or of a weight's file
      getOperation().emitError() << error.what();
      signalPassFailure();
    }
  }
};

struct InsertSemaphores : impl::InsertSemaphoresBase<InsertSemaphores> {
  void runOnOperation() override { insertSemaphores(getOperation()); }
};

struct VerifySync : impl::VerifySyncBase<VerifySync> {
  void runOnOperation() override {
    if (mlir::failed(verifySync(getOperation())))
      signalPassFailure();
  }
};

} // namespace

} // namespace dalbit::schedule
