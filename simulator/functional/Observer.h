// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who watches a program while the functional engine executes it: the race
// detector, the coverage of the fuzzer.

#pragma once

#include "isa/Configurations.h"

#include <span>

namespace dalbit::functional {

struct Machine;

class Observer {
public:
  virtual ~Observer() = default;
  /// A run begins.
  virtual void begin(const Machine &machine,
                     std::span<const isa::Instruction> code) {}
  /// An instruction other than a go is about to have its effect; a sem.wait
  /// has found its semaphores.
  virtual void instruction(uint32_t pc, const isa::Instruction &instruction) {}
  /// A load reads the word at \p address of the scratchpad, which exists.
  virtual void load(uint32_t pc, uint32_t address) {}
  /// A go has found its semaphores, and its unit is about to work.
  virtual void go(uint32_t pc, const isa::Instruction &go,
                  const isa::Configurations &configurations) {}
};

} // namespace dalbit::functional
