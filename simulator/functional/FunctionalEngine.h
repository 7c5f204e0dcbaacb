// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Executes a program instruction by instruction, without time: a go runs at
// once, in program order. The result is the bytes that the rtl gives. A wait
// for a semaphore that is 0 then can never be met by an earlier instruction: a
// deadlock.

#pragma once

#include "simulator/functional/Machine.h"
#include "simulator/host/Engine.h"

namespace dalbit::functional {

class FunctionalEngine : public host::Engine {
public:
  /// \p program and \p memory must outlive the engine; the program is loaded in
  /// the memory already.
  FunctionalEngine(const binary::Program &program, const target::Target &target,
                   host::Memory &memory);
  host::StepResult run(const host::Start &start) override;

private:
  void execute(const isa::Instruction &instruction);
  void go(const isa::Instruction &instruction);
  void take(uint32_t mask, const char *who);

  const binary::Program &program;
  std::vector<isa::Instruction> code;
  Machine machine;
  std::array<uint32_t, isa::Registers> registers{};
  std::array<uint32_t, isa::Semaphores> semaphores{};
  isa::DmaConfiguration dmaIn, dmaOut;
  isa::MatrixConfiguration matrix;
  isa::VectorConfiguration vector;
  struct Loop {
    uint32_t first, last, left;
  };
  std::vector<Loop> loops;
  int64_t pc = 0;
  bool running = false;
};

} // namespace dalbit::functional
