// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between the compiler's tensors, the host's and files; and facts of a raised
// model.

#pragma once

#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/Tensor.h"
#include "simulator/host/Session.h"

#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <string>

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
/// The type as ONNX calls it: "float", "int64" ...
std::string onnxName(execute::ElementType type);
/// The tensors of \p ports. Throws Error if one is missing.
std::vector<execute::Tensor> inOrder(const std::vector<execute::Port> &ports,
                                     const std::vector<NamedTensor> &inputs);
/// What an input of a model holds, as ONNX calls it: "float", "int64" ...
struct InputType {
  std::string name, type;
};
std::vector<InputType> inputTypes(const std::vector<execute::Port> &ports);
/// \p inputs with the elements that the model \p wants: integers and flags
/// become those of another width that hold their values, floats other floats.
/// Throws Error for all else. Names that the model does not have stay.
std::vector<NamedTensor> conformed(std::vector<NamedTensor> inputs,
                                   const std::vector<InputType> &wanted);
/// P as caches [B, heads, P, size] among a model's inputs show it, else 0.
int64_t pastOf(const std::vector<execute::Tensor> &inputs);
/// The file in which \p directory keeps a tensor: its name with / as _, .npy.
std::string tensorPath(const std::string &directory, const std::string &name);
/// One .npy for each tensor, at tensorPath. Throws Error.
void writeOutputs(const std::string &directory,
                  const std::vector<NamedTensor> &tensors);

struct ModelFacts {
  int64_t vocabulary = 0; ///< rows of the token embedding; 0 if there is none
  int64_t positions = 0;  ///< rows of the position table; 0 if there is none
  /// The first result of floats [B, T, columns] or [B, columns] that the file
  /// has, and its columns, 0 if they are open. Empty if there is none.
  std::string logits;
  int64_t columns = 0;
  /// Inputs that hold numbers of keys, and by how much they are less.
  std::map<std::string, int64_t> keysLess;
};
ModelFacts modelFacts(mlir::ModuleOp raised);

} // namespace dalbit::tool
