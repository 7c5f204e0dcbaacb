// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run reports. The JSON names are fixed; scripts rely on them:
//   schema engine target technology
//   tokens{prefill,decode}
//   cycles{total,prefill,decode}
//   host_seconds simulated_seconds
//   tokens_per_second{prefill,decode}
//   energy_j{total, low, high, per_token{prefill,decode},
//            by_unit{}, by_layer{}, by_phase{prefill,decode}}
//   bound_j{total, low, high, per_token{prefill,decode}}
//   utilization{array,dram}
//   counters{} run_time_values text memory_sha256
//   layers{step, steps, phase, rtl[], fast[],
//          cycles[{layer, name, engine, in_run, parts, alone}]}
// Energies are typical joules; each by_* breakdown sums to the total. A run
// without time (functional, float) has no cycles, rates, energy, bound and
// utilization; text and memory_sha256 are absent if there are none, and so is
// run_time_values but of runs without data ("replayed", "seeded"), and layers
// but of runs of which layers are run alone besides; all other figures are then
// those of the whole run, on fast. layers.rtl and .fast are names, layer is a
// place in the binary's table, alone is there if parts is not 0. Rates and
// per_token of a phase without tokens are 0.

#pragma once

#include "simulator/energy/EnergyModel.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dalbit::report {

/// Raised when a name changes its meaning or goes.
inline constexpr int Schema = 1;

template <typename T> struct PerPhase {
  T prefill{};
  T decode{};
};

/// What only runs with time have.
struct Timing {
  PerPhase<uint64_t> cycles;
  uint64_t totalCycles = 0; ///< at least the sum: start-up, hand-over
  double clockMhz = 0;
  std::string technology;
  energy::EnergyReport energy; ///< phases "prefill" and "decode"
  PerPhase<energy::Bound> bound;
  double arrayUtilization = 0; ///< products / (cycles x N x K), 0 to 1
  double dramUtilization = 0;  ///< C7, 0 to 1
};

/// One step of the whole run by layer, and the layers that have been run alone.
struct LayerSection {
  struct Row {
    uint32_t layer = 0; ///< place in the program's table
    std::string name;
    bool isOnRtl = false;
    uint64_t inRun = 0; ///< cycles of the step in the whole run
    unsigned parts = 0; ///< runs of its own
    uint64_t alone = 0; ///< cycles in them
  };
  uint64_t step = 0, steps = 0;
  std::string phase;
  std::vector<Row> rows;
};

struct RunReport {
  std::string engine, target;
  PerPhase<uint64_t> tokens;
  double hostSeconds = 0; ///< the simulation alone
  std::optional<Timing> timing;
  std::map<std::string, uint64_t> counters;
  std::optional<std::string> text; ///< any bytes
  std::optional<std::string> memorySha256;
  /// Timing only: "replayed" or "seeded".
  std::optional<std::string> runTimeValues;
  std::optional<LayerSection> layers;
};

/// C7: bytes that had to move, over what the DRAM's own stream would have
/// moved in the time from start to halt.
double dramUtilization(uint64_t usefulBytes, uint64_t cycles, double clockMhz,
                       double streamGbPerSecond);

/// JSON, indented by two, with a final newline. Invalid UTF-8 becomes U+FFFD.
std::string toJson(const RunReport &report);

/// One screen, with a final newline: at most 40 lines of 80 columns.
std::string toText(const RunReport &report);

} // namespace dalbit::report
