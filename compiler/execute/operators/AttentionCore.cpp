// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/operators/AttentionCore.h"

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Matrix.h"

#include "support/Error.h"

#include <cmath>
#include <limits>

namespace dalbit::execute {

namespace {

constexpr float hidden = -std::numeric_limits<float>::infinity();

/// Probabilities of a row of scores in place; zeros if \p allHidden.
void softmaxRow(float *row, int64_t count, bool allHidden, const float *sink) {
  if (allHidden) {
    std::fill_n(row, count, 0.0f);
    return;
  }
  float most = sink ? *sink : hidden;
  for (int64_t i = 0; i < count; ++i)
    most = std::max(most, row[i]);
  if (most == hidden)
    most = 0;
  float sum = sink ? std::exp(*sink - most) : 0;
  for (int64_t i = 0; i < count; ++i)
    sum += row[i] = std::exp(row[i] - most);
  for (int64_t i = 0; i < count && sum != 0; ++i)
    row[i] /= sum;
}

} // namespace

void checkSinks(const Tensor &sinks, int64_t heads) {
  if (sinks.shape() != llvm::ArrayRef<int64_t>({heads}))
    throw Error("its sinks are of shape " + shapeText(sinks.shape()) +
                ", not one a head, " + shapeText({heads}));
  for (int64_t h = 0; h < heads; ++h)
    if (float sink = sinks.data<float>()[h];
        std::isnan(sink) || sink == std::numeric_limits<float>::infinity())
      throw Error("the sink of head " + std::to_string(h) + " is " +
                  (std::isnan(sink) ? "nan" : "infinite") +
                  "; it must be a number, or -inf for none");
}

void AttentionParts::run() {
  bool ranks = query.rank() == 4 && key.rank() == 4 && value.rank() == 4;
  if (!ranks || key.dim(0) != query.dim(0) || value.dim(0) != query.dim(0) ||
      key.dim(3) != query.dim(3) || value.dim(1) != key.dim(1) ||
      value.dim(2) != key.dim(2) || key.dim(1) == 0 ||
      query.dim(1) % key.dim(1))
    throw Error("query, key and value of shapes " + shapeText(query.shape()) +
                ", " + shapeText(key.shape()) + " and " +
                shapeText(value.shape()) + " do not go together");
  int64_t batch = query.dim(0), heads = query.dim(1), rows = query.dim(2);
  int64_t depth = query.dim(3), keys = key.dim(2), width = value.dim(3);
  int64_t group = heads / key.dim(1);
  if (std::max({rows, depth, keys, width}) > INT32_MAX)
    throw Error("a matrix dimension is beyond 2^31");
  if (sink)
    checkSinks(*sink, heads);
  Shape scoreShape = {batch, heads, rows, keys};
  Shape biasSteps;
  if (bias) {
    if (broadcastShape({bias->shape(), scoreShape}) != scoreShape)
      throw Error("a mask of shape " + shapeText(bias->shape()) +
                  " does not fit scores of shape " + shapeText(scoreShape));
    biasSteps = broadcastSteps(bias->shape(), scoreShape);
  }
  output = Tensor(ElementType::F32, {batch, heads, rows, width});
  if (keep >= 0)
    scores = Tensor(ElementType::F32, scoreShape);
  Tensor one(ElementType::F32, {rows, keys});
  float *row = one.data<float>();
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < heads; ++h) {
      int64_t at = b * heads + h, from = b * key.dim(1) + h / group;
      auto note = [&](int mode) {
        if (keep == mode)
          std::copy_n(row, rows * keys,
                      scores.data<float>() + at * rows * keys);
      };
      multiply(query.data<float>() + at * rows * depth, depth, false,
               key.data<float>() + from * keys * depth, depth, true, row, keys,
               rows, keys, depth);
      for (int64_t i = 0; i < rows * keys; ++i)
        row[i] *= scale;
      note(0);
      if (softcap > 0)
        for (int64_t i = 0; i < rows * keys; ++i)
          row[i] = softcap * std::tanh(row[i] / softcap);
      note(1);
      llvm::SmallVector<bool> allHidden(size_t(rows), false);
      if (bias)
        for (int64_t i = 0; i < rows; ++i) {
          const float *add = bias->data<float>() + b * biasSteps[0] +
                             h * biasSteps[1] + i * biasSteps[2];
          bool all = keys > 0;
          for (int64_t j = 0; j < keys; ++j) {
            float more = add[j * biasSteps[3]];
            all &= more == hidden;
            row[i * keys + j] += more;
          }
          allHidden[size_t(i)] = all;
        }
      note(2);
      for (int64_t i = 0; i < rows; ++i)
        softmaxRow(row + i * keys, keys, allHidden[size_t(i)],
                   sink ? sink->data<float>() + h : nullptr);
      note(3);
      multiply(row, keys, false, value.data<float>() + from * keys * width,
               width, false, output.data<float>() + at * rows * width, width,
               rows, width, keys);
    }
}

Tensor rotate(const Tensor &x, const Tensor &cos, const Tensor &sin,
              const Tensor &rows, bool interleaved) {
  if (x.rank() != 4 || cos.rank() != 2 || sin.shape() != cos.shape() ||
      cos.dim(1) * 2 > x.dim(3) ||
      rows.shape() != llvm::ArrayRef<int64_t>({x.dim(0), x.dim(2)}))
    throw Error("cosines of shape " + shapeText(cos.shape()) +
                " and positions of shape " + shapeText(rows.shape()) +
                " do not fit shape " + shapeText(x.shape()));
  int64_t half = cos.dim(1), depth = x.dim(3), length = x.dim(2);
  Tensor out(ElementType::F32, x.shape());
  for (int64_t b = 0; b < x.dim(0); ++b)
    for (int64_t h = 0; h < x.dim(1); ++h)
      for (int64_t s = 0; s < length; ++s) {
        int64_t angle = rows.data<int64_t>()[b * length + s];
        if (angle < 0 || angle >= cos.dim(0))
          throw Error("position " + std::to_string(angle) +
                      " is outside the table of " + std::to_string(cos.dim(0)));
        int64_t at = ((b * x.dim(1) + h) * length + s) * depth;
        const float *from = x.data<float>() + at;
        float *to = out.data<float>() + at;
        std::copy_n(from, depth, to);
        for (int64_t i = 0; i < half; ++i) {
          int64_t p = interleaved ? 2 * i : i;
          int64_t q = interleaved ? 2 * i + 1 : i + half;
          float c = cos.data<float>()[angle * half + i];
          float d = sin.data<float>()[angle * half + i];
          to[p] = c * from[p] - d * from[q];
          to[q] = d * from[p] + c * from[q];
        }
      }
  return out;
}

} // namespace dalbit::execute
