// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/e2e/SmallGpt.h"

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace dalbit::test {

namespace {

class Writer {
public:
  explicit Writer(const SmallGpt &model) : m(model), random(model.seed) {}

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
  std::string fresh() { return "%v" + std::to_string(next++); }
  void line(const std::string &l) { text += "  " + l + "\n"; }
  std::string tensor(int cols) {
    return "tensor<?x?x" + std::to_string(cols) + "xf32>";
  }
  std::string typeOf(const std::vector<int> &shape) {
    std::string type = "tensor<";
    for (int size : shape)
      type += std::to_string(size) + "x";
    return type + "f32>";
  }
  std::string weight(const std::vector<int> &shape, float base = 0,
                     float spread = 0.15f) {
    size_t count = 1;
    for (int size : shape)
      count *= size_t(size);
    // The hexadecimal form of a dense attribute: the bytes of the floats.
    std::string hex = "0x";
    for (size_t i = 0; i < count; ++i) {
      float value = base + spread * (float(random() % 2001) / 1000 - 1);
      uint8_t bytes[4];
      std::memcpy(bytes, &value, 4);
      for (uint8_t byte : bytes) {
        hex += "0123456789ABCDEF"[byte >> 4];
        hex += "0123456789ABCDEF"[byte & 15];
      }
    }
    std::string name = fresh();
    line(name + " = nn.constant dense<\"" + hex + "\"> : " + typeOf(shape));
    return name;
  }
  std::string norm(const std::string &x) {
    std::string gamma = weight({m.width}, 1), beta = weight({m.width}),
                y = fresh();
    line(y + " = nn.layer_norm " + x + ", " + gamma + ", " + beta +
         " {epsilon = 1.0e-5 : f32} : (" + tensor(m.width) + ", " +
         typeOf({m.width}) + ", " + typeOf({m.width}) + ") -> " +
         tensor(m.width));
    return y;
  }
  std::string linear(const std::string &x, int k, int n) {
    std::string w = weight({k, n}), b = weight({n}), y = fresh();
    line(y + " = nn.linear " + x + ", " + w + ", " + b + " : (" + tensor(k) +
         ", " + typeOf({k, n}) + ", " + typeOf({n}) + ") -> " + tensor(n));
    return y;
  }

  const SmallGpt &m;
  std::mt19937 random;
  std::string text;
  int next = 0;
};

} // namespace

std::string smallGptText(const SmallGpt &model) {
  return Writer(model).write();
}

} // namespace dalbit::test
