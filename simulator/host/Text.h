// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text in and out of a language model, whatever runs it: greedy generation (the
// first token comes from the prefill, each further one from a step with one
// token) and bits per byte over a text. The model is a function, so that float
// executor and NPU share all of this. Left out: what the tokens stand for,
// except bytes.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dalbit::host {

/// Index of the first maximum.
int32_t greedy(std::span<const float> logits);

/// Runs tokens after those before (a first call after reset begins at position
/// 0) and returns the logits of all of them, or of the last only.
struct LanguageModel {
  std::function<void()> reset;
  std::function<std::vector<std::vector<float>>(std::span<const int32_t> tokens,
                                                bool allRows)>
      run;
  uint32_t context = 0;
  /// The token that follows; gets the last logits.
  std::function<int32_t(std::span<const float> logits)> choose = greedy;
};

/// Runs \p prompt and generates \p count >= 1 tokens; \p onToken gets each as
/// soon as it is there. The last one is not run. Returns the logits of prompt
/// and generated tokens (prompt + count - 1 rows), or without \p allRows those
/// of the last row only. The model goes on from where it is.
std::vector<std::vector<float>>
generate(const LanguageModel &model, std::span<const int32_t> prompt,
         uint64_t count, bool allRows,
         const std::function<void(int32_t token)> &onToken);

struct Evaluation {
  double bitsPerByte = 0;
  uint64_t bytes = 0; ///< of the tokens that count
};

/// Windows of the whole context, stride half; the first half is context only,
/// except in the first window, where all but the first token count; each counts
/// once. \p models are copies of one model: each takes windows on a thread of
/// its own, and the result is the same for any number of them. \p bytesOf says
/// how many bytes a token is. \p progress gets the number of tokens done, on
/// one thread at a time. Throws Error if the context is below 2 or a token has
/// no logit.
Evaluation evaluate(std::span<const LanguageModel> models,
                    std::span<const int32_t> tokens,
                    const std::function<uint64_t(int32_t)> &bytesOf,
                    const std::function<void(uint64_t)> &progress);

/// How many windows evaluate() runs.
size_t windowsOf(size_t tokens, uint32_t context);

} // namespace dalbit::host
