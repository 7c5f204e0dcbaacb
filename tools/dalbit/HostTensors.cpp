// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/HostTensors.h"

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/TensorFile.h"
#include "support/Error.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"

#include <filesystem>
#include <map>

namespace dalbit::tool {

using execute::ElementType;
using execute::Tensor;

namespace {

const std::pair<ElementType, const char *> OnnxNames[] = {
    {ElementType::F32, "float"},     {ElementType::F16, "float16"},
    {ElementType::BF16, "bfloat16"}, {ElementType::F64, "double"},
    {ElementType::I64, "int64"},     {ElementType::I32, "int32"},
    {ElementType::I16, "int16"},     {ElementType::I8, "int8"},
    {ElementType::U64, "uint64"},    {ElementType::U32, "uint32"},
    {ElementType::U16, "uint16"},    {ElementType::U8, "uint8"},
    {ElementType::Bool, "bool"},     {ElementType::I4, "int4"},
    {ElementType::U4, "uint4"}};

ElementType typeOf(const std::string &name) {
  for (const auto &[type, known] : OnnxNames)
    if (name == known)
      return type;
  return ElementType::F32;
}

} // namespace

std::string onnxName(ElementType type) {
  for (const auto &[known, name] : OnnxNames)
    if (type == known)
      return name;
  return "float";
}

Tensor toTensor(const host::HostTensor &tensor) {
  Tensor doubles = Tensor::of<double>(tensor.shape, tensor.values);
  return doubles.cast(typeOf(tensor.type));
}

host::HostTensor toHost(const std::string &name, const Tensor &tensor) {
  host::HostTensor result{name,
                          onnxName(tensor.type()),
                          {tensor.shape().begin(), tensor.shape().end()},
                          {}};
  Tensor doubles = tensor.cast(ElementType::F64);
  result.values.assign(doubles.data<double>(),
                       doubles.data<double>() + doubles.count());
  return result;
}

std::vector<NamedTensor> readTensors(const std::vector<std::string> &entries) {
  std::vector<NamedTensor> inputs;
  for (const std::string &entry : entries) {
    size_t equals = entry.find('=');
    if (equals == std::string::npos)
      throw Error("--input " + entry + ": is not NAME=FILE");
    std::string name = entry.substr(0, equals);
    for (const NamedTensor &input : inputs)
      if (input.name == name)
        throw Error("--input " + name + " is given twice");
    inputs.push_back(
        {name, execute::readTensorFile(entry.substr(equals + 1)).tensor});
  }
  return inputs;
}

std::string tensorPath(const std::string &directory, const std::string &name) {
  std::string file = name;
  std::replace(file.begin(), file.end(), '/', '_');
  return directory + "/" + file + ".npy";
}

std::vector<host::HostTensor>
readInputs(const std::vector<std::string> &entries) {
  std::vector<host::HostTensor> inputs;
  for (const NamedTensor &input : readTensors(entries))
    inputs.push_back(toHost(input.name, input.tensor));
  return inputs;
}

std::vector<Tensor> inOrder(const std::vector<execute::Port> &ports,
                            const std::vector<NamedTensor> &inputs) {
  std::vector<Tensor> tensors;
  for (const execute::Port &port : ports) {
    auto given = std::find_if(
        inputs.begin(), inputs.end(),
        [&](const NamedTensor &input) { return input.name == port.name; });
    if (given == inputs.end())
      throw Error("input '" + port.name + "' is missing",
                  {"add --input " + port.name + "=FILE"});
    tensors.push_back(given->tensor);
  }
  return tensors;
}

std::vector<InputType> inputTypes(const std::vector<execute::Port> &ports) {
  std::vector<InputType> types;
  for (const execute::Port &port : ports)
    types.push_back(
        {port.name,
         onnxName(execute::elementOfMlir(mlir::getElementTypeOrSelf(port.type))
                      .value_or(ElementType::F32))});
  return types;
}

std::vector<NamedTensor> conformed(std::vector<NamedTensor> inputs,
                                   const std::vector<InputType> &wanted) {
  for (NamedTensor &input : inputs)
    for (const InputType &port : wanted) {
      ElementType type = typeOf(port.type), given = input.tensor.type();
      if (port.name != input.name || type == given)
        continue;
      if (type == ElementType::BF16 && given == ElementType::U16) {
        input.tensor = execute::bfloat16OfBits(input.tensor);
        continue;
      }
      if (isFloat(type) != isFloat(given))
        throw Error("input '" + input.name + "': elements of type " +
                        onnxName(given) + ", the model wants " + port.type,
                    {"convert the file, as astype of NumPy does"});
      Tensor fitting = input.tensor.cast(type);
      std::vector<double> before = toHost("", input.tensor).values,
                          after = toHost("", fitting).values;
      for (size_t i = 0; i < before.size() && !isFloat(type); ++i)
        if (before[i] != after[i])
          throw Error("input '" + input.name + "': value " + std::to_string(i) +
                      " is " + std::to_string(int64_t(before[i])) +
                      ", which the model's " + port.type + " does not hold");
      input.tensor = std::move(fitting);
    }
  return inputs;
}

int64_t pastOf(const std::vector<Tensor> &inputs) {
  int64_t past = 0;
  for (const Tensor &input : inputs)
    if (input.rank() >= 4)
      past = input.dim(input.rank() - 2);
  return past;
}

void writeOutputs(const std::string &directory,
                  const std::vector<NamedTensor> &tensors) {
  std::map<std::string, std::string> files;
  for (const NamedTensor &tensor : tensors)
    if (auto [other, isNew] =
            files.try_emplace(tensorPath(directory, tensor.name), tensor.name);
        !isNew)
      throw Error("outputs '" + other->second + "' and '" + tensor.name +
                      "' would share the file " + other->first,
                  {"rename one of them in the model"});
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    throw Error(directory + ": " + error.message());
  for (const NamedTensor &tensor : tensors)
    execute::writeNpy(tensorPath(directory, tensor.name), tensor.tensor);
}

ModelFacts modelFacts(mlir::ModuleOp raised) {
  ModelFacts facts;
  raised.walk([&](nn::EmbeddingOp op) {
    int64_t rows = op.getTable().getType().getDimSize(0);
    if (op.getIds().getDefiningOp<nn::PositionIdsOp>())
      facts.positions = rows;
    else
      facts.vocabulary = rows;
  });
  raised.walk([&](nn::RotaryOp op) {
    facts.positions = op.getCos().getType().getDimSize(0);
  });
  for (auto function : raised.getOps<mlir::func::FuncOp>()) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      mlir::DictionaryAttr attrs = function.getArgAttrDict(i);
      if (auto less = attrs.getAs<mlir::IntegerAttr>("dalbit.keys_less"))
        facts.keysLess[attrs.getAs<mlir::StringAttr>("dalbit.name").str()] =
            less.getInt();
    }
    for (unsigned i = 0; i < function.getNumResults(); ++i) {
      mlir::DictionaryAttr attrs = function.getResultAttrDict(i);
      auto type = mlir::cast<mlir::ShapedType>(function.getResultTypes()[i]);
      if (!facts.logits.empty() || attrs.get("dalbit.made") ||
          !type.getElementType().isF32() || !type.hasRank() ||
          type.getRank() < 2 || type.getRank() > 3)
        continue;
      facts.logits = attrs.getAs<mlir::StringAttr>("dalbit.name").str();
      facts.columns = std::max<int64_t>(type.getShape().back(), 0);
    }
  }
  return facts;
}

} // namespace dalbit::tool
