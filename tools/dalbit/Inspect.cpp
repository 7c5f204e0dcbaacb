// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit inspect: what a binary or an ONNX model holds.

#include "compiler/dialect/onnx/OnnxOps.h"
#include "isa/binary/Binary.h"
#include "isa/binary/Disassembly.h"
#include "tools/dalbit/Commands.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/raw_ostream.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace dalbit::tool {

namespace {

std::string join(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return "[" + text + "]";
}

void inspectBinary(const std::string &path, bool disassemble) {
  binary::Program program = binary::readBinary(path);
  if (disassemble) {
    std::fputs(binary::disassemble(program).c_str(), stdout);
    return;
  }
  target::Target target = target::parseTarget(program.target, path);
  std::printf("target    %s: %d x %d array, %u KiB scratchpad, %s\n",
              target.name.c_str(), target.outputs, target.lanes,
              unsigned(target.scratchpadKib), target.dramDevice.c_str());
  std::printf("limits    context %u, batch %u\n", program.limits.context,
              program.limits.batch);
  std::printf("code      %zu instructions\n", program.code.size());
  for (const binary::EntryPoint &entry : program.entries)
    std::printf("entry     %-8s at %u %s\n", entry.name.c_str(), entry.pc,
                join(entry.arguments).c_str());
  for (const binary::RegionEntry &region : program.regions)
    std::printf("region    %-10s %12llu bytes\n",
                isa::regions()[unsigned(region.kind)].name,
                static_cast<unsigned long long>(region.size));
  for (const binary::Tensor &tensor : program.tensors)
    std::printf("tensor    %-8s %-28s %s as %s%s\n", binary::name(tensor.kind),
                tensor.name.c_str(), join(tensor.shape).c_str(),
                binary::name(tensor.type),
                tensor.alias.empty() ? "" : (" over " + tensor.alias).c_str());
  uint64_t weights = 0, macs = 0;
  for (const binary::Layer &layer : program.layers) {
    std::printf(
        "layer     %3u %-12s %-40s %9llu weight bytes %9llu MACs a token\n",
        layer.tag, layer.kind.c_str(), layer.name.c_str(),
        static_cast<unsigned long long>(layer.weightBytes),
        static_cast<unsigned long long>(layer.macsPerToken));
    weights += layer.weightBytes;
    macs += layer.macsPerToken;
  }
  std::printf("total     %llu weight bytes a step, %llu MACs a token without "
              "attention\n",
              static_cast<unsigned long long>(weights),
              static_cast<unsigned long long>(macs));
  nlohmann::json facts = nlohmann::json::parse(program.model);
  for (const auto &[fact, value] : facts.items())
    std::printf("model     %-28s %s\n", fact.c_str(),
                value.is_string() ? value.get<std::string>().c_str()
                                  : value.dump().c_str());
}

/// Dimensions of a graph input or output as the file names them.
std::vector<std::string> dimsOf(mlir::DictionaryAttr attrs) {
  std::vector<std::string> dims;
  if (auto names = attrs ? attrs.getAs<mlir::ArrayAttr>("dalbit.dims")
                         : mlir::ArrayAttr())
    for (mlir::Attribute name : names)
      dims.push_back(mlir::cast<mlir::StringAttr>(name).getValue().str());
  return dims;
}

void showPort(const char *what, mlir::DictionaryAttr attrs, mlir::Type type) {
  std::string element;
  llvm::raw_string_ostream(element) << mlir::getElementTypeOrSelf(type);
  auto name =
      attrs ? attrs.getAs<mlir::StringAttr>("dalbit.name") : mlir::StringAttr();
  std::printf("%-9s %-28s %s %s\n", what, name ? name.str().c_str() : "",
              join(dimsOf(attrs)).c_str(), element.c_str());
}

/// Each name of a dimension that is no number, with the inputs that have it.
void showSymbols(mlir::func::FuncOp function) {
  std::map<std::string, std::vector<std::string>> places;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    mlir::DictionaryAttr attrs = function.getArgAttrDict(i);
    auto name = attrs.getAs<mlir::StringAttr>("dalbit.name");
    for (const auto &[at, dim] : llvm::enumerate(dimsOf(attrs)))
      if (dim.find_first_not_of("0123456789") != std::string::npos)
        places[dim].push_back((name ? name.str() : std::to_string(i)) + "." +
                              std::to_string(at));
  }
  for (const auto &[symbol, where] : places)
    std::printf("symbol    %-28s %s\n", symbol.c_str(), join(where).c_str());
}

void inspectModel(const std::string &path) {
  Compiler compiler;
  mlir::OwningOpRef<mlir::ModuleOp> module = compiler.import(path);
  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    showPort("input", function.getArgAttrDict(i),
             function.getArgument(i).getType());
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    showPort("output", function.getResultAttrDict(i),
             function.getResultTypes()[i]);
  showSymbols(function);
  std::map<std::string, int64_t> sets;
  std::map<std::string, int> operators;
  int64_t elements = 0, bytes = 0;
  function.walk([&](mlir::Operation *op) {
    if (auto node = mlir::dyn_cast<onnx::NodeOp>(op)) {
      std::string domain = node.getDomain().str();
      sets[domain.empty() ? "ai.onnx" : domain] = int64_t(node.getOpset());
      ++operators[(domain.empty() ? "" : domain + ".") +
                  node.getOpType().str()];
    } else if (auto constant = mlir::dyn_cast<onnx::ConstantOp>(op)) {
      auto type = mlir::cast<mlir::ShapedType>(constant.getType());
      elements += type.getNumElements();
      bytes += type.getNumElements() *
               (type.getElementType().getIntOrFloatBitWidth() + 7) / 8;
    }
  });
  for (const auto &[domain, version] : sets)
    std::printf("opset     %-28s %lld\n", domain.c_str(),
                static_cast<long long>(version));
  std::printf("constants %-28s %lld elements, %lld bytes\n", "",
              static_cast<long long>(elements), static_cast<long long>(bytes));
  for (const auto &[name, count] : operators)
    std::printf("operator  %-28s %d\n", name.c_str(), count);
}

} // namespace

void addInspect(CLI::App &app) {
  struct State {
    std::string file;
    bool disassemble = false;
  };
  auto state = std::make_shared<State>();
  CLI::App *command =
      app.add_subcommand("inspect", "summarises a binary or an ONNX model");
  command->footer("Example:\n  dalbit inspect tiny-gpt.dbn --disassemble");
  command->add_option("file", state->file, "binary or ONNX model")->required();
  command->add_flag("--disassemble", state->disassemble,
                    "print the code of a binary");
  command->callback([state] {
    if (binary::isBinary(state->file))
      inspectBinary(state->file, state->disassemble);
    else
      inspectModel(state->file);
  });
}

} // namespace dalbit::tool
