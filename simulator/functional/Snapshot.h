// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All that the NPU holds between two instructions of a program, and who looks
// at it there. DRAM is host/Memory.h.

#pragma once

#include "isa/Configurations.h"
#include "simulator/functional/Arithmetic.h"

#include <array>
#include <cstdint>
#include <vector>

namespace dalbit::functional {

/// A loop that is being executed.
struct Loop {
  int64_t first, last; ///< instructions of the body
  uint32_t left;       ///< rounds, this one included
  uint64_t entry;      ///< tells executions of loop instructions apart

  bool operator==(const Loop &) const = default;
};

struct Snapshot {
  // Units.
  std::vector<uint8_t> scratchpad;
  std::vector<int32_t> accumulators; ///< [entries][outputs]
  std::vector<RowScalar> rowScalars;
  std::vector<uint32_t> table;
  // Sequencer.
  std::array<uint32_t, isa::Registers> registers{};
  std::array<uint32_t, isa::Semaphores> semaphores{};
  isa::Configurations configurations;
  std::vector<Loop> loops; ///< outermost first
  uint32_t tag = 0;
  uint32_t pc = 0; ///< instruction that comes next

  bool operator==(const Snapshot &) const = default;
};

class FunctionalEngine;

class Stepper {
public:
  virtual ~Stepper() = default;
  /// The engine is about to execute its instruction(); all before it have had
  /// their effect.
  virtual void before(const FunctionalEngine &engine) = 0;
};

} // namespace dalbit::functional
