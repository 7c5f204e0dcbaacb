// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/e2e/SmallLlama.h"

#include "tests/e2e/NNText.h"

#include <vector>

namespace dalbit::test {

namespace {

class Writer : NNText {
public:
  explicit Writer(const SmallLlama &model) : NNText(model.seed), m(model) {}

  std::string write() {
    std::string rows = tensor(m.width), logits = tensor(m.vocabulary);
    std::string v = std::to_string(m.vocabulary);
    text =
        "func.func @main(%ids: tensor<?x?xi64> {dalbit.name = "
        "\"input_ids\", dalbit.dims = [\"B\", \"T\"]}" +
        std::string(m.givenPositions
                        ? ", %pos: tensor<?x?xi64> {dalbit.name = "
                          "\"position_ids\", dalbit.dims = [\"B\", \"T\"]}"
                        : "") +
        (m.stacked ? ", %past: " + stackType() + stackName("past", "P") : "") +
        ") -> (" + logits +
        " {dalbit.name = \"logits\", dalbit.dims = [\"B\", \"T\", \"" + v +
        "\"]}" +
        (m.stacked ? ", " + stackType() + stackName("present", "P+T") : "") +
        ") {\n";
    positions = m.givenPositions ? "tensor<?x?xi64>" : "tensor<1x?xi64>";
    if (!m.givenPositions)
      line("%pos = nn.position_ids : tensor<1x?xi64>");
    if (m.bias)
      bias = weight({m.heads, m.context}, 0, 2);
    if (!m.sinks.empty()) {
      std::string numbers;
      for (float number : m.sinks)
        numbers += (numbers.empty() ? "" : ", ") + std::to_string(number);
      line("%sinks = nn.constant dense<[" + numbers +
           "]> : " + typeOf({m.heads}));
    }
    cos = weight({m.context, m.pairs}, 0, 0.9f);
    sin = weight({m.context, m.pairs}, 0, 0.9f);
    std::string x = fresh(), table = weight({m.vocabulary, m.width});
    line(x + " = nn.embedding " + table + ", %ids : (" +
         typeOf({m.vocabulary, m.width}) + ", tensor<?x?xi64>) -> " + rows);
    for (int layer = 0; layer < m.layers; ++layer)
      x = feedForward(attend(x));
    std::string result = linear(norm(x, m.width, 1), m.width, m.vocabulary);
    if (m.stacked) {
      std::string parts, types;
      for (const std::string &present : presents) {
        parts += (parts.empty() ? "" : ", ") + present;
        types += (types.empty() ? "" : ", ") + cacheType();
      }
      line("%present = nn.stack_caches " + parts + " : (" + types + ") -> " +
           stackType());
      line("return " + result + ", %present : " + logits + ", " + stackType());
      return "module {\n" + text + "}\n}\n";
    }
    line("return " + result + " : " + logits);
    return "module {\n" + text + "}\n}\n";
  }

private:
  std::string cacheType() const {
    return "tensor<?x" + std::to_string(m.kvHeads) + "x?x" +
           std::to_string(m.size) + "xf32>";
  }
  std::string stackType() const {
    return "tensor<" + std::to_string(m.layers) + "x2x" + cacheType().substr(7);
  }
  std::string stackName(const std::string &name,
                        const std::string &keys) const {
    return " {dalbit.name = \"" + name + "\", dalbit.dims = [\"" +
           std::to_string(m.layers) + "\", \"2\", \"B\", \"" +
           std::to_string(m.kvHeads) + "\", \"" + keys + "\", \"" +
           std::to_string(m.size) + "\"]}";
  }
  std::string attend(const std::string &x) {
    std::string n = norm(x, m.width, 1);
    int wide = m.heads * m.size, narrow = m.kvHeads * m.size;
    std::string q = turned(linear(n, m.width, wide), m.heads),
                k = m.repeatedKeys
                        ? repeatedKey(n)
                        : turned(linear(n, m.width, narrow), m.kvHeads),
                v = linear(n, m.width, narrow), a = fresh();
    std::string cache = cacheType(), past;
    if (m.stacked) {
      std::string layer = std::to_string(presents.size() / 2);
      for (const char *half : {"0", "1"}) {
        std::string part = fresh();
        line(part + " = nn.cache_part %past at [" + layer + ", " + half +
             "] : (" + stackType() + ") -> " + cache);
        past += (past.empty() ? " past " : ", ") + part;
      }
      presents.push_back(a + "#1");
      presents.push_back(a + "#2");
    }
    std::string extra, added = m.bias ? " bias " + bias : "";
    if (!m.sinks.empty())
      added += " sinks %sinks";
    if (m.bias)
      extra += ", bias_origin = " + std::to_string(m.context - 1) + " : i64";
    if (m.window)
      extra += ", window = " + std::to_string(m.window) + " : i64";
    if (m.softcap > 0)
      extra += ", softcap = " + std::to_string(m.softcap) + " : f32";
    line(a + ":3 = nn.attention " + q + ", " + k + ", " + v + past + added +
         " {heads = " + std::to_string(m.heads) +
         " : i64, kv_heads = " + std::to_string(m.kvHeads) +
         " : i64, causal = true, scale = 0.3 : f32" + extra + "} : (" +
         tensor(wide) + ", " + tensor(narrow) + ", " + tensor(narrow) +
         (m.stacked ? ", " + cache + ", " + cache : "") +
         (m.bias ? ", " + typeOf({m.heads, m.context}) : "") +
         (m.sinks.empty() ? "" : ", " + typeOf({m.heads})) + ") -> (" +
         tensor(wide) + ", " + cache + ", " + cache + ")");
    return sum(x, linear(a + "#0", wide, m.width));
  }
  std::string feedForward(const std::string &x) {
    std::string n = norm(x, m.width, 1);
    if (!m.experts)
      return sum(x, expert(n));
    std::string gates = fresh(), all;
    line(gates + " = nn.route " + linear(n, m.width, m.experts) +
         " {chosen = " + std::to_string(m.chosen) + " : i64, normalised = " +
         (m.normalised ? "true" : "false") + "} : " + tensor(m.experts));
    for (int e = 0; e < m.experts; ++e) {
      std::string y = expert(n), weighed = fresh(), rows = tensor(m.width);
      line(weighed + " = nn.weigh " + y + ", " + gates +
           " {expert = " + std::to_string(e) + " : i64} : (" + rows + ", " +
           tensor(m.experts) + ") -> " + rows);
      all = e ? sum(all, weighed) : weighed;
    }
    return sum(x, all);
  }
  std::string expert(const std::string &n) {
    std::string gate = fresh(), product = fresh();
    std::string up = linear(n, m.width, m.hidden);
    line(gate + " = nn.silu " + linear(n, m.width, m.hidden) + " : " +
         tensor(m.hidden));
    line(product + " = nn.mul " + gate + ", " + up + " : (" + tensor(m.hidden) +
         ", " + tensor(m.hidden) + ") -> " + tensor(m.hidden));
    return linear(product, m.hidden, m.width);
  }
  std::string sum(const std::string &a, const std::string &b) {
    std::string y = fresh(), rows = tensor(m.width);
    line(y + " = nn.add " + a + ", " + b + " : (" + rows + ", " + rows +
         ") -> " + rows);
    return y;
  }
  std::string norm(const std::string &x, int width, int groups) {
    int part = width / groups;
    std::string gamma = weight({part}, 1), y = fresh();
    line(y + " = nn.rms_norm " + x + ", " + gamma +
         " {epsilon = 1.0e-5 : f32, groups = " + std::to_string(groups) +
         " : i64} : (" + tensor(width) + ", " + typeOf({part}) + ") -> " +
         tensor(width));
    return y;
  }
  std::string layerNorm(const std::string &x, int width, int groups) {
    int part = m.ownNumbers ? width : width / groups;
    std::string gamma = weight({part}, 1), beta = weight({part}), y = fresh();
    line(y + " = nn.layer_norm " + x + ", " + gamma + ", " + beta +
         " {epsilon = 1.0e-5 : f32, groups = " + std::to_string(groups) +
         " : i64} : (" + tensor(width) + ", " + typeOf({part}) + ", " +
         typeOf({part}) + ") -> " + tensor(width));
    return y;
  }
  std::string repeatedKey(const std::string &n) {
    int wide = m.kvHeads * m.size;
    std::string x = turned(linear(n, m.width, m.size), 1), y = fresh(), rows,
                type = typeOf({m.size, wide});
    for (int i = 0; i < m.size; ++i) {
      rows += i ? ", [" : "[";
      for (int c = 0; c < wide; ++c)
        rows += std::string(c ? ", " : "") + (c % m.size == i ? "1.0" : "0.0");
      rows += "]";
    }
    line(y + "w = nn.constant dense<[" + rows + "]> : " + type);
    line(y + " = nn.linear " + x + ", " + y + "w {dalbit.moves_columns} : (" +
         tensor(m.size) + ", " + type + ") -> " + tensor(wide));
    return y;
  }
  std::string turned(std::string x, int heads) {
    int width = heads * m.size;
    if (m.headLayerNorms)
      x = layerNorm(x, width, heads);
    else if (m.headNorms)
      x = norm(x, width, heads);
    if (m.pairs == 0)
      return x;
    std::string y = fresh(), angles = typeOf({m.context, m.pairs});
    line(y + " = nn.rotary " + x + ", " + cos + ", " + sin + " at %pos {" +
         (m.interleaved ? "interleaved, " : "") + "heads = " +
         std::to_string(heads) + " : i64} : (" + tensor(width) + ", " + angles +
         ", " + angles + ", " + positions + ") -> " + tensor(width));
    return y;
  }

  const SmallLlama &m;
  std::string cos, sin, positions, bias;
  std::vector<std::string> presents;
};

} // namespace

std::string smallLlamaText(const SmallLlama &model) {
  return Writer(model).write();
}

} // namespace dalbit::test
