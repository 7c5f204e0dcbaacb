// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/GraphImporter.h"

#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/execute/Constants.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Operator.h"
#include "compiler/import/Normalise.h"

#include "support/Error.h"

#include <onnx/onnx_pb.h>

#include <cstdlib>

using namespace mlir;

namespace dalbit::import {

using execute::AttributeKind;
using execute::AttributeRow;
using execute::Operator;
using execute::Tensor;

Value Scope::find(StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->outer)
    if (Value value = scope->values.lookup(name))
      return value;
  return nullptr;
}

void Scope::define(StringRef name, Value value) {
  if (name.empty())
    return;
  if (!values.try_emplace(name, value).second)
    throw Error("the name '" + name.str() + "' is given to two values");
}

std::string domainOf(const std::string &domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

llvm::StringMap<int> operatorSets(
    const google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto>
        &sets) {
  llvm::StringMap<int> opsets;
  for (const auto &set : sets) {
    if (set.version() < 1 || set.version() > 100000)
      throw Error("operator set version " + std::to_string(set.version()) +
                  " does not exist");
    opsets[domainOf(set.domain())] = int(set.version());
  }
  return opsets;
}

std::string GraphImporter::describe(const ::onnx::NodeProto &node) const {
  std::string name = node.name();
  if (name.empty() && node.output_size())
    name = node.output(0);
  std::string domain = domainOf(node.domain());
  auto opset = opsets.find(domain);
  std::string text = "node '" + name + "' (";
  text += domain.empty() ? "" : domain + ".";
  text += node.op_type();
  if (opset != opsets.end())
    text += ", opset " + std::to_string(opset->second);
  return text.append(")");
}

int GraphImporter::opsetOf(const ::onnx::NodeProto &node) const {
  auto opset = opsets.find(domainOf(node.domain()));
  if (opset == opsets.end())
    throw Error("the model imports no operator set for domain '" +
                node.domain() + "'");
  return opset->second;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

namespace {

/// The default of \p row as an attribute.
Attribute defaultOf(Builder &builder, const AttributeRow &row) {
  switch (row.kind) {
  case AttributeKind::Int:
    return builder.getI64IntegerAttr(std::strtoll(row.byDefault, nullptr, 10));
  case AttributeKind::Float:
    return builder.getF32FloatAttr(std::strtof(row.byDefault, nullptr));
  default:
    assert(row.kind == AttributeKind::String && "only scalars have defaults");
    return builder.getStringAttr(row.byDefault);
  }
}

::onnx::AttributeProto::AttributeType protoKind(AttributeKind kind) {
  switch (kind) {
  case AttributeKind::Int:
    return ::onnx::AttributeProto::INT;
  case AttributeKind::Float:
    return ::onnx::AttributeProto::FLOAT;
  case AttributeKind::String:
    return ::onnx::AttributeProto::STRING;
  case AttributeKind::Ints:
    return ::onnx::AttributeProto::INTS;
  case AttributeKind::Floats:
    return ::onnx::AttributeProto::FLOATS;
  case AttributeKind::Strings:
    return ::onnx::AttributeProto::STRINGS;
  case AttributeKind::Tensor:
    return ::onnx::AttributeProto::TENSOR;
  case AttributeKind::Graph:
    break;
  }
  return ::onnx::AttributeProto::GRAPH;
}

} // namespace

Attribute GraphImporter::attributeOf(const ::onnx::AttributeProto &attribute,
                                     const AttributeRow &row) {
  switch (row.kind) {
  case AttributeKind::Int:
    return builder.getI64IntegerAttr(attribute.i());
  case AttributeKind::Float:
    return builder.getF32FloatAttr(attribute.f());
  case AttributeKind::String:
    return builder.getStringAttr(attribute.s());
  case AttributeKind::Ints:
    return builder.getDenseI64ArrayAttr(
        {attribute.ints().data(), size_t(attribute.ints_size())});
  case AttributeKind::Floats:
    return builder.getDenseF32ArrayAttr(
        {attribute.floats().data(), size_t(attribute.floats_size())});
  case AttributeKind::Strings: {
    llvm::SmallVector<Attribute> texts;
    for (const std::string &text : attribute.strings())
      texts.push_back(builder.getStringAttr(text));
    return builder.getArrayAttr(texts);
  }
  case AttributeKind::Tensor:
    return tensorAttribute(builder.getContext(), attribute.t(), file);
  case AttributeKind::Graph:
    break;
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

namespace {

const Operator &rowOf(const ::onnx::NodeProto &node) {
  const Operator *row =
      execute::findOperator(domainOf(node.domain()), node.op_type());
  if (row)
    return *row;
  throw Error("this operator is not supported",
              {"docs/onnx-support.md lists every operator"});
}

int supportedVersion(const Operator &row, int opset) {
  int version = execute::versionOf(row, opset);
  if (version)
    return version;
  throw Error("this operator is supported from opset " +
                  std::to_string(row.since.front()) + " on",
              {"export the model with a newer opset"});
}

void checkArity(const ::onnx::NodeProto &node, const Operator &row,
                size_t inputs) {
  auto wrong = [&](const char *what, size_t found, int least, int most) {
    std::string range =
        least == most ? std::to_string(least)
        : most == execute::anyNumber
            ? "at least " + std::to_string(least)
            : std::to_string(least) + " to " + std::to_string(most);
    throw Error("has " + std::to_string(found) + " " + what +
                ", the operator takes " + range);
  };
  if (int(inputs) < row.minInputs || int(inputs) > row.maxInputs)
    wrong("inputs", inputs, row.minInputs, row.maxInputs);
  if (node.output_size() < 1 || node.output_size() > row.maxOutputs)
    wrong("outputs", size_t(node.output_size()), 1, row.maxOutputs);
}

/// What an element rule sees of a value: a tensor's element type, or the type
/// of a sequence itself.
Type elementOf(Type type) {
  if (isa<onnx::SequenceType>(type))
    return type;
  auto tensor = dyn_cast<TensorType>(type);
  return tensor ? tensor.getElementType() : Type();
}

Type typeOf(Type element) {
  if (isa<onnx::SequenceType>(element))
    return element;
  return UnrankedTensorType::get(element);
}

/// Types of the inputs of a subgraph of \p draft.
llvm::SmallVector<Type> bodyInputs(const Draft &draft, Builder &builder) {
  llvm::SmallVector<Type> types;
  auto add = [&](size_t first) {
    for (size_t i = first; i < draft.inputs.size(); ++i) {
      Type element = elementOf(draft.inputs[i].getType());
      if (!element)
        throw Error("input " + std::to_string(i) + " may not be left out");
      types.push_back(typeOf(element));
    }
  };
  if (draft.type == "Loop") {
    types.push_back(typeOf(builder.getI64Type()));
    types.push_back(typeOf(builder.getI1Type()));
    add(2);
  } else if (draft.type == "Scan") {
    add(draft.version < 9 ? 1 : 0);
  } else if (draft.type == "SequenceMap") {
    add(0);
    for (Type &type : types)
      if (auto sequence = dyn_cast<onnx::SequenceType>(type))
        type = typeOf(sequence.getElement());
  }
  return types;
}

/// The type of result \p index of an operator with a body, from what the body
/// yields; null if it yields too little.
Type bodyResult(const Draft &draft, Block &body, unsigned index) {
  Operation *yield = body.getTerminator();
  // A loop first yields whether it goes on.
  unsigned from = draft.type == "Loop" ? index + 1 : index;
  if (from >= yield->getNumOperands())
    return {};
  Type element = elementOf(yield->getOperand(from).getType());
  if (draft.type == "SequenceMap" && element &&
      !isa<onnx::SequenceType>(element))
    return onnx::SequenceType::get(element.getContext(), element);
  return element;
}

/// The value of a condition that is a constant.
std::optional<bool> knownCondition(Value condition) {
  auto constant = condition.getDefiningOp<onnx::ConstantOp>();
  auto value = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                        : DenseElementsAttr();
  if (!value || !value.getElementType().isInteger(1) ||
      value.getNumElements() != 1)
    return std::nullopt;
  return *value.getValues<bool>().begin();
}

/// Whether a Dropout does nothing: nobody asks for its mask, and it is not
/// told to train.
bool isIdle(const ::onnx::NodeProto &node, const Draft &draft) {
  for (int i = 1; i < node.output_size(); ++i)
    if (!node.output(i).empty())
      return false;
  return draft.inputs.size() < 3 || knownCondition(draft.inputs[2]) == false;
}

} // namespace

void GraphImporter::buildConstant(const ::onnx::NodeProto &node, Scope &scope) {
  const Operator &row = rowOf(node);
  int version = supportedVersion(row, opsetOf(node));
  if (node.attribute_size() != 1 || node.output_size() != 1)
    throw Error("needs one attribute and one output");
  const auto &attribute = node.attribute(0);
  const AttributeRow *known = row.attribute(attribute.name(), version);
  if (!known)
    throw Error("attribute " + attribute.name() + " is not supported");
  TypedAttr value;
  if (known->kind == AttributeKind::Tensor) {
    value = tensorAttribute(builder.getContext(), attribute.t(), file);
  } else {
    Tensor tensor;
    switch (known->kind) {
    case AttributeKind::Float:
      tensor = Tensor::scalar<float>(attribute.f());
      break;
    case AttributeKind::Floats:
      tensor = Tensor::of<float>(
          {attribute.floats_size()},
          {attribute.floats().data(), size_t(attribute.floats_size())});
      break;
    case AttributeKind::Int:
      tensor = Tensor::scalar<int64_t>(attribute.i());
      break;
    default:
      tensor = Tensor::of<int64_t>(
          {attribute.ints_size()},
          {attribute.ints().data(), size_t(attribute.ints_size())});
    }
    value = execute::denseAttribute(builder.getContext(), tensor);
  }
  Location loc = NameLoc::get(builder.getStringAttr(node.output(0)));
  scope.define(node.output(0), builder.create<onnx::ConstantOp>(loc, value));
}

Value GraphImporter::inputOf(const ::onnx::NodeProto &node, int index,
                             const Scope &scope) {
  Value value = scope.find(node.input(index));
  if (!value)
    throw Error("input '" + node.input(index) + "' does not exist");
  return value;
}

void GraphImporter::inlineCall(const ::onnx::NodeProto &node,
                               const ::onnx::FunctionProto &function,
                               Scope &scope) {
  // Functions that call each other twice each would double with every level.
  inlinedNodes += function.node_size();
  if (callDepth >= 64 || inlinedNodes > 1 << 20)
    throw Error("calls functions without end");
  ::onnx::GraphProto body = bodyFor(function, node);
  Scope inner;
  for (int i = 0; i < node.input_size(); ++i)
    if (!node.input(i).empty())
      inner.define(function.input(i), inputOf(node, i, scope));
  llvm::StringMap<int> sets = operatorSets(function.opset_import());
  std::swap(sets, opsets);
  ++callDepth;
  build(body, inner);
  llvm::SmallVector<Value> results = outputs(body, inner);
  --callDepth;
  std::swap(sets, opsets);
  for (auto [name, value] : llvm::zip(node.output(), results))
    scope.define(name, value);
}

void GraphImporter::inlineBranch(const ::onnx::NodeProto &node,
                                 const ::onnx::GraphProto &branch,
                                 Scope &scope) {
  Scope inner;
  inner.outer = &scope;
  build(branch, inner);
  llvm::SmallVector<Value> results = outputs(branch, inner);
  if (int(results.size()) < node.output_size())
    throw Error("has " + std::to_string(node.output_size()) +
                " outputs, a branch " + std::to_string(results.size()));
  for (auto [name, value] : llvm::zip(node.output(), results))
    scope.define(name, value);
}

void GraphImporter::buildNode(const ::onnx::NodeProto &node, Scope &scope) {
  if (const auto *function = functions.find(node))
    return inlineCall(node, *function, scope);
  const Operator &row = rowOf(node);
  int opset = opsetOf(node);
  Draft draft;
  draft.type = node.op_type();
  draft.version = supportedVersion(row, opset);
  StringAttr name = builder.getStringAttr(
      node.name().empty() && node.output_size() ? node.output(0) : node.name());
  Location loc = NameLoc::get(name);

  // Trailing empty names say the same as no names.
  int inputs = node.input_size();
  while (inputs > 0 && node.input(inputs - 1).empty())
    --inputs;
  checkArity(node, row, size_t(inputs));
  for (int i = 0; i < inputs; ++i) {
    if (node.input(i).empty()) {
      if (i < row.minInputs)
        throw Error("input " + std::to_string(i) + " may not be left out");
      draft.inputs.push_back(
          builder.create<onnx::NoneOp>(loc, builder.getNoneType()));
      continue;
    }
    draft.inputs.push_back(inputOf(node, i, scope));
  }
  bool isStandard = row.domain[0] == '\0';
  if (isStandard && (draft.type == "Identity" ||
                     (draft.type == "Dropout" && isIdle(node, draft)))) {
    scope.define(node.output(0), draft.inputs[0]);
    return;
  }

  llvm::SmallVector<const ::onnx::GraphProto *> graphs(row.attributes.size());
  for (const auto &attribute : node.attribute()) {
    const AttributeRow *known = row.attribute(attribute.name(), draft.version);
    if (!known)
      throw Error("attribute " + attribute.name() +
                  " is not known in version " + std::to_string(draft.version) +
                  " of the operator");
    if (!attribute.ref_attr_name().empty())
      throw Error("attribute " + attribute.name() +
                  " refers to an attribute of a function");
    // Very old files leave the type out.
    if (attribute.type() != ::onnx::AttributeProto::UNDEFINED &&
        attribute.type() != protoKind(known->kind))
      throw Error("attribute " + attribute.name() + " has the wrong type");
    if (known->kind == AttributeKind::Graph)
      graphs[known - row.attributes.data()] = &attribute.g();
    else if (draft.attributes.get(attribute.name()))
      throw Error("attribute " + attribute.name() + " is given twice");
    else
      draft.attributes.set(attribute.name(), attributeOf(attribute, *known));
  }
  if (isStandard && draft.type == "If" && graphs[0] && graphs[1])
    if (std::optional<bool> condition = knownCondition(draft.inputs[0]))
      return inlineBranch(node, *graphs[*condition ? 0 : 1], scope);
  size_t bodies = 0;
  for (auto [known, graph] : llvm::zip(row.attributes, graphs)) {
    if (known.kind == AttributeKind::Graph) {
      if (!graph)
        throw Error(std::string("attribute ") + known.name + " is missing");
      ++bodies;
    } else if (known.byDefault && known.first <= draft.version &&
               draft.version <= known.last &&
               !draft.attributes.get(known.name)) {
      draft.attributes.set(known.name, defaultOf(builder, known));
    }
  }
  if (isStandard)
    normalise(draft, builder, loc);

  OperationState state(loc, onnx::NodeOp::getOperationName());
  std::vector<std::unique_ptr<Region>> regions;
  for (const ::onnx::GraphProto *graph : graphs) {
    if (!graph)
      continue;
    OpBuilder::InsertionGuard guard(builder);
    Region *region = regions.emplace_back(std::make_unique<Region>()).get();
    llvm::SmallVector<Type> types = bodyInputs(draft, builder);
    if (graph->input_size() != int(types.size()))
      throw Error("a subgraph has " + std::to_string(graph->input_size()) +
                  " inputs, the node gives it " + std::to_string(types.size()));
    builder.createBlock(region, {}, types,
                        llvm::SmallVector<Location>(types.size(), loc));
    Scope inner;
    inner.outer = &scope;
    for (auto [info, value] :
         llvm::zip(graph->input(), region->front().getArguments()))
      inner.define(info.name(), value);
    build(*graph, inner);
    builder.create<onnx::YieldOp>(loc, outputs(*graph, inner));
  }

  llvm::SmallVector<Type> elements, results;
  for (Value input : draft.inputs)
    elements.push_back(elementOf(input.getType()));
  DictionaryAttr attributes =
      draft.attributes.getDictionary(builder.getContext());
  for (int i = 0; i < node.output_size(); ++i) {
    Type element = row.element(elements, attributes, unsigned(i));
    if (!element && bodies)
      element = bodyResult(draft, regions[0]->front(), unsigned(i));
    if (!element)
      throw Error("the element type of output " + std::to_string(i) +
                  " cannot be told");
    results.push_back(typeOf(element));
  }
  auto op = builder.create<onnx::NodeOp>(
      loc, results, builder.getStringAttr(draft.type), draft.inputs,
      builder.getI64IntegerAttr(opset), builder.getStringAttr(row.domain), name,
      attributes, unsigned(regions.size()));
  for (auto [to, from] : llvm::zip(op.getBodies(), regions))
    to.takeBody(*from);
  for (auto [text, value] : llvm::zip(node.output(), op.getOutputs()))
    scope.define(text, value);
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

void GraphImporter::buildInitializers(const ::onnx::GraphProto &graph,
                                      Scope &scope) {
  if (graph.sparse_initializer_size())
    throw Error("sparse initializers are not supported");
  for (const auto &tensor : graph.initializer()) {
    try {
      TypedAttr value = tensorAttribute(builder.getContext(), tensor, file);
      Location loc = NameLoc::get(builder.getStringAttr(tensor.name()));
      scope.define(tensor.name(), builder.create<onnx::ConstantOp>(loc, value));
    } catch (const Error &error) {
      throw Error("initializer '" + tensor.name() + "': " + error.what(),
                  error.notes);
    }
  }
}

void GraphImporter::build(const ::onnx::GraphProto &graph, Scope &scope) {
  buildInitializers(graph, scope);
  for (int index : sortedNodes(graph)) {
    const ::onnx::NodeProto &node = graph.node(index);
    try {
      if (node.op_type() == "Constant" && domainOf(node.domain()).empty())
        buildConstant(node, scope);
      else
        buildNode(node, scope);
    } catch (const Error &error) {
      // A node in a subgraph has said where it is.
      if (StringRef(error.what()).starts_with("node '"))
        throw;
      throw Error(describe(node) + ": " + error.what(), error.notes);
    }
  }
}

llvm::SmallVector<Value> GraphImporter::outputs(const ::onnx::GraphProto &graph,
                                                const Scope &scope) {
  llvm::SmallVector<Value> values;
  for (const auto &output : graph.output()) {
    Value value = scope.find(output.name());
    if (!value)
      throw Error("output '" + output.name() + "' is not made by any node");
    values.push_back(value);
  }
  return values;
}

} // namespace dalbit::import
