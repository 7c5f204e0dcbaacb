// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/verilated/Bench.h"

#include <catch2/catch.hpp>

namespace dalbit::verilated::test {

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("an error names code, instruction and unit", "[verilated]") {
  Bench vector("set vector.a_addr, 4\nset vector.rows0, 1\n"
               "set vector.rows1, 1\nset vector.cols, 1\n"
               "go vector, wait 0x0000, signal 0x0000\nhalt\n");
  CHECK_THAT(errorOf(*vector.rtl()),
             StartsWith("address at instruction 4 (go vector, wait 0x0000, "
                        "signal 0x0000), in vector: "));
  Bench sequencer("li r10, 300000\nload r9, r10, 0\nhalt\n");
  CHECK_THAT(errorOf(*sequencer.rtl()),
             StartsWith("address at instruction 1 (load r9, r10, 0), in the "
                        "sequencer: "));
  Bench end("nop\n");
  CHECK_THAT(errorOf(*end.rtl()),
             StartsWith("axi_fetch at instruction 1 (past the code)"));
  Bench unknown("nop\nhalt\n");
  unknown.program.code[0] = 0x7f00000000000000;
  unknown.memory.load(unknown.program);
  CHECK_THAT(errorOf(*unknown.rtl()),
             StartsWith("illegal_instruction at instruction 0, in the "
                        "sequencer: "));
}

TEST_CASE("an address past the memory is an error of the bus", "[verilated]") {
  // The input begins in the second page, the memory has 4 MiB.
  Bench read(load(0, 4096, "0x0000", 4 << 20) + "halt\n");
  CHECK_THAT(errorOf(*read.rtl()), StartsWith("axi_read at instruction 6"));
  Bench write(store(0, 4096, "0x0000", 4 << 20) + "halt\n");
  CHECK_THAT(errorOf(*write.rtl()), StartsWith("axi_write at instruction 6"));
}

TEST_CASE("a deadlock names what each unit waits for", "[verilated]") {
  Bench bench("tag 258\nsem.signal 0x0002\n"
              "go vector, wait 0x000a, signal 0x0000\n"
              "go matrix, wait 0x0030, signal 0x0008\nsem.wait 0x0100\n"
              "halt\n");
  bench.program.layers.push_back(
      {2, "h.0.attention", "attention", {}, 0, 6, 0, 0});
  std::string text = errorOf(*bench.rtl());
  CHECK_THAT(text, StartsWith("deadlock: nothing has moved for 100000 cycles"));
  CHECK_THAT(text, Contains("\nsequencer: at instruction 4 (sem.wait 0x0100), "
                            "waits for semaphore 8\n"));
  CHECK_THAT(text, Contains("\ndma_in: idle, nothing queued\n"));
  CHECK_THAT(text,
             Contains("\nmatrix: waits for semaphores 4, 5 at instruction 3 "
                      "(go matrix, wait 0x0030, signal 0x0008), layer "
                      "h.0.attention, decode\n"));
  CHECK_THAT(text, Contains("\nvector: waits for semaphore 3 at instruction "
                            "2 (go vector, wait 0x000a, signal 0x0000)"));
}

TEST_CASE("a program without an end is stopped at the bound", "[verilated]") {
  Bench bench("nop\njump -1\n");
  host::Start start;
  start.bound = 5000;
  CHECK_THAT(errorOf(*bench.rtl(), start),
             StartsWith("the program does not end: instruction "));
}

TEST_CASE("after an error or a deadlock the engine runs again", "[verilated]") {
  std::string copy = load(0, 4096, "0x0001") + store(0, 4096, "0x0001");
  // 15: a copy that waits forever with data on their way; 18: an error.
  Bench bench(copy + "halt\n" +
              "go dma_in, wait 0x0000, signal 0x0000\nsem.wait 0x0001\nhalt\n"
              "go dma_in, wait 0x0000, signal 0x0000\nload r9, r0, 1\nhalt\n");
  auto engine = bench.rtl();
  host::Start start;
  host::StepResult before = engine->run(start);
  for (uint32_t pc : {15u, 18u}) {
    start.pc = pc;
    CHECK(errorOf(*engine, start) != "");
    start.pc = 0;
    std::fill_n(bench.memory.region(isa::Region::Output), DataBytes, 0);
    host::StepResult after = engine->run(start);
    CHECK(std::equal(bench.input(), bench.input() + 4096, bench.output()));
    CHECK(after.counters.dmaIn.bytes == before.counters.dmaIn.bytes);
    CHECK(after.byTag.at(0).dmaIn.bytes == before.counters.dmaIn.bytes);
  }
}

} // namespace dalbit::verilated::test
