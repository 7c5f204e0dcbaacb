// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/generator/Model.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/TableGen/Error.h"

#include <algorithm>
#include <map>
#include <set>

using namespace llvm;

namespace dalbit::generator {
namespace {

constexpr unsigned kOpcodeLsb = 56;

std::vector<Record *> inOrder(const RecordKeeper &records, StringRef name) {
  std::vector<Record *> list = records.getAllDerivedDefinitions(name);
  llvm::sort(list, LessRecordByID());
  return list;
}

std::string text(const Record *record, StringRef field) {
  return record->getValueAsString(field).str();
}

unsigned number(const Record *record, StringRef field) {
  int64_t value = record->getValueAsInt(field);
  if (value < 0 || value > UINT32_MAX)
    PrintFatalError(record->getLoc(), field + " is not a 32-bit number");
  return value;
}

/// Refuses what has been seen before.
template <typename T>
void once(std::set<T> &seen, const T &key, const Record *record, Twine what) {
  if (!seen.insert(key).second)
    PrintFatalError(record->getLoc(), what + " is used twice");
}

std::string withoutPrefix(StringRef name, StringRef prefix) {
  name.consume_front(prefix);
  return name.str();
}

std::string withoutSuffix(StringRef name, StringRef suffix) {
  name.consume_back(suffix);
  return name.str();
}

Operand readOperand(const Record *record) {
  static const std::map<std::string, OperandKind> kinds = {
      {"reg", OperandKind::Reg},       {"imm", OperandKind::Imm},
      {"target", OperandKind::Target}, {"mask", OperandKind::Mask},
      {"field", OperandKind::Field},   {"unit", OperandKind::Unit}};
  auto kind = kinds.find(text(record, "Kind"));
  if (kind == kinds.end())
    PrintFatalError(record->getLoc(), "unknown operand kind");
  Operand operand{text(record, "Name"), number(record, "Lsb"),
                  number(record, "Width"), kind->second};
  if (operand.width == 0 || operand.width > 32 ||
      operand.lsb + operand.width > kOpcodeLsb)
    PrintFatalError(record->getLoc(), "operand outside [55:0] or empty");
  return operand;
}

Instruction readInstruction(const Record *record) {
  Instruction instruction{record->getName().str(),   text(record, "Mnemonic"),
                          number(record, "Opcode"),  {},
                          text(record, "Semantics"), text(record, "Errors")};
  if (instruction.opcode == 0 || instruction.opcode > 0xff)
    PrintFatalError(record->getLoc(), "opcode is not 1..255");
  for (const Record *operand : record->getValueAsListOfDefs("Operands")) {
    Operand next = readOperand(operand);
    uint64_t mask = ((uint64_t(1) << next.width) - 1) << next.lsb;
    if (instruction.mask() & mask)
      PrintFatalError(record->getLoc(), "operand " + next.name + " overlaps");
    instruction.operands.push_back(next);
  }
  return instruction;
}

/// The class right below ChoiceField names the enumeration that its fields
/// share; a plain ChoiceField has its own.
std::string enumName(const Record *field, StringRef prefix, StringRef name) {
  bool next = false;
  for (auto [super, range] : field->getSuperClasses()) {
    if (next)
      return withoutSuffix(super->getName(), "Field");
    next = super->getName() == "ChoiceField";
  }
  return (prefix + camel(name)).str();
}

Field readField(const Record *record, const Configuration &configuration) {
  Field field{text(record, "Name"),
              configuration.bits,
              number(record, "Width"),
              record->getValueAsBit("Signed"),
              {},
              "",
              text(record, "Text")};
  if (field.name.empty() || field.width == 0 || field.width > 32)
    PrintFatalError(record->getLoc(), "field without a name or 1..32 bits");
  std::set<std::string> names;
  std::set<unsigned> values;
  for (const Record *choice : record->getValueAsListOfDefs("Choices")) {
    Choice next{text(choice, "Name"), number(choice, "Value"),
                text(choice, "Text")};
    once(names, next.name, choice, "choice " + next.name);
    once(values, next.value, choice, "value of choice " + next.name);
    if (next.value >> field.width)
      PrintFatalError(choice->getLoc(), "choice wider than " + field.name);
    field.choices.push_back(next);
  }
  if (!field.choices.empty())
    field.enumName = enumName(record, configuration.prefix, field.name);
  return field;
}

void readUnits(const RecordKeeper &records, Model &model) {
  std::map<const Record *, unsigned> configurationOf;
  for (const Record *record : inOrder(records, "Configuration")) {
    Configuration configuration{
        withoutSuffix(record->getName(), "Configuration"), {}, 0};
    std::set<std::string> names;
    for (const Record *entry : record->getValueAsListOfDefs("Fields")) {
      Field field = readField(entry, configuration);
      once(names, field.name, record, "field " + field.name);
      configuration.bits += field.width;
      configuration.fields.push_back(field);
    }
    for (const Record *unit : record->getValueAsListOfDefs("Units"))
      configurationOf[unit] = model.configurations.size();
    model.configurations.push_back(configuration);
  }
  for (const Record *record : inOrder(records, "Unit")) {
    if (!configurationOf.count(record))
      PrintFatalError(record->getLoc(), "unit without a configuration");
    if (number(record, "Id") != model.units.size())
      PrintFatalError(record->getLoc(), "units are not numbered in order");
    model.units.push_back({record->getName().str(), text(record, "Name"),
                           number(record, "Id"), text(record, "Text"),
                           configurationOf[record]});
  }
}

std::vector<Named> readNamed(const RecordKeeper &records, StringRef className,
                             StringRef valueField, StringRef prefix) {
  std::vector<Named> list;
  std::set<unsigned> values;
  for (const Record *record : inOrder(records, className)) {
    Named next;
    next.record = withoutPrefix(record->getName(), prefix);
    next.name = text(record, "Name");
    next.value = number(record, valueField);
    next.text = text(record, "Text");
    if (className != "Constant")
      once(values, next.value, record, valueField);
    if (className == "Register") {
      next.detail = text(record, "Access");
      next.width = number(record, "Width");
    }
    if (className == "Port")
      next.detail = text(record, "Direction");
    list.push_back(next);
  }
  return list;
}

} // namespace

uint64_t Instruction::mask() const {
  uint64_t mask = uint64_t(0xff) << kOpcodeLsb;
  for (const Operand &operand : operands)
    mask |= ((uint64_t(1) << operand.width) - 1) << operand.lsb;
  return mask;
}

Model readModel(const RecordKeeper &records) {
  Model model;
  std::set<std::string> names;
  for (const Record *record : inOrder(records, "Operand")) {
    model.operands.push_back(readOperand(record));
    once(names, model.operands.back().name, record, "operand name");
  }
  std::set<unsigned> opcodes;
  std::set<std::string> mnemonics;
  for (const Record *record : inOrder(records, "Instruction")) {
    model.instructions.push_back(readInstruction(record));
    once(opcodes, model.instructions.back().opcode, record, "opcode");
    once(mnemonics, model.instructions.back().mnemonic, record, "mnemonic");
  }
  readUnits(records, model);
  model.constants = readNamed(records, "Constant", "Value", "");
  model.regions = readNamed(records, "RegionKind", "Id", "");
  for (Named &region : model.regions)
    region.record = camel(region.name);
  model.ports = readNamed(records, "Port", "Priority", "Port");
  model.errors = readNamed(records, "ErrorCode", "Code", "Err");
  model.registers = readNamed(records, "Register", "Address", "Reg");
  std::set<std::string> counters;
  for (const Record *record : inOrder(records, "Counter")) {
    model.counters.push_back(
        {text(record, "UnitName"), text(record, "Name"), text(record, "Text")});
    const Counter &last = model.counters.back();
    once(counters, last.unit + "." + last.name, record, "counter");
  }
  return model;
}

std::string camel(StringRef snake) {
  return convertToCamelFromSnakeCase(snake, /*capitalizeFirst=*/true);
}

std::string camelBack(StringRef snake) {
  return convertToCamelFromSnakeCase(snake, /*capitalizeFirst=*/false);
}

std::string snake(StringRef camel) {
  return convertToSnakeFromCamelCase(camel);
}

void printWrapped(raw_ostream &os, StringRef prefix, StringRef text) {
  size_t column = 0;
  SmallVector<StringRef> words;
  SplitString(text, words);
  for (StringRef word : words) {
    if (column && column + 1 + word.size() > 100) {
      os << "\n";
      column = 0;
    }
    if (!column) {
      os << prefix;
      column = prefix.size();
    } else {
      os << " ";
      ++column;
    }
    os << word;
    column += word.size();
  }
  os << "\n";
}

} // namespace dalbit::generator
