// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Executes a program instruction by instruction, without time: a go runs at
// once, in program order, and the memory ends up with the bytes that the rtl
// gives. A wait for a semaphore that is 0 then can never be met by an earlier
// instruction: a deadlock. Of the counters only sequencer.instructions counts.
//
// Scratchpad, accumulators, row scalars and table keep their contents from run
// to run, registers, semaphores and configurations do not.

#pragma once

#include "isa/Configurations.h"
#include "simulator/functional/Machine.h"
#include "simulator/functional/Observer.h"
#include "simulator/functional/Snapshot.h"
#include "simulator/functional/ValueRecorder.h"
#include "simulator/host/Engine.h"

#include <array>
#include <map>

namespace dalbit::functional {

class FunctionalEngine : public host::Engine {
public:
  /// \p memory must outlive the engine; the program is in it before a run.
  FunctionalEngine(const binary::Program &program, const target::Target &target,
                   host::Memory &memory);

  /// Throws Error with code, pc, instruction and reason for what the rtl would
  /// stop at, for a deadlock, and after start.bound instructions
  /// (host/Stopped.h).
  host::StepResult run(const host::Start &start) override;

  /// Tells \p observer of every instruction from the next run on; it outlives
  /// the engine.
  void observe(Observer &observer) { observers.push_back(&observer); }
  /// Tells \p stepper of every instruction from the next run on; null: nobody.
  void step(Stepper *stepper) { this->stepper = stepper; }

  // What a stepper looks at.
  Snapshot snapshot() const;
  /// Instructions before the one at hand.
  uint64_t executed() const { return count; }
  uint32_t position() const { return uint32_t(pc); }
  const isa::Instruction &instruction() const { return code[size_t(pc)]; }
  const isa::Configurations &configuration() const { return configurations; }
  const std::vector<Loop> &loops() const { return activeLoops; }
  uint32_t tag() const { return tagNow; }

  /// Gives units the memories of \p state, one of the same target; what the
  /// sequencer has is a run's own.
  void setUnits(const Snapshot &state);

private:
  void execute(const isa::Instruction &instruction);
  /// The result of an instruction that only computes R[a].
  void beginLoop(const isa::Instruction &loop);
  /// The body's last instruction has ended without a jump.
  void endLoops(int64_t last);
  void set(const isa::Instruction &instruction, uint32_t value);
  void load(const isa::Instruction &instruction);
  void go(const isa::Instruction &instruction);
  void take(uint32_t mask, const char *who);
  void signal(uint32_t mask);
  [[noreturn]] void fail(const Fault &fault) const;
  template <typename Tell> void tell(Tell tell) {
    for (Observer *observer : observers)
      tell(*observer);
  }

  std::vector<isa::Instruction> code;
  std::map<int64_t, std::string> illegal; ///< words that do not decode
  Machine machine;
  std::vector<Observer *> observers;
  ValueRecorder recorder; ///< among the observers while it has something to do
  std::array<uint32_t, isa::Registers> registers{};
  std::array<uint32_t, isa::Semaphores> semaphores{};
  isa::Configurations configurations;
  std::vector<Loop> activeLoops;
  Stepper *stepper = nullptr;
  uint32_t tagNow = 0;
  std::map<uint32_t, uint64_t> saturated; ///< of the run, by layer tag
  uint64_t count = 0, loopEntries = 0;
  int64_t pc = 0, next = 0;
  bool isRunning = false;
};

} // namespace dalbit::functional
