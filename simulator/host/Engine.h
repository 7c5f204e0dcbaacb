// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every engine does: runs a program from an entry point on the memory that
// it shares with the host. Same bytes from all; cycles and counters of units
// from those that know time.

#pragma once

#include "isa/Isa.h"
#include "simulator/host/RuntimeRecord.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace dalbit::host {

struct Start {
  uint32_t pc = 0;
  std::array<uint32_t, isa::Arguments> arguments{}; ///< r1 to r8
  /// Instructions after which the program counts as endless.
  uint64_t bound = UINT64_MAX;
};

struct StepResult {
  bool timed = false;     ///< cycles and unit counters are those of the rtl
  isa::Counters counters; ///< of this step
  std::map<uint32_t, isa::Counters> byTag; ///< by layer tag and phase (C1)
  std::map<std::string, uint64_t> dram;    ///< of this step; timed only
  /// Values that did not fit int32 and were cut, by layer tag without phase;
  /// the functional engine's only.
  std::map<uint32_t, uint64_t> saturated;
  double hostSeconds = 0; ///< in the engine; set by Session

  /// Adds a later step.
  StepResult &operator+=(const StepResult &more) {
    timed |= more.timed;
    counters += more.counters;
    for (const auto &[tag, part] : more.byTag)
      byTag[tag] += part;
    for (const auto &[name, value] : more.dram)
      dram[name] += value;
    for (const auto &[tag, count] : more.saturated)
      saturated[tag] += count;
    hostSeconds += more.hostSeconds;
    return *this;
  }
};

class Engine {
public:
  virtual ~Engine() = default;
  /// Throws Error if the program stops with an error or never ends.
  virtual StepResult run(const Start &start) = 0;
  /// Whether it computes: without data memory is neither read nor written.
  virtual bool hasData() const { return true; }

  /// Appends an entry to \p record for each later run; null: stops that. It
  /// outlives the engine.
  void record(RuntimeRecord *to) { recorded = to; }

protected:
  /// Where the values of \p start go; null: nowhere.
  RuntimeValues *beginRecord(const Start &start) {
    if (!recorded)
      return nullptr;
    recorded->starts.push_back({start.pc, start.arguments, {}, {}});
    return &recorded->starts.back();
  }

private:
  RuntimeRecord *recorded = nullptr;
};

} // namespace dalbit::host
