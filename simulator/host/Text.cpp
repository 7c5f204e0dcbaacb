// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Text.h"

#include <algorithm>
#include <cmath>

namespace dalbit::host {

int32_t greedy(std::span<const float> logits) {
  return int32_t(std::max_element(logits.begin(), logits.end()) -
                 logits.begin());
}

/// Bits of \p token under the softmax of \p logits.
static double bitsOf(std::span<const float> logits, int32_t token) {
  double maximum = *std::max_element(logits.begin(), logits.end()), sum = 0;
  for (float logit : logits)
    sum += std::exp(logit - maximum);
  return (std::log(sum) - (logits[size_t(token)] - maximum)) / std::log(2.0);
}

Evaluation evaluate(const LanguageModel &model, std::span<const int32_t> tokens,
                    const std::function<void(uint64_t)> &progress) {
  Evaluation result;
  double bits = 0;
  size_t window = model.context, stride = std::max<size_t>(window / 2, 1),
         counted = 1;
  for (size_t first = 0; counted < tokens.size(); first += stride) {
    size_t end = std::min(first + window, tokens.size());
    model.reset();
    // The last token of a window is only predicted.
    auto rows =
        model.run(tokens.subspan(first, end - 1 - first), /*allRows=*/true);
    for (; counted < end; ++counted) {
      bits += bitsOf(rows[counted - 1 - first], tokens[counted]);
      ++result.bytes;
    }
    progress(counted);
  }
  result.bitsPerByte = result.bytes ? bits / double(result.bytes) : 0;
  return result;
}

std::string printable(const std::string &bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size();) {
    uint8_t lead = uint8_t(bytes[i]);
    size_t length = lead < 0x80                   ? 1
                    : lead >= 0xc2 && lead < 0xe0 ? 2
                    : lead >= 0xe0 && lead < 0xf0 ? 3
                    : lead >= 0xf0 && lead < 0xf5 ? 4
                                                  : 0;
    bool valid = length > 0 && i + length <= bytes.size();
    for (size_t j = 1; valid && j < length; ++j)
      valid = (uint8_t(bytes[i + j]) & 0xc0) == 0x80;
    if (valid && length >= 3) {
      uint8_t second = uint8_t(bytes[i + 1]);
      // Overlong forms, surrogates and what is past U+10FFFF.
      valid = !(lead == 0xe0 && second < 0xa0) &&
              !(lead == 0xed && second >= 0xa0) &&
              !(lead == 0xf0 && second < 0x90) &&
              !(lead == 0xf4 && second >= 0x90);
    }
    if (valid) {
      text.append(bytes, i, length);
      i += length;
    } else {
      text += "\xef\xbf\xbd";
      ++i;
    }
  }
  return text;
}

} // namespace dalbit::host
