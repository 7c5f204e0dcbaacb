// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two clocks in an integer ratio with a common edge at 0: cycles of the NPU and
// clocks of the DRAM. `npu` NPU cycles last as long as `dram` DRAM clocks (800
// MHz and 800 MHz: 1:1; 1 GHz and 1066.67 MHz: 15:16; 400 MHz and 1.6 GHz:
// 1:4).
//
// A request counts from the next DRAM edge, an edge at the same time included.
// Its data are seen from the next NPU edge plus a synchroniser of two cycles.

#pragma once

#include <cstdint>

namespace dalbit::dram {

class ClockRatio {
public:
  static constexpr int64_t SynchroniserCycles = 2;

  constexpr ClockRatio(int64_t npu, int64_t dram)
      : npu(npu), dram(dram), isOne(npu == dram) {}

  /// The smallest ratio within 0.1 % of the two frequencies, terms up to 64.
  /// Throws Error if there is none; a note has the nearest frequencies of the
  /// NPU, in whole MHz, with which there is one.
  static ClockRatio of(double npuMhz, double dramMhz);

  int64_t npuTerm() const { return npu; }
  int64_t dramTerm() const { return dram; }

  /// First DRAM edge not before NPU edge \p cycle.
  int64_t toDram(int64_t cycle) const {
    return isOne ? cycle : ceiling(cycle * dram, npu);
  }

  /// NPU cycle on which what is complete at DRAM edge \p clock is seen.
  int64_t toNpu(int64_t clock) const {
    return (isOne ? clock : ceiling(clock * npu, dram)) + SynchroniserCycles;
  }

  /// Whether \p clocks of the DRAM last a whole number of NPU cycles; which.
  bool isWhole(int64_t clocks) const {
    return isOne || clocks * npu % dram == 0;
  }
  int64_t cycles(int64_t clocks) const {
    return isOne ? clocks : clocks * npu / dram;
  }

private:
  static constexpr int64_t ceiling(int64_t value, int64_t by) {
    return (value + by - 1) / by;
  }

  int64_t npu, dram;
  bool isOne; ///< spares the divisions
};

} // namespace dalbit::dram
