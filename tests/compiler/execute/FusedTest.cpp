// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of com.microsoft, which no test of the standard covers: each is
// held against the standard's operators that it stands for.

#include "tests/compiler/import/ModelBuilder.h"

#include <catch2/catch.hpp>

#include <random>

using namespace dalbit;
using namespace dalbit::test;
using execute::ElementType;
using execute::Tensor;

namespace {

constexpr auto int32 = ::onnx::TensorProto::INT32;

class FusedModel : public ModelBuilder {
public:
  FusedModel() : ModelBuilder(23) {
    auto *set = model.add_opset_import();
    set->set_domain("com.microsoft");
    set->set_version(1);
  }
  ::onnx::NodeProto &fused(const std::string &type,
                           const std::vector<std::string> &inputs,
                           const std::vector<std::string> &outputs) {
    ::onnx::NodeProto &made = node(type, inputs, outputs);
    made.set_domain("com.microsoft");
    return made;
  }
};

Tensor noise(llvm::ArrayRef<int64_t> shape, unsigned seed) {
  std::mt19937 random(seed);
  Tensor tensor(ElementType::F32, shape);
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.data<float>()[i] = float(int(random() % 2001) - 1000) / 1000;
  return tensor;
}

void checkClose(const Tensor &a, const Tensor &b) {
  REQUIRE(a.shape() == b.shape());
  for (int64_t i = 0; i < a.count(); ++i)
    REQUIRE(a.data<float>()[i] == Approx(b.data<float>()[i]).margin(1e-5));
}

/// Rows [from, to) of dimension 1.
Tensor rows(const Tensor &x, int64_t from, int64_t to) {
  int64_t width = x.dim(2);
  Tensor part(ElementType::F32, {x.dim(0), to - from, width});
  for (int64_t b = 0; b < x.dim(0); ++b)
    std::copy_n(x.data<float>() + (b * x.dim(1) + from) * width,
                (to - from) * width,
                part.data<float>() + b * (to - from) * width);
  return part;
}

} // namespace

TEST_CASE("GroupQueryAttention: a prompt and a step equal one prompt",
          "[execute]") {
  FusedModel model;
  for (const char *name : {"q", "k", "v"})
    model.input(name, {"B", "S", "W"});
  for (const char *name : {"pk", "pv"})
    model.input(name, {"B", "2", "P", "4"});
  model.input("last", {"B"}, int32).input("total", {}, int32);
  model.input("cos", {"16", "2"}).input("sin", {"16", "2"});
  model.output("y").output("key").output("value");
  auto &node =
      model.fused("GroupQueryAttention",
                  {"q", "k", "v", "pk", "pv", "last", "total", "cos", "sin"},
                  {"y", "key", "value"});
  setInt(node, "num_heads", 4);
  setInt(node, "kv_num_heads", 2);
  setInt(node, "do_rotary", 1);
  Tensor q = noise({1, 5, 16}, 1), k = noise({1, 5, 8}, 2),
         v = noise({1, 5, 8}, 3), cos = noise({16, 2}, 4),
         sin = noise({16, 2}, 5), none(ElementType::F32, {1, 2, 0, 4});
  auto step = [&](int64_t from, int64_t to, Tensor key, Tensor value) {
    return runModel(model,
                    {rows(q, from, to), rows(k, from, to), rows(v, from, to),
                     key, value, Tensor::of<int32_t>({1}, {int32_t(to - 1)}),
                     Tensor::scalar(int32_t(to)), cos, sin});
  };
  auto whole = step(0, 5, none, none);
  auto first = step(0, 4, none, none);
  auto second = step(4, 5, first[1], first[2]);
  checkClose(rows(whole[0], 4, 5), second[0]);
  checkClose(whole[1], second[1]);
  checkClose(whole[2], second[2]);

  auto told = [&](int32_t last, int32_t total, Tensor key, Tensor value) {
    return runModel(model, {rows(q, 4, 5), rows(k, 4, 5), rows(v, 4, 5), key,
                            value, Tensor::of<int32_t>({1}, {last}),
                            Tensor::scalar(total), cos, sin});
  };
  CHECK_THROWS_WITH(
      told(5, 6, first[1], first[2]),
      Catch::Contains("total_sequence_length is 6; with 4 keys of the "
                      "past and 1 new ones it is 1 .. 5"));
  for (int32_t last : {5, -1})
    CHECK_THROWS_WITH(
        told(last, 5, first[1], first[2]),
        Catch::Contains("seqlens_k has " + std::to_string(last)) &&
            Catch::Contains("it is 0 .. 4"));
  CHECK_THROWS_WITH(told(1, 1, none, none), Catch::Contains("it is 0 .. 0"));

  // Queries, keys and values may come as one.
  FusedModel packed;
  packed.input("qkv", {"B", "S", "W"});
  for (const char *name : {"pk", "pv"})
    packed.input(name, {"B", "2", "P", "4"});
  packed.input("last", {"B"}, int32).input("total", {}, int32);
  packed.input("cos", {"16", "2"}).input("sin", {"16", "2"}).output("y");
  packed
      .fused("GroupQueryAttention",
             {"qkv", "", "", "pk", "pv", "last", "total", "cos", "sin"}, {"y"})
      .mutable_attribute()
      ->CopyFrom(node.attribute());
  Tensor all(ElementType::F32, {1, 5, 32});
  for (int64_t row = 0; row < 5; ++row) {
    float *to = all.data<float>() + row * 32;
    for (const Tensor *part : {&q, &k, &v}) {
      int64_t width = part->dim(2);
      to = std::copy_n(part->data<float>() + row * width, width, to);
    }
  }
  checkClose(runModel(packed, {all, none, none, Tensor::of<int32_t>({1}, {4}),
                               Tensor::scalar(int32_t(5)), cos, sin})[0],
             whole[0]);

  // And both equal the standard's operators.
  ModelBuilder plain(23);
  for (const char *name : {"q", "k", "v"})
    plain.input(name, {"B", "S", "W"});
  plain.input("cos", {"16", "2"}).input("sin", {"16", "2"});
  plain.input("at", {"B", "S"}, ::onnx::TensorProto::INT64).output("y");
  setInt(plain.node("RotaryEmbedding", {"q", "cos", "sin", "at"}, {"rq"}),
         "num_heads", 4);
  setInt(plain.node("RotaryEmbedding", {"k", "cos", "sin", "at"}, {"rk"}),
         "num_heads", 2);
  auto &attention = plain.node("Attention", {"rq", "rk", "v"}, {"y"});
  setInt(attention, "q_num_heads", 4);
  setInt(attention, "kv_num_heads", 2);
  setInt(attention, "is_causal", 1);
  auto expected = runModel(
      plain, {q, k, v, cos, sin, Tensor::of<int64_t>({1, 5}, {0, 1, 2, 3, 4})});
  checkClose(whole[0], expected[0]);
}

TEST_CASE("GroupQueryAttention: a cache of codes is what its scales say",
          "[execute]") {
  // Keys and values without angles; the new row of keys is 0.5, 1, -0.5, 2.
  auto run = [](int64_t bits, const char *type, Tensor past,
                std::vector<float> scales) {
    FusedModel model;
    for (const char *name : {"q", "k", "v"})
      model.input(name, {"B", "S", "W"});
    auto code =
        bits == 8 ? ::onnx::TensorProto::INT8 : ::onnx::TensorProto::UINT8;
    for (const char *name : {"pk", "pv"})
      model.input(name, {"B", "1", "P", "D"}, code);
    model.input("last", {"B"}, int32).input("total", {}, int32);
    for (const char *name : {"ks", "vs"})
      model.input(name, {"N"});
    model.output("y").output("key").output("value");
    auto &node = model.fused("GroupQueryAttention",
                             {"q", "k", "v", "pk", "pv", "last", "total", "",
                              "", "", "", "", "ks", "vs"},
                             {"y", "key", "value"});
    setInt(node, "num_heads", 1);
    setInt(node, "kv_num_heads", 1);
    setInt(node, "kv_cache_bit_width", bits);
    for (const char *name : {"k_quant_type", "v_quant_type"}) {
      auto *attribute = node.add_attribute();
      attribute->set_name(name);
      attribute->set_type(::onnx::AttributeProto::STRING);
      attribute->set_s(type);
    }
    Tensor q(ElementType::F32, {1, 1, 4});
    std::fill_n(q.data<float>(), 4, 0.0f);
    Tensor k = Tensor::of<float>({1, 1, 4}, {0.5f, 1, -0.5f, 2});
    Tensor scale = Tensor::of<float>({int64_t(scales.size())}, scales);
    return runModel(model, {q, k, k, past, past, Tensor::of<int32_t>({1}, {1}),
                            Tensor::scalar(int32_t(2)), scale, scale});
  };
  // A query of 0 takes the mean of the values.
  auto eight = run(8, "PER_TENSOR",
                   Tensor::of<int8_t>({1, 1, 1, 4}, {2, -4, 8, 0}), {0.25f});
  checkClose(eight[0], Tensor::of<float>({1, 1, 4}, {0.5f, 0, 0.75f, 1}));
  CHECK(eight[1].integers() ==
        llvm::SmallVector<int64_t>{2, -4, 8, 0, 2, 4, -2, 8});
  // Two codes a byte, 8 more than they are: 1, -2, 3, 0; 2 is cut to 7 / 4.
  auto four =
      run(4, "PER_CHANNEL", Tensor::of<uint8_t>({1, 1, 1, 2}, {0x69, 0x8b}),
          {0.5f, 0.5f, 0.25f, 0.25f});
  checkClose(four[0], Tensor::of<float>({1, 1, 4}, {0.5f, 0, 0.125f, 0.875f}));
  CHECK(four[1].integers() ==
        llvm::SmallVector<int64_t>{0x69, 0x8b, 0xa9, 0xf6});
}

TEST_CASE("Attention with its projection is MultiHeadAttention behind a "
          "product",
          "[execute]") {
  FusedModel model;
  model.input("x", {"B", "S", "8"}).input("w", {"8", "24"}).input("b", {"24"});
  model.input("mask", {"B", "T"}, int32);
  model.output("y").output("z");
  setInt(model.fused("Attention", {"x", "w", "b", "mask"}, {"y"}), "num_heads",
         2);
  model.node("MatMul", {"x", "w"}, {"all"});
  setInt(model.node("Split", {"all"}, {"q", "k", "v"}), "axis", 2);
  setInt(model.fused("MultiHeadAttention", {"q", "k", "v", "b", "mask"}, {"z"}),
         "num_heads", 2);
  auto out =
      runModel(model, {noise({2, 3, 8}, 1), noise({8, 24}, 2), noise({24}, 3),
                       Tensor::of<int32_t>({2, 3}, {1, 1, 1, 1, 1, 0})});
  checkClose(out[0], out[1]);
}

TEST_CASE("MatMulNBits reads codes from the low half on, zero points too",
          "[execute]") {
  FusedModel model;
  model.input("a", {"1", "20"}).output("y");
  // One row of two blocks; the second holds four codes.
  std::vector<uint8_t> codes(16, 0x98);
  codes[8] = 0x3a;
  Tensor b = Tensor::of<uint8_t>({1, 2, 8}, codes);
  model.initializer("b", b);
  model.initializer("s", Tensor::of<float>({2}, {0.5f, 2}));
  model.initializer("z", Tensor::of<uint8_t>({1, 1}, {0x78}));
  auto &node = model.fused("MatMulNBits", {"a", "b", "s", "z"}, {"y"});
  setInt(node, "K", 20);
  setInt(node, "N", 1);
  setInt(node, "bits", 4);
  setInt(node, "block_size", 16);
  auto value = [&](int64_t at) {
    Tensor a(ElementType::F32, {1, 20});
    std::fill_n(a.data<float>(), 20, 0.0f);
    a.data<float>()[at] = 1;
    return runModel(model, {a})[0].data<float>()[0];
  };
  CHECK(value(0) == 0);    // (8 - 8) * 0.5
  CHECK(value(1) == 0.5f); // (9 - 8) * 0.5
  CHECK(value(16) == 6);   // (10 - 7) * 2
  CHECK(value(17) == -8);  // (3 - 7) * 2
  CHECK(value(19) == 4);   // (9 - 7) * 2
}

TEST_CASE("a skip norm gives the norm of the sum, and the sum", "[execute]") {
  FusedModel model;
  model.input("x", {"1", "2", "4"}).input("s", {"1", "2", "4"});
  model.input("g", {"4"}).output("y").output("sum").output("z").output("t");
  setFloat(model.fused("SkipSimplifiedLayerNormalization", {"x", "s", "g"},
                       {"y", "", "", "sum"}),
           "epsilon", 1e-5f);
  model.node("Add", {"x", "s"}, {"t"});
  model.node("RMSNormalization", {"t", "g"}, {"z"});
  auto out = runModel(
      model, {noise({1, 2, 4}, 1), noise({1, 2, 4}, 2), noise({4}, 3)});
  checkClose(out[0], out[2]);
  checkClose(out[1], out[3]);
}

TEST_CASE("onnxruntime's operators in the standard's domain are understood",
          "[execute]") {
  ModelBuilder model(21);
  model.input("x", {"1", "4"}).input("g", {"4"}).output("y");
  model.node("SimplifiedLayerNormalization", {"x", "g"}, {"y"});
  auto out = runModel(model, {Tensor::of<float>({1, 4}, {2, 2, 2, 2}),
                              Tensor::of<float>({4}, {1, 2, 3, 4})});
  checkClose(out[0], Tensor::of<float>({1, 4}, {1, 2, 3, 4}));
}

TEST_CASE("quantised products are exact sums, scaled afterwards", "[execute]") {
  FusedModel model;
  auto uint8 = ::onnx::TensorProto::UINT8;
  model.input("a", {"1", "2"}, uint8).input("b", {"2", "1"}, uint8);
  model.initializer("sa", Tensor::scalar(0.5f));
  model.initializer("sb", Tensor::scalar(0.25f));
  model.initializer("za", Tensor::scalar(uint8_t(1)));
  model.initializer("zb", Tensor::scalar(uint8_t(2)));
  model.initializer("sy", Tensor::scalar(1.0f));
  model.initializer("zy", Tensor::scalar(uint8_t(3)));
  model.output("f").output("q");
  model.fused("MatMulIntegerToFloat", {"a", "b", "sa", "sb", "za", "zb"},
              {"f"});
  model.node("QLinearMatMul", {"a", "sa", "za", "b", "sb", "zb", "sy", "zy"},
             {"q"});
  auto run = [&](uint8_t first, uint8_t second) {
    return runModel(model, {Tensor::of<uint8_t>({1, 2}, {first, second}),
                            Tensor::of<uint8_t>({2, 1}, {6, 2})});
  };
  // (5 - 1) * (6 - 2) + (9 - 1) * 0 = 16; * 0.125 = 2; + 3 = 5
  auto out = run(5, 9);
  CHECK(out[0].data<float>()[0] == 2);
  CHECK(out[1].data<uint8_t>()[0] == 5);
  // 20 * 0.125 = 2.5: the half goes to the even number.
  CHECK(run(6, 9)[1].data<uint8_t>()[0] == 5);
  CHECK(run(8, 9)[1].data<uint8_t>()[0] == 7);
}

TEST_CASE("operators on codes are the standard's between quantisers",
          "[execute]") {
  struct Case {
    std::string fused, standard;
    int operands;
    std::vector<std::pair<std::string, int64_t>> attributes;
  };
  auto one = GENERATE(
      Case{"QLinearAdd", "Add", 2, {}}, Case{"QLinearMul", "Mul", 2, {}},
      Case{"QLinearSigmoid", "Sigmoid", 1, {}},
      Case{"QLinearSoftmax", "Softmax", 1, {{"axis", 1}, {"opset", 13}}},
      Case{"QLinearGlobalAveragePool", "GlobalAveragePool", 1, {}},
      Case{"QLinearWhere", "Where", 2, {}},
      Case{"QLinearConcat", "Concat", 2, {{"axis", 1}}});
  auto uint8 = ::onnx::TensorProto::UINT8;
  FusedModel model;
  model.input("c", {"2", "3", "4"}, ::onnx::TensorProto::BOOL);
  model.initializer("sy", Tensor::scalar(0.05f));
  model.initializer("zy", Tensor::scalar(uint8_t(30)));
  std::vector<std::string> codes, floats;
  std::vector<Tensor> inputs = {Tensor(ElementType::Bool, {2, 3, 4})};
  bool *flags = inputs[0].data<bool>();
  for (int i = 0; i < 24; ++i)
    flags[i] = i % 3 == 0;
  if (one.fused == "QLinearWhere")
    codes = floats = {"c"};
  for (int i = 0; i < one.operands; ++i) {
    std::string n = std::to_string(i);
    model.input("x" + n, {"2", "3", "4"}, uint8);
    model.initializer("s" + n, Tensor::scalar(0.01f * float(i + 2)));
    model.initializer("z" + n, Tensor::scalar(uint8_t(40 * i + 90)));
    codes.insert(codes.end(), {"x" + n, "s" + n, "z" + n});
    floats.push_back("f" + n);
    model.node("DequantizeLinear", {"x" + n, "s" + n, "z" + n}, {"f" + n});
    Tensor x(ElementType::U8, {2, 3, 4});
    for (int j = 0; j < 24; ++j)
      x.data<uint8_t>()[j] = uint8_t(j * 37 + i * 11);
    inputs.push_back(x);
  }
  bool first = one.fused == "QLinearConcat";
  codes.insert(first ? codes.begin() : codes.end(), {"sy", "zy"});
  auto &fused = model.fused(one.fused, codes, {"y"});
  auto &standard = model.node(one.standard, floats, {"f"});
  for (auto &[name, value] : one.attributes) {
    setInt(fused, name, value);
    if (name == "axis")
      setInt(standard, name, value);
  }
  model.node("QuantizeLinear", {"f", "sy", "zy"}, {"z"});
  model.output("y").output("z");
  auto out = runModel(model, inputs);
  REQUIRE(out[0].shape() == out[1].shape());
  bool differs = false;
  for (int64_t i = 0; i < out[0].count(); ++i) {
    CHECK(out[0].data<uint8_t>()[i] == out[1].data<uint8_t>()[i]);
    differs |= out[0].data<uint8_t>()[i] != out[0].data<uint8_t>()[0];
  }
  CHECK(differs);
}

TEST_CASE("pooling of codes takes channels where they are", "[execute]") {
  FusedModel model;
  model.input("x", {"1", "2", "2"}, ::onnx::TensorProto::UINT8);
  model.initializer("s", Tensor::scalar(1.0f));
  model.initializer("z", Tensor::scalar(uint8_t(0)));
  for (int last : {0, 1}) {
    std::string y = last ? "last" : "second";
    setInt(
        model.fused("QLinearGlobalAveragePool", {"x", "s", "z", "s", "z"}, {y}),
        "channels_last", last);
    model.output(y);
  }
  auto out = runModel(model, {Tensor::of<uint8_t>({1, 2, 2}, {2, 4, 10, 20})});
  CHECK(out[0].shape() == llvm::ArrayRef<int64_t>({1, 2, 1}));
  CHECK(out[0].data<uint8_t>()[0] == 3);
  CHECK(out[0].data<uint8_t>()[1] == 15);
  CHECK(out[1].shape() == llvm::ArrayRef<int64_t>({1, 1, 2}));
  CHECK(out[1].data<uint8_t>()[0] == 6);
  CHECK(out[1].data<uint8_t>()[1] == 12);
}

TEST_CASE("an embedding of codes is the embedding of what they stand for",
          "[execute]") {
  FusedModel model;
  model.input("ids", {"1", "3"}, int32);
  Tensor words(ElementType::U8, {5, 4}), places(ElementType::U8, {3, 4});
  for (int i = 0; i < 20; ++i)
    words.data<uint8_t>()[i] = uint8_t(i * 53);
  for (int i = 0; i < 12; ++i)
    places.data<uint8_t>()[i] = uint8_t(i * 31);
  auto row = [](int step) {
    return Tensor::of<uint8_t>({4}, {uint8_t(step), uint8_t(2 * step),
                                     uint8_t(3 * step), uint8_t(4 * step)});
  };
  Tensor parts[] = {words, places, row(20), row(50)};
  std::vector<std::string> names = {"words", "places", "gamma", "beta"};
  for (int i = 0; i < 4; ++i) {
    model.initializer(names[i], parts[i]);
    model.initializer("s" + names[i], Tensor::scalar(0.01f * float(i + 1)));
    model.initializer("z" + names[i], Tensor::scalar(uint8_t(100 + i)));
    model.node("DequantizeLinear", {names[i], "s" + names[i], "z" + names[i]},
               {"f" + names[i]});
  }
  auto &codes = model.fused("QEmbedLayerNormalization",
                            {"ids", "", "words", "places", "", "gamma", "beta",
                             "", "swords", "splaces", "", "sgamma", "sbeta",
                             "zwords", "zplaces", "", "zgamma", "zbeta"},
                            {"y", ""});
  auto &floats = model.fused(
      "EmbedLayerNormalization",
      {"ids", "", "fwords", "fplaces", "", "fgamma", "fbeta"}, {"z", ""});
  for (auto *node : {&codes, &floats})
    setFloat(*node, "epsilon", 1e-5f);
  model.output("y").output("z");
  auto out = runModel(model, {Tensor::of<int32_t>({1, 3}, {4, 0, 2})});
  checkClose(out[0], out[1]);
}
