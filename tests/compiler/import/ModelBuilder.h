// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small ONNX models for tests, written to files of a temporary folder, and
// what importing them says.

#pragma once

#include "compiler/execute/Tensor.h"
#include "compiler/import/Import.h"

#include "mlir/IR/MLIRContext.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace dalbit::test {

/// A folder that is removed with everything in it.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string file(const std::string &name) const { return path + "/" + name; }
  std::string write(const std::string &name, const std::string &bytes) const;

private:
  std::string path;
};

/// A model of one graph with the standard's operator set \p opset.
class ModelBuilder {
public:
  explicit ModelBuilder(int opset = 13);

  /// \p dims: numbers or symbols.
  ModelBuilder &
  input(const std::string &name, const std::vector<std::string> &dims,
        ::onnx::TensorProto::DataType type = ::onnx::TensorProto::FLOAT);
  ModelBuilder &output(const std::string &name);
  ::onnx::NodeProto &node(const std::string &type,
                          const std::vector<std::string> &inputs,
                          const std::vector<std::string> &outputs);
  /// raw_data of \p tensor as an initializer.
  ::onnx::TensorProto &initializer(const std::string &name,
                                   const execute::Tensor &tensor);
  std::string bytes() const { return model.SerializeAsString(); }

  ::onnx::ModelProto model;
};

void setInt(::onnx::NodeProto &node, const std::string &name, int64_t value);
void setInts(::onnx::NodeProto &node, const std::string &name,
             const std::vector<int64_t> &values);
void setFloat(::onnx::NodeProto &node, const std::string &name, float value);

/// A module or the first error message.
struct Imported {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string error; // message and notes, a line each
};

Imported importFile(mlir::MLIRContext &context, const std::string &path);
/// Writes the model to a temporary file first; small models only, as the file
/// is gone afterwards.
Imported importModel(mlir::MLIRContext &context, const ModelBuilder &model);

/// Imports and runs; import errors throw dalbit::Error.
std::vector<execute::Tensor> runModel(const ModelBuilder &model,
                                      std::vector<execute::Tensor> inputs);

} // namespace dalbit::test
