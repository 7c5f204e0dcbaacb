// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random programs on the rtl against the interpreter: the jobs of each unit
// with configuration and tag, in order and never before their semaphores, the
// number of instructions, the busy cycles.

#define CATCH_CONFIG_MAIN
#include "tests/rtl/sequencer/SequencerDriver.h"

namespace {

using namespace dalbit::bench;

/// Writes programs that end: loops and branches are bounded, and each wait is
/// preceded, in the same straight run, by its signal.
class Writer {
public:
  explicit Writer(uint32_t seed) : random(seed) {
    machine.scratchpad.resize(262144);
    for (uint8_t &byte : machine.scratchpad)
      byte = random();
    for (uint32_t &argument : machine.arguments)
      argument = below(2) ? below(8) : random();
  }

  Machine write() {
    for (unsigned i = 0; i < below(20); ++i)
      emit(nop());
    machine.entry = machine.code.size();
    block(0, 30 + below(60));
    emit(halt());
    return machine;
  }

private:
  uint32_t below(uint32_t limit) { return random() % limit; }
  void emit(uint64_t word) { machine.code.push_back(word); }
  // r24..r31 hold loop counts and addresses.
  unsigned anyRegister() { return below(24); }

  void block(unsigned depth, unsigned length) {
    for (unsigned i = 0; i < length; ++i)
      item(depth);
  }

  void item(unsigned depth) {
    switch (below(depth < 4 ? 14 : 11)) {
    case 0:
    case 1:
    case 2:
      return arithmetic();
    case 3:
    case 4:
    case 5:
      return configure();
    case 6:
      return emit(go(below(units), 0, 0));
    case 7:
      return synchronise();
    case 8:
      return read();
    case 9:
      return emit(tag(below(512)));
    case 10:
      return emit(nop());
    case 11:
      return forward(depth);
    case 12:
      return rounds(depth);
    default:
      return backward(depth);
    }
  }

  void arithmetic() {
    unsigned opcode = 0x10 + below(12);
    uint64_t word = op(opcode) | regA(anyRegister());
    bool three = opcode == 0x11 || opcode == 0x13 || opcode == 0x14 ||
                 opcode == 0x18 || opcode == 0x19;
    if (opcode != 0x10)
      word |= regB(anyRegister());
    emit(word |
         (three ? regC(anyRegister()) : imm(below(3) ? random() : below(40))));
  }

  // Mostly values that fit: the width is filled, signed fields from both sides.
  void configure() {
    unsigned unit = below(units);
    unsigned index = below(fieldsOf(unit).size());
    FieldShape shape = fieldsOf(unit)[index];
    uint32_t value = random();
    if (shape.width < 32)
      value = shape.isSigned ? uint32_t(int32_t(value) >> (32 - shape.width))
                             : value >> (32 - shape.width);
    if (below(2))
      return emit(set(unit, index, value));
    uint32_t base = random();
    unsigned r = 1 + below(23);
    emit(li(r, base));
    emit(setr(unit, index, r, value - base));
  }

  // Signal before wait, in program order; semaphores 12..15 touch the
  // sequencer.
  void synchronise() {
    unsigned producer = below(5), consumer = below(5);
    bool sequencer = producer == 4 || consumer == 4;
    // One consumer a semaphore.
    uint16_t mask = sequencer
                        ? (consumer == 4 ? 1u << 12 : 1u << (13 + consumer % 3))
                        : 1u << (consumer * 3 + below(3));
    if (sequencer && consumer == 3)
      mask = 0;
    emit(producer == 4 ? semSignal(mask) : go(producer, 0, mask));
    for (unsigned i = 0; i < below(4); ++i)
      arithmetic();
    emit(consumer == 4 ? semWait(mask) : go(consumer, mask, 0));
  }

  void read() {
    uint32_t base = random(), place = below(262144 / 4) * 4;
    emit(li(30, base));
    emit(load(anyRegister(), 30, place - base));
  }

  // Over a few instructions, taken or not.
  void forward(unsigned depth) {
    size_t at = machine.code.size();
    emit(0);
    block(depth + 1, below(5));
    emit(nop());
    machine.code[at] = op(0x20 + below(5));
    if (machine.code[at] >> 56 != 0x24)
      machine.code[at] |= regB(anyRegister()) | regC(anyRegister());
    machine.code[at] |= machine.code.size() - at - below(2);
  }

  void rounds(unsigned depth) {
    bool negative = below(8) == 0;
    emit(li(24 + depth, negative ? uint32_t(-3) : below(5)));
    size_t at = machine.code.size();
    emit(0);
    block(depth + 1, below(6));
    // A nested loop may be the last thing of the body, or a plain instruction.
    if (machine.code.size() == at + 1 || below(2))
      emit(nop());
    machine.code[at] = loop(24 + depth, machine.code.size() - at - 1);
  }

  void backward(unsigned depth) {
    emit(li(28 + depth % 2, 1 + below(3)));
    if (depth != 0) // nested ones would share their counter
      return;
    size_t top = machine.code.size();
    block(4, 1 + below(6));
    emit(op(0x12) | regA(28) | regB(28) | imm(uint32_t(-1)));
    int32_t distance = int32_t(top) - int32_t(machine.code.size());
    emit(op(0x22) | regB(0) | regC(28) | imm(uint32_t(distance)));
  }

  std::mt19937 random;
  Machine machine;
};

/// False for a program that is too long to be worth running.
bool check(const Machine &machine, const Behaviour &behaviour) {
  Outcome want = interpret(machine, 20000);
  if (!want.halted)
    return false;
  SequencerDriver rtl(machine, behaviour);
  rtl.expected = want.jobs;
  rtl.start();
  rtl.run(400000);
  CHECK(rtl.read(0x04) == 2);
  for (unsigned unit = 0; unit < units; ++unit) {
    INFO("unit " << unit);
    REQUIRE(rtl.starts[unit].size() == want.jobs[unit].size());
    for (size_t i = 0; i < want.jobs[unit].size(); ++i) {
      INFO("job " << i << " of pc " << want.jobs[unit][i].pc);
      REQUIRE(rtl.starts[unit][i].job.fields == want.jobs[unit][i].fields);
    }
  }
  auto &root = rtl.root();
  CHECK(root.control__DOT__i_sequencer__DOT__cnt_instructions_q ==
        want.instructions);
  CHECK(root.control__DOT__i_dma_in_dispatch__DOT__cnt_busy_q == rtl.busy[0]);
  CHECK(root.control__DOT__i_dma_out_dispatch__DOT__cnt_busy_q == rtl.busy[1]);
  CHECK(root.control__DOT__i_matrix_dispatch__DOT__cnt_busy_q == rtl.busy[2]);
  CHECK(root.control__DOT__i_vector_dispatch__DOT__cnt_busy_q == rtl.busy[3]);
  CHECK(root.control__DOT__i_sequencer__DOT__i_fetch__DOT__cnt_fetch_bursts_q ==
        rtl.fetches);
  CHECK(root.control__DOT__i_sequencer__DOT__i_fetch__DOT__cnt_fetch_bytes_q ==
        LineBytes * rtl.fetches);
  return true;
}

} // namespace

TEST_CASE("random programs do what the interpreter does", "[sequencer]") {
  unsigned ran = 0;
  for (uint32_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    Behaviour behaviour;
    behaviour.seed = seed;
    behaviour.codeBase = 0x1000 + 8 * (seed % 256);
    ran += check(Writer(seed).write(), behaviour);
  }
  CHECK(ran > 300);
}

TEST_CASE("random stalls of fetch, scratchpad and units change nothing",
          "[sequencer]") {
  unsigned ran = 0;
  for (uint32_t seed = 1000; seed < 1400; ++seed) {
    INFO("seed " << seed);
    Behaviour behaviour;
    behaviour.seed = seed;
    behaviour.latency = 3 + seed % 60;
    behaviour.jitter = seed % 3;
    behaviour.longestJob = seed % 2 ? 100 : 3;
    behaviour.grantPercent = 30;
    behaviour.codeBase = 0x80fffff000 + 8 * (seed % 128);
    ran += check(Writer(seed).write(), behaviour);
  }
  CHECK(ran > 300);
}

TEST_CASE("a second start runs the program again from zeroed state",
          "[sequencer]") {
  Machine machine = Writer(77).write();
  Outcome want = interpret(machine, 20000);
  REQUIRE(want.halted);
  SequencerDriver rtl(machine, {});
  for (int round = 0; round < 2; ++round) {
    for (unsigned unit = 0; unit < units; ++unit)
      rtl.ends[unit].clear();
    rtl.start();
    rtl.run(400000);
    for (unsigned unit = 0; unit < units; ++unit) {
      REQUIRE(rtl.starts[unit].size() == want.jobs[unit].size());
      for (size_t i = 0; i < want.jobs[unit].size(); ++i)
        REQUIRE(rtl.starts[unit][i].job.fields == want.jobs[unit][i].fields);
    }
  }
}
