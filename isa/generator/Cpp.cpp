// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// isa/Isa.h.inc: enumerations, the instruction and the configurations as C++
// types. isa/Isa.h includes it inside namespace dalbit::isa.

#include "isa/generator/Outputs.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/TableGen/Error.h"

#include <map>
#include <set>

using namespace llvm;

namespace dalbit::generator {
namespace {

void printEnum(raw_ostream &os, StringRef name, StringRef type,
               const std::vector<Named> &entries) {
  os << "enum class " << name << " : " << type << " {\n";
  for (const Named &entry : entries)
    os << "  " << entry.record << " = " << entry.value << ", ///< "
       << entry.text << "\n";
  os << "};\ninline constexpr unsigned " << name << "Count = " << entries.size()
     << ";\n\n";
}

/// The C++ type of an operand's member and of a builder's argument.
StringRef memberType(const Operand &operand) {
  switch (operand.kind) {
  case OperandKind::Reg:
    return "uint8_t";
  case OperandKind::Imm:
    return operand.width == 32 ? "int32_t" : "uint32_t";
  case OperandKind::Target:
    return "int32_t";
  case OperandKind::Mask:
    return "uint16_t";
  case OperandKind::Field:
    return "uint8_t";
  case OperandKind::Unit:
    return "Unit";
  }
  llvm_unreachable("operand kind");
}

void printInstruction(raw_ostream &os, const Model &model) {
  os << "enum class Opcode : uint8_t {\n";
  for (const Instruction &instruction : model.instructions)
    os << "  " << instruction.record << " = 0x"
       << utohexstr(instruction.opcode, true) << ", ///< "
       << instruction.mnemonic << "\n";
  os << "};\n\nenum class OperandId : uint8_t {\n";
  for (const Operand &operand : model.operands)
    os << "  " << camel(operand.name) << ",\n";
  os << "};\n\n/// One instruction. Operands that the opcode does not have are "
        "0.\nstruct Instruction {\n"
        "  Opcode opcode = Opcode::Nop;\n";
  for (const Operand &operand : model.operands)
    os << "  " << memberType(operand) << " " << operand.name << "{};\n";
  os << "  bool operator==(const Instruction &) const = default;\n};\n\n";

  for (const Instruction &instruction : model.instructions) {
    os << "inline Instruction make" << instruction.record << "(";
    ListSeparator comma;
    for (const Operand &operand : instruction.operands) {
      if (operand.kind == OperandKind::Field)
        os << comma << "Unit unit";
      os << comma << memberType(operand) << " " << operand.name;
    }
    os << ") {\n  Instruction result;\n  result.opcode = Opcode::"
       << instruction.record << ";\n";
    for (const Operand &operand : instruction.operands) {
      if (operand.kind == OperandKind::Field)
        os << "  result.unit = unit;\n";
      os << "  result." << operand.name << " = " << operand.name << ";\n";
    }
    os << "  return result;\n}\n";
  }
  os << "\n";
}

void printConfiguration(raw_ostream &os, const Configuration &configuration,
                        std::map<std::string, const Field *> &enums) {
  StringRef prefix = configuration.prefix;
  for (const Field &field : configuration.fields) {
    if (field.choices.empty())
      continue;
    auto [known, isNew] = enums.try_emplace(field.enumName, &field);
    if (!isNew) {
      if (known->second->choices.size() != field.choices.size())
        PrintFatalError(field.name + ": choices differ from its class");
      continue;
    }
    os << "enum class " << field.enumName << " : uint32_t {\n";
    for (const Choice &choice : field.choices)
      os << "  " << camel(choice.name) << " = " << choice.value << ", ///< "
         << choice.text << "\n";
    os << "};\n\n";
  }
  os << "/// Indices of the fields for set.\nenum class " << prefix
     << "Field : uint8_t {\n";
  for (const Field &field : configuration.fields)
    os << "  " << camel(field.name) << ",\n";
  os << "};\n\nstruct " << prefix << "Configuration {\n"
     << "  static constexpr unsigned Bits = " << configuration.bits << ";\n";
  for (const Field &field : configuration.fields) {
    std::string type = field.isSigned ? "int32_t" : "uint32_t";
    if (!field.enumName.empty())
      type = field.enumName;
    os << "  " << type << " " << camelBack(field.name) << "{}; ///< "
       << field.text << "\n";
  }
  os << "  bool operator==(const " << prefix
     << "Configuration &) const = default;\n};\n\n"
     << "/// The field's number, sign-extended if it is signed. \\p index must "
        "exist.\n"
     << "int64_t getField(const " << prefix
     << "Configuration &configuration, unsigned index);\n"
     << "/// What `set` does. False, and nothing is changed, if the unit has "
        "no "
        "such field or\n/// the 32-bit \\p value does not fit it.\n"
     << "bool setField(" << prefix
     << "Configuration &configuration, unsigned index, uint32_t value);\n"
     << "/// The packed form (first field lowest), as the unit's cfg_i.\n"
     << "std::array<uint32_t, " << (configuration.bits + 31) / 32
     << "> pack(const " << prefix << "Configuration &configuration);\n\n";
}

/// The structure that holds a unit's counters; dma_in and dma_out share one.
std::string counterStruct(const Model &model, StringRef unit) {
  for (const Unit &known : model.units)
    if (known.name == unit)
      return model.configurations[known.configuration].prefix + "Counters";
  return camel(unit) + "Counters";
}

void printCounters(raw_ostream &os, const Model &model) {
  std::vector<std::string> units;
  std::map<std::string, std::vector<const Counter *>> byUnit;
  for (const Counter &counter : model.counters) {
    if (!byUnit.count(counter.unit))
      units.push_back(counter.unit);
    byUnit[counter.unit].push_back(&counter);
  }
  std::map<std::string, std::string> done; // structure, unit it came from
  for (const std::string &unit : units) {
    if (unit.empty())
      continue;
    auto [known, isNew] = done.try_emplace(counterStruct(model, unit), unit);
    if (!isNew) {
      bool same = llvm::equal(byUnit[unit], byUnit[known->second],
                              [](const Counter *a, const Counter *b) {
                                return a->name == b->name;
                              });
      if (!same)
        PrintFatalError("counters of " + unit + " and " + known->second +
                        " differ");
      continue;
    }
    os << "struct " << known->first << " {\n";
    for (const Counter *counter : byUnit[unit])
      os << "  uint64_t " << camelBack(counter->name) << " = 0; ///< "
         << counter->text << "\n";
    os << "  bool operator==(const " << known->first
       << " &) const = default;\n};\n\n";
  }
  os << "/// All activity counters (C1, C2).\nstruct Counters {\n";
  for (const std::string &unit : units) {
    if (!unit.empty()) {
      os << "  " << counterStruct(model, unit) << " " << camelBack(unit)
         << ";\n";
      continue;
    }
    for (const Counter *counter : byUnit[unit])
      os << "  uint64_t " << camelBack(counter->name) << " = 0; ///< "
         << counter->text << "\n";
  }
  os << "  bool operator==(const Counters &) const = default;\n};\n"
     << "inline constexpr unsigned CounterCount = " << model.counters.size()
     << ";\n";
}

} // namespace

void printDeclarations(raw_ostream &os, const Model &model) {
  os << "// Made by dalbit-tblgen -gen-cpp-declarations from isa/npu.td: "
        "change it there.\n\n";
  for (const Named &constant : model.constants)
    os << "inline constexpr unsigned " << constant.record << " = "
       << constant.value << "; ///< " << constant.text << "\n";
  os << "\n";
  std::vector<Named> units;
  for (const Unit &unit : model.units) {
    Named named;
    named.record = unit.record;
    named.value = unit.id;
    named.text = unit.text;
    units.push_back(named);
  }
  printEnum(os, "Unit", "uint8_t", units);
  os << "/// The error_unit register's number for the sequencer.\n"
        "inline constexpr unsigned SequencerUnit = UnitCount;\n\n";
  printEnum(os, "Region", "uint8_t", model.regions);
  printEnum(os, "Port", "uint8_t", model.ports);
  printEnum(os, "ErrorCode", "uint8_t", model.errors);
  printEnum(os, "Register", "uint32_t", model.registers);
  printInstruction(os, model);
  std::map<std::string, const Field *> enums;
  for (const Configuration &configuration : model.configurations)
    printConfiguration(os, configuration, enums);
  printCounters(os, model);
}

} // namespace dalbit::generator
