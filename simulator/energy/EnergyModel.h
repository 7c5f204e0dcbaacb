// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Joules of a run: sum of counter x energy per event, leakage x time, and the
// DRAM's commands, standby, refresh, pins and host PHY. By unit, by layer and
// by phase, each low, typical and high; each breakdown sums to the total (C3).
//
// What belongs to no event (leakage, gated clocks, standby, refresh) is shared
// among the layers of a phase by their DRAM bursts; in a phase without any, by
// cycles, else by cycles of busy units (C3). low and high add all figures at
// their low and high end: errors are taken as correlated, the widest reading.
//
// Not modelled: toggle rates of the actual data, temperature, power conversion.

#pragma once

#include "simulator/dram/CommandEnergy.h"
#include "simulator/energy/EventRules.h"
#include "simulator/energy/LowerBound.h"
#include "simulator/energy/Technology.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dalbit::energy {

/// Counter values by the names of isa/npu.td and, for the DRAM, EventRules.h.
using Counters = std::map<std::string, uint64_t>;

/// Sizes of the NPU that scale events. DRAM: DramParameters.
struct TargetFacts {
  double outputs = 0; ///< N
  double lanes = 0;   ///< K
  double accumulatorEntries = 0;
  double vectorLanes = 0;
  double scratchpadKib = 0;
  double banks = 0;
  double portBytes = 0;
  double clockMhz = 0;
};

/// Layer name of what the layers do not account for.
inline constexpr const char *OtherLayer = "other";

struct PhaseActivity {
  /// All of the phase; "cycles" and the DRAM's times and refreshes stand here.
  Counters total;
  /// By layer tag; sums to at most the total, the rest goes to OtherLayer.
  std::map<std::string, Counters> layers;
};

struct RunActivity {
  std::map<std::string, PhaseActivity> phases; ///< "prefill", "decode"
};

using Breakdown = std::map<std::string, Band>;

struct EnergyReport {
  Band total; ///< joules
  Breakdown byUnit, byLayer, byPhase;
  /// By figure of the technology or DRAM file, widest band first.
  std::vector<std::pair<std::string, Band>> figures;
};

/// Adds the DRAM's counters to \p counters under their names.
void addDramCounters(Counters &counters, const dram::DramCounters &dram);

class EnergyModel {
public:
  /// \p voltage 0: nominal. Dynamic energy goes with its square, leakage with
  /// its cube. The DRAM does not change. Throws Error for a voltage more than
  /// 40 % away from the nominal one.
  EnergyModel(const Technology &technology, const TargetFacts &target,
              const dram::DramParameters &dram, double voltage = 0);

  /// Throws Error if a layer counts more than its phase.
  EnergyReport energy(const RunActivity &run) const;

  Bound bound(const BoundWork &work) const;

  /// Picojoules of an event, memories included, at this voltage.
  Band eventPj(const std::string &event) const;

  /// What leaks on chip, in watts.
  Band leakageWatt() const { return leakage; }

  /// What the DRAM model gives a stream, for utilisation and bound.
  double streamGbPerSecond() const { return streamRate; }

private:
  double factorOf(Times times) const;

  Technology technology;
  TargetFacts target;
  dram::DramParameters dramDevice;
  double dynamic = 1; ///< factor of the voltage on dynamic energy
  std::map<std::string, Band> memoryPj;
  Band leakage;
  double streamRate = 0;
};

} // namespace dalbit::energy
