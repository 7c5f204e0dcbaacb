// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/operators/Operator.h"

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/VisionAndSpeech.h"

#include "support/Error.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"

#include <algorithm>

using namespace mlir;

namespace dalbit::execute {

//===----------------------------------------------------------------------===//
// Call
//===----------------------------------------------------------------------===//

const Tensor &Call::input(unsigned index) const {
  if (const Tensor *tensor = optional(index))
    return *tensor;
  throw Error("input " + std::to_string(index) + " is missing");
}

bool Call::has(StringRef name) const { return attributes.contains(name); }

Attribute Call::attribute(StringRef name) const { return attributes.get(name); }

int64_t Call::integer(StringRef name, int64_t otherwise) const {
  auto value = dyn_cast_or_null<IntegerAttr>(attributes.get(name));
  return value ? value.getInt() : otherwise;
}

float Call::number(StringRef name, float otherwise) const {
  auto value = dyn_cast_or_null<FloatAttr>(attributes.get(name));
  return value ? float(value.getValueAsDouble()) : otherwise;
}

llvm::ArrayRef<int64_t> Call::integers(StringRef name) const {
  auto value = dyn_cast_or_null<DenseI64ArrayAttr>(attributes.get(name));
  return value ? value.asArrayRef() : llvm::ArrayRef<int64_t>();
}

std::string Call::text(StringRef name) const {
  auto value = dyn_cast_or_null<StringAttr>(attributes.get(name));
  return value ? value.str() : std::string();
}

std::optional<llvm::SmallVector<int64_t>> Call::list(StringRef name,
                                                     unsigned index) const {
  if (auto value = dyn_cast_or_null<DenseI64ArrayAttr>(attributes.get(name)))
    return llvm::SmallVector<int64_t>(value.asArrayRef());
  if (const Tensor *tensor = optional(index))
    return tensor->integers();
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

const AttributeRow *Operator::attribute(StringRef name, int version) const {
  for (const AttributeRow &row : attributes)
    if (name == row.name && row.first <= version && version <= row.last)
      return &row;
  return nullptr;
}

namespace {

struct Table {
  Rows rows;
  std::vector<const Operator *> order;
  llvm::StringMap<const Operator *> byName;

  static std::string key(StringRef domain, StringRef name) {
    return (domain + "." + name).str();
  }

  Table() {
    for (Rows (*family)() : {unaryOperators,
                             binaryOperators,
                             selectOperators,
                             layoutOperators,
                             indexOperators,
                             shapeOperators,
                             reduceOperators,
                             matrixOperators,
                             normaliseOperators,
                             controlOperators,
                             sequenceOperators,
                             quantiseOperators,
                             quantisedMatrixOperators,
                             convolutionOperators,
                             einsumOperators,
                             scatterOperators,
                             orderOperators,
                             attentionOperators,
                             fusedOperators,
                             poolOperators,
                             channelNormOperators,
                             signalOperators,
                             resizeOperators,
                             imageOperators,
                             codesOperators})
      for (Operator &row : family())
        rows.push_back(std::move(row));
    for (const Operator &row : rows) {
      order.push_back(&row);
      bool isNew = byName.try_emplace(key(row.domain, row.name), &row).second;
      (void)isNew;
      assert(isNew && "one row per operator");
    }
    std::sort(order.begin(), order.end(), [](auto *a, auto *b) {
      return key(a->domain, a->name) < key(b->domain, b->name);
    });
  }
};

const Table &table() {
  static const Table instance;
  return instance;
}

} // namespace

const Operator *findOperator(StringRef domain, StringRef name) {
  const Operator *row = table().byName.lookup(Table::key(domain, name));
  if (!row && domain.empty())
    return table().byName.lookup(Table::key("com.microsoft", name));
  return row;
}

llvm::ArrayRef<const Operator *> allOperators() { return table().order; }

int versionOf(const Operator &op, int opset) {
  int version = 0;
  for (int since : op.since)
    if (since <= opset)
      version = since;
  return version;
}

//===----------------------------------------------------------------------===//
// Element rules
//===----------------------------------------------------------------------===//

Type elementOfFirst(llvm::ArrayRef<Type> inputs, DictionaryAttr, unsigned) {
  return inputs.empty() ? Type() : inputs[0];
}

Type elementOfSecond(llvm::ArrayRef<Type> inputs, DictionaryAttr, unsigned) {
  return inputs.size() < 2 ? Type() : inputs[1];
}

Type elementBool(llvm::ArrayRef<Type>, DictionaryAttr attributes, unsigned) {
  return IntegerType::get(attributes.getContext(), 1);
}

Type elementOfAttribute(DictionaryAttr attributes, StringRef name) {
  auto number = dyn_cast_or_null<IntegerAttr>(attributes.get(name));
  std::optional<ElementType> type =
      number ? elementOfOnnx(int(number.getInt())) : std::nullopt;
  return type ? mlirOfElement(attributes.getContext(), *type) : Type();
}

Type elementInt64(llvm::ArrayRef<Type>, DictionaryAttr attributes, unsigned) {
  return IntegerType::get(attributes.getContext(), 64);
}

} // namespace dalbit::execute
