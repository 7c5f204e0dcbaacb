// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/quantise/Weights.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace dalbit::quantise {

int32_t toFixed(double value, int fraction) {
  double scaled = std::round(std::ldexp(value, fraction));
  if (scaled >= 2147483647.0)
    return std::numeric_limits<int32_t>::max();
  if (scaled <= -2147483648.0)
    return std::numeric_limits<int32_t>::min();
  return int32_t(scaled);
}

int32_t toBias(double value) {
  return std::clamp(toFixed(value, ResidualFraction), -HiddenScore,
                    HiddenScore);
}

namespace {

/// The best multiplier and zero for one group of int8 targets: least squared
/// error over all multipliers 1..16 with the zero that centres the group.
void fitGroup(std::span<const float> target, uint8_t &header, uint8_t *nibbles,
              int8_t *codes) {
  float low = 0, high = 0;
  for (float t : target) {
    low = std::min(low, t);
    high = std::max(high, t);
  }
  double best = std::numeric_limits<double>::max();
  int bestMultiplier = 1, bestZero = 8;
  for (int multiplier = 1; multiplier <= 16; ++multiplier) {
    int centre = int(std::lround(-low / multiplier));
    for (int zero = std::max(0, centre - 1); zero <= std::min(15, centre + 1);
         ++zero) {
      double error = 0;
      for (float t : target) {
        long code = std::clamp(std::lround(t / multiplier) + zero, 0L, 15L);
        double value = double(code - zero) * multiplier;
        // A14: nothing may saturate.
        error += value > 127 || value < -128 ? 1e9 : (value - t) * (value - t);
      }
      if (error < best) {
        best = error;
        bestMultiplier = multiplier;
        bestZero = zero;
      }
    }
  }
  header = uint8_t((bestMultiplier - 1) << 4 | bestZero);
  for (size_t i = 0; i < target.size(); ++i) {
    long code =
        std::clamp(std::lround(target[i] / bestMultiplier) + bestZero, 0L, 15L);
    nibbles[i] = uint8_t(code);
    codes[i] = int8_t((code - bestZero) * bestMultiplier);
  }
}

} // namespace

QuantisedLinear quantiseLinear(std::span<const float> weight,
                               std::span<const float> bias, int64_t k,
                               int64_t n, WeightForm form,
                               const WeightGrid *grid) {
  assert(int64_t(weight.size()) == k * n && "weight is [k][n]");
  QuantisedLinear result;
  result.k = k;
  result.n = n;
  result.form = form;
  result.codes.resize(k * n);
  result.channels.resize(n);
  result.bias.assign(n, 0);
  int64_t groups = (k + W4Group - 1) / W4Group;
  if (form == WeightForm::W4) {
    result.nibbles.resize(k * n);
    result.headers.resize(n * groups);
  }
  for (int64_t i = 0; i < int64_t(bias.size()); ++i)
    result.bias[i] = toFixed(bias[i], ResidualFraction);

  std::vector<double> scales(n);
  // Columns are read side by side: one alone would fetch a line of the cache
  // for each of its weights.
  constexpr int64_t Together = 16;
  std::vector<float> columns(Together * k);
  double largest = 0, largestScale = 0;
  for (int64_t c = 0; c < n; ++c) {
    if (c % Together == 0)
      for (int64_t i = 0; i < k; ++i)
        for (int64_t j = 0; j < std::min(Together, n - c); ++j)
          columns[j * k + i] = weight[i * n + c + j];
    std::span<float> column(&columns[c % Together * k], size_t(k));
    float maximum = 0;
    for (float w : column)
      maximum = std::max(maximum, std::fabs(w));
    // 4-bit groups reach 15 * 16 / 2: a grid of 119 leaves room for the
    // multiplier's rounding.
    double steps = form == WeightForm::W4 ? 119 : 127;
    double scale = scales[c] = maximum / steps;
    int8_t *codes = &result.codes[c * k];
    if (scale > 0)
      for (int64_t i = 0; i < k; ++i)
        column[i] = float(column[i] / scale);
    else
      std::fill(column.begin(), column.end(), 0.0f);
    if (form == WeightForm::W8 && grid) {
      scale = scales[c] = grid->scales[c];
      for (int64_t i = 0; i < k; ++i)
        codes[i] = int8_t(grid->codes[i * n + c]);
    } else if (form == WeightForm::W8) {
      for (int64_t i = 0; i < k; ++i)
        codes[i] = int8_t(std::clamp(std::lround(column[i]), -127L, 127L));
    } else {
      for (int64_t g = 0; g < groups; ++g) {
        int64_t first = g * W4Group,
                count = std::min<int64_t>(W4Group, k - first);
        fitGroup(column.subspan(first, count), result.headers[c * groups + g],
                 &result.nibbles[c * k + first], codes + first);
      }
    }
    double sum = 0;
    for (int64_t i = 0; i < k; ++i)
      sum += std::abs(int(codes[i]));
    largest = std::max(largest, 127 * sum * scale);
    largestScale = std::max(largestScale, scale);
  }

  // 2^30.99 leaves room for the mantissa's rounding; a pair's shift may not be
  // negative.
  result.inner = largest > 0 ? int(std::floor(30.99 - std::log2(largest))) : 0;
  if (largestScale > 0)
    result.inner =
        std::min(result.inner, int(std::floor(14 - std::log2(largestScale))));
  result.inner = std::clamp(result.inner, -60, 60);
  for (int64_t c = 0; c < n; ++c)
    result.channels[c] = makePair(std::ldexp(scales[c], result.inner));
  return result;
}

int normFraction(std::span<const float> gamma, std::span<const float> beta) {
  double scale = 1, offset = 0;
  for (float g : gamma)
    scale = std::max(scale, double(std::fabs(g)));
  for (float b : beta)
    offset = std::max(offset, double(std::fabs(b)));
  // No element of a normalised row is above sqrt(D).
  double bound = std::sqrt(double(gamma.size())) * scale + offset;
  return std::clamp(int(std::floor(30.9 - std::log2(bound))), 0, 20);
}

QuantisedNorm quantiseNorm(std::span<const float> gamma,
                           std::span<const float> beta, float epsilon,
                           int fraction, int64_t size) {
  QuantisedNorm result;
  for (float g : gamma)
    result.gamma.push_back(makePair(g));
  result.beta.assign(gamma.size(), 0);
  for (size_t i = 0; i < beta.size(); ++i)
    result.beta[i] = toFixed(beta[i], fraction);
  result.inverseSize = makePair(1 / double(size));
  result.squareFactor =
      makePair(std::ldexp(1 / double(size), -2 * ResidualFraction));
  result.epsilon = makePair(epsilon);
  result.adjust = ResidualFraction - fraction;
  return result;
}

AttentionNumbers attentionNumbers(int64_t size, double scale) {
  AttentionNumbers numbers;
  // Keys of up to 256 in absolute value cannot saturate a score: 127 * size *
  // 256 * 2^inner < 2^31.
  numbers.scoreInner = 23 - int(std::ceil(std::log2(127.0 * double(size))));
  // Probabilities are below 2^15, value scales of up to 2^8 become pairs below
  // 2^15.
  numbers.probabilityInner = 7;
  numbers.queryScale = makePair(std::ldexp(scale / 127, -ResidualFraction));
  return numbers;
}

Pair codeScale(int fraction) {
  return makePair(std::ldexp(1.0 / 127, -fraction));
}

Pair highCodeScale(int fraction) {
  return makePair(std::ldexp(1.0 / WideMaximum, 8 - fraction));
}

Pair lowCodeScale(int fraction) {
  return makePair(std::ldexp(1.0 / WideMaximum, -fraction));
}

} // namespace dalbit::quantise
