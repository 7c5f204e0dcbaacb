// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RMSNorm, rotary embeddings, shared key heads, windows, capped and biased
// scores, sinks, gated feed-forwards, experts: integer executor, functional
// engine and rtl.

#include "tests/e2e/Compiled.h"

#include <cmath>

using namespace dalbit;
using namespace dalbit::test;

namespace {

/// One knob turned, or several that may stand in each other's way.
SmallLlama variant(int index) {
  SmallLlama model;
  model.layers = index == 0 ? 2 : 1;
  switch (index) {
  case 1:
    model.interleaved = true;
    model.kvHeads = 4; // a product a head
    break;
  case 2:
    model.pairs = 3; // columns of the second half stay
    model.kvHeads = 1;
    break;
  case 3:
    model.headNorms = true;
    model.window = 5;
    break;
  case 4:
    model.softcap = 2;
    model.pairs = 4;
    model.interleaved = true;
    break;
  case 5:
    model.pairs = 0;
    model.kvHeads = 4;
    model.window = 1;
    break;
  case 6:
    model.bias = true;
    model.pairs = 0;
    break;
  case 7:
    model.bias = true;
    model.kvHeads = 4;
    model.window = 5;
    model.softcap = 2;
    break;
  case 8:
    model.experts = 4;
    model.seed = 4; // no two experts whose order int8 changes
    break;
  case 9:
    model.experts = 5;
    model.chosen = 1;
    model.normalised = false;
    break;
  case 10:
    model.sinks = {0, 9, -20, 1.5};
    model.window = 5;
    break;
  case 11:
    model.sinks = {-1, 0.25, 3, 0};
    model.kvHeads = 4;
    model.headNorms = true;
    model.bias = true;
    model.softcap = 2;
    break;
  case 12:
    model.headLayerNorms = true;
    model.pairs = 3; // padding in both halves of a head
    break;
  case 13:
    model.headLayerNorms = model.ownNumbers = true;
    model.kvHeads = 4;
    model.sinks = {0, 9, -20, 1.5};
    break;
  case 14:
    model.repeatedKeys = true;
    model.kvHeads = 4;
    model.interleaved = true;
    break;
  default:
    break;
  }
  return model;
}

double decibel(Compiled &c, const SmallLlama &model, int count) {
  std::vector<int64_t> ids = someIds(count, model.vocabulary);
  execute::FloatExecutor executor(*c.floating);
  auto reference =
      executor.run({execute::Tensor::of<int64_t>({1, count}, ids)});
  std::vector<float> got = c.integerLogits(ids, 1);
  double signal = 0, noise = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    double x = reference[0].data<float>()[i];
    signal += x * x;
    noise += (x - got[i]) * (x - got[i]);
  }
  return 10 * std::log10(signal / noise);
}

} // namespace

TEST_CASE("the functional engine gives a Llama's integer logits bit for bit",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  auto index = GENERATE(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
  SmallLlama model = variant(index);
  Compiled c(model, target);
  for (int count : {1, 9, 40}) {
    CAPTURE(target, index, count);
    std::vector<int64_t> ids = someIds(count, model.vocabulary);
    c.session->reset();
    CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
  }
}

TEST_CASE("keys and values of all layers come in and go out as one tensor",
          "[e2e]") {
  SmallLlama model;
  model.stacked = true;
  Compiled c(model, "edge");
  host::HostTensor past{"past", "float", {2, 2, 2, 2, 5, 12}, {}};
  for (int i = 0; i < 2 * 2 * 2 * 2 * 5 * 12; ++i)
    past.values.push_back(float(i * 7919 % 2003) / 1000 - 1);
  host::HostTensor ids{"input_ids", "int64", {2, 3}, {}};
  for (int64_t id : someIds(6, model.vocabulary))
    ids.values.push_back(double(id));
  std::vector<host::HostTensor> outputs;
  c.session->runOnce({ids, past}, outputs);
  std::vector<execute::Tensor> inputs = {
      execute::Tensor::of<double>(ids.shape, ids.values)
          .cast(execute::ElementType::I64),
      execute::Tensor::of<double>(past.shape, past.values)
          .cast(execute::ElementType::F32)};
  auto exact = execute::runInteger(*c.integer, inputs);
  REQUIRE(outputs.size() == 2);
  CHECK(outputs[1].shape == std::vector<int64_t>{2, 2, 2, 2, 8, 12});
  for (size_t i : {0, 1})
    CHECK(outputs[i].values ==
          std::vector<double>(exact[i].data<float>(),
                              exact[i].data<float>() + exact[i].count()));
  for (const binary::Tensor &tensor : c.program.tensors)
    if (tensor.name == "present")
      CHECK(tensor.alias == "past");
}

TEST_CASE("int8 costs a Llama less than one percent of its logits' power",
          "[e2e]") {
  auto index = GENERATE(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  CAPTURE(index);
  SmallLlama model = variant(index);
  Compiled c(model, "nano");
  CHECK(decibel(c, model, 24) > 20);
}

TEST_CASE("a Llama's prefill of n and decode give what prefill of n + 1 gives",
          "[e2e]") {
  auto index = GENERATE(0, 3, 4, 6, 8, 10);
  auto n = GENERATE(1, 17, 40);
  CAPTURE(index, n);
  SmallLlama model = variant(index);
  Compiled c(model, "edge");
  std::vector<int64_t> ids = someIds(n + 1, model.vocabulary);
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  c.session->reset();
  c.session->step(tokens, 1, false);
  std::vector<float> whole = c.session->logits(0, uint32_t(n));
  c.session->reset();
  c.session->step(std::span(tokens).first(size_t(n)), 1, false);
  c.session->step(std::span(tokens).last(1), 1, false);
  CHECK(c.session->logits(0, 0) == whole);
}

TEST_CASE("a sink far below the scores takes nothing, one far above all",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  CAPTURE(target);
  SmallLlama model = variant(2);
  std::vector<int64_t> ids = someIds(20, model.vocabulary);
  auto logits = [&](std::vector<float> sinks) {
    model.sinks = sinks;
    Compiled c(model, target);
    return npuLogits(c, ids, 1);
  };
  std::vector<float> plain = logits({}), all = logits({90, 90, 90, 90}),
                     none = logits({-90, -90, -90, -90});
  double signal = 0, noise = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    signal += double(plain[i]) * plain[i];
    noise += std::pow(double(plain[i]) - none[i], 2);
  }
  CHECK(10 * std::log10(signal / noise) > 45);
  CHECK(logits({-1, -1, -1, -1}) != none);
  CHECK(all != none);
  CHECK(all == logits({9000, 9000, 9000, 9000}));
}

TEST_CASE("a bias by distance goes on where a past ends inside a beat",
          "[e2e]") {
  auto target = GENERATE("nano", "edge");
  auto first = GENERATE(3, 8, 13);
  CAPTURE(target, first);
  SmallLlama model = variant(6);
  Compiled c(model, target);
  std::vector<int64_t> ids = someIds(43, model.vocabulary);
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  c.session->reset();
  c.session->step(std::span(tokens).first(size_t(first)), 1, true);
  c.session->step(std::span(tokens).subspan(size_t(first)), 1, true);
  std::vector<float> whole = c.integerLogits(ids, 1);
  for (int t = first; t < 43; ++t) {
    auto row = whole.begin() + t * model.vocabulary;
    CHECK(c.session->logits(0, uint32_t(t - first)) ==
          std::vector<float>(row, row + model.vocabulary));
  }
}

TEST_CASE("positions may differ between the sequences of a batch", "[e2e]") {
  SmallLlama model;
  model.givenPositions = true;
  model.layers = 1;
  Compiled c(model, "nano");
  std::vector<int64_t> ids = someIds(10, model.vocabulary);
  std::vector<int64_t> positions = {0, 1, 2, 3, 4, 9, 8, 7, 30, 63};
  host::HostTensor tokens{"input_ids", "int64", {2, 5}, {}},
      places{"position_ids", "int64", {2, 5}, {}};
  tokens.values.assign(ids.begin(), ids.end());
  places.values.assign(positions.begin(), positions.end());
  std::vector<host::HostTensor> outputs;
  c.session->runOnce({tokens, places}, outputs);
  std::vector<float> expected = c.integerLogits(ids, 2, positions);
  CHECK(std::vector<float>(outputs[0].values.begin(),
                           outputs[0].values.end()) == expected);

  SECTION("and without any they go on from the past") {
    std::vector<int32_t> row(ids.begin(), ids.begin() + 5);
    c.session->reset();
    c.session->step(std::span(row).first(3), 1, true);
    c.session->step(std::span(row).last(2), 1, true);
    std::vector<int64_t> first(ids.begin(), ids.begin() + 5);
    std::vector<float> whole = c.integerLogits(first, 1, {0, 1, 2, 3, 4});
    CHECK(c.session->logits(0, 1) ==
          std::vector<float>(whole.end() - model.vocabulary, whole.end()));
  }
  SECTION("and one past the table is an error") {
    places.values.back() = 64;
    CHECK_THROWS_WITH(c.session->runOnce({tokens, places}, outputs),
                      "input 'position_ids': element 9 is 64.0, outside 0 .. "
                      "63");
  }
}

TEST_CASE("rtl and functional engine leave a Llama's memory alike", "[rtl]") {
  auto index = GENERATE(0, 1, 3, 4, 6, 8, 9, 10);
  CAPTURE(index);
  SmallLlama model = variant(index);
  model.layers = 1;
  Compiled functional(model, "nano");
  Compiled rtl(model, "nano", "w8", /*rtl=*/true);
  std::vector<int64_t> ids = someIds(11, model.vocabulary);
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  for (Compiled *c : {&functional, &rtl}) {
    c->session->reset();
    c->session->step(std::span(tokens).first(10), 1, false);
    c->session->step(std::span(tokens).last(1), 1, false);
  }
  CHECK(rtl.memory->digest(rtl.program) ==
        functional.memory->digest(functional.program));
}

TEST_CASE("a long context needs more scalars than there are registers",
          "[e2e]") {
  // Keys in chunks of their own in every group of heads and every layer.
  SmallLlama model = variant(0);
  model.context = 2048;
  Compiled c(model, "edge");
  std::vector<int64_t> ids = someIds(9, model.vocabulary);
  CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
}
