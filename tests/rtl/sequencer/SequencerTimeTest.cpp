// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The exact times of docs/units/sequencer.md. Each figure is a difference of
// two runs, so that start and fetch fall out.

#include "tests/rtl/sequencer/SequencerDriver.h"

namespace {

using namespace dalbit::bench;

Machine program(std::vector<uint64_t> code) {
  Machine machine;
  machine.code = std::move(code);
  machine.scratchpad.resize(262144);
  return machine;
}

/// Cycles from start to done; the code is less than a line and all there.
uint64_t cyclesOf(const std::vector<uint64_t> &code) {
  Behaviour behaviour;
  behaviour.latency = 1;
  SequencerDriver rtl(program(code), behaviour);
  rtl.start();
  return rtl.run(100000);
}

std::vector<uint64_t> nops(unsigned count,
                           std::vector<uint64_t> then = {halt()}) {
  std::vector<uint64_t> code(count, nop());
  code.insert(code.end(), then.begin(), then.end());
  return code;
}

} // namespace

TEST_CASE("an instruction takes one cycle", "[sequencer]") {
  CHECK(cyclesOf(nops(20)) - cyclesOf(nops(10)) == 10);
}

TEST_CASE("a taken branch takes two cycles, another one", "[sequencer]") {
  uint64_t none = cyclesOf(nops(4));
  CHECK(cyclesOf(nops(4, {jump(1), halt()})) - none == 2);
  CHECK(cyclesOf(nops(4, {op(0x21) | imm(1), halt()})) - none == 1);
}

TEST_CASE("a loop costs one cycle for itself and one for each way back",
          "[sequencer]") {
  for (unsigned rounds : {1u, 2u, 7u}) {
    uint64_t flat = cyclesOf(nops(1 + 3 * rounds));
    uint64_t looped =
        cyclesOf({li(1, rounds), loop(1, 3), nop(), nop(), nop(), halt()});
    CHECK(looped - flat == 1 + (rounds - 1));
  }
  // Skipped: the loop itself and the way over its body.
  CHECK(cyclesOf({loop(0, 3), nop(), nop(), nop(), halt()}) -
            cyclesOf(nops(0)) ==
        2);
}

TEST_CASE("a load takes three cycles when its bank is free", "[sequencer]") {
  CHECK(cyclesOf(nops(4, {load(1, 0, 64), halt()})) - cyclesOf(nops(4)) == 3);
}

TEST_CASE("a go starts its unit two cycles later, a signal in two more",
          "[sequencer]") {
  Behaviour behaviour;
  behaviour.longestJob = 0;
  SequencerDriver rtl(program({go(0, 0, 1), go(3, 1, 0), go(3, 0, 0), halt()}),
                      behaviour);
  rtl.start();
  uint64_t begin = rtl.cycle;
  rtl.run(1000);
  REQUIRE(rtl.starts[3].size() == 2);
  CHECK(rtl.starts[3][0].cycle - rtl.ends[0][0] == 2);
  // Ready in the cycle after the end, so the next one is started then.
  CHECK(rtl.starts[3][1].cycle - rtl.ends[3][0] >= 1);
  // The registers are loaded in cycles 1..32 after the start; the first
  // instruction, when it is there, executes in the next.
  CHECK(rtl.starts[0][0].cycle - begin >= 32 + 2);
}

TEST_CASE("code within three lines is fetched once", "[sequencer]") {
  std::vector<uint64_t> code = {li(1, 50), loop(1, 370)};
  // The loop lies in lines 0..2, 23 more lines behind it: lines prefetched past
  // the loop must not take the place of its own.
  code.resize(25 * LineInstructions + 7, nop());
  code.push_back(halt());
  SequencerDriver rtl(program(code), {});
  rtl.start();
  rtl.run(100000);
  // Nothing past the code is prefetched.
  CHECK(rtl.fetches == 26);
}

TEST_CASE("a straight run is bounded by the fetch, not by its latency",
          "[sequencer]") {
  Behaviour behaviour;
  behaviour.latency = 440;
  SequencerDriver rtl(program(nops(20 * LineInstructions)), behaviour);
  rtl.start();
  // 128 instructions a line; four lines on their way hide 512 cycles.
  CHECK(rtl.run(100000) < 20 * LineInstructions + 640);
}

TEST_CASE("stalls are counted where they happen", "[sequencer]") {
  Behaviour behaviour;
  behaviour.longestJob = 0;
  SequencerDriver rtl(program({go(2, 1, 0), nop(), nop(), nop(), nop(), nop(),
                               nop(), nop(), semSignal(1), halt()}),
                      behaviour);
  rtl.start();
  rtl.run(1000);
  auto &root = rtl.root();
  // The head waits from the cycle after its go to that of the signal: 8.
  CHECK(root.control__DOT__i_matrix_dispatch__DOT__cnt_sem_stall_q == 8);
  CHECK(root.control__DOT__i_matrix_dispatch__DOT__cnt_busy_q == rtl.busy[2]);

  SequencerDriver full(
      program({go(2, 1, 0), go(2, 0, 0), go(2, 0, 0), go(2, 0, 0), go(2, 0, 0),
               go(2, 0, 0), go(2, 0, 0), go(2, 0, 0), go(2, 0, 0), semSignal(1),
               halt()}),
      behaviour);
  full.start();
  for (unsigned i = 0; i < 200; ++i)
    full.tick();
  // Eight fit; the ninth waits for ever, since the signal comes after it.
  CHECK(full.read(0x04) == 1);
  CHECK(full.root().control__DOT__i_sequencer__DOT__cnt_queue_stall_q > 100);
  CHECK(full.root().control__DOT__i_sequencer__DOT__cnt_instructions_q == 8);
}
