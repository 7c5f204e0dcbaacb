// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of 16 bits for single layers (A2).

#include "tests/e2e/Compiled.h"
#include "tests/e2e/NNText.h"

using namespace dalbit;
using namespace dalbit::test;

namespace {

std::string mainOf(const std::string &text, const std::string &result,
                   int width) {
  std::string type = "tensor<?x?x" + std::to_string(width) + "xf32>";
  return "module {\nfunc.func @main(%ids: tensor<?x?xi64> {dalbit.name = "
         "\"input_ids\", dalbit.dims = [\"B\", \"T\"]}) -> (" +
         type + " {dalbit.name = \"logits\", dalbit.dims = [\"B\", \"T\", \"" +
         std::to_string(width) + "\"]}) {\n" + text + "  return " + result +
         " : " + type + "\n}\n}\n";
}

/// A block with attention and a feed-forward part; layers are named after what
/// they make.
class Block : NNText {
public:
  /// Two heads of half the \p width.
  explicit Block(int width = 40) : NNText(3), width(width) {}

  std::string model() {
    std::string type = tensor(width),
                heads = "tensor<?x2x?x" + std::to_string(width / 2) + "xf32>";
    std::string table = weight({50, width}, 0, 2);
    line("%x = nn.embedding " + table + ", %ids : (" + typeOf({50, width}) +
         ", tensor<?x?xi64>) -> " + type);
    std::string q = named("%x", width, width, "q"),
                k = named("%x", width, width, "k"),
                v = named("%x", width, width, "v");
    line("%o:3 = nn.attention " + q + ", " + k + ", " + v +
         " {causal = true, heads = 2 : i64, kv_heads = 2 : i64, scale = 0.22 : "
         "f32} : (" +
         type + ", " + type + ", " + type + ") -> (" + type + ", " + heads +
         ", " + heads + ")");
    std::string a = sum(named("%o#0", width, width, "out"), "%x");
    std::string up = named(a, width, 112, "up"), gated = fresh();
    line(gated + " = nn.gelu " + up +
         " {approximate = \"none\"} : " + tensor(112));
    std::string y = sum(named(gated, 112, width, "down"), a);
    return mainOf(text, named(y, width, 50, "head"), 50);
  }

private:
  std::string named(const std::string &x, int k, int n,
                    const std::string &name) {
    std::string y = linear(x, k, n);
    text.pop_back();
    line(" loc(\"" + name + "\")");
    return y;
  }
  std::string sum(const std::string &a, const std::string &b) {
    std::string y = fresh(), type = tensor(width);
    line(y + " = nn.add " + a + ", " + b + " : (" + type + ", " + type +
         ") -> " + type);
    return y;
  }

  int width;
};

std::vector<float> floatLogits(Compiled &c, const std::vector<int64_t> &ids) {
  auto out =
      execute::FloatExecutor(*c.floating)
          .run({execute::Tensor::of<int64_t>({1, int64_t(ids.size())}, ids)});
  return {out[0].data<float>(), out[0].data<float>() + out[0].count()};
}

double noiseOf(const std::vector<float> &exact, const std::vector<float> &got) {
  double noise = 0;
  for (size_t i = 0; i < exact.size(); ++i)
    noise += std::pow(double(exact[i]) - got[i], 2);
  return noise;
}

} // namespace

TEST_CASE("16 bits keep small columns beside a large one", "[int16]") {
  NNText text(1);
  text.line("%table = nn.constant dense<[[1000.0, 5.0, -3.0, 0.25], "
            "[-999.0, 0.5, 0.0, 100.0]]> : tensor<2x4xf32>");
  text.line("%w = nn.constant dense<[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, "
            "1.0]]> : tensor<4x2xf32>");
  text.line("%x = nn.embedding %table, %ids : (tensor<2x4xf32>, "
            "tensor<?x?xi64>) -> tensor<?x?x4xf32>");
  text.line("%y = nn.linear %x, %w : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> "
            "tensor<?x?x2xf32> loc(\"layer\")");
  std::string model = mainOf(text.text, "%y", 2);
  std::vector<int64_t> ids = {0, 1};
  std::vector<float> exact = {5, -2.75, 0.5, 100};
  Compiled wide(model, 16, "nano", "w8", false, {"layer"}),
      narrow(model, 16, "nano");
  std::vector<float> got = npuLogits(wide, ids, 1);
  CHECK(got == wide.integerLogits(ids, 1));
  for (size_t i = 0; i < exact.size(); ++i)
    CHECK(got[i] == Approx(exact[i]).margin(0.04)); // a step is 0.031
  CHECK(noiseOf(exact, npuLogits(narrow, ids, 1)) > 1);
}

TEST_CASE("any layer may have 16 bits", "[int16]") {
  struct Case {
    const char *target, *weights;
    std::vector<std::string> layers;
  };
  auto [target, weights, layers] = GENERATE(
      Case{"nano", "w8", {"q", "k", "v", "out", "up", "down", "head"}},
      Case{"edge", "w8", {"q", "k", "v", "out", "up", "down", "head"}},
      Case{"edge", "w8", {"v", "down"}}, Case{"edge", "w4", {"up", "head"}},
      Case{"server", "w8", {"q", "up"}});
  // Groups of w4 cannot begin in the padding of heads.
  int width = weights == std::string("w4") ? 64 : 40;
  Compiled c(Block(width).model(), 64, target, weights, false, layers);
  std::vector<int64_t> ids = someIds(21, 50);
  std::vector<float> prompt = npuLogits(c, ids, 1);
  CHECK(prompt == c.integerLogits(ids, 1));
  // A step of one token after the others.
  std::vector<float> next = npuLogits(c, {7}, 1);
  ids.push_back(7);
  std::vector<float> all = c.integerLogits(ids, 1);
  CHECK(next == std::vector<float>(all.end() - 50, all.end()));
}

TEST_CASE("16 bits on rtl", "[int16][rtl]") {
  Compiled c(Block().model(), 64, "nano", "w8", true, {"k", "up", "down"});
  std::vector<int64_t> ids = someIds(5, 50);
  CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
}

TEST_CASE("16 bits everywhere leave less noise", "[int16]") {
  std::vector<int64_t> ids = someIds(30, 50);
  Compiled narrow(Block().model(), 64, "edge");
  Compiled wide(Block().model(), 64, "edge", "w8", false,
                {"q", "k", "v", "out", "up", "down", "head"});
  std::vector<float> exact = floatLogits(narrow, ids);
  // What is left is that of the weights and of the attention.
  CHECK(noiseOf(exact, npuLogits(wide, ids, 1)) <
        0.75 * noiseOf(exact, npuLogits(narrow, ids, 1)));
}
