// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the operations of one graph and its subgraphs. Internal to import/.

#pragma once

#include "compiler/import/Tensors.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/StringMap.h"

namespace onnx {
class AttributeProto;
class GraphProto;
class NodeProto;
} // namespace onnx

namespace dalbit::execute {
struct AttributeRow;
struct Operator;
} // namespace dalbit::execute

namespace dalbit::import {

/// The values of a graph by name; a subgraph sees those around it.
struct Scope {
  const Scope *outer = nullptr;
  llvm::StringMap<mlir::Value> values;

  mlir::Value find(llvm::StringRef name) const;
  /// Throws dalbit::Error if the name is taken.
  void define(llvm::StringRef name, mlir::Value value);
};

class GraphImporter {
public:
  GraphImporter(mlir::OpBuilder &builder, const ModelFile &file,
                llvm::StringMap<int> opsets)
      : builder(builder), file(file), opsets(std::move(opsets)) {}

  /// Initializers and nodes, at the builder's place. Throws dalbit::Error.
  void build(const ::onnx::GraphProto &graph, Scope &scope);
  /// The values of the graph's outputs.
  llvm::SmallVector<mlir::Value> outputs(const ::onnx::GraphProto &graph,
                                         const Scope &scope);
  /// "node 'NAME' (OP, opset N)"
  std::string describe(const ::onnx::NodeProto &node) const;

private:
  void buildInitializers(const ::onnx::GraphProto &graph, Scope &scope);
  void buildNode(const ::onnx::NodeProto &node, Scope &scope);
  void buildConstant(const ::onnx::NodeProto &node, Scope &scope);
  int opsetOf(const ::onnx::NodeProto &node) const;
  mlir::Attribute attributeOf(const ::onnx::AttributeProto &attribute,
                              const execute::AttributeRow &row);

  mlir::OpBuilder &builder;
  const ModelFile &file;
  llvm::StringMap<int> opsets;
};

/// The standard's domain is written "" or "ai.onnx".
std::string domainOf(const std::string &domain);

/// Node numbers in an order in which values are made before they are used,
/// otherwise as in the file. Throws dalbit::Error for a cycle.
llvm::SmallVector<int> sortedNodes(const ::onnx::GraphProto &graph);

} // namespace dalbit::import
