// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that pick elements by number. Negative numbers count from the end;
// numbers outside are an error (the standard leaves them undefined).

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

int64_t product(llvm::ArrayRef<int64_t> dims) {
  int64_t all = 1;
  for (int64_t dim : dims)
    all *= dim;
  return all;
}

void evalGather(Call &call) {
  const Tensor &x = call.input(0), &indices = call.input(1);
  if (x.rank() == 0)
    throw Error("cannot pick from a scalar");
  int64_t axis = frontAxis(call.integer("axis"), x.rank());
  llvm::SmallVector<int64_t> at = indices.integers();
  for (int64_t &index : at)
    index = checkedIndex(index, x.dim(axis));
  Shape shape(x.shape().take_front(axis));
  shape.append(indices.shape().begin(), indices.shape().end());
  llvm::ArrayRef<int64_t> tail = x.shape().drop_front(axis + 1);
  shape.append(tail.begin(), tail.end());
  Tensor out(x.type(), shape);
  int64_t outer = product(x.shape().take_front(axis));
  int64_t bytes = product(tail) * elementSize(x.type());
  const char *from = static_cast<const char *>(x.raw());
  char *to = static_cast<char *>(out.raw());
  if (out.count() != 0)
    for (int64_t o = 0; o < outer; ++o, from += x.dim(axis) * bytes)
      for (int64_t index : at) {
        std::memcpy(to, from + index * bytes, bytes);
        to += bytes;
      }
  call.output(0, out);
}

void evalGatherElements(Call &call) {
  const Tensor &x = call.input(0), &indices = call.input(1);
  int64_t axis = frontAxis(call.integer("axis"), x.rank());
  if (indices.rank() != x.rank())
    throw Error("indices and data differ in rank");
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != axis && indices.dim(d) > x.dim(d))
      throw Error("indices of shape " + shapeText(indices.shape()) +
                  " reach beyond data of shape " + shapeText(x.shape()));
  llvm::SmallVector<int64_t> at = indices.integers();
  Tensor out(x.type(), indices.shape());
  Shape dense = denseSteps(x.shape()), index(x.rank(), 0);
  int64_t bytes = elementSize(x.type());
  const char *from = static_cast<const char *>(x.raw());
  char *to = static_cast<char *>(out.raw());
  for (int64_t i = 0, n = out.count(); i < n; ++i) {
    int64_t position = 0;
    for (int64_t d = 0; d < x.rank(); ++d)
      position +=
          dense[d] * (d == axis ? checkedIndex(at[i], x.dim(d)) : index[d]);
    std::memcpy(to + i * bytes, from + position * bytes, bytes);
    for (int64_t d = x.rank(); d-- > 0 && ++index[d] == indices.dim(d);)
      index[d] = 0;
  }
  call.output(0, out);
}

void evalGatherND(Call &call) {
  const Tensor &x = call.input(0), &indices = call.input(1);
  int64_t batch = call.integer("batch_dims");
  if (indices.rank() == 0 || batch < 0 ||
      batch >= std::min(x.rank(), indices.rank()))
    throw Error("batch_dims and the ranks do not fit");
  int64_t depth = indices.dim(indices.rank() - 1);
  if (depth < 1 || batch + depth > x.rank() ||
      x.shape().take_front(batch) != indices.shape().take_front(batch))
    throw Error("indices of shape " + shapeText(indices.shape()) +
                " do not fit data of shape " + shapeText(x.shape()));
  Shape shape(indices.shape().drop_back());
  llvm::ArrayRef<int64_t> tail = x.shape().drop_front(batch + depth);
  shape.append(tail.begin(), tail.end());
  Tensor out(x.type(), shape);
  llvm::SmallVector<int64_t> at = indices.integers();
  Shape dense = denseSteps(x.shape());
  int64_t batches = product(x.shape().take_front(batch));
  int64_t bytes = product(tail) * elementSize(x.type());
  int64_t batchBytes =
      product(x.shape().drop_front(batch)) * elementSize(x.type());
  int64_t picks = int64_t(at.size()) / depth;
  char *to = static_cast<char *>(out.raw());
  for (int64_t pick = 0; pick < picks && out.count(); ++pick) {
    int64_t position = 0;
    for (int64_t d = 0; d < depth; ++d)
      position += dense[batch + d] *
                  checkedIndex(at[pick * depth + d], x.dim(batch + d));
    const char *from = static_cast<const char *>(x.raw()) +
                       pick / (picks / batches) * batchBytes +
                       position * elementSize(x.type());
    std::memcpy(to + pick * bytes, from, bytes);
  }
  call.output(0, out);
}

} // namespace

Rows indexOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "Gather",
       {1, 11, 13},
       2,
       2,
       1,
       {{"axis", Kind::Int, "0"}},
       elementOfFirst,
       evalGather},
      {"",
       "GatherElements",
       {11, 13},
       2,
       2,
       1,
       {{"axis", Kind::Int, "0"}},
       elementOfFirst,
       evalGatherElements},
      {"",
       "GatherND",
       {11, 12, 13},
       2,
       2,
       1,
       {{"batch_dims", Kind::Int, "0", 12}},
       elementOfFirst,
       evalGatherND},
  };
}

} // namespace dalbit::execute
