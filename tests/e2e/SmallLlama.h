// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A decoder with RMSNorm, rotary embeddings, shared key heads and a gated
// feed-forward, with seeded weights, as text of the nn dialect. Its knobs are
// what Llama, GPT-J, Qwen, Gemma and Mistral differ by.

#pragma once

#include <string>
#include <vector>

namespace dalbit::test {

struct SmallLlama {
  int width = 48, heads = 4, kvHeads = 2, size = 12, hidden = 72,
      vocabulary = 80, context = 64, layers = 2;
  int pairs = 6; ///< columns turned, by two
  bool interleaved = false;
  bool headNorms = false;
  /// Head norms are layer norms, with numbers of each head (else of all).
  bool headLayerNorms = false, ownNumbers = false;
  /// One head of keys, repeated behind the angles (Falcon).
  bool repeatedKeys = false;
  bool givenPositions = false; ///< an input of positions
  int window = 0;
  float softcap = 0;
  int experts = 0; ///< of the feed-forward; 0: it is one for all
  int chosen = 2;
  bool normalised = true;   ///< gates of the chosen experts sum up to 1
  bool bias = false;        ///< scores by distance, as T5 has them
  std::vector<float> sinks; ///< by head; empty: none
  /// Keys and values of all layers are one input "past" [layers, 2, B, kvHeads,
  /// P, size] and one result "present".
  bool stacked = false;
  unsigned seed = 3;
};

std::string smallLlamaText(const SmallLlama &model);

} // namespace dalbit::test
