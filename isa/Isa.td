// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The classes that npu.td is written in. isa/generator reads the records and makes the C++ encoder,
// the SystemVerilog package, the operands of the npu dialect's jobs and docs/isa.md from them.

#ifndef DALBIT_ISA_ISA_TD
#define DALBIT_ISA_ISA_TD

// A place in the 64-bit instruction word. Opcode is always [63:56]; bits that no operand of an
// instruction covers must be zero.
class Operand<string name, int lsb, int width, string kind> {
  string Name = name;
  int Lsb = lsb;
  int Width = width;
  // reg: scalar register; imm: signed 32-bit number; target: signed distance in instructions;
  // mask: set of semaphores; field: unit and field of its configuration; unit: unit number.
  string Kind = kind;
  string Text = "";
}

class Instruction<string mnemonic, int opcode, list<Operand> operands> {
  string Mnemonic = mnemonic;
  int Opcode = opcode;
  list<Operand> Operands = operands;
  string Semantics = "";   // in words and pseudo code, for the manual
  string Errors = "";      // when it stops the program
}

class Unit<string name, int id, string text> {
  string Name = name;
  int Id = id;
  string Text = text;
}

// A named value of an enumerated field.
class Choice<string name, int value, string text> {
  string Name = name;
  int Value = value;
  string Text = text;
}

// One configuration field of a unit: `set` writes it, it keeps its value until it is set again,
// and `go` hands all fields of the unit to it. All fields are 0 at the start of a program. A `set`
// of a value that does not fit the width is an error (illegal field value).
class Field<string name, int width, string text> {
  string Name = name;
  int Width = width;
  bit Signed = 0;
  list<Choice> Choices = [];
  string Text = text;
}
class SignedField<string name, int width, string text> : Field<name, width, text> {
  let Signed = 1;
}
class ChoiceField<string name, int width, list<Choice> choices, string text>
    : Field<name, width, text> {
  let Choices = choices;
}

// The fields of one or several units in order: a field's index is its place in the list.
class Configuration<list<Unit> units, list<Field> fields> {
  list<Unit> Units = units;
  list<Field> Fields = fields;
}

class Counter<string unit, string name, string text> {
  string UnitName = unit;  // "" for the NPU as a whole
  string Name = name;
  string Text = text;
}

class Register<string name, int address, int width, string access, string text> {
  string Name = name;
  int Address = address;   // byte address in the control space
  int Width = width;
  string Access = access;  // rw, ro, wo
  string Text = text;
}

class ErrorCode<string name, int number, string text> {
  string Name = name;
  int Code = number;
  string Text = text;
}

// A scratchpad requester, in order of priority (contract T4).
class Port<string name, int priority, string direction, string text> {
  string Name = name;
  int Priority = priority;
  string Direction = direction;
  string Text = text;
}

class Constant<string name, int value, string text> {
  string Name = name;
  int Value = value;
  string Text = text;
}

class RegionKind<string name, int id, string text> {
  string Name = name;
  int Id = id;
  string Text = text;
}

#endif
