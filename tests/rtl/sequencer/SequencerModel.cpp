// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/rtl/sequencer/SequencerModel.h"

#include <algorithm>
#include <cstring>

namespace dalbit::bench {

// Only the first fields of each unit: enough to see place and sign.
const std::vector<FieldShape> &fieldsOf(unsigned unit) {
  static const std::vector<FieldShape> dma = {
      {3, false},  {32, false}, {24, false}, {24, false},
      {16, false}, {16, false}, {32, false}, {32, false},
      {24, false}, {24, false}, {1, false},  {24, false}};
  static const std::vector<FieldShape> matrix = {
      {24, false}, {24, false}, {12, false}, {20, false},
      {20, false}, {24, false}, {24, false}, {2, false},
      {2, false},  {12, false}, {12, false}, {1, false}};
  static const std::vector<FieldShape> vector = {
      {3, false},  {12, false}, {12, false}, {20, false}, {1, false},
      {2, false},  {24, false}, {24, false}, {24, false}, {12, false},
      {12, false}, {12, false}, {12, false}, {2, false},  {24, false},
      {24, false}, {24, false}, {2, false},  {24, false}, {24, false},
      {24, false}, {2, false},  {24, false}, {12, false}, {2, false},
      {8, true},   {2, false},  {24, false}, {12, false}, {2, false},
      {8, true},   {2, false},  {1, false},  {32, true},  {12, false},
      {2, false},  {2, false},  {5, false},  {17, true}};
  if (unit == 3)
    return vector;
  return unit == 2 ? matrix : dma;
}

unsigned lsbOf(unsigned unit, unsigned field) {
  unsigned lsb = 0;
  for (unsigned i = 0; i < field; ++i)
    lsb += fieldsOf(unit)[i].width;
  return lsb;
}

namespace {

bool fits(uint32_t value, FieldShape shape) {
  if (shape.width == 32)
    return true;
  if (!shape.isSigned)
    return value < (1u << shape.width);
  int64_t limit = int64_t(1) << (shape.width - 1);
  int64_t number = int32_t(value);
  return -limit <= number && number < limit;
}

uint32_t cut(uint32_t value, unsigned width) {
  return width == 32 ? value : value & ((1u << width) - 1);
}

// Which operands an instruction has; all other bits are 0.
uint64_t bitsOf(unsigned opcode) {
  const uint64_t a = 31ull << 51, b = 31ull << 46, c = 31ull << 41;
  const uint64_t low = 0xffffffff, field = 511ull << 32, unit = 3ull << 39;
  switch (opcode) {
  case 0x01:
  case 0x02:
    return 0;
  case 0x03:
    return 511;
  case 0x10:
  case 0x28:
    return a | low;
  case 0x11:
  case 0x13:
  case 0x14:
  case 0x18:
  case 0x19:
    return a | b | c;
  case 0x20:
  case 0x21:
  case 0x22:
  case 0x23:
    return b | c | low;
  case 0x24:
    return low;
  case 0x30:
    return 0xffff0000;
  case 0x31:
    return 0xffff;
  case 0x40:
    return field | low;
  case 0x41:
    return field | a | low;
  case 0x48:
    return unit | low;
  default:
    return a | b | low;
  }
}

struct Level {
  uint32_t first, last, left;
};

class Interpreter {
public:
  explicit Interpreter(const Machine &machine)
      : machine(machine), pc(machine.entry) {
    std::copy(machine.arguments.begin(), machine.arguments.end(),
              registers.begin() + 1);
    for (unsigned unit = 0; unit < units; ++unit)
      fields[unit].assign(fieldsOf(unit).size(), 0);
  }

  Outcome run(uint64_t limit) {
    while (!outcome.halted && outcome.error == none &&
           outcome.instructions < limit)
      step();
    return outcome;
  }

private:
  void fail(unsigned error) {
    outcome.error = error;
    outcome.errorPc = pc;
  }

  bool inCode(uint64_t target) const { return target < machine.code.size(); }

  /// After the instruction at \p end: the innermost loop ending there goes on.
  void advance(uint32_t end) {
    while (!loops.empty() && loops.back().last == end) {
      if (--loops.back().left > 0) {
        pc = loops.back().first;
        return;
      }
      loops.pop_back();
    }
    pc = end + 1;
  }

  void write(unsigned index, uint32_t value) {
    if (index != 0)
      registers[index] = value;
  }

  void step() {
    if (!inCode(pc))
      return fail(axiFetch);
    uint64_t word = machine.code[pc];
    unsigned opcode = word >> 56;
    if (word << 8 >> 8 & ~bitsOf(opcode))
      return fail(illegalInstruction);
    unsigned a = word >> 51 & 31;
    uint32_t b = registers[word >> 46 & 31], c = registers[word >> 41 & 31];
    uint32_t value = uint32_t(word);
    bool rOnly = opcode == 0x11 || opcode == 0x13 || opcode == 0x14 ||
                 opcode == 0x18 || opcode == 0x19;
    uint32_t second = rOnly ? c : value;
    int32_t signedB = int32_t(b), signedSecond = int32_t(second);
    switch (opcode) {
    case 0x01:
      break;
    case 0x02:
      outcome.halted = true;
      break;
    case 0x03:
      tag = value & 511;
      break;
    case 0x10:
      write(a, value);
      break;
    case 0x11:
    case 0x12:
      write(a, b + second);
      break;
    case 0x13:
      write(a, b - c);
      break;
    case 0x14:
    case 0x15:
      write(a, b * second);
      break;
    case 0x16:
      write(a, b >> (value % 32));
      break;
    case 0x17:
      write(a, b & value);
      break;
    case 0x18:
    case 0x1a:
      write(a, std::min(signedB, signedSecond));
      break;
    case 0x19:
    case 0x1b:
      write(a, std::max(signedB, signedSecond));
      break;
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24:
      return branch(opcode, b, c, int32_t(value));
    case 0x28:
      return enterLoop(registers[a], int32_t(value));
    case 0x30:
    case 0x31:
      break;
    case 0x38: {
      uint32_t place = b + value;
      if (place % 4 != 0 || place >= machine.scratchpad.size())
        return fail(address);
      uint32_t loaded;
      std::memcpy(&loaded, &machine.scratchpad[place], 4);
      write(a, loaded);
      break;
    }
    case 0x40:
    case 0x41: {
      unsigned unit = word >> 39 & 3, index = word >> 32 & 127;
      uint32_t sum = opcode == 0x40 ? value : registers[a] + value;
      if (index >= fieldsOf(unit).size() || !fits(sum, fieldsOf(unit)[index]))
        return fail(illegalField);
      fields[unit][index] = cut(sum, fieldsOf(unit)[index].width);
      break;
    }
    case 0x48: {
      unsigned unit = word >> 39 & 3;
      outcome.jobs[unit].push_back(
          {fields[unit], tag, pc, uint16_t(word >> 16), uint16_t(word)});
      break;
    }
    default:
      return fail(illegalInstruction);
    }
    ++outcome.instructions;
    advance(pc);
  }

  void branch(unsigned opcode, uint32_t b, uint32_t c, int32_t distance) {
    int64_t target = int64_t(pc) + distance;
    if (target < 0 || !inCode(target))
      return fail(illegalInstruction);
    bool taken = opcode == 0x24 || (opcode == 0x20 && b == c) ||
                 (opcode == 0x21 && b != c) ||
                 (opcode == 0x22 && int32_t(b) < int32_t(c)) ||
                 (opcode == 0x23 && int32_t(b) >= int32_t(c));
    ++outcome.instructions;
    if (taken)
      pc = target;
    else
      advance(pc);
  }

  void enterLoop(uint32_t rounds, int32_t body) {
    if (body <= 0 || !inCode(int64_t(pc) + body) || loops.size() == 4)
      return fail(illegalInstruction);
    ++outcome.instructions;
    if (int32_t(rounds) <= 0)
      return advance(pc + body);
    loops.push_back({pc + 1, pc + body, rounds});
    ++pc;
  }

  const Machine &machine;
  Outcome outcome;
  uint32_t pc;
  uint32_t tag = 0;
  std::array<uint32_t, 32> registers{};
  std::array<std::vector<uint32_t>, units> fields;
  std::vector<Level> loops;
};

} // namespace

Outcome interpret(const Machine &machine, uint64_t limit) {
  return Interpreter(machine).run(limit);
}

} // namespace dalbit::bench
