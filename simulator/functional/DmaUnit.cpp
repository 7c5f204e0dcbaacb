// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of both DMAs, row by row. DRAM offsets count modulo 2^32, scratchpad
// addresses modulo 2^24, both as rtl/dma/dma_bursts.sv has them.

#include "simulator/functional/Machine.h"

#include <algorithm>
#include <cstring>

namespace dalbit::functional {

namespace {

/// Whether DRAM and scratchpad agree modulo the bus in every row: a base, and
/// strides where there is a second row. A gather's indices are unknown, so its
/// stride is whole beats.
bool isAligned(const Machine &machine, const isa::DmaConfiguration &c,
               uint64_t base) {
  uint64_t beat = uint64_t(machine.axiBytes) - 1;
  auto agree = [&](uint64_t dram, uint64_t spm) {
    return ((dram ^ spm) & beat) == 0;
  };
  return agree(base + c.dramOffset, c.spmAddr) &&
         (c.rows == 1 || agree(c.dramRowStride, c.spmRowStride)) &&
         (c.planes == 1 || agree(c.dramPlaneStride, c.spmPlaneStride)) &&
         (c.gather == isa::DmaGather::Off || (c.dramRowStride & beat) == 0);
}

} // namespace

void executeDma(Machine &machine, const isa::DmaConfiguration &c, bool out) {
  if (c.bytes == 0 || c.rows == 0 || c.planes == 0)
    return;
  bool gather = c.gather == isa::DmaGather::On;
  uint64_t base = machine.memory.placement().of(c.region);
  require(c.bytes % 4 == 0, "the row length is not a multiple of 4");
  require(!gather || !out, "only dma_in gathers");
  require(!gather || c.planes == 1, "a gather has one plane");
  require(isAligned(machine, c, base),
          "DRAM and scratchpad addresses differ modulo the AXI width");
  requireAddress(!gather || c.indexAddr % 4 == 0,
                 "index_addr is not a multiple of 4");

  auto copyRow = [&](uint32_t offset, int64_t spm) {
    uint64_t dram = base + offset;
    if (dram + c.bytes > machine.memory.capacity())
      throw Fault{out ? isa::ErrorCode::AxiWrite : isa::ErrorCode::AxiRead,
                  "DRAM address " + std::to_string(dram + c.bytes - 1) +
                      " is past the target's " +
                      std::to_string(machine.memory.capacity())};
    uint8_t *local = machine.scratchpad(spm, c.bytes);
    uint8_t *remote = machine.memory.data() + dram;
    std::memcpy(out ? remote : local, out ? local : remote, c.bytes);
  };
  for (uint32_t plane = 0; plane < c.planes; ++plane)
    for (uint32_t row = 0; row < c.rows; ++row) {
      uint32_t index = row;
      if (gather)
        std::memcpy(
            &index,
            machine.scratchpad(int64_t(c.indexAddr) + int64_t(row) * 4, 4), 4);
      copyRow(c.dramOffset + index * c.dramRowStride +
                  plane * c.dramPlaneStride,
              int64_t(c.spmAddr) + int64_t(row) * c.spmRowStride +
                  int64_t(plane) * c.spmPlaneStride);
    }
}

} // namespace dalbit::functional
