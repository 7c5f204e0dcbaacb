// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops, sequences and what the importer resolves of control flow.

#include "tests/compiler/import/ModelBuilder.h"

#include "compiler/dialect/onnx/OnnxOps.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

namespace dalbit::test {

using execute::ElementType;
using execute::Tensor;

namespace {

constexpr auto int64 = ::onnx::TensorProto::INT64;
constexpr auto boolean = ::onnx::TensorProto::BOOL;

::onnx::GraphProto &bodyOf(::onnx::NodeProto &node, const std::string &name) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::GRAPH);
  return *attribute->mutable_g();
}

void addNode(::onnx::GraphProto &graph, const std::string &type,
             const std::vector<std::string> &inputs,
             const std::string &output) {
  auto *node = graph.add_node();
  node->set_op_type(type);
  for (const std::string &input : inputs)
    node->add_input(input);
  node->add_output(output);
}

/// Nodes of the module by type.
int countNodes(Imported &imported, llvm::StringRef type) {
  INFO(imported.error);
  REQUIRE(imported.module);
  int count = 0;
  imported.module->walk(
      [&](onnx::NodeOp node) { count += node.getOpType() == type; });
  return count;
}

} // namespace

TEST_CASE("Loop carries values and collects others until its condition fails",
          "[execute]") {
  ModelBuilder model(16);
  model.input("n", {}, int64).input("x", {}, int64);
  model.input("limit", {}, int64).output("last").output("all");
  auto &loop = model.node("Loop", {"n", "", "x"}, {"last", "all"});
  auto &body = bodyOf(loop, "body");
  for (const char *name : {"i", "go", "sum"})
    body.add_input()->set_name(name);
  addNode(body, "Add", {"sum", "i"}, "next");
  addNode(body, "Less", {"next", "limit"}, "more");
  for (const char *name : {"more", "next", "sum"})
    body.add_output()->set_name(name);
  auto run = [&](int64_t n, int64_t limit) {
    return runModel(model, {Tensor::scalar(n), Tensor::scalar<int64_t>(10),
                            Tensor::scalar(limit)});
  };
  auto out = run(4, 100);
  CHECK(out[0].integers()[0] == 16);
  CHECK(out[1].integers() == llvm::SmallVector<int64_t>({10, 10, 11, 13}));
  out = run(4, 11);
  CHECK(out[0].integers()[0] == 11);
  CHECK(out[1].integers().size() == 2);
  out = run(0, 100);
  CHECK(out[0].integers()[0] == 10);
  CHECK(out[1].count() == 0);
  CHECK(out[1].type() == ElementType::I64);
}

TEST_CASE("a loop without end is stopped", "[execute]") {
  ModelBuilder model(16);
  model.input("x", {}, boolean).output("y");
  auto &loop = model.node("Loop", {"", "", "x"}, {"y"});
  auto &body = bodyOf(loop, "body");
  for (const char *name : {"i", "go", "v"})
    body.add_input()->set_name(name);
  for (const char *name : {"go", "v"})
    body.add_output()->set_name(name);
  CHECK_THROWS_WITH(runModel(model, {Tensor::scalar(true)}),
                    Catch::Contains("loops run more than"));
}

TEST_CASE("a sequence is split, picked from and joined", "[execute]") {
  ModelBuilder model(13);
  model.input("x", {"4", "2"}).input("at", {}, int64);
  model.output("y").output("n");
  setInt(model.node("SplitToSequence", {"x"}, {"s"}), "axis", 0);
  model.node("SequenceAt", {"s", "at"}, {"one"});
  model.node("SequenceErase", {"s", "at"}, {"rest"});
  model.node("SequenceInsert", {"rest", "one"}, {"t"});
  model.node("SequenceLength", {"t"}, {"n"});
  setInt(model.node("ConcatFromSequence", {"t"}, {"y"}), "axis", 0);
  Tensor x = Tensor::of<float>({4, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  auto out = runModel(model, {x, Tensor::scalar<int64_t>(1)});
  CHECK(out[0].values<float>() ==
        llvm::ArrayRef<float>({0, 1, 4, 5, 6, 7, 2, 3}));
  CHECK(out[1].integers()[0] == 4);
  CHECK_THROWS_WITH(runModel(model, {x, Tensor::scalar<int64_t>(4)}),
                    Catch::Contains("outside a sequence of 4"));
}

TEST_CASE("arithmetic on a sequence is refused", "[execute]") {
  ModelBuilder model(13);
  model.input("x", {"4"}).output("y");
  model.node("SplitToSequence", {"x"}, {"s"});
  model.node("SequenceAt", {"x", "s"}, {"y"});
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  CHECK_THAT(importModel(context, model).error,
             Catch::Contains("node '/SequenceAt'"));
}

TEST_CASE("an If whose condition is a constant is its branch", "[import]") {
  ModelBuilder model(13);
  model.input("x", {"1"}).output("y");
  model.initializer("c", Tensor::of<bool>({1}, {false}));
  auto &branch = model.node("If", {"c"}, {"y"});
  for (auto [name, type] :
       {std::pair("then_branch", "Neg"), std::pair("else_branch", "Abs")}) {
    auto &graph = bodyOf(branch, name);
    addNode(graph, type, {"x"}, "r");
    graph.add_output()->set_name("r");
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Imported imported = importModel(context, model);
  CHECK(countNodes(imported, "If") == 0);
  CHECK(countNodes(imported, "Neg") == 0);
  CHECK(countNodes(imported, "Abs") == 1);
}

TEST_CASE("a Dropout that nobody trains is nothing", "[import]") {
  ModelBuilder model(13);
  model.input("x", {"1"}).output("y");
  model.node("Dropout", {"x"}, {"d"});
  model.node("Neg", {"d"}, {"y"});
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Imported imported = importModel(context, model);
  CHECK(countNodes(imported, "Dropout") == 0);
  CHECK(countNodes(imported, "Neg") == 1);
}

TEST_CASE("functions of the model become their nodes", "[import]") {
  ModelBuilder model(13);
  model.input("x", {"2"}).output("y").output("z");
  auto &function = *model.model.add_functions();
  function.set_name("scaled");
  function.set_domain("my.own");
  for (const char *name : {"a", "low"})
    function.add_input(name);
  function.add_output("r");
  auto *set = function.add_opset_import();
  set->set_version(13);
  auto *leaky = function.add_node();
  leaky->set_op_type("LeakyRelu");
  leaky->add_input("a");
  leaky->add_output("t");
  auto *attribute = leaky->add_attribute();
  attribute->set_name("alpha");
  attribute->set_ref_attr_name("slope");
  attribute->set_type(::onnx::AttributeProto::FLOAT);
  auto *clip = function.add_node();
  clip->set_op_type("Clip");
  for (const char *name : {"t", "low"})
    clip->add_input(name);
  clip->add_output("r");

  model.initializer("bound", Tensor::scalar(-1.0f));
  auto &first = model.node("scaled", {"x", "bound"}, {"y"});
  first.set_domain("my.own");
  setFloat(first, "slope", 0.5f);
  // Without the attribute the operator's own default, without the bound none.
  model.node("scaled", {"x"}, {"z"}).set_domain("my.own");
  auto out = runModel(model, {Tensor::of<float>({2}, {-4, 3})});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({-1, 3}));
  CHECK(out[1].values<float>()[0] == Approx(-0.04f));

  // A function that calls itself has no end.
  auto *again = function.add_node();
  again->set_op_type("scaled");
  again->set_domain("my.own");
  again->add_input("a");
  again->add_output("u");
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  CHECK_THAT(importModel(context, model).error, Catch::Contains("without end"));
}

} // namespace dalbit::test
