// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products. Floats by OpenBLAS (16-bit ones in float), integers by a
// plain loop that wraps.

#include "compiler/execute/operators/Matrix.h"

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

#include <cblas.h>

namespace dalbit::execute {

void multiply(const float *a, int64_t stepA, bool transA, const float *b,
              int64_t stepB, bool transB, float *out, int64_t stepOut,
              int64_t m, int64_t n, int64_t k) {
  if (m == 0 || n == 0)
    return;
  if (k == 0) {
    for (int64_t i = 0; i < m; ++i)
      std::fill_n(out + i * stepOut, n, 0.0f);
    return;
  }
  cblas_sgemm(CblasRowMajor, transA ? CblasTrans : CblasNoTrans,
              transB ? CblasTrans : CblasNoTrans, int(m), int(n), int(k), 1.0f,
              a, int(stepA), b, int(stepB), 0.0f, out, int(stepOut));
}

void multiply(const float *a, int64_t stepA, const float *b, int64_t stepB,
              float *out, int64_t m, int64_t n, int64_t k) {
  multiply(a, stepA, false, b, stepB, false, out, n, m, n, k);
}

void multiply(const double *a, int64_t stepA, const double *b, int64_t stepB,
              double *out, int64_t m, int64_t n, int64_t k) {
  if (m && n && k)
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, int(m), int(n),
                int(k), 1.0, a, int(stepA), b, int(stepB), 0.0, out, int(n));
  else
    std::fill_n(out, m * n, 0.0);
}

namespace {

template <typename T>
void multiplyInteger(const T *a, const T *b, T *out, int64_t m, int64_t n,
                     int64_t k) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      uint64_t sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += uint64_t(a[i * k + l]) * uint64_t(b[l * n + j]);
      out[i * n + j] = T(sum);
    }
}

} // namespace

Tensor matMul(Tensor a, Tensor b) {
  bool dropRow = a.rank() == 1, dropColumn = b.rank() == 1;
  if (a.rank() == 0 || b.rank() == 0 || a.type() != b.type())
    throw Error(std::string("cannot multiply ") + elementName(a.type()) +
                shapeText(a.shape()) + " by " + elementName(b.type()) +
                shapeText(b.shape()));
  if (dropRow)
    a = a.reshaped({1, a.dim(0)});
  if (dropColumn)
    b = b.reshaped({b.dim(0), 1});
  int64_t m = a.dim(a.rank() - 2), k = a.dim(a.rank() - 1);
  int64_t n = b.dim(b.rank() - 1);
  if (b.dim(b.rank() - 2) != k)
    throw Error("cannot multiply shape " + shapeText(a.shape()) + " by " +
                shapeText(b.shape()));
  if (std::max({m, n, k}) > INT32_MAX)
    throw Error("a matrix dimension is beyond 2^31");
  if (a.type() == ElementType::F16 || a.type() == ElementType::BF16)
    return matMul(a.cast(ElementType::F32), b.cast(ElementType::F32))
        .cast(a.type());
  llvm::ArrayRef<int64_t> leadA = a.shape().drop_back(2);
  llvm::ArrayRef<int64_t> leadB = b.shape().drop_back(2);
  Shape lead = broadcastShape({leadA, leadB});
  Shape shape = lead;
  if (!dropRow)
    shape.push_back(m);
  if (!dropColumn)
    shape.push_back(n);
  Tensor out(a.type(), shape);
  // One weight matrix for a whole batch is one tall product.
  if (leadB.empty() || b.count() == k * n) {
    for (int64_t dim : leadA)
      m *= dim;
    if (m > INT32_MAX)
      throw Error("a matrix dimension is beyond 2^31");
    lead.clear();
    leadA = leadB = {};
  }
  int64_t done = 0;
  forEachRow<2>(
      lead, {broadcastSteps(leadA, lead), broadcastSteps(leadB, lead)},
      [&](int64_t count, std::array<int64_t, 2> at,
          std::array<int64_t, 2> step) {
        for (int64_t i = 0; i < count; ++i, ++done) {
          int64_t fromA = (at[0] + i * step[0]) * m * k;
          int64_t fromB = (at[1] + i * step[1]) * k * n;
          dispatch(a.type(), [&](auto tag) {
            using T = decltype(tag);
            const T *x = a.data<T>() + fromA;
            const T *y = b.data<T>() + fromB;
            T *to = out.data<T>() + done * m * n;
            if constexpr (std::is_same_v<T, float>)
              multiply(x, k, false, y, n, false, to, n, m, n, k);
            else if constexpr (std::is_same_v<T, double>)
              multiply(x, k, y, n, to, m, n, k);
            else if constexpr (std::is_integral_v<T> &&
                               !std::is_same_v<T, bool>)
              multiplyInteger(x, y, to, m, n, k);
            else
              throw Error(std::string("not supported for elements of type ") +
                          elementName(a.type()));
          });
        }
      });
  return out;
}

namespace {

void evalMatMul(Call &call) {
  call.output(0, matMul(call.input(0), call.input(1)));
}

Tensor transposed(const Tensor &x) {
  return gatherStrided(x, {x.dim(1), x.dim(0)}, 0, {1, x.dim(1)});
}

/// alpha * A' * B' + beta * C
void evalGemm(Call &call) {
  Tensor a = call.input(0), b = call.input(1);
  if (a.rank() != 2 || b.rank() != 2 || a.type() != b.type())
    throw Error(std::string("cannot multiply ") + elementName(a.type()) +
                shapeText(a.shape()) + " by " + elementName(b.type()) +
                shapeText(b.shape()));
  bool transA = call.integer("transA") != 0;
  bool transB = call.integer("transB") != 0;
  float alpha = call.number("alpha", 1), beta = call.number("beta", 1);
  int64_t m = a.dim(transA ? 1 : 0), k = a.dim(transA ? 0 : 1);
  int64_t n = b.dim(transB ? 0 : 1);
  Tensor product;
  if (a.type() == ElementType::F32 && b.dim(transB ? 1 : 0) == k &&
      std::max({m, n, k}) <= INT32_MAX) {
    product = Tensor(ElementType::F32, {m, n});
    multiply(a.data<float>(), a.dim(1), transA, b.data<float>(), b.dim(1),
             transB, product.data<float>(), n, m, n, k);
  } else {
    product = matMul(transA ? transposed(a) : a, transB ? transposed(b) : b);
  }
  const Tensor *c = call.optional(2);
  if (!c && alpha == 1) {
    call.output(0, product);
    return;
  }
  Tensor addend = c ? *c : Tensor::scalar<float>(0).cast(product.type());
  if (addend.type() != product.type() ||
      broadcastShape({product.shape(), addend.shape()}) !=
          Shape(product.shape()))
    throw Error("C of shape " + shapeText(addend.shape()) +
                " does not broadcast to " + shapeText(product.shape()));
  Tensor out(product.type(), product.shape());
  dispatch(product.type(), [&](auto tag) {
    using T = decltype(tag);
    using F = std::conditional_t<std::is_same_v<T, double>, double, float>;
    broadcastBinary<T, T, T>(product, addend, out, [&](T x, T y) {
      if constexpr (std::is_integral_v<T>)
        if (alpha == 1 && beta == 1)
          return T(uint64_t(x) + uint64_t(y));
      return T(F(alpha) * F(x) + F(beta) * F(y));
    });
  });
  call.output(0, out);
}

} // namespace

Rows matrixOperators() {
  using Kind = AttributeKind;
  return {
      {"", "MatMul", {1, 9, 13}, 2, 2, 1, {}, elementOfFirst, evalMatMul},
      {"",
       "Gemm",
       {7, 9, 11, 13},
       2,
       3,
       1,
       {{"alpha", Kind::Float, "1"},
        {"beta", Kind::Float, "1"},
        {"transA", Kind::Int, "0"},
        {"transB", Kind::Int, "0"}},
       elementOfFirst,
       evalGemm},
  };
}

} // namespace dalbit::execute
