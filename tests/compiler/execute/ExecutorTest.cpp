// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the float executor computes for graphs of the standard's operators.
// The standard's own node tests cover single operators; here are the corners
// that language models meet.

#include "tests/compiler/import/ModelBuilder.h"

#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/execute/FloatExecutor.h"
#include "support/Error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <catch2/catch.hpp>

using namespace dalbit;
using namespace dalbit::test;
using execute::ElementType;
using execute::Tensor;

namespace {

constexpr auto int64 = ::onnx::TensorProto::INT64;

llvm::ArrayRef<float> floats(const Tensor &tensor) {
  return tensor.values<float>();
}

llvm::ArrayRef<int64_t> ints(const Tensor &tensor) {
  return tensor.values<int64_t>();
}

} // namespace

TEST_CASE("an empty past joins the new keys", "[execute]") {
  ModelBuilder model;
  model.input("past", {"1", "2", "P", "3"}).input("k", {"1", "2", "T", "3"});
  model.output("present");
  setInt(model.node("Concat", {"past", "k"}, {"present"}), "axis", -2);
  Tensor past(ElementType::F32, {1, 2, 0, 3});
  Tensor k = Tensor::of<float>({1, 2, 1, 3}, {1, 2, 3, 4, 5, 6});
  auto out = runModel(model, {past, k});
  CHECK(out[0].shape() == llvm::ArrayRef<int64_t>({1, 2, 1, 3}));
  CHECK(floats(out[0]) == floats(k));
}

TEST_CASE("shape arithmetic splits heads", "[execute]") {
  ModelBuilder model;
  model.input("x", {"B", "T", "6"}).output("y");
  model.initializer("two", Tensor::of<int64_t>({1}, {2}));
  model.initializer("rest", Tensor::of<int64_t>({1}, {-1}));
  model.initializer("from", Tensor::of<int64_t>({1}, {0}));
  model.node("Shape", {"x"}, {"shape"});
  model.node("Slice", {"shape", "from", "rest"}, {"lead"});
  setInt(model.node("Concat", {"lead", "two", "rest"}, {"wanted"}), "axis", 0);
  model.node("Reshape", {"x", "wanted"}, {"heads"});
  setInts(model.node("Transpose", {"heads"}, {"y"}), "perm", {0, 2, 1, 3});
  Tensor x(ElementType::F32, {1, 2, 6});
  for (int i = 0; i < 12; ++i)
    x.data<float>()[i] = float(i);
  auto out = runModel(model, {x});
  CHECK(out[0].shape() == llvm::ArrayRef<int64_t>({1, 2, 2, 3}));
  CHECK(floats(out[0]) ==
        llvm::ArrayRef<float>({0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11}));
}

TEST_CASE("slices count from the end and run backwards", "[execute]") {
  ModelBuilder model;
  model.input("x", {"5"}, int64).output("y");
  for (const char *name : {"start", "end", "axis", "step"})
    model.input(name, {"1"}, int64);
  model.node("Slice", {"x", "start", "end", "axis", "step"}, {"y"});
  auto slice = [&](int64_t start, int64_t end, int64_t step) {
    auto one = [](int64_t value) { return Tensor::of<int64_t>({1}, {value}); };
    auto out = runModel(model, {Tensor::of<int64_t>({5}, {0, 1, 2, 3, 4}),
                                one(start), one(end), one(0), one(step)});
    return std::vector<int64_t>(ints(out[0]).begin(), ints(out[0]).end());
  };
  using List = std::vector<int64_t>;
  CHECK(slice(-2, INT64_MAX, 1) == List{3, 4});
  CHECK(slice(INT64_MIN, 2, 1) == List{0, 1});
  CHECK(slice(-1, INT64_MIN, -2) == List{4, 2, 0});
  CHECK(slice(0, INT64_MAX, INT64_MAX) == List{0});
  CHECK(slice(4, 0, INT64_MIN) == List{4});
  CHECK(slice(3, 3, 1).empty());
  CHECK(slice(9, 2, 1).empty());
}

TEST_CASE("an index outside is an error that names the node", "[execute]") {
  ModelBuilder model;
  model.input("table", {"4", "2"}).input("ids", {"T"}, int64).output("y");
  model.node("Gather", {"table", "ids"}, {"y"});
  Tensor table = Tensor::of<float>({4, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  auto out = runModel(model, {table, Tensor::of<int64_t>({2}, {-1, 0})});
  CHECK(floats(out[0]) == llvm::ArrayRef<float>({6, 7, 0, 1}));
  CHECK_THROWS_WITH(
      runModel(model, {table, Tensor::of<int64_t>({1}, {4})}),
      Catch::Contains("node '/Gather' (Gather, opset 13): index 4 is outside"));
}

TEST_CASE("Softmax before 13 flattens and later does not", "[execute]") {
  for (int opset : {11, 13}) {
    ModelBuilder model(opset);
    model.input("x", {"1", "2", "2"}).output("y");
    setInt(model.node("Softmax", {"x"}, {"y"}), "axis", 1);
    auto out = runModel(model, {Tensor::of<float>({1, 2, 2}, {0, 0, 0, 0})});
    CHECK(floats(out[0])[0] == (opset == 11 ? 0.25f : 0.5f));
  }
}

TEST_CASE("masked scores get probability zero", "[execute]") {
  ModelBuilder model;
  model.input("x", {"2"}).output("y");
  model.node("Softmax", {"x"}, {"y"});
  auto out = runModel(model, {Tensor::of<float>({2}, {1, -3.40282347e38f})});
  CHECK(floats(out[0]) == llvm::ArrayRef<float>({1, 0}));
}

TEST_CASE("If runs one branch, which sees the values around", "[execute]") {
  ModelBuilder model;
  model.input("c", {}, ::onnx::TensorProto::BOOL).input("x", {"1"});
  model.output("z");
  auto &branch = model.node("If", {"c"}, {"z"});
  for (auto [name, type] :
       {std::pair("then_branch", "Neg"), std::pair("else_branch", "Abs")}) {
    auto *attribute = branch.add_attribute();
    attribute->set_name(name);
    attribute->set_type(::onnx::AttributeProto::GRAPH);
    auto *node = attribute->mutable_g()->add_node();
    node->set_op_type(type);
    node->add_input("x");
    node->add_output("r");
    attribute->mutable_g()->add_output()->set_name("r");
  }
  Tensor x = Tensor::of<float>({1}, {-3});
  CHECK(floats(runModel(model, {Tensor::scalar(true), x})[0])[0] == 3);
  x = Tensor::of<float>({1}, {2});
  CHECK(floats(runModel(model, {Tensor::scalar(true), x})[0])[0] == -2);
  CHECK(floats(runModel(model, {Tensor::scalar(false), x})[0])[0] == 2);
}

TEST_CASE("Gemm scales and adds a row", "[execute]") {
  ModelBuilder model;
  model.input("a", {"2", "2"}).input("b", {"3", "2"}).input("c", {"3"});
  model.output("y");
  auto &node = model.node("Gemm", {"a", "b", "c"}, {"y"});
  setInt(node, "transB", 1);
  setFloat(node, "alpha", 2);
  setFloat(node, "beta", 0.5f);
  auto out = runModel(model, {Tensor::of<float>({2, 2}, {1, 2, 3, 4}),
                              Tensor::of<float>({3, 2}, {1, 0, 0, 1, 1, 1}),
                              Tensor::of<float>({3}, {10, 20, 30})});
  CHECK(floats(out[0]) == llvm::ArrayRef<float>({7, 14, 21, 11, 18, 29}));
}

TEST_CASE("MatMul repeats leading dimensions", "[execute]") {
  ModelBuilder model;
  model.input("a", {"2", "1", "1", "2"}).input("b", {"2", "2", "1"});
  model.output("y");
  model.node("MatMul", {"a", "b"}, {"y"});
  auto out = runModel(model, {Tensor::of<float>({2, 1, 1, 2}, {1, 2, 3, 4}),
                              Tensor::of<float>({2, 2, 1}, {1, 1, 1, -1})});
  CHECK(out[0].shape() == llvm::ArrayRef<int64_t>({2, 2, 1, 1}));
  CHECK(floats(out[0]) == llvm::ArrayRef<float>({3, -1, 7, -1}));
}

TEST_CASE("set 18 gives the axes of a mean as input", "[execute]") {
  for (bool noop : {false, true}) {
    ModelBuilder model(18);
    model.input("x", {"2", "2"}).input("axes", {"n"}, int64).output("y");
    auto &node = model.node("ReduceMean", {"x", "axes"}, {"y"});
    setInt(node, "keepdims", 0);
    setInt(node, "noop_with_empty_axes", noop);
    Tensor x = Tensor::of<float>({2, 2}, {1, 2, 3, 5});
    auto mean = [&](llvm::ArrayRef<int64_t> axes) {
      auto out = runModel(
          model, {x, Tensor::of<int64_t>({int64_t(axes.size())}, axes)});
      return std::vector<float>(floats(out[0]).begin(), floats(out[0]).end());
    };
    CHECK(mean({-1}) == std::vector<float>{1.5f, 4});
    CHECK(mean({0, 1}) == std::vector<float>{2.75f});
    CHECK(mean({}) ==
          (noop ? std::vector<float>{1, 2, 3, 5} : std::vector<float>{2.75f}));
  }
}

TEST_CASE("set 18 splits into parts of which the last is smaller",
          "[execute]") {
  ModelBuilder model(18);
  model.input("x", {"5"}).output("a").output("b");
  setInt(model.node("Split", {"x"}, {"a", "b"}), "num_outputs", 2);
  auto out = runModel(model, {Tensor::of<float>({5}, {0, 1, 2, 3, 4})});
  CHECK(floats(out[0]) == llvm::ArrayRef<float>({0, 1, 2}));
  CHECK(floats(out[1]) == llvm::ArrayRef<float>({3, 4}));
}

TEST_CASE("inputs of the wrong shape or type are refused", "[execute]") {
  ModelBuilder model;
  model.input("x", {"T", "4"}).output("y");
  model.node("Neg", {"x"}, {"y"});
  CHECK_THROWS_WITH(runModel(model, {Tensor(ElementType::F32, {2, 3})}),
                    Catch::Contains("input 'x': shape [2,3], the model wants "
                                    "[?,4]"));
  CHECK_THROWS_WITH(runModel(model, {Tensor(ElementType::I64, {2, 4})}),
                    Catch::Contains("elements of type i64"));
  CHECK_THROWS_WITH(runModel(model, {}), Catch::Contains("1 inputs"));
}

TEST_CASE("a tensor beyond all memory is refused", "[execute]") {
  ModelBuilder model;
  model.input("n", {"2"}, int64).output("y");
  model.node("ConstantOfShape", {"n"}, {"y"});
  for (int64_t size : {int64_t(1) << 31, int64_t(1) << 62})
    CHECK_THROWS_WITH(runModel(model, {Tensor::of<int64_t>({2}, {size, size})}),
                      Catch::Contains("too large"));
  CHECK_THROWS_WITH(runModel(model, {Tensor::of<int64_t>({2}, {-1, 1})}),
                    Catch::Contains("cannot have shape [-1,1]"));
}

TEST_CASE("integer division by zero is an error", "[execute]") {
  ModelBuilder model;
  model.input("a", {"1"}, int64).input("b", {"1"}, int64).output("y");
  model.node("Div", {"a", "b"}, {"y"});
  auto value = [](int64_t x) { return Tensor::of<int64_t>({1}, {x}); };
  CHECK_THROWS_WITH(runModel(model, {value(1), value(0)}),
                    Catch::Contains("division by zero"));
  CHECK(ints(runModel(model, {value(INT64_MIN), value(-1)})[0])[0] ==
        INT64_MIN);
}

TEST_CASE("a part of the graph is computed from values given in its middle",
          "[execute]") {
  ModelBuilder model;
  model.input("x", {"2"}).output("z");
  model.node("Exp", {"x"}, {"y"});
  model.node("Neg", {"y"}, {"z"});
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Imported imported = importModel(context, model);
  REQUIRE(imported.module);
  auto main = imported.module->lookupSymbol<mlir::func::FuncOp>("main");
  mlir::Value z = main.getBody().front().getTerminator()->getOperand(0);
  mlir::Value y = z.getDefiningOp()->getOperand(0);
  llvm::DenseMap<mlir::Value, Tensor> known;
  CHECK_THROWS_WITH(execute::evaluate(z, known),
                    Catch::Contains("depends on function argument 0"));
  known[y] = Tensor::of<float>({2}, {5, 6});
  Tensor result = execute::evaluate(z, known);
  CHECK(floats(result) == llvm::ArrayRef<float>({-5, -6}));
}

TEST_CASE("an observer sees every value and runs repeat", "[execute]") {
  ModelBuilder model;
  model.input("x", {"1"}).output("z");
  model.node("Neg", {"x"}, {"y"});
  model.node("Exp", {"y"}, {"z"});
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Imported imported = importModel(context, model);
  REQUIRE(imported.module);
  execute::FloatExecutor executor(*imported.module);
  int seen = 0;
  executor.observer = [&](mlir::Value, const Tensor &) { ++seen; };
  auto first = executor.run({Tensor::of<float>({1}, {1})});
  CHECK(seen == 3);
  auto second = executor.run({Tensor::of<float>({1}, {1})});
  CHECK(floats(first[0]) == floats(second[0]));
}
