// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all attention operators share: softmax(q k^T * scale + bias) v, and the
// rotation of queries and keys.

#pragma once

#include "compiler/execute/Tensor.h"

#include <optional>

namespace dalbit::execute {

struct AttentionParts {
  /// Floats [B, H, S, D], [B, G, T, D], [B, G, T, E]; H is a multiple of G.
  Tensor query, key, value;
  /// Added to the scores, broadcast to [B, H, S, T]; -inf hides a key. A row
  /// in which it hides every key gives zeros.
  std::optional<Tensor> bias;
  float scale = 1, softcap = 0;
  /// One more key a head, with this score and a value of zero (attention
  /// sinks): [H], or empty.
  std::optional<Tensor> sink;
  /// Which scores to keep in `scores`, numbered as the standard's
  /// qk_matmul_output_mode; -1: none.
  int keep = -1;

  /// Results: [B, H, S, E] and, if kept, [B, H, S, T].
  Tensor output, scores;

  /// Throws dalbit::Error if the shapes do not fit.
  void run();
};

/// Throws dalbit::Error unless \p sinks are numbers, one for each of \p heads;
/// a head whose sink is -inf has none.
void checkSinks(const Tensor &sinks, int64_t heads);

/// Rotates the first 2 * R elements of each row of \p x [B, H, S, D] by the
/// angles whose cosines and sines are rows of \p cos and \p sin [n, R]; \p rows
/// [B, S] says which row. Pairs are halves apart, or neighbours if
/// \p interleaved.
Tensor rotate(const Tensor &x, const Tensor &cos, const Tensor &sin,
              const Tensor &rows, bool interleaved);

} // namespace dalbit::execute
