// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program decoded once, with what the sequencer's checks say of a word by
// itself (rtl/sequencer/sequencer.sv).

#pragma once

#include "isa/Isa.h"

#include <cstring>
#include <span>
#include <vector>

namespace dalbit::fast {

/// What the sequencer does with an instruction, coarser than its opcode.
enum class Kind : uint8_t {
  Nop,
  Compute, ///< R[a] = f(R[b], R[c], imm)
  Set,     ///< field = imm
  SetFromRegister,
  Tag,
  // From here on others notice it, or it goes elsewhere than to the next word.
  Branch,
  Loop,
  Go,
  SemWait,
  SemSignal,
  Load,
  Halt,
  Illegal,
};

struct CodeWord {
  Kind kind = Kind::Illegal;
  isa::Opcode opcode = isa::Opcode::Nop;
  uint8_t a = 0, b = 0, c = 0;
  uint8_t unit = 0, field = 0;
  isa::ErrorCode error = isa::ErrorCode::IllegalInstruction; ///< if Illegal
  uint16_t wait = 0, signal = 0, tag = 0;
  uint32_t imm = 0; ///< immediate or target; of a go its number
};

std::vector<CodeWord> decodeProgram(std::span<const uint64_t> words);

/// Fields of a unit's configuration, one word each, in order of isa/npu.td.
inline constexpr unsigned MostFields = 64;

/// Bytes of the words of a unit's configuration, by its number.
inline constexpr size_t ConfigurationBytes[] = {
    sizeof(isa::DmaConfiguration), sizeof(isa::DmaConfiguration),
    sizeof(isa::MatrixConfiguration), sizeof(isa::VectorConfiguration)};

/// They as the struct of isa/, whose members are just these words.
template <typename Configuration>
Configuration configurationOf(const uint32_t *fields) {
  static_assert(sizeof(Configuration) % sizeof(uint32_t) == 0 &&
                sizeof(Configuration) <= MostFields * sizeof(uint32_t));
  Configuration configuration;
  std::memcpy(static_cast<void *>(&configuration), fields,
              sizeof configuration);
  return configuration;
}

} // namespace dalbit::fast
