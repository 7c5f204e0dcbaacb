// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights that are integers in the model (A13).

#include "compiler/dialect/onnx/Codes.h"
#include "compiler/quantise/LinearWeights.h"
#include "tests/e2e/Compiled.h"
#include "tests/e2e/NNText.h"

using namespace dalbit;
using namespace dalbit::test;
using namespace mlir;

namespace {

/// [K, N] of codes between \p low and \p high with scales along \p axis, one a
/// \p block if that is above 0.
onnx::CodesAttr someCodes(MLIRContext &context, int64_t k, int64_t n, int low,
                          int high, int64_t axis, int64_t block,
                          bool equalScales) {
  context.loadDialect<onnx::OnnxDialect>();
  std::vector<int8_t> codes;
  for (int64_t i = 0; i < k * n; ++i)
    codes.push_back(int8_t(low + i * 7919 % (high - low + 1)));
  llvm::SmallVector<int64_t> shape = {axis == 0 ? k : n};
  if (block > 0)
    shape = {(k + block - 1) / block, n};
  std::vector<float> scales;
  int64_t count = block > 0 ? shape[0] * shape[1] : shape[0];
  for (int64_t i = 0; i < count; ++i)
    scales.push_back(equalScales ? 0.01f : 0.01f + 0.001f * float(i * 37 % 29));
  Type i8 = IntegerType::get(&context, 8), f32 = Float32Type::get(&context);
  return onnx::CodesAttr::get(
      DenseElementsAttr::get(RankedTensorType::get({k, n}, i8),
                             llvm::ArrayRef<int8_t>(codes)),
      DenseElementsAttr::get(RankedTensorType::get(shape, f32),
                             llvm::ArrayRef<float>(scales)),
      {}, axis, block);
}

} // namespace

TEST_CASE("integers with a scale a column are the codes", "[codes]") {
  MLIRContext context;
  onnx::CodesAttr weight = someCodes(context, 40, 3, -128, 90, 1, 0, false);
  quantise::QuantisedLinear q =
      quantise::quantiseLinear(weight, {}, quantise::WeightForm::W8);
  auto grid = onnx::gridOf(weight);
  REQUIRE(grid);
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t i = 0; i < 40; ++i)
      CHECK(int(q.codes[size_t(c * 40 + i)]) == grid->codes[size_t(i * 3 + c)]);
    CHECK(std::ldexp(q.channels[size_t(c)].value(), -q.inner) ==
          Approx(grid->scales[size_t(c)]).epsilon(1e-4));
  }
  CHECK(quantise::keepCodes(weight).remark.empty());
}

TEST_CASE("integers with scales along the contraction are quantised anew",
          "[codes]") {
  MLIRContext context;
  onnx::CodesAttr weight = someCodes(context, 40, 3, -128, 90, 0, 0, false);
  CHECK(!onnx::gridOf(weight));
  CHECK(!quantise::keepCodes(weight).remark.empty());
  llvm::SmallVector<float> exact;
  onnx::readCodes(weight, exact);
  quantise::QuantisedLinear q =
      quantise::quantiseLinear(weight, {}, quantise::WeightForm::W8);
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t i = 0; i < 40; ++i) {
      double scale = std::ldexp(q.channels[size_t(c)].value(), -q.inner);
      CHECK(std::abs(q.codes[size_t(c * 40 + i)] * scale -
                     exact[size_t(i * 3 + c)]) <= scale * 0.51);
    }
}

TEST_CASE("blocks of 4 bits are w4 where that is near enough", "[codes]") {
  MLIRContext context;
  auto form = [&](bool equalScales) {
    return quantise::keepCodes(
        // A group of w4 has 32 rows: two blocks of 16 share a multiplier.
        someCodes(context, 64, 3, -8, 7, 0, equalScales ? 32 : 16,
                  equalScales));
  };
  CHECK(form(true).form == quantise::WeightForm::W4);
  CHECK(form(true).remark.empty());
  CHECK(form(false).form == quantise::WeightForm::W8);
  CHECK(form(false).remark.find("int8 instead") != std::string::npos);
}

TEST_CASE("a layer of integers runs as the integer executor says", "[codes]") {
  auto target = GENERATE("nano", "edge");
  NNText text(7);
  text.line("%table = nn.constant dense<[[1.0, -2.0, 0.5], [0.25, 3.0, -1.0], "
            "[0.0, 1.5, 2.0]]> : tensor<3x3xf32>");
  text.line("%w = nn.constant #onnx.codes<dense<[[100, -128], [7, 3], [-50, "
            "127]]> : tensor<3x2xi8>, scales = dense<[0.02, 0.5]> : "
            "tensor<2xf32>, axis = 1, block = 0> : tensor<3x2xf32>");
  text.line("%x = nn.embedding %table, %ids : (tensor<3x3xf32>, "
            "tensor<?x?xi64>) -> tensor<?x?x3xf32>");
  text.line("%y = nn.linear %x, %w : (tensor<?x?x3xf32>, tensor<3x2xf32>) -> "
            "tensor<?x?x2xf32>");
  std::string model =
      "module {\nfunc.func @main(%ids: tensor<?x?xi64> {dalbit.name = "
      "\"input_ids\", dalbit.dims = [\"B\", \"T\"]}) -> (tensor<?x?x2xf32> "
      "{dalbit.name = \"logits\", dalbit.dims = [\"B\", \"T\", \"2\"]}) {\n" +
      text.text + "  return %y : tensor<?x?x2xf32>\n}\n}\n";
  Compiled c(model, 16, target, "w8", /*rtl=*/false);
  std::vector<int64_t> ids = {2, 0, 1, 1};
  std::vector<float> expected = c.integerLogits(ids, 1);
  CHECK(npuLogits(c, ids, 1) == expected);
  // Row 0: 1 * 2 - 2 * 0.14 + 0.5 * -1 and so on.
  CHECK(expected[2] == Approx(1.22).margin(0.05));
  CHECK(expected[3] == Approx(-64 - 3 + 31.75).margin(0.5));
}
