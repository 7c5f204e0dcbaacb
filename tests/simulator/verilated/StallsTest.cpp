// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/verilated/Bench.h"

#include <catch2/catch.hpp>

#include <cstring>

namespace dalbit::verilated::test {

namespace {

const std::string Copy =
    load(0, 20000, "0x0001") + store(0, 20000, "0x0001") + "halt\n";

/// The cycles of the copy, whose bytes are right.
uint64_t cyclesWith(const MemorySystem &system) {
  Bench bench(Copy);
  VerilatedEngine engine(bench.program, bench.target, bench.memory, system);
  host::StepResult result = engine.run({});
  CHECK(std::memcmp(bench.input(), bench.output(), 20000) == 0);
  return result.counters.cycles;
}

} // namespace

TEST_CASE("stalls cost time and change no byte", "[stalls]") {
  MemorySystem system = memorySystemOf(target::loadTarget("nano"));
  uint64_t without = cyclesWith(system);
  system.stalls = {1, 50, 400};
  uint64_t with = cyclesWith(system);
  CHECK(with > without + 200);
  CHECK(cyclesWith(system) == with);
  system.stalls.seed = 2;
  CHECK(cyclesWith(system) != with);
}

TEST_CASE("a slower DRAM costs time and changes no byte", "[stalls]") {
  MemorySystem system = memorySystemOf(target::loadTarget("nano"));
  uint64_t without = cyclesWith(system);
  system.device.timing.readLatency += 400;
  CHECK(cyclesWith(system) > without + 50);
}

TEST_CASE("a stall depends on seed, interface, moment and burst alone",
          "[stalls]") {
  AxiStalls stalls{7, 30, 9};
  int held = 0, same = 0;
  for (uint64_t burst = 0; burst < 1000; ++burst) {
    int64_t cycles = stalls.of(AxiInterface::Read, AxiMoment::Accept, burst);
    CHECK(cycles <= 9);
    held += cycles > 0;
    same += cycles == stalls.of(AxiInterface::Write, AxiMoment::Accept, burst);
  }
  CHECK(held > 240);
  CHECK(held < 360);
  CHECK(same < 700);
  stalls.percent = 0;
  CHECK(stalls.of(AxiInterface::Read, AxiMoment::Accept, 3) == 0);
}

} // namespace dalbit::verilated::test
