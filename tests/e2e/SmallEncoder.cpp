// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/e2e/SmallEncoder.h"

#include "tests/e2e/NNText.h"

namespace dalbit::test {

namespace {

constexpr int Width = 48, Heads = 3;

class Writer : NNText {
public:
  Writer() : NNText(7) {}

  enum class Mask { Flags, Counted, Numbers };

  std::string turnedBert(int context, const SmallHeads &form) {
    heads = form;
    if (heads.pairs) {
      angles = typeOf({context, heads.pairs});
      cos = weight({context, heads.pairs}, 0, 1);
      sin = weight({context, heads.pairs}, 0, 1);
    }
    return bert(context, false);
  }

  std::string bert(int context, bool biased, Mask kind = Mask::Flags,
                   bool sunk = false) {
    Rows rows = {-1, -1};
    if (sunk)
      sinks();
    if (biased)
      bias({Heads, 2 * context - 1}, context - 1);
    std::string type = rowsOf(rows, Width), one = typeOf({1, -1, Width});
    std::string x = embedding(80, "%ids"), types = embedding(2, "%types");
    x = add(x, types, type, type);
    line("%pos = nn.position_ids : tensor<1x?xi64>");
    std::string table = weight({context, Width}), places = fresh();
    line(places + " = nn.embedding " + table + ", %pos : (" +
         typeOf({context, Width}) + ", tensor<1x?xi64>) -> " + one);
    x = norm(add(x, places, type, one), rows, Width);
    std::string mask =
        kind == Mask::Numbers ? "tensor<?xi64>" : "tensor<?x?xi64>";
    line("%key = nn.key_mask %mask " +
         std::string(kind == Mask::Counted ? "{counted} : " : ": ") + mask +
         " -> tensor<?x?xf32>");
    for (int layer = 0; layer < 2; ++layer) {
      std::string a =
          attention(x, x, rows, rows, "mask %key", "tensor<?x?xf32>", false);
      x = norm(add(linear(a, rows, Width, Width), x, type, type), rows, Width);
      x = norm(add(feedForward(x, rows, "nn.gelu {approximate = \"none\"}"), x,
                   type, type),
               rows, Width);
    }
    line("%first = nn.slice " + x + " {first = 0 : i64} : (" + type + ") -> " +
         typeOf({-1, Width}));
    bool hasRows = kind != Mask::Numbers;
    line("%largest = nn.token_max " + x +
         (hasRows ? " mask %key : (" : " : (") + type +
         (hasRows ? ", tensor<?x?xf32>" : "") + ") -> " + typeOf({-1, Width}));
    std::string pooled = unary("nn.tanh", linear("%first", {-1}, Width, Width),
                               typeOf({-1, Width}));
    return function("%ids: tensor<?x?xi64> " + named("ids", "B,T") +
                        ", %types: tensor<?x?xi64> " + named("types", "B,T") +
                        ", %mask: " + mask + " " +
                        named("mask", kind == Mask::Numbers ? "B" : "B,T"),
                    {{x, type, named("hidden", "B,T,48")},
                     {pooled, typeOf({-1, Width}), named("pooled", "B,48")},
                     {linear("%largest", {-1}, Width, Width),
                      typeOf({-1, Width}), named("largest", "B,48")}});
  }

  std::string vit(bool biased, bool turned) {
    Rows rows = {-1, 17};
    if (turned) {
      heads.pairs = 6;
      angles = typeOf({17, heads.pairs});
      cos = weight({17, heads.pairs}, 0, 1);
      sin = weight({17, heads.pairs}, 0, 1);
      places = "tensor<1x17xi64>";
      std::string numbers;
      for (int i = 0; i < 17; ++i)
        numbers += (i ? ", " : "") + std::to_string(i);
      line("%pos = nn.constant dense<[[" + numbers + "]]> : " + places);
    }
    if (biased)
      bias({Heads, 17, 17}, -1);
    std::string type = rowsOf(rows, Width), patches = fresh();
    line(patches + " = nn.rearrange %image view [-1, 3, 4, 4, 4, 4] order "
                   "[0, 2, 4, 1, 3, 5] : (tensor<?x3x16x16xf32>) -> "
                   "tensor<?x16x48xf32>");
    patches = linear(patches, {-1, 16}, 48, Width);
    std::string token = weight({1, 1, Width}, 0, 1), x = fresh();
    line(x + " = nn.concat " + token + ", " + patches + " : (" +
         typeOf({1, 1, Width}) + ", " + rowsOf({-1, 16}, Width) + ") -> " +
         type);
    x = add(x, weight({1, 17, Width}), type, typeOf({1, 17, Width}));
    x = preNorm(x, rows, "nn.relu");
    std::string first = fresh();
    line(first + " = nn.slice " + norm(x, rows, Width) +
         " {first = 0 : i64} : (" + type + ") -> " + typeOf({-1, Width}));
    return function("%image: tensor<?x3x16x16xf32> " +
                        named("image", "B,3,16,16"),
                    {{linear(first, {-1}, Width, 10), typeOf({-1, 10}),
                      named("logits", "B,10")}});
  }

  std::string whisper(int frames, bool masked) {
    int half = (frames + 1) / 2;
    std::string mask = "tensor<?x" + std::to_string(half) + "x";
    if (masked)
      line("%key = nn.key_mask %mask : " + mask + "i64> -> " + mask + "f32>");
    Rows all = {-1, frames}, encoder = {-1, half}, decoder = {-1, -1};
    std::string in = std::to_string(frames), f = fresh();
    line(f + " = nn.rearrange %sound view [-1, 10, " + in +
         "] order [0, 2, 1] : (tensor<?x10x" + in + "xf32>) -> tensor<?x" + in +
         "x10xf32>");
    f = unary("nn.gelu {approximate = \"none\"}",
              linear(windows(f, frames, 10, 1), all, 30, Width),
              rowsOf(all, Width));
    f = unary("nn.gelu {approximate = \"none\"}",
              linear(windows(f, frames, Width, 2), encoder, 3 * Width, Width),
              rowsOf(encoder, Width));
    f = norm(preNorm(f, encoder, "nn.gelu {approximate = \"tanh\"}"), encoder,
             Width);
    std::string type = rowsOf(decoder, Width), x = embedding(40, "%ids");
    std::string n = norm(x, decoder, Width);
    std::string self = attention(n, n, decoder, decoder, "", "", true);
    x = add(x, linear(self, decoder, Width, Width), type, type);
    n = norm(x, decoder, Width);
    std::string cross =
        attention(n, f, decoder, encoder, masked ? "mask %key" : "",
                  masked ? mask + "f32>" : "", false);
    x = add(x, linear(cross, decoder, Width, Width), type, type);
    std::string logits = linear(norm(x, decoder, Width), decoder, Width, 40);
    std::string keys = typeOf({-1, Heads, half, Width / Heads}),
                own = typeOf({-1, Heads, -1, Width / Heads});
    std::string size = std::to_string(half);
    auto presents = [&](const std::string &name, const std::string &type,
                        const std::string &place, const std::string &dims) {
      return Result{place, type, named(name, dims)};
    };
    return function(
        "%sound: tensor<?x10x" + in + "xf32> " + named("sound", "B,10," + in) +
            ", %ids: tensor<?x?xi64> " + named("ids", "B,T") +
            (masked ? ", %mask: " + mask + "i64> " + named("mask", "B," + size)
                    : ""),
        {{logits, rowsOf(decoder, 40), named("logits", "B,T,40")},
         presents("self_key", own, base(self) + "#1", "B,3,T,16"),
         presents("cross_value", keys, base(cross) + "#2",
                  "B,3," + size + ",16")});
  }

  std::string cross() {
    Rows q = {1, 5}, kv = {1, 9};
    line("%added = nn.rearrange %mask view [1, 5, 9] order [0, 1, 2] : "
         "(tensor<5x9xf32>) -> tensor<1x5x9xf32>");
    std::string a = attention("%q", "%kv", q, kv, "mask %added",
                              "tensor<1x5x9xf32>", false);
    return function(
        "%q: tensor<1x5x48xf32> " + named("q", "1,5,48") +
            ", %kv: tensor<1x9x48xf32> " + named("kv", "1,9,48") +
            ", %mask: tensor<5x9xf32> " + named("mask", "5,9"),
        {{linear(a, q, Width, Width), rowsOf(q, Width), named("y", "1,5,48")}});
  }

  /// \p attributes are those of the pick.
  std::string clip(const std::string &attributes) {
    Rows rows = {-1, 12};
    std::string type = rowsOf(rows, Width), x = fresh();
    std::string table = weight({80, Width});
    line(x + " = nn.embedding " + table + ", %ids : (" + typeOf({80, Width}) +
         ", tensor<?x12xi64>) -> " + type);
    std::string n = norm(x, rows, Width);
    std::string a = attention(n, n, rows, rows, "", "", true);
    x = add(x, linear(a, rows, Width, Width), type, type);
    x = add(x,
            feedForward(norm(x, rows, Width), rows,
                        "nn.gelu {approximate = \"sigmoid\"}"),
            type, type);
    std::string picked = fresh();
    line(picked + " = nn.pick " + norm(x, rows, Width) + ", %ids" + attributes +
         " : (" + type + ", tensor<?x12xi64>) -> " + typeOf({-1, Width}));
    std::string shown = fresh();
    line("%key = nn.key_mask %mask : tensor<?x12xi64> -> tensor<?x12xf32>");
    line(shown + " = nn.pick " + x + ", %key {rule = \"shown\"} : (" + type +
         ", tensor<?x12xf32>) -> " + typeOf({-1, Width}));
    std::string ids = "tensor<?x12xi64> ", out = typeOf({-1, Width});
    return function("%ids: " + ids + named("ids", "B,12") + ", %mask: " + ids +
                        named("mask", "B,12"),
                    {{picked, out, named("text", "B,48")},
                     {shown, out, named("last", "B,48")}});
  }

  std::string counted() {
    Rows rows = {-1, -1};
    std::string type = rowsOf(rows, Width), x = embedding(80, "%ids");
    line("%places = nn.mask_positions %ids {fill = 11 : i64, hidden = 1 : "
         "i64} : tensor<?x?xi64> -> tensor<?x?xi64>");
    x = norm(add(x, embedding(12, "%places"), type, type), rows, Width);
    x = linear(preNorm(x, rows, "nn.relu"), rows, Width, 1);
    line("%flat = nn.rearrange " + x +
         " view [-1, -1, 1] order [0, 1, 2] : (tensor<?x?x1xf32>) -> "
         "tensor<?x?xf32>");
    return function("%ids: tensor<?x?xi64> " + named("ids", "B,T"),
                    {{"%flat", "tensor<?x?xf32>", named("starts", "B,T")}});
  }

  std::string steps() {
    Rows rows = {-1, 6};
    std::string table = weight({20, Width}), type = rowsOf(rows, Width);
    line("%row = nn.embedding " + table + ", %step : (" + typeOf({20, Width}) +
         ", tensor<1xi64>) -> " + typeOf({1, Width}));
    line("%all = nn.concat %x, %row : (" + rowsOf({-1, 5}, Width) + ", " +
         typeOf({1, Width}) + ") -> " + type);
    std::string y = norm(preNorm("%all", rows, "nn.relu"), rows, Width);
    y = norm(attention(y, y, rows, rows, "", "", false), rows, Width);
    line("%moved = nn.rearrange " + y +
         " view [-1, 6, 48] order [1, 0, 2] : (" + type +
         ") -> tensor<6x?x48xf32>");
    return function(
        "%x: tensor<?x5x48xf32> " + named("x", "B,5,48") +
            ", %step: tensor<1xi64> " + named("step", "1"),
        {{"%moved", "tensor<6x?x48xf32>", named("moved", "6,B,48")}});
  }

private:
  using Rows = std::vector<int>;
  std::string lastQuery, lastKey;
  /// What the attentions that follow add to their scores: operand, type and
  /// attribute, each with what goes before it.
  std::string biasOperand, biasType, biasOrigin, sinkOperand, sinkType;
  SmallHeads heads;
  std::string cos, sin, angles, places = "tensor<1x?xi64>";

  /// Heads of queries or keys; at %pos.
  std::string turned(std::string x, const Rows &rows, int count, bool isKey) {
    int width = count * Width / Heads, size = Width / Heads;
    std::string type = rowsOf(rows, width);
    if (heads.norms && isKey) {
      int part = heads.centred ? width : size;
      std::string gamma = weight({part}, 1), y = fresh(),
                  numbers = ", " + typeOf({part});
      line(y + (heads.centred ? " = nn.layer_norm " : " = nn.rms_norm ") + x +
           ", " + gamma + (heads.centred ? ", " + weight({part}) : "") +
           " {epsilon = 1.0e-5 : f32, groups = " + std::to_string(count) +
           " : i64} : (" + type + numbers + (heads.centred ? numbers : "") +
           ") -> " + type);
      x = y;
    }
    if (heads.pairs == 0 || !isKey)
      return x;
    std::string y = fresh();
    line(y + " = nn.rotary " + x + ", " + cos + ", " + sin + " at %pos {" +
         (heads.interleaved ? "interleaved, " : "") +
         "heads = " + std::to_string(count) + " : i64} : (" + type + ", " +
         angles + ", " + angles + ", " + places + ") -> " + type);
    return y;
  }

  void sinks() {
    sinkOperand = " sinks " + weight({Heads}, 0, 4);
    sinkType = ", " + typeOf({Heads});
  }

  void bias(const std::vector<int> &shape, int origin) {
    biasOperand = " bias " + weight(shape, 0, 2);
    biasType = ", " + typeOf(shape);
    if (origin >= 0)
      biasOrigin = ", bias_origin = " + std::to_string(origin) + " : i64";
  }

  /// Negative sizes are open.
  static std::string typeOf(const std::vector<int> &shape) {
    std::string type = "tensor<";
    for (int size : shape)
      type += (size < 0 ? "?" : std::to_string(size)) + "x";
    return type + "f32>";
  }
  static std::string rowsOf(Rows rows, int width) {
    rows.push_back(width);
    return typeOf(rows);
  }
  std::string norm(const std::string &x, const Rows &rows, int width) {
    std::string gamma = weight({width}, 1), beta = weight({width}), y = fresh();
    std::string type = rowsOf(rows, width);
    line(y + " = nn.layer_norm " + x + ", " + gamma + ", " + beta +
         " {epsilon = 1.0e-5 : f32} : (" + type + ", " + typeOf({width}) +
         ", " + typeOf({width}) + ") -> " + type);
    return y;
  }
  std::string linear(const std::string &x, const Rows &rows, int k, int n) {
    std::string w = weight({k, n}), b = weight({n}), y = fresh();
    line(y + " = nn.linear " + x + ", " + w + ", " + b + " : (" +
         rowsOf(rows, k) + ", " + typeOf({k, n}) + ", " + typeOf({n}) +
         ") -> " + rowsOf(rows, n));
    return y;
  }
  std::string add(const std::string &a, const std::string &b,
                  const std::string &type, const std::string &other) {
    std::string y = fresh();
    line(y + " = nn.add " + a + ", " + b + " : (" + type + ", " + other +
         ") -> " + type);
    return y;
  }
  /// \p op and its attributes on values of one type.
  std::string unary(const std::string &op, const std::string &x,
                    const std::string &type) {
    std::string y = fresh();
    size_t space = op.find(' ');
    line(y + " = " + op.substr(0, space) + " " + x +
         (space == std::string::npos ? "" : op.substr(space)) + " : " + type);
    return y;
  }
  struct Result {
    std::string value, type, attributes;
  };

  static std::string base(const std::string &value) {
    return value.substr(0, value.find('#'));
  }
  static std::string named(const std::string &name, const std::string &dims) {
    std::string list;
    for (char c : dims)
      list += c == ',' ? std::string("\", \"") : std::string(1, c);
    return "{dalbit.name = \"" + name + "\", dalbit.dims = [\"" + list + "\"]}";
  }
  std::string function(const std::string &arguments,
                       const std::vector<Result> &results) {
    std::string types, values, plain;
    for (const Result &result : results) {
      types +=
          (types.empty() ? "" : ", ") + result.type + " " + result.attributes;
      values += (values.empty() ? "" : ", ") + result.value;
      plain += (plain.empty() ? "" : ", ") + result.type;
    }
    return "module {\nfunc.func @main(" + arguments + ") -> (" + types +
           ") {\n" + text + "  return " + values + " : " + plain + "\n}\n}\n";
  }
  std::string embedding(int count, const std::string &ids) {
    std::string table = weight({count, Width}), x = fresh();
    line(x + " = nn.embedding " + table + ", " + ids + " : (" +
         typeOf({count, Width}) + ", tensor<?x?xi64>) -> " +
         typeOf({-1, -1, Width}));
    return x;
  }
  std::string attention(const std::string &x, const std::string &memory,
                        const Rows &rows, const Rows &keys,
                        const std::string &mask, const std::string &maskType,
                        bool causal) {
    int kvWidth = heads.keys * Width / Heads;
    std::string q = linear(x, rows, Width, Width),
                k = linear(memory, keys, Width, kvWidth),
                v = linear(memory, keys, Width, kvWidth), a = fresh();
    lastQuery = q;
    lastKey = k;
    q = turned(q, rows, Heads, true);
    k = turned(k, keys, heads.keys, true);
    v = turned(v, keys, heads.keys, heads.valuesTurn);
    std::string cache = typeOf({keys[0], heads.keys, keys[1], Width / Heads}),
                type = rowsOf(rows, Width), other = rowsOf(keys, kvWidth);
    std::string window =
        heads.window ? ", window = " + std::to_string(heads.window) + " : i64"
                     : "";
    line(a + ":3 = nn.attention " + q + ", " + k + ", " + v + " " + mask +
         biasOperand + sinkOperand +
         " {heads = 3 : i64, kv_heads = " + std::to_string(heads.keys) +
         " : i64, causal = " + (causal ? "true" : "false") +
         ", scale = 0.25 : f32" + biasOrigin + window + "} : (" + type + ", " +
         other + ", " + other + (mask.empty() ? "" : ", " + maskType) +
         biasType + sinkType + ") -> (" + type + ", " + cache + ", " + cache +
         ")");
    return a + "#0";
  }
  std::string feedForward(const std::string &x, const Rows &rows,
                          const std::string &activation) {
    std::string f = linear(x, rows, Width, 96);
    return linear(unary(activation, f, rowsOf(rows, 96)), rows, 96, Width);
  }
  std::string preNorm(std::string x, const Rows &rows,
                      const std::string &activation) {
    std::string type = rowsOf(rows, Width), n = norm(x, rows, Width);
    std::string a = attention(n, n, rows, rows, "", "", false);
    x = add(x, linear(a, rows, Width, Width), type, type);
    return add(x, feedForward(norm(x, rows, Width), rows, activation), type,
               type);
  }
  std::string windows(const std::string &x, int rows, int width, int stride) {
    std::string y = fresh();
    line(y + " = nn.windows " + x +
         " {size = 3 : i64, stride = " + std::to_string(stride) +
         " : i64, before = 1 : i64, after = 1 : i64} "
         ": (" +
         rowsOf({-1, rows}, width) + ") -> " +
         rowsOf({-1, (rows - 1) / stride + 1}, 3 * width));
    return y;
  }
};

} // namespace

std::string smallBertText(int context, bool biased) {
  return Writer().bert(context, biased);
}
std::string smallCountingBertText(int context, bool numbers) {
  return Writer().bert(context, false,
                       numbers ? Writer::Mask::Numbers : Writer::Mask::Counted);
}
std::string smallTurnedBertText(int context, const SmallHeads &heads) {
  return Writer().turnedBert(context, heads);
}
std::string smallSunkBertText(int context) {
  return Writer().bert(context, true, Writer::Mask::Flags, true);
}
std::string smallVitText(bool biased, bool turned) {
  return Writer().vit(biased, turned);
}
std::string smallWhisperText(int frames, bool masked) {
  return Writer().whisper(frames, masked);
}
std::string smallCrossText() { return Writer().cross(); }
std::string smallClipText(const std::string &attributes) {
  return Writer().clip(attributes);
}
std::string smallCountedText() { return Writer().counted(); }
std::string smallStepsText() { return Writer().steps(); }

std::string smallPartsText() {
  NNText net(22);
  auto rows = [](int cols) {
    return "tensor<?x24x" + std::to_string(cols) + "xf32>";
  };
  auto linear = [&](const std::string &x, int k, int n, const char *kind) {
    std::string w = net.weight({k, n}), y = net.fresh();
    net.line(y + " = nn.linear " + x + ", " + w + kind + " : (" + rows(k) +
             ", " + net.typeOf({k, n}) + ") -> " + rows(n));
    return y;
  };
  std::string sum;
  for (int part = 0; part < 3; ++part) {
    std::string own = linear("%x", 32, 16, " {dalbit.moves_columns}"),
                windows = net.fresh(), next = net.fresh();
    net.line(windows + " = nn.windows " + own +
             " {size = 4 : i64, stride = 1 : i64, before = 2 : i64, after = 1 "
             ": i64} : (" +
             rows(16) + ") -> " + rows(64));
    std::string made = linear(windows, 64, 32, "");
    if (!sum.empty())
      net.line(next + " = nn.add " + sum + ", " + made + " : (" + rows(32) +
               ", " + rows(32) + ") -> " + rows(32));
    sum = sum.empty() ? made : next;
  }
  return "func.func @main(%x: tensor<?x24x32xf32> {dalbit.name = \"x\", "
         "dalbit.dims = [\"B\", \"24\", \"32\"]}) -> (tensor<?x24x32xf32> "
         "{dalbit.name = \"y\", dalbit.dims = [\"B\", \"24\", \"32\"]}) {\n" +
         net.text + "  return " + sum + " : " + rows(32) + "\n}\n";
}

std::string smallClassesText() {
  NNText net(21);
  std::string scores = net.linear("%x", 32, 75), y = net.fresh();
  net.line(y + " = nn.softmax " + scores + " : " + net.tensor(75));
  return "func.func @main(%x: tensor<?x?x32xf32> {dalbit.name = \"x\", "
         "dalbit.dims = [\"B\", \"T\", \"32\"]}) -> (tensor<?x?x75xf32> "
         "{dalbit.name = \"y\", dalbit.dims = [\"B\", \"T\", \"75\"]}, "
         "tensor<?x?x3xf32> {dalbit.name = \"best\", "
         "dalbit.dims = [\"B\", \"T\", \"3\"]}, tensor<?x?x3xi64> "
         "{dalbit.name = \"at\", dalbit.dims = [\"B\", \"T\", \"3\"]}) {\n" +
         net.text + "  %v, %i = nn.top_k " + y +
         " {k = 3 : i64} : (tensor<?x?x75xf32>) -> (tensor<?x?x3xf32>, "
         "tensor<?x?x3xi64>)\n  return " +
         y +
         ", %v, %i : tensor<?x?x75xf32>, tensor<?x?x3xf32>, "
         "tensor<?x?x3xi64>\n}\n";
}

} // namespace dalbit::test
