// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// isa/Isa.cpp.inc: the tables behind isa/Isa.h and the functions that go from
// an index to a member. isa/Isa.cpp includes it inside namespace dalbit::isa.

#include "isa/generator/Outputs.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace dalbit::generator {
namespace {

std::string quoted(StringRef text) {
  std::string out;
  raw_string_ostream os(out);
  SmallVector<StringRef> words;
  SplitString(text, words);
  os << '"';
  printEscapedString(join(words, " "), os);
  os << '"';
  return out;
}

StringRef kindName(OperandKind kind) {
  switch (kind) {
  case OperandKind::Reg:
    return "Reg";
  case OperandKind::Imm:
    return "Imm";
  case OperandKind::Target:
    return "Target";
  case OperandKind::Mask:
    return "Mask";
  case OperandKind::Field:
    return "Field";
  case OperandKind::Unit:
    return "Unit";
  }
  llvm_unreachable("operand kind");
}

void printInstructions(raw_ostream &os, const Model &model) {
  for (const Instruction &instruction : model.instructions) {
    if (instruction.operands.empty())
      continue;
    os << "constexpr OperandInfo operandsOf" << instruction.record
       << "[] = {\n";
    for (const Operand &operand : instruction.operands)
      os << "    {OperandId::" << camel(operand.name) << ", "
         << quoted(operand.name) << ", " << operand.lsb << ", " << operand.width
         << ", OperandKind::" << kindName(operand.kind) << "},\n";
    os << "};\n";
  }
  os << "constexpr InstructionInfo instructionTable[] = {\n";
  for (const Instruction &instruction : model.instructions) {
    os << "    {Opcode::" << instruction.record << ", "
       << quoted(instruction.mnemonic) << ", 0x"
       << utohexstr(instruction.mask(), true) << "u, ";
    if (instruction.operands.empty())
      os << "{}";
    else
      os << "operandsOf" << instruction.record;
    os << ", " << quoted(instruction.semantics) << ", "
       << quoted(instruction.errors) << "},\n";
  }
  os << "};\n\n";
}

void printOperandAccess(raw_ostream &os, const Model &model) {
  os << "uint32_t operandBits(const Instruction &instruction, OperandId id) {\n"
        "  switch (id) {\n";
  for (const Operand &operand : model.operands) {
    os << "  case OperandId::" << camel(operand.name) << ":\n    return ";
    if (operand.kind == OperandKind::Field)
      os << "uint32_t(instruction.unit) << FieldIndexBits | ";
    os << "uint32_t(instruction." << operand.name << ");\n";
  }
  os << "  }\n  return 0;\n}\n\n"
        "void setOperandBits(Instruction &instruction, OperandId id, uint32_t "
        "bits) {\n  switch (id) {\n";
  for (const Operand &operand : model.operands) {
    os << "  case OperandId::" << camel(operand.name) << ":\n";
    if (operand.kind == OperandKind::Field)
      os << "    instruction.unit = Unit(bits >> FieldIndexBits);\n"
         << "    instruction." << operand.name
         << " = bits & ((1u << FieldIndexBits) - 1);\n";
    else
      os << "    instruction." << operand.name << " = decltype(instruction."
         << operand.name << ")(bits);\n";
    os << "    return;\n";
  }
  os << "  }\n}\n\n";
}

void printFields(raw_ostream &os, const Configuration &configuration) {
  StringRef prefix = configuration.prefix;
  for (const Field &field : configuration.fields) {
    if (field.choices.empty())
      continue;
    os << "constexpr ChoiceInfo choicesOf" << prefix << camel(field.name)
       << "[] = {\n";
    for (const Choice &choice : field.choices)
      os << "    {" << quoted(choice.name) << ", " << choice.value << ", "
         << quoted(choice.text) << "},\n";
    os << "};\n";
  }
  os << "constexpr FieldInfo fieldsOf" << prefix << "[] = {\n";
  for (const Field &field : configuration.fields) {
    os << "    {" << quoted(field.name) << ", " << field.lsb << ", "
       << field.width << ", " << (field.isSigned ? "true" : "false") << ", ";
    if (field.choices.empty())
      os << "{}";
    else
      os << "choicesOf" << prefix << camel(field.name);
    os << ", " << quoted(field.text) << "},\n";
  }
  os << "};\n";
}

void printFieldAccess(raw_ostream &os, const Configuration &configuration) {
  StringRef prefix = configuration.prefix;
  os << "int64_t getField(const " << prefix
     << "Configuration &configuration, unsigned index) {\n"
        "  switch (index) {\n";
  for (auto [index, field] : enumerate(configuration.fields)) {
    os << "  case " << index << ":\n    return ";
    if (field.enumName.empty())
      os << "configuration." << camelBack(field.name) << ";\n";
    else
      os << "uint32_t(configuration." << camelBack(field.name) << ");\n";
  }
  os << "  }\n  assert(false && \"no such field\");\n  return 0;\n}\n\n"
     << "bool setField(" << prefix
     << "Configuration &configuration, unsigned index, uint32_t value) {\n"
     << "  if (index >= std::size(fieldsOf" << prefix << ") || !fits(fieldsOf"
     << prefix << "[index], value))\n"
     << "    return false;\n  switch (index) {\n";
  for (auto [index, field] : enumerate(configuration.fields))
    os << "  case " << index << ":\n    configuration." << camelBack(field.name)
       << " = decltype(configuration." << camelBack(field.name)
       << ")(value);\n    break;\n";
  os << "  }\n  return true;\n}\n\n"
     << "std::array<uint32_t, " << (configuration.bits + 31) / 32
     << "> pack(const " << prefix << "Configuration &configuration) {\n"
     << "  std::array<uint32_t, " << (configuration.bits + 31) / 32
     << "> words{};\n"
     << "  for (unsigned i = 0; i < std::size(fieldsOf" << prefix
     << "); ++i)\n    insertBits(words, fieldsOf" << prefix
     << "[i], getField(configuration, i));\n  return words;\n}\n\n";
}

void printNames(raw_ostream &os, StringRef table,
                const std::vector<Named> &entries) {
  os << "constexpr NameInfo " << table << "[] = {\n";
  for (const Named &entry : entries)
    os << "    {" << quoted(entry.name) << ", " << entry.value << ", "
       << quoted(entry.detail) << ", " << quoted(entry.text) << "},\n";
  os << "};\n";
}

void printCounters(raw_ostream &os, const Model &model) {
  os << "constexpr CounterInfo counterTable[] = {\n";
  for (const Counter &counter : model.counters) {
    std::string dotted =
        counter.unit.empty() ? counter.name : counter.unit + "." + counter.name;
    std::string member = counter.unit.empty() ? camelBack(counter.name)
                                              : camelBack(counter.unit) + "." +
                                                    camelBack(counter.name);
    os << "    {" << quoted(dotted) << ", " << quoted(counter.unit) << ", "
       << quoted(counter.text)
       << ", [](Counters &counters) -> uint64_t & { return counters." << member
       << "; }},\n";
  }
  os << "};\n";
}

} // namespace

void printDefinitions(raw_ostream &os, const Model &model) {
  os << "// Made by dalbit-tblgen -gen-cpp-definitions from isa/npu.td: "
        "change it there.\n\nnamespace {\n\n";
  printInstructions(os, model);
  for (const Configuration &configuration : model.configurations)
    printFields(os, configuration);
  os << "constexpr UnitInfo unitTable[] = {\n";
  for (const Unit &unit : model.units)
    os << "    {" << quoted(unit.name) << ", fieldsOf"
       << model.configurations[unit.configuration].prefix << ", "
       << quoted(unit.text) << "},\n";
  os << "};\n";
  printNames(os, "regionTable", model.regions);
  printNames(os, "portTable", model.ports);
  printNames(os, "errorTable", model.errors);
  printNames(os, "registerTable", model.registers);
  printCounters(os, model);
  os << "\n} // namespace\n\n";
  printOperandAccess(os, model);
  for (const Configuration &configuration : model.configurations)
    printFieldAccess(os, configuration);
}

} // namespace dalbit::generator
