// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sizes of the hardware as the rtl's parameters and constants have them.

#pragma once

#include "isa/target/Target.h"

#include <bit>
#include <cstdint>

namespace dalbit::fast {

struct Sizes {
  explicit Sizes(const target::Target &target)
      : n(uint32_t(target.outputs)), k(uint32_t(target.lanes)),
        lanes(uint32_t(target.vectorLanes)),
        portBytes(uint32_t(target.portBytes)),
        accEntries(uint32_t(target.accumulatorEntries)),
        rowScalars(uint32_t(target.rowScalars)), banks(uint32_t(target.banks)),
        axiBytes(uint32_t(target.axiBytes)), spmBytes(target.scratchpadBytes()),
        bankShift(uint32_t(std::countr_zero(target.bankBytes()))),
        axiShift(uint32_t(std::countr_zero(axiBytes))),
        access64(portBytes / 64) {}

  uint32_t n, k, lanes, portBytes, accEntries, rowScalars, banks, axiBytes,
      spmBytes;
  uint32_t bankShift; ///< a bank is address >> bankShift; past it: no bank
  uint32_t axiShift;  ///< log2 of axiBytes
  uint32_t access64;  ///< what an access of a port counts

  /// Bank of a scratchpad byte; \p address is below spmBytes.
  uint32_t bankOf(uint32_t address) const { return address >> bankShift; }
  uint32_t bankBytes() const { return 1u << bankShift; }
  bool isPast(uint32_t address) const { return address >= spmBytes; }
  /// Number that the half of an accumulator entry has among the banks.
  uint32_t halfOf(uint32_t entry) const {
    return banks + (entry & (accEntries - 1)) / (accEntries / 2);
  }
};

/// Bytes of the scratchpad address space (24 bits).
inline constexpr uint32_t SpmMask = 0xffffff;

// Constants of rtl/sequencer/fetch.sv.
inline constexpr uint32_t FetchLines = 8;
inline constexpr uint32_t FetchAhead = 5;
inline constexpr uint32_t FetchPending = 4;
inline constexpr uint32_t LineBytes = 1024;
inline constexpr uint32_t LineInstructions = LineBytes / 8;

// Constants of rtl/dma.
inline constexpr uint32_t ReadsInFlight = 16;  ///< bursts of DMA in
inline constexpr uint32_t WritesToRead = 4;    ///< read, address not yet sent
inline constexpr uint32_t WritesToSend = 4;    ///< address sent, data not yet
inline constexpr uint32_t WritesToAnswer = 16; ///< address sent, no response

/// Instructions in a unit (rtl/sequencer/dispatch.sv).
inline constexpr uint32_t ListDepth = 4;

} // namespace dalbit::fast
