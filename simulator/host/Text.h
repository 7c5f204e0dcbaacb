// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text in and out of a language model, whatever runs it: greedy generation (M5)
// and bits per byte over a text (M6). The model is a function, so that float
// executor and NPU share all of this.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace dalbit::host {

/// Runs tokens after those before (a first call after reset begins at position
/// 0) and returns the logits of all of them, or of the last only.
struct LanguageModel {
  std::function<void()> reset;
  std::function<std::vector<std::vector<float>>(std::span<const int32_t> tokens,
                                                bool allRows)>
      run;
  uint32_t context = 0;
};

/// Index of the first maximum.
int32_t greedy(std::span<const float> logits);

struct Evaluation {
  double bitsPerByte = 0;
  uint64_t bytes = 0; ///< counted
};
/// M6: windows of the whole context, stride half; the first half is context
/// only, except in the first window, where all but the first byte count; each
/// byte counts once. \p progress gets bytes done.
Evaluation evaluate(const LanguageModel &model, std::span<const int32_t> tokens,
                    const std::function<void(uint64_t)> &progress);

/// The bytes as UTF-8 with what is not UTF-8 as U+FFFD.
std::string printable(const std::string &bytes);

} // namespace dalbit::host
