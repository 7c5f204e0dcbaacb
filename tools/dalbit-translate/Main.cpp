// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two ends of the compiler alone: an ONNX file to the onnx dialect, and
// jobs of the npu dialect to assembly.

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/npu/NPUOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/encode/Lower.h"
#include "compiler/import/Import.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

namespace {

/// Each function as a label and its instructions.
LogicalResult printAssembly(Operation *op, raw_ostream &os) {
  LogicalResult result = success();
  op->walk([&](func::FuncOp function) {
    std::vector<dalbit::encode::LoweredInstruction> code;
    if (failed(dalbit::encode::lower(function, code))) {
      result = failure();
      return;
    }
    os << function.getName() << ":\n";
    for (const auto &instruction : code)
      os << "  " << dalbit::isa::print(instruction.instruction) << "\n";
  });
  return result;
}

} // namespace

int main(int argc, char **argv) {
  TranslateToMLIRRegistration import(
      "import-onnx", "ONNX file to the onnx dialect",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        context->loadDialect<dalbit::onnx::OnnxDialect, func::FuncDialect>();
        // Weights stay in the file, so its name is what counts.
        auto name = sources.getMemoryBuffer(sources.getMainFileID())
                        ->getBufferIdentifier();
        auto module = dalbit::import::importOnnx(*context, name);
        return succeeded(module) ? OwningOpRef<Operation *>(module->release())
                                 : OwningOpRef<Operation *>();
      });
  TranslateFromMLIRRegistration assembly(
      "npu-to-asm", "jobs of the npu dialect to assembly", printAssembly,
      [](DialectRegistry &registry) {
        registry.insert<arith::ArithDialect, func::FuncDialect,
                        memref::MemRefDialect, scf::SCFDialect,
                        dalbit::npu::NPUDialect>();
      });
  return failed(mlirTranslateMain(argc, argv, "Dalbit's translation driver"));
}
