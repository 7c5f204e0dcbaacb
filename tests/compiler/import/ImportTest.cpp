// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/compiler/import/ModelBuilder.h"

#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/execute/FloatExecutor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <catch2/catch.hpp>

#include <numeric>

// Inside, as libonnx has a namespace onnx too.
namespace dalbit::test {

using execute::Tensor;

namespace {

mlir::MLIRContext &context() {
  static mlir::MLIRContext instance(mlir::MLIRContext::Threading::DISABLED);
  return instance;
}

/// The only node of type \p type.
onnx::NodeOp nodeOf(Imported &imported, llvm::StringRef type) {
  INFO(imported.error);
  REQUIRE(imported.module);
  onnx::NodeOp found;
  imported.module->walk([&](onnx::NodeOp node) {
    if (node.getOpType() == type)
      found = node;
  });
  REQUIRE(found);
  return found;
}

Tensor counting(llvm::ArrayRef<int64_t> shape) {
  Tensor tensor(execute::ElementType::F32, shape);
  std::iota(tensor.data<float>(), tensor.data<float>() + tensor.count(), 0.0f);
  return tensor;
}

} // namespace

TEST_CASE("inputs and outputs keep their names and dimensions", "[import]") {
  ModelBuilder model;
  model.input("ids", {"batch", "8"}, ::onnx::TensorProto::INT64).output("y");
  model.node("Neg", {"ids"}, {"y"});
  auto *entry = model.model.add_metadata_props();
  entry->set_key("dalbit.tokenizer");
  entry->set_value("bytes");
  Imported imported = importModel(context(), model);
  REQUIRE(imported.module);
  auto main = imported.module->lookupSymbol<mlir::func::FuncOp>("main");
  CHECK(main.getArgAttrOfType<mlir::StringAttr>(0, "dalbit.name") == "ids");
  auto dims = main.getArgAttrOfType<mlir::ArrayAttr>(0, "dalbit.dims");
  CHECK(mlir::cast<mlir::StringAttr>(dims[0]) == "batch");
  CHECK(mlir::cast<mlir::StringAttr>(dims[1]) == "8");
  CHECK(main.getResultAttrOfType<mlir::StringAttr>(0, "dalbit.name") == "y");
  auto metadata = (*imported.module)
                      ->getAttrOfType<mlir::DictionaryAttr>("dalbit.metadata");
  CHECK(metadata.getAs<mlir::StringAttr>("dalbit.tokenizer") == "bytes");
}

TEST_CASE("a large weight stays in the file and a small one does not",
          "[import]") {
  TemporaryFolder folder;
  ModelBuilder model;
  Tensor large = counting({16, 32}), small = counting({16, 16});
  model.input("x", {"16", "32"}).output("y").output("z");
  model.initializer("large", large);
  model.initializer("small", small);
  model.node("Add", {"x", "large"}, {"y"});
  model.node("Neg", {"small"}, {"z"});
  Imported imported =
      importFile(context(), folder.write("m.onnx", model.bytes()));
  auto large_ =
      nodeOf(imported, "Add").getInputs()[1].getDefiningOp<onnx::ConstantOp>();
  auto weight = mlir::dyn_cast<onnx::WeightAttr>(large_.getValue());
  REQUIRE(weight);
  CHECK(weight.getLength() == 2048);
  llvm::SmallVector<float> values;
  onnx::readWeight(weight, values);
  CHECK(llvm::ArrayRef<float>(values) == large.values<float>());

  // Columns 4..6 of the transposed matrix are rows 4..6.
  onnx::readWeight(weight.permute({1, 0}).slice(1, 4, 3).slice(0, 30, 2),
                   values);
  CHECK(llvm::ArrayRef<float>(values) ==
        llvm::ArrayRef<float>({158, 190, 222, 159, 191, 223}));

  auto small_ =
      nodeOf(imported, "Neg").getInputs()[0].getDefiningOp<onnx::ConstantOp>();
  CHECK(mlir::isa<mlir::DenseElementsAttr>(small_.getValue()));
}

TEST_CASE("equal weights of tied layers are one attribute", "[import]") {
  TemporaryFolder folder;
  ModelBuilder model;
  model.input("x", {"20", "20"}).output("z");
  model.initializer("w", counting({20, 20}));
  model.node("Identity", {"w"}, {"copy"});
  model.node("MatMul", {"x", "w"}, {"y"});
  model.node("Add", {"y", "copy"}, {"z"});
  Imported imported =
      importFile(context(), folder.write("m.onnx", model.bytes()));
  CHECK(nodeOf(imported, "Add").getInputs()[1] ==
        nodeOf(imported, "MatMul").getInputs()[1]);
}

TEST_CASE("external data is read beside the model", "[import]") {
  TemporaryFolder folder;
  Tensor weight = counting({300});
  std::string bytes(16, 'x');
  bytes.append(static_cast<const char *>(weight.raw()), 1200);
  folder.write("w.bin", bytes);
  ModelBuilder model;
  model.input("x", {"300"}).output("y");
  auto &proto = model.initializer("w", weight);
  proto.clear_raw_data();
  proto.set_data_location(::onnx::TensorProto::EXTERNAL);
  auto add = [&](const char *key, const char *value) {
    auto *entry = proto.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  model.node("Add", {"x", "w"}, {"y"});
  SECTION("at an offset") {
    add("location", "w.bin");
    add("offset", "16");
    add("length", "1200");
    Imported imported =
        importFile(context(), folder.write("m.onnx", model.bytes()));
    INFO(imported.error);
    REQUIRE(imported.module);
    auto out = execute::FloatExecutor(*imported.module).run({weight});
    CHECK(out[0].data<float>()[299] == 598);
  }
  SECTION("but not beyond its end") {
    add("location", "w.bin");
    add("offset", "17");
    Imported imported =
        importFile(context(), folder.write("m.onnx", model.bytes()));
    CHECK_THAT(imported.error, Catch::Contains("has 1216 bytes"));
  }
  SECTION("nor outside the folder") {
    add("location", "sub/../../w.bin");
    Imported imported =
        importFile(context(), folder.write("m.onnx", model.bytes()));
    CHECK_THAT(imported.error,
               Catch::Contains("lies outside the model's folder"));
  }
  SECTION("nor from a file that is not there") {
    add("location", "missing.bin");
    Imported imported =
        importFile(context(), folder.write("m.onnx", model.bytes()));
    CHECK_THAT(imported.error, Catch::Contains("initializer 'w'") &&
                                   Catch::Contains("missing.bin"));
  }
}

TEST_CASE("axes are an attribute in every operator set", "[import]") {
  auto axesOf = [](ModelBuilder &model) {
    Imported imported = importModel(context(), model);
    onnx::NodeOp node = nodeOf(imported, "Unsqueeze");
    CHECK(node.getInputs().size() == 1);
    return node.getOnnxInts("axes");
  };
  ModelBuilder old(11), current(13);
  for (ModelBuilder *model : {&old, &current})
    model->input("x", {"4"}).output("y");
  setInts(old.node("Unsqueeze", {"x"}, {"y"}), "axes", {1});
  current.initializer("axes", Tensor::of<int64_t>({1}, {1}));
  current.node("Unsqueeze", {"x", "axes"}, {"y"});
  CHECK(axesOf(old) == llvm::SmallVector<int64_t>{1});
  CHECK(axesOf(current) == llvm::SmallVector<int64_t>{1});
}

TEST_CASE("the old Softmax is marked as flattening", "[import]") {
  for (int opset : {11, 13}) {
    ModelBuilder model(opset);
    model.input("x", {"2", "2", "2"}).output("y");
    model.node("Softmax", {"x"}, {"y"});
    Imported imported = importModel(context(), model);
    onnx::NodeOp node = nodeOf(imported, "Softmax");
    CHECK(node.getOnnxInt("flatten").has_value() == (opset == 11));
    CHECK(node.getOnnxInt("axis") == (opset == 11 ? 1 : -1));
  }
}

TEST_CASE("a graph that is not sorted is sorted", "[import]") {
  ModelBuilder model;
  model.input("x", {"2"}).output("z");
  model.node("Neg", {"y"}, {"z"});
  model.node("Exp", {"x"}, {"y"});
  auto out = runModel(model, {Tensor::of<float>({2}, {0, 0})});
  CHECK(out[0].data<float>()[0] == -1);
}

TEST_CASE("numbers in typed fields are read", "[import]") {
  ModelBuilder model;
  model.output("y").output("b");
  auto &half = model.initializer(
      "h", Tensor::of<float>({2}, {1.5f, -2}).cast(execute::ElementType::F16));
  half.clear_raw_data();
  half.add_int32_data(0x3e00);
  half.add_int32_data(0xc000);
  auto &flags = model.initializer("f", Tensor::of<bool>({2}, {true, false}));
  flags.clear_raw_data();
  flags.add_int32_data(1);
  flags.add_int32_data(0);
  setInt(model.node("Cast", {"h"}, {"y"}), "to", 1);
  model.node("Not", {"f"}, {"b"});
  auto out = runModel(model, {});
  CHECK(out[0].values<float>() == llvm::ArrayRef<float>({1.5f, -2}));
  CHECK(out[1].values<bool>() == llvm::ArrayRef<bool>({false, true}));
}

} // namespace dalbit::test
