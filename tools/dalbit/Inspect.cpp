// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit inspect: what a binary or an ONNX model holds.

#include "isa/binary/Binary.h"
#include "isa/binary/Disassembly.h"
#include "tools/dalbit/Commands.h"
#include "tools/dalbit/Explain.h"
#include "tools/dalbit/OnnxFacts.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace dalbit::tool {

namespace {

/// "as i32 over past_key", or what the host computes.
std::string placeText(const binary::Tensor &tensor) {
  if (binary::isTopK(tensor.role))
    return "on host: " + topKText(tensor);
  return std::string("as ") + binary::name(tensor.type) +
         (tensor.alias.empty() ? "" : " over " + tensor.alias);
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
                listOf(entry.arguments).c_str());
  for (const binary::RegionEntry &region : program.regions)
    std::printf("region    %-10s %12llu bytes\n",
                isa::regions()[unsigned(region.kind)].name,
                static_cast<unsigned long long>(region.size));
  for (const binary::Tensor &tensor : program.tensors)
    std::printf("tensor    %-8s %-28s %s %s\n", binary::name(tensor.kind),
                tensor.name.c_str(), listOf(tensor.shape).c_str(),
                placeText(tensor).c_str());
  uint64_t weights = 0, macs = 0;
  unsigned number = 0; // as run's --from-layer counts
  for (const binary::Layer &layer : program.layers) {
    std::printf(
        "layer     %3u tag %3u %-12s %-40s %9llu weight bytes %9llu MACs a "
        "token\n",
        number++, layer.tag, layer.kind.c_str(), layer.name.c_str(),
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
  if (auto json = facts.find("tokenizer_json"); json != facts.end())
    *json = "of " + std::to_string(json->get<std::string>().size()) + " bytes";
  for (const auto &[fact, value] : facts.items())
    std::printf("model     %-28s %s\n", fact.c_str(),
                value.is_string() ? value.get<std::string>().c_str()
                                  : value.dump().c_str());
}

void showPort(const char *what, const OnnxFacts::Port &port) {
  std::printf("%-9s %-28s %s %s\n", what, port.name.c_str(),
              listOf(port.dims).c_str(), port.element.c_str());
}

void inspectModel(const std::string &path, const CompileOptions &options) {
  Compiler compiler;
  OnnxFacts facts = onnxFacts(*compiler.import(path, options));
  for (const OnnxFacts::Port &port : facts.inputs)
    showPort("input", port);
  for (const OnnxFacts::Port &port : facts.outputs)
    showPort("output", port);
  for (const auto &[symbol, places] : facts.symbols)
    std::printf("symbol    %-28s %s\n", symbol.c_str(), listOf(places).c_str());
  for (const auto &[domain, version] : facts.opsets)
    std::printf("opset     %-28s %lld\n", domain.c_str(),
                static_cast<long long>(version));
  std::printf("constants %-28s %lld elements, %lld bytes\n", "",
              static_cast<long long>(facts.elements),
              static_cast<long long>(facts.bytes));
  for (const auto &[name, count] : facts.operators)
    std::printf("operator  %-28s %d\n", name.c_str(), count);
}

} // namespace

void addInspect(CLI::App &app) {
  struct State {
    std::string file;
    CompileOptions options;
    bool disassemble = false;
  };
  auto state = std::make_shared<State>();
  CLI::App *command =
      app.add_subcommand("inspect", "summarises a binary or an ONNX model");
  command->footer("Example:\n  dalbit inspect tiny-gpt.dbn --disassemble");
  command->add_option("file", state->file, "binary or ONNX model")->required();
  command->add_flag("--disassemble", state->disassemble,
                    "print the code of a binary");
  addResultsOption(*command, state->options);
  command->callback([state] {
    checkResults(state->options, state->file);
    if (binary::isBinary(state->file))
      inspectBinary(state->file, state->disassemble);
    else
      inspectModel(state->file, state->options);
  });
}

} // namespace dalbit::tool
