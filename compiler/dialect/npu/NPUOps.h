// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The npu dialect in C++. Start at NPUOps.td.

#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "compiler/dialect/npu/NPUDialect.h.inc"
#include "compiler/dialect/npu/NPUEnums.h.inc"
#include "compiler/dialect/npu/NPUInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "compiler/dialect/npu/NPUAttributes.h.inc"

#define GET_OP_CLASSES
#include "compiler/dialect/npu/NPUOps.h.inc"

namespace dalbit::npu {

/// Unit number (isa/npu.td) of a job.
unsigned getUnit(mlir::Operation *job);

/// The units' numbers, in the order of isa/npu.td; then the sequencer.
enum : unsigned {
  DmaIn,
  DmaOut,
  Matrix,
  Vector,
  UnitCount,
  Sequencer = UnitCount
};

} // namespace dalbit::npu
