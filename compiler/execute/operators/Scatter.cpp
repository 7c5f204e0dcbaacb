// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that write elements by number into a copy of a tensor.

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

#include <cstring>

namespace dalbit::execute {

namespace {

int64_t checkedIndex(int64_t index, int64_t size) {
  if (index < -size || index >= size)
    throw Error("index " + std::to_string(index) +
                " is outside a dimension of size " + std::to_string(size));
  return index < 0 ? index + size : index;
}

Tensor copyOf(const Tensor &x) {
  Tensor copy(x.type(), x.shape());
  std::memcpy(copy.raw(), x.raw(), size_t(x.byteCount()));
  return copy;
}

enum class Reduction { None, Add, Multiply, Largest, Smallest };

Reduction reductionOf(Call &call) {
  std::string text = call.text("reduction");
  if (text.empty() || text == "none")
    return Reduction::None;
  if (text == "add")
    return Reduction::Add;
  if (text == "mul")
    return Reduction::Multiply;
  if (text == "max")
    return Reduction::Largest;
  if (text == "min")
    return Reduction::Smallest;
  throw Error("attribute reduction=\"" + text + "\" is not known",
              {"known are none, add, mul, max, min"});
}

template <typename T> T reduced(T old, T update, Reduction reduction) {
  using C = Compute<T>;
  C a = C(old), b = C(update);
  switch (reduction) {
  case Reduction::None:
    return update;
  case Reduction::Add:
    if constexpr (std::is_integral_v<C>)
      return T(uint64_t(a) + uint64_t(b));
    else
      return T(a + b);
  case Reduction::Multiply:
    if constexpr (std::is_integral_v<C>)
      return T(uint64_t(a) * uint64_t(b));
    else
      return T(a * b);
  case Reduction::Largest:
    return b > a || b != b ? update : old;
  case Reduction::Smallest:
    break;
  }
  return b < a || b != b ? update : old;
}

void requireSameType(const Tensor &a, const Tensor &b) {
  if (a.type() != b.type())
    throw Error("data and updates differ in type");
}

void evalScatterElements(Call &call) {
  const Tensor &x = call.input(0), &indices = call.input(1),
               &updates = call.input(2);
  requireSameType(x, updates);
  int64_t axis = frontAxis(call.integer("axis"), x.rank());
  if (indices.shape() != updates.shape() || indices.rank() != x.rank())
    throw Error("indices of shape " + shapeText(indices.shape()) +
                " and updates of shape " + shapeText(updates.shape()) +
                " do not fit data of shape " + shapeText(x.shape()));
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != axis && indices.dim(d) > x.dim(d))
      throw Error("indices reach beyond dimension " + std::to_string(d));
  Reduction reduction = reductionOf(call);
  llvm::SmallVector<int64_t> at = indices.integers();
  Shape dense = denseSteps(x.shape()), index(x.rank(), 0);
  Tensor out = copyOf(x);
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    for (int64_t i = 0, n = updates.count(); i < n; ++i) {
      int64_t position = 0;
      for (int64_t d = 0; d < x.rank(); ++d)
        position +=
            dense[d] * (d == axis ? checkedIndex(at[i], x.dim(d)) : index[d]);
      T &to = out.data<T>()[position];
      to = reduced(to, updates.data<T>()[i], reduction);
      for (int64_t d = x.rank(); d-- > 0 && ++index[d] == indices.dim(d);)
        index[d] = 0;
    }
  });
  call.output(0, out);
}

void evalScatterND(Call &call) {
  const Tensor &x = call.input(0), &indices = call.input(1),
               &updates = call.input(2);
  requireSameType(x, updates);
  if (indices.rank() == 0)
    throw Error("indices need a dimension");
  int64_t depth = indices.dim(indices.rank() - 1);
  if (depth < 0 || depth > x.rank())
    throw Error("indices of " + std::to_string(depth) +
                " numbers do not fit data of shape " + shapeText(x.shape()));
  Shape wanted(indices.shape().drop_back());
  llvm::ArrayRef<int64_t> tail = x.shape().drop_front(depth);
  wanted.append(tail.begin(), tail.end());
  if (updates.shape() != llvm::ArrayRef<int64_t>(wanted))
    throw Error("updates of shape " + shapeText(updates.shape()) + " where " +
                shapeText(wanted) + " is needed");
  Reduction reduction = reductionOf(call);
  llvm::SmallVector<int64_t> at = indices.integers();
  Shape dense = denseSteps(x.shape());
  int64_t block = 1;
  for (int64_t dim : tail)
    block *= dim;
  Tensor out = copyOf(x);
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    int64_t count = block ? updates.count() / block : 0;
    for (int64_t i = 0; i < count; ++i) {
      int64_t position = 0;
      for (int64_t d = 0; d < depth; ++d)
        position += dense[d] * checkedIndex(at[i * depth + d], x.dim(d));
      for (int64_t k = 0; k < block; ++k) {
        T &to = out.data<T>()[position + k];
        to = reduced(to, updates.data<T>()[i * block + k], reduction);
      }
    }
  });
  call.output(0, out);
}

/// New rows of a cache at a place of each sequence's own.
void evalTensorScatter(Call &call) {
  const Tensor &x = call.input(0), &updates = call.input(1);
  requireSameType(x, updates);
  int64_t axis = frontAxis(call.integer("axis", -2), x.rank());
  bool circular = call.text("mode") == "circular";
  if (!circular && call.text("mode") != "linear")
    throw Error("attribute mode=\"" + call.text("mode") + "\" is not known");
  bool fits = axis > 0 && updates.rank() == x.rank();
  for (int64_t d = 0; fits && d < x.rank(); ++d)
    fits = d == axis ? updates.dim(d) <= x.dim(d) : updates.dim(d) == x.dim(d);
  if (!fits)
    throw Error("an update of shape " + shapeText(updates.shape()) +
                " does not fit a cache of shape " + shapeText(x.shape()));
  llvm::SmallVector<int64_t> starts(x.dim(0), 0);
  if (const Tensor *given = call.optional(2))
    starts = given->integers();
  if (int64_t(starts.size()) != x.dim(0))
    throw Error("needs one write index a sequence");
  Tensor out = copyOf(x);
  int64_t outer = 1, inner = elementSize(x.type());
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != axis)
      (d < axis ? outer : inner) *= x.dim(d);
  int64_t rows = updates.dim(axis), size = x.dim(axis);
  for (int64_t o = 0; o < outer && inner; ++o)
    for (int64_t r = 0; r < rows; ++r) {
      int64_t to = starts[o / (outer / x.dim(0))];
      if (to < 0 || (!circular && to > size - rows))
        throw Error("write index " + std::to_string(to) +
                    " is outside the cache of " + std::to_string(size));
      to = (to % size + r) % size;
      std::memcpy(static_cast<char *>(out.raw()) + (o * size + to) * inner,
                  static_cast<const char *>(updates.raw()) +
                      (o * rows + r) * inner,
                  size_t(inner));
    }
  call.output(0, out);
}

} // namespace

Rows scatterOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "ScatterElements",
       {11, 13, 16, 18},
       3,
       3,
       1,
       {{"axis", Kind::Int, "0"}, {"reduction", Kind::String, "none", 16}},
       elementOfFirst,
       evalScatterElements},
      // Its old name.
      {"",
       "Scatter",
       {9, 11},
       3,
       3,
       1,
       {{"axis", Kind::Int, "0"}},
       elementOfFirst,
       evalScatterElements},
      {"",
       "ScatterND",
       {11, 13, 16, 18},
       3,
       3,
       1,
       {{"reduction", Kind::String, "none", 16}},
       elementOfFirst,
       evalScatterND},
      {"",
       "TensorScatter",
       {24},
       2,
       3,
       1,
       {{"axis", Kind::Int, "-2"}, {"mode", Kind::String, "linear"}},
       elementOfFirst,
       evalTensorScatter},
  };
}

} // namespace dalbit::execute
