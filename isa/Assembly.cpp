// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// print(), parse() and assemble() of isa/Isa.h: the text of instructions.
// Operands stand in the order of isa/npu.td; when an instruction has several
// masks, each begins with its name.

#include "isa/IsaInternal.h"

#include "support/Error.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

namespace dalbit::isa {
namespace {

bool namesMasks(const InstructionInfo &info) {
  return std::count_if(info.operands.begin(), info.operands.end(),
                       [](const OperandInfo &operand) {
                         return operand.kind == OperandKind::Mask;
                       }) > 1;
}

template <typename... Args>
std::string format(const char *pattern, Args... arguments) {
  char text[32];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}

/// The value of a set: a choice's name if it has one.
std::string printValue(const FieldInfo &field, uint32_t value) {
  for (const ChoiceInfo &choice : field.choices)
    if (choice.value == value)
      return choice.name;
  return field.isSigned ? std::to_string(int32_t(value))
                        : std::to_string(value);
}

std::string printOperand(const Instruction &instruction,
                         const OperandInfo &operand) {
  uint32_t bits = operandBits(instruction, operand.id);
  switch (operand.kind) {
  case OperandKind::Reg:
    return format("r%u", bits);
  case OperandKind::Imm:
    if (instruction.opcode == Opcode::SetI)
      return printValue(fields(instruction.unit)[instruction.field], bits);
    return operand.width == 32 ? std::to_string(int32_t(bits))
                               : format("0x%03x", bits);
  case OperandKind::Target:
    return format("%+d", int32_t(bits));
  case OperandKind::Mask:
    return format("0x%04x", bits);
  case OperandKind::Field:
    return std::string(units()[unsigned(instruction.unit)].name) + "." +
           fields(instruction.unit)[instruction.field].name;
  case OperandKind::Unit:
    return units()[unsigned(instruction.unit)].name;
  }
  return "";
}

std::string_view trim(std::string_view text) {
  auto isSpace = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && isSpace(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back()))
    text.remove_suffix(1);
  return text;
}

/// A decimal or 0x number with an optional sign.
std::optional<int64_t> number(std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+'))
    text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  uint32_t value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return negative ? -int64_t(value) : int64_t(value);
}

std::optional<unsigned> unitNumber(std::string_view name) {
  for (unsigned i = 0; i < units().size(); ++i)
    if (units()[i].name == name)
      return i;
  return std::nullopt;
}

/// Bits of a number operand; none if it does not fit its width. A full word
/// may be written signed or unsigned.
std::optional<uint32_t> numberBits(std::string_view text, unsigned width,
                                   bool isSigned) {
  std::optional<int64_t> value = number(text);
  int64_t low = isSigned ? -(int64_t(1) << (width - 1)) : 0;
  if (!value || *value < low || *value >= int64_t(1) << width)
    return std::nullopt;
  return uint32_t(*value);
}

std::optional<uint32_t> parseOperand(const Instruction &instruction,
                                     const OperandInfo &operand,
                                     std::string_view text) {
  switch (operand.kind) {
  case OperandKind::Reg:
    if (!text.starts_with('r') || text.size() < 2 || text[1] < '0' ||
        text[1] > '9')
      return std::nullopt;
    return numberBits(text.substr(1), operand.width, false);
  case OperandKind::Imm:
    if (instruction.opcode == Opcode::SetI)
      for (const ChoiceInfo &choice :
           fields(instruction.unit)[instruction.field].choices)
        if (choice.name == text)
          return choice.value;
    return numberBits(text, operand.width, operand.width == 32);
  case OperandKind::Target:
    return numberBits(text, operand.width, true);
  case OperandKind::Mask:
    return numberBits(text, operand.width, false);
  case OperandKind::Field: {
    size_t dot = text.find('.');
    std::optional<unsigned> unit = unitNumber(text.substr(0, dot));
    if (!unit || dot == std::string_view::npos)
      return std::nullopt;
    int index = findField(Unit(*unit), text.substr(dot + 1));
    if (index < 0)
      return std::nullopt;
    return *unit << FieldIndexBits | unsigned(index);
  }
  case OperandKind::Unit:
    return unitNumber(text);
  }
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  if (text.empty())
    return parts;
  for (size_t comma; (comma = text.find(',')) != std::string_view::npos;
       text.remove_prefix(comma + 1))
    parts.push_back(trim(text.substr(0, comma)));
  parts.push_back(trim(text));
  return parts;
}

Decoded failure(std::string reason) { return {{}, std::move(reason)}; }

} // namespace

std::string print(const Instruction &instruction) {
  const InstructionInfo &info = *findInstruction(instruction.opcode);
  bool named = namesMasks(info);
  std::string text = info.mnemonic;
  const char *separator = " ";
  for (const OperandInfo &operand : info.operands) {
    text += separator;
    if (named && operand.kind == OperandKind::Mask)
      text += std::string(operand.name) + " ";
    text += printOperand(instruction, operand);
    separator = ", ";
  }
  return text;
}

Decoded parse(std::string_view text) {
  text = trim(text.substr(0, text.find(';')));
  size_t end = std::min(text.find_first_of(" \t"), text.size());
  const InstructionInfo *info = findInstruction(text.substr(0, end));
  if (!info)
    return failure("unknown instruction '" + std::string(text.substr(0, end)) +
                   "'");
  std::vector<std::string_view> parts = split(trim(text.substr(end)));
  if (parts.size() != info->operands.size())
    return failure(std::string(info->mnemonic) + " takes " +
                   std::to_string(info->operands.size()) + " operands, not " +
                   std::to_string(parts.size()));
  Decoded result;
  result.instruction.opcode = info->opcode;
  bool named = namesMasks(*info), hasField = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    const OperandInfo &operand = info->operands[i];
    std::string_view part = parts[i];
    std::string prefix = std::string(operand.name) + " ";
    if (named && operand.kind == OperandKind::Mask) {
      if (!part.starts_with(prefix))
        return failure(std::string(info->mnemonic) + ": operand " +
                       std::to_string(i + 1) + " begins with '" + operand.name +
                       "'");
      part = trim(part.substr(prefix.size()));
    }
    std::optional<uint32_t> bits =
        parseOperand(result.instruction, operand, part);
    if (!bits)
      return failure(std::string(info->mnemonic) + ": '" + std::string(part) +
                     "' is no " + operand.name);
    setOperandBits(result.instruction, operand.id, *bits);
    hasField |= operand.kind == OperandKind::Field;
  }
  if (hasField)
    result.error = checkSet(result.instruction);
  return result;
}

std::vector<uint64_t> assemble(std::string_view text,
                               const std::string &source) {
  std::vector<uint64_t> words;
  for (size_t line = 1; !text.empty(); ++line) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (trim(content.substr(0, content.find(';'))).empty())
      continue;
    Decoded parsed = parse(content);
    if (!parsed)
      throw Error(source + ":" + std::to_string(line) + ": " + parsed.error);
    words.push_back(encode(parsed.instruction));
  }
  return words;
}

} // namespace dalbit::isa
