// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// docs/isa.md: the manual of the instruction set. It is checked in; a test
// compares it with what this file prints.

#include "isa/generator/Outputs.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;

namespace dalbit::generator {
namespace {

/// Text of a table's cell: one line, bars escaped.
std::string cell(StringRef text) {
  SmallVector<StringRef> words;
  SplitString(text, words);
  std::string line = join(words, " ");
  std::string out;
  for (char c : line) {
    if (c == '|' || c == '<')
      out += '\\';
    out += c;
  }
  return out;
}

std::string hexNumber(uint64_t value, unsigned digits) {
  std::string out;
  raw_string_ostream(out) << format_hex(value, digits + 2);
  return out;
}

std::string syntax(const Instruction &instruction) {
  std::string out = instruction.mnemonic;
  unsigned masks = llvm::count_if(instruction.operands, [](const Operand &o) {
    return o.kind == OperandKind::Mask;
  });
  ListSeparator comma(", ");
  for (const Operand &operand : instruction.operands) {
    out += StringRef(comma).str();
    if (out == instruction.mnemonic)
      out += " ";
    if (operand.kind == OperandKind::Mask && masks > 1)
      out += operand.name + " mask";
    else if (operand.kind == OperandKind::Field)
      out += "unit.field";
    else
      out += operand.name;
  }
  return out;
}

std::string encoding(const Instruction &instruction) {
  std::string out = hexNumber(instruction.opcode, 2);
  for (const Operand &operand : instruction.operands)
    out += ", " + operand.name + " [" +
           utostr(operand.lsb + operand.width - 1) + ":" + utostr(operand.lsb) +
           "]";
  return out;
}

void printInstructions(raw_ostream &os, const Model &model) {
  os << R"(
## Instructions

An instruction is a 64-bit word, little endian in memory. The opcode is in [63:56]; bits that no
operand of an instruction covers must be 0, or it is illegal.

| kind of operand | in assembly | meaning |
| --- | --- | --- |
| a, b, c | `r0` .. `r31` | scalar register of 32 bits; r0 reads as 0 and ignores writes |
| imm | `-5`, `0x40` | signed 32-bit number |
| target | `+4`, `-12` | signed distance in instructions from this one |
| wait, signal | `0x0003` | set of semaphores, bit i for semaphore i |
| unit | `matrix` | unit number |
| field | `matrix.k` | unit in [40:39], index of the field in [38:32] |
| tag | `0x101` | layer [7:0] and phase [8] |

A `set` of a field with named values may name the value: `set matrix.w_form, w4`. A semicolon begins
a comment.

| instruction | encoding | what it does | errors |
| --- | --- | --- | --- |
)";
  for (const Instruction &instruction : model.instructions)
    os << "| `" << syntax(instruction) << "` | " << encoding(instruction)
       << " | " << cell(instruction.semantics) << " | "
       << cell(instruction.errors) << " |\n";
}

void printConfiguration(raw_ostream &os, const Model &model, unsigned number) {
  const Configuration &configuration = model.configurations[number];
  os << "\n## Fields of";
  ListSeparator separator(" and");
  for (const Unit &unit : model.units)
    if (unit.configuration == number)
      os << separator << " " << unit.name;
  os << "\n\n";
  for (const Unit &unit : model.units)
    if (unit.configuration == number)
      os << "Unit " << unit.id << ", `" << unit.name << "`: " << unit.text
         << ".\n";
  os << "\nThe packed configuration has " << configuration.bits
     << " bits.\n\n| index | field | bits | place | meaning |\n| --- | --- | "
        "--- | --- | --- |\n";
  for (auto [index, field] : enumerate(configuration.fields)) {
    os << "| " << index << " | `" << field.name << "` | " << field.width
       << (field.isSigned ? ", signed" : "") << " | ["
       << field.lsb + field.width - 1 << ":" << field.lsb << "] | "
       << cell(field.text);
    for (const Choice &choice : field.choices)
      os << "<br>" << choice.value << " `" << choice.name
         << "`: " << cell(choice.text);
    os << " |\n";
  }
}

void printNumbers(raw_ostream &os, const Model &model) {
  os << "\n## Sizes\n\n| name | value | meaning |\n| --- | --- | --- |\n";
  for (const Named &constant : model.constants)
    os << "| " << constant.record << " | " << constant.value << " | "
       << cell(constant.text) << " |\n";

  os << "\n## Regions\n\nA DRAM address is the base register of a region plus "
        "an offset.\n\n| number | region | contents |\n| --- | --- | --- |\n";
  for (const Named &region : model.regions)
    os << "| " << region.value << " | " << region.name << " | "
       << cell(region.text) << " |\n";

  os << "\n## Scratchpad ports\n\nIn order of priority at a bank (T4).\n\n"
        "| priority | port | direction | use |\n| --- | --- | --- | --- |\n";
  for (const Named &port : model.ports)
    os << "| " << port.value << " | " << port.name << " | " << port.detail
       << " | " << cell(port.text) << " |\n";

  os << "\n## Errors\n\n| code | name | meaning |\n| --- | --- | --- |\n";
  for (const Named &error : model.errors)
    os << "| " << error.value << " | " << error.name << " | "
       << cell(error.text) << " |\n";

  os << "\n## Control registers\n\n| address | register | bits | access | "
        "meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const Named &entry : model.registers)
    os << "| " << hexNumber(entry.value, 2) << " | " << entry.name << " | "
       << entry.width << " | " << entry.detail << " | " << cell(entry.text)
       << " |\n";

  os << "\n## Counters\n\n64 bits each.\n\n| counter | counts |\n| --- | --- "
        "|\n";
  for (const Counter &counter : model.counters)
    os << "| "
       << (counter.unit.empty() ? counter.name
                                : counter.unit + "." + counter.name)
       << " | " << cell(counter.text) << " |\n";
}

} // namespace

void printManual(raw_ostream &os, const Model &model) {
  os << R"(# Instruction set

<!-- Made by dalbit-tblgen -gen-doc from isa/npu.td: change it there. -->

One sequencer executes scalar instructions and hands work to the units: `set` writes a field of a
unit's configuration, which keeps its value; `go` pushes the whole configuration into the unit's
queue. All registers, fields and semaphores are 0 at the start of a program, but r1 to r8, which hold
the arguments. Rules A, S and V are in [arithmetic.md](arithmetic.md), time is in
[microarchitecture.md](microarchitecture.md), the file format in [binary.md](binary.md).
)";
  printInstructions(os, model);
  for (unsigned i = 0; i < model.configurations.size(); ++i)
    printConfiguration(os, model, i);
  printNumbers(os, model);
}

} // namespace dalbit::generator
