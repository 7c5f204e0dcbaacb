// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/Code.h"

namespace dalbit::fast {

namespace {

Kind kindOf(isa::Opcode opcode) {
  using isa::Opcode;
  switch (opcode) {
  case Opcode::Nop:
    return Kind::Nop;
  case Opcode::SetI:
    return Kind::Set;
  case Opcode::SetR:
    return Kind::SetFromRegister;
  case Opcode::Tag:
    return Kind::Tag;
  case Opcode::Beq:
  case Opcode::Bne:
  case Opcode::Blt:
  case Opcode::Bge:
  case Opcode::Jump:
    return Kind::Branch;
  case Opcode::Loop:
    return Kind::Loop;
  case Opcode::Go:
    return Kind::Go;
  case Opcode::SemWait:
    return Kind::SemWait;
  case Opcode::SemSignal:
    return Kind::SemSignal;
  case Opcode::Load:
    return Kind::Load;
  case Opcode::Halt:
    return Kind::Halt;
  default:
    return Kind::Compute;
  }
}

uint64_t bits(uint64_t word, const isa::OperandInfo &operand) {
  return word >> operand.lsb & ((uint64_t(1) << operand.width) - 1);
}

CodeWord decodeWord(uint64_t word) {
  CodeWord code;
  constexpr unsigned OpcodeLsb = 56;
  const isa::InstructionInfo *info =
      isa::findInstruction(isa::Opcode(word >> OpcodeLsb));
  if (!info || (word & ~info->mask))
    return code;
  code.opcode = info->opcode;
  unsigned fieldIndex = 0;
  for (const isa::OperandInfo &operand : info->operands) {
    uint64_t value = bits(word, operand);
    switch (operand.id) {
    case isa::OperandId::A:
      code.a = uint8_t(value);
      break;
    case isa::OperandId::B:
      code.b = uint8_t(value);
      break;
    case isa::OperandId::C:
      code.c = uint8_t(value);
      break;
    case isa::OperandId::Field:
      code.unit = uint8_t(value >> isa::FieldIndexBits);
      fieldIndex = unsigned(value & ((1u << isa::FieldIndexBits) - 1));
      break;
    case isa::OperandId::Unit:
      code.unit = uint8_t(value);
      break;
    case isa::OperandId::Imm:
    case isa::OperandId::Target:
      code.imm = uint32_t(value);
      break;
    case isa::OperandId::Signal:
      code.signal = uint16_t(value);
      break;
    case isa::OperandId::Wait:
      code.wait = uint16_t(value);
      break;
    case isa::OperandId::Tag:
      code.tag = uint16_t(value);
      break;
    }
  }
  code.kind = kindOf(code.opcode);
  if (code.kind == Kind::Set || code.kind == Kind::SetFromRegister) {
    auto fields = isa::fields(isa::Unit(code.unit));
    code.field = uint8_t(fieldIndex);
    if (fieldIndex >= fields.size() ||
        (code.kind == Kind::Set && !isa::fits(fields[fieldIndex], code.imm))) {
      code.kind = Kind::Illegal;
      code.error = isa::ErrorCode::IllegalField;
    }
  }
  return code;
}

} // namespace

std::vector<CodeWord> decodeProgram(std::span<const uint64_t> words) {
  std::vector<CodeWord> code;
  code.reserve(words.size());
  uint32_t goes = 0;
  for (uint64_t word : words) {
    code.push_back(decodeWord(word));
    if (code.back().kind == Kind::Go)
      code.back().imm = goes++;
  }
  return code;
}

} // namespace dalbit::fast
