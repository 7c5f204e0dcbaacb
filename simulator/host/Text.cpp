// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Text.h"

#include "support/Error.h"
#include "support/Parallel.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

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

size_t windowsOf(size_t tokens, uint32_t context) {
  size_t stride = std::max(context / 2, 1u);
  if (tokens < 2)
    return 0;
  return tokens <= context ? 1 : 1 + (tokens - context + stride - 1) / stride;
}

Evaluation evaluate(std::span<const LanguageModel> models,
                    std::span<const int32_t> tokens,
                    const std::function<uint64_t(int32_t)> &bytesOf,
                    const std::function<void(uint64_t)> &progress) {
  size_t window = models.front().context, stride = window / 2;
  if (window < 2)
    throw Error("a context of " + std::to_string(window) +
                " has no token to predict");
  size_t count = windowsOf(tokens.size(), uint32_t(window));
  struct Part {
    double bits = 0;
    uint64_t bytes = 0;
  };
  std::vector<Part> parts(count);
  auto run = [&](const LanguageModel &model, size_t i) {
    size_t first = i * stride, end = std::min(first + window, tokens.size());
    model.reset();
    // The last token of a window is only predicted.
    std::vector<std::vector<float>> rows =
        model.run(tokens.subspan(first, end - 1 - first), /*allRows=*/true);
    size_t counted = i == 0 ? 1 : (i - 1) * stride + window;
    for (size_t t = counted; t < end; ++t) {
      parts[i].bits += bitsOf(rows[t - 1 - first], tokens[t]);
      parts[i].bytes += bytesOf(tokens[t]);
    }
    return end - counted;
  };
  std::atomic<size_t> next = 0;
  std::mutex shown;
  uint64_t done = 1;
  parallelFor(unsigned(models.size()), models.size(), [&](size_t m) {
    for (size_t i; (i = next++) < count;) {
      size_t more = run(models[m], i);
      std::lock_guard lock(shown);
      progress(done += more);
    }
  });
  // In the order of the text, so that threads do not change the last digit.
  Part all;
  for (const Part &part : parts) {
    all.bits += part.bits;
    all.bytes += part.bytes;
  }
  return {all.bytes ? all.bits / double(all.bytes) : 0, all.bytes};
}

} // namespace dalbit::host
