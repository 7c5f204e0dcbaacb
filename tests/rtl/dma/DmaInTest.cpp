// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DMA in against rows copied by memcpy: bytes, order of the ends, legality of
// each burst, limits of what is in flight, counters, errors, and the times that
// docs/units/dma.md gives.

#define CATCH_CONFIG_MAIN
#include "tests/rtl/dma/DmaModel.h"

#include "Vdma_in.h"
#include "Vdma_in___024root.h"

#include <catch2/catch.hpp>

#include <deque>

namespace {

using namespace dalbit::bench;

struct Stalls {
  unsigned latency = 20;
  unsigned arPercent = 100;    // address accepted
  unsigned beatPercent = 100;  // a beat comes when it may
  unsigned grantPercent = 100; // index port
  uint64_t badAddress = ~0ull; // burst that answers with an error
};

struct Instruction {
  Config config;
  std::vector<Row> rows;
  unsigned error = none;
};

class Bench {
public:
  Bench(uint32_t seed, const Stalls &stalls)
      : generator(seed), stalls(stalls), scratchpad(spmBytes), dram(dramBytes) {
    for (uint8_t &byte : dram)
      byte = generator.random();
    for (uint8_t &byte : scratchpad)
      byte = generator.random();
    // Copies land in the first half; the second is one long list of indices.
    for (uint32_t at = spmBytes / 2; at < spmBytes; at += 4) {
      uint32_t index = generator.below(100);
      std::memcpy(&scratchpad[at], &index, 4);
    }
    want = scratchpad;
    auto *regions = reinterpret_cast<uint8_t *>(&model.region_i);
    std::memset(regions, 0, 40);
    for (unsigned region = 0; region < 8; ++region) {
      uint64_t base = baseOf(region);
      std::memcpy(regions + 5 * region, &base, 5);
    }
    model.rst_ni = 0;
    tick();
    tick();
    model.rst_ni = 1;
    tick();
  }

  static uint64_t baseOf(unsigned region) { return dramBase + 64 * region; }

  void add(Config config, unsigned error) {
    Instruction instruction{config, {}, error};
    uint64_t base = baseOf(config.region);
    if (error == none || error == axiRead)
      instruction.rows = rowsOf(config, base, want);
    program.push_back(instruction);
    // Copies happen in order, so the list of a later gather is final here.
    for (const Row &row : instruction.rows)
      for (uint32_t i = 0; i < config.bytes; ++i) {
        if (row.spm + i < spmBytes)
          want[row.spm + i] = dram.at(row.dram + i - dramBase);
        bytes += 1;
      }
    for (const Row &row : instruction.rows) {
      bursts += burstsOf(row, config.bytes);
      beats += beatsOf(row, config.bytes);
    }
    indices += config.gather ? instruction.rows.size() : 0;
  }

  /// Starts one after the other, as soon as the unit is ready.
  uint64_t run() {
    uint64_t begin = cycle, limit = cycle + 2000000;
    while (done < program.size() && cycle < limit)
      tick();
    REQUIRE(done == program.size());
    for (unsigned i = 0; i < 5; ++i)
      tick();
    CHECK(done == program.size());
    CHECK(scratchpad == want);
    auto &root = *model.rootp;
    CHECK(root.dma_in__DOT__cnt_bytes_q == bytes);
    CHECK(root.dma_in__DOT__cnt_bursts_q == bursts);
    CHECK(root.dma_in__DOT__cnt_beats_q == beats);
    CHECK(root.dma_in__DOT__cnt_spm_accesses_q ==
          (beats + indices) * (portBytes / 64));
    return cycle - begin;
  }

  void tick() {
    model.start_i = 0;
    model.clk_i = 0;
    if (started < program.size() && started - done < 4 && model.ready_o &&
        model.rst_ni) {
      model.start_i = 1;
      program[started].config.pack(model.cfg_i);
      startCycles.push_back(cycle);
      ++started;
    }
    bool chance = generator.below(100) < stalls.beatPercent;
    model.arready_i = generator.below(100) < stalls.arPercent;
    model.rvalid_i = 0;
    if (!queue.empty() && queue.front().when <= cycle && chance)
      beat();
    model.index_rvalid_i = indexComing;
    if (indexComing)
      std::memcpy(&model.index_rdata_i, word(indexAddress), portBytes);
    model.index_gnt_i =
        model.index_req_o && generator.below(100) < stalls.grantPercent;
    model.index_oob_i = model.index_gnt_i && model.index_addr_o >= spmBytes;
    model.dma_in_gnt_i = model.dma_in_req_o;
    model.dma_in_oob_i = model.dma_in_req_o && model.dma_in_addr_o >= spmBytes;
    model.eval();
    watch();
    model.clk_i = 1;
    model.eval();
    ++cycle;
  }

  Generator generator;
  std::vector<Instruction> program;
  std::vector<uint64_t> startCycles, doneCycles;
  size_t started = 0, done = 0;
  uint64_t cycle = 0;
  size_t most = 0; // bursts in flight at once

private:
  struct Burst {
    uint64_t address, when;
    unsigned beats, sent;
  };

  const uint8_t *word(uint32_t at) {
    static const std::vector<uint8_t> zeros(portBytes);
    at = at / portBytes * portBytes;
    return at < spmBytes ? &scratchpad[at] : zeros.data();
  }

  void beat() {
    Burst &burst = queue.front();
    model.rvalid_i = 1;
    uint64_t at = burst.address + burst.sent * axiBytes - dramBase;
    std::memcpy(&model.rdata_i, &dram.at(at), axiBytes);
    model.rresp_i = burst.address == stalls.badAddress ? 2 : 0;
    model.rlast_i = ++burst.sent == burst.beats;
    if (model.rlast_i)
      queue.pop_front();
  }

  void watch() {
    if (!model.rst_ni)
      return;
    indexComing = model.index_gnt_i;
    indexAddress = model.index_addr_o;
    if (model.arvalid_o && model.arready_i) {
      uint64_t from = model.araddr_o;
      unsigned beats = model.arlen_o + 1;
      REQUIRE(from % axiBytes == 0);
      REQUIRE(from / 1024 == (from + beats * axiBytes - 1) / 1024);
      queue.push_back({from, cycle + stalls.latency, beats, 0});
      most = std::max(most, queue.size());
      REQUIRE(queue.size() <= 16);
    }
    if (model.dma_in_req_o && model.dma_in_addr_o < spmBytes) {
      uint32_t at = model.dma_in_addr_o / portBytes * portBytes;
      const auto *data =
          reinterpret_cast<const uint8_t *>(&model.dma_in_wdata_o);
      const auto *be = reinterpret_cast<const uint8_t *>(&model.dma_in_be_o);
      for (unsigned i = 0; i < portBytes; ++i)
        if (be[i / 8] >> i % 8 & 1)
          scratchpad[at + i] = data[i];
    }
    if (model.done_o) {
      REQUIRE(done < started);
      INFO("instruction " << done);
      unsigned error = program[done].error;
      REQUIRE(bool(model.error_o) == (error != none));
      if (error != none)
        REQUIRE(model.error_code_o == error);
      doneCycles.push_back(cycle);
      ++done;
    } else {
      REQUIRE(!model.error_o);
    }
  }

  Vdma_in model;
  Stalls stalls;
  std::vector<uint8_t> scratchpad, want, dram;
  std::deque<Burst> queue;
  bool indexComing = false;
  uint32_t indexAddress = 0;
  uint64_t bytes = 0, bursts = 0, beats = 0, indices = 0;
};

void randomProgram(uint32_t seed, const Stalls &stalls) {
  INFO("seed " << seed);
  Bench bench(seed, stalls);
  Generator &generator = bench.generator;
  for (unsigned i = 0; i < 40; ++i) {
    uint64_t base = Bench::baseOf(0);
    if (generator.below(3) == 0) {
      Config config = generator.legal(base, 8192 * generator.below(4), true);
      config.region = 0;
      config.index = spmBytes / 2 + 1024 + 4 * generator.below(7000);
      bench.add(config, none);
      continue;
    }
    Config config = generator.legal(base, 8192 * generator.below(4), false);
    unsigned region = generator.below(8);
    uint64_t moved = Bench::baseOf(region) - base;
    config.region = region;
    config.spm += (moved + config.spm) % axiBytes - config.spm % axiBytes;
    unsigned error = none;
    if (generator.below(4) == 0)
      config = generator.odd(config, true, error);
    bench.add(config, error);
  }
  bench.run();
}

} // namespace

TEST_CASE("random copies without stalls", "[dma]") {
  for (uint32_t seed = 1; seed <= 20; ++seed)
    randomProgram(seed, {});
}

TEST_CASE("random copies with random stalls", "[dma]") {
  for (uint32_t seed = 100; seed < 120; ++seed)
    randomProgram(seed, {5 + seed % 90, 50, 40, 30, ~0ull});
}

TEST_CASE("an error response is told with the end of its instruction",
          "[dma]") {
  Stalls stalls;
  stalls.badAddress = dramBase + 8192;
  Bench bench(3, stalls);
  for (unsigned i = 0; i < 4; ++i) {
    Config config;
    config.dramOffset = 4096 * i;
    config.spm = 4096 * i;
    config.bytes = 2048;
    bench.add(config, i == 2 ? axiRead : none);
  }
  bench.run();
}

TEST_CASE("a write past the scratchpad is an address error", "[dma]") {
  Bench bench(4, {});
  for (unsigned i = 0; i < 3; ++i) {
    Config config;
    config.spm = i == 1 ? spmBytes - 512 : 0;
    config.bytes = 1024;
    bench.add(config, none);
    bench.program.back().error = i == 1 ? unsigned(address) : unsigned(none);
  }
  bench.run();
}

TEST_CASE("an index past the scratchpad is an address error", "[dma]") {
  Bench bench(5, {});
  for (unsigned i = 0; i < 3; ++i) {
    Config config;
    config.gather = 1;
    config.rows = 4;
    config.bytes = 64;
    config.spmRowStride = 128;
    config.index = i == 1 ? spmBytes - 8 : 256;
    bench.add(config, none);
    bench.program.back().error = i == 1 ? unsigned(address) : unsigned(none);
  }
  bench.run();
}

TEST_CASE("a stream of instructions is bounded by the bus", "[dma]") {
  Stalls stalls;
  stalls.latency = 60;
  Bench bench(6, stalls);
  for (unsigned i = 0; i < 10; ++i) {
    Config config;
    config.dramOffset = 4096 * i;
    config.spm = 4096 * (i % 8);
    config.bytes = 4096;
    bench.add(config, none);
  }
  uint64_t cycles = bench.run();
  uint64_t beats = 10 * 4096 / axiBytes;
  INFO("bursts in flight " << bench.most);
  CHECK(bench.most * 1024 >= 4096);
  CHECK(cycles < beats + 60 + 40);
}

TEST_CASE("one row takes its latency, its beats and three cycles", "[dma]") {
  for (unsigned latency : {10u, 33u}) {
    Stalls stalls;
    stalls.latency = latency;
    Bench bench(8, stalls);
    Config config;
    config.bytes = 512;
    bench.add(config, none);
    bench.run();
    // start t, address t+2, first beat t+2+latency, done two after the last.
    CHECK(bench.doneCycles[0] - bench.startCycles[0] ==
          2 + latency + 512 / axiBytes - 1 + 2);
  }
}

TEST_CASE("without effect an instruction ends two cycles after its start",
          "[dma]") {
  Bench bench(9, {});
  Config config;
  bench.add(config, none);
  bench.run();
  CHECK(bench.doneCycles[0] - bench.startCycles[0] == 2);
}
