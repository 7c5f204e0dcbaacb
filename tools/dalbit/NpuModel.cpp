// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/TensorFile.h"
#include "isa/binary/Binary.h"
#include "isa/binary/Expression.h"
#include "simulator/fast/FastEngine.h"
#include "simulator/functional/FunctionalEngine.h"
#include "support/Error.h"
#include "tools/dalbit/HostTensors.h"
#include "tools/dalbit/Model.h"
#include "tools/dalbit/ModelTokenizer.h"

#ifdef DALBIT_VERILATED
#include "simulator/verilated/VerilatedEngine.h"
#endif

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <random>

namespace dalbit::tool {

namespace {

class NpuModel : public Model {
public:
  NpuModel(binary::Program loaded, const ModelOptions &options)
      : code(std::move(loaded)), description(targetOf(code, options)),
        facts(nlohmann::json::parse(code.model)),
        memory(description.dramBytes()) {
    // The engine reads the code from the program; the session loads the memory.
    if (options.layers)
      engine = makeSampler(options);
    else if (options.engine == "functional")
      engine = std::make_unique<functional::FunctionalEngine>(code, description,
                                                              memory);
    else if (options.engine == "fast")
      engine = makeFast(options);
#ifdef DALBIT_VERILATED
    else if (options.engine == "rtl")
      engine = std::make_unique<verilated::VerilatedEngine>(code, description,
                                                            memory);
#endif
    else
      throw Error("engine '" + options.engine + "' is not known",
                  {"known are functional, fast, rtl and float"});
    if (options.records) {
      recorded.emplace();
      recorded->program = host::programDigest(code);
      engine->record(&*recorded);
    }
    session = std::make_unique<host::Session>(code, memory, *engine);
  }

  uint32_t context() const override { return session->context(); }
  int64_t vocabulary() const override { return session->vocabulary(); }
  std::unique_ptr<tokenizer::Tokenizer> tokenizer() const override {
    return makeTokenizer(facts.value("tokenizer", ""),
                         facts.value("tokenizer_json", ""), "the binary");
  }
  void reset() override { session->reset(); }
  void setPosition(uint32_t position, const CacheSource &source) override {
    if (!source.seed && source.folder.empty())
      return session->setPosition(position);
    std::vector<host::HostTensor> caches;
    for (const binary::Tensor &tensor : code.tensors)
      if (tensor.kind == binary::TensorKind::Past)
        caches.push_back(source.seed ? seededCache(tensor, position)
                                     : storedCache(tensor, source.folder));
    if (caches.empty())
      throw Error("the model has no cache inputs",
                  {"leave --kv out, or use --kv zero"});
    if (source.seed)
      fill(caches, *source.seed);
    session->importPast(caches);
    if (session->position() != position)
      throw Error(source.folder + ": its caches hold " +
                      std::to_string(session->position()) + " positions, not " +
                      std::to_string(position),
                  {"use --position " + std::to_string(session->position())});
  }

  std::vector<std::vector<float>> run(std::span<const int32_t> tokens,
                                      bool allRows) override {
    bool first = session->position() == 0;
    account(first || tokens.size() > 1, tokens.size(),
            [&] { return session->step(tokens, 1, allRows); });
    if (!engine->hasData())
      return {{}};
    std::vector<std::vector<float>> rows;
    for (size_t row = allRows ? 0 : tokens.size() - 1; row < tokens.size();
         ++row)
      rows.push_back(session->logits(0, uint32_t(row)));
    return rows;
  }

  std::vector<host::HostTensor>
  runOnce(const std::vector<host::HostTensor> &inputs) override {
    std::vector<host::HostTensor> outputs;
    account(true, 0, [&] { return session->runOnce(inputs, outputs); });
    counted.prefill.tokens = session->lastTokens();
    return outputs;
  }

  std::vector<InputType> inputTypes() const override {
    std::vector<InputType> types;
    for (const binary::Tensor &tensor : code.tensors)
      types.push_back({tensor.name, tensor.onnxType});
    return types;
  }
  bool continuesText() const override { return session->continuesText(); }
  std::vector<host::HostTensor> seededInputs(std::span<const int32_t> tokens,
                                             uint64_t seed) override {
    return session->seededInputs(tokens, seed);
  }

  std::vector<host::HostTensor> cacheOutputs() override {
    std::vector<host::HostTensor> result;
    for (host::HostTensor &tensor : session->outputs())
      if (tensor.name != logitsName())
        result.push_back(std::move(tensor));
    return result;
  }

  std::string logitsName() const override {
    for (const binary::Tensor &tensor : code.tensors)
      if (tensor.kind == binary::TensorKind::Logits)
        return tensor.name;
    return "";
  }

  const Measured &measured() const override { return counted; }
  int32_t choose(std::span<const float> logits) override {
    if (!engine->hasData())
      return replayed ? replayedToken() : int32_t(random() % smallestLimit());
    int32_t token = host::greedy(logits);
    if (recorded)
      recorded->tokens.push_back(token);
    return token;
  }
  const host::RuntimeRecord *record() const override {
    return recorded ? &*recorded : nullptr;
  }
  std::string runTimeValues() const override {
    return engine->hasData() ? "" : replayed ? "replayed" : "seeded";
  }
  std::string digest() const override {
    return engine->hasData() ? memory.digest(code) : "";
  }
  std::optional<layers::Sample> sampleLayers() override {
    return sampler ? std::optional(sampler->sample()) : std::nullopt;
  }
  const binary::Program *program() const override { return &code; }
  const target::Target *target() const override { return &description; }

private:
  std::unique_ptr<host::Engine> makeSampler(const ModelOptions &options) {
    layers::Wanted wanted{
        options.layers->from, options.layers->count, options.layers->step, {}};
    layers::checkLayers(code, wanted);
#ifdef DALBIT_VERILATED
    if (options.engine == "rtl")
      wanted.rtl = [](auto &...of) {
        return std::make_unique<verilated::VerilatedEngine>(of...);
      };
#endif
    auto made = std::make_unique<layers::Sampler>(code, description, memory,
                                                  std::move(wanted));
    sampler = made.get();
    return made;
  }
  std::unique_ptr<host::Engine> makeFast(const ModelOptions &options) {
    if (!options.timingOnly)
      return std::make_unique<fast::FastEngine>(code, description, memory);
    fast::FastEngine::Steering steering;
    if (!options.replay.empty()) {
      replayed = host::readRecord(options.replay, code);
      steering.replay = &*replayed;
    }
    random.seed(options.seed);
    steering.seed = options.seed;
    steering.limit = smallestLimit();
    return std::make_unique<fast::FastEngine>(code, description, memory,
                                              steering);
  }
  /// What every index of an input is below.
  uint32_t smallestLimit() const {
    uint64_t limit =
        std::max<int64_t>(facts.value("vocabulary", int64_t(1)), 1);
    for (const binary::Tensor &tensor : code.tensors)
      if (tensor.limit)
        limit = std::min(limit, tensor.limit);
    return uint32_t(std::min<uint64_t>(limit, INT32_MAX));
  }
  int32_t replayedToken() {
    if (tokensReplayed == replayed->tokens.size())
      throw Error("the record has " + std::to_string(tokensReplayed) +
                      " generated tokens, this run needs more",
                  {"record a run with the same --generate"});
    return replayed->tokens[tokensReplayed++];
  }
  static host::HostTensor seededCache(const binary::Tensor &tensor,
                                      uint32_t position) {
    host::HostTensor cache{tensor.name,
                           tensor.onnxType,
                           binary::shapeOf(tensor, {1, position, 1}),
                           {}};
    size_t count = 1;
    for (int64_t size : cache.shape)
      count *= size_t(size);
    cache.values.resize(count);
    return cache;
  }
  static void fill(std::vector<host::HostTensor> &caches, uint64_t seed) {
    std::mt19937_64 random(seed);
    for (host::HostTensor &cache : caches)
      for (double &value : cache.values)
        value = double(random() % 2001) / 1000 - 1;
  }
  /// From the file of the cache input or of the output that lies over it.
  host::HostTensor storedCache(const binary::Tensor &tensor,
                               const std::string &folder) const {
    std::string path = tensorPath(folder, tensor.name);
    for (const binary::Tensor &present : code.tensors)
      if (present.alias == tensor.name && !std::filesystem::exists(path))
        path = tensorPath(folder, present.name);
    return toHost(tensor.name, execute::readTensorFile(path).tensor);
  }
  static target::Target targetOf(const binary::Program &program,
                                 const ModelOptions &options) {
    target::Target target = target::parseTarget(program.target, "binary");
    if (options.frequency)
      target.clockMhz = options.frequency;
    return target;
  }
  template <typename Step>
  void account(bool prefill, uint64_t tokens, Step step) {
    host::StepResult result = step();
    Measured::Phase &phase = prefill ? counted.prefill : counted.decode;
    phase.hostSeconds += result.hostSeconds;
    phase.tokens += tokens;
    phase.counters += result.counters;
    for (const auto &[tag, counters] : result.byTag)
      phase.byTag[tag] += counters;
    for (const auto &[name, value] : result.dram)
      phase.dram[name] += value;
    for (const auto &[tag, count] : result.saturated)
      counted.saturated[tag] += count;
    counted.timed = result.timed;
  }

  binary::Program code;
  target::Target description;
  nlohmann::json facts; ///< the model table
  host::Memory memory;
  std::optional<host::RuntimeRecord> recorded, replayed;
  size_t tokensReplayed = 0;
  std::mt19937_64 random; ///< tokens of runs that nothing steers
  std::unique_ptr<host::Engine> engine;
  layers::Sampler *sampler = nullptr; ///< the engine, if layers are wanted
  std::unique_ptr<host::Session> session;
  Measured counted;
};

} // namespace

host::LanguageModel Model::language() {
  return {[this] { reset(); },
          [this](std::span<const int32_t> tokens, bool allRows) {
            return run(tokens, allRows);
          },
          context(),
          [this](std::span<const float> logits) { return choose(logits); }};
}

std::vector<NamedTensor>
Model::runTensors(const std::vector<NamedTensor> &inputs) {
  std::vector<host::HostTensor> given;
  for (const NamedTensor &input : inputs)
    given.push_back(toHost(input.name, input.tensor));
  std::vector<NamedTensor> outputs;
  for (const host::HostTensor &output : runOnce(given))
    outputs.push_back({output.name, toTensor(output)});
  return outputs;
}

std::unique_ptr<Model> makeNpuModel(binary::Program program,
                                    const ModelOptions &options) {
  return std::make_unique<NpuModel>(std::move(program), options);
}

std::unique_ptr<Model> openModel(const std::string &path,
                                 const ModelOptions &options) {
  bool binary = binary::isBinary(path);
  if (options.engine == "float") {
    if (binary)
      throw Error(path + ": the float engine runs ONNX models, not binaries");
    return makeFloatModel(path, options.compile);
  }
  if (binary)
    return makeNpuModel(binary::readBinary(path, {options.ignoreChecksum}),
                        options);
  Compiler compiler;
  return makeNpuModel(compiler.compile(path, options.compile), options);
}

} // namespace dalbit::tool
