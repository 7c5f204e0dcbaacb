// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/Import.h"

#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Operator.h"
#include "compiler/import/GraphImporter.h"
#include "compiler/import/Skeleton.h"

#include "support/Error.h"
#include "support/MappedFile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSet.h"

#include <onnx/onnx_pb.h>

#include <map>

using namespace mlir;

namespace dalbit::import {

namespace {

/// A graph input or output as declared.
struct Declared {
  Type type;
  ArrayAttr dims; // null if the rank is unknown
};

Declared declaredType(Builder &builder, const ::onnx::ValueInfoProto &info) {
  if (!info.type().has_tensor_type())
    throw Error("'" + info.name() + "' is no tensor");
  const auto &tensor = info.type().tensor_type();
  auto element = execute::elementOfOnnx(tensor.elem_type());
  if (!element)
    throw Error("'" + info.name() + "' has elements of type " +
                execute::onnxElementName(tensor.elem_type()) +
                ", which is not supported");
  Type type = execute::mlirOfElement(builder.getContext(), *element);
  if (!tensor.has_shape())
    return {UnrankedTensorType::get(type), nullptr};
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<Attribute> dims;
  for (const auto &dim : tensor.shape().dim()) {
    if (dim.has_dim_value()) {
      if (dim.dim_value() < 0)
        throw Error("'" + info.name() + "' has a dimension of " +
                    std::to_string(dim.dim_value()));
      shape.push_back(dim.dim_value());
      dims.push_back(builder.getStringAttr(std::to_string(dim.dim_value())));
      continue;
    }
    shape.push_back(ShapedType::kDynamic);
    dims.push_back(
        builder.getStringAttr(dim.dim_param().empty() ? "?" : dim.dim_param()));
  }
  return {RankedTensorType::get(shape, type), builder.getArrayAttr(dims)};
}

DictionaryAttr portAttributes(Builder &builder, const std::string &name,
                              ArrayAttr dims) {
  NamedAttrList list;
  list.set("dalbit.name", builder.getStringAttr(name));
  if (dims)
    list.set("dalbit.dims", dims);
  return list.getDictionary(builder.getContext());
}

DictionaryAttr metadata(Builder &builder, const ::onnx::ModelProto &model) {
  NamedAttrList list;
  for (const auto &entry : model.metadata_props())
    if (!entry.key().empty())
      list.set(entry.key(), builder.getStringAttr(entry.value()));
  return list.getDictionary(builder.getContext());
}

llvm::StringMap<int> modelSets(MLIRContext &context,
                               const ::onnx::ModelProto &model,
                               StringRef path) {
  llvm::StringMap<int> opsets = operatorSets(model.opset_import());
  auto standard = opsets.find("");
  if (standard != opsets.end() && standard->second > execute::newestOpset)
    emitWarning(UnknownLoc::get(&context))
        << path << ": opset " << standard->second << " is newer than "
        << execute::newestOpset << ", the newest one known here; operators "
        << "are read as in opset " << execute::newestOpset;
  return opsets;
}

/// One message for all operators that are not supported, not one a try.
void requireOperators(const ::onnx::GraphProto &graph,
                      const Functions &functions,
                      const GraphImporter &importer) {
  llvm::StringSet<> seen;
  std::vector<std::string> nodes;
  std::map<std::string, int> counts;
  for (const auto &node : graph.node()) {
    ++counts[(node.domain().empty() ? "" : node.domain() + ".") +
             node.op_type()];
    std::string domain = domainOf(node.domain());
    if (!functions.find(node) &&
        !execute::findOperator(domain, node.op_type()) &&
        seen.insert(domain + "." + node.op_type()).second)
      nodes.push_back(importer.describe(node));
  }
  if (nodes.empty())
    return;
  std::vector<std::string> notes;
  for (size_t i = 1; i < nodes.size(); ++i)
    notes.push_back("nor is that of " + nodes[i]);
  std::string found;
  for (const auto &[type, count] : counts)
    found += (found.empty() ? "" : ", ") + std::to_string(count) + " " + type;
  notes.push_back("the graph has " + found);
  notes.push_back("docs/onnx-support.md lists every operator");
  throw Error(nodes[0] + ": this operator is not supported", notes);
}

OwningOpRef<ModuleOp> build(MLIRContext &context, StringRef path,
                            const ::onnx::ModelProto &model) {
  OpBuilder builder(&context);
  ModelFile file{path.str(), ""};
  if (size_t slash = path.rfind('/'); slash != StringRef::npos)
    file.folder = path.take_front(slash + 1).str();
  const ::onnx::GraphProto &graph = model.graph();

  llvm::StringSet<> initialized;
  for (const auto &tensor : graph.initializer())
    initialized.insert(tensor.name());
  llvm::SmallVector<Type> inputs;
  llvm::SmallVector<DictionaryAttr> inputAttributes;
  llvm::SmallVector<std::string> names;
  for (const auto &info : graph.input()) {
    // Models of IR version 3 list their weights as inputs too.
    if (initialized.contains(info.name()))
      continue;
    Declared declared = declaredType(builder, info);
    inputs.push_back(declared.type);
    inputAttributes.push_back(
        portAttributes(builder, info.name(), declared.dims));
    names.push_back(info.name());
  }

  Location loc = NameLoc::get(builder.getStringAttr(path));
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  module->getOperation()->setAttr("dalbit.source", builder.getStringAttr(path));
  module->getOperation()->setAttr("dalbit.metadata", metadata(builder, model));
  builder.setInsertionPointToStart(module->getBody());
  auto function = builder.create<func::FuncOp>(
      loc, "main", builder.getFunctionType(inputs, {}));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);

  Scope scope;
  for (auto [name, argument] : llvm::zip(names, body->getArguments()))
    scope.define(name, argument);
  Functions functions(model);
  GraphImporter importer(builder, file, modelSets(context, model, path),
                         functions);
  requireOperators(graph, functions, importer);
  importer.build(graph, scope);
  llvm::SmallVector<Value> results = importer.outputs(graph, scope);
  if (results.empty())
    throw Error("the graph has no outputs");
  builder.create<func::ReturnOp>(loc, results);

  llvm::SmallVector<DictionaryAttr> resultAttributes;
  for (const auto &info : graph.output()) {
    ArrayAttr dims =
        info.has_type() ? declaredType(builder, info).dims : ArrayAttr();
    resultAttributes.push_back(portAttributes(builder, info.name(), dims));
  }
  function.setType(builder.getFunctionType(
      inputs, llvm::to_vector(ValueRange(results).getTypes())));
  function.setAllArgAttrs(inputAttributes);
  function.setAllResultAttrs(resultAttributes);
  return module;
}

OwningOpRef<ModuleOp> importFile(MLIRContext &context, StringRef path) {
  const MappedFile &file =
      context.getLoadedDialect<onnx::OnnxDialect>()->mapFile(path);
  try {
    if (file.size() == 0)
      throw Error("the file is empty");
    std::string skeleton = skeletonOf({file.data(), file.size()});
    ::onnx::ModelProto model;
    if (skeleton.size() > size_t(INT32_MAX) ||
        !model.ParseFromArray(skeleton.data(), int(skeleton.size())))
      throw Error("not an ONNX model: protobuf cannot parse it");
    if (!model.has_graph())
      throw Error("not an ONNX model: it has no graph");
    return build(context, path, model);
  } catch (const Error &error) {
    throw Error(path.str() + ": " + error.what(), error.notes);
  }
}

} // namespace

FailureOr<OwningOpRef<ModuleOp>> importOnnx(MLIRContext &context,
                                            StringRef path) {
  context.loadDialect<onnx::OnnxDialect, func::FuncDialect>();
  auto report = [&](StringRef message, llvm::ArrayRef<std::string> notes) {
    Location nowhere = UnknownLoc::get(&context);
    InFlightDiagnostic diagnostic = emitError(nowhere) << message;
    for (const std::string &note : notes)
      diagnostic.attachNote(nowhere) << note;
    return diagnostic;
  };
  try {
    OwningOpRef<ModuleOp> module = importFile(context, path);
    if (failed(verify(*module)))
      return failure();
    return module;
  } catch (const Error &error) {
    return report(error.what(), error.notes);
  } catch (const std::exception &error) {
    // protobuf and the standard library; nothing may cross into MLIR.
    return report((path + ": the model cannot be read: " + error.what()).str(),
                  {});
  }
}

} // namespace dalbit::import
