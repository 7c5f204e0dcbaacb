// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an ONNX model holds, as `inspect` and `compile --explain` show it.

#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dalbit::tool {

struct OnnxFacts {
  struct Port {
    std::string name, element;     ///< element: f32, i64 ...
    std::vector<std::string> dims; ///< as the file names them
  };
  std::vector<Port> inputs, outputs;
  /// Each open dimension with the inputs and places that have it.
  std::map<std::string, std::vector<std::string>> symbols;
  std::map<std::string, int64_t> opsets; ///< by domain
  std::map<std::string, int> operators;  ///< nodes, by domain.type
  int64_t nodes = 0;
  int64_t elements = 0, bytes = 0; ///< of constants
};

/// Of @main of an imported module.
OnnxFacts onnxFacts(mlir::ModuleOp imported);

/// "[a, b]".
std::string listOf(const std::vector<std::string> &parts);

} // namespace dalbit::tool
