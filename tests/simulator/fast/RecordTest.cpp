// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What steers a program, written down by each engine, and timing alone with it.

#include "tests/simulator/fast/Compare.h"

namespace dalbit::fast::test {

namespace {

/// Loads words of the input and branches on them, gathers rows by it.
std::string steered() {
  std::string text = load(0, 8192, "0x0001") +
                     "sem.wait 0x0001\nli r9, 64\nli r20, 12\n"
                     "loop r20, +8\n"
                     "load r10, r9, 0\nandi r11, r10, 3\nbeq r11, r0, +3\n"
                     "nop\nnop\nnop\naddi r9, r9, 4\nload r12, r9, 0\n";
  // An index of 0 .. 3 each.
  for (int i = 0; i < 8; ++i)
    text += "set dma_in.region, 4\nset dma_in.dram_offset, " +
            std::to_string(4096 + i * 128) +
            "\nset dma_in.spm_addr, 16384\nset dma_in.bytes, 64\n"
            "go dma_in, wait 0x0000, signal 0x0001\nsem.wait 0x0001\n"
            "set dma_in.gather, 1\nset dma_in.rows, 5\nset dma_in.bytes, 96\n"
            "set dma_in.dram_row_stride, 128\n"
            "set dma_in.spm_row_stride, 128\nset dma_in.dram_offset, 0\n"
            "set dma_in.index_addr, " +
            std::to_string(16384 + i * 4) +
            "\nset dma_in.spm_addr, 12288\n"
            "go dma_in, wait 0x0000, signal 0x0002\nsem.wait 0x0002\n"
            "set dma_in.gather, 0\nset dma_in.rows, 1\n";
  return text + "halt\n";
}

/// The list of indices is small numbers, the rest of the input is as it is.
void makeIndices(Bench &bench) {
  auto *words = reinterpret_cast<uint32_t *>(
      bench.memory.region(isa::Region::Input) + 4096);
  for (int i = 0; i < 256; ++i)
    words[i] %= 400;
}

} // namespace

TEST_CASE("all engines record the same values, and they give the rtl's time",
          "[fast]") {
  std::string target = GENERATE("nano", "edge", "server");
  CAPTURE(target);
  host::RuntimeRecord records[3];
  host::StepResult truth;
  for (int engine = 0; engine < 3; ++engine) {
    Bench bench(steered(), target);
    makeIndices(bench);
    std::unique_ptr<host::Engine> of;
    if (engine == 0)
      of = bench.rtl();
    else if (engine == 1)
      of = bench.functional();
    else
      of = std::make_unique<FastEngine>(bench.program, bench.target,
                                        bench.memory);
    of->record(&records[engine]);
    host::StepResult result;
    for (int i = 0; i < 2; ++i)
      result += of->run({});
    if (engine == 0)
      truth = result;
  }
  REQUIRE(records[0].starts.size() == 2);
  CHECK(records[0].starts[0].loads.size() == 24);
  CHECK(records[0].starts[0].indices.size() == 40);
  CHECK(records[0].starts[0].indices != std::vector<uint32_t>(40));
  CHECK(records[1] == records[0]);
  CHECK(records[2] == records[0]);

  Bench bench(steered(), target);
  FastEngine timing(bench.program, bench.target, bench.memory,
                    {.replay = &records[0]});
  CHECK_FALSE(timing.hasData());
  host::StepResult result;
  for (int i = 0; i < 2; ++i)
    result += timing.run({});
  CHECK(differences(truth, result) == "");
  CHECK_THROWS_WITH(timing.run({}),
                    "the record ends before start 3 of the program");
  for (uint64_t i = 0; i < DataBytes; ++i)
    REQUIRE(bench.output()[i] == 0);
}

TEST_CASE("seeded values stay below their limit and repeat", "[fast]") {
  auto cycles = [](uint64_t seed, uint32_t limit) {
    Bench bench(steered());
    FastEngine timing(bench.program, bench.target, bench.memory,
                      {.seed = seed, .limit = limit});
    return timing.run({}).counters.cycles;
  };
  CHECK(cycles(1, 400) == cycles(1, 400));
  CHECK(cycles(1, 400) != cycles(2, 400));
  CHECK(cycles(1, 1) == cycles(2, 1));
}

} // namespace dalbit::fast::test
