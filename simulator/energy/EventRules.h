// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which counter costs which event, and in which unit the joules are reported.
// The names of isa/npu.td and of the DRAM stand here and nowhere else in
// simulator/energy. Counters without a rule (stalls, bursts) cost nothing.

#pragma once

#include <span>
#include <string>
#include <vector>

namespace dalbit::energy {

/// What one count of a counter stands for.
enum class Times {
  One,
  Positions, ///< products of the array, N x K
  Lanes,     ///< vector lanes
  PortBytes, ///< bytes of a scratchpad port
};

struct ActivityRule {
  const char *counter;
  const char *event;
  const char *unit;
  Times times = Times::One;
};

/// Energy of what happened.
std::span<const ActivityRule> activityRules();

/// Clock of a unit while it is gated: cycles of the run minus `active`.
struct IdleRule {
  const char *active; ///< null: every cycle
  const char *event;
  const char *unit;
  Times times = Times::One;
};
std::span<const IdleRule> idleRules();

/// Events whose figures come from the table of memories.
bool isMemoryEvent(const std::string &event);

/// Events that a technology file must have.
std::vector<std::string> technologyEvents();

// Counters that the model reads by name.
inline constexpr const char *CyclesCounter = "cycles";
inline constexpr const char *DramReads = "dram.reads";
inline constexpr const char *DramWrites = "dram.writes";
inline constexpr const char *DramActivates = "dram.activates";
inline constexpr const char *DramPrecharges = "dram.precharges";
inline constexpr const char *DramRefreshes = "dram.refreshes";
inline constexpr const char *DramOpen = "dram.open_cycles";
inline constexpr const char *DramClosed = "dram.closed_cycles";
/// Ending of the counters of cycles with an instruction in a unit.
inline constexpr const char *BusySuffix = ".busy";

} // namespace dalbit::energy
