// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What programs have executed: instructions by mnemonic, and for each unit's
// fields with named values how often a go had which (of a vector instruction
// only those that its operation uses).

#pragma once

#include "simulator/functional/Observer.h"

#include <map>
#include <string>

namespace dalbit::fuzz {

class Coverage : public functional::Observer {
public:
  void instruction(uint32_t pc, const isa::Instruction &instruction) override;
  void go(uint32_t pc, const isa::Instruction &go,
          const isa::Configurations &configurations) override;

  Coverage &operator+=(const Coverage &other);

  /// "set" or "matrix.w_form.w4"; those that never came have 0.
  std::map<std::string, uint64_t> instructions() const;
  std::map<std::string, uint64_t> modes() const;

private:
  std::map<isa::Opcode, uint64_t> opcodes;
  std::map<std::string, uint64_t> seen;
};

} // namespace dalbit::fuzz
