// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The engines that the fuzzer holds against each other, and what a case leaves
// on one of them. A further engine is a further entry of engines().

#pragma once

#include "simulator/functional/Observer.h"
#include "simulator/fuzz/Case.h"
#include "simulator/host/Memory.h"

#include <map>
#include <memory>

namespace dalbit::fuzz {

/// Failed: the engine itself says that something is wrong.
enum class Ending { Halted, Stopped, Deadlocked, Endless, Raced, Failed };

struct Outcome {
  Ending ending = Ending::Halted;
  // Stopped: the status registers.
  isa::ErrorCode code = isa::ErrorCode::None;
  uint32_t pc = 0;
  unsigned unit = 0;
  std::string message;            ///< of what is not Halted
  std::vector<std::string> notes; ///< Deadlocked: what each unit waits for
  host::StepResult counted;       ///< after a halt
  /// As the run left it; null if the engine computes no data.
  std::unique_ptr<host::Memory> memory;
};

struct EngineEntry {
  const char *name;
  /// Cycles and counters are the rtl's: engines with time agree on them.
  bool isTimed;
  std::unique_ptr<host::Engine> (*make)(const Case &input,
                                        const binary::Program &program,
                                        host::Memory &memory);
};

/// The first one is the functional engine.
const std::vector<EngineEntry> &engines();

/// Instructions after which a case counts as endless.
inline constexpr uint64_t InstructionBound = 200000;

/// Runs the case on a fresh machine.
Outcome run(const EngineEntry &entry, const Case &input);

/// The same on the functional engine with the race detector and \p observer,
/// which may be null.
Outcome runChecked(const Case &input, functional::Observer *observer);

const char *name(Ending ending);

} // namespace dalbit::fuzz
