// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/Functions.h"

#include "compiler/import/GraphImporter.h"

#include "support/Error.h"

#include "llvm/ADT/StringSet.h"

#include <onnx/onnx_pb.h>

namespace dalbit::import {

namespace {

// Fields that came after the libonnx whose message classes we use.
constexpr int functionAttributeProto = 11, functionOverload = 13,
              nodeOverload = 8;

std::string laterText(const google::protobuf::Message &message, int field) {
  const auto &fields = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).number() == field &&
        fields.field(i).type() ==
            google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      return fields.field(i).length_delimited();
  return "";
}

std::string keyOf(const std::string &domain, const std::string &name,
                  const std::string &overload) {
  return domainOf(domain) + ":" + name + ":" + overload;
}

using Bindings = llvm::StringMap<const ::onnx::AttributeProto *>;

/// Replaces references to attributes and names of left-out inputs in \p node
/// and its subgraphs.
void bind(::onnx::NodeProto &node, const Bindings &bindings,
          const llvm::StringSet<> &leftOut) {
  for (std::string &name : *node.mutable_input())
    if (leftOut.contains(name))
      name.clear();
  for (int i = node.attribute_size(); i-- > 0;) {
    ::onnx::AttributeProto &attribute = *node.mutable_attribute(i);
    if (!attribute.ref_attr_name().empty()) {
      const auto *value = bindings.lookup(attribute.ref_attr_name());
      if (!value) {
        node.mutable_attribute()->DeleteSubrange(i, 1);
        continue;
      }
      std::string name = attribute.name();
      attribute = *value;
      attribute.set_name(name);
      continue;
    }
    if (attribute.has_g())
      for (auto &inner : *attribute.mutable_g()->mutable_node())
        bind(inner, bindings, leftOut);
  }
}

} // namespace

Functions::Functions(const ::onnx::ModelProto &model) {
  for (const auto &function : model.functions())
    if (!byName
             .try_emplace(keyOf(function.domain(), function.name(),
                                laterText(function, functionOverload)),
                          &function)
             .second)
      throw Error("the model has two functions '" + function.name() + "'");
}

const ::onnx::FunctionProto *
Functions::find(const ::onnx::NodeProto &node) const {
  if (byName.empty())
    return nullptr;
  return byName.lookup(
      keyOf(node.domain(), node.op_type(), laterText(node, nodeOverload)));
}

::onnx::GraphProto bodyFor(const ::onnx::FunctionProto &function,
                           const ::onnx::NodeProto &call) {
  if (call.input_size() > function.input_size() ||
      call.output_size() > function.output_size())
    throw Error("calls a function of " + std::to_string(function.input_size()) +
                " inputs and " + std::to_string(function.output_size()) +
                " outputs with more");
  Bindings bindings;
  std::vector<::onnx::AttributeProto> defaults;
  const auto &later = function.GetReflection()->GetUnknownFields(function);
  for (int i = 0; i < later.field_count(); ++i)
    if (later.field(i).number() == functionAttributeProto &&
        later.field(i).type() ==
            google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      ::onnx::AttributeProto value;
      if (!value.ParseFromString(later.field(i).length_delimited()))
        throw Error("the default of an attribute of the function is damaged");
      defaults.push_back(std::move(value));
    }
  for (const auto &value : defaults)
    bindings[value.name()] = &value;
  for (const auto &value : call.attribute())
    bindings[value.name()] = &value;
  llvm::StringSet<> leftOut;
  for (int i = 0; i < function.input_size(); ++i)
    if (i >= call.input_size() || call.input(i).empty())
      leftOut.insert(function.input(i));

  ::onnx::GraphProto body;
  for (const auto &node : function.node()) {
    *body.add_node() = node;
    bind(*body.mutable_node(body.node_size() - 1), bindings, leftOut);
  }
  for (int i = 0; i < call.output_size(); ++i)
    body.add_output()->set_name(function.output(i));
  return body;
}

} // namespace dalbit::import
