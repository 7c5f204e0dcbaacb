// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/ColumnForm.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "llvm/ADT/SetVector.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace mlir;

namespace dalbit::raise {

/// Columns of one head; more are no rotary embedding.
static constexpr int64_t MostColumns = 1024;

static int64_t sizeOf(ArrayRef<int64_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<>());
}

/// Layers of the model between \p value and the inputs: then it is data. (Rows
/// of a table by position ids and embeddings of tokens look the same.)
static bool passesLayers(Value value, const SymbolicShapes &shapes) {
  llvm::SetVector<Value> cone;
  cone.insert(value);
  for (size_t i = 0; i < cone.size(); ++i) {
    Operation *op = cone[i].getDefiningOp();
    if (!op || shapes.contents(cone[i]))
      continue;
    if (isa<nn::LinearOp, nn::RMSNormOp, nn::LayerNormOp>(op) ||
        cone.size() > 2000)
      return true;
    cone.insert(op->operand_begin(), op->operand_end());
  }
  return false;
}

bool ColumnForms::isTable(Value value) {
  auto [entry, isNew] = tables.try_emplace(value, false);
  if (!isNew)
    return entry->second;
  if (!isFloat32(value) || passesLayers(value, shapes))
    return false;
  Leaves leaves = leavesOf(value, Value(), shapes);
  return tables[value] =
             llvm::all_of(leaves.arguments, [](BlockArgument argument) {
               auto type = rankedType(argument);
               return type && type.getElementType().isIntOrIndex();
             });
}

/// The dimensions behind the leading ones as numbers; nothing if open.
static std::optional<SmallVector<int64_t>> trailingOf(const Dims &dims,
                                                      size_t leading) {
  SmallVector<int64_t> result;
  for (size_t i = leading; i < dims.size(); ++i) {
    auto number = dims[i].constant();
    if (!number || *number <= 0)
      return std::nullopt;
    result.push_back(*number);
  }
  return result;
}

ColumnForms::Maybe ColumnForms::leaf(Value value) {
  const Dims *dims = shapes.dims(value);
  if (!dims || dims->size() < leading || !isFloat32(value))
    return std::nullopt;
  auto trailing = trailingOf(*dims, leading);
  if (!trailing || sizeOf(*trailing) > MostColumns)
    return std::nullopt;
  ColumnForm form;
  form.source = value;
  form.trailing = *trailing;
  for (int64_t i = 0; i < sizeOf(*trailing); ++i)
    form.columns.push_back({ColumnTerm{i, 1, Value(), 0, 0}});
  return form;
}

ColumnForms::Maybe ColumnForms::product(Value value, Value table,
                                        const Dims &result, int depth) {
  Maybe form = visit(value, depth);
  const Dims *dims = shapes.dims(table), *own = shapes.dims(value);
  if (!form || !dims || !own || *own != result)
    return std::nullopt;
  auto number = scalarOf(table);
  // Trailing dimensions of the table, aligned at the last one.
  size_t back = form->trailing.size();
  SmallVector<int64_t> sizes(back, 1);
  for (size_t i = 0; i < std::min(back, dims->size()); ++i) {
    auto size = (*dims)[dims->size() - 1 - i].constant();
    if (!size || (*size != 1 && *size != form->trailing[back - 1 - i]))
      return std::nullopt;
    sizes[back - 1 - i] = *size;
  }
  for (size_t c = 0; c < form->columns.size(); ++c) {
    int64_t rest = int64_t(c), at = 0, stride = 1;
    for (size_t i = back; i-- > 0;) {
      int64_t index = rest % form->trailing[i];
      rest /= form->trailing[i];
      if (sizes[i] != 1)
        at += index * stride;
      stride *= sizes[i];
    }
    for (ColumnTerm &term : form->columns[c]) {
      if (number) {
        term.factor *= *number;
        continue;
      }
      if (term.table)
        return std::nullopt;
      term.table = table;
      term.column = at;
      term.width = 1;
      for (int64_t size : sizes)
        term.width *= size;
    }
  }
  return form;
}

ColumnForms::Maybe ColumnForms::sum(onnx::NodeOp node, double sign, int depth) {
  Maybe a = visit(node.getInputs()[0], depth),
        b = a ? visit(node.getInputs()[1], depth) : std::nullopt;
  if (!a || !b || a->source != b->source || a->trailing != b->trailing)
    return std::nullopt;
  for (size_t c = 0; c < a->columns.size(); ++c)
    for (ColumnTerm term : b->columns[c]) {
      term.factor *= sign;
      a->columns[c].push_back(term);
      if (a->columns[c].size() > 4)
        return std::nullopt;
    }
  return a;
}

ColumnForms::Maybe ColumnForms::reshaped(Value operand, const Dims &result,
                                         int depth) {
  const Dims *before = shapes.dims(operand);
  if (!before || before->size() < leading || result.size() < leading ||
      !std::equal(before->begin(), before->begin() + leading, result.begin()))
    return std::nullopt;
  auto trailing = trailingOf(result, leading);
  Maybe form = trailing ? visit(operand, depth) : std::nullopt;
  if (!form || sizeOf(*trailing) != int64_t(form->columns.size()))
    return std::nullopt;
  form->trailing = *trailing;
  return form;
}

ColumnForms::Maybe ColumnForms::taken(Value operand, int64_t axis,
                                      ArrayRef<int64_t> indices, bool drop,
                                      int depth) {
  if (axis < int64_t(leading))
    return std::nullopt;
  Maybe form = visit(operand, depth);
  size_t dim = size_t(axis) - leading;
  if (!form || dim >= form->trailing.size())
    return std::nullopt;
  int64_t old = form->trailing[dim];
  int64_t inner = sizeOf(ArrayRef(form->trailing).drop_front(dim + 1));
  int64_t outer = sizeOf(ArrayRef(form->trailing).take_front(dim));
  std::vector<SmallVector<ColumnTerm, 2>> columns;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t index : indices)
      for (int64_t i = 0; i < inner; ++i) {
        if (index < 0 || index >= old)
          return std::nullopt;
        columns.push_back(form->columns[(o * old + index) * inner + i]);
      }
  form->columns = std::move(columns);
  if (drop)
    form->trailing.erase(form->trailing.begin() + dim);
  else
    form->trailing[dim] = int64_t(indices.size());
  return form;
}

ColumnForms::Maybe ColumnForms::concat(onnx::NodeOp node, int depth) {
  const Dims *dims = shapes.dims(node->getResult(0));
  int64_t axis =
      dims ? normaliseAxis(node.getOnnxInt("axis").value_or(0), dims->size())
           : -1;
  if (axis < int64_t(leading))
    return std::nullopt;
  size_t dim = size_t(axis) - leading;
  SmallVector<ColumnForm> parts;
  for (Value input : node.getInputs()) {
    Maybe part = visit(input, depth);
    if (!part || dim >= part->trailing.size() ||
        (!parts.empty() && part->source != parts.front().source))
      return std::nullopt;
    parts.push_back(std::move(*part));
  }
  if (parts.empty())
    return std::nullopt;
  ColumnForm form;
  form.source = parts.front().source;
  form.trailing = parts.front().trailing;
  form.trailing[dim] = 0;
  for (const ColumnForm &part : parts)
    form.trailing[dim] += part.trailing[dim];
  int64_t inner = sizeOf(ArrayRef(form.trailing).drop_front(dim + 1));
  int64_t outer = sizeOf(ArrayRef(form.trailing).take_front(dim));
  for (int64_t o = 0; o < outer; ++o)
    for (const ColumnForm &part : parts) {
      int64_t block = part.trailing[dim] * inner;
      auto begin = part.columns.begin() + o * block;
      form.columns.insert(form.columns.end(), begin, begin + block);
    }
  return form;
}

/// Indices that Slice takes along its one axis of \p size elements; nothing for
/// more than a head has.
static std::optional<SmallVector<int64_t>> sliceIndices(onnx::NodeOp node,
                                                        int64_t size) {
  auto starts = integersOf(node.getInputs()[1]);
  auto ends = integersOf(node.getInputs()[2]);
  auto steps = hasInput(node, 4) ? integersOf(node.getInputs()[4])
                                 : SmallVector<int64_t>{1};
  if (!starts || !ends || !steps || starts->size() != 1 || ends->size() != 1 ||
      steps->size() != 1 || steps->front() <= 0)
    return std::nullopt;
  int64_t step = std::min(steps->front(), std::max<int64_t>(size, 1));
  auto bound = [&](int64_t index) {
    // INT64_MIN and INT64_MAX stand for the ends.
    if (index < 0)
      index = index < -size ? 0 : index + size;
    return std::min(index, size);
  };
  SmallVector<int64_t> indices;
  for (int64_t i = bound(starts->front()); i < bound(ends->front());
       i += step) {
    if (int64_t(indices.size()) == MostColumns)
      return std::nullopt;
    indices.push_back(i);
  }
  return indices;
}

ColumnForms::Maybe ColumnForms::node(onnx::NodeOp node, Value result,
                                     int depth) {
  StringRef type = node.getOpType();
  const Dims *dims = shapes.dims(result);
  if (!dims)
    return std::nullopt;
  auto input = [&](unsigned i) { return node.getInputs()[i]; };
  auto sizeAt = [&](Value value, int64_t axis) -> std::optional<int64_t> {
    const Dims *of = shapes.dims(value);
    return of && axis >= 0 && axis < int64_t(of->size())
               ? (*of)[axis].constant()
               : std::nullopt;
  };
  auto rankOf = [&](Value value) -> int64_t {
    const Dims *of = shapes.dims(value);
    return of ? int64_t(of->size()) : 0;
  };
  if (type == "Add")
    return sum(node, 1, depth);
  if (type == "Sub")
    return sum(node, -1, depth);
  if (type == "Mul") {
    for (unsigned i : {0u, 1u})
      if (isTable(input(i)) || scalarOf(input(i)))
        return product(input(1 - i), input(i), *dims, depth);
    return std::nullopt;
  }
  if (type == "Neg") {
    Maybe form = visit(input(0), depth);
    if (form)
      for (auto &column : form->columns)
        for (ColumnTerm &term : column)
          term.factor = -term.factor;
    return form;
  }
  if (type == "Slice") {
    auto axes = hasInput(node, 3) ? integersOf(input(3)) : std::nullopt;
    if (!axes || axes->size() != 1)
      return std::nullopt;
    int64_t axis = normaliseAxis(axes->front(), rankOf(input(0)));
    auto size = sizeAt(input(0), axis);
    auto indices = size ? sliceIndices(node, *size) : std::nullopt;
    if (!indices)
      return std::nullopt;
    return taken(input(0), axis, *indices, false, depth);
  }
  if (type == "Split") {
    int64_t axis =
        normaliseAxis(node.getOnnxInt("axis").value_or(0), rankOf(input(0)));
    int64_t start = 0;
    for (OpResult part : node->getResults()) {
      auto size = sizeAt(part, axis);
      if (!size)
        return std::nullopt;
      if (part == result) {
        SmallVector<int64_t> indices(*size);
        std::iota(indices.begin(), indices.end(), start);
        return taken(input(0), axis, indices, false, depth);
      }
      start += *size;
    }
    return std::nullopt;
  }
  if (type == "Gather") {
    auto indices = integersOf(input(1));
    RankedTensorType list = rankedType(input(1));
    int64_t axis =
        normaliseAxis(node.getOnnxInt("axis").value_or(0), rankOf(input(0)));
    auto size = sizeAt(input(0), axis);
    if (!indices || !size || list.getRank() > 1)
      return std::nullopt;
    for (int64_t &index : *indices)
      index = normaliseAxis(index, *size);
    return taken(input(0), axis, *indices, list.getRank() == 0, depth);
  }
  if (type == "Concat")
    return concat(node, depth);
  if (type == "Reshape" || type == "Squeeze" || type == "Unsqueeze" ||
      type == "Flatten")
    return reshaped(input(0), *dims, depth);
  return std::nullopt;
}

ColumnForms::Maybe ColumnForms::visit(Value value, int depth) {
  if (depth > 24)
    return std::nullopt;
  if (onnx::NodeOp op = nodeOf(value))
    if (Maybe form = node(op, value, depth + 1))
      return form;
  return leaf(value);
}

std::optional<ColumnForm> ColumnForms::read(Value value) {
  const Dims *dims = shapes.dims(value);
  onnx::NodeOp op = nodeOf(value);
  if (!dims || dims->size() < 3 || !op || !isFloat32(value))
    return std::nullopt;
  leading = dims->size() - 1;
  auto form = node(op, value, 0);
  if (!form || form->trailing.size() != 1)
    return std::nullopt;
  return form;
}

} // namespace dalbit::raise
