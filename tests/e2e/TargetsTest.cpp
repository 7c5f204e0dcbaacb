// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Targets of other sizes than the built-in ones: whatever the schema allows
// compiles and gives the same logits (A1).

#include "tests/e2e/Compiled.h"
#include "tests/e2e/NNText.h"
#include "tests/e2e/SmallEncoder.h"

#include "isa/target/Schema.h"
#include "simulator/layers/Sampler.h"
#include "support/AtomicFile.h"
#include "support/Error.h"

#include <nlohmann/json.hpp>

#include <filesystem>

using namespace dalbit;
using namespace dalbit::test;

namespace {

/// nano with other arrays; false if the schema does not allow them together.
bool allows(target::Target target) {
  try {
    target::checkTarget(target);
  } catch (const Error &) {
    return false;
  }
  return true;
}

std::string tomlOf(const target::Target &target) {
  std::string text, section;
  for (const target::Key &key : target::keys()) {
    if (section != key.section)
      text += "[" + (section = key.section) + "]\n";
    text += std::string(key.name) + " = " +
            (key.string ? "\"" + target.*key.string + "\""
                        : std::to_string(target.*key.number)) +
            "\n";
  }
  return text;
}

/// A prefill of all tokens, and one of all but the last and a decode of that,
/// give the integer logits.
void checkOnNano(const SmallLlama &model) {
  Compiled c(model, "nano");
  std::vector<int64_t> ids = someIds(19, model.vocabulary);
  std::vector<float> expected = c.integerLogits(ids, 1);
  c.session->reset();
  CHECK(npuLogits(c, ids, 1) == expected);
  c.session->reset();
  npuLogits(c, {ids.begin(), ids.end() - 1}, 1);
  CHECK(npuLogits(c, {ids.back()}, 1) ==
        std::vector<float>(expected.end() - model.vocabulary, expected.end()));
}

} // namespace

TEST_CASE("targets of all array sizes give the same logits", "[e2e]") {
  SmallGpt model;
  model.layers = 1;
  std::vector<int64_t> ids = someIds(11, model.vocabulary);
  std::string path = (std::filesystem::temp_directory_path() /
                      ("dalbit-target-" + std::to_string(getpid()) + ".toml"))
                         .string();
  unsigned tried = 0;
  for (int outputs : {8, 16, 64})
    for (int lanes : {8, 64})
      for (int vectorLanes : {4, 32, 64})
        for (int port : {64, 128})
          for (int axi : {16, 64, 128}) {
            target::Target target = target::loadTarget("nano");
            target.outputs = outputs;
            target.lanes = lanes;
            target.vectorLanes = vectorLanes;
            target.portBytes = port;
            target.axiBytes = axi;
            target.scratchpadKib = 1024;
            if (axi == 128) // a head is as wide as a beat
              target.accumulatorEntries = 1024;
            if (!allows(target))
              continue;
            CAPTURE(outputs, lanes, vectorLanes, port, axi);
            writeFile(path, tomlOf(target));
            Compiled c(model, path);
            c.session->reset();
            CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
            ++tried;
          }
  std::filesystem::remove(path);
  CHECK(tried > 20);
}

TEST_CASE("a long context takes fewer heads, or one with a large cache, at a "
          "time",
          "[e2e]") {
  SmallLlama model;
  model.layers = model.kvHeads = 1;
  // Scores of 64 heads over 1024 keys are more than the scratchpad of nano;
  // keys and values of one head over 1408 are more than a quarter of it.
  bool large = GENERATE(false, true);
  CAPTURE(large);
  model.heads = large ? 2 : 64;
  model.size = large ? 32 : 16;
  model.pairs = model.size / 2;
  model.context = large ? 1408 : 1024;
  checkOnNano(model);
}

TEST_CASE("projections of one head may be larger than a slot of weights",
          "[e2e]") {
  SmallLlama model;
  model.layers = model.kvHeads = 1;
  model.heads = 2;
  model.width = 512; // x 64 columns: two slots of nano
  model.size = 64;
  model.pairs = 32;
  model.headNorms = true;
  checkOnNano(model);
}

TEST_CASE("a block of logits may be larger than the scratchpad", "[e2e]") {
  SmallLlama model;
  model.layers = model.kvHeads = 1;
  model.vocabulary = 10007; // x 8 rows x 4 bytes: 313 KiB; nano has 256
  checkOnNano(model);
}

TEST_CASE("rows may be so wide that a block is less than a beat of ids",
          "[e2e]") {
  SmallLlama model;
  model.layers = 1;
  model.hidden = 8192; // x 4 rows x 10 bytes: 320 KiB; nano has 256
  checkOnNano(model);
}

TEST_CASE("blocks of an encoder may begin inside a beat of its mask", "[e2e]") {
  target::Target small = target::loadTarget("nano");
  small.scratchpadKib = 16;
  std::string path = (std::filesystem::temp_directory_path() /
                      ("dalbit-small-" + std::to_string(getpid()) + ".toml"))
                         .string();
  writeFile(path, tomlOf(small));
  Compiled c(smallBertText(64), 64, path);
  std::filesystem::remove(path);
  CHECK(nlohmann::json::parse(c.program.model)["prefill_block"] < 4);
  host::HostTensor ids{"ids", "int64", {2, 13}, {}}, types = ids, mask = ids;
  types.name = "types";
  mask.name = "mask";
  for (int i = 0; i < 26; ++i) {
    ids.values.push_back(i * 37 % 80);
    types.values.push_back(i % 2);
    mask.values.push_back(i < 21);
  }
  std::vector<host::HostTensor> inputs = {ids, types, mask}, outputs;
  std::vector<execute::Tensor> tensors;
  for (const host::HostTensor &input : inputs)
    tensors.push_back(execute::Tensor::of<double>(input.shape, input.values)
                          .cast(execute::ElementType::I64));
  c.session->runOnce(inputs, outputs);
  auto exact = execute::runInteger(*c.integer, tensors);
  REQUIRE(outputs.size() == exact.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    CAPTURE(outputs[i].name);
    CHECK(outputs[i].values ==
          exact[i].cast(execute::ElementType::F64).values<double>().vec());
  }
}

TEST_CASE("a scratchpad that holds no tile of weights is named", "[targets]") {
  NNText text(3);
  std::string table = text.weight({9, 64});
  text.line("%x = nn.embedding " + table +
            ", %ids : (tensor<9x64xf32>, tensor<?x?xi64>) -> " +
            text.tensor(64));
  std::string y = text.linear("%x", 64, 64);
  std::string module =
      "module {\nfunc.func @main(%ids: tensor<?x?xi64> {dalbit.name = "
      "\"ids\", dalbit.dims = [\"B\", \"T\"]}) -> (tensor<?x?x64xf32> "
      "{dalbit.name = \"y\", dalbit.dims = [\"B\", \"T\", \"64\"]}) {\n" +
      text.text + "  return " + y + " : tensor<?x?x64xf32>\n}\n}\n";
  schedule::Options options;
  options.machine = schedule::machineOf(target::loadTarget("server"));
  options.maxContext = 16;
  // A tile of 64 x 64 weights with its pairs takes 4608 bytes of a slot, a
  // sixteenth of all: 128 KiB in powers of two.
  for (int64_t kib : {16, 64, 128}) {
    CAPTURE(kib);
    options.machine.spmBytes = kib << 10;
    mlir::MLIRContext context;
    context.loadDialect<mlir::arith::ArithDialect, mlir::func::FuncDialect,
                        mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                        onnx::OnnxDialect, nn::NNDialect, qnn::QNNDialect,
                        npu::NPUDialect>();
    std::string said;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      said += d.str();
      return mlir::success();
    });
    auto parsed = mlir::parseSourceString<mlir::ModuleOp>(module, &context);
    REQUIRE(parsed);
    REQUIRE(mlir::succeeded(quantise::convertToQNN(*parsed, {"w8", {}})));
    CHECK(mlir::succeeded(schedule::schedule(*parsed, options)) ==
          (kib == 128));
    CHECK(said == (kib == 128 ? ""
                              : "one tile of weights does not fit the target: "
                                "scratchpad.kib = " +
                                    std::to_string(kib) +
                                    " is too small, it takes 128"));
  }
}

TEST_CASE("a model of more operations than tags: neighbours share one",
          "[targets]") {
  SmallGpt model;
  model.width = model.hidden = 32;
  model.heads = 2;
  model.vocabulary = 32;
  model.context = 16;
  model.layers = 20;
  Compiled compiled(model, "nano");
  const std::vector<binary::Layer> &layers = compiled.program.layers;
  CHECK(layers.size() > 128);
  CHECK(layers.back().tag == 255);
  // None has more than an attention with its three projections.
  for (const binary::Layer &layer : layers) {
    CAPTURE(layer.tag, layer.name);
    CHECK(layer.macsPerToken <= uint64_t(3 * model.width * model.width));
  }
  // And some of the middle can be run alone.
  layers::Sampler sampler(compiled.program, compiled.target, *compiled.memory,
                          {120, 20, std::nullopt, {}});
  host::Session session(compiled.program, *compiled.memory, sampler);
  host::StepResult step = session.step(std::vector<int32_t>{1, 2, 3}, 1, false);
  uint64_t cycles = 0;
  for (const layers::LayerTime &layer : sampler.sample().layers) {
    CAPTURE(layer.layer);
    CHECK(layer.parts == (layer.layer >= 120 && layer.layer < 140));
    cycles += layer.inWhole;
  }
  CHECK(cycles == step.counters.cycles);
}
