// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loops around kernels that multiply pairs of int16, which is exact: rows
// are widened to int16 once for a piece of lanes.

#pragma once

#include "simulator/functional/dot/Kernel.h"

#include <algorithm>

namespace dalbit::functional {

/// Lanes of a piece: rows of them as int16 stay in the first cache.
constexpr int64_t WidenedLanes = 512;

/// Channels of some rows over the lanes of a piece.
struct WidenedBlock {
  const int16_t (*rows)[WidenedLanes];
  int64_t lanes;
  const uint8_t *weights; ///< of its first channel, in a panel of \p channels
  int64_t channels;
  int32_t *sums;
  int64_t sumStride;
  bool clear;
};

/// \p Isa has `Rows`, how many rows its `block<Rows>(const WidenedBlock &)`
/// takes at once, `Channels`, how many channels that is, and `widen(from, to,
/// lanes)`.
template <typename Isa, int Rows>
void multiplyRows(const DotOperands &o, int64_t row) {
  int16_t a[Rows][WidenedLanes];
  for (int64_t from = 0; from < o.lanes; from += WidenedLanes) {
    int64_t lanes = std::min(WidenedLanes, o.lanes - from);
    for (int i = 0; i < Rows; ++i)
      Isa::widen(o.activations[row + i] + from, a[i], lanes);
    for (int64_t channel = 0; channel < o.channels; channel += Isa::Channels)
      Isa::template block<Rows>(
          {a, lanes, o.weights + from * o.channels + channel * LaneGroup,
           o.channels, o.sums + row * o.sumStride + channel, o.sumStride,
           o.clear && from == 0});
  }
}

template <typename Isa> void multiplyWidened(const DotOperands &o) {
  int64_t row = 0;
  for (; row + Isa::Rows <= o.rows; row += Isa::Rows)
    multiplyRows<Isa, Isa::Rows>(o, row);
  for (; row < o.rows; ++row)
    multiplyRows<Isa, 1>(o, row);
}

} // namespace dalbit::functional
