// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/OnnxFacts.h"

#include "compiler/dialect/onnx/OnnxOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/raw_ostream.h"

namespace dalbit::tool {

namespace {

OnnxFacts::Port portOf(mlir::DictionaryAttr attrs, mlir::Type type,
                       const std::string &fallback) {
  OnnxFacts::Port port{fallback, "", {}};
  llvm::raw_string_ostream(port.element) << mlir::getElementTypeOrSelf(type);
  if (!attrs)
    return port;
  if (auto name = attrs.getAs<mlir::StringAttr>("dalbit.name"))
    port.name = name.str();
  if (auto dims = attrs.getAs<mlir::ArrayAttr>("dalbit.dims"))
    for (mlir::Attribute dim : dims)
      port.dims.push_back(mlir::cast<mlir::StringAttr>(dim).getValue().str());
  return port;
}

} // namespace

OnnxFacts onnxFacts(mlir::ModuleOp imported) {
  OnnxFacts facts;
  auto function = *imported.getOps<mlir::func::FuncOp>().begin();
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    facts.inputs.push_back(portOf(function.getArgAttrDict(i),
                                  function.getArgument(i).getType(),
                                  std::to_string(i)));
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    facts.outputs.push_back(portOf(function.getResultAttrDict(i),
                                   function.getResultTypes()[i],
                                   std::to_string(i)));
  for (const OnnxFacts::Port &input : facts.inputs)
    for (size_t at = 0; at < input.dims.size(); ++at)
      if (input.dims[at].find_first_not_of("0123456789") != std::string::npos)
        facts.symbols[input.dims[at]].push_back(input.name + "." +
                                                std::to_string(at));
  function.walk([&](mlir::Operation *op) {
    if (auto node = mlir::dyn_cast<onnx::NodeOp>(op)) {
      std::string domain = node.getDomain().str();
      facts.opsets[domain.empty() ? "ai.onnx" : domain] =
          int64_t(node.getOpset());
      ++facts.operators[(domain.empty() ? "" : domain + ".") +
                        node.getOpType().str()];
      ++facts.nodes;
    } else if (auto constant = mlir::dyn_cast<onnx::ConstantOp>(op)) {
      auto type = mlir::cast<mlir::ShapedType>(constant.getType());
      facts.elements += type.getNumElements();
      facts.bytes += type.getNumElements() *
                     (type.getElementType().getIntOrFloatBitWidth() + 7) / 8;
    }
  });
  return facts;
}

std::string listOf(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return "[" + text + "]";
}

} // namespace dalbit::tool
