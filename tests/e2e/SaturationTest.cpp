// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers that fixed point cannot hold: the hardware saturates them without a
// word, the functional engine says whose they were.

#include "tests/e2e/Compiled.h"
#include "tests/e2e/NNText.h"

using namespace dalbit;
using namespace dalbit::test;

namespace {

/// A layer, its rows times \p factor, and another layer.
std::string scaledModel(const std::string &factor) {
  NNText text(3);
  std::string rows = "tensor<?x?x8xf32>";
  auto linear = [&](const std::string &name, const std::string &x) {
    std::string weight = text.weight({8, 8});
    text.line(name + " = nn.linear " + x + ", " + weight + " : (" + rows +
              ", tensor<8x8xf32>) -> " + rows);
  };
  std::string table = text.weight({5, 8});
  text.line("%x = nn.embedding " + table +
            ", %ids : (tensor<5x8xf32>, tensor<?x?xi64>) -> " + rows);
  linear("%a", "%x");
  text.line("%b = nn.scale %a {factor = " + factor + " : f32} : " + rows);
  linear("%c", "%b");
  return "module {\nfunc.func @main(%ids: tensor<?x?xi64> {dalbit.name = "
         "\"input_ids\", dalbit.dims = [\"B\", \"T\"]}) -> (" +
         rows +
         " {dalbit.name = \"logits\", dalbit.dims = [\"B\", \"T\", \"8\"]}) "
         "{\n" +
         text.text + "  return %c : " + rows + "\n}\n}\n";
}

std::map<uint32_t, uint64_t> saturationsOf(Compiled &c) {
  std::vector<int32_t> ids = {1, 4, 0};
  return c.session->step(ids, 1, true).saturated;
}

} // namespace

TEST_CASE("a layer whose numbers are cut is told by its tag", "[e2e]") {
  Compiled c(scaledModel("1.0e7"), 16, "nano");
  std::map<uint32_t, uint64_t> saturated = saturationsOf(c);
  REQUIRE(saturated.size() == 1);
  auto layer =
      std::find_if(c.program.layers.begin(), c.program.layers.end(),
                   [&](auto &l) { return l.tag == saturated.begin()->first; });
  REQUIRE(layer != c.program.layers.end());
  CHECK(layer->kind == "rescale");
  CHECK(saturated.begin()->second > 0);
  CHECK(saturated.begin()->second <= 3 * 8);
}

TEST_CASE("numbers that fit are not told of", "[e2e]") {
  Compiled c(scaledModel("2.0"), 16, "nano");
  CHECK(saturationsOf(c).empty());
}
