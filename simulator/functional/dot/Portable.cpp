// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/dot/Implementations.h"

namespace dalbit::functional {

void multiplyPortable(const DotOperands &o) {
  const auto *weights = reinterpret_cast<const int8_t *>(o.weights);
  for (int64_t row = 0; row < o.rows; ++row) {
    const int8_t *a = o.activations[row];
    int32_t *sums = o.sums + row * o.sumStride;
    for (int64_t first = 0; first < o.channels; first += ChannelBlock) {
      uint32_t block[ChannelBlock] = {};
      for (int64_t lane = 0; lane < o.lanes; lane += LaneGroup) {
        const int8_t *w = weights + lane * o.channels + first * LaneGroup;
        for (int64_t i = 0; i < ChannelBlock; ++i)
          for (int64_t j = 0; j < LaneGroup; ++j)
            block[i] += uint32_t(a[lane + j] * w[i * LaneGroup + j]);
      }
      for (int64_t i = 0; i < ChannelBlock; ++i)
        sums[first + i] =
            int32_t(block[i] + (o.clear ? 0 : uint32_t(sums[first + i])));
    }
  }
}

} // namespace dalbit::functional
