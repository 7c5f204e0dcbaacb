// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counters of the units by tag, as simulator/verilated/Attribution.h splits
// them: what a unit counts belongs to the tag of the oldest instruction in it,
// or of the last one while it is empty; before the first, to the first one's;
// of a unit that starts nothing, to the last tag of the first unit that ran.
// Time belongs to the tag that matrix or vector unit have taken last.

#pragma once

#include "isa/Isa.h"
#include "simulator/fast/Time.h"

#include <array>
#include <bit>
#include <map>
#include <memory>
#include <vector>

namespace dalbit::fast {

/// Adds counters, which are nothing but numbers of 64 bits each.
template <typename Counters> void add(Counters &to, const Counters &more) {
  constexpr size_t Count = sizeof(Counters) / sizeof(uint64_t);
  using Numbers = std::array<uint64_t, Count>;
  Numbers sum = std::bit_cast<Numbers>(to),
          parts = std::bit_cast<Numbers>(more);
  for (size_t i = 0; i < Count; ++i)
    sum[i] += parts[i];
  to = std::bit_cast<Counters>(sum);
}

class Tally {
public:
  Tally() : byTag(std::make_unique<isa::Counters[]>(Tags)) {}

  void begin();
  /// What \p unit counts now belongs here.
  isa::Counters &of(UnitNumber unit) { return *current[unit]; }
  uint32_t tag(UnitNumber unit) const { return tags[unit]; }
  /// From now on \p unit counts for \p tag: it has started an instruction, or
  /// ended one and has another. \p cycle counts from the start of the run.
  void retag(UnitNumber unit, uint32_t tag, Cycle cycle);
  /// The run is over after \p cycles. By tag; tags without counts are absent.
  std::map<uint32_t, isa::Counters> end(Cycle cycles);

private:
  static constexpr uint32_t Tags = 1u << isa::TagBits;

  isa::Counters &at(uint32_t tag);
  void turn(UnitNumber unit, uint32_t tag, Cycle cycle);

  std::unique_ptr<isa::Counters[]> byTag;
  std::array<bool, Tags> isUsed{};
  std::vector<uint32_t> used;
  std::array<isa::Counters, Units> before; ///< the first instruction
  std::array<isa::Counters *, Units> current{};
  std::array<uint32_t, Units> tags{};
  std::array<bool, Units> hasRun{};
  // Whose time it is, from when; the last change and whose it was.
  bool hasTurned = false;
  uint32_t timeTag = 0;
  Cycle timeFrom = 0, turned = 0;
  UnitNumber turnedBy = Matrix;
};

} // namespace dalbit::fast
