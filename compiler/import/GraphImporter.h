// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the operations of one graph and its subgraphs. Internal to import/.

#pragma once

#include "compiler/import/Functions.h"
#include "compiler/import/Tensors.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/StringMap.h"

namespace google::protobuf {
template <typename Element> class RepeatedPtrField;
} // namespace google::protobuf

namespace onnx {
class AttributeProto;
class FunctionProto;
class GraphProto;
class NodeProto;
class OperatorSetIdProto;
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
  /// \p functions must outlive the importer.
  GraphImporter(mlir::OpBuilder &builder, const ModelFile &file,
                llvm::StringMap<int> opsets, const Functions &functions)
      : builder(builder), file(file), opsets(std::move(opsets)),
        functions(functions) {}

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
  /// The nodes of \p function in place of the call \p node.
  void inlineCall(const ::onnx::NodeProto &node,
                  const ::onnx::FunctionProto &function, Scope &scope);
  /// The branch of an If whose condition is known, in place of \p node.
  void inlineBranch(const ::onnx::NodeProto &node,
                    const ::onnx::GraphProto &branch, Scope &scope);
  mlir::Value inputOf(const ::onnx::NodeProto &node, int index,
                      const Scope &scope);
  void buildConstant(const ::onnx::NodeProto &node, Scope &scope);
  int opsetOf(const ::onnx::NodeProto &node) const;
  mlir::Attribute attributeOf(const ::onnx::AttributeProto &attribute,
                              const execute::AttributeRow &row);

  mlir::OpBuilder &builder;
  const ModelFile &file;
  llvm::StringMap<int> opsets;
  const Functions &functions;
  int callDepth = 0;
  int64_t inlinedNodes = 0;
};

/// What the model's \p sets are, by domain. Throws dalbit::Error for a version
/// that cannot be.
llvm::StringMap<int> operatorSets(
    const google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto> &sets);

/// The standard's domain is written "" or "ai.onnx".
std::string domainOf(const std::string &domain);

/// Node numbers in an order in which values are made before they are used,
/// otherwise as in the file. Throws dalbit::Error for a cycle.
llvm::SmallVector<int> sortedNodes(const ::onnx::GraphProto &graph);

} // namespace dalbit::import
