// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that break the standard: a message that names the place, never a crash
// or an exception.

#include "tests/compiler/import/ModelBuilder.h"

#include "compiler/execute/FloatExecutor.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

#include <random>

using namespace dalbit;
using namespace dalbit::test;
using execute::Tensor;

namespace {

std::string errorOf(const ModelBuilder &model) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Imported imported = importModel(context, model);
  CHECK(!imported.module);
  return imported.error;
}

/// A model with a subgraph, attributes and a weight of 2 KiB.
ModelBuilder someModel() {
  ModelBuilder model;
  model.input("x", {"n", "16"}).input("c", {}, ::onnx::TensorProto::BOOL);
  model.output("z");
  model.initializer("w", Tensor(execute::ElementType::F32, {16, 32}));
  model.node("MatMul", {"x", "w"}, {"y"});
  auto &branch = model.node("If", {"c"}, {"z"});
  for (const char *name : {"then_branch", "else_branch"}) {
    auto *attribute = branch.add_attribute();
    attribute->set_name(name);
    attribute->set_type(::onnx::AttributeProto::GRAPH);
    auto *node = attribute->mutable_g()->add_node();
    node->set_op_type("Softmax");
    node->add_input("y");
    node->add_output("s");
    setInt(*node, "axis", 1);
    attribute->mutable_g()->add_output()->set_name("s");
  }
  return model;
}

} // namespace

TEST_CASE("an unknown operator is named with its node and set", "[import]") {
  ModelBuilder model(17);
  model.input("x", {"2"}).output("y");
  model.node("Frobnicate", {"x"}, {"t"});
  model.node("Wobble", {"t"}, {"y"}).set_domain("com.example");
  std::string error = errorOf(model);
  CHECK_THAT(error, Catch::Contains("node '/Frobnicate' (Frobnicate, opset "
                                    "17): this operator is not supported"));
  CHECK_THAT(error, Catch::Contains("com.example.Wobble"));
  CHECK_THAT(error, Catch::Contains("docs/onnx-support.md"));
}

TEST_CASE("a cycle is found", "[import]") {
  ModelBuilder model;
  model.output("b");
  model.node("Neg", {"b"}, {"a"});
  model.node("Exp", {"a"}, {"b"});
  CHECK_THAT(errorOf(model), Catch::Contains("cycle"));
}

TEST_CASE("a name for two values is refused", "[import]") {
  ModelBuilder model;
  model.input("x", {"2"}).output("y");
  model.node("Neg", {"x"}, {"y"});
  model.node("Exp", {"x"}, {"y"});
  CHECK_THAT(errorOf(model), Catch::Contains("node '/Exp'") &&
                                 Catch::Contains("given to two values"));
}

TEST_CASE("an input that nobody makes is named", "[import]") {
  ModelBuilder model;
  model.output("y");
  model.node("Neg", {"ghost"}, {"y"});
  CHECK_THAT(errorOf(model),
             Catch::Contains("node '/Neg' (Neg, opset 13): input 'ghost' "
                             "does not exist"));
}

TEST_CASE("an output that nobody makes is named", "[import]") {
  ModelBuilder model;
  model.input("x", {"2"}).output("ghost");
  CHECK_THAT(errorOf(model), Catch::Contains("output 'ghost'"));
}

TEST_CASE("a negative dimension is refused", "[import]") {
  ModelBuilder model;
  model.input("x", {"-3"}).output("y");
  model.node("Neg", {"x"}, {"y"});
  CHECK_THAT(errorOf(model), Catch::Contains("dimension of -3"));
}

TEST_CASE("data that does not fit its shape is refused", "[import]") {
  ModelBuilder model;
  model.output("y");
  auto &w = model.initializer("w", Tensor(execute::ElementType::F32, {4}));
  model.node("Neg", {"w"}, {"y"});
  SECTION("too few bytes") {
    w.set_dims(0, 5);
    CHECK_THAT(errorOf(model), Catch::Contains("16 bytes of data"));
  }
  SECTION("a shape beyond memory") {
    w.set_dims(0, int64_t(1) << 40);
    w.add_dims(int64_t(1) << 40);
    CHECK_THAT(errorOf(model), Catch::Contains("initializer 'w'"));
  }
  SECTION("large data that stays in the file") {
    w.set_raw_data(std::string(4096, 'x'));
    CHECK_THAT(errorOf(model), Catch::Contains("4096 bytes of data"));
  }
}

TEST_CASE("an attribute of another version is refused", "[import]") {
  ModelBuilder model(13);
  model.input("x", {"2"}).output("y");
  setInts(model.node("Unsqueeze", {"x"}, {"y"}), "axes", {0});
  CHECK_THAT(errorOf(model), Catch::Contains("attribute axes is not known"));
}

TEST_CASE("a model without the operator set of a domain is refused",
          "[import]") {
  ModelBuilder model;
  model.model.clear_opset_import();
  model.input("x", {"2"}).output("y");
  model.node("Neg", {"x"}, {"y"});
  CHECK_THAT(errorOf(model), Catch::Contains("no operator set"));
}

TEST_CASE("a file cut off anywhere is refused or still a model", "[import]") {
  std::string bytes = someModel().bytes();
  TemporaryFolder folder;
  for (size_t length = 0; length < bytes.size();
       length += length < 64 || length > bytes.size() - 512 ? 1 : 61) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    Imported imported =
        importFile(context, folder.write("cut.onnx", bytes.substr(0, length)));
    INFO(length);
    CHECK((bool(imported.module) || !imported.error.empty()));
  }
}

TEST_CASE("random damage is refused or still a model", "[import]") {
  std::string bytes = someModel().bytes();
  TemporaryFolder folder;
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 600; ++round) {
    std::string damaged = bytes;
    for (int i = 0, n = 1 + int(random() % 4); i < n; ++i)
      damaged[random() % damaged.size()] = char(random());
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    Imported imported = importFile(context, folder.write("bad.onnx", damaged));
    INFO(round);
    CHECK((bool(imported.module) || !imported.error.empty()));
    refused += !imported.module;
  }
  CHECK(refused > 0);
}

TEST_CASE("subgraphs nested without end are refused", "[import]") {
  ModelBuilder model;
  model.input("c", {}, ::onnx::TensorProto::BOOL).output("c");
  auto *graph = model.model.mutable_graph();
  for (int depth = 0; depth < 40; ++depth) {
    auto *node = graph->add_node();
    node->set_op_type("If");
    node->add_input("c");
    node->add_output("o" + std::to_string(depth));
    auto *attribute = node->add_attribute();
    attribute->set_name("then_branch");
    graph = attribute->mutable_g();
  }
  CHECK_THAT(errorOf(model), Catch::Contains("nested too deep"));
}

TEST_CASE("a file that is no model is refused", "[import]") {
  TemporaryFolder folder;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  CHECK_THAT(importFile(context, folder.write("a", "hello world")).error,
             Catch::Contains("not an ONNX model"));
  CHECK_THAT(importFile(context, folder.write("b", "")).error,
             Catch::Contains("the file is empty"));
  std::string whole = "\x3a\x05"
                      "graph"; // field 7 of 5 bytes
  CHECK_THAT(
      importFile(context, folder.write("c", whole.substr(0, 4))).error,
      Catch::Contains("has 4 bytes, what begins at byte 0 ends at byte 7"));
  CHECK_THAT(importFile(context, folder.file("none")).error,
             Catch::Contains("cannot open"));
}
