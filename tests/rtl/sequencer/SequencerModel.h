// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program of the NPU as values alone: what the sequencer does in order,
// without time. Written from isa/npu.td, not from the rtl; it shares no code
// with isa/.

#ifndef DALBIT_TESTS_RTL_SEQUENCER_SEQUENCERMODEL_H
#define DALBIT_TESTS_RTL_SEQUENCER_SEQUENCERMODEL_H

#include <array>
#include <cstdint>
#include <vector>

namespace dalbit::bench {

constexpr unsigned units = 4;
constexpr unsigned semaphores = 16;

/// The first fields of a unit's configuration, in order.
struct FieldShape {
  unsigned width;
  bool isSigned;
};
const std::vector<FieldShape> &fieldsOf(unsigned unit);
unsigned lsbOf(unsigned unit, unsigned field);

/// One go with all that it carries. Fields hold what was set, cut to their
/// width.
struct Job {
  std::vector<uint32_t> fields;
  uint32_t tag = 0;
  uint32_t pc = 0;
  uint16_t wait = 0;
  uint16_t signal = 0;
};

enum Errors { none, illegalInstruction, illegalField, address, axiFetch = 6 };

struct Outcome {
  std::array<std::vector<Job>, units> jobs; // in order, by unit
  uint64_t instructions = 0;
  bool halted = false;
  unsigned error = none;
  uint32_t errorPc = 0;
};

struct Machine {
  std::vector<uint64_t> code;
  std::vector<uint8_t> scratchpad;
  std::array<uint32_t, 8> arguments{};
  uint32_t entry = 0;
};

/// Runs to halt, an error or \p limit instructions; semaphores never block.
Outcome interpret(const Machine &machine, uint64_t limit);

// Encodings.
inline uint64_t op(unsigned opcode) { return uint64_t(opcode) << 56; }
inline uint64_t regA(unsigned r) { return uint64_t(r) << 51; }
inline uint64_t regB(unsigned r) { return uint64_t(r) << 46; }
inline uint64_t regC(unsigned r) { return uint64_t(r) << 41; }
inline uint64_t field(unsigned unit, unsigned index) {
  return uint64_t(unit) << 39 | uint64_t(index) << 32;
}
inline uint64_t imm(uint32_t value) { return value; }
inline uint64_t nop() { return op(0x01); }
inline uint64_t halt() { return op(0x02); }
inline uint64_t tag(uint32_t value) { return op(0x03) | value; }
inline uint64_t li(unsigned a, uint32_t value) {
  return op(0x10) | regA(a) | value;
}
inline uint64_t loop(unsigned a, uint32_t body) {
  return op(0x28) | regA(a) | body;
}
inline uint64_t jump(int32_t target) { return op(0x24) | uint32_t(target); }
inline uint64_t semWait(uint16_t mask) {
  return op(0x30) | uint64_t(mask) << 16;
}
inline uint64_t semSignal(uint16_t mask) { return op(0x31) | mask; }
inline uint64_t load(unsigned a, unsigned b, uint32_t offset) {
  return op(0x38) | regA(a) | regB(b) | offset;
}
inline uint64_t set(unsigned unit, unsigned index, uint32_t value) {
  return op(0x40) | field(unit, index) | value;
}
inline uint64_t setr(unsigned unit, unsigned index, unsigned a,
                     uint32_t value) {
  return op(0x41) | field(unit, index) | regA(a) | value;
}
inline uint64_t go(unsigned unit, uint16_t wait, uint16_t signal) {
  return op(0x48) | uint64_t(unit) << 39 | uint64_t(wait) << 16 | signal;
}

} // namespace dalbit::bench

#endif
