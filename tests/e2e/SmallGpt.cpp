// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/e2e/SmallGpt.h"

#include "tests/e2e/NNText.h"

namespace dalbit::test {

namespace {

class Writer : NNText {
public:
  explicit Writer(const SmallGpt &model) : NNText(model.seed), m(model) {}

  std::string write() {
    std::string rows = tensor(m.width), logits = tensor(m.vocabulary);
    text = "func.func @main(%ids: tensor<?x?xi64> {dalbit.name = "
           "\"input_ids\", dalbit.dims = [\"B\", \"T\"]})"
           " -> (" +
           logits +
           " {dalbit.name = \"logits\", dalbit.dims = [\"B\", \"T\", \"" +
           std::to_string(m.vocabulary) + "\"]}) {\n";
    std::string tokens = weight({m.vocabulary, m.width}),
                places = weight({m.context, m.width});
    line("%pos = nn.position_ids : tensor<1x?xi64>");
    line("%te = nn.embedding " + tokens + ", %ids : (" +
         typeOf({m.vocabulary, m.width}) + ", tensor<?x?xi64>) -> " + rows);
    line("%pe = nn.embedding " + places + ", %pos : (" +
         typeOf({m.context, m.width}) + ", tensor<1x?xi64>) -> tensor<1x?x" +
         std::to_string(m.width) + "xf32>");
    std::string x = fresh();
    line(x + " = nn.add %te, %pe : (" + rows + ", tensor<1x?x" +
         std::to_string(m.width) + "xf32>) -> " + rows);
    for (int layer = 0; layer < m.layers; ++layer) {
      std::string n = norm(x), q = linear(n, m.width, m.width),
                  k = linear(n, m.width, m.width),
                  v = linear(n, m.width, m.width), a = fresh();
      std::string cache = "tensor<?x" + std::to_string(m.heads) + "x?x" +
                          std::to_string(m.width / m.heads) + "xf32>";
      line(a + ":3 = nn.attention " + q + ", " + k + ", " + v +
           " {heads = " + std::to_string(m.heads) +
           " : i64, kv_heads = " + std::to_string(m.heads) +
           " : i64, causal = true, scale = 0.25 : f32} : (" + rows + ", " +
           rows + ", " + rows + ") -> (" + rows + ", " + cache + ", " + cache +
           ")");
      std::string sum = fresh();
      std::string o = linear(a + "#0", m.width, m.width);
      line(sum + " = nn.add " + x + ", " + o + " : (" + rows + ", " + rows +
           ") -> " + rows);
      std::string f = linear(norm(sum), m.width, m.hidden), g = fresh();
      line(g + " = nn.gelu " + f +
           " {approximate = \"tanh\"} : " + tensor(m.hidden));
      std::string p = linear(g, m.hidden, m.width);
      x = fresh();
      line(x + " = nn.add " + sum + ", " + p + " : (" + rows + ", " + rows +
           ") -> " + rows);
    }
    std::string result = linear(norm(x), m.width, m.vocabulary);
    line("return " + result + " : " + logits);
    return "module {\n" + text + "}\n}\n";
  }

private:
  std::string norm(const std::string &x) {
    std::string gamma = weight({m.width}, 1), beta = weight({m.width}),
                y = fresh();
    line(y + " = nn.layer_norm " + x + ", " + gamma + ", " + beta +
         " {epsilon = 1.0e-5 : f32} : (" + tensor(m.width) + ", " +
         typeOf({m.width}) + ", " + typeOf({m.width}) + ") -> " +
         tensor(m.width));
    return y;
  }
  const SmallGpt &m;
};

} // namespace

std::string smallGptText(const SmallGpt &model) {
  return Writer(model).write();
}

} // namespace dalbit::test
