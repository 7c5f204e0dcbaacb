// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/integer/Attend.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/execute/integer/Rows.h"
#include "support/Error.h"

#include <algorithm>
#include <cmath>

namespace dalbit::execute {

using quantise::ResidualFraction;

Scaled quantiseRow(const int32_t *x, int64_t cols, int8_t *codes,
                   quantise::Pair factor) {
  int64_t maximum = absmaxOf(x, cols);
  Scaled inverse = divide(scaledOf(quantise::makePair(127)), {maximum, 0});
  for (int64_t c = 0; c < cols; ++c)
    codes[c] = int8_t(std::clamp(requantise(x[c], inverse, 0), -128, 127));
  return times({maximum, 0}, scaledOf(factor));
}

uint32_t wordOf(Scaled scale) {
  return uint16_t(scale.m) | uint32_t(uint8_t(scale.e)) << 16;
}

Scaled scaleOfWord(int32_t word) {
  return {int16_t(word & 0xffff), int8_t(word >> 16)};
}

ScoreBias::ScoreBias(std::optional<mlir::TypedAttr> bias,
                     std::optional<int64_t> origin) {
  if (!bias)
    return;
  llvm::SmallVector<float> floats;
  onnx::readWeight(*bias, floats);
  for (float value : floats)
    values.push_back(quantise::toBias(value));
  auto type = mlir::cast<mlir::ShapedType>(bias->getType());
  perHead = type.getNumElements() / type.getDimSize(0);
  perQuery = type.getShape().back();
  this->origin = origin.value_or(-1);
}

const int32_t *ScoreBias::row(int64_t h, int64_t t, int64_t position,
                              const View &view) const {
  if (values.empty())
    return nullptr;
  const int32_t *head = values.data() + h * perHead;
  int64_t column = origin < 0 ? 0 : origin - position;
  if (column + view.first < 0 || column + view.end > perQuery ||
      (origin < 0 && (t + 1) * perQuery > perHead))
    throw Error("keys are further from query " + std::to_string(position) +
                " than the bias of the scores says");
  return head + (origin < 0 ? t * perQuery : column);
}

std::vector<int32_t> sinkScores(std::optional<mlir::TypedAttr> sinks) {
  llvm::SmallVector<float> floats;
  if (sinks)
    onnx::readWeight(*sinks, floats);
  std::vector<int32_t> scores;
  for (float value : floats)
    scores.push_back(quantise::toBias(value));
  return scores;
}

Scaled attendRow(const int32_t *x, int64_t size, const HeadCache &cache,
                 const View &view, const quantise::AttentionNumbers &numbers,
                 int32_t *out, std::vector<int32_t> &probabilities) {
  const quantise::Table &exponential = quantise::exponentialTable();
  int64_t visible = view.end;
  std::vector<int8_t> query(size), weights(visible);
  std::vector<int32_t> scores(visible), weighted(visible);
  Scaled queryScale = quantiseRow(x, size, query.data(), numbers.queryScale);
  int32_t maximum = INT32_MIN;
  for (int64_t s = view.first; s < visible; ++s) {
    int32_t sum = 0;
    for (int64_t i = 0; i < size; ++i)
      sum += int32_t(query[i]) * cache.keys[s * size + i];
    int32_t v =
        requantise(sum, scaleOfWord(cache.keyScales[s]), -numbers.scoreInner);
    v = requantise(v, queryScale, numbers.scoreInner - ResidualFraction);
    if (const quantise::Table *cap = view.softcap)
      v = requantise(
          v,
          {interpolate(cap->words.data(), v, cap->shift, cap->offset),
           cap->gateShift},
          0);
    if (view.bias)
      v = clamp32(int64_t(v) + view.bias[s]);
    if (view.mask)
      v = clamp32(int64_t(v) + view.mask[s]);
    scores[s] = v;
    maximum = std::max(maximum, v);
  }
  auto exponentialOf = [&](int64_t x, int slower) {
    return interpolate(exponential.words.data(), clamp32(x),
                       exponential.shift + slower, exponential.offset);
  };
  int64_t sum = 0;
  probabilities.assign(visible, 0);
  for (int64_t s = view.first; s < visible; ++s) {
    int32_t p = exponentialOf(int64_t(scores[s]) - maximum, 0);
    sum += p;
    probabilities[s] = p;
    weighted[s] = requantise(p, scaleOfWord(cache.valueScales[s]),
                             -numbers.probabilityInner);
  }
  quantiseRow(weighted.data(), visible, weights.data(),
              quantise::codeScale(numbers.probabilityInner));
  int64_t largest = absmaxOf(weighted.data(), visible);
  Scaled total = sumOf(sum);
  Scaled one = scaledOf(quantise::makePair(1)), factor = one;
  if (view.sink) {
    Scaled root = {
        exponentialOf(int64_t(maximum) - *view.sink, quantise::SinkShift), 0};
    factor = times(times(root, root), scaledOf(quantise::sinkUnit()));
    Scaled scaled = times(times(total, factor), one);
    int64_t below = exponentialOf(int64_t(*view.sink) - maximum, 0);
    total = {clamp32(requantise(scaled.m, one, scaled.e) + below), 0};
  }
  // S7: (maximum * 1/total) * 2^-inner/127.
  Scaled share = divide(one, total);
  if (view.sink)
    share = times(times(share, factor), one);
  Scaled scale = times(times({largest, 0}, share),
                       scaledOf(quantise::codeScale(numbers.probabilityInner)));
  for (int64_t i = 0; i < size; ++i) {
    int32_t sum = 0;
    for (int64_t s = 0; s < visible; ++s)
      sum += int32_t(weights[s]) * cache.values[s * size + i];
    out[i] = requantise(sum, scale, -ResidualFraction);
  }
  return total;
}

} // namespace dalbit::execute
