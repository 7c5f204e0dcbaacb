// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between the compiler's tensors, the host's and files; and facts of a raised
// model.

#pragma once

#include "compiler/execute/Tensor.h"
#include "simulator/host/Session.h"
#include "tools/dalbit/Pipeline.h"

#include "mlir/IR/BuiltinOps.h"

namespace dalbit::tool {

execute::Tensor toTensor(const host::HostTensor &tensor);
host::HostTensor toHost(const std::string &name, const execute::Tensor &tensor);

struct NamedTensor {
  std::string name;
  execute::Tensor tensor;
};

/// NAME=FILE of the command line; .npy or ONNX TensorProto. Throws Error.
std::vector<NamedTensor> readTensors(const std::vector<std::string> &entries);
std::vector<host::HostTensor>
readInputs(const std::vector<std::string> &entries);
/// The actual inputs decide (M2): their sizes, and room for their batch where
/// nothing else was asked for.
void describeInputs(const std::vector<NamedTensor> &inputs,
                    CompileOptions &options);
/// The file in which \p directory keeps a tensor: its name with / as _, .npy.
std::string tensorPath(const std::string &directory, const std::string &name);
/// One .npy for each tensor, at tensorPath. Throws Error.
void writeOutputs(const std::string &directory,
                  const std::vector<NamedTensor> &tensors);

struct ModelFacts {
  int64_t vocabulary = 0; ///< rows of the token embedding; 0 if there is none
  int64_t positions = 0;  ///< rows of the position table; 0 if there is none
};
ModelFacts modelFacts(mlir::ModuleOp raised);

} // namespace dalbit::tool
