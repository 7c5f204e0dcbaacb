// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory system as simulator/verilated/Harness.cpp has it: a burst is
// booked in the cycle in which it is taken, its 64-byte requests in order of
// address; a burst that passes the capacity is answered with an error and not
// booked. Stalls are those of simulator/verilated/AxiStalls.h.

#pragma once

#include "isa/Isa.h"
#include "simulator/dram/ClockRatio.h"
#include "simulator/dram/Dram.h"
#include "simulator/fast/Time.h"
#include "simulator/verilated/VerilatedEngine.h"

#include <algorithm>

namespace dalbit::fast {

class MemoryPort {
public:
  MemoryPort(const verilated::MemorySystem &system, double clockMhz,
             uint64_t capacity)
      : dram(system.device), stalls(system.stalls),
        ratio(dram::ClockRatio::of(clockMhz, 1000 / system.device.clockNs)),
        capacity(std::min(capacity, system.device.capacityBytes)) {
    // The fewest requests that can follow each other evenly.
    for (uint32_t bytes = isa::BurstBytes; bytes >= 256 && stalls.percent == 0;
         bytes /= 2)
      if (auto clocks = dram.evenClocks(bytes / RequestBytes);
          clocks && ratio.isWhole(*clocks))
        unit = bytes;
  }

  static constexpr uint32_t RequestBytes = dram::Dram::RequestBytes;
  static constexpr uint32_t MostRequests = isa::BurstBytes / RequestBytes;

  /// Cycles that burst \p index of a run is held.
  Cycle stall(verilated::AxiInterface interface, verilated::AxiMoment moment,
              uint64_t index) const {
    return stalls.of(interface, moment, index);
  }

  bool isOutside(uint64_t address, uint32_t bytes) const {
    return address + bytes > capacity;
  }

  /// Books \p requests from \p address on, a multiple of 64, taken in \p now.
  /// ready[i]: the cycle from which the data of requests 0 to i are there.
  /// Returns the earliest cycle from which they are all there in time for who
  /// takes \p each cycles for one.
  Cycle read(Cycle now, uint64_t address, uint32_t requests, Cycle *ready,
             Cycle each) {
    Cycle latest = now + 1, from = latest;
    dram.accessRun(ratio.toDram(now), address, requests, false, ready);
    for (uint32_t i = 0; i < requests; ++i) {
      ready[i] = latest = std::max(latest, ratio.toNpu(ready[i]));
      from = std::max(from, latest - i * each);
    }
    return from;
  }
  /// Reads can go on evenly in units of so many bytes, a power of two and at
  /// their multiples; 0: they cannot.
  uint32_t unitBytes() const { return unit; }
  /// How reads go on from \p address after the latest one, at most \p most
  /// units: unit i is answered i + 1 times `cycles` later than the latest one's
  /// last.
  struct Pace {
    dram::Dram::Pace clocks;
    Cycle cycles = 0;
  };
  Pace pace(uint64_t address, uint32_t most) const {
    Pace pace{dram.pace(address, unit / RequestBytes, false, most), 0};
    pace.cycles = ratio.cycles(pace.clocks.clocks);
    return pace;
  }
  /// Whether unit \p index keeps the pace if it is taken in \p now.
  bool keeps(const Pace &pace, Cycle now, uint32_t index) const {
    int64_t clock = ratio.toDram(now);
    return clock < pace.clocks.before &&
           clock <= pace.clocks.latest + index * pace.clocks.clocks;
  }
  /// Books \p units of them, the last one taken in \p now.
  void read(Cycle now, const Pace &pace, uint32_t units) {
    dram.goOnAtPace(ratio.toDram(now), pace.clocks, units);
  }

  /// Cycle in which the last of the requests is written.
  Cycle write(Cycle now, uint64_t address, uint32_t requests) {
    int64_t end =
        dram.accessRun(ratio.toDram(now), address, requests, true, nullptr);
    return std::max(now + 1, ratio.toNpu(end));
  }

  void advance(Cycle now) { dram.advance(ratio.toDram(now)); }
  const dram::DramCounters &counters() const { return dram.counters(); }

private:
  dram::Dram dram;
  verilated::AxiStalls stalls;
  dram::ClockRatio ratio;
  uint64_t capacity;
  uint32_t unit = 0;
};

} // namespace dalbit::fast
