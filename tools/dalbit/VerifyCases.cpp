// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/VerifyCases.h"

#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/TensorFile.h"
#include "support/Error.h"
#include "tools/dalbit/LayerNoise.h"
#include "tools/dalbit/Model.h"
#include "tools/dalbit/Specialise.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

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
    std::printf("  %-44s %-10s %6s %6s %6s%s\n", layer.node.c_str(),
                layer.kind.c_str(), decibels(layer.int8Rows).c_str(),
                decibels(layer.int16Rows).c_str(),
                decibels(layer.whole).c_str(),
                layer.wantsInt16() ? "  wants int16" : "");
  std::string names;
  llvm::StringSet<> listed;
  for (const LayerNoise &layer : layers)
    if (layer.wantsInt16() && !layer.node.empty() &&
        listed.insert(layer.node).second)
      names += (names.empty() ? "" : ",") + layer.node;
  if (!names.empty())
    std::printf("  for those: --int16 %s\n", names.c_str());
}

/// The layers' noise on \p inputs, in the order of \p ports.
std::vector<LayerNoise> noiseOf(const std::string &model,
                                const CompileOptions &options,
                                const std::vector<NamedTensor> &inputs) {
  Compiler compiler;
  auto raised = compiler.import(model), integer = compiler.import(model);
  compiler.raise(*raised, options);
  compiler.raise(*integer, options);
  compiler.quantise(*integer, options);
  std::vector<execute::Tensor> tensors =
      inOrder(execute::FloatExecutor(*raised).inputs(), inputs);
  return layerNoise(*raised, *integer, tensors, pastOf(tensors),
                    options.weights == "w4");
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
  auto imported = compiler.import(model);
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
      std::printf("  output %-37s %6s dB\n", want.name.c_str(),
                  decibels(snr(want.tensor, got->tensor)).c_str());
    }
    showLayers(noiseOf(model, modelOptions.compile, inputs));
  }
}

} // namespace dalbit::tool
