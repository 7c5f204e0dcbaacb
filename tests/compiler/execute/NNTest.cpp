// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of the nn dialect against small numbers that can be checked by hand,
// and against themselves in another order of execution.

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/nn/Attention.h"
#include "support/Error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

#include <random>

using namespace dalbit;
using namespace dalbit::execute;

namespace {

std::vector<Tensor> run(const std::string &text, std::vector<Tensor> inputs) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context
      .loadDialect<mlir::func::FuncDialect, nn::NNDialect, onnx::OnnxDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  REQUIRE(module);
  return FloatExecutor(*module).run(inputs);
}

/// A function of one f32 argument that returns the result of \p op.
Tensor runUnary(const std::string &op, Tensor x) {
  std::string text =
      "func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {\n  %y = " + op +
      "\n  return %y : tensor<3xf32>\n}";
  return run(text, {x})[0];
}

Tensor noise(std::mt19937 &random, llvm::ArrayRef<int64_t> shape) {
  Tensor tensor(ElementType::F32, shape);
  std::normal_distribution<float> normal;
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.data<float>()[i] = normal(random);
  return tensor;
}

/// Tokens [from, from + count) of [B, T, W].
Tensor tokens(const Tensor &x, int64_t from, int64_t count) {
  Tensor out(ElementType::F32, {x.dim(0), count, x.dim(2)});
  for (int64_t b = 0; b < x.dim(0); ++b)
    std::copy_n(x.data<float>() + (b * x.dim(1) + from) * x.dim(2),
                count * x.dim(2), out.data<float>() + b * count * x.dim(2));
  return out;
}

} // namespace

TEST_CASE("activations have their textbook values", "[execute][nn]") {
  Tensor x = Tensor::of<float>({3}, {-1, 0, 2});
  auto check = [&](const std::string &op, std::vector<double> expected) {
    INFO(op);
    Tensor y = runUnary(op, x);
    for (int i = 0; i < 3; ++i)
      CHECK(y.data<float>()[i] == Approx(expected[i]).margin(1e-6));
  };
  check("nn.gelu %x {approximate = \"none\"} : tensor<3xf32>",
        {-0.1586553, 0, 1.9544997});
  check("nn.gelu %x {approximate = \"tanh\"} : tensor<3xf32>",
        {-0.1588080, 0, 1.9545977});
  check("nn.gelu %x {approximate = \"sigmoid\"} : tensor<3xf32>",
        {-0.1542042, 0, 1.9356586});
  check("nn.silu %x : tensor<3xf32>", {-0.2689414, 0, 1.7615942});
  check("nn.sigmoid %x : tensor<3xf32>", {0.2689414, 0.5, 0.8807971});
  check("nn.tanh %x : tensor<3xf32>", {-0.7615942, 0, 0.9640276});
  check("nn.relu %x : tensor<3xf32>", {0, 0, 2});
  check("nn.clip %x {low = -0.5 : f32, high = 1.5 : f32} : tensor<3xf32>",
        {-0.5, 0, 1.5});
  check("nn.scale %x {factor = -0.5 : f32} : tensor<3xf32>", {0.5, 0, -1});
}

TEST_CASE("layer_norm has mean zero and variance one before gamma and beta",
          "[execute][nn]") {
  auto out =
      run(R"(
    func.func @main(%x: tensor<1x1x2xf32>, %g: tensor<2xf32>, %b: tensor<2xf32>)
        -> tensor<1x1x2xf32> {
      %y = nn.layer_norm %x, %g, %b {epsilon = 0.0 : f32}
        : (tensor<1x1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x1x2xf32>
      return %y : tensor<1x1x2xf32>
    })",
          {Tensor::of<float>({1, 1, 2}, {3, 7}), Tensor::of<float>({2}, {2, 3}),
           Tensor::of<float>({2}, {10, 20})});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({8, 23}));
}

TEST_CASE("linear multiplies by a weight that is contraction first",
          "[execute][nn]") {
  auto out = run(R"(
    func.func @main(%x: tensor<1x?x2xf32>) -> tensor<1x?x3xf32> {
      %w = nn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
      %b = nn.constant dense<[0.5, 0.0, -0.5]> : tensor<3xf32>
      %y = nn.linear %x, %w, %b
        : (tensor<1x?x2xf32>, tensor<2x3xf32>, tensor<3xf32>) -> tensor<1x?x3xf32>
      return %y : tensor<1x?x3xf32>
    })",
                 {Tensor::of<float>({1, 2, 2}, {1, 0, 1, 1})});
  CHECK(out[0].values<float>() ==
        llvm::ArrayRef<float>({1.5f, 2, 2.5f, 5.5f, 7, 8.5f}));
}

TEST_CASE("positions begin after the past", "[execute][nn]") {
  auto out = run(R"(
    func.func @main(%ids: tensor<1x?xi64> {dalbit.dims = ["1", "T"]},
                    %past: tensor<1x1x?x1xf32> {dalbit.dims = ["1", "1", "P", "1"]})
        -> tensor<1x?xi64> {
      %p = nn.position_ids : tensor<1x?xi64>
      return %p : tensor<1x?xi64>
    })",
                 {Tensor(ElementType::I64, {1, 2}),
                  Tensor(ElementType::F32, {1, 1, 5, 1})});
  CHECK(out[0].values<int64_t>() == llvm::ArrayRef<int64_t>({5, 6}));
}

TEST_CASE("an id outside the table is an error", "[execute][nn]") {
  std::string text = R"(
    func.func @main(%ids: tensor<1x1xi64>) -> tensor<1x1x2xf32> {
      %t = nn.constant dense<1.0> : tensor<3x2xf32>
      %y = nn.embedding %t, %ids : (tensor<3x2xf32>, tensor<1x1xi64>) -> tensor<1x1x2xf32>
      return %y : tensor<1x1x2xf32>
    })";
  CHECK_THROWS_WITH(run(text, {Tensor::of<int64_t>({1, 1}, {3})}),
                    Catch::Contains("id 3 is outside the table of 3 rows"));
}

TEST_CASE("attention token by token with a cache equals attention at once",
          "[execute][nn]") {
  std::mt19937 random(3);
  constexpr int64_t batch = 2, length = 5, heads = 4, kvHeads = 2, d = 3;
  Tensor q = noise(random, {batch, length, heads * d});
  Tensor k = noise(random, {batch, length, kvHeads * d});
  Tensor v = noise(random, {batch, length, kvHeads * d});
  AttentionInputs all;
  all.query = &q;
  all.key = &k;
  all.value = &v;
  all.heads = heads;
  all.kvHeads = kvHeads;
  all.causal = true;
  all.scale = 0.7f;
  all.hiddenScore = -3.4e38f;
  std::vector<Tensor> whole = attention(all);

  Tensor pastK(ElementType::F32, {batch, kvHeads, 0, d}), pastV = pastK;
  for (int64_t t = 0; t < length; ++t) {
    Tensor oneQ = tokens(q, t, 1), oneK = tokens(k, t, 1),
           oneV = tokens(v, t, 1);
    AttentionInputs step = all;
    step.query = &oneQ;
    step.key = &oneK;
    step.value = &oneV;
    step.pastKey = &pastK;
    step.pastValue = &pastV;
    std::vector<Tensor> out = attention(step);
    Tensor expected = tokens(whole[0], t, 1);
    for (int64_t i = 0; i < expected.count(); ++i)
      CHECK(out[0].data<float>()[i] ==
            Approx(expected.data<float>()[i]).margin(1e-6));
    pastK = out[1];
    pastV = out[2];
  }
  CHECK(pastK.values<float>() == whole[1].values<float>());
  CHECK(pastV.values<float>() == whole[2].values<float>());
}

TEST_CASE("a sink is one more key that has no value", "[execute][nn]") {
  std::mt19937 random(5);
  Tensor q = noise(random, {1, 3, 4}), k = noise(random, {1, 5, 4}),
         v = noise(random, {1, 5, 4});
  AttentionInputs call;
  call.query = &q;
  call.heads = call.kvHeads = 2;
  call.scale = 2;
  // A key of zeros has the score 0.
  std::fill_n(k.data<float>() + 16, 4, 0.0f);
  std::fill_n(v.data<float>() + 16, 4, 0.0f);
  call.key = &k;
  call.value = &v;
  Tensor expected = attention(call)[0];
  Tensor fewerKeys = tokens(k, 0, 4), fewerValues = tokens(v, 0, 4),
         sinks = Tensor::of<float>({2}, {0, 0});
  call.key = &fewerKeys;
  call.value = &fewerValues;
  call.sinks = &sinks;
  Tensor out = attention(call)[0];
  for (int64_t i = 0; i < out.count(); ++i)
    CHECK(out.data<float>()[i] ==
          Approx(expected.data<float>()[i]).margin(1e-6));
  sinks = Tensor::of<float>({1}, {0});
  CHECK_THROWS_WITH(attention(call),
                    "its sinks are of shape [1], not one a head, [2]");
  sinks = Tensor::of<float>({2}, {0, NAN});
  CHECK_THROWS_WITH(attention(call),
                    "the sink of head 1 is nan; it must be a number, or -inf "
                    "for none");
  // -inf is none.
  sinks = Tensor::of<float>({2}, {-INFINITY, -INFINITY});
  out = attention(call)[0];
  call.sinks = nullptr;
  expected = attention(call)[0];
  for (int64_t i = 0; i < out.count(); ++i)
    CHECK(out.data<float>()[i] == expected.data<float>()[i]);
}

TEST_CASE("a hidden key does not reach the output", "[execute][nn]") {
  std::mt19937 random(4);
  Tensor q = noise(random, {1, 2, 4}), k = noise(random, {1, 3, 4}),
         v = noise(random, {1, 3, 4});
  Tensor mask = Tensor::of<float>({1, 3}, {0, -3.4e38f, 0});
  AttentionInputs call;
  call.query = &q;
  call.key = &k;
  call.value = &v;
  call.keyMask = &mask;
  call.heads = call.kvHeads = 2;
  Tensor before = attention(call)[0];
  v.data<float>()[4] += 100;
  k.data<float>()[5] -= 1;
  CHECK(attention(call)[0].values<float>() == before.values<float>());
  v.data<float>()[8] += 100;
  CHECK(attention(call)[0].values<float>() != before.values<float>());
}

TEST_CASE("tokens are cut out, put together and seen through windows",
          "[execute][nn]") {
  auto out = run(R"(
    func.func @main(%x: tensor<?x2x3xf32>) -> (tensor<?x4x2xf32>, tensor<?x2xf32>, tensor<?x2x6xf32>) {
      %r = nn.rearrange %x view [-1, 2, 3] order [0, 2, 1] : (tensor<?x2x3xf32>) -> tensor<?x3x2xf32>
      %c = nn.constant dense<9.0> : tensor<1x1x2xf32>
      %a = nn.concat %c, %r : (tensor<1x1x2xf32>, tensor<?x3x2xf32>) -> tensor<?x4x2xf32>
      %l = nn.slice %a {first = -1 : i64} : (tensor<?x4x2xf32>) -> tensor<?x2xf32>
      %w = nn.windows %a {size = 3 : i64, stride = 2 : i64, before = 1 : i64, after = 1 : i64} : (tensor<?x4x2xf32>) -> tensor<?x2x6xf32>
      return %a, %l, %w : tensor<?x4x2xf32>, tensor<?x2xf32>, tensor<?x2x6xf32>
    })",
                 {Tensor::of<float>({1, 2, 3}, {1, 2, 3, 4, 5, 6})});
  CHECK(out[0].values<float>() ==
        llvm::ArrayRef<float>({9, 9, 1, 4, 2, 5, 3, 6}));
  CHECK(out[1].values<float>() == llvm::ArrayRef<float>({3, 6}));
  CHECK(out[2].values<float>() ==
        llvm::ArrayRef<float>({0, 0, 9, 9, 1, 4, 1, 4, 2, 5, 3, 6}));
}

TEST_CASE("pick takes the token with the first largest id", "[execute][nn]") {
  auto out = run(R"(
    func.func @main(%x: tensor<?x3x1xf32>, %ids: tensor<?x3xi64>) -> tensor<?x1xf32> {
      %y = nn.pick %x, %ids : (tensor<?x3x1xf32>, tensor<?x3xi64>) -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    })",
                 {Tensor::of<float>({2, 3, 1}, {1, 2, 3, 4, 5, 6}),
                  Tensor::of<int64_t>({2, 3}, {5, 9, 9, 7, 1, 2})});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({2, 4}));
}

TEST_CASE("pick takes a token by its rule", "[execute][nn]") {
  // An id twice, none, the first, all.
  auto picked = [](const std::string &rule) {
    auto out = run(
        R"(
    func.func @main(%x: tensor<?x3x1xf32>, %ids: tensor<?x3xi64>) -> tensor<?x1xf32> {
      %y = nn.pick %x, %ids {id = 5, rule = ")" +
            rule +
            R"("} : (tensor<?x3x1xf32>, tensor<?x3xi64>) -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    })",
        {Tensor::of<float>({4, 3, 1}, {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}),
         Tensor::of<int64_t>({4, 3}, {9, 5, 5, 7, 1, 4, 5, 1, 2, 5, 5, 5})});
    return std::vector<float>(out[0].values<float>());
  };
  CHECK(picked("first") == std::vector<float>{1, 0, 0, 0});
  CHECK(picked("before") == std::vector<float>{0, 2, 2, 2});
  CHECK(picked("last") == std::vector<float>{0, 2, 2, 0});
}

TEST_CASE("pick takes the last token that a mask shows", "[execute][nn]") {
  auto out = run(R"(
    func.func @main(%x: tensor<?x3x1xf32>, %mask: tensor<?x3xi64>) -> tensor<?x1xf32> {
      %m = nn.key_mask %mask : tensor<?x3xi64> -> tensor<?x3xf32>
      %y = nn.pick %x, %m {rule = "shown"} : (tensor<?x3x1xf32>, tensor<?x3xf32>) -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    })",
                 {Tensor::of<float>({3, 3, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 8}),
                  Tensor::of<int64_t>({3, 3}, {1, 1, 0, 1, 1, 1, 1, 0, 0})});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({1, 5, 6}));
}

TEST_CASE("token_max takes each column's largest shown number",
          "[execute][nn]") {
  auto out = run(R"(
    func.func @main(%x: tensor<?x3x2xf32>, %mask: tensor<?x3xi64>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
      %m = nn.key_mask %mask : tensor<?x3xi64> -> tensor<?x3xf32>
      %y = nn.token_max %x mask %m : (tensor<?x3x2xf32>, tensor<?x3xf32>) -> tensor<?x2xf32>
      %z = nn.token_max %x : (tensor<?x3x2xf32>) -> tensor<?x2xf32>
      return %y, %z : tensor<?x2xf32>, tensor<?x2xf32>
    })",
                 {Tensor::of<float>({2, 3, 2}, {-9, -4, -2, -5, 1, 7, //
                                                3, 1, 2, 2, 1, 3}),
                  Tensor::of<int64_t>({2, 3}, {1, 1, 0, 1, 1, 1})});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({-2, -4, 3, 3}));
  CHECK(out[1].values<float>() == llvm::ArrayRef<float>({1, 7, 3, 3}));
}

TEST_CASE("a constant alone is repeated for every sequence", "[execute][nn]") {
  auto out = run(R"(
    func.func @main(%x: tensor<?x2xf32> {dalbit.dims = ["B", "2"]}) -> tensor<?x1x2xf32> {
      %c = nn.constant dense<[[[5.0, 6.0]]]> : tensor<1x1x2xf32>
      %y = nn.concat %c : (tensor<1x1x2xf32>) -> tensor<?x1x2xf32>
      return %y : tensor<?x1x2xf32>
    })",
                 {Tensor::of<float>({2, 2}, {0, 0, 0, 0})});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({5, 6, 5, 6}));
}

TEST_CASE("an inverted key mask hides what is not zero, and no key past it",
          "[execute][nn]") {
  auto out = run(R"(
    func.func @main(%m: tensor<?x2xi1>) -> tensor<?x3xf32> {
      %y = nn.key_mask %m {inverted, hidden = -5.0 : f32} : tensor<?x2xi1> -> tensor<?x3xf32>
      return %y : tensor<?x3xf32>
    })",
                 {Tensor::of<float>({1, 2}, {1, 0}).cast(ElementType::Bool)});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({-5, 0, 0}));
}

TEST_CASE(
    "a counted mask shows the first keys, numbers say from where to where",
    "[execute][nn]") {
  auto counted = run(R"(
    func.func @main(%m: tensor<?x3xi64>) -> tensor<?x4xf32> {
      %y = nn.key_mask %m {counted, hidden = -5.0 : f32} : tensor<?x3xi64> -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    })",
                     {Tensor::of<int64_t>({2, 3}, {0, 1, 1, 0, 0, 0})});
  CHECK(counted[0].values<float>() ==
        llvm::ArrayRef<float>({0, 0, -5, -5, -5, -5, -5, -5}));
  auto numbers = run(R"(
    func.func @main(%m: tensor<4xi32>) -> tensor<2x3xf32> {
      %y = nn.key_mask %m {hidden = -5.0 : f32} : tensor<4xi32> -> tensor<2x3xf32>
      return %y : tensor<2x3xf32>
    })",
                     {Tensor::of<int32_t>({4}, {3, 2, 1, 0})});
  CHECK(numbers[0].values<float>() ==
        llvm::ArrayRef<float>({-5, 0, 0, 0, 0, -5}));
}

TEST_CASE("caches are taken out of one tensor and put together again",
          "[execute][nn]") {
  auto out =
      run(R"(
    func.func @main(%p: tensor<2x2x?x1x?x1xf32>) -> (tensor<?x1x?x1xf32>, tensor<2x?x1x?x1xf32>) {
      %a = nn.cache_part %p at [1, 0] : (tensor<2x2x?x1x?x1xf32>) -> tensor<?x1x?x1xf32>
      %b = nn.cache_part %p at [0, 1] : (tensor<2x2x?x1x?x1xf32>) -> tensor<?x1x?x1xf32>
      %c = nn.stack_caches %a, %b : (tensor<?x1x?x1xf32>, tensor<?x1x?x1xf32>) -> tensor<2x?x1x?x1xf32>
      return %a, %c : tensor<?x1x?x1xf32>, tensor<2x?x1x?x1xf32>
    })",
          {Tensor::of<float>({2, 2, 1, 1, 2, 1}, {0, 1, 2, 3, 4, 5, 6, 7})});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({4, 5}));
  CHECK(out[1].shape() == llvm::ArrayRef<int64_t>({2, 1, 1, 2, 1}));
  CHECK(out[1].values<float>() == llvm::ArrayRef<float>({4, 5, 2, 3}));
}

TEST_CASE("attention over given keys is attention whose cache is full",
          "[execute][nn]") {
  std::mt19937 random(5);
  Tensor q = noise(random, {2, 3, 8}), x = noise(random, {2, 5, 8});
  auto out = run(R"(
    func.func @main(%q: tensor<2x3x8xf32>, %x: tensor<2x5x8xf32>) -> (tensor<2x3x8xf32>, tensor<2x3x8xf32>, tensor<2x3x5xf32>) {
      %a:3 = nn.attention %q, %x, %x {heads = 2 : i64, kv_heads = 2 : i64, causal = false, scale = 0.5 : f32} : (tensor<2x3x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) -> (tensor<2x3x8xf32>, tensor<2x2x5x4xf32>, tensor<2x2x5x4xf32>)
      %b = nn.cached_attention %q, %a#1, %a#2 {heads = 2 : i64, scale = 0.5 : f32} : (tensor<2x3x8xf32>, tensor<2x2x5x4xf32>, tensor<2x2x5x4xf32>) -> tensor<2x3x8xf32>
      %w = nn.attention_weights %q, %x {heads = 2 : i64, scale = 0.5 : f32} : (tensor<2x3x8xf32>, tensor<2x5x8xf32>) -> tensor<2x3x5xf32>
      return %a#0, %b, %w : tensor<2x3x8xf32>, tensor<2x3x8xf32>, tensor<2x3x5xf32>
    })",
                 {q, x});
  CHECK(out[0].values<float>() == out[1].values<float>());
  // Mean of both heads: rows sum to one, and with values that are the same in
  // both heads they give the mean of the heads' outputs.
  for (int64_t row = 0; row < 6; ++row) {
    float sum = 0;
    for (int64_t s = 0; s < 5; ++s)
      sum += out[2].data<float>()[row * 5 + s];
    CHECK(sum == Approx(1));
  }
  float scores[2][5];
  double expected = 0;
  for (int64_t h = 0; h < 2; ++h) {
    double total = 0;
    for (int64_t s = 0; s < 5; ++s) {
      scores[h][s] = 0;
      for (int64_t i = 0; i < 4; ++i)
        scores[h][s] +=
            q.data<float>()[h * 4 + i] * x.data<float>()[s * 8 + h * 4 + i];
      total += std::exp(0.5 * scores[h][s]);
    }
    expected += std::exp(0.5 * scores[h][2]) / total / 2;
  }
  CHECK(out[2].data<float>()[2] == Approx(expected));
}
