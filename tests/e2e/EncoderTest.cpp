// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Encoders, pooling, convolutions and cross attention: integer executor and
// engines give the same outputs, bit for bit, and near those of the floats.

#include "tests/e2e/Compiled.h"
#include "tests/e2e/SmallEncoder.h"

#include <algorithm>
#include <cmath>

using namespace dalbit;
using namespace dalbit::test;

namespace {

using host::HostTensor;

HostTensor floats(const std::string &name, std::vector<int64_t> shape) {
  HostTensor tensor{name, "float", std::move(shape), {}};
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;
  for (int64_t i = 0; i < count; ++i)
    tensor.values.push_back(float(double(i * 7919 % 2003) / 1000 - 1));
  return tensor;
}

HostTensor integers(const std::string &name, std::vector<int64_t> shape,
                    int below) {
  HostTensor tensor{name, "int64", std::move(shape), {}};
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;
  for (int64_t i = 0; i < count; ++i)
    tensor.values.push_back(double((i * 37 + 11) % below));
  return tensor;
}

/// A mask that hides the last two of each sequence but the first.
HostTensor padding(int64_t batch, int64_t tokens) {
  HostTensor mask{"mask", "int64", {batch, tokens}, {}};
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t t = 0; t < tokens; ++t)
      mask.values.push_back(b > 0 && t >= tokens - 2 ? 0 : 1);
  return mask;
}

std::vector<execute::Tensor> tensorsOf(const std::vector<HostTensor> &inputs) {
  std::vector<execute::Tensor> tensors;
  for (const HostTensor &input : inputs) {
    auto doubles = execute::Tensor::of<double>(input.shape, input.values);
    tensors.push_back(doubles.cast(input.type == "int64"
                                       ? execute::ElementType::I64
                                       : execute::ElementType::F32));
  }
  return tensors;
}

/// Runs on the engine and holds every output against the integer executor.
std::vector<HostTensor> agree(Compiled &c,
                              const std::vector<HostTensor> &inputs) {
  std::vector<HostTensor> outputs;
  c.session->runOnce(inputs, outputs);
  auto exact = execute::runInteger(*c.integer, tensorsOf(inputs));
  REQUIRE(outputs.size() == exact.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    CAPTURE(outputs[i].name);
    REQUIRE(int64_t(outputs[i].values.size()) == exact[i].count());
    execute::Tensor numbers = exact[i].cast(execute::ElementType::F64);
    CHECK(outputs[i].values == numbers.values<double>().vec());
  }
  return outputs;
}

/// Decibels of the float outputs over the difference, the least of \p outputs.
double decibels(Compiled &c, const std::vector<HostTensor> &inputs,
                const std::vector<HostTensor> &outputs) {
  execute::FloatExecutor executor(*c.floating);
  auto reference = executor.run(tensorsOf(inputs));
  double least = 200;
  for (size_t i = 0; i < outputs.size(); ++i) {
    double signal = 0, noise = 0;
    for (int64_t k = 0; k < reference[i].count(); ++k) {
      double x = reference[i].data<float>()[k];
      signal += x * x;
      noise += (x - outputs[i].values[size_t(k)]) *
               (x - outputs[i].values[size_t(k)]);
    }
    least = std::min(least, 10 * std::log10(signal / noise));
  }
  return least;
}

std::vector<HostTensor> bertInputs(int64_t batch, int64_t tokens) {
  return {integers("ids", {batch, tokens}, 80),
          integers("types", {batch, tokens}, 2), padding(batch, tokens)};
}

/// What int8 costs these models against floating point stays more than 25 dB
/// below the signal.
void checkNoise(Compiled &c, const std::vector<HostTensor> &inputs) {
  double db = decibels(c, inputs, agree(c, inputs));
  CAPTURE(db);
  CHECK(db > 25);
}

} // namespace

TEST_CASE("a post-norm encoder with padding gives the executor's outputs",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  auto tokens = GENERATE(1, 13, 64);
  CAPTURE(target, tokens);
  Compiled c(smallBertText(64), 64, target);
  std::vector<HostTensor> inputs = bertInputs(tokens == 1 ? 1 : 2, tokens);
  checkNoise(c, inputs);
}

TEST_CASE("a counted mask and numbers of keys hide what stands behind",
          "[e2e]") {
  HostTensor counted = padding(2, 13), numbers{"mask", "int64", {2}, {13, 11}};
  std::vector<HostTensor> inputs = bertInputs(2, 13);
  Compiled flags(smallBertText(64), 64, "edge"),
      ones(smallCountingBertText(64, false), 64, "edge"),
      ends(smallCountingBertText(64, true), 64, "edge");
  std::vector<HostTensor> expected = agree(flags, inputs);
  // Ones at the end, of which only the number counts.
  std::reverse(counted.values.begin() + 13, counted.values.end());
  inputs.back() = counted;
  CHECK(agree(ones, inputs)[0].values == expected[0].values);
  inputs.back() = numbers;
  CHECK(agree(ends, inputs)[0].values == expected[0].values);
}

TEST_CASE("an encoder of several blocks sees all tokens in each", "[e2e]") {
  Compiled c(smallBertText(200), 200, "edge");
  agree(c, bertInputs(1, 200));
  agree(c, bertInputs(2, 65));
}

TEST_CASE("a bias by distance is added to all scores before the mask",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  Compiled c(smallBertText(130, true), 130, target);
  for (int64_t tokens : {1, 13, 130}) {
    CAPTURE(tokens);
    std::vector<HostTensor> inputs = bertInputs(tokens == 1 ? 1 : 2, tokens);
    checkNoise(c, inputs);
  }
}

TEST_CASE("a sink takes its share, and all of it where no key is shown",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  Compiled c(smallSunkBertText(70), 70, target);
  for (int64_t tokens : {1, 13, 70}) {
    CAPTURE(tokens);
    std::vector<HostTensor> inputs = bertInputs(tokens == 1 ? 1 : 2, tokens);
    checkNoise(c, inputs);
    std::fill_n(inputs.back().values.begin(), tokens, 0);
    // No token is the largest there.
    std::vector<HostTensor> outputs = agree(c, inputs);
    outputs.resize(2);
    CHECK(decibels(c, inputs, outputs) > 25);
  }
}

TEST_CASE("heads of an encoder are normalised and turned, share keys, see a "
          "window",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  auto heads = GENERATE(
      SmallHeads{.pairs = 8}, SmallHeads{.pairs = 5, .interleaved = true},
      SmallHeads{.keys = 1, .pairs = 8, .norms = true, .window = 6},
      SmallHeads{.pairs = 8, .norms = true, .valuesTurn = true, .window = 70},
      SmallHeads{.norms = true}, SmallHeads{.keys = 1},
      SmallHeads{.pairs = 3, .norms = true, .centred = true});
  CAPTURE(target, heads.pairs, heads.keys, heads.norms, heads.window);
  Compiled c(smallTurnedBertText(150, heads), 150, target);
  for (int64_t tokens : {1, 13, 150}) {
    CAPTURE(tokens);
    std::vector<HostTensor> inputs = bertInputs(tokens == 1 ? 1 : 2, tokens);
    checkNoise(c, inputs);
  }
}

TEST_CASE("a number for each query and key is added to the scores", "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  Compiled c(smallVitText(true), 1, target);
  std::vector<HostTensor> inputs = {floats("image", {2, 3, 16, 16})};
  checkNoise(c, inputs);
}

TEST_CASE("an image is cut into patches by the host, the class token is read",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  bool turned = GENERATE(false, true);
  CAPTURE(target, turned);
  Compiled c(smallVitText(false, turned), 1, target);
  std::vector<HostTensor> inputs = {floats("image", {2, 3, 16, 16})};
  checkNoise(c, inputs);
}

TEST_CASE("convolutions over time, then a decoder that attends to them",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  // 150 frames are several blocks.
  auto frames = GENERATE(21, 150);
  CAPTURE(target, frames);
  Compiled c(smallWhisperText(frames), 32, target);
  std::vector<HostTensor> inputs = {floats("sound", {2, 10, frames}),
                                    integers("ids", {2, 6}, 40)};
  checkNoise(c, inputs);
  inputs[1] = integers("ids", {2, 1}, 40);
  agree(c, inputs);
}

TEST_CASE("parts of a convolution each have their windows in a stage of their "
          "own",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  Compiled c(smallPartsText(), 1, target);
  std::vector<HostTensor> inputs = {floats("x", {2, 24, 32})};
  checkNoise(c, inputs);
}

TEST_CASE("a mask of what was encoded keeps its columns while tokens grow",
          "[e2e]") {
  Compiled c(smallWhisperText(21, true), 32, "nano");
  agree(c, {floats("sound", {2, 10, 21}), integers("ids", {2, 6}, 40),
            padding(2, 11)});
}

TEST_CASE("a step after the prefill attends to the encoder that it has left",
          "[e2e]") {
  Compiled c(smallWhisperText(21), 32, "edge");
  std::vector<HostTensor> outputs,
      inputs = {floats("sound", {1, 10, 21}), integers("ids", {1, 7}, 40)};
  c.session->runOnce(inputs, outputs);
  std::vector<float> whole = c.session->logits(0, 6);
  inputs[1].shape = {1, 6};
  int32_t last = int32_t(inputs[1].values.back());
  inputs[1].values.pop_back();
  c.session->runOnce(inputs, outputs);
  c.session->step(std::span(&last, 1), 1, false);
  CHECK(c.session->logits(0, 0) == whole);
}

TEST_CASE("a mask of numbers is added to the scores; infinity hides", "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  Compiled c(smallCrossText(), 1, target);
  std::vector<HostTensor> inputs = {floats("q", {1, 5, 48}),
                                    floats("kv", {1, 9, 48}),
                                    floats("mask", {5, 9})};
  inputs[2].values[3] = -INFINITY;
  checkNoise(c, inputs);
}

TEST_CASE("tokens are found by their ids and by a mask", "[e2e]") {
  auto target = GENERATE("nano", "edge");
  std::string rule =
      GENERATE("", " {rule = \"first\", id = 41}",
               " {rule = \"before\", id = 41}", " {rule = \"last\", id = 41}");
  CAPTURE(target, rule);
  Compiled c(smallClipText(rule), 1, target);
  std::vector<HostTensor> inputs = {integers("ids", {2, 12}, 80),
                                    integers("mask", {2, 12}, 1)};
  // Larger and smaller ids around two of a kind, one token shown; no id of the
  // kind, all shown.
  std::vector<double> &ids = inputs[0].values, &mask = inputs[1].values;
  for (double &id : ids)
    id = id == 41 ? 40 : id;
  ids[3] = 79, ids[5] = ids[8] = 41, ids[0] = 1;
  std::fill(mask.begin() + 12, mask.end(), 1);
  mask[0] = 1;
  checkNoise(c, inputs);
  // An id of the kind in front; such at the end, as many hidden.
  ids[5] = 42, ids[0] = 41;
  std::fill(ids.begin() + 19, ids.end(), 41);
  std::fill(mask.begin() + 19, mask.end(), 0);
  checkNoise(c, inputs);
}

TEST_CASE("positions are counted from ids; a result loses a dimension",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  Compiled c(smallCountedText(), 11, target);
  std::vector<HostTensor> inputs = {integers("ids", {2, 9}, 80)};
  for (int64_t t : {7, 8, 9, 14}) // padding at the right, the left, inside
    inputs[0].values[size_t(t)] = 1;
  checkNoise(c, inputs);
}

TEST_CASE("one row of a table stands behind every sequence; a norm reads "
          "attention; a result is moved",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  Compiled c(smallStepsText(), 1, target);
  std::vector<HostTensor> inputs = {floats("x", {2, 5, 48}),
                                    integers("step", {1}, 20)};
  std::vector<HostTensor> outputs = agree(c, inputs);
  CHECK(outputs[0].shape == std::vector<int64_t>{6, 2, 48});
  double db = decibels(c, inputs, outputs);
  CAPTURE(db);
  CHECK(db > 25);
  inputs[1].values[0] = 20;
  CHECK_THROWS(c.session->runOnce(inputs, outputs));
}

TEST_CASE("probabilities of classes are a result, the host has the largest",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  Compiled c(smallClassesText(), 64, target);
  std::vector<HostTensor> inputs = {floats("x", {2, 9, 32})};
  std::vector<HostTensor> outputs = agree(c, inputs);
  const HostTensor &best = outputs[1], &at = outputs[2];
  CHECK(at.shape == std::vector<int64_t>{2, 9, 3});
  for (size_t i = 0; i < at.values.size(); ++i)
    CHECK(best.values[i] ==
          outputs[0].values[i / 3 * 75 + size_t(at.values[i])]);
  outputs.pop_back();
  double db = decibels(c, inputs, outputs), sum = 0;
  for (int i = 0; i < 75; ++i)
    sum += outputs[0].values[size_t(i)];
  CAPTURE(db);
  CHECK(db > 35);
  CHECK(std::abs(sum - 1) < 1e-3);
}

TEST_CASE("encoders leave the same memory on the rtl", "[rtl]") {
  struct Case {
    std::string text;
    int64_t context;
    std::vector<HostTensor> inputs;
  };
  std::vector<Case> cases = {
      {smallBertText(64), 64, bertInputs(2, 9)},
      {smallVitText(), 1, {floats("image", {1, 3, 16, 16})}},
      {smallVitText(true), 1, {floats("image", {1, 3, 16, 16})}},
      {smallBertText(64, true), 64, bertInputs(1, 11)},
      {smallTurnedBertText(64,
                           {.keys = 1, .pairs = 6, .norms = true, .window = 4}),
       64, bertInputs(2, 9)},
      {smallWhisperText(21),
       32,
       {floats("sound", {1, 10, 21}), integers("ids", {1, 3}, 40)}},
      {smallClipText(),
       1,
       {integers("ids", {1, 12}, 80), integers("mask", {1, 12}, 2)}},
      {smallClipText(" {rule = \"before\", id = 20}"),
       1,
       {integers("ids", {1, 12}, 80), integers("mask", {1, 12}, 2)}},
      {smallClipText(" {rule = \"last\", id = 20}"),
       1,
       {integers("ids", {1, 12}, 80), integers("mask", {1, 12}, 2)}},
      {smallClassesText(), 64, {floats("x", {1, 5, 32})}}};
  for (const Case &each : cases) {
    Compiled functional(each.text, each.context, "nano");
    Compiled rtl(each.text, each.context, "nano", "w8", /*rtl=*/true);
    std::vector<HostTensor> a, b;
    functional.session->runOnce(each.inputs, a);
    rtl.session->runOnce(each.inputs, b);
    CHECK(rtl.memory->digest(rtl.program) ==
          functional.memory->digest(functional.program));
  }
}
