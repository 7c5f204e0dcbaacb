// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every engine does: runs a program from an entry point on the memory that
// it shares with the host. Same bytes from all; cycles and counters of units
// from those that know time.

#pragma once

#include "isa/Isa.h"

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

  /// Adds a later step.
  StepResult &operator+=(const StepResult &more) {
    timed |= more.timed;
    counters += more.counters;
    for (const auto &[tag, part] : more.byTag)
      byTag[tag] += part;
    for (const auto &[name, value] : more.dram)
      dram[name] += value;
    return *this;
  }
};

class Engine {
public:
  virtual ~Engine() = default;
  /// Throws Error if the program stops with an error or never ends.
  virtual StepResult run(const Start &start) = 0;
};

} // namespace dalbit::host
