// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/layers/Sampler.h"

#include "simulator/host/Difference.h"
#include "tests/simulator/verilated/Bench.h"

#include <catch2/catch.hpp>

#include <cstring>

namespace dalbit::layers::test {

namespace {

using verilated::test::Bench;
using verilated::test::DataBytes;
using verilated::test::load;
using verilated::test::store;

/// Four layers, the second and the third in a loop of r1 rounds; they hand on
/// rows, row scalars and semaphores, and data of the third are loaded ahead.
const std::string Program = load(0, 4096, "0x0001") + R"(
  sem.wait 0x0001
  tag 1
  set vector.rows0, 1
  set vector.rows1, 4
  set vector.cols, 64
  set vector.range_hi, 64
  set vector.a_type, 2
  set vector.a_stride1, 256
  set vector.c_type, 2
  set vector.c_stride1, 256
  set vector.out_type, 2
  set vector.out_addr, 8192
  set vector.out_stride1, 256
  set vector.add, 1
  set vector.add_imm, 77
  set vector.reduce, 1
  set vector.reduce_row, 8
  go vector, wait 0x0000, signal 0x0002
  set dma_out.region, 5
  set dma_out.rows, 1
  set dma_out.planes, 1
  set dma_out.bytes, 1024
  set dma_out.spm_addr, 8192
  set dma_in.bytes, 1024
  set dma_in.spm_addr, 16384
  li r11, -1
  loop r1, +21
    addi r11, r11, 1
    muli r12, r11, 1024
    tag 3
    setr dma_in.dram_offset, r12, 8192
    go dma_in, wait 0x0000, signal 0x0004
    tag 2
    set vector.a_addr, 8192
    set vector.out_addr, 12288
    set vector.add, 2
    set vector.add_row, 8
    go vector, wait 0x0002, signal 0x0008
    tag 3
    set vector.a_addr, 16384
    set vector.add, 3
    set vector.c_addr, 12288
    set vector.out_addr, 8192
    go vector, wait 0x000c, signal 0x0012
    setr dma_out.dram_offset, r12, 0
    tag 9
    go dma_out, wait 0x0010, signal 0x0020
    sem.wait 0x0020
  tag 4
  set vector.op, 3
  set vector.scalar_op, 7
  set vector.scale1_row, 8
  set vector.out_addr, 20480
  set vector.out_stride1, 4
  go vector, wait 0x0002, signal 0x0001
)" + store(20480, 16, "0x0001", 60000) +
                            "halt\n";

struct Whole : Bench {
  Whole() : Bench(Program) {
    for (uint32_t tag : {1, 2, 3, 4, 9})
      program.layers.push_back(
          {tag, "l" + std::to_string(tag), "add", {}, 0, 0, 0, 0});
  }
  /// Two starts, of one and of three rounds.
  Sample sample(const Wanted &wanted) {
    Sampler sampler(program, target, memory, wanted);
    whole = {};
    for (uint32_t rounds : {1, 3}) {
      host::Start start;
      start.arguments[0] = rounds;
      whole += sampler.run(start);
    }
    return sampler.sample();
  }
  std::string errorOf(const Wanted &wanted) {
    try {
      sample(wanted);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }
  host::StepResult whole;
};

std::unique_ptr<host::Engine> makeRtl(const binary::Program &program,
                                      const target::Target &target,
                                      host::Memory &memory) {
  return std::make_unique<verilated::VerilatedEngine>(program, target, memory);
}

/// An rtl that counts or writes otherwise in the start of the part, or fails.
struct Wrong : host::Engine {
  Wrong(const binary::Program &program, const target::Target &target,
        host::Memory &memory)
      : fast(program, target, memory), memory(memory) {}
  host::StepResult run(const host::Start &start) override {
    host::StepResult result = fast.run(start);
    if (++starts != 3)
      return result;
    if (fault == Fault::Stops)
      throw Error("it hangs");
    if (fault == Fault::Writes)
      memory.region(isa::Region::Output)[60003] ^= 1;
    else if (auto fourth = result.byTag.find(4); fourth != result.byTag.end())
      ++fourth->second.vector.spmReads;
    return result;
  }
  fast::FastEngine fast;
  host::Memory &memory;
  int starts = 0;
  enum class Fault { Counts, Writes, Stops };
  static inline Fault fault = Fault::Counts;
};

std::unique_ptr<host::Engine> makeWrong(const binary::Program &program,
                                        const target::Target &target,
                                        host::Memory &memory) {
  return std::make_unique<Wrong>(program, target, memory);
}

} // namespace

TEST_CASE("layers run alone on rtl as in the whole run", "[layers]") {
  Whole bench;
  Sample sample = bench.sample({0, 5, std::nullopt, makeRtl});
  CHECK(sample.step == 1);
  CHECK(sample.steps == 2);
  CHECK(!sample.isDecode);
  REQUIRE(sample.layers.size() == 5);
  unsigned parts[] = {1, 3, 3, 1, 3};
  uint64_t cycles = 0;
  for (uint32_t i = 0; i < 5; ++i) {
    CAPTURE(i);
    const LayerTime &layer = sample.layers[i];
    CHECK(layer.layer == i);
    CHECK(layer.parts == parts[i]);
    CHECK(layer.isOnRtl);
    CHECK((layer.alone > 0) == (i < 4)); // the last one only copies
    cycles += layer.inWhole;
  }
  CHECK(cycles < bench.whole.counters.cycles);

  // The whole run is that of the fast engine.
  Whole truth;
  fast::FastEngine fast(truth.program, truth.target, truth.memory);
  host::StepResult whole;
  for (uint32_t rounds : {1, 3}) {
    host::Start start;
    start.arguments[0] = rounds;
    host::StepResult step = fast.run(start);
    if (rounds == 3)
      CHECK(step.counters.cycles == cycles);
    whole += step;
  }
  CHECK(host::difference(bench.whole, whole) == "");
  CHECK(std::memcmp(bench.output(), truth.output(), DataBytes) == 0);
}

TEST_CASE("a step is chosen, memory stays as the run has left it", "[layers]") {
  Whole bench, other;
  Sample first = bench.sample({1, 2, 0, makeRtl});
  CHECK(first.step == 0);
  REQUIRE(first.layers.size() == 5);
  CHECK(first.layers[0].parts == 0);
  CHECK(first.layers[1].parts == 1);
  CHECK(first.layers[2].parts == 1);
  CHECK(!first.layers[3].isOnRtl);
  other.sample({0, 1, 1, {}});
  CHECK(std::memcmp(bench.output(), other.output(), DataBytes) == 0);
}

TEST_CASE("an rtl that counts otherwise is named with layer and counter",
          "[layers]") {
  Wrong::fault = Wrong::Fault::Counts;
  Whole bench;
  CHECK(bench.errorOf({0, 3, std::nullopt, makeWrong}) == "");
  CHECK(bench.errorOf({3, 1, std::nullopt, makeWrong})
            .starts_with("layer 3 ('l4'): rtl and fast differ: tag 4, "
                         "vector.spm_reads: "));
}

TEST_CASE("an rtl that fails is named with the layer", "[layers]") {
  Wrong::fault = Wrong::Fault::Stops;
  Whole bench;
  CHECK(bench.errorOf({3, 1, std::nullopt, makeWrong}) ==
        "layer 3 ('l4') on rtl: it hangs");
}

TEST_CASE("an rtl that writes otherwise is named with the place", "[layers]") {
  Wrong::fault = Wrong::Fault::Writes;
  Whole bench;
  CHECK(bench.errorOf({3, 1, std::nullopt, makeWrong}) ==
        "layer 3 ('l4'): rtl and functional leave different bytes: byte 60003 "
        "of region output");
}

TEST_CASE("layers and steps that there are not are refused", "[layers]") {
  Whole bench;
  CHECK(bench.errorOf({0, 1, 7, {}}) == "--step 7: the run's last step is 1");
  bench.program.layers[0].tag = 30; // that no instruction has
  CHECK(bench.errorOf({0, 1, std::nullopt, {}}) ==
        "step 1 does not run layer 0 ('l1')");
  CHECK_THROWS_WITH(
      checkLayers(bench.program, {4, 2, {}, {}}),
      "--from-layer 4 --layers 2: the program has 5 layers, 0 .. 4");
  CHECK_NOTHROW(checkLayers(bench.program, {4, 1, {}, {}}));
  bench.program.layers.clear();
  CHECK_THROWS_WITH(checkLayers(bench.program, {0, 1, {}, {}}),
                    "--from-layer: the binary names no layers");
}

} // namespace dalbit::layers::test
