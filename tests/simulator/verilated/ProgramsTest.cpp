// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/verilated/Bench.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>

namespace dalbit::verilated::test {

namespace {

// 24 rows of 48 activations by 40 channels, then the accumulator times 1/64 to
// int8 with the rows' absolute maxima; activations at 0, weights at 16 KiB.
const std::string Product =
    "tag 3\n" + load(0, 24 * 48, "0x0001") +
    load(16384, 16 * 48 * 3, "0x0001", 2048) + R"(
  set matrix.a_addr, 0
  set matrix.a_row_stride, 48
  set matrix.rows, 24
  set matrix.n, 40
  set matrix.k, 48
  set matrix.w_addr, 16384
  set matrix.w_form, 0
  set matrix.acc_addr, 0
  set matrix.acc_stride, 24
  sem.wait 0x0001
  go matrix, wait 0x0001, signal 0x0002
  tag 260
  set vector.rows0, 24
  set vector.rows1, 1
  set vector.cols, 40
  set vector.source, 1
  set vector.acc_addr, 0
  set vector.acc_stride0, 1
  set vector.acc_tile_stride, 24
  set vector.scale1, 1
  set vector.scale1_imm, 0x00094000
  set vector.range_hi, 40
  set vector.out_type, 0
  set vector.out_addr, 65536
  set vector.out_stride0, 48
  set vector.reduce, 3
  set vector.reduce_row, 10
  go vector, wait 0x0002, signal 0x0000
  set vector.op, 3
  set vector.out_addr, 69632
  set vector.out_stride0, 4
  set vector.scale1_row, 10
  go vector, wait 0x0000, signal 0x0004
)" + store(65536, 24 * 48, "0x0004") +
    "set dma_out.spm_addr, 69632\nset dma_out.bytes, 96\n"
    "set dma_out.dram_offset, 8192\n"
    "go dma_out, wait 0x0000, signal 0x0000\nhalt\n";

/// Runs on both engines and compares all that the program writes.
host::StepResult compare(const std::string &assembly,
                         const std::string &target) {
  Bench functional(assembly, target), rtl(assembly, target);
  functional.functional()->run({});
  host::StepResult result = rtl.rtl()->run({});
  CHECK(std::memcmp(functional.output(), rtl.output(), DataBytes) == 0);
  CHECK(std::count(rtl.output(), rtl.output() + 1024, 0) < 512);
  return result;
}

} // namespace

TEST_CASE("what goes in comes out", "[verilated]") {
  auto target = GENERATE("nano", "edge", "server");
  CAPTURE(target);
  Bench bench(load(4096, 20000, "0x0001") + store(4096, 20000, "0x0001") +
                  "halt\n",
              target);
  host::StepResult result = bench.rtl()->run({});
  CHECK(std::memcmp(bench.input(), bench.output(), 20000) == 0);
  CHECK(bench.output()[20000] == 0);
  CHECK(result.timed);
  CHECK(result.counters.dmaIn.bytes == 20000);
  CHECK(result.counters.dmaOut.bytes == 20000);
  CHECK(result.counters.sequencer.instructions == 15);
  CHECK(result.dram.at("dram.writes") > 0);
}

TEST_CASE("a copy that is not aligned to beats keeps the bytes around it",
          "[verilated]") {
  // 4 bytes past a beat, 12 bytes before the end of one.
  std::string copy =
      load(68, 1000, "0x0001", 4) + store(68, 1000, "0x0001", 1028) + "halt\n";
  Bench bench(copy);
  std::memset(bench.memory.region(isa::Region::Output), 0xee, DataBytes);
  bench.rtl()->run({});
  CHECK(bench.output()[1027] == 0xee);
  CHECK(std::memcmp(bench.output() + 1028, bench.input() + 4, 1000) == 0);
  CHECK(bench.output()[2028] == 0xee);
}

TEST_CASE("a product leaves the memory of the functional engine",
          "[verilated]") {
  host::StepResult result = compare(Product, "nano");
  CHECK(result.counters.matrix.macsW8 == 24 * 40 * 48);
  CHECK(result.counters.vector.writeOps == 24 * 40);
}

TEST_CASE("counts belong to the tag of the instruction", "[verilated]") {
  Bench bench(Product);
  host::StepResult result = bench.rtl()->run({});
  REQUIRE(result.byTag.size() == 2);
  CHECK(result.byTag.at(3).matrix.macsW8 == 24 * 40 * 48);
  CHECK(result.byTag.at(260).matrix.macsW8 == 0);
  CHECK(result.byTag.at(260).vector.writeOps == 24 * 40);
  CHECK(result.byTag.at(3).dmaIn.bytes == result.counters.dmaIn.bytes);
  CHECK(result.byTag.at(260).dmaOut.bytes == result.counters.dmaOut.bytes);
  isa::Counters sum;
  for (const auto &[tag, part] : result.byTag)
    sum += part;
  for (unsigned i = 0; i < isa::CounterCount; ++i) {
    const isa::CounterInfo &info = isa::counters()[i];
    std::string unit = info.unit;
    CAPTURE(info.name);
    if (unit == "sequencer")
      CHECK(isa::counter(sum, i) == 0);
    else
      CHECK(isa::counter(sum, i) == isa::counter(result.counters, i));
  }
}

TEST_CASE("arguments, entry and scratchpad reach the next run", "[verilated]") {
  // The first run fills the scratchpad, the second writes r1 bytes of it.
  std::string first = load(0, 4096, "0x0000") + "halt\n";
  std::string second = store(0, 0, "0x0000");
  size_t last = second.rfind("go ");
  second.insert(last, "setr dma_out.bytes, r1, 0\n");
  Bench bench(first + second + "halt\n");
  auto engine = bench.rtl();
  engine->run({});
  host::Start start;
  start.pc = 8;
  start.arguments[0] = 128;
  host::StepResult result = engine->run(start);
  CHECK(result.counters.dmaOut.bytes == 128);
  CHECK(result.counters.dmaIn.bytes == 0);
  CHECK(std::memcmp(bench.output(), bench.input(), 128) == 0);
  CHECK(bench.output()[128] == 0);
}

TEST_CASE("two new engines take the same time", "[verilated]") {
  Bench bench(Product);
  host::StepResult once = bench.rtl()->run({}), again = bench.rtl()->run({});
  CHECK(once.counters.cycles == again.counters.cycles);
  CHECK(once.dram == again.dram);
}

TEST_CASE("a stream from DRAM runs at nearly the rate of the pins",
          "[verilated]") {
  auto [name, bytesPerCycle] =
      GENERATE(table<std::string, double>({{"nano", 16.0}, {"edge", 32.0}}));
  CAPTURE(name);
  // 32 copies of 64 KiB.
  std::string copies = load(0, int(DataBytes), "0x0000");
  size_t go = copies.rfind("go ");
  copies.insert(go, "li r1, 32\nloop r1, +1\n");
  Bench bench(copies + "halt\n", name);
  host::StepResult result = bench.rtl()->run({});
  CHECK(result.counters.dmaIn.bytes == 32 * DataBytes);
  double rate =
      double(result.counters.dmaIn.bytes) / double(result.counters.cycles);
  CHECK(rate < bytesPerCycle);
  CHECK(rate > 0.85 * bytesPerCycle);
}

TEST_CASE("a long wait at a semaphore is not a deadlock", "[verilated]") {
  // The vector unit waits for 250 thousand cycles of the sequencer.
  Bench bench("li r1, 250000\ngo vector, wait 0x0001, signal 0x0000\n"
              "loop r1, +1\nnop\nsem.signal 0x0001\nhalt\n");
  host::StepResult result = bench.rtl()->run({});
  CHECK(result.counters.cycles > 250000);
  CHECK(result.counters.vector.semStall > 250000);
}

} // namespace dalbit::verilated::test
