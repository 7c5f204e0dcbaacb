// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs programs on the NPU's own SystemVerilog under Verilator, with the DRAM
// model behind its AXI interfaces: values and time are those of the hardware.
//
// The clock goes on from run to run, so that refreshes and open rows carry
// over; scratchpad, accumulators, row scalars and table keep their contents.
// What a run is charged of the DRAM ends with its last cycle, standby and
// refreshes up to there included.

#pragma once

#include "isa/target/Target.h"
#include "simulator/dram/DramParameters.h"
#include "simulator/host/Engine.h"
#include "simulator/host/Memory.h"
#include "simulator/verilated/AxiStalls.h"

#include <memory>

namespace dalbit::verilated {

/// The memory behind the NPU as tests vary it.
struct MemorySystem {
  dram::DramParameters device;
  AxiStalls stalls;
};

/// The target's device, without stalls. Throws Error.
MemorySystem memorySystemOf(const target::Target &target);

class VerilatedEngine : public host::Engine {
public:
  /// Cycles without progress after which a program counts as dead (T10).
  static constexpr int64_t Patience = 100000;

  /// Builds the hardware configuration if the cache has none. The program is in
  /// \p memory before a run; both outlive the engine. Throws Error if tools
  /// fail or the target's clocks are in no ratio.
  VerilatedEngine(const binary::Program &program, const target::Target &target,
                  host::Memory &memory)
      : VerilatedEngine(program, target, memory, memorySystemOf(target)) {}
  /// The same with another DRAM.
  VerilatedEngine(const binary::Program &program, const target::Target &target,
                  host::Memory &memory, const MemorySystem &system);
  ~VerilatedEngine() override;

  /// Throws Error if the program stops with an error (code, instruction, unit),
  /// if nothing moves any more (what each unit waits for), or past start.bound
  /// instructions. The next run then begins after a reset.
  host::StepResult run(const host::Start &start) override;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace dalbit::verilated
