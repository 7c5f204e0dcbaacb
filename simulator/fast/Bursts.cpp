// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/Bursts.h"

#include <algorithm>

namespace dalbit::fast {

using isa::ErrorCode;

void Bursts::begin(const isa::DmaConfiguration &configuration, uint64_t start,
                   const Sizes &sizes, bool mayGather) {
  c = configuration;
  base = start;
  refused = ErrorCode::None;
  empty = c.bytes == 0 || c.rows == 0 || c.planes == 0;
  if (!empty) {
    uint32_t beat = sizes.axiBytes - 1;
    auto differ = [&](uint64_t dram, uint64_t spm) {
      return ((dram ^ spm) & beat) != 0;
    };
    bool gather = c.gather == isa::DmaGather::On;
    bool misfit =
        differ(base + c.dramOffset, c.spmAddr) || c.bytes % 4 != 0 ||
        (c.rows != 1 && differ(c.dramRowStride, c.spmRowStride)) ||
        (c.planes != 1 && differ(c.dramPlaneStride, c.spmPlaneStride)) ||
        (gather && (!mayGather || c.planes != 1 || (c.dramRowStride & beat)));
    if (misfit)
      refused = ErrorCode::IllegalConfig;
    else if (gather && c.indexAddr % 4 != 0)
      refused = ErrorCode::Address;
    empty = refused != ErrorCode::None;
  }
  row = plane = 0;
  left = c.bytes;
  offset = rowOffset = planeOffset = c.dramOffset;
  place = rowPlace = planePlace = c.spmAddr;
}

void Bursts::next() {
  if (!isRowEnd()) {
    uint32_t taken = bytes();
    offset += taken;
    place = (place + taken) & SpmMask;
    left -= taken;
    return;
  }
  left = c.bytes;
  if (++row < c.rows) {
    offset = rowOffset += c.dramRowStride;
    place = rowPlace = (rowPlace + c.spmRowStride) & SpmMask;
    return;
  }
  row = 0;
  ++plane;
  offset = rowOffset = planeOffset += c.dramPlaneStride;
  place = rowPlace = planePlace = (planePlace + c.spmPlaneStride) & SpmMask;
}

void Bursts::banks(const Sizes &sizes, uint64_t (&mask)[2]) const {
  mask[0] = mask[1] = 0;
  if (empty)
    return;
  // Strides of the upper half are taken as negative: anywhere.
  bool isForward = (c.rows == 1 || c.spmRowStride <= SpmMask / 2) &&
                   (c.planes == 1 || c.spmPlaneStride <= SpmMask / 2);
  uint64_t end = c.spmAddr + uint64_t(c.rows - 1) * c.spmRowStride +
                 uint64_t(c.planes - 1) * c.spmPlaneStride + c.bytes;
  bool isInside = isForward && end <= sizes.spmBytes;
  uint32_t low = isInside ? sizes.bankOf(c.spmAddr) : 0;
  uint32_t high = isInside ? sizes.bankOf(uint32_t(end - 1)) : sizes.banks - 1;
  for (uint32_t bank = low; bank <= high; ++bank)
    mask[bank / 64] |= uint64_t(1) << (bank % 64);
}

} // namespace dalbit::fast
