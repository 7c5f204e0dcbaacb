// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the files of dalbit_isa share among themselves.

#pragma once

#include "isa/Isa.h"

namespace dalbit::isa {

/// An operand's bits as in the word, but not cut to its width; a field operand
/// is {unit, index}.
uint32_t operandBits(const Instruction &instruction, OperandId id);
void setOperandBits(Instruction &instruction, OperandId id, uint32_t bits);

/// Why a set is illegal, or empty.
std::string checkSet(const Instruction &instruction);

} // namespace dalbit::isa
