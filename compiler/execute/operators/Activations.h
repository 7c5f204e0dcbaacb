// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas of activation functions that several operators use. T is float or
// double.

#pragma once

#include <algorithm>
#include <cmath>

namespace dalbit::execute {

template <typename T> T sigmoid(T x) {
  // exp of a negative number only: no overflow.
  T e = std::exp(-std::fabs(x));
  return (x >= T(0) ? T(1) : e) / (T(1) + e);
}

template <typename T> T softplus(T x) {
  return std::max(x, T(0)) + std::log1p(std::exp(-std::fabs(x)));
}

/// x Φ(x)
template <typename T> T gelu(T x) {
  return T(0.5) * x * (T(1) + std::erf(x * T(0.7071067811865476)));
}

/// Its approximation by tanh; the first factor is sqrt(2 / pi).
template <typename T> T geluTanh(T x) {
  T inner = T(0.7978845608028654) * (x + T(0.044715) * x * x * x);
  return T(0.5) * x * (T(1) + std::tanh(inner));
}

template <typename T> T swish(T x, T alpha) { return x * sigmoid(alpha * x); }

} // namespace dalbit::execute
