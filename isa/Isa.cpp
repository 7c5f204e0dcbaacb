// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/IsaInternal.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace dalbit::isa {
namespace {

/// Puts the low bits of a value at the field's place in a packed configuration.
void insertBits(std::span<uint32_t> words, const FieldInfo &field,
                int64_t value) {
  for (unsigned bit = 0; bit < field.width; ++bit)
    if (value >> bit & 1)
      words[(field.lsb + bit) / 32] |= 1u << (field.lsb + bit) % 32;
}

} // namespace

#include "isa/Isa.cpp.inc"

std::span<const InstructionInfo> instructions() { return instructionTable; }

const InstructionInfo *findInstruction(Opcode opcode) {
  for (const InstructionInfo &info : instructionTable)
    if (info.opcode == opcode)
      return &info;
  return nullptr;
}

const InstructionInfo *findInstruction(std::string_view mnemonic) {
  for (const InstructionInfo &info : instructionTable)
    if (info.mnemonic == mnemonic)
      return &info;
  return nullptr;
}

std::span<const UnitInfo> units() { return unitTable; }

std::span<const FieldInfo> fields(Unit unit) {
  return unitTable[unsigned(unit)].fields;
}

int findField(Unit unit, std::string_view name) {
  std::span<const FieldInfo> list = fields(unit);
  auto found = std::find_if(list.begin(), list.end(),
                            [&](const FieldInfo &f) { return f.name == name; });
  return found == list.end() ? -1 : int(found - list.begin());
}

bool fits(const FieldInfo &field, uint32_t value) {
  if (field.width == 32)
    return true;
  if (!field.isSigned)
    return value >> field.width == 0;
  int32_t limit = int32_t(1) << (field.width - 1);
  return int32_t(value) >= -limit && int32_t(value) < limit;
}

std::span<const NameInfo> regions() { return regionTable; }
std::span<const NameInfo> ports() { return portTable; }
std::span<const NameInfo> errors() { return errorTable; }
std::span<const NameInfo> registers() { return registerTable; }

std::span<const CounterInfo> counters() { return counterTable; }

uint64_t counter(const Counters &counters, unsigned index) {
  return counterTable[index].get(const_cast<Counters &>(counters));
}

Counters &operator+=(Counters &sum, const Counters &more) {
  for (unsigned i = 0; i < CounterCount; ++i)
    counterTable[i].get(sum) += counter(more, i);
  return sum;
}

} // namespace dalbit::isa
