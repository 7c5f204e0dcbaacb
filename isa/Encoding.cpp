// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// encode() and decode() of isa/Isa.h: everything comes from the table of
// operands.

#include "isa/IsaInternal.h"

#include <cassert>
#include <cstdio>

namespace dalbit::isa {
namespace {

constexpr unsigned OpcodeLsb = 56;

uint64_t lowBits(unsigned width) { return (uint64_t(1) << width) - 1; }

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", (unsigned long long)value);
  return text;
}

} // namespace

std::string checkSet(const Instruction &instruction) {
  const UnitInfo &unit = units()[unsigned(instruction.unit)];
  if (instruction.field >= unit.fields.size())
    return std::string("unit ") + unit.name + " has no field " +
           std::to_string(instruction.field);
  const FieldInfo &field = unit.fields[instruction.field];
  if (instruction.opcode == Opcode::SetI && !fits(field, instruction.imm))
    return "value " + std::to_string(instruction.imm) + " does not fit " +
           unit.name + "." + field.name + " (" + std::to_string(field.width) +
           (field.isSigned ? " bits, signed)" : " bits)");
  return "";
}

uint64_t encode(const Instruction &instruction) {
  const InstructionInfo *info = findInstruction(instruction.opcode);
  assert(info && "instruction without an opcode");
  uint64_t word = uint64_t(instruction.opcode) << OpcodeLsb;
  for (const OperandInfo &operand : info->operands) {
    uint32_t bits = operandBits(instruction, operand.id);
    assert((bits & ~lowBits(operand.width)) == 0 && "operand too wide");
    word |= (bits & lowBits(operand.width)) << operand.lsb;
  }
  return word;
}

Decoded decode(uint64_t word) {
  Decoded result;
  const InstructionInfo *info = findInstruction(Opcode(word >> OpcodeLsb));
  if (!info) {
    result.error = "unknown opcode " + hex(word >> OpcodeLsb);
    return result;
  }
  if (word & ~info->mask) {
    result.error =
        std::string(info->mnemonic) +
        ": bits outside its operands are set: " + hex(word & ~info->mask);
    return result;
  }
  result.instruction.opcode = info->opcode;
  bool hasField = false;
  for (const OperandInfo &operand : info->operands) {
    uint32_t bits = word >> operand.lsb & lowBits(operand.width);
    setOperandBits(result.instruction, operand.id, bits);
    hasField |= operand.kind == OperandKind::Field;
  }
  if (hasField)
    result.error = checkSet(result.instruction);
  return result;
}

} // namespace dalbit::isa
