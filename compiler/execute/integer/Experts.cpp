// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/integer/Experts.h"

#include "compiler/execute/integer/Rows.h"
#include "compiler/execute/integer/Rules.h"
#include "compiler/execute/integer/Softmax.h"
#include "compiler/quantise/Decoder.h"

namespace dalbit::execute {

Tensor routeInteger(Tensor logits, int64_t chosen, bool normalised) {
  Tensor out(ElementType::I32, logits.shape());
  RowsOf<int32_t> in(logits), gates(out);
  int64_t experts = in.cols;
  Scaled spread = {int64_t(1) << quantise::keyBits(experts), 0};
  std::vector<int32_t> first(experts), keys, shares(experts);
  for (int64_t r = 0; r < in.count; ++r) {
    int32_t maximum = *std::max_element(in[r], in[r] + experts);
    int64_t sum = 0, kept = 0;
    for (int64_t e = 0; e < experts; ++e) {
      int32_t distance = clamp32(int64_t(in[r][e]) - maximum);
      shares[e] = shareOf(distance);
      sum += shares[e];
      first[e] =
          clamp32(int64_t(requantise(distance, spread, 0)) + experts - 1 - e);
    }
    keys = first;
    int32_t least = *std::max_element(keys.begin(), keys.end());
    for (int64_t i = 1; i < chosen; ++i) {
      for (int32_t &key : keys)
        if (key >= least)
          key = clamp32(int64_t(key) + INT32_MIN);
      least = *std::max_element(keys.begin(), keys.end());
    }
    for (int64_t e = 0; e < experts; ++e) {
      gates[r][e] = first[e] >= least ? shares[e] : 0;
      kept += gates[r][e];
    }
    Scaled share =
        divide(scaledOf(quantise::makePair(1)), sumOf(normalised ? kept : sum));
    for (int64_t e = 0; e < experts; ++e)
      gates[r][e] = requantise(gates[r][e], share, -quantise::GateFraction);
  }
  return out;
}

Tensor weighInteger(Tensor x, Tensor gates, int64_t expert) {
  Tensor out(ElementType::I32, x.shape());
  RowsOf<int32_t> in(x), factors(gates), result(out);
  for (int64_t r = 0; r < in.count; ++r)
    for (int64_t c = 0; c < in.cols; ++c)
      result[r][c] = requantise(
          in[r][c], {int16_t(factors[r][expert]), quantise::GateFraction}, 0);
  return out;
}

} // namespace dalbit::execute
