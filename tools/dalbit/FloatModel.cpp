// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The float executor as a model: the graph as imported, its cache as tensors
// that go round.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/FloatExecutor.h"
#include "support/Error.h"
#include "tools/dalbit/HostTensors.h"
#include "tools/dalbit/Model.h"
#include "tools/dalbit/ModelTokenizer.h"
#include "tools/dalbit/SeededInputs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace dalbit::tool {

namespace {

using execute::Tensor;

class FloatModel : public Model {
public:
  FloatModel(const std::string &path, const CompileOptions &options)
      : module(compiler.import(path, options)), executor(*module), path(path),
        options(options) {
    if (auto metadata =
            (*module)->getAttrOfType<mlir::DictionaryAttr>("dalbit.metadata"))
      if (auto tokenizer = metadata.getAs<mlir::StringAttr>("dalbit.tokenizer"))
        tokenizerName = tokenizer.getValue().str();
  }

  uint32_t context() const override {
    return uint32_t(options.maxContext  ? options.maxContext
                    : facts().positions ? facts().positions
                                        : 2048);
  }
  std::vector<InputType> inputTypes() const override {
    return tool::inputTypes(executor.inputs());
  }
  bool hasInputs() const override { return !executor.inputs().empty(); }
  int64_t vocabulary() const override { return facts().vocabulary; }
  std::unique_ptr<tokenizer::Tokenizer> tokenizer() const override {
    return makeTokenizer(
        tokenizerName, tokenizerName.empty() ? tokenizerFile(path) : "", path);
  }
  void reset() override {
    caches.clear();
    history.clear();
  }
  void setPosition(uint32_t, const CacheSource &) override {
    throw Error("--position needs an NPU engine");
  }

  std::vector<std::vector<float>> run(std::span<const int32_t> tokens,
                                      bool allRows) override {
    std::vector<Tensor> inputs;
    size_t cacheIndex = 0;
    bool hasCache = std::any_of(executor.inputs().begin(),
                                executor.inputs().end(), isCache);
    int64_t held = hasCache && !caches.empty() ? caches[0].dim(2) : 0;
    bool prefill = hasCache ? held == 0 || tokens.size() > 1 : history.empty();
    // What keeps no cache reads all from the beginning.
    size_t fresh = tokens.size();
    if (!hasCache) {
      history.insert(history.end(), tokens.begin(), tokens.end());
      tokens = history;
    }
    for (const execute::Port &port : executor.inputs()) {
      auto type = mlir::cast<mlir::ShapedType>(port.type);
      if (isCache(port)) {
        if (caches.empty())
          inputs.push_back(
              Tensor(execute::ElementType::F32,
                     {1, type.getDimSize(1), 0, type.getDimSize(3)}));
        else
          inputs.push_back(caches[cacheIndex++]);
      } else if (inputs.empty()) {
        std::vector<int64_t> ids(tokens.begin(), tokens.end());
        inputs.push_back(Tensor::of<int64_t>({1, int64_t(ids.size())}, ids)
                             .cast(elementOf(port)));
      } else if (llvm::StringRef(port.name).contains_insensitive("position")) {
        std::vector<int64_t> positions(tokens.size());
        std::iota(positions.begin(), positions.end(), held);
        inputs.push_back(
            Tensor::of<int64_t>({1, int64_t(positions.size())}, positions)
                .cast(elementOf(port)));
      } else if (auto less = facts().keysLess.find(port.name);
                 less != facts().keysLess.end()) {
        int64_t keys = held + int64_t(tokens.size()) - less->second;
        std::vector<int64_t> shape(size_t(type.getRank()), 1);
        inputs.push_back(
            Tensor::of<int64_t>(shape, {keys}).cast(elementOf(port)));
      } else {
        std::vector<int64_t> mask(size_t(held) + tokens.size(), 1);
        inputs.push_back(Tensor::of<int64_t>({1, int64_t(mask.size())}, mask)
                             .cast(elementOf(port)));
      }
    }
    execute::FloatExecutor &speaker = withCaches();
    size_t first = 0;
    while (speaker.outputs()[first].name != logitsName())
      ++first;
    auto start = std::chrono::steady_clock::now();
    std::vector<Tensor> outputs = speaker.run(inputs);
    Measured::Phase &phase = prefill ? counted.prefill : counted.decode;
    phase.hostSeconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    phase.tokens += fresh;
    caches.clear();
    cacheNames.clear();
    // A model may give more than logits and caches: tokens that it chose.
    for (size_t i = 0; i < outputs.size(); ++i)
      if (i != first && (!hasCache || (outputs[i].rank() == 4 &&
                                       isFloat(outputs[i].type())))) {
        caches.push_back(outputs[i]);
        cacheNames.push_back(speaker.outputs()[i].name);
      }
    if (hasCache && caches.size() != cacheInputs())
      throw Error(path + ": has " + std::to_string(cacheInputs()) +
                      " caches and " + std::to_string(caches.size()) +
                      " results that could be their successors",
                  {"--results keeps the logits and the caches alone"});
    Tensor logits = outputs[first].cast(execute::ElementType::F32);
    int64_t cols = logits.shape().back();
    // Some give the last row only.
    int64_t given = logits.count() / cols,
            wanted = allRows ? int64_t(fresh) : 1;
    if (given < wanted)
      throw Error(path + ": the model gives logits of its last token only");
    std::vector<std::vector<float>> rows;
    for (int64_t row = given - wanted; row < given; ++row)
      rows.emplace_back(logits.data<float>() + row * cols,
                        logits.data<float>() + (row + 1) * cols);
    return rows;
  }

  std::vector<host::HostTensor>
  runOnce(const std::vector<host::HostTensor> &inputs) override {
    std::vector<NamedTensor> given;
    for (const host::HostTensor &input : inputs)
      given.push_back({input.name, toTensor(input)});
    std::vector<host::HostTensor> outputs;
    for (const NamedTensor &output : runTensors(given))
      outputs.push_back(toHost(output.name, output.tensor));
    return outputs;
  }

  std::vector<NamedTensor>
  runTensors(const std::vector<NamedTensor> &inputs) override {
    std::vector<Tensor> tensors = inOrder(executor.inputs(), inputs);
    for (const NamedTensor &input : inputs)
      if (std::none_of(executor.inputs().begin(), executor.inputs().end(),
                       [&](const execute::Port &port) {
                         return port.name == input.name;
                       }))
        throw Error("the model has no input '" + input.name + "'");
    auto start = std::chrono::steady_clock::now();
    std::vector<Tensor> outputs = executor.run(tensors);
    counted.prefill.hostSeconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    std::vector<NamedTensor> result;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const std::string &name = executor.outputs()[i].name;
      if (outputs[i].isSequence())
        throw Error("output '" + name + "' is a sequence, which no file holds");
      result.push_back({name, outputs[i]});
    }
    counted.prefill.tokens = 1;
    if (const Tensor &first = outputs[0]; first.rank() > 1)
      counted.prefill.tokens =
          uint64_t(first.dim(0) * (first.rank() > 2 ? first.dim(1) : 1));
    return result;
  }

  bool continuesText() const override {
    for (const execute::Port &port : executor.inputs())
      if (!isCache(port) &&
          !mlir::cast<mlir::ShapedType>(port.type).getElementType().isInteger())
        return false;
    return facts().vocabulary > 0 && facts().columns == facts().vocabulary;
  }
  std::vector<host::HostTensor> seededInputs(std::span<const int32_t> tokens,
                                             uint64_t seed) override {
    mlir::OwningOpRef<mlir::ModuleOp> raised = compiler.import(path, options);
    compiler.raise(*raised, options);
    int64_t count = tokens.empty() ? std::min<int64_t>(16, context() / 2 + 1)
                                   : int64_t(tokens.size());
    return tool::seededInputs(*raised->getOps<mlir::func::FuncOp>().begin(),
                              facts(), {count, 0, 1}, tokens, seed);
  }

  std::vector<host::HostTensor> cacheOutputs() override {
    // Those that are wanted, of all that went round.
    std::vector<host::HostTensor> result;
    for (size_t i = 0; i < caches.size(); ++i)
      if (std::any_of(executor.outputs().begin(), executor.outputs().end(),
                      [&](const execute::Port &own) {
                        return own.name == cacheNames[i];
                      }))
        result.push_back(toHost(cacheNames[i], caches[i]));
    return result;
  }

  std::string logitsName() const override { return facts().logits; }
  const Measured &measured() const override { return counted; }

private:
  size_t cacheInputs() const {
    return size_t(std::count_if(executor.inputs().begin(),
                                executor.inputs().end(), isCache));
  }
  /// Text goes on from its caches, whichever results are wanted: the graph with
  /// all of them, if --results leaves some of these out.
  execute::FloatExecutor &withCaches() {
    size_t count = cacheInputs();
    if (count >= executor.outputs().size() && !options.results.empty() &&
        !whole) {
      CompileOptions all = options;
      all.results.clear();
      wholeModule = compiler.import(path, all);
      whole = std::make_unique<execute::FloatExecutor>(*wholeModule);
    }
    execute::FloatExecutor &speaker = whole ? *whole : executor;
    if (count >= speaker.outputs().size())
      throw Error(path + ": its caches are not among the results",
                  {"export the model with its present keys and values as "
                   "results"});
    return speaker;
  }
  static bool isCache(const execute::Port &port) {
    auto type = mlir::cast<mlir::ShapedType>(port.type);
    return type.hasRank() && type.getRank() == 4;
  }
  static execute::ElementType elementOf(const execute::Port &port) {
    auto type = mlir::cast<mlir::ShapedType>(port.type);
    return execute::elementOfMlir(type.getElementType())
        .value_or(execute::ElementType::F32);
  }

  /// What text needs to know comes from the raised graph; a model that runs on
  /// tensors need not be a transformer.
  const ModelFacts &facts() const {
    if (!known) {
      mlir::OwningOpRef<mlir::ModuleOp> raised = compiler.import(path, options);
      compiler.raise(*raised, options);
      known = modelFacts(*raised);
    }
    return *known;
  }

  mutable Compiler compiler;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  execute::FloatExecutor executor;
  mlir::OwningOpRef<mlir::ModuleOp> wholeModule; ///< with all results,
  std::unique_ptr<execute::FloatExecutor> whole; ///< if they were needed
  std::vector<Tensor> caches;
  std::vector<std::string> cacheNames;
  std::vector<int32_t> history; ///< tokens so far, of a model without caches
  std::string tokenizerName;    ///< of the metadata
  std::string path;
  CompileOptions options;
  mutable std::optional<ModelFacts> known;
  Measured counted;
};

} // namespace

std::unique_ptr<Model> makeFloatModel(const std::string &path,
                                      const CompileOptions &options) {
  return std::make_unique<FloatModel>(path, options);
}

} // namespace dalbit::tool
