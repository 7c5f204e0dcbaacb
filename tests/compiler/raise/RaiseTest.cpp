// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// raiseToNN() as tools call it: options, attributes it leaves, and that the
// raised function computes what the graph computed. A graph here is an MLIR
// text, one attention with a cache and a mask of keys.

#include "compiler/raise/Raise.h"
#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/execute/FloatExecutor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

#include <random>

using namespace mlir;
using namespace dalbit;
using execute::Tensor;

namespace {

const char *const graph = R"(
func.func @main(%x: tensor<?x?x8xf32> {dalbit.name = "x", dalbit.dims = ["batch", "sequence", "8"]},
    %mask: tensor<?x?xi64> {dalbit.name = "attention_mask", dalbit.dims = ["batch", "total"]},
    %pk: tensor<?x2x?x4xf32> {dalbit.name = "past_key", dalbit.dims = ["batch", "2", "past", "4"]},
    %pv: tensor<?x2x?x4xf32> {dalbit.name = "past_value", dalbit.dims = ["batch", "2", "past", "4"]})
    -> (tensor<*xf32> {dalbit.name = "y"}, tensor<*xf32> {dalbit.name = "k"}, tensor<*xf32> {dalbit.name = "v"}) {
  %w = onnx.constant dense<WEIGHT> : tensor<8x24xf32>
  %cut = onnx.constant dense<[0, 0, 2, 4]> : tensor<4xi64>
  %join = onnx.constant dense<[0, 0, 8]> : tensor<3xi64>
  %two = onnx.constant dense<2.0> : tensor<f32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %none = onnx.constant dense<0> : tensor<i64>
  %low = onnx.constant dense<-3.40282347E+38> : tensor<f32>
  %i1 = onnx.constant dense<1> : tensor<i64>
  %i2 = onnx.constant dense<2> : tensor<i64>
  %qkv = onnx.node "MatMul"(%x, %w) opset 13 : (tensor<?x?x8xf32>, tensor<8x24xf32>) -> tensor<*xf32>
  %s:3 = onnx.node "Split"(%qkv) opset 13 attributes {axis = 2 : i64, split = array<i64: 8, 8, 8>} : (tensor<*xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  %q0 = onnx.node "Reshape"(%s#0, %cut) opset 13 attributes {allowzero = 0 : i64} : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %k0 = onnx.node "Reshape"(%s#1, %cut) opset 13 attributes {allowzero = 0 : i64} : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %v0 = onnx.node "Reshape"(%s#2, %cut) opset 13 attributes {allowzero = 0 : i64} : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  %q = onnx.node "Transpose"(%q0) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %kn = onnx.node "Transpose"(%k0) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %vn = onnx.node "Transpose"(%v0) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %k = onnx.node "Concat"(%pk, %kn) opset 13 attributes {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<*xf32>) -> tensor<*xf32>
  %v = onnx.node "Concat"(%pv, %vn) opset 13 attributes {axis = 2 : i64} : (tensor<?x2x?x4xf32>, tensor<*xf32>) -> tensor<*xf32>
  %kt = onnx.node "Transpose"(%k) opset 13 attributes {perm = array<i64: 0, 1, 3, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  %scores = onnx.node "MatMul"(%q, %kt) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %d = onnx.node "Div"(%scores, %two) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %xs = onnx.node "Shape"(%x) opset 13 : (tensor<?x?x8xf32>) -> tensor<*xi64>
  %T = onnx.node "Gather"(%xs, %i1) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %ks = onnx.node "Shape"(%k) opset 13 : (tensor<*xf32>) -> tensor<*xi64>
  %S = onnx.node "Gather"(%ks, %i2) opset 13 attributes {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %P = onnx.node "Sub"(%S, %T) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %rows0 = onnx.node "Range"(%P, %S, %i1) opset 13 : (tensor<*xi64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %rows = onnx.node "Unsqueeze"(%rows0) opset 13 attributes {axes = array<i64: 1>} : (tensor<*xi64>) -> tensor<*xi64>
  %columns = onnx.node "Range"(%none, %S, %i1) opset 13 : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %future = onnx.node "Less"(%rows, %columns) opset 13 : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  %causal = onnx.node "Where"(%future, %low, %d) opset 13 : (tensor<*xi1>, tensor<f32>, tensor<*xf32>) -> tensor<*xf32>
  %m4 = onnx.node "Unsqueeze"(%mask) opset 13 attributes {axes = array<i64: 1, 2>} : (tensor<?x?xi64>) -> tensor<*xi64>
  %mf = onnx.node "Cast"(%m4) opset 13 attributes {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
  %mi = onnx.node "Sub"(%one, %mf) opset 13 : (tensor<f32>, tensor<*xf32>) -> tensor<*xf32>
  %mm = onnx.node "Mul"(%mi, %low) opset 13 : (tensor<*xf32>, tensor<f32>) -> tensor<*xf32>
  %a = onnx.node "Add"(%causal, %mm) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %p = onnx.node "Softmax"(%a) opset 13 attributes {axis = -1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %o = onnx.node "MatMul"(%p, %v) opset 13 : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %ot = onnx.node "Transpose"(%o) opset 13 attributes {perm = array<i64: 0, 2, 1, 3>} : (tensor<*xf32>) -> tensor<*xf32>
  %y = onnx.node "Reshape"(%ot, %join) opset 13 attributes {allowzero = 0 : i64} : (tensor<*xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y, %k, %v : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
)";

/// The graph with weights, in a context that knows the dialects.
struct Model {
  Model() {
    context.loadDialect<func::FuncDialect, nn::NNDialect, onnx::OnnxDialect>();
    context.disableMultithreading();
    context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
      messages += diagnostic.str() + "\n";
      for (Diagnostic &note : diagnostic.getNotes())
        messages += note.str() + "\n";
      return success();
    });
    std::mt19937 random(7);
    std::uniform_real_distribution<float> weight(-1, 1);
    std::string rows;
    for (int i = 0; i < 8; ++i) {
      rows += i ? ", [" : "[";
      for (int j = 0; j < 24; ++j)
        rows += (j ? ", " : "") + std::to_string(weight(random));
      rows += "]";
    }
    std::string text = graph;
    text.replace(text.find("WEIGHT"), 6, "[" + rows + "]");
    module = parseSourceString<ModuleOp>(text, &context);
    REQUIRE(module);
  }

  func::FuncOp main() { return module->lookupSymbol<func::FuncOp>("main"); }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string messages;
};

Tensor randomTensor(std::mt19937 &random, llvm::ArrayRef<int64_t> shape) {
  Tensor tensor(execute::ElementType::F32, shape);
  std::normal_distribution<float> value;
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.data<float>()[i] = value(random);
  return tensor;
}

} // namespace

TEST_CASE("a raised attention computes what the graph computed", "[raise]") {
  Model model;
  OwningOpRef<ModuleOp> exported = model.module->clone();
  REQUIRE(succeeded(raise::raiseToNN(*model.module)));
  REQUIRE(succeeded(verify(*model.module)));
  int nodes = 0;
  model.module->walk([&](onnx::NodeOp) { ++nodes; });
  CHECK(nodes == 0);

  execute::FloatExecutor before(*exported), after(*model.module);
  std::mt19937 random(1);
  // Prefill, one new token after a past, several after a past.
  for (auto [batch, tokens, past] :
       {std::array<int64_t, 3>{1, 5, 0}, {2, 1, 6}, {2, 3, 4}}) {
    Tensor mask(execute::ElementType::I64, {batch, past + tokens});
    // Left padding: the first rows of the second sequence see no key at all.
    for (int64_t i = 0; i < mask.count(); ++i)
      mask.data<int64_t>()[i] =
          i / (past + tokens) == 0 || i % (past + tokens) > 4;
    std::vector<Tensor> inputs = {randomTensor(random, {batch, tokens, 8}),
                                  mask,
                                  randomTensor(random, {batch, 2, past, 4}),
                                  randomTensor(random, {batch, 2, past, 4})};
    std::vector<Tensor> expected = before.run(inputs), got = after.run(inputs);
    REQUIRE(got.size() == 3);
    for (size_t i = 0; i < 3; ++i) {
      REQUIRE(got[i].shape() == expected[i].shape());
      for (int64_t j = 0; j < got[i].count(); ++j)
        CHECK(got[i].data<float>()[j] ==
              Approx(expected[i].data<float>()[j]).margin(1e-5));
    }
  }
}

TEST_CASE("a raised function says which cache continues which", "[raise]") {
  Model model;
  REQUIRE(succeeded(raise::raiseToNN(*model.module)));
  Builder builder(&model.context);
  CHECK(model.main()->getAttr("dalbit.aliases") ==
        builder.getArrayAttr({builder.getI64ArrayAttr({2, 1}),
                              builder.getI64ArrayAttr({3, 2})}));
  auto dims = model.main().getResultAttrOfType<ArrayAttr>(1, "dalbit.dims");
  CHECK(dims == builder.getStrArrayAttr({"B", "2", "P+T", "4"}));
  CHECK(model.messages.find("nothing stays as in the file") !=
        std::string::npos);
}

TEST_CASE("a size given by --shape is a number everywhere", "[raise]") {
  Model model;
  raise::RaiseOptions options;
  options.shapes = {"x=1,3,8"};
  REQUIRE(succeeded(raise::raiseToNN(*model.module, options)));
  Builder builder(&model.context);
  CHECK(model.main().getArgAttr(0, "dalbit.dims") ==
        builder.getStrArrayAttr({"1", "3", "8"}));
  CHECK(model.main().getArgAttr(1, "dalbit.dims") ==
        builder.getStrArrayAttr({"1", "P+3"}));
  CHECK(model.main().getResultAttr(1, "dalbit.dims") ==
        builder.getStrArrayAttr({"1", "2", "P+3", "4"}));
}

TEST_CASE("an option that does not fit names itself", "[raise]") {
  for (auto [option, cause] :
       {std::pair{"y=1", "has no input 'y'"},
        {"x=1,2", "has 3 dimensions"},
        {"x=B,T,9", "fixes this dimension to 8"},
        {"x=B,n,8", "'n' is neither a size nor made of B, T and P"}}) {
    Model model;
    raise::RaiseOptions options;
    options.shapes = {option};
    CHECK(failed(raise::raiseToNN(*model.module, options)));
    INFO(model.messages);
    CHECK(model.messages.find(cause) != std::string::npos);
  }
}

TEST_CASE("an input that is set is a constant", "[raise]") {
  Model model;
  raise::RaiseOptions options;
  options.values = {"x=1"};
  CHECK(failed(raise::raiseToNN(*model.module, options)));
  CHECK(model.messages.find("not made of a fixed number of integers") !=
        std::string::npos);
}
