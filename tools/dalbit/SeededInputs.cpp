// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/SeededInputs.h"

#include "compiler/execute/ElementTypes.h"
#include "isa/binary/Expression.h"
#include "support/Error.h"

#include <algorithm>
#include <random>

namespace dalbit::tool {

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
    // Token ids come first; other integers are masks.
    bool isFloat = mlir::isa<mlir::FloatType>(element);
    for (int64_t k = 0; k < count; ++k)
      tensor.values.push_back(
          isFloat  ? float(double(random() % 2001) / 1000 - 1)
          : i != 0 ? 1
          : tokens.empty()
              ? double(random() %
                       uint64_t(std::max<int64_t>(facts.vocabulary, 1)))
              : double(tokens[size_t(k) % tokens.size()]));
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

} // namespace dalbit::tool
