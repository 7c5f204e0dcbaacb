// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes instructions and knows what they leave in the configurations and in
// registers, as far as that does not depend on loops and branches.
//
// Registers: r1 to r8 keep the arguments; r9 to r15 are for random arithmetic;
// the others are handed out and given back (counters, addresses of loops).

#pragma once

#include "simulator/fuzz/Job.h"
#include "simulator/fuzz/Random.h"

#include <array>
#include <map>
#include <optional>

namespace dalbit::fuzz {

class Emitter {
public:
  Emitter(Random &random,
          const std::array<uint32_t, isa::Arguments> &arguments);

  size_t emit(const isa::Instruction &instruction) {
    code.push_back(instruction);
    return code.size() - 1;
  }
  std::vector<isa::Instruction> code;
  std::map<size_t, uint64_t> words; ///< in place of instructions: illegal ones

  /// Sets of the fields in which \p job differs from what is there, in random
  /// order, from immediates and from registers. Not those that move.
  void prepare(const Job &job);
  /// The same, all fields; then the go. Returns its place in the code.
  size_t go(const Job &job, uint16_t wait);
  /// The fields as the next job finds them; those whose value is not known have
  /// some value.
  const isa::Configurations &present() const { return current; }

  /// A random instruction on r9 to r15, one that has no other effect.
  void arithmetic();
  /// Makes \p reg what the program knows to be \p value.
  void know(uint8_t reg, std::optional<uint32_t> value) { known[reg] = value; }
  std::optional<uint32_t> valueOf(uint8_t reg) const { return known[reg]; }
  uint8_t scratch() { return uint8_t(9 + random.below(7)); }

  uint8_t takeRegister();
  void giveBack(uint8_t reg) { freeRegisters.push_back(reg); }

  /// A stretch that is executed any number of times begins: random arithmetic
  /// may have happened, the fields are what they are now each time.
  struct Stretch {
    isa::Configurations fields;
    std::array<uint64_t, isa::UnitCount> isKnown;
  };
  Stretch begin();
  /// Sets all fields back that the stretch has changed.
  void end(const Stretch &stretch);

private:
  void setAll(const Job &job, bool withMoving);
  void set(isa::Unit unit, unsigned field, uint32_t value);
  void forget();

  Random &random;
  isa::Configurations current;
  std::array<uint64_t, isa::UnitCount> isKnown; ///< a bit a field
  std::array<std::optional<uint32_t>, isa::Registers> known;
  std::vector<uint8_t> freeRegisters;
};

} // namespace dalbit::fuzz
