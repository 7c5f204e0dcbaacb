// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/Tally.h"

namespace dalbit::fast {

void Tally::begin() {
  for (uint32_t tag : used) {
    byTag[tag] = {};
    isUsed[tag] = false;
  }
  used.clear();
  before = {};
  hasRun = {};
  tags = {};
  for (unsigned unit = 0; unit < Units; ++unit)
    current[unit] = &before[unit];
  hasTurned = false;
  timeFrom = turned = 0;
}

isa::Counters &Tally::at(uint32_t tag) {
  if (!isUsed[tag]) {
    isUsed[tag] = true;
    used.push_back(tag);
  }
  return byTag[tag];
}

/// Units that turn in one cycle come in any order; the vector unit decides.
void Tally::turn(UnitNumber unit, uint32_t tag, Cycle cycle) {
  if (hasTurned && cycle == turned && unit < turnedBy)
    return;
  if (hasTurned && cycle != turned) {
    at(timeTag).cycles += uint64_t(cycle - timeFrom);
    timeFrom = cycle;
  }
  hasTurned = true;
  timeTag = tag;
  turned = cycle;
  turnedBy = unit;
}

void Tally::retag(UnitNumber unit, uint32_t tag, Cycle cycle) {
  if ((unit == Matrix || unit == Vector) && tags[unit] != tag)
    turn(unit, tag, cycle);
  if (hasRun[unit] && tags[unit] == tag)
    return;
  isa::Counters &counters = at(tag);
  if (!hasRun[unit])
    add(counters, before[unit]);
  hasRun[unit] = true;
  tags[unit] = tag;
  current[unit] = &counters;
}

std::map<uint32_t, isa::Counters> Tally::end(Cycle cycles) {
  uint32_t other = 0;
  for (unsigned unit = Units; unit-- > 0;)
    if (hasRun[unit])
      other = tags[unit];
  for (unsigned unit = 0; unit < Units; ++unit)
    if (!hasRun[unit] && !(before[unit] == isa::Counters{}))
      add(at(other), before[unit]);
  at(hasTurned ? timeTag : other).cycles += uint64_t(cycles - timeFrom);
  std::map<uint32_t, isa::Counters> result;
  for (uint32_t tag : used)
    if (!(byTag[tag] == isa::Counters{}))
      result.emplace(tag, byTag[tag]);
  return result;
}

} // namespace dalbit::fast
