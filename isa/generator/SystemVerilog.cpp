// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// rtl/npu_pkg.sv: constants and small case functions in the subset that
// Verilator 5.006 (-Wall) and yosys 0.23 both take: sized localparams,
// `function automatic` whose result is its own name.

#include "isa/generator/Outputs.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TableGen/Error.h"

#include <set>

using namespace llvm;

namespace dalbit::generator {
namespace {

constexpr unsigned kLsbBits = 10;

class Package {
public:
  explicit Package(raw_ostream &os) : os(os) {}

  void heading(StringRef text) {
    os << "\n";
    printWrapped(os, "  // ", text);
  }
  void integer(const Twine &name, uint64_t value, StringRef text = "") {
    os << "  localparam int " << unique(name) << " = " << value << ";";
    comment(text);
  }
  void sized(const Twine &name, unsigned width, uint64_t value,
             StringRef text = "") {
    os << "  localparam logic [" << width - 1 << ":0] " << unique(name) << " = "
       << literal(width, value) << ";";
    comment(text);
  }
  static std::string literal(unsigned width, uint64_t value) {
    return (Twine(width) + "'h" + utohexstr(value, /*LowerCase=*/true)).str();
  }

private:
  void comment(StringRef text) {
    if (!text.empty())
      os << "  // " << text;
    os << "\n";
  }
  std::string unique(const Twine &name) {
    if (!names.insert(name.str()).second)
      PrintFatalError("npu_pkg: " + name + " is defined twice");
    return name.str();
  }

  raw_ostream &os;
  std::set<std::string> names;
};

unsigned bitsFor(uint64_t values) { return std::max(1u, Log2_64_Ceil(values)); }

void printNumbers(Package &package, const Model &model) {
  package.heading("Sizes");
  for (const Named &constant : model.constants)
    package.integer(constant.record, constant.value, constant.text);

  package.heading("Units");
  unsigned unitBits = bitsFor(model.units.size());
  package.integer("Units", model.units.size());
  package.integer("UnitBits", unitBits);
  for (const Unit &unit : model.units)
    package.sized("Unit" + unit.record, unitBits, unit.id, unit.text);
  unsigned errorUnitBits = bitsFor(model.units.size() + 1);
  package.integer("ErrorUnitBits", errorUnitBits);
  package.sized("ErrorUnitSequencer", errorUnitBits, model.units.size(),
                "error_unit of the sequencer; else the unit's number");

  package.heading("Regions");
  for (const Named &region : model.regions)
    package.sized("Region" + region.record, 3, region.value, region.text);

  package.heading("Scratchpad ports, in order of priority");
  package.integer("Ports", model.ports.size());
  for (const Named &port : model.ports)
    package.integer("Port" + port.record, port.value,
                    port.detail + ": " + port.text);

  package.heading("Errors");
  package.integer("ErrBits", 4);
  for (const Named &error : model.errors)
    package.sized("Err" + error.record, 4, error.value, error.text);

  package.heading("Control registers: byte addresses and widths");
  package.integer("RegAddressBits", 8);
  for (const Named &entry : model.registers) {
    package.sized("Reg" + entry.record, 8, entry.value,
                  entry.detail + ": " + entry.text);
    package.integer("Reg" + entry.record + "Width", entry.width);
  }
}

void printInstructions(raw_ostream &os, Package &package, const Model &model) {
  package.heading("Opcodes");
  package.integer("OpcodeLsb", 56);
  package.integer("OpcodeWidth", 8);
  for (const Instruction &instruction : model.instructions)
    package.sized("Op" + instruction.record, 8, instruction.opcode,
                  instruction.mnemonic);
  package.heading("Places of the operands in an instruction");
  for (const Operand &operand : model.operands) {
    std::string name = "Operand" + camel(operand.name);
    package.integer(name + "Lsb", operand.lsb);
    package.integer(name + "Width", operand.width);
    if (operand.kind == OperandKind::Field)
      package.integer("FieldIndexWidth",
                      operand.width - bitsFor(model.units.size()),
                      "the unit's number is above it");
  }
  os << R"(
  // Bits of an instruction that its opcode and operands cover; the others must be 0. A result of 0
  // says that there is no such opcode.
  function automatic logic [63:0] instruction_mask(input logic [7:0] opcode);
    case (opcode)
)";
  for (const Instruction &instruction : model.instructions)
    os << "      Op" << instruction.record
       << ": instruction_mask = " << Package::literal(64, instruction.mask())
       << ";\n";
  os << R"(      default: instruction_mask = 64'h0;
    endcase
  endfunction
)";
}

void printConfiguration(Package &package, const Configuration &configuration,
                        unsigned indexBits) {
  StringRef prefix = configuration.prefix;
  package.heading("Configuration " + prefix.str() +
                  ": bits, fields, index of each for set, place, choices");
  package.integer(prefix + "CfgBits", configuration.bits);
  package.integer(prefix + "Fields", configuration.fields.size());
  unsigned widest = 0;
  for (const Field &field : configuration.fields)
    widest = std::max(widest, field.width);
  package.integer(prefix + "SetBits", widest, "widest field");
  for (auto [index, field] : enumerate(configuration.fields)) {
    std::string name = (prefix + camel(field.name)).str();
    package.sized(name + "Index", indexBits, index, field.text);
    package.integer(name + "Lsb", field.lsb);
    package.integer(name + "Width", field.width);
    for (const Choice &choice : field.choices)
      package.sized(name + camel(choice.name), field.width, choice.value,
                    choice.text);
  }
}

/// A function of the field index, one case a field and 0 for other indices.
void printFieldFunction(raw_ostream &os, const Configuration &configuration,
                        unsigned indexBits, StringRef name, unsigned width,
                        StringRef comment, unsigned Field::*value) {
  std::string function = (snake(configuration.prefix) + "_" + name).str();
  os << "\n  // " << comment << "\n  function automatic logic [" << width - 1
     << ":0] " << function << "(input logic [" << indexBits - 1
     << ":0] index);\n    case (index)\n";
  for (auto [index, field] : enumerate(configuration.fields))
    os << "      " << indexBits << "'d" << index << ": " << function << " = "
       << width << "'d" << field.*value << ";  // " << field.name << "\n";
  os << "      default: " << function << " = " << width
     << "'d0;\n    endcase\n  endfunction\n";
}

void printSigned(raw_ostream &os, const Configuration &configuration,
                 unsigned indexBits) {
  std::string function = snake(configuration.prefix) + "_field_signed";
  os << "\n  // Whether a field is a signed number.\n"
     << "  function automatic logic " << function << "(input logic ["
     << indexBits - 1 << ":0] index);\n    case (index)\n";
  for (auto [index, field] : enumerate(configuration.fields))
    if (field.isSigned)
      os << "      " << indexBits << "'d" << index << ": " << function
         << " = 1'b1;  // " << field.name << "\n";
  os << "      default: " << function
     << " = 1'b0;\n    endcase\n  endfunction\n";
}

void printSet(raw_ostream &os, const Configuration &configuration,
              unsigned indexBits) {
  StringRef prefix = configuration.prefix;
  std::string function = snake(prefix) + "_set";
  std::string type = ("logic [" + prefix + "CfgBits-1:0]").str();
  os << "\n  // The configuration with one field replaced by the low bits of a "
        "value; an index that "
        "no\n  // field has changes nothing.\n"
     << "  function automatic " << type << " " << function << "(\n      input "
     << type << " cfg, input logic [" << indexBits - 1
     << ":0] index,\n      input logic [" << prefix
     << "SetBits-1:0] value);\n    " << function
     << " = cfg;\n    case (index)\n";
  for (auto [index, field] : enumerate(configuration.fields))
    os << "      " << indexBits << "'d" << index << ": " << function << "["
       << field.lsb << " +: " << field.width << "] = value[" << field.width - 1
       << ":0];  // " << field.name << "\n";
  os << "      default: ;\n    endcase\n  endfunction\n";
}

} // namespace

void printSystemVerilog(raw_ostream &os, const Model &model) {
  os << "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"
        "//\n"
        "// The instruction set for rtl/. Made by dalbit-tblgen "
        "-gen-sv-package "
        "from isa/npu.td: change it there.\n\n"
        "/* verilator lint_off UNUSEDPARAM */\n"
        "package npu_pkg;\n";
  Package package(os);
  printNumbers(package, model);
  printInstructions(os, package, model);
  unsigned indexBits = 0;
  for (const Operand &operand : model.operands)
    if (operand.kind == OperandKind::Field)
      indexBits = operand.width - bitsFor(model.units.size());
  for (const Configuration &configuration : model.configurations) {
    if (configuration.bits >> kLsbBits)
      PrintFatalError(configuration.prefix + " is wider than a field_lsb");
    printConfiguration(package, configuration, indexBits);
    printFieldFunction(os, configuration, indexBits, "field_lsb", kLsbBits,
                       "Lowest bit of a field in the packed configuration.",
                       &Field::lsb);
    printFieldFunction(os, configuration, indexBits, "field_width", 6,
                       "Bits of a field; 0 says that there is no such field.",
                       &Field::width);
    printSigned(os, configuration, indexBits);
    printSet(os, configuration, indexBits);
  }
  os << "\nendpackage\n/* verilator lint_on UNUSEDPARAM */\n";
}

} // namespace dalbit::generator
