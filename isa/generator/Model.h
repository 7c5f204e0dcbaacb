// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The instruction set as plain structures, read from the records of isa/npu.td
// and checked once, so that each output only prints.
//
// readModel() stops the program with file and line of a record that does not
// fit the others: operands that overlap, opcodes, names or values used twice,
// choices wider than their field. Lists keep the order of definition. Left out:
// defaults, aliases and anything that npu.td does not say.

#pragma once

#include "llvm/TableGen/Record.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dalbit::generator {

enum class OperandKind { Reg, Imm, Target, Mask, Field, Unit };

struct Operand {
  std::string name;
  unsigned lsb, width;
  OperandKind kind;
};

struct Instruction {
  std::string record; // AddI
  std::string mnemonic;
  unsigned opcode;
  std::vector<Operand> operands;
  std::string semantics, errors;

  /// Bits of the word that the opcode and the operands cover.
  uint64_t mask() const;
};

struct Choice {
  std::string name;
  unsigned value;
  std::string text;
};

struct Field {
  std::string name;
  unsigned lsb, width; // lsb in the packed configuration
  bool isSigned;
  std::vector<Choice> choices;
  std::string enumName; // Type: fields of one choice class share it
  std::string text;
};

struct Unit {
  std::string record, name;
  unsigned id;
  std::string text;
  unsigned configuration; // index into Model::configurations
};

struct Configuration {
  std::string prefix; // Dma, Matrix, Vector
  std::vector<Field> fields;
  unsigned bits;
};

/// A record that is a name, a number and a text; \p detail is a register's
/// access or a port's direction, \p width a register's bits.
struct Named {
  std::string record, name;
  unsigned value = 0;
  std::string text;
  std::string detail;
  unsigned width = 0;
};

struct Counter {
  std::string unit; // empty: the NPU as a whole
  std::string name, text;
};

struct Model {
  std::vector<Operand> operands; // each operand once
  std::vector<Instruction> instructions;
  std::vector<Unit> units; // by number
  std::vector<Configuration> configurations;
  std::vector<Named> constants, regions, ports, errors, registers;
  std::vector<Counter> counters;
};

Model readModel(const llvm::RecordKeeper &records);

/// dram_row_stride -> DramRowStride.
std::string camel(llvm::StringRef snake);
/// dram_row_stride -> dramRowStride.
std::string camelBack(llvm::StringRef snake);
/// DmaIn -> dma_in.
std::string snake(llvm::StringRef camel);

/// Prints \p text behind a prefix on each line, wrapped at 100 columns.
void printWrapped(llvm::raw_ostream &os, llvm::StringRef prefix,
                  llvm::StringRef text);

} // namespace dalbit::generator
