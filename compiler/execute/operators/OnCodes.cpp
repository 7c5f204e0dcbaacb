// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/operators/OnCodes.h"

#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/Operator.h"
#include "compiler/execute/operators/Quantise.h"

#include "support/Error.h"

#include "mlir/IR/Builders.h"

#include <numeric>

namespace dalbit::execute {

namespace {

constexpr CodesOperator table[] = {
    {"QLinearAdd", "Add", 0, 2},
    {"QLinearMul", "Mul", 0, 2},
    {"QLinearSigmoid", "Sigmoid"},
    {"QLinearLeakyRelu", "LeakyRelu"},
    {"QLinearSoftmax", "Softmax"},
    {"QLinearReduceMean", "ReduceMean"},
    {"QLinearAveragePool", "AveragePool"},
    {"QLinearGlobalAveragePool", "GlobalAveragePool"},
    {"QLinearWhere", "Where", 1, 2},
    {"QLinearConcat", "Concat", 0, 0, true},
};

/// Dimension 1 to the end, or the last one to dimension 1.
Tensor channelsMoved(const Tensor &x, bool toEnd) {
  if (x.rank() < 2)
    throw Error("needs channels");
  llvm::SmallVector<int64_t> order(size_t(x.rank()), 0);
  std::iota(order.begin(), order.end(), 0);
  if (toEnd)
    std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  else
    std::rotate(order.begin() + 1, order.end() - 1, order.end());
  return permute(x, order);
}

template <size_t Row> void evaluate(Call &call) {
  const CodesOperator &self = table[Row];
  bool channelsLast = call.integer("channels_last") != 0;
  std::vector<Tensor> values;
  llvm::SmallVector<unsigned> at = self.operandsAt(call.inputCount());
  for (unsigned first : at) {
    const Tensor &codes = call.input(first);
    Tensor value = dequantise(codes, call.input(first + 1),
                              call.optional(first + 2), ElementType::F32);
    values.push_back(channelsLast ? channelsMoved(value, false) : value);
  }
  std::vector<const Tensor *> inputs;
  for (unsigned i = 0; i < self.plain; ++i)
    inputs.push_back(&call.input(i));
  for (const Tensor &value : values)
    inputs.push_back(&value);
  mlir::DictionaryAttr attributes =
      self.standardAttributes(call.allAttributes());
  Call inner(inputs, attributes, 1);
  findOperator("", self.standard)->evaluate(inner);
  Tensor value = std::move(inner.takeOutputs().front());
  if (channelsLast)
    value = channelsMoved(value, true);
  unsigned result = self.resultAt();
  call.output(0, quantise(value, call.input(result), call.optional(result + 1),
                          call.input(at.front()).type()));
}

/// Codes of the same type as the first operand's.
template <size_t Row>
mlir::Type elementOf(llvm::ArrayRef<mlir::Type> inputs, mlir::DictionaryAttr,
                     unsigned) {
  auto at = table[Row].operandsAt(inputs.size());
  return at.empty() || at.front() >= inputs.size() ? mlir::Type()
                                                   : inputs[at.front()];
}

template <size_t Row> Operator row(std::vector<AttributeRow> attributes = {}) {
  const CodesOperator &self = table[Row];
  int least = int(self.plain + 3 * self.operands) + 1;
  return {"com.microsoft",
          self.name,
          {1},
          self.resultFirst ? 5 : least,
          self.resultFirst ? anyNumber : least + 1,
          1,
          std::move(attributes),
          elementOf<Row>,
          evaluate<Row>};
}

} // namespace

llvm::SmallVector<unsigned> CodesOperator::operandsAt(unsigned inputs) const {
  llvm::SmallVector<unsigned> at;
  unsigned first = resultFirst ? 2 : plain;
  unsigned count =
      operands ? operands : (std::max(inputs, first) - first + 1) / 3;
  for (unsigned i = 0; i < count; ++i)
    at.push_back(first + 3 * i);
  return at;
}

mlir::DictionaryAttr
CodesOperator::standardAttributes(mlir::DictionaryAttr attributes) {
  mlir::NamedAttrList standard(attributes);
  // Before opset 13 all dimensions from the axis on were one row.
  if (auto opset = attributes.getAs<mlir::IntegerAttr>("opset");
      opset && opset.getInt() < 13)
    standard.set("flatten",
                 mlir::Builder(attributes.getContext()).getI64IntegerAttr(1));
  for (llvm::StringRef own : {"opset", "channels_last"})
    standard.erase(own);
  return standard.getDictionary(attributes.getContext());
}

const CodesOperator *codesOperator(llvm::StringRef name) {
  for (const CodesOperator &each : table)
    if (name == each.name)
      return &each;
  return nullptr;
}

Rows codesOperators() {
  using Kind = AttributeKind;
  AttributeRow last = {"channels_last", Kind::Int, "0"};
  return {row<0>(),
          row<1>(),
          row<2>(),
          row<3>({{"alpha", Kind::Float, "0.01"}}),
          row<4>({{"axis", Kind::Int, "-1"}, {"opset", Kind::Int}}),
          row<5>({{"axes", Kind::Ints}, {"keepdims", Kind::Int, "1"}}),
          row<6>({{"auto_pad", Kind::String, "NOTSET"},
                  {"ceil_mode", Kind::Int, "0"},
                  {"count_include_pad", Kind::Int, "0"},
                  {"kernel_shape", Kind::Ints},
                  {"pads", Kind::Ints},
                  {"strides", Kind::Ints},
                  last}),
          row<7>({last}),
          row<8>(),
          row<9>({{"axis", Kind::Int}})};
}

} // namespace dalbit::execute
