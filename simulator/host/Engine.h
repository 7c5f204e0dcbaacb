// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every engine does: runs a program from an entry point on the memory that
// it shares with the host. Same bytes from all; cycles and counters from those
// that know time.

#pragma once

#include "isa/Isa.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace dalbit::host {

struct Start {
  uint32_t pc = 0;
  std::array<uint32_t, isa::Arguments> arguments{};
  /// Instructions after which the program counts as endless.
  uint64_t bound = UINT64_MAX;
};

struct StepResult {
  bool timed = false;
  isa::Counters counters;                  ///< of this step
  std::map<uint32_t, isa::Counters> byTag; ///< by layer tag and phase (C1)
  std::map<std::string, uint64_t>
      dram; ///< DRAM counters of this step, timed engines only
};

class Engine {
public:
  virtual ~Engine() = default;
  /// Throws Error if the program stops with an error or never ends.
  virtual StepResult run(const Start &start) = 0;
};

} // namespace dalbit::host
