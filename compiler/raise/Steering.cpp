// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Steering.h"

#include "compiler/raise/Graph.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dalbit::raise {

static bool isOneInteger(BlockArgument argument) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  return type && type.hasStaticShape() && type.getNumElements() == 1 &&
         isa<IntegerType>(type.getElementType());
}

std::vector<std::string> steeringInputs(ModuleOp module) {
  func::FuncOp function = mainFunction(module);
  if (!function)
    return {};
  llvm::SetVector<Value> seen;
  function.walk([&](onnx::NodeOp node) {
    size_t deciding = node.isOnnx("If") ? 1 : node.isOnnx("Loop") ? 2 : 0;
    for (Value input : node.getInputs().take_front(deciding))
      seen.insert(input);
  });
  for (size_t i = 0; i < seen.size(); ++i) {
    Operation *op = seen[i].getDefiningOp();
    if (!op)
      continue;
    // What follows from sizes is decided by them.
    auto node = dyn_cast<onnx::NodeOp>(op);
    if (!node || node.isOnnx("Shape") || node.isOnnx("Size"))
      continue;
    seen.insert(op->operand_begin(), op->operand_end());
  }
  std::vector<std::string> names;
  for (BlockArgument argument : function.getArguments())
    if (seen.contains(argument) && isOneInteger(argument))
      if (auto name = function.getArgAttrOfType<StringAttr>(
              argument.getArgNumber(), "dalbit.name"))
        names.push_back(name.str());
  return names;
}

} // namespace dalbit::raise
