// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The matrix product under MatMul, Gemm and the kernels of the nn dialect.

#pragma once

#include "compiler/execute/Tensor.h"

namespace dalbit::execute {

/// out [m, n] = a' [m, k] times b' [k, n]; a' is a or, if \p transA, the
/// transposed of a [k, m]; likewise b. Row-major, rows of a, b and out begin
/// \p stepA, \p stepB and \p stepOut elements apart (at least their length).
/// Sizes below 2^31; k = 0 gives zeros.
void multiply(const float *a, int64_t stepA, bool transA, const float *b,
              int64_t stepB, bool transB, float *out, int64_t stepOut,
              int64_t m, int64_t n, int64_t k);

/// out [m, n] = a [m, k] times b [k, n], rows of a and b \p stepA and \p stepB
/// elements apart.
void multiply(const float *a, int64_t stepA, const float *b, int64_t stepB,
              float *out, int64_t m, int64_t n, int64_t k);
void multiply(const double *a, int64_t stepA, const double *b, int64_t stepB,
              double *out, int64_t m, int64_t n, int64_t k);

/// The standard's MatMul: a [..., M, K] times b [..., K, N], leading dimensions
/// broadcast, a rank of 1 is a row (a) or a column (b). Integers wrap.
Tensor matMul(Tensor a, Tensor b);

} // namespace dalbit::execute
