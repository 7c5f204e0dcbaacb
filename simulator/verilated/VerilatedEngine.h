// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs programs on the NPU's own SystemVerilog under Verilator, with the DRAM model behind its AXI
// interfaces. The clock goes on from step to step, so refreshes and open rows carry over.

#pragma once

#include "isa/target/Target.h"
#include "simulator/dram/ClockRatio.h"
#include "simulator/dram/Dram.h"
#include "simulator/host/Engine.h"
#include "simulator/host/Memory.h"

#include <memory>

namespace dalbit::verilated {

class VerilatedEngine : public host::Engine {
public:
  /// Builds the configuration if need be. The program is loaded in \p memory by the host.
  VerilatedEngine(const binary::Program &program, const target::Target &target, host::Memory &memory);
  ~VerilatedEngine() override;
  /// Throws Error if the program stops with an error or nothing moves any more (T10).
  host::StepResult run(const host::Start &start) override;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace dalbit::verilated
