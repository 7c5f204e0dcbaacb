// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs passes of the compiler on MLIR text, for tests and for looking at one
// step alone.

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/npu/NPUOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/quantise/Passes.h"
#include "compiler/raise/Passes.h"
#include "compiler/schedule/Passes.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                  dalbit::onnx::OnnxDialect, dalbit::nn::NNDialect,
                  dalbit::qnn::QNNDialect, dalbit::npu::NPUDialect>();
  mlir::registerTransformsPasses();
  dalbit::quantise::registerDalbitQuantisePasses();
  dalbit::raise::registerRaisePasses();
  dalbit::schedule::registerDalbitSchedulePasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Dalbit's pass driver\n", registry));
}
