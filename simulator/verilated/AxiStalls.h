// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stalls of the memory system that tests add to those of the DRAM (T9). They
// come from a hash of a seed and the burst's number, so every engine with time
// has the same.
//
// Each interface counts its bursts from 0 in each run, in the order in which
// they are taken. A burst may be held three times:
//   Accept  its address is not taken in the first so many cycles in which the
//           NPU shows it; meanwhile it does not take part in the choice of the
//           cycle's burst
//   Data    reads: all of its beats may come so much later than the DRAM says
//           writes: its data are taken so many cycles after they first could be
//   Answer  writes: its response comes so much later than the DRAM says
//
// In the harness and in other engines alike: no includes of the project.

#pragma once

#include <cstdint>

namespace dalbit::verilated {

enum class AxiInterface : uint8_t { Fetch, Read, Write };
enum class AxiMoment : uint8_t { Accept, Data, Answer };

struct AxiStalls {
  uint64_t seed = 0;
  uint32_t percent = 0; ///< of the moments that are held; 0: none
  uint32_t most = 0;    ///< cycles

  /// Cycles that burst \p index of an interface is held.
  int64_t of(AxiInterface interface, AxiMoment moment, uint64_t index) const {
    if (percent == 0)
      return 0;
    // The finaliser of SplitMix64.
    uint64_t x =
        seed + 0x9e3779b97f4a7c15 *
                   (index * 9 + uint64_t(interface) * 3 + uint64_t(moment) + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    x ^= x >> 31;
    if (x % 100 >= percent)
      return 0;
    return 1 + int64_t((x >> 32) % (most ? most : 1));
  }

  bool operator==(const AxiStalls &) const = default;
};

} // namespace dalbit::verilated
