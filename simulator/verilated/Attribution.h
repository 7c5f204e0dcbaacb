// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Splits what the units count over the tags of their instructions (C1).
//
// A unit's counts belong to the tag of the oldest instruction in it, or of the
// last one while it is empty. What it counts in a run before it has started
// anything belongs to its first instruction. A unit that starts nothing waits
// for the others: its counts belong to the last tag of the first unit that ran.
// The sums over the tags are the units' totals; counters of the sequencer and
// of the NPU as a whole have no tag.

#pragma once

#include "isa/Isa.h"

#include <array>
#include <cstdint>
#include <map>

namespace dalbit::verilated {

/// By index of isa::counters().
using CounterValues = std::array<uint64_t, isa::CounterCount>;

class Attribution {
public:
  Attribution();

  /// A run begins; all units have tag 0.
  void begin(const CounterValues &now);
  /// From now on what \p unit counts belongs to \p tag.
  void retag(unsigned unit, uint32_t tag, const CounterValues &now);
  /// The run is over. Returns its counters by tag.
  std::map<uint32_t, isa::Counters> end(const CounterValues &now);

private:
  void settle(unsigned unit, uint32_t tag, const CounterValues &now);

  std::array<int, isa::CounterCount> unitOf{}; ///< -1: no unit's
  std::array<unsigned, isa::UnitCount> busy{}; ///< index of the counter
  std::array<uint32_t, isa::UnitCount> tags{};
  CounterValues settled{};                           ///< counted so far
  std::array<uint64_t, isa::UnitCount> busyBefore{}; ///< at begin()
  std::map<uint32_t, isa::Counters> byTag;
};

} // namespace dalbit::verilated
