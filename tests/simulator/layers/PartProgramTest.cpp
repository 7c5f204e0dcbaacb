// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/layers/PartProgram.h"

#include "simulator/fast/FastEngine.h"
#include "tests/simulator/verilated/Bench.h"

#include <catch2/catch.hpp>

#include <limits>

namespace dalbit::layers::test {

namespace {

using functional::RowScalar;
using verilated::test::Bench;

/// The units' memories at random; row scalars of all kinds.
functional::Snapshot randomState(const Bench &bench, std::mt19937 &random) {
  functional::Snapshot state =
      functional::FunctionalEngine(bench.program, bench.target,
                                   const_cast<host::Memory &>(bench.memory))
          .snapshot();
  for (uint8_t &byte : state.scratchpad)
    byte = uint8_t(random());
  for (uint32_t &word : state.table)
    word = random();
  constexpr int32_t Ends[] = {std::numeric_limits<int32_t>::min(),
                              std::numeric_limits<int32_t>::max(),
                              -32769,
                              -32768,
                              32767,
                              32768,
                              0};
  for (RowScalar &scalar : state.rowScalars) {
    scalar.value = random() % 4 ? int32_t(random()) : Ends[random() % 7];
    if (random() % 2)
      scalar.value = int16_t(scalar.value);
    scalar.exponent = random() % 3 ? int8_t(random()) : int8_t(0);
  }
  return state;
}

/// Keeps the state before an instruction.
class At : public functional::Stepper {
public:
  explicit At(uint32_t pc) : pc(pc) {}
  void before(const functional::FunctionalEngine &engine) override {
    if (engine.position() == pc)
      seen = engine.snapshot();
  }
  functional::Snapshot seen;

private:
  const uint32_t pc;
};

} // namespace

TEST_CASE("a state comes back whole", "[layers]") {
  std::mt19937 random(3);
  for (int round = 0; round < 4; ++round) {
    Bench bench("nop\nnop\nnop\nnop\nhalt\n", round % 2 ? "edge" : "nano");
    functional::Snapshot state = randomState(bench, random);
    for (unsigned r = 1; r < isa::Registers; ++r)
      state.registers[r] = random();
    for (uint32_t &count : state.semaphores)
      count = random() % 4;
    state.semaphores[5] = 255;
    for (unsigned unit = 0; unit < isa::UnitCount; ++unit)
      for (unsigned f = 0; f < isa::fields(isa::Unit(unit)).size(); ++f)
        for (int shift = 0;
             !state.configurations.set(isa::Unit(unit), f, random() >> shift);)
          shift = (shift + 1) % 32;
    state.tag = 0x1ab;
    state.pc = 2;
    Part part{{1}, 10, 12, 2, 4, {}, ""};
    PartProgram alone(bench.program, bench.target, part, state);
    alone.install(bench.memory);
    functional::FunctionalEngine engine(alone.program(), bench.target,
                                        bench.memory);
    At at(part.pc);
    engine.step(&at);
    PartRun run = alone.run(engine);
    CHECK(run.part.counters.sequencer.instructions ==
          run.prologue.counters.sequencer.instructions + 3);
    CHECK(at.seen.rowScalars == state.rowScalars);
    CHECK(at.seen.scratchpad == state.scratchpad);
    CHECK(at.seen == state);
    std::span<const uint8_t> dumped = alone.scratchpad(bench.memory);
    CHECK(std::equal(dumped.begin(), dumped.end(), state.scratchpad.begin(),
                     state.scratchpad.end()));
  }
}

TEST_CASE("fast and rtl have the state that the functional engine has",
          "[layers]") {
  // Integers and pairs of all row scalars, then every segment of the table.
  const std::string show = R"(
    set vector.rows0, 1
    set vector.rows1, 512
    set vector.op, 3
    set vector.scalar_op, 7
    set vector.out_stride1, 4
    go vector, wait 0x0000, signal 0x0000
    set vector.scalar_op, 0
    set vector.out_addr, 4096
    go vector, wait 0x0000, signal 0x0000
    set vector.op, 0
    set vector.rows1, 4
    set vector.cols, 1024
    set vector.range_hi, 1024
    set vector.a_type, 1
    set vector.a_addr, 8192
    set vector.a_stride1, 2048
    set vector.table, 1
    set vector.out_type, 1
    setr vector.out_addr, r31, 0
    set vector.out_stride1, 2048
    go vector, wait 0x0001, signal 0x0000
    halt
  )";
  std::mt19937 random(5);
  Bench bench(show);
  functional::Snapshot state = randomState(bench, random);
  state.registers[31] = 32768;
  state.semaphores[0] = 1;
  Part part;
  part.tags = {0};
  part.end = bench.program.code.size();
  PartProgram alone(bench.program, bench.target, part, state);
  std::vector<uint8_t> dumps[3];
  for (int engine = 0; engine < 3; ++engine) {
    Bench own(show);
    alone.install(own.memory);
    std::unique_ptr<host::Engine> of;
    if (engine == 0)
      of = std::make_unique<functional::FunctionalEngine>(
          alone.program(), own.target, own.memory);
    else if (engine == 1)
      of = std::make_unique<fast::FastEngine>(alone.program(), own.target,
                                              own.memory);
    else
      of = std::make_unique<verilated::VerilatedEngine>(alone.program(),
                                                        own.target, own.memory);
    alone.run(*of);
    std::span<const uint8_t> dumped = alone.scratchpad(own.memory);
    dumps[engine].assign(dumped.begin(), dumped.end());
  }
  CHECK(dumps[0] != state.scratchpad);
  CHECK(dumps[0] == dumps[1]);
  CHECK(dumps[0] == dumps[2]);
}

TEST_CASE("a DRAM without room for the images is refused", "[layers]") {
  Bench bench("nop\nhalt\n");
  std::mt19937 random(1);
  PartProgram alone(bench.program, bench.target, Part{{1}, 0, 2, 0, {}, {}, ""},
                    randomState(bench, random));
  host::Memory small(1 << 20);
  CHECK_THROWS_WITH(alone.install(small), Catch::Contains("has no room"));
}

} // namespace dalbit::layers::test
