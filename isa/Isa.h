// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The instruction set for C++: numbers and types made from isa/npu.td, the
// 64-bit encoding and the assembly text of one instruction.
//
// decode() takes exactly the words that the hardware takes as far as one word
// can tell: unknown opcodes, bits outside the operands, unknown fields and
// values too wide for a field are refused. What depends on the place (targets
// inside the code, the nesting of loops) is checked by isa/binary and by the
// engines. docs/isa.md is the manual.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dalbit::isa {

#include "isa/Isa.h.inc"

/// Bits of a field's index in a set; the unit's number is above them.
inline constexpr unsigned FieldIndexBits = 7;

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

enum class OperandKind : uint8_t { Reg, Imm, Target, Mask, Field, Unit };

struct OperandInfo {
  OperandId id;
  const char *name;
  unsigned lsb, width;
  OperandKind kind;
};

struct InstructionInfo {
  Opcode opcode;
  const char *mnemonic;
  uint64_t mask; ///< bits that opcode and operands cover
  std::span<const OperandInfo> operands;
  const char *semantics, *errors;
};

struct ChoiceInfo {
  const char *name;
  uint32_t value;
  const char *text;
};

struct FieldInfo {
  const char *name;
  unsigned lsb, width; ///< lsb in the packed configuration
  bool isSigned;
  std::span<const ChoiceInfo> choices; ///< empty for numbers
  const char *text;
};

struct UnitInfo {
  const char *name;
  std::span<const FieldInfo> fields;
  const char *text;
};

/// A region, port, error or register; \p detail is the direction or access.
struct NameInfo {
  const char *name;
  unsigned value;
  const char *detail;
  const char *text;
};

struct CounterInfo {
  const char *name; ///< "matrix.macs_w8"
  const char *unit; ///< "matrix"; "" for the NPU as a whole
  const char *text;
  uint64_t &(*get)(Counters &counters);
};

std::span<const InstructionInfo> instructions();
/// Null if there is no such opcode.
const InstructionInfo *findInstruction(Opcode opcode);
const InstructionInfo *findInstruction(std::string_view mnemonic);

/// By number, as enum Unit.
std::span<const UnitInfo> units();
std::span<const FieldInfo> fields(Unit unit);
/// Index of a field by its name in isa/npu.td, -1 if there is none.
int findField(Unit unit, std::string_view name);
/// Whether a 32-bit value, as a set has it, fits the field.
bool fits(const FieldInfo &field, uint32_t value);

std::span<const NameInfo> regions();
std::span<const NameInfo> ports();
std::span<const NameInfo> errors();
std::span<const NameInfo> registers();

/// In order of isa/npu.td; a counter's index is its place.
std::span<const CounterInfo> counters();
uint64_t counter(const Counters &counters, unsigned index);
Counters &operator+=(Counters &sum, const Counters &more);

//===----------------------------------------------------------------------===//
// Encoding and text
//===----------------------------------------------------------------------===//

uint64_t encode(const Instruction &instruction);

/// An instruction, or the reason why there is none.
struct Decoded {
  Instruction instruction;
  std::string error; ///< empty if it is legal
  explicit operator bool() const { return error.empty(); }
};

Decoded decode(uint64_t word);

/// "set matrix.w_form, w4"; parse() reads it back.
std::string print(const Instruction &instruction);
/// Reads one line of assembly; a semicolon begins a comment.
Decoded parse(std::string_view text);

/// The words of a text of one instruction a line; empty lines and comments give
/// none. Throws Error whose message begins with \p source and the line.
std::vector<uint64_t> assemble(std::string_view text,
                               const std::string &source);

} // namespace dalbit::isa
