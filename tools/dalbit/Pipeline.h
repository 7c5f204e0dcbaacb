// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler as one call: an ONNX file to a program, with a look at any step
// between.

#pragma once

#include "isa/binary/Program.h"
#include "isa/target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>
#include <string>
#include <vector>

namespace dalbit::tool {

struct CompileOptions {
  std::string target = target::DefaultTarget;
  std::string weights = "w8";
  std::vector<std::string> int16; ///< nodes whose layers take rows of 16 bits
  int64_t maxContext = 0;         ///< 0: the position table's size, else 2048
  int64_t maxBatch = 0;           ///< 0: 4 if the caches are small, else 1
  /// NAME=DIMS of inputs, numbers or symbols; NAME=VALUE of inputs that steer
  /// shapes.
  std::vector<std::string> shapes, values;
  std::vector<std::string> results; ///< names of those to keep; empty: all
  /// NAME=DIMS of inputs that will be given (M2).
  std::vector<std::string> actual;
  /// onnx, nn, qnn, npu or asm: text of that step instead of a program.
  std::string emit;
};

/// A context with all dialects that collects errors for an Error and prints
/// warnings.
class Compiler {
public:
  Compiler();
  ~Compiler();

  mlir::MLIRContext &context() { return *mlir; }
  /// The model as imported, and the same raised to [nn]. Throw Error.
  /// The first keeps the results that options.results names.
  mlir::OwningOpRef<mlir::ModuleOp> import(const std::string &path,
                                           const CompileOptions &options);
  void raise(mlir::ModuleOp module, const CompileOptions &options);
  /// [nn] to [qnn] in place. Throws Error.
  void quantise(mlir::ModuleOp module, const CompileOptions &options);
  /// Throws Error. With options.emit the text goes to \p emitted.
  binary::Program compile(const std::string &path,
                          const CompileOptions &options,
                          std::string *emitted = nullptr);

private:
  /// Throws what was diagnosed.
  [[noreturn]] void fail(const std::string &fallback);
  void requireSteered(mlir::ModuleOp module);

  std::unique_ptr<mlir::MLIRContext> mlir;
  std::string source; ///< the model's file
  std::vector<std::string> errors, notes;
};

} // namespace dalbit::tool
