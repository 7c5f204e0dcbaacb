// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/compiler/import/ModelBuilder.h"

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/FloatExecutor.h"
#include "support/Error.h"

#include "mlir/IR/Diagnostics.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dalbit::test {

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "dalbit-XXXXXX").string();
  if (!mkdtemp(pattern.data()))
    throw Error("cannot make a temporary folder");
  path = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

std::string TemporaryFolder::write(const std::string &name,
                                   const std::string &bytes) const {
  std::ofstream(file(name), std::ios::binary) << bytes;
  return file(name);
}

ModelBuilder::ModelBuilder(int opset) {
  model.set_ir_version(8);
  model.add_opset_import()->set_version(opset);
  model.mutable_graph()->set_name("test");
}

ModelBuilder &ModelBuilder::input(const std::string &name,
                                  const std::vector<std::string> &dims,
                                  ::onnx::TensorProto::DataType type) {
  auto *info = model.mutable_graph()->add_input();
  info->set_name(name);
  auto *tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  auto *shape = tensor->mutable_shape();
  for (const std::string &dim : dims) {
    char *end = nullptr;
    int64_t number = std::strtoll(dim.c_str(), &end, 10);
    if (*end == '\0' && !dim.empty())
      shape->add_dim()->set_dim_value(number);
    else
      shape->add_dim()->set_dim_param(dim);
  }
  return *this;
}

ModelBuilder &ModelBuilder::output(const std::string &name) {
  model.mutable_graph()->add_output()->set_name(name);
  return *this;
}

::onnx::NodeProto &ModelBuilder::node(const std::string &type,
                                      const std::vector<std::string> &inputs,
                                      const std::vector<std::string> &outputs) {
  auto *node = model.mutable_graph()->add_node();
  node->set_op_type(type);
  node->set_name("/" + type);
  for (const std::string &name : inputs)
    node->add_input(name);
  for (const std::string &name : outputs)
    node->add_output(name);
  return *node;
}

::onnx::TensorProto &ModelBuilder::initializer(const std::string &name,
                                               const execute::Tensor &tensor) {
  auto *proto = model.mutable_graph()->add_initializer();
  proto->set_name(name);
  proto->set_data_type(execute::onnxOfElement(tensor.type()));
  for (int64_t dim : tensor.shape())
    proto->add_dims(dim);
  proto->set_raw_data(tensor.raw(), size_t(tensor.byteCount()));
  return *proto;
}

void setInt(::onnx::NodeProto &node, const std::string &name, int64_t value) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::INT);
  attribute->set_i(value);
}

void setInts(::onnx::NodeProto &node, const std::string &name,
             const std::vector<int64_t> &values) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::INTS);
  for (int64_t value : values)
    attribute->add_ints(value);
}

void setFloat(::onnx::NodeProto &node, const std::string &name, float value) {
  auto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}

Imported importFile(mlir::MLIRContext &context, const std::string &path) {
  Imported result;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        result.error += diagnostic.str() + "\n";
        for (mlir::Diagnostic &note : diagnostic.getNotes())
          result.error += note.str() + "\n";
        return mlir::success();
      });
  auto module = import::importOnnx(context, path);
  if (mlir::succeeded(module))
    result.module = std::move(*module);
  return result;
}

Imported importModel(mlir::MLIRContext &context, const ModelBuilder &model) {
  TemporaryFolder folder;
  return importFile(context, folder.write("model.onnx", model.bytes()));
}

std::vector<execute::Tensor> runModel(const ModelBuilder &model,
                                      std::vector<execute::Tensor> inputs) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Imported imported = importModel(context, model);
  if (!imported.module)
    throw Error(imported.error);
  return execute::FloatExecutor(*imported.module).run(inputs);
}

} // namespace dalbit::test
