// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/SeededInputs.h"

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/execute/ElementTypes.h"
#include "isa/binary/Expression.h"
#include "support/Error.h"

#include <algorithm>
#include <random>

namespace dalbit::tool {

namespace {

enum class Use { Floats, Ids, Types, Positions, Mask };

bool isNamed(mlir::StringAttr name, const char *part) {
  return name && name.getValue().contains_insensitive(part);
}

template <typename... Ops> bool isUsedBy(mlir::BlockArgument argument) {
  return llvm::any_of(argument.getUsers(), [](mlir::Operation *user) {
    return mlir::isa<Ops...>(user);
  });
}

/// What the model does with \p argument; by its name where that was not
/// recognised. Ids are those of the first embedding.
Use useOf(mlir::BlockArgument argument, mlir::StringAttr name, bool hasIds) {
  auto type = mlir::cast<mlir::ShapedType>(argument.getType());
  if (mlir::isa<mlir::FloatType>(type.getElementType()))
    return Use::Floats;
  bool isPosition = isNamed(name, "position");
  if (isUsedBy<nn::EmbeddingOp>(argument))
    return isPosition                      ? Use::Positions
           : hasIds || type.getRank() == 1 ? Use::Types
                                           : Use::Ids;
  if (isUsedBy<nn::KeyMaskOp, nn::MaskPositionsOp>(argument) ||
      isNamed(name, "mask"))
    return Use::Mask;
  if (isPosition || isUsedBy<nn::RotaryOp>(argument))
    return Use::Positions;
  return hasIds || isNamed(name, "type") ? Use::Types : Use::Ids;
}

} // namespace

std::vector<host::HostTensor> seededInputs(mlir::func::FuncOp raised,
                                           const ModelFacts &facts,
                                           binary::Symbols sizes,
                                           std::span<const int32_t> tokens,
                                           uint64_t seed) {
  std::mt19937_64 random(seed);
  if (auto fixed = raised->getAttrOfType<mlir::DictionaryAttr>("dalbit.sizes"))
    for (mlir::NamedAttribute entry : fixed) {
      int64_t value = mlir::cast<mlir::IntegerAttr>(entry.getValue()).getInt();
      (entry.getName() == "T"   ? sizes.tokens
       : entry.getName() == "P" ? sizes.position
                                : sizes.batch) = value;
    }
  std::vector<host::HostTensor> inputs;
  bool hasIds = false;
  for (unsigned i = 0; i < raised.getNumArguments(); ++i) {
    mlir::DictionaryAttr attrs = raised.getArgAttrDict(i);
    host::HostTensor tensor;
    tensor.name = attrs.getAs<mlir::StringAttr>("dalbit.name").str();
    int64_t count = 1;
    for (mlir::Attribute dim : attrs.getAs<mlir::ArrayAttr>("dalbit.dims")) {
      auto size = binary::evaluate(
          mlir::cast<mlir::StringAttr>(dim).getValue().str(), sizes);
      if (!size)
        throw Error("input '" + tensor.name + "' has an open dimension",
                    {"give it with --input " + tensor.name + "=FILE"});
      tensor.shape.push_back(*size);
      count *= *size;
    }
    mlir::Type element =
        mlir::cast<mlir::ShapedType>(raised.getArgument(i).getType())
            .getElementType();
    tensor.type = onnxName(
        execute::elementOfMlir(element).value_or(execute::ElementType::F32));
    Use use = useOf(raised.getArgument(i),
                    attrs.getAs<mlir::StringAttr>("dalbit.name"), hasIds);
    hasIds |= use == Use::Ids;
    // A mask of one dimension has the numbers of visible keys, then the first
    // one of each.
    bool counts = use == Use::Mask && tensor.shape.size() == 1;
    auto less = attrs.getAs<mlir::IntegerAttr>("dalbit.keys_less");
    for (int64_t k = 0; k < count; ++k) {
      double value = 0; // types
      if (less)
        value = double(sizes.position + sizes.tokens - less.getInt());
      else if (use == Use::Floats)
        value = float(double(random() % 2001) / 1000 - 1);
      else if (use == Use::Ids && !tokens.empty())
        value = tokens[size_t(k) % tokens.size()];
      else if (use == Use::Ids)
        value =
            double(random() % uint64_t(std::max<int64_t>(facts.vocabulary, 1)));
      else if (use == Use::Positions)
        value = double(sizes.position + k % std::max<int64_t>(sizes.tokens, 1));
      else if (counts && k < sizes.batch)
        value = double(sizes.position + sizes.tokens);
      else if (use == Use::Mask && !counts)
        value = 1;
      tensor.values.push_back(value);
    }
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

} // namespace dalbit::tool
