// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/nn/Attention.h"

#include "compiler/execute/operators/AttentionCore.h"
#include "compiler/execute/operators/Matrix.h"

#include "support/Error.h"

#include <cmath>
#include <cstring>

namespace dalbit::execute {

namespace {

/// The past [B, G, P, d] and the new rows [B, U, G*d] as [B, G, P+U, d].
Tensor append(const Tensor *past, const Tensor &fresh, int64_t heads) {
  int64_t batch = fresh.dim(0), tokens = fresh.dim(1);
  int64_t width = fresh.dim(2) / heads;
  int64_t before = past ? past->dim(2) : 0, all = before + tokens;
  if (past &&
      past->shape() != llvm::ArrayRef<int64_t>({batch, heads, before, width}))
    throw Error("a past of shape " + shapeText(past->shape()) +
                " does not fit " + std::to_string(heads) + " heads of shape " +
                shapeText(fresh.shape()));
  Tensor out(ElementType::F32, {batch, heads, all, width});
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < heads; ++h) {
      float *to = out.data<float>() + (b * heads + h) * all * width;
      if (before)
        std::memcpy(to, past->data<float>() + (b * heads + h) * before * width,
                    size_t(before * width) * sizeof(float));
      to += before * width;
      const float *from =
          fresh.data<float>() + b * tokens * heads * width + h * width;
      for (int64_t t = 0; t < tokens; ++t)
        std::memcpy(to + t * width, from + t * heads * width,
                    size_t(width) * sizeof(float));
    }
  return out;
}

/// \p sink is the score of one more key, null if there is none.
void softmax(float *row, int64_t count, const float *sink) {
  float most = sink ? *sink : row[0];
  for (int64_t i = 0; i < count; ++i)
    most = std::max(most, row[i]);
  float sum = sink ? std::exp(*sink - most) : 0;
  for (int64_t i = 0; i < count; ++i) {
    row[i] = std::exp(row[i] - most);
    sum += row[i];
  }
  float scale = 1 / sum;
  for (int64_t i = 0; i < count; ++i)
    row[i] *= scale;
}

/// The numbers of head \p h for query \p t: that of key s at [s], for the keys
/// [first, seen).
const float *biasRow(const AttentionInputs &call, int64_t h, int64_t t,
                     int64_t tokens, int64_t length, int64_t first,
                     int64_t seen) {
  const Tensor &bias = *call.bias;
  if (call.biasOrigin < 0) {
    if (bias.shape() != llvm::ArrayRef<int64_t>({call.heads, tokens, length}))
      throw Error("a bias of shape " + shapeText(bias.shape()) + " for " +
                  shapeText({tokens, length}) + " queries and keys");
    return bias.data<float>() + (h * tokens + t) * length;
  }
  int64_t position = t + length - tokens, columns = bias.dim(1);
  int64_t column = call.biasOrigin - position;
  if (column + first < 0 || column + seen > columns)
    throw Error("keys are further from query " + std::to_string(position) +
                " than the bias of " + std::to_string(columns) +
                " distances says");
  return bias.data<float>() + h * columns + column;
}

} // namespace

std::vector<Tensor> attention(const AttentionInputs &call) {
  const Tensor &query = *call.query;
  Tensor keys = append(call.pastKey, *call.key, call.kvHeads);
  Tensor values = append(call.pastValue, *call.value, call.kvHeads);
  int64_t batch = query.dim(0), tokens = query.dim(1), width = query.dim(2);
  int64_t d = width / call.heads, length = keys.dim(2);
  if (keys.dim(0) != batch || keys.dim(3) != d ||
      values.shape() != keys.shape())
    throw Error("query " + shapeText(query.shape()) + ", keys " +
                shapeText(keys.shape()) + " and values " +
                shapeText(values.shape()) + " do not fit together");
  const Tensor *mask = call.keyMask;
  bool perQuery = mask && mask->rank() == 3;
  bool fits = !mask ||
              mask->shape() == llvm::ArrayRef<int64_t>({batch, length}) ||
              (perQuery && (mask->dim(0) == 1 || mask->dim(0) == batch) &&
               mask->dim(1) == tokens && mask->dim(2) == length);
  if (!fits)
    throw Error("a mask of shape " + shapeText(mask->shape()) + " for " +
                shapeText({batch, length}) + " keys");
  if (call.sinks)
    checkSinks(*call.sinks, call.heads);
  Tensor out(ElementType::F32, query.shape());
  std::vector<float> scores(size_t(tokens * length));
  int64_t group = call.heads / call.kvHeads;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < call.heads; ++h) {
      int64_t at = (b * call.kvHeads + h / group) * length * d;
      int64_t head = b * tokens * width + h * d;
      multiply(query.data<float>() + head, width, false,
               keys.data<float>() + at, d, true, scores.data(), length, tokens,
               length, d);
      for (int64_t t = 0; t < tokens && length; ++t) {
        float *row = scores.data() + t * length;
        // Query t sees the keys [first, seen).
        int64_t next = std::max<int64_t>(0, length - tokens + t + 1);
        int64_t seen = call.causal   ? next
                       : call.window ? std::min(length, next - 1 + call.window)
                                     : length;
        int64_t first =
            call.window ? std::max<int64_t>(0, next - call.window) : 0;
        const float *bias =
            call.bias ? biasRow(call, h, t, tokens, length, first, seen)
                      : nullptr;
        for (int64_t s = 0; s < length; ++s) {
          float score = row[s] * call.scale;
          if (call.softcap > 0)
            score = call.softcap * std::tanh(score / call.softcap);
          if (bias && s >= first && s < seen)
            score += bias[s];
          row[s] = s >= first && s < seen ? score : call.hiddenScore;
        }
        int64_t masked =
            perQuery ? (mask->dim(0) == 1 ? 0 : b) * tokens + t : b;
        if (mask)
          for (int64_t s = 0; s < length; ++s)
            row[s] += mask->data<float>()[masked * length + s];
        softmax(row, length,
                call.sinks ? call.sinks->data<float>() + h : nullptr);
      }
      multiply(scores.data(), length, false, values.data<float>() + at, d,
               false, out.data<float>() + head, width, tokens, d, length);
    }
  return {out, keys, values};
}

Tensor attentionWeights(const AttentionInputs &call) {
  // Values that name the key: row s of the identity is 1 in column s.
  const Tensor &query = *call.query, &key = *call.key;
  int64_t batch = query.dim(0), tokens = query.dim(1), keys = key.dim(1);
  int64_t d = query.dim(2) / call.heads;
  Tensor out(ElementType::F32, {batch, tokens, keys});
  std::fill_n(out.data<float>(), out.count(), 0.0f);
  // As many keys at a time as a head has columns.
  for (int64_t first = 0; first < keys; first += d) {
    Tensor identity(ElementType::F32, key.shape());
    std::fill_n(identity.data<float>(), identity.count(), 0.0f);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t s = first; s < std::min(keys, first + d); ++s)
        for (int64_t h = 0; h < call.heads; ++h)
          identity.data<float>()[((b * keys + s) * call.heads + h) * d + s -
                                 first] = 1;
    AttentionInputs part = call;
    part.value = &identity;
    Tensor shares = attention(part)[0];
    for (int64_t row = 0; row < batch * tokens; ++row)
      for (int64_t h = 0; h < call.heads; ++h)
        for (int64_t s = first; s < std::min(keys, first + d); ++s)
          out.data<float>()[row * keys + s] +=
              shares.data<float>()[(row * call.heads + h) * d + s - first] /
              float(call.heads);
  }
  return out;
}

} // namespace dalbit::execute
