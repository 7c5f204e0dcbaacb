// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole back half of the compiler on a small GPT: float, integer executor
// and functional engine.

#include "tests/e2e/Compiled.h"

#include <cmath>

using namespace dalbit;
using namespace dalbit::test;

TEST_CASE(
    "the functional engine gives the integer executor's logits bit for bit",
    "[e2e]") {
  auto target = GENERATE("nano", "edge");
  auto weights = GENERATE("w8", "w4");
  auto count = GENERATE(1, 2, 9, 33, 64);
  CAPTURE(target, weights, count);
  SmallGpt model;
  Compiled c(model, target, weights);
  std::vector<int64_t> ids = someIds(count, model.vocabulary);
  c.session->reset();
  CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
}

TEST_CASE("sequences of a batch do not touch each other", "[e2e]") {
  SmallGpt model;
  Compiled c(model, "edge");
  std::vector<int64_t> ids = someIds(20, model.vocabulary);
  c.session->reset();
  CHECK(npuLogits(c, ids, 2) == c.integerLogits(ids, 2));
}

TEST_CASE("prefill of n and decode give what prefill of n + 1 gives", "[e2e]") {
  auto target = GENERATE("nano", "edge");
  auto n = GENERATE(1, 7, 16, 40);
  CAPTURE(target, n);
  SmallGpt model;
  Compiled c(model, target);
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

TEST_CASE("int8 costs the small GPT less than one percent of its logits' power",
          "[e2e]") {
  SmallGpt model;
  Compiled c(model, "edge");
  std::vector<int64_t> ids = someIds(24, model.vocabulary);
  execute::FloatExecutor executor(*c.floating);
  auto reference = executor.run({execute::Tensor::of<int64_t>({1, 24}, ids)});
  std::vector<float> got = c.integerLogits(ids, 1);
  double signal = 0, noise = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    double x = reference[0].data<float>()[i];
    signal += x * x;
    noise += (x - got[i]) * (x - got[i]);
  }
  CAPTURE(10 * std::log10(signal / noise));
  CHECK(noise < 0.01 * signal);
}

TEST_CASE("rows longer than a weight slot are summed in several blocks",
          "[e2e]") {
  auto weights = GENERATE("w8", "w4");
  CAPTURE(weights);
  SmallGpt model;
  model.width = 96;
  model.heads = 2; // 48 columns: padded on edge, not on nano
  model.hidden = 2560;
  model.vocabulary = 300;
  model.layers = 1;
  Compiled c(model, "nano", weights);
  std::vector<int64_t> ids = someIds(19, model.vocabulary);
  c.session->reset();
  CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
}

TEST_CASE("a context of several key chunks gives the same logits", "[e2e]") {
  SmallGpt model;
  model.context = 600;
  model.layers = 1;
  Compiled c(model, "edge");
  std::vector<int64_t> ids = someIds(600, model.vocabulary);
  c.session->reset();
  CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
}

TEST_CASE("a layer of GPT-2's own sizes fits edge at its whole context",
          "[e2e]") {
  SmallGpt model;
  model.width = 768;
  model.heads = 12;
  model.hidden = 3072;
  model.vocabulary = 500;
  model.context = 1024;
  model.layers = 1;
  Compiled c(model, "edge");
  std::vector<int64_t> ids = someIds(9, model.vocabulary);
  c.session->reset();
  CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
}
