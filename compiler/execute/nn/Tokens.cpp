// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/nn/Tokens.h"

#include "compiler/dialect/nn/Rearrangement.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Order.h"
#include "support/Error.h"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace dalbit::execute {

using llvm::ArrayRef;
using llvm::SmallVector;

namespace {

template <typename T> constexpr ElementType elementOf() {
  return std::is_same_v<T, float> ? ElementType::F32 : ElementType::I32;
}

} // namespace

std::vector<bool> countedKeys(const Tensor &mask, int64_t batch, int64_t keys) {
  SmallVector<int64_t> numbers =
      mask.cast(mask.rank() == 2 ? ElementType::Bool : ElementType::I64)
          .integers();
  int64_t columns = mask.rank() == 2 ? mask.dim(1) : 1;
  std::vector<bool> visible;
  for (int64_t b = 0; b < batch; ++b) {
    int64_t first = 0, end = 0;
    for (int64_t number : ArrayRef(numbers).slice(b * columns, columns))
      end += number;
    if (mask.rank() == 1 && mask.dim(0) == 2 * batch)
      first = numbers[batch + b];
    for (int64_t s = 0; s < keys; ++s)
      visible.push_back(s >= first && s < end);
  }
  return visible;
}

Tensor cachePart(const Tensor &past, ArrayRef<int64_t> at) {
  ArrayRef<int64_t> shape = past.shape().drop_front(at.size());
  Tensor out(ElementType::F32, shape);
  int64_t index = 0;
  for (auto [i, size] : llvm::zip(at, past.shape()))
    index = index * size + i;
  std::copy_n(past.data<float>() + index * out.count(), out.count(),
              out.data<float>());
  return out;
}

Tensor stackCaches(ArrayRef<const Tensor *> parts, ArrayRef<int64_t> shape) {
  Shape all(shape.drop_back(4));
  all.append(parts[0]->shape().begin(), parts[0]->shape().end());
  Tensor out(ElementType::F32, all);
  float *to = out.data<float>();
  for (const Tensor *part : parts)
    to = std::copy_n(part->data<float>(), part->count(), to);
  return out;
}

std::pair<Tensor, Tensor> topK(const Tensor &x, int64_t k, bool smallest,
                               mlir::RankedTensorType indices) {
  auto [values, columns] = topKOfRows(x, k, !smallest);
  Shape shape(values.shape());
  if (indices.getRank() < x.rank())
    shape.pop_back();
  return {values.reshaped(shape), columns.reshaped(shape).cast(*elementOfMlir(
                                      indices.getElementType()))};
}

Tensor rearrange(const Tensor &x, llvm::ArrayRef<int64_t> view,
                 llvm::ArrayRef<int64_t> order, llvm::ArrayRef<int64_t> shape) {
  auto sizes = nn::Rearrangement::of(x.shape(), view, order, shape);
  if (!sizes)
    throw Error("a tensor of shape " + shapeText(x.shape()) +
                " cannot be rearranged as the model says");
  size_t rank = sizes->view.size();
  llvm::SmallVector<int64_t> strides(rank, 1), index(rank, 0);
  for (size_t i = rank; i-- > 1;)
    strides[i - 1] = strides[i] * sizes->view[i];
  Tensor out(ElementType::F32, Shape(sizes->out.begin(), sizes->out.end()));
  int64_t from = 0;
  for (int64_t at = 0; at < out.count(); ++at) {
    out.data<float>()[at] = x.data<float>()[from];
    for (size_t i = rank; i-- > 0;) {
      int64_t dim = order[i];
      from += strides[dim];
      if (++index[i] < sizes->view[dim])
        break;
      from -= strides[dim] * sizes->view[dim];
      index[i] = 0;
    }
  }
  return out;
}

template <typename T>
Tensor sliceTokens(const Tensor &x, int64_t first, int64_t count, bool keep) {
  int64_t batch = x.dim(0), rows = x.dim(1), width = x.dim(2);
  if (first < 0)
    first += rows;
  if (first < 0 || first + count > rows)
    throw Error("token " + std::to_string(first + count - 1) +
                " is past the sequence of " + std::to_string(rows));
  Tensor out(elementOf<T>(),
             keep ? Shape{batch, count, width} : Shape{batch, width});
  for (int64_t b = 0; b < batch; ++b)
    std::copy_n(x.data<T>() + (b * rows + first) * width, count * width,
                out.data<T>() + b * count * width);
  return out;
}

template <typename T>
Tensor pickToken(const Tensor &x, const Tensor &from,
                 const nn::TokenRule &rule) {
  int64_t batch = x.dim(0), rows = x.dim(1), width = x.dim(2);
  if (from.count() != batch * rows || rows == 0)
    throw Error("ids of shape " + shapeText(from.shape()) +
                " do not fit tokens of shape " + shapeText(x.shape()));
  llvm::SmallVector<int64_t> numbers;
  if (isFloat(from.type()))
    for (float number : from.values<float>())
      numbers.push_back(number != 0);
  else
    numbers = from.integers();
  if (rule.isShown())
    for (int64_t &number : numbers)
      number = number == 0;
  Tensor out(elementOf<T>(), Shape{batch, width});
  for (int64_t b = 0; b < batch; ++b) {
    int64_t row = rule.place(
        llvm::ArrayRef(numbers).slice(size_t(b * rows), size_t(rows)));
    std::copy_n(x.data<T>() + (b * rows + row) * width, width,
                out.data<T>() + b * width);
  }
  return out;
}

template <typename T> Tensor tokenMax(const Tensor &x, const Tensor *mask) {
  int64_t batch = x.dim(0), rows = x.dim(1), width = x.dim(2);
  if (rows == 0 || (mask && mask->count() != batch * rows))
    throw Error("tokens of shape " + shapeText(x.shape()) +
                " have no maximum with this mask");
  Tensor out(elementOf<T>(), Shape{batch, width});
  for (int64_t row = 0; row < batch * rows; ++row) {
    T added = mask ? mask->data<T>()[row] : T(0);
    for (int64_t c = 0; c < width; ++c) {
      T &largest = out.data<T>()[row / rows * width + c];
      T number = x.data<T>()[row * width + c];
      if constexpr (std::is_same_v<T, float>)
        number += added;
      else
        number = T(std::clamp<int64_t>(int64_t(number) + added,
                                       std::numeric_limits<T>::min(),
                                       std::numeric_limits<T>::max()));
      if (row % rows == 0 || number > largest)
        largest = number;
    }
  }
  return out;
}

template <typename T>
Tensor concatTokens(llvm::ArrayRef<const Tensor *> parts, int64_t batch) {
  int64_t rows = 0, width = parts[0]->shape().back();
  auto rowsOf = [](const Tensor *part) {
    return part->rank() == 2 ? 1 : part->dim(1);
  };
  for (const Tensor *part : parts) {
    batch = std::max(batch, part->dim(0));
    rows += rowsOf(part);
  }
  Tensor out(elementOf<T>(), Shape{batch, rows, width});
  T *to = out.data<T>();
  for (int64_t b = 0; b < batch; ++b)
    for (const Tensor *part : parts) {
      if ((part->dim(0) != 1 && part->dim(0) != batch) ||
          part->shape().back() != width)
        throw Error("sequences of shape " + shapeText(part->shape()) + " and " +
                    shapeText(out.shape()) + " do not go together");
      int64_t count = rowsOf(part) * width;
      to = std::copy_n(part->data<T>() + (part->dim(0) == 1 ? 0 : b * count),
                       count, to);
    }
  return out;
}

template <typename T>
Tensor tokenWindows(const Tensor &x, int64_t size, int64_t stride,
                    int64_t before, int64_t rows) {
  int64_t batch = x.dim(0), tokens = x.dim(1), width = x.dim(2);
  Tensor out(elementOf<T>(), Shape{batch, rows, size * width});
  T *to = out.data<T>();
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < size; ++k, to += width) {
        int64_t token = row * stride + k - before;
        if (token < 0 || token >= tokens)
          std::fill_n(to, width, T(0));
        else
          std::copy_n(x.data<T>() + (b * tokens + token) * width, width, to);
      }
  return out;
}

#define DALBIT_TOKENS(T)                                                       \
  template Tensor sliceTokens<T>(const Tensor &, int64_t, int64_t, bool);      \
  template Tensor pickToken<T>(const Tensor &, const Tensor &,                 \
                               const nn::TokenRule &);                         \
  template Tensor tokenMax<T>(const Tensor &, const Tensor *);                 \
  template Tensor concatTokens<T>(llvm::ArrayRef<const Tensor *>, int64_t);    \
  template Tensor tokenWindows<T>(const Tensor &, int64_t, int64_t, int64_t,   \
                                  int64_t);
DALBIT_TOKENS(float)
DALBIT_TOKENS(int32_t)
#undef DALBIT_TOKENS

} // namespace dalbit::execute
