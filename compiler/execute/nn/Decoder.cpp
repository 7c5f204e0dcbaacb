// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/nn/Decoder.h"

#include "support/Error.h"

#include <cmath>

namespace dalbit::execute {

Tensor rmsNorm(const Tensor &x, const Tensor &gamma, float epsilon,
               int64_t groups) {
  int64_t width = x.dim(x.rank() - 1) / groups;
  Tensor out(ElementType::F32, x.shape());
  for (int64_t at = 0; at < x.count(); at += width) {
    const float *from = x.data<float>() + at;
    float *to = out.data<float>() + at;
    double squares = 0;
    for (int64_t i = 0; i < width; ++i)
      squares += double(from[i]) * from[i];
    float scale =
        float(1 / std::sqrt(squares / double(width) + double(epsilon)));
    for (int64_t i = 0; i < width; ++i)
      to[i] = from[i] * scale * gamma.data<float>()[(at + i) % gamma.count()];
  }
  return out;
}

Tensor rotary(const Tensor &x, const Tensor &cos, const Tensor &sin,
              const Tensor &ids, int64_t heads, bool interleaved) {
  int64_t batch = x.dim(0), tokens = x.dim(1), size = x.dim(2) / heads;
  int64_t positions = cos.dim(0), pairs = cos.dim(1);
  llvm::SmallVector<int64_t> at = ids.integers();
  Tensor out(ElementType::F32, x.shape());
  std::copy_n(x.data<float>(), x.count(), out.data<float>());
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t t = 0; t < tokens; ++t) {
      int64_t position = at[(ids.dim(0) == 1 ? 0 : b * tokens) + t];
      if (position < 0 || position >= positions)
        throw Error("position " + std::to_string(position) +
                    " is outside the rotary table of " +
                    std::to_string(positions) + " rows");
      const float *c = cos.data<float>() + position * pairs;
      const float *s = sin.data<float>() + position * pairs;
      for (int64_t h = 0; h < heads; ++h) {
        int64_t base = ((b * tokens + t) * heads + h) * size;
        const float *from = x.data<float>() + base;
        float *to = out.data<float>() + base;
        for (int64_t i = 0; i < pairs; ++i) {
          int64_t first = interleaved ? 2 * i : i;
          int64_t second = interleaved ? 2 * i + 1 : i + pairs;
          to[first] = from[first] * c[i] - from[second] * s[i];
          to[second] = from[second] * c[i] + from[first] * s[i];
        }
      }
    }
  return out;
}

Tensor maskPositions(const Tensor &mask, int64_t tokens, int64_t fill,
                     int64_t hidden) {
  int64_t batch = mask.dim(0), keys = mask.dim(1);
  Tensor numbers = mask.cast(ElementType::F64);
  Tensor out(ElementType::I64, {batch, tokens});
  for (int64_t b = 0; b < batch; ++b) {
    int64_t seen = 0;
    for (int64_t s = 0; s < keys; ++s) {
      bool shown = numbers.data<double>()[b * keys + s] != double(hidden);
      int64_t t = s - (keys - tokens);
      if (t >= 0)
        out.data<int64_t>()[b * tokens + t] = shown ? seen : fill;
      seen += shown;
    }
  }
  return out;
}

} // namespace dalbit::execute
