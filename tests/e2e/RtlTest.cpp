// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The small GPT on the Verilated NPU: same bytes as the functional engine in
// all memory that a program writes.

#include "tests/e2e/Compiled.h"

using namespace dalbit;
using namespace dalbit::test;

TEST_CASE("rtl and functional engine leave the same memory", "[rtl]") {
  auto weights = GENERATE("w8", "w4");
  auto count = GENERATE(1, 9, 33);
  CAPTURE(weights, count);
  SmallGpt model;
  Compiled functional(model, "nano", weights);
  Compiled rtl(model, "nano", weights, /*rtl=*/true);
  std::vector<int64_t> ids = someIds(count + 2, model.vocabulary);
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  for (Compiled *c : {&functional, &rtl}) {
    c->session->reset();
    c->session->step(std::span(tokens).first(size_t(count)), 1, false);
    c->session->step(std::span(tokens).subspan(size_t(count), 1), 1, false);
    c->session->step(std::span(tokens).last(1), 1, false);
  }
  CHECK(rtl.memory->digest(rtl.program) ==
        functional.memory->digest(functional.program));
  CHECK(rtl.session->logits(0, 0) == functional.session->logits(0, 0));
}

TEST_CASE("a batch on the rtl leaves the memory of the functional engine",
          "[rtl]") {
  SmallGpt model;
  Compiled functional(model, "nano");
  Compiled rtl(model, "nano", "w8", /*rtl=*/true);
  std::vector<int64_t> ids = someIds(20, model.vocabulary);
  for (Compiled *c : {&functional, &rtl}) {
    c->session->reset();
    npuLogits(*c, ids, 2);
  }
  CHECK(rtl.memory->digest(rtl.program) ==
        functional.memory->digest(functional.program));
}

TEST_CASE("what layers count adds up to the whole", "[rtl]") {
  SmallGpt model;
  Compiled rtl(model, "nano", "w8", /*rtl=*/true);
  std::vector<int32_t> tokens = {1, 2, 3, 4, 5};
  rtl.session->reset();
  host::StepResult result = rtl.session->step(tokens, 1, false);
  isa::Counters sum;
  for (const auto &[tag, counters] : result.byTag)
    sum += counters;
  CHECK(result.counters.cycles > 0);
  CHECK(sum.cycles == result.counters.cycles);
  CHECK(result.counters.matrix.macsW8 > 0);
  CHECK(sum.matrix.macsW8 == result.counters.matrix.macsW8);
  CHECK(sum.vector.loadOps == result.counters.vector.loadOps);
  CHECK(sum.dmaIn.bytes == result.counters.dmaIn.bytes);
}

TEST_CASE("weights are charged to the layer that they are loaded for",
          "[rtl]") {
  SmallGpt model;
  Compiled rtl(model, "nano", "w8", /*rtl=*/true);
  std::vector<int32_t> tokens = {1, 2, 3};
  rtl.session->reset();
  host::StepResult result = rtl.session->step(tokens, 1, false);
  unsigned layers = 0;
  for (const binary::Layer &layer : rtl.program.layers) {
    if (layer.weightBytes == 0)
      continue;
    CAPTURE(layer.name, layer.weightBytes);
    // The last beats of a load arrive while the one before is still counted.
    CHECK(double(result.byTag[layer.tag].dmaIn.bytes) >
          0.9 * double(layer.weightBytes));
    ++layers;
  }
  CHECK(layers > 4);
}

TEST_CASE(
    "on the rtl, prefill of n and decode give what prefill of n + 1 gives",
    "[rtl]") {
  auto n = GENERATE(1, 15, 40);
  CAPTURE(n);
  SmallGpt model;
  Compiled rtl(model, "nano", "w8", /*rtl=*/true);
  std::vector<int64_t> ids = someIds(n + 1, model.vocabulary);
  std::vector<int32_t> tokens(ids.begin(), ids.end());
  rtl.session->reset();
  rtl.session->step(tokens, 1, false);
  std::vector<float> whole = rtl.session->logits(0, uint32_t(n));
  rtl.session->reset();
  rtl.session->step(std::span(tokens).first(size_t(n)), 1, false);
  rtl.session->step(std::span(tokens).last(1), 1, false);
  CHECK(rtl.session->logits(0, 0) == whole);
}
