// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/Attribution.h"

#include <string>

namespace dalbit::verilated {

Attribution::Attribution() {
  unitOf.fill(-1);
  for (unsigned i = 0; i < isa::CounterCount; ++i) {
    const isa::CounterInfo &info = isa::counters()[i];
    if (info.name == std::string("cycles"))
      cycles = i;
    for (unsigned u = 0; u < isa::UnitCount; ++u) {
      std::string unit = isa::units()[u].name;
      if (unit != info.unit)
        continue;
      unitOf[i] = int(u);
      if (info.name == unit + ".busy")
        busy[u] = i;
    }
  }
}

void Attribution::begin(const CounterValues &now) {
  byTag.clear();
  settled = now;
  tags.fill(0);
  timeTag.reset();
  timeFrom = turned = now[cycles];
  for (unsigned u = 0; u < isa::UnitCount; ++u)
    busyBefore[u] = now[busy[u]];
}

void Attribution::settle(unsigned unit, uint32_t tag,
                         const CounterValues &now) {
  isa::Counters *part = nullptr;
  for (unsigned i = 0; i < isa::CounterCount; ++i) {
    if (unitOf[i] != int(unit) || now[i] == settled[i])
      continue;
    if (!part)
      part = &byTag[tag];
    isa::counters()[i].get(*part) += now[i] - settled[i];
    settled[i] = now[i];
  }
}

/// Of units that turn in one cycle the last one decides; they come in order.
void Attribution::turn(uint32_t tag, uint64_t cycle) {
  if (timeTag && cycle != turned) {
    byTag[*timeTag].cycles += cycle - timeFrom;
    timeFrom = cycle;
  }
  timeTag = tag;
  turned = cycle;
}

void Attribution::retag(unsigned unit, uint32_t tag, const CounterValues &now) {
  if (unit == unsigned(isa::Unit::Matrix) ||
      unit == unsigned(isa::Unit::Vector))
    turn(tag, now[cycles]);
  if (now[busy[unit]] != busyBefore[unit])
    settle(unit, tags[unit], now);
  tags[unit] = tag;
}

std::map<uint32_t, isa::Counters> Attribution::end(const CounterValues &now) {
  uint32_t other = 0;
  for (unsigned u = isa::UnitCount; u-- > 0;)
    if (now[busy[u]] != busyBefore[u])
      other = tags[u];
  for (unsigned u = 0; u < isa::UnitCount; ++u)
    settle(u, now[busy[u]] != busyBefore[u] ? tags[u] : other, now);
  if (uint64_t left = now[cycles] - timeFrom)
    byTag[timeTag.value_or(other)].cycles += left;
  return std::move(byTag);
}

} // namespace dalbit::verilated
