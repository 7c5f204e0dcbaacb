// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sequences of tensors: what TorchScript makes of lists, as in
// repeat_interleave.

#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

namespace dalbit::execute {

namespace {

int64_t positionOf(const Tensor &position, int64_t size) {
  if (position.count() != 1)
    throw Error("the position must be one integer");
  int64_t at = position.integers()[0];
  if (at < -size || at >= size)
    throw Error("position " + std::to_string(at) +
                " is outside a sequence of " + std::to_string(size));
  return at < 0 ? at + size : at;
}

void evalConstruct(Call &call) {
  std::vector<Tensor> members;
  for (unsigned i = 0; i < call.inputCount(); ++i)
    members.push_back(call.input(i));
  call.output(0, Tensor::sequence(std::move(members)));
}

void evalEmpty(Call &call) { call.output(0, Tensor::sequence({})); }

void evalAt(Call &call) {
  const std::vector<Tensor> &members = call.input(0).members();
  call.output(
      0, members[size_t(positionOf(call.input(1), int64_t(members.size())))]);
}

void evalInsert(Call &call) {
  std::vector<Tensor> members = call.input(0).members();
  int64_t size = int64_t(members.size()), at = size;
  // The place behind the last element counts too.
  if (const Tensor *position = call.optional(2)) {
    if (position->count() != 1)
      throw Error("the position must be one integer");
    at = position->integers()[0];
    at = at < 0 ? at + size : at;
    if (at < 0 || at > size)
      throw Error("position " + std::to_string(at) +
                  " is outside a sequence of " + std::to_string(size));
  }
  members.insert(members.begin() + at, call.input(1));
  call.output(0, Tensor::sequence(std::move(members)));
}

void evalErase(Call &call) {
  std::vector<Tensor> members = call.input(0).members();
  int64_t size = int64_t(members.size());
  if (size == 0)
    throw Error("the sequence is empty");
  const Tensor *position = call.optional(1);
  members.erase(members.begin() +
                (position ? positionOf(*position, size) : size - 1));
  call.output(0, Tensor::sequence(std::move(members)));
}

void evalLength(Call &call) {
  call.output(0, Tensor::scalar(int64_t(call.input(0).members().size())));
}

void evalConcatFromSequence(Call &call) {
  const std::vector<Tensor> &members = call.input(0).members();
  int64_t axis = call.integer("axis");
  call.output(0, call.integer("new_axis") != 0 ? stack(members, axis)
                                               : concatenate(members, axis));
}

void evalSplitToSequence(Call &call) {
  const Tensor &x = call.input(0);
  int64_t axis = frontAxis(call.integer("axis"), x.rank());
  const Tensor *split = call.optional(1);
  llvm::SmallVector<int64_t> sizes;
  int64_t size = x.dim(axis);
  if (split && split->rank() == 1) {
    sizes = split->integers();
  } else {
    int64_t each = split ? split->integers()[0] : 1;
    if (each < 1)
      throw Error("parts of " + std::to_string(each) + " elements");
    for (int64_t left = size; left > 0; left -= each)
      sizes.push_back(std::min(each, left));
  }
  std::vector<Tensor> members;
  int64_t from = 0;
  for (int64_t part : sizes) {
    members.push_back(narrow(x, axis, from, part));
    from += part;
    // Without sizes, the split dimension may go.
    if (!split && call.integer("keepdims") == 0)
      members.back() = pick(members.back(), axis, 0);
  }
  if (from != size)
    throw Error("sizes " + shapeText(sizes) + " do not split a dimension of " +
                std::to_string(size));
  call.output(0, Tensor::sequence(std::move(members)));
}

mlir::Type sequenceOf(mlir::Type element) {
  if (!element || mlir::isa<onnx::SequenceType>(element))
    return {};
  return onnx::SequenceType::get(element.getContext(), element);
}

mlir::Type sequenceOfFirst(llvm::ArrayRef<mlir::Type> inputs,
                           mlir::DictionaryAttr, unsigned) {
  return inputs.empty() ? mlir::Type() : sequenceOf(inputs[0]);
}

mlir::Type emptyElement(llvm::ArrayRef<mlir::Type>,
                        mlir::DictionaryAttr attributes, unsigned) {
  mlir::Type element = elementOfAttribute(attributes, "dtype");
  return sequenceOf(
      element ? element
              : mlirOfElement(attributes.getContext(), ElementType::F32));
}

mlir::Type sameSequence(llvm::ArrayRef<mlir::Type> inputs, mlir::DictionaryAttr,
                        unsigned) {
  if (inputs.empty())
    return {};
  return mlir::dyn_cast_or_null<onnx::SequenceType>(inputs[0]);
}

mlir::Type memberElement(llvm::ArrayRef<mlir::Type> inputs,
                         mlir::DictionaryAttr attributes, unsigned result) {
  auto sequence = mlir::dyn_cast_or_null<onnx::SequenceType>(
      sameSequence(inputs, attributes, result));
  return sequence ? sequence.getElement() : mlir::Type();
}

} // namespace

Rows sequenceOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "SequenceConstruct",
       {11},
       1,
       anyNumber,
       1,
       {},
       sequenceOfFirst,
       evalConstruct},
      {"",
       "SequenceEmpty",
       {11},
       0,
       0,
       1,
       {{"dtype", Kind::Int}},
       emptyElement,
       evalEmpty},
      {"", "SequenceAt", {11}, 2, 2, 1, {}, memberElement, evalAt},
      {"", "SequenceInsert", {11}, 2, 3, 1, {}, sameSequence, evalInsert},
      {"", "SequenceErase", {11}, 1, 2, 1, {}, sameSequence, evalErase},
      {"", "SequenceLength", {11}, 1, 1, 1, {}, elementInt64, evalLength},
      {"",
       "ConcatFromSequence",
       {11},
       1,
       1,
       1,
       {{"axis", Kind::Int}, {"new_axis", Kind::Int, "0"}},
       memberElement,
       evalConcatFromSequence},
      {"",
       "SplitToSequence",
       {11, 24},
       1,
       2,
       1,
       {{"axis", Kind::Int, "0"}, {"keepdims", Kind::Int, "1"}},
       sequenceOfFirst,
       evalSplitToSequence},
  };
}

} // namespace dalbit::execute
