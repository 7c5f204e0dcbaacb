// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that sort, search and select: TopK, Unique, NonZero, Compress,
// OneHot. NaN counts as the largest number.

#include "compiler/execute/operators/Order.h"

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"
#include "support/TopK.h"

#include <algorithm>
#include <numeric>

namespace dalbit::execute {

namespace {

template <typename T> bool less(T a, T b) {
  using C = Compute<T>;
  C x = C(a), y = C(b);
  if (x != x || y != y)
    return x == x && y != y;
  return x < y;
}

} // namespace

std::pair<Tensor, Tensor> topKOfRows(const Tensor &x, int64_t k, bool largest) {
  Shape shape(x.shape());
  int64_t size = shape.back();
  shape.back() = k;
  Tensor values(x.type(), shape), indices(ElementType::I64, shape);
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    for (int64_t r = 0, n = size ? x.count() / size : 0; r < n; ++r) {
      const T *row = x.data<T>() + r * size;
      std::vector<int64_t> columns =
          topColumns(std::span(row, size_t(size)), k, [&](T a, T b) {
            return largest ? less(b, a) : less(a, b);
          });
      for (int64_t i = 0; i < k; ++i) {
        values.data<T>()[r * k + i] = row[columns[i]];
        indices.data<int64_t>()[r * k + i] = columns[i];
      }
    }
  });
  return {values, indices};
}

namespace {

void evalTopK(Call &call) {
  const Tensor &x = call.input(0);
  int64_t axis = frontAxis(call.integer("axis", -1), x.rank());
  if (call.input(1).count() != 1)
    throw Error("k must be one integer");
  int64_t k = call.input(1).integers()[0], size = x.dim(axis);
  if (k < 0 || k > size)
    throw Error("k=" + std::to_string(k) + " of a dimension of " +
                std::to_string(size));
  bool largest = call.integer("largest", 1) != 0;
  // The axis last, so that a row is one run.
  llvm::SmallVector<int64_t> order, back(x.rank());
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != axis)
      order.push_back(d);
  order.push_back(axis);
  for (auto [to, from] : llvm::enumerate(order))
    back[from] = int64_t(to);
  auto [values, indices] = topKOfRows(permute(x, order), k, largest);
  call.output(0, permute(values, back));
  call.output(1, permute(indices, back));
}

Tensor listOf(const std::vector<int64_t> &numbers) {
  return Tensor::of<int64_t>({int64_t(numbers.size())}, numbers);
}

void evalUnique(Call &call) {
  Tensor x = call.input(0);
  bool flat = !call.has("axis"), sorted = call.integer("sorted", 1) != 0;
  if (flat)
    x = x.reshaped({x.count()});
  int64_t axis = flat ? 0 : frontAxis(call.integer("axis"), x.rank());
  // Each element of the axis as a row.
  llvm::SmallVector<int64_t> order = {axis}, back(x.rank());
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != axis)
      order.push_back(d);
  for (auto [to, from] : llvm::enumerate(order))
    back[from] = int64_t(to);
  Tensor rows = permute(x, order);
  int64_t count = rows.dim(0), length = count ? rows.count() / count : 0;
  std::vector<int64_t> first, inverse(static_cast<size_t>(count)), counts;
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    const T *data = rows.data<T>();
    auto compare = [&](int64_t a, int64_t b) {
      for (int64_t i = 0; i < length; ++i) {
        if (less(data[a * length + i], data[b * length + i]))
          return -1;
        if (less(data[b * length + i], data[a * length + i]))
          return 1;
      }
      return 0;
    };
    std::vector<int64_t> places(static_cast<size_t>(count));
    std::iota(places.begin(), places.end(), 0);
    std::stable_sort(places.begin(), places.end(),
                     [&](int64_t a, int64_t b) { return compare(a, b) < 0; });
    for (size_t i = 0; i < places.size(); ++i) {
      if (i == 0 || compare(places[i - 1], places[i]) != 0) {
        first.push_back(places[i]);
        counts.push_back(0);
      }
      ++counts.back();
      inverse[size_t(places[i])] = int64_t(first.size()) - 1;
    }
  });
  if (!sorted) {
    // In the order of their first occurrence instead.
    std::vector<int64_t> rank(first.size()), place(first.size());
    std::iota(rank.begin(), rank.end(), 0);
    std::sort(rank.begin(), rank.end(),
              [&](int64_t a, int64_t b) { return first[a] < first[b]; });
    std::vector<int64_t> newFirst, newCounts;
    for (size_t i = 0; i < rank.size(); ++i) {
      place[size_t(rank[i])] = int64_t(i);
      newFirst.push_back(first[size_t(rank[i])]);
      newCounts.push_back(counts[size_t(rank[i])]);
    }
    for (int64_t &index : inverse)
      index = place[size_t(index)];
    first = newFirst;
    counts = newCounts;
  }
  llvm::SmallVector<Tensor> picked;
  for (int64_t row : first)
    picked.push_back(narrow(rows, 0, row, 1));
  Tensor unique = picked.empty() ? rows : concatenate(picked, 0);
  call.output(0, permute(unique, back));
  call.output(1, listOf(first));
  call.output(2, listOf(inverse));
  call.output(3, listOf(counts));
}

void evalNonZero(Call &call) {
  const Tensor &x = call.input(0);
  Tensor flags = x.cast(ElementType::Bool);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < x.count(); ++i)
    if (flags.data<bool>()[i])
      places.push_back(i);
  // A scalar counts as one row of one element.
  Shape shape = x.rank() ? Shape(x.shape()) : Shape{1};
  Shape steps = denseSteps(shape);
  int64_t count = int64_t(places.size()), rank = int64_t(shape.size());
  Tensor out(ElementType::I64, {rank, count});
  for (int64_t d = 0; d < rank; ++d)
    for (int64_t i = 0; i < count; ++i)
      out.data<int64_t>()[d * count + i] =
          places[size_t(i)] / steps[d] % shape[d];
  call.output(0, out);
}

void evalCompress(Call &call) {
  Tensor x = call.input(0);
  const Tensor &condition = call.input(1);
  if (condition.type() != ElementType::Bool)
    throw Error("the condition must be bool");
  bool flat = !call.has("axis");
  if (flat)
    x = x.reshaped({x.count()});
  int64_t axis = flat ? 0 : frontAxis(call.integer("axis"), x.rank());
  if (condition.count() > x.dim(axis))
    throw Error("the condition is longer than the dimension");
  llvm::SmallVector<Tensor> parts;
  for (int64_t i = 0; i < condition.count(); ++i)
    if (condition.data<bool>()[i])
      parts.push_back(narrow(x, axis, i, 1));
  call.output(0,
              parts.empty() ? narrow(x, axis, 0, 0) : concatenate(parts, axis));
}

void evalOneHot(Call &call) {
  Tensor indices = call.input(0).cast(ElementType::I64);
  const Tensor &values = call.input(2);
  Tensor depths = call.input(1).cast(ElementType::I64);
  if (depths.count() != 1 || values.count() != 2)
    throw Error("depth must be one number, values two");
  int64_t depth = depths.data<int64_t>()[0];
  int64_t axis = frontAxis(call.integer("axis", -1), indices.rank() + 1);
  Shape shape(indices.shape());
  if (depth < 0)
    throw Error("depth is negative");
  shape.insert(shape.begin() + axis, depth);
  Tensor out(values.type(), shape);
  int64_t inner = 1;
  for (int64_t d = axis; d < indices.rank(); ++d)
    inner *= indices.dim(d);
  dispatch(values.type(), [&](auto tag) {
    using T = decltype(tag);
    std::fill_n(out.data<T>(), out.count(), values.data<T>()[0]);
    for (int64_t i = 0; i < indices.count() && depth; ++i) {
      int64_t index = indices.data<int64_t>()[i];
      // Outside of [-depth, depth) nothing is on.
      if (index < -depth || index >= depth)
        continue;
      index = index < 0 ? index + depth : index;
      out.data<T>()[(i / inner * depth + index) * inner + i % inner] =
          values.data<T>()[1];
    }
  });
  call.output(0, out);
}

mlir::Type topKElement(llvm::ArrayRef<mlir::Type> inputs,
                       mlir::DictionaryAttr attributes, unsigned result) {
  return result == 0 ? elementOfFirst(inputs, attributes, result)
                     : elementInt64(inputs, attributes, result);
}

mlir::Type elementOfThird(llvm::ArrayRef<mlir::Type> inputs,
                          mlir::DictionaryAttr, unsigned) {
  return inputs.size() < 3 ? mlir::Type() : inputs[2];
}

} // namespace

Rows orderOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "TopK",
       {1, 10, 11, 24},
       1,
       2,
       2,
       {{"axis", Kind::Int, "-1"},
        {"k", Kind::Int, nullptr, 1, 9},
        {"largest", Kind::Int, "1", 11},
        {"sorted", Kind::Int, "1", 11}},
       topKElement,
       evalTopK},
      {"",
       "Unique",
       {11},
       1,
       1,
       4,
       {{"axis", Kind::Int}, {"sorted", Kind::Int, "1"}},
       topKElement,
       evalUnique},
      {"", "NonZero", {9, 13}, 1, 1, 1, {}, elementInt64, evalNonZero},
      {"",
       "Compress",
       {9, 11},
       2,
       2,
       1,
       {{"axis", Kind::Int}},
       elementOfFirst,
       evalCompress},
      {"",
       "OneHot",
       {9, 11},
       3,
       3,
       1,
       {{"axis", Kind::Int, "-1"}},
       elementOfThird,
       evalOneHot},
  };
}

} // namespace dalbit::execute
