// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Multi-head attention over a key/value cache in float, as nn.attention
// defines it (compiler/dialect/nn/NNOps.td).

#pragma once

#include "compiler/execute/Tensor.h"

#include <vector>

namespace dalbit::execute {

struct AttentionInputs {
  const Tensor *query = nullptr;                         // [B, T, heads * d]
  const Tensor *key = nullptr;                           // [B, U, kvHeads * d]
  const Tensor *value = nullptr;                         // like key
  const Tensor *pastKey = nullptr, *pastValue = nullptr; // [B, kvHeads, P, d]
  const Tensor *keyMask = nullptr; // [B, S], added to the scores
  /// Added to the scores: [heads, distances], the distance of key and query
  /// counted from column biasOrigin, or [heads, T, S] (biasOrigin < 0).
  const Tensor *bias = nullptr;
  int64_t biasOrigin = -1;
  /// [heads]: the score of one more key that has no value.
  const Tensor *sinks = nullptr;
  int64_t heads = 1, kvHeads = 1;
  bool causal = false;
  float scale = 1;
  float hiddenScore = 0; // instead of the score of a later key
  int64_t window = 0;    // keys that a query sees, itself included; 0: all
  float softcap = 0;     // 0: none
};

/// out [B, T, heads * d], present_key and present_value [B, kvHeads, S, d],
/// S = P + U. Throws dalbit::Error if the sizes do not fit together.
std::vector<Tensor> attention(const AttentionInputs &call);

/// Probabilities [B, T, S], a mean over the heads; keys are \p call's new ones.
Tensor attentionWeights(const AttentionInputs &call);

} // namespace dalbit::execute
