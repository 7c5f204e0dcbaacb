// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values one by one: cut to a range (A17), as static quantisers of activations
// do (A13), or times a number.

#include "tests/e2e/Compiled.h"
#include "tests/e2e/NNText.h"

using namespace dalbit;
using namespace dalbit::test;

namespace {

/// Rows of a table, which has steps of 1/4 only, after \p operation.
std::string tableModel(const std::string &operation) {
  NNText text(11);
  std::string table = "dense<[[-4.0, -2.5, -0.25, 0.0], [0.25, 1.0, 2.5, 4.0], "
                      "[-0.5, 0.5, 30000.0, -30000.0]]>";
  text.line("%table = nn.constant " + table + " : tensor<3x4xf32>");
  text.line("%x = nn.embedding %table, %ids : (tensor<3x4xf32>, "
            "tensor<?x?xi64>) -> tensor<?x?x4xf32>");
  text.line("%y = nn." + operation + " : tensor<?x?x4xf32>");
  return "module {\nfunc.func @main(%ids: tensor<?x?xi64> {dalbit.name = "
         "\"input_ids\", dalbit.dims = [\"B\", \"T\"]}) -> (tensor<?x?x4xf32> "
         "{dalbit.name = \"logits\", dalbit.dims = [\"B\", \"T\", \"4\"]}) "
         "{\n" +
         text.text + "  return %y : tensor<?x?x4xf32>\n}\n}\n";
}

/// What ids 2, 0, 1, 1 find in it.
const std::vector<float> Found = {-0.5,  0.5, 30000, -30000, -4,  -2.5,
                                  -0.25, 0,   0.25,  1,      2.5, 4,
                                  0.25,  1,   2.5,   4};

} // namespace

TEST_CASE("a factor may be negative, on every engine", "[clip]") {
  bool rtl = GENERATE(false, true);
  Compiled c(tableModel("scale %x {factor = -1.0 : f32}"), 16, "nano", "w8",
             rtl);
  std::vector<int64_t> ids = {2, 0, 1, 1};
  std::vector<float> minus;
  for (float v : Found)
    minus.push_back(-v);
  CHECK(c.integerLogits(ids, 1) == minus);
  CHECK(npuLogits(c, ids, 1) == minus);
}

TEST_CASE("a range cuts exactly, on every engine", "[clip]") {
  struct Range {
    const char *low, *high;
    float least, most;
  };
  float infinity = std::numeric_limits<float>::infinity();
  auto range = GENERATE_COPY(
      Range{"-2.5", "1.0", -2.5f, 1.0f}, Range{"0.0", "2.0", 0.0f, 2.0f},
      Range{"0.25", "0.75", 0.25f, 0.75f}, Range{"-3.0", "-1.0", -3.0f, -1.0f},
      Range{"0xFF800000", "1.5", -infinity, 1.5f},
      Range{"-1.5", "0x7F800000", -1.5f, infinity},
      Range{"-30000.0", "30000.0", -30000.0f, 30000.0f});
  bool rtl = GENERATE(false, true);
  Compiled c(tableModel(std::string("clip %x {low = ") + range.low +
                        " : f32, high = " + range.high + " : f32}"),
             16, "nano", "w8", rtl);
  std::vector<int64_t> ids = {2, 0, 1, 1};
  std::vector<float> whole = Found;
  for (float &v : whole)
    v = std::min(std::max(v, range.least), range.most);
  CHECK(c.integerLogits(ids, 1) == whole);
  CHECK(npuLogits(c, ids, 1) == whole);
}

TEST_CASE("a range between layers", "[clip]") {
  // Heads of 20 columns are padded on these targets: the range stands between
  // the attention and the layer that knows where its columns are.
  auto target = GENERATE("nano", "edge");
  NNText text(5);
  std::string rows = "tensor<?x?x40xf32>";
  auto linear = [&](const std::string &x) {
    std::string weight = text.weight({40, 40}), out = text.fresh();
    text.line(out + " = nn.linear " + x + ", " + weight + " : (" + rows +
              ", tensor<40x40xf32>) -> " + rows);
    return out;
  };
  std::string table = text.weight({9, 40});
  text.line("%x = nn.embedding " + table +
            ", %ids : (tensor<9x40xf32>, tensor<?x?xi64>) -> " + rows);
  std::string q = linear("%x"), k = linear("%x"), v = linear("%x");
  text.line("%o:3 = nn.attention " + q + ", " + k + ", " + v +
            " {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.5 "
            ": f32} : (" +
            rows + ", " + rows + ", " + rows + ") -> (" + rows +
            ", tensor<?x2x?x20xf32>, tensor<?x2x?x20xf32>)");
  text.line("%cut = nn.clip %o#0 {low = -0.02 : f32, high = 0.01 : f32} : " +
            rows);
  std::string y = linear("%cut");
  text.line("%z = nn.clip " + y +
            " {low = 0.0 : f32, high = 0.02 : f32} : " + rows);
  std::string z = linear("%z");
  Compiled c("module {\nfunc.func @main(%ids: tensor<?x?xi64> {dalbit.name = "
             "\"input_ids\", dalbit.dims = [\"B\", \"T\"]}) -> (" +
                 rows +
                 " {dalbit.name = \"logits\", dalbit.dims = [\"B\", \"T\", "
                 "\"40\"]}) {\n" +
                 text.text + "  return " + z + " : " + rows + "\n}\n}\n",
             32, target);
  std::vector<int64_t> ids = someIds(7, 9);
  CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
  int identities = 0;
  c.integer->walk([&](qnn::LinearOp) { ++identities; });
  CHECK(identities == 5); // none beside the layers of the model
}
