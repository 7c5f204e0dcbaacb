// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Energy of DRAM commands from data-sheet currents, in joules. The standard
// formulas, summed over the supplies, V volt, I ampere, per die:
//   activate and precharge  V (IDD0 tRC - IDD3N tRAS - IDD2N (tRC - tRAS))
//   read, write burst       V (IDD4 - IDD3N) tBurst
//   refresh                 V (IDD5 - IDD3N) tRFC; of banks, their share of it
//   background              V IDD3N while a bank is open or refreshing,
//                           V IDD2N while all are closed
// The burst part of an io supply is `io`. Host PHY and terminations are apart:
// they do not come out of the DRAM's supplies.

#pragma once

#include "simulator/dram/Dram.h"
#include "simulator/dram/DramParameters.h"

namespace dalbit::dram {

/// Where in the band of each factor.
enum class Level { Low, Typical, High, DataSheet };

double at(const Band &band, Level level);

/// Joules (watts where it says so) of single events.
struct CommandEnergy {
  double activate = 0; ///< with its precharge
  double readCore = 0; ///< a burst
  double readIo = 0;   ///< a burst
  double writeCore = 0;
  double writeIo = 0;
  double refresh = 0;
  double bankRefresh = 0; ///< its share of refreshing all banks
  double openWatt = 0;    ///< one channel
  double closedWatt = 0;  ///< one channel
  double hostPhy = 0;     ///< a burst, either direction
  double termination = 0; ///< a burst

  CommandEnergy(const DramParameters &device, Level level);
};

/// Joules of a run by part.
struct DramEnergy {
  double activate = 0, read = 0, write = 0, io = 0, refresh = 0, background = 0,
         hostPhy = 0, termination = 0;
  /// What the DRAM's own supplies deliver.
  double device() const {
    return activate + read + write + io + refresh + background;
  }
  double total() const { return device() + hostPhy + termination; }
};

DramEnergy dramEnergy(const DramParameters &device,
                      const DramCounters &counters, Level level);

} // namespace dalbit::dram
