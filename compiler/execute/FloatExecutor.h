// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs @main of a module in float, as the ONNX standard defines it: nodes of
// the onnx dialect by the operator table, operations of the nn dialect by the
// kernels in nn/. Raised, half raised and imported modules all run.
//
// Promises: the module is not changed and must outlive the executor; constants
// are read once per executor; a value is freed after its last use. Errors are
// dalbit::Error naming the model's file, if the module says it, and
// the node. One executor runs one call at a time.

#pragma once

#include "compiler/execute/Tensor.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dalbit::execute {

/// A graph input or output as the model names it.
struct Port {
  std::string name;
  mlir::Type type; // a tensor type
};

class FloatExecutor {
public:
  /// Throws dalbit::Error if the module has no function @main.
  explicit FloatExecutor(mlir::ModuleOp module);
  ~FloatExecutor();

  const std::vector<Port> &inputs() const;
  const std::vector<Port> &outputs() const;

  /// Inputs and outputs in the order of the function. Inputs are checked
  /// against the element types, ranks and fixed dimensions of the arguments;
  /// uint16 is taken for the bits of bfloat16.
  std::vector<Tensor> run(llvm::ArrayRef<Tensor> inputs);

  /// Called with every value of the function right after it is computed.
  std::function<void(mlir::Value, const Tensor &)> observer;

private:
  std::vector<Tensor> runBody(llvm::ArrayRef<Tensor> inputs);

  struct State;
  std::unique_ptr<State> state;
};

/// The value of \p value if those of \p known are given; everything else that
/// it depends on is computed. Throws dalbit::Error if it depends on a function
/// argument that is not known.
Tensor evaluate(mlir::Value value,
                const llvm::DenseMap<mlir::Value, Tensor> &known);

} // namespace dalbit::execute
