// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every way in which a program stops: code, pc and unit of the first error, and
// nothing that starts after it.

#include "tests/rtl/sequencer/SequencerDriver.h"

namespace {

using namespace dalbit::bench;

constexpr uint32_t statusDone = 2, statusStopped = 4;

struct Stopped {
  uint32_t status, code, pc, unit;
};

Stopped stateOf(SequencerDriver &rtl) {
  return {rtl.read(0x04), rtl.read(0x0c), rtl.read(0x10), rtl.read(0x14)};
}

Machine program(std::vector<uint64_t> code) {
  Machine machine;
  machine.code = std::move(code);
  machine.scratchpad.resize(262144);
  return machine;
}

void stops(const Machine &machine, unsigned code, uint32_t pc) {
  Outcome want = interpret(machine, 1000);
  REQUIRE(want.error == code);
  REQUIRE(want.errorPc == pc);
  SequencerDriver rtl(machine, {});
  rtl.start();
  rtl.run(5000);
  Stopped state = stateOf(rtl);
  CHECK(state.status == statusStopped);
  CHECK(state.code == code);
  CHECK(state.pc == pc);
  CHECK(state.unit == 4);
}

} // namespace

TEST_CASE("an illegal instruction stops with its pc", "[sequencer]") {
  const uint64_t bad[] = {
      0, // no such opcode
      op(0x04),
      op(0xff),
      op(0x01) | 1, // stray bits
      op(0x02) | regA(1),
      tag(512),
      li(1, 5) | regB(1),
      op(0x11) | regA(1) | regB(2) | regC(3) | imm(1),
      semSignal(1) | uint64_t(1) << 16,
      semWait(1) | 1,
      op(0x48) | uint64_t(1) << 32,
      jump(-3), // targets outside
      jump(3),
      op(0x21) | imm(100), // not taken, but outside
      loop(0, 0),          // bodies
      loop(0, uint32_t(-1)),
      loop(0, 2),
  };
  for (uint64_t word : bad) {
    INFO("word " << std::hex << word);
    stops(program({nop(), nop(), word, halt()}), illegalInstruction, 2);
  }
}

TEST_CASE("a fifth loop level is illegal", "[sequencer]") {
  stops(program({li(1, 2), loop(1, 6), loop(1, 5), loop(1, 4), loop(1, 3),
                 loop(1, 2), nop(), nop(), halt()}),
        illegalInstruction, 5);
}

TEST_CASE("a set outside a field stops with its pc", "[sequencer]") {
  const uint64_t bad[] = {
      set(0, 12, 0), // no such field
      set(2, 127, 0),
      set(3, 100, 0),
      set(0, 0, 8), // 3 bits
      set(0, 2, 1u << 24),
      set(2, 2, 4096),
      set(3, 25, 128), // signed, 8 bits
      set(3, 25, uint32_t(-129)),
      set(3, 38, 1u << 16), // signed, 17 bits
      setr(2, 2, 1, 4090),  // r1 = 7
      setr(3, 25, 1, uint32_t(-136)),
  };
  for (uint64_t word : bad) {
    INFO("word " << std::hex << word);
    stops(program({li(1, 7), nop(), word, halt()}), illegalField, 2);
  }
}

TEST_CASE("a load that is misaligned or outside stops with its pc",
          "[sequencer]") {
  for (uint32_t place : {1u, 2u, 262144u, 0xfffffffcu}) {
    INFO("place " << place);
    stops(program({li(1, 4), load(2, 1, place - 4), halt()}), address, 1);
  }
}

TEST_CASE("running past the code is a fetch error", "[sequencer]") {
  stops(program({nop(), nop()}), axiFetch, 2);
}

TEST_CASE("an error response counts when its line is executed, not before",
          "[sequencer]") {
  Machine machine = program(std::vector<uint64_t>(200, nop()));
  Behaviour behaviour;
  behaviour.fetchErrorAt = 0x1000 + LineBytes;
  machine.code[LineInstructions - 1] = halt();
  SequencerDriver fine(machine, behaviour);
  fine.start();
  fine.run(5000);
  CHECK(stateOf(fine).status == statusDone);

  machine.code[LineInstructions - 1] = nop();
  SequencerDriver rtl(machine, behaviour);
  rtl.start();
  rtl.run(5000);
  CHECK(stateOf(rtl).code == axiFetch);
  CHECK(stateOf(rtl).pc == LineInstructions);
}

TEST_CASE("a unit's error names its go and stops all queues", "[sequencer]") {
  std::vector<uint64_t> code;
  for (unsigned i = 0; i < 6; ++i)
    code.push_back(go(2, 0, 0));
  code.push_back(semWait(1)); // never comes
  code.push_back(halt());
  SequencerDriver rtl(program(code), {});
  rtl.failing[2] = 1;
  rtl.failingCode = 7;
  rtl.start();
  rtl.run(5000);
  Stopped state = stateOf(rtl);
  CHECK(state.status == statusStopped);
  CHECK(state.code == 7);
  CHECK(state.pc == 1);
  CHECK(state.unit == 2);
  // The third may have been on its way when the second failed.
  CHECK(rtl.starts[2].size() <= 3);

  // What is left in the queue is gone with the next start.
  rtl.failing[2] = -1;
  rtl.ends[2].clear();
  rtl.start();
  for (unsigned i = 0; i < 500; ++i)
    rtl.tick();
  CHECK(rtl.starts[2].size() == 6);
  CHECK(rtl.read(0x04) == 1);
}

TEST_CASE("a unit that never ends delays the stop by 4096 cycles",
          "[sequencer]") {
  Behaviour behaviour;
  behaviour.longestJob = 100000;
  behaviour.seed = 3;
  SequencerDriver rtl(program({go(3, 0, 0), nop(), nop(), nop(), 0}),
                      behaviour);
  rtl.start();
  uint64_t cycles = rtl.run(6000);
  CHECK(cycles > 4096);
  CHECK(cycles < 4096 + 100);
  CHECK(stateOf(rtl).code == illegalInstruction);
}

TEST_CASE("a port past the scratchpad is an address error of its unit",
          "[sequencer]") {
  SequencerDriver rtl(program({nop(), go(3, 0, 0), semWait(1)}), {});
  rtl.start();
  while (rtl.starts[3].empty())
    rtl.tick();
  rtl.model.unit_oob_i = 1 << 3;
  rtl.tick();
  rtl.model.unit_oob_i = 0;
  rtl.run(5000);
  Stopped state = stateOf(rtl);
  CHECK(state.code == address);
  CHECK(state.pc == 1);
  CHECK(state.unit == 3);
}
