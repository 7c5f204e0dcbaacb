// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that a model brings along (ModelProto.functions), as PyTorch's
// newer exporter writes them. A call becomes the nodes of its function.

#pragma once

#include "llvm/ADT/StringMap.h"

#include <string>

namespace onnx {
class FunctionProto;
class GraphProto;
class ModelProto;
class NodeProto;
} // namespace onnx

namespace dalbit::import {

class Functions {
public:
  /// \p model must outlive the object. Throws dalbit::Error for two functions
  /// of one name.
  explicit Functions(const ::onnx::ModelProto &model);

  /// The function that \p node calls, or null.
  const ::onnx::FunctionProto *find(const ::onnx::NodeProto &node) const;

private:
  llvm::StringMap<const ::onnx::FunctionProto *> byName;
};

/// The body of \p function for one call: attributes that refer to the
/// function's are those of \p call (or the function's defaults, or absent),
/// and inputs that the call leaves out are left out. Nothing else is renamed:
/// a body sees only its own names. Throws dalbit::Error if the call has more
/// inputs or outputs than the function.
::onnx::GraphProto bodyFor(const ::onnx::FunctionProto &function,
                           const ::onnx::NodeProto &call);

} // namespace dalbit::import
