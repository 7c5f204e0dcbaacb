// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/nn/Experts.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace dalbit::execute {

Tensor route(const Tensor &logits, int64_t chosen, bool normalised) {
  Tensor out(ElementType::F32, logits.shape());
  int64_t experts = logits.shape().back();
  std::vector<int64_t> order(experts);
  for (int64_t at = 0; at < logits.count(); at += experts) {
    const float *row = logits.data<float>() + at;
    float *gates = out.data<float>() + at;
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return row[a] > row[b]; });
    float sum = 0;
    for (int64_t i = 0; i < experts; ++i) {
      float share = std::exp(row[order[i]] - row[order[0]]);
      if (i < chosen || !normalised)
        sum += share;
      gates[order[i]] = i < chosen ? share : 0;
    }
    for (int64_t e = 0; e < experts; ++e)
      gates[e] /= sum;
  }
  return out;
}

Tensor weigh(const Tensor &x, const Tensor &gates, int64_t expert) {
  Tensor out(ElementType::F32, x.shape());
  int64_t cols = x.shape().back(), experts = gates.shape().back();
  for (int64_t i = 0; i < x.count(); ++i)
    out.data<float>()[i] =
        x.data<float>()[i] * gates.data<float>()[i / cols * experts + expert];
  return out;
}

} // namespace dalbit::execute
