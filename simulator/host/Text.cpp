// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Text.h"

#include "support/Error.h"

#include <algorithm>
#include <cmath>

namespace dalbit::host {

namespace {

/// Bits of \p token under the softmax of \p logits.
double bitsOf(std::span<const float> logits, int32_t token) {
  if (token < 0 || size_t(token) >= logits.size())
    throw Error("token " + std::to_string(token) +
                " is outside the vocabulary of " +
                std::to_string(logits.size()));
  double maximum = *std::max_element(logits.begin(), logits.end()), sum = 0;
  for (float logit : logits)
    sum += std::exp(logit - maximum);
  return (std::log(sum) - (logits[size_t(token)] - maximum)) / std::log(2.0);
}

} // namespace

int32_t greedy(std::span<const float> logits) {
  return int32_t(std::max_element(logits.begin(), logits.end()) -
                 logits.begin());
}

std::vector<std::vector<float>>
generate(const LanguageModel &model, std::span<const int32_t> prompt,
         uint64_t count, bool allRows,
         const std::function<void(int32_t token)> &onToken) {
  std::vector<std::vector<float>> rows = model.run(prompt, allRows);
  for (uint64_t i = 1;; ++i) {
    int32_t token = model.choose(rows.back());
    onToken(token);
    if (i >= count)
      return rows;
    std::vector<std::vector<float>> next =
        model.run(std::span(&token, 1), allRows);
    if (!allRows)
      rows.clear();
    rows.push_back(std::move(next.back()));
  }
}

Evaluation evaluate(const LanguageModel &model, std::span<const int32_t> tokens,
                    const std::function<uint64_t(int32_t)> &bytesOf,
                    const std::function<void(uint64_t)> &progress) {
  if (model.context < 2)
    throw Error("a context of " + std::to_string(model.context) +
                " has no token to predict");
  Evaluation result;
  double bits = 0;
  size_t window = model.context, stride = window / 2, counted = 1;
  for (size_t first = 0; counted < tokens.size(); first += stride) {
    size_t end = std::min(first + window, tokens.size());
    model.reset();
    // The last token of a window is only predicted.
    std::vector<std::vector<float>> rows =
        model.run(tokens.subspan(first, end - 1 - first), /*allRows=*/true);
    for (; counted < end; ++counted) {
      bits += bitsOf(rows[counted - 1 - first], tokens[counted]);
      result.bytes += bytesOf(tokens[counted]);
    }
    progress(counted);
  }
  result.bitsPerByte = result.bytes ? bits / double(result.bytes) : 0;
  return result;
}

} // namespace dalbit::host
