// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rtl's time without the rtl: cycles, counters and their split over the
// tags are those of verilated::VerilatedEngine on every program, error reports
// included, and the memory that of both other engines.
//
// An instruction's effect takes place when it ends, so the order is that of the
// semaphores; what a program reads in an instruction while another one writes
// it is not defined in any engine. Without data nothing is computed and no
// memory is touched: what steers the program comes from a record, or from a
// seed.

#pragma once

#include "isa/target/Target.h"
#include "simulator/host/Engine.h"
#include "simulator/host/Memory.h"
#include "simulator/verilated/VerilatedEngine.h"

#include <memory>

namespace dalbit::fast {

class FastEngine : public host::Engine {
public:
  /// The program is in \p memory before a run; both outlive the engine. Throws
  /// Error if the target's clocks are in no ratio.
  FastEngine(const binary::Program &program, const target::Target &target,
             host::Memory &memory)
      : FastEngine(program, target, memory, verilated::memorySystemOf(target)) {
  }
  /// The same with another DRAM.
  FastEngine(const binary::Program &program, const target::Target &target,
             host::Memory &memory, const verilated::MemorySystem &system);
  /// Timing only: run-time values (T11) are those of \p replay, start by start,
  /// or if that is null numbers below \p limit from \p seed. Of \p memory
  /// only the placement is looked at.
  struct Steering {
    const host::RuntimeRecord *replay = nullptr;
    uint64_t seed = 1;
    uint32_t limit = 1;
  };
  FastEngine(const binary::Program &program, const target::Target &target,
             host::Memory &memory, const Steering &steering)
      : FastEngine(program, target, memory, verilated::memorySystemOf(target),
                   steering) {}
  /// The same with another DRAM.
  FastEngine(const binary::Program &program, const target::Target &target,
             host::Memory &memory, const verilated::MemorySystem &system,
             const Steering &steering);
  ~FastEngine() override;

  /// Throws Error as VerilatedEngine does, with the same text, and if a record
  /// does not fit the run.
  host::StepResult run(const host::Start &start) override;
  bool hasData() const override;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace dalbit::fast
