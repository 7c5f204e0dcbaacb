// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Splits what the units count over the tags of their instructions (C1).
//
// A unit's counts belong to the tag of the oldest instruction in it, or of the
// last one while it is empty. What it counts in a run before it has started
// anything belongs to its first instruction. A unit that starts nothing waits
// for the others: its counts belong to the last tag of the first unit that ran.
// The sums over the tags are the units' totals; counters of the sequencer have
// no tag.
//
// Time goes to the tag that the matrix or the vector unit has taken last, of
// both in one cycle the vector unit's: that is the layer at hand. What passes
// before the first belongs to it, all of a run without either as above.

#pragma once

#include "isa/Isa.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>

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
  void turn(uint32_t tag, uint64_t cycle);

  std::array<int, isa::CounterCount> unitOf{}; ///< -1: no unit's
  std::array<unsigned, isa::UnitCount> busy{}; ///< index of the counter
  std::array<uint32_t, isa::UnitCount> tags{};
  CounterValues settled{};                           ///< counted so far
  std::array<uint64_t, isa::UnitCount> busyBefore{}; ///< at begin()
  unsigned cycles = 0;                               ///< index of the counter
  std::optional<uint32_t> timeTag;                   ///< whose time it is
  uint64_t timeFrom = 0, turned = 0; ///< its cycles begin; the last change
  std::map<uint32_t, isa::Counters> byTag;
};

} // namespace dalbit::verilated
