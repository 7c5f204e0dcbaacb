// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/dialect/qnn/QNNOps.h"

#include "compiler/dialect/qnn/QNNDialect.cpp.inc"

#define GET_OP_CLASSES
#include "compiler/dialect/qnn/QNNOps.cpp.inc"

void dalbit::qnn::QNNDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "compiler/dialect/qnn/QNNOps.cpp.inc"
      >();
}
