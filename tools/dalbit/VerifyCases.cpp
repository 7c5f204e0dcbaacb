// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/VerifyCases.h"

#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/TensorFile.h"
#include "support/Error.h"
#include "tools/dalbit/Int16Layers.h"
#include "tools/dalbit/LayerNoise.h"
#include "tools/dalbit/Model.h"
#include "tools/dalbit/Specialise.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace fs = std::filesystem;

namespace dalbit::tool {

namespace {

/// input_0.pb, input_1.pb ... of \p folder; \p ports name tensors without a
/// name of their own.
std::vector<NamedTensor> readSet(const fs::path &folder, const char *kind,
                                 const std::vector<execute::Port> &ports) {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0;; ++i) {
    fs::path file =
        folder / (std::string(kind) + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(file))
      return tensors;
    execute::TensorFile read = execute::readTensorFile(file.string());
    if (read.name.empty() && i < ports.size())
      read.name = ports[i].name;
    tensors.push_back({read.name, read.tensor});
  }
}

void showLayers(const std::vector<LayerNoise> &layers) {
  std::printf("  %-44s %-10s %6s %6s %6s\n", "layer, dB of noise below it", "",
              "int8", "int16", "whole");
  for (const LayerNoise &layer : layers)
    std::printf("  %-44s %-10s %6s %6s %6s\n", layer.node.c_str(),
                layer.kind.c_str(), decibels(layer.int8Rows).c_str(),
                decibels(layer.int16Rows).c_str(),
                decibels(layer.whole).c_str());
}

/// Nodes of linear layers that are not in int16 yet, those first whose rows
/// lose most in int8.
std::vector<std::string> candidatesOf(std::vector<LayerNoise> layers,
                                      const CompileOptions &options) {
  std::stable_sort(layers.begin(), layers.end(),
                   [](const LayerNoise &a, const LayerNoise &b) {
                     return a.int8Rows < b.int8Rows;
                   });
  std::vector<std::string> nodes;
  auto has = [](const std::vector<std::string> &list, const std::string &node) {
    return std::find(list.begin(), list.end(), node) != list.end();
  };
  for (const LayerNoise &layer : layers)
    if (layer.int16Rows > layer.int8Rows && !layer.node.empty() &&
        !has(nodes, layer.node) && !has(options.int16, layer.node))
      nodes.push_back(layer.node);
  return nodes;
}

void showInt16(const Int16Layers &layers) {
  constexpr size_t Most = 8; // lines
  for (size_t i = 0; i < std::min(Most, layers.tried.size()); ++i)
    if (layers.tried[i].gain >= Int16Layers::Least)
      std::printf("  %-44s alone in int16: %+.1f dB of the worst output\n",
                  layers.tried[i].node.c_str(), layers.tried[i].gain);
  if (layers.tried.size() < layers.candidates)
    std::printf("  tried %zu of %zu layers, those first that lose most\n",
                layers.tried.size(), layers.candidates);
  if (layers.chosen.empty()) {
    std::printf("  int16 rows help no layer by %g dB or more\n",
                Int16Layers::Least);
    return;
  }
  std::string names;
  for (const std::string &node : layers.chosen)
    names += (names.empty() ? "" : ",") + node;
  std::printf("  worst output %s -> %s dB with --int16 %s\n",
              decibels(layers.before).c_str(), decibels(layers.after).c_str(),
              names.c_str());
}

/// Seconds for trying layers.
constexpr double trialTime = 30;

/// Noise of the layers on \p inputs, where numbers were cut, and if
/// \p tries which layers are worth 16 bits.
void showNoise(const std::string &model, const CompileOptions &options,
               const std::vector<NamedTensor> &inputs, bool tries) {
  Compiler compiler;
  auto raised = compiler.import(model, options);
  compiler.raise(*raised, options);
  mlir::OwningOpRef<mlir::ModuleOp> integer(raised->clone());
  compiler.quantise(*integer, options);
  execute::FloatExecutor nn(*raised);
  std::vector<execute::Tensor> tensors =
      inOrder(nn.inputs(), conformed(inputs, inputTypes(nn.inputs())));
  int64_t past = pastOf(tensors);
  SaturationWatch watch;
  std::vector<LayerNoise> layers = layerNoise(*raised, *integer, tensors, past,
                                              options.weights == "w4", watch);
  showLayers(layers);
  for (const Saturation &layer : watch.found)
    std::printf("  %s\n", textOf(layer).c_str());
  if (tries)
    showInt16(chooseInt16(compiler, *raised, options, tensors, past,
                          candidatesOf(layers, options), trialTime));
}

} // namespace

void verifyCases(const std::string &model, const CompileOptions &options,
                 const std::string &folder) {
  std::vector<fs::path> sets;
  std::error_code error;
  for (const auto &entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().starts_with("test_data_set_"))
      sets.push_back(entry.path());
  if (error)
    throw Error(folder + ": " + error.message());
  if (sets.empty())
    throw Error(folder + ": has no test_data_set_* folder",
                {"the layout is that of the ONNX standard's node tests"});
  std::sort(sets.begin(), sets.end());
  Compiler compiler;
  auto imported = compiler.import(model, {});
  execute::FloatExecutor ports(*imported);
  for (const fs::path &set : sets) {
    std::vector<NamedTensor> inputs = conformed(
                                 readSet(set, "input", ports.inputs()),
                                 inputTypes(ports.inputs())),
                             expected = readSet(set, "output", ports.outputs());
    if (expected.empty())
      throw Error(set.string() + ": has no output_0.pb");
    ModelOptions modelOptions;
    modelOptions.compile = options;
    std::vector<NamedTensor> left = inputs;
    specialise(model, modelOptions.compile, left);
    std::vector<NamedTensor> outputs =
        openModel(model, modelOptions)->runTensors(left);
    std::printf("%s\n", set.filename().c_str());
    for (const NamedTensor &want : expected) {
      if (!options.results.empty() &&
          !llvm::is_contained(options.results, want.name))
        continue;
      auto got = std::find_if(
          outputs.begin(), outputs.end(),
          [&](const NamedTensor &output) { return output.name == want.name; });
      if (got == outputs.end())
        throw Error(set.string() + ": the model has no output '" + want.name +
                    "'");
      if (got->tensor.shape() != want.tensor.shape())
        throw Error(set.string() + ": output '" + want.name + "' has shape " +
                    execute::shapeText(got->tensor.shape()) + ", expected " +
                    execute::shapeText(want.tensor.shape()));
      std::printf("  output %-37s %9s\n", want.name.c_str(),
                  nearness(want.tensor, got->tensor).c_str());
    }
    showNoise(model, modelOptions.compile, inputs, set == sets.front());
  }
}

} // namespace dalbit::tool
