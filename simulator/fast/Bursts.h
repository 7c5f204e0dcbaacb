// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bursts of a DMA instruction, one after the other
// (rtl/dma/dma_bursts.sv), without time.

#pragma once

#include "isa/Isa.h"
#include "simulator/fast/Sizes.h"

namespace dalbit::fast {

class Bursts {
public:
  /// \p base: of the region. Without bursts if it has no effect or is refused.
  void begin(const isa::DmaConfiguration &configuration, uint64_t base,
             const Sizes &sizes, bool mayGather);

  bool isEmpty() const { return empty; }
  isa::ErrorCode error() const { return refused; }
  bool gathers() const { return !empty && c.gather == isa::DmaGather::On; }
  uint32_t indexAddress() const { return (c.indexAddr + row * 4) & SpmMask; }
  /// The row's index is known.
  void setIndex(uint32_t index) {
    offset = c.dramOffset + index * c.dramRowStride;
  }

  // The burst at hand.
  uint64_t dram() const {
    return (base + offset) & ((uint64_t(1) << isa::AddressBits) - 1);
  }
  uint32_t spm() const { return place; }
  uint32_t bytes() const { return std::min(left, room()); }
  bool isRowEnd() const { return left <= room(); }
  bool isLast() const {
    return isRowEnd() && row + 1 == c.rows && plane + 1 == c.planes;
  }
  void next();
  /// Bytes from there to the end of the row.
  uint32_t toRowEnd() const { return left; }

  /// Banks that the scratchpad side may touch.
  void banks(const Sizes &sizes, uint64_t (&mask)[2]) const;

private:
  uint32_t room() const {
    return isa::BurstBytes - uint32_t(dram() & (isa::BurstBytes - 1));
  }

  isa::DmaConfiguration c;
  uint64_t base = 0;
  bool empty = true;
  isa::ErrorCode refused = isa::ErrorCode::None;
  uint32_t row = 0, plane = 0, left = 0;
  uint32_t offset = 0, rowOffset = 0, planeOffset = 0;
  uint32_t place = 0, rowPlace = 0, planePlace = 0;
};

} // namespace dalbit::fast
