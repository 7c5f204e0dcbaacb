// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/Specialise.h"

#include "compiler/raise/Steering.h"

#include <algorithm>

namespace dalbit::tool {

void specialise(const std::string &path, CompileOptions &options,
                std::vector<NamedTensor> &inputs) {
  Compiler compiler;
  mlir::OwningOpRef<mlir::ModuleOp> module = compiler.import(path, options);
  for (const std::string &name : raise::steeringInputs(*module)) {
    auto given = std::find_if(
        inputs.begin(), inputs.end(),
        [&](const NamedTensor &input) { return input.name == name; });
    if (given == inputs.end() || given->tensor.count() != 1)
      continue;
    options.values.push_back(name + "=" +
                             std::to_string(given->tensor.integers()[0]));
    inputs.erase(given);
  }
  for (const NamedTensor &input : inputs) {
    std::string dims = input.name + "=";
    llvm::ArrayRef<int64_t> shape = input.tensor.shape();
    for (size_t i = 0; i < shape.size(); ++i)
      dims += (i ? "," : "") + std::to_string(shape[i]);
    options.actual.push_back(dims);
    // Others may begin with tokens.
    if (!shape.empty() && !options.maxBatch)
      options.maxBatch = std::max<int64_t>(shape[0], 1);
  }
}

} // namespace dalbit::tool
