// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops over tensors of different shapes as the standard's multidirectional
// broadcasting pairs their elements (docs/Broadcasting.md there).
//
// Promises: dimensions that run together in all operands are walked as one, so
// the inner loop is long and its steps are 0 or 1 wherever possible.

#pragma once

#include "compiler/execute/Tensor.h"

#include <array>

namespace dalbit::execute {

/// The common shape. Throws dalbit::Error if there is none.
Shape broadcastShape(llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);

/// Steps, in elements, of an operand of shape \p from in each dimension of
/// \p to; 0 where it is repeated.
Shape broadcastSteps(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to);

/// Joins neighbouring dimensions that every operand walks evenly. \p steps
/// holds one list per operand.
void joinDimensions(Shape &shape, llvm::MutableArrayRef<Shape> steps);

/// Calls `row(count, first element of each operand, step of each operand)` for
/// runs that cover \p shape in row-major order.
template <size_t N, typename Row>
void forEachRow(Shape shape, std::array<Shape, N> steps, Row row) {
  for (int64_t dim : shape)
    if (dim == 0)
      return;
  joinDimensions(shape, steps);
  size_t outer = shape.size() - 1;
  std::array<int64_t, N> at{}, step;
  for (size_t k = 0; k < N; ++k)
    step[k] = steps[k][outer];
  Shape index(outer, 0);
  while (true) {
    row(shape[outer], at, step);
    size_t dim = outer;
    while (dim > 0) {
      --dim;
      for (size_t k = 0; k < N; ++k)
        at[k] += steps[k][dim];
      if (++index[dim] < shape[dim])
        break;
      for (size_t k = 0; k < N; ++k)
        at[k] -= steps[k][dim] * shape[dim];
      index[dim] = 0;
      if (dim == 0)
        return;
    }
    if (outer == 0)
      return;
  }
}

/// out[i] = f(a[i], b[i]) with broadcasting; the three cases that a compiler
/// can vectorise are written out.
template <typename A, typename B, typename Out, typename F>
void broadcastBinary(const Tensor &a, const Tensor &b, Tensor &out, F f) {
  const A *pa = a.data<A>();
  const B *pb = b.data<B>();
  Out *po = out.data<Out>();
  Shape shape(out.shape());
  forEachRow<2>(
      shape,
      {broadcastSteps(a.shape(), shape), broadcastSteps(b.shape(), shape)},
      [&](int64_t n, std::array<int64_t, 2> at, std::array<int64_t, 2> step) {
        const A *x = pa + at[0];
        const B *y = pb + at[1];
        if (step[0] == 1 && step[1] == 1) {
          for (int64_t i = 0; i < n; ++i)
            po[i] = f(x[i], y[i]);
        } else if (step[0] == 1 && step[1] == 0) {
          B second = *y;
          for (int64_t i = 0; i < n; ++i)
            po[i] = f(x[i], second);
        } else if (step[0] == 0 && step[1] == 1) {
          A first = *x;
          for (int64_t i = 0; i < n; ++i)
            po[i] = f(first, y[i]);
        } else {
          for (int64_t i = 0; i < n; ++i)
            po[i] = f(x[i * step[0]], y[i * step[1]]);
        }
        po += n;
      });
}

/// \p tensor repeated to \p shape.
Tensor broadcastTo(const Tensor &tensor, llvm::ArrayRef<int64_t> shape);

/// Elements \p from, \p from + steps[i] ... of \p tensor as a new tensor of
/// \p shape: the common core of Transpose, Slice and Expand.
Tensor gatherStrided(const Tensor &tensor, llvm::ArrayRef<int64_t> shape,
                     int64_t from, llvm::ArrayRef<int64_t> steps);

/// Row-major steps of a dense tensor.
Shape denseSteps(llvm::ArrayRef<int64_t> shape);

/// An axis counted from the front. Throws if there is no such axis.
int64_t frontAxis(int64_t axis, int64_t rank);

} // namespace dalbit::execute
