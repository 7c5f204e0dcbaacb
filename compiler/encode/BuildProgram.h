// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A schedule becomes a program: code, contents of the regions, and the tables
// by which a host finds the model's tensors in memory.

#pragma once

#include "compiler/schedule/Schedule.h"
#include "isa/binary/Program.h"
#include "isa/target/Target.h"

namespace dalbit::encode {

/// \p source is the [qnn] module of the schedule; its function carries the ONNX
/// names and dimensions.
mlir::FailureOr<binary::Program>
buildProgram(mlir::ModuleOp source, const schedule::Schedule &schedule,
             const target::Target &target);

} // namespace dalbit::encode
