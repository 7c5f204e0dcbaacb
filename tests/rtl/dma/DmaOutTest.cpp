// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DMA out against rows copied by memcpy: bytes, order of the ends, legality of
// each burst, that no address is sent before its data are read, counters,
// errors, and the times that docs/units/dma.md gives.

#define CATCH_CONFIG_MAIN
#include "tests/rtl/dma/DmaModel.h"

#include "Vdma_out.h"
#include "Vdma_out___024root.h"

#include <catch2/catch.hpp>

#include <deque>

namespace {

using namespace dalbit::bench;

struct Stalls {
  unsigned latency = 20; // from the last beat to the response
  unsigned addressPercent = 100;
  unsigned beatPercent = 100;
  unsigned grantPercent = 100;
  uint64_t badAddress = ~0ull; // burst that answers with an error
};

struct Instruction {
  Config config;
  unsigned bursts = 0;
  unsigned error = none;
};

class Bench {
public:
  Bench(uint32_t seed, const Stalls &stalls)
      : generator(seed), stalls(stalls), scratchpad(spmBytes), dram(dramBytes) {
    for (uint8_t &byte : scratchpad)
      byte = generator.random();
    want = dram;
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

  void add(Config config, unsigned error, bool effect) {
    Instruction instruction{config, 0, error};
    if (effect)
      for (const Row &row : rowsOf(config, baseOf(config.region), scratchpad)) {
        for (uint32_t i = 0; i < config.bytes; ++i)
          want.at(row.dram + i - dramBase) =
              row.spm + i < spmBytes ? scratchpad[row.spm + i] : 0;
        bytes += config.bytes;
        instruction.bursts += burstsOf(row, config.bytes);
        beats += beatsOf(row, config.bytes);
      }
    bursts += instruction.bursts;
    program.push_back(instruction);
  }

  uint64_t run() {
    uint64_t begin = cycle, limit = cycle + 2000000;
    while (done < program.size() && cycle < limit)
      tick();
    REQUIRE(done == program.size());
    for (unsigned i = 0; i < 5; ++i)
      tick();
    CHECK(done == program.size());
    CHECK(dram == want);
    auto &root = *model.rootp;
    CHECK(root.dma_out__DOT__cnt_bytes_q == bytes);
    CHECK(root.dma_out__DOT__cnt_bursts_q == bursts);
    CHECK(root.dma_out__DOT__cnt_beats_q == beats);
    CHECK(root.dma_out__DOT__cnt_spm_accesses_q == reads * (portBytes / 64));
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
    model.awready_i = generator.below(100) < stalls.addressPercent;
    model.wready_i = generator.below(100) < stalls.beatPercent;
    model.bvalid_i = 0;
    if (!responses.empty() && responses.front().when <= cycle) {
      model.bvalid_i = 1;
      model.bresp_i = responses.front().bad ? 2 : 0;
      responses.pop_front();
    }
    model.dma_out_rvalid_i = wordComing;
    if (wordComing) {
      static const std::vector<uint8_t> zeros(portBytes);
      uint32_t at = wordAddress / portBytes * portBytes;
      std::memcpy(&model.dma_out_rdata_i,
                  at < spmBytes ? &scratchpad[at] : zeros.data(), portBytes);
    }
    model.dma_out_gnt_i =
        model.dma_out_req_o && generator.below(100) < stalls.grantPercent;
    model.dma_out_oob_i =
        model.dma_out_gnt_i && model.dma_out_addr_o >= spmBytes;
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
  uint64_t bytes = 0, bursts = 0, beats = 0, reads = 0;
  size_t most = 0; // bursts without a response

private:
  struct Burst {
    uint64_t address;
    unsigned beats, taken;
  };
  struct Response {
    uint64_t when;
    bool bad;
  };

  void watch() {
    if (!model.rst_ni)
      return;
    wordComing = model.dma_out_gnt_i;
    wordAddress = model.dma_out_addr_o;
    reads += wordComing;
    // A beat belongs to a burst whose address went before it.
    if (model.wvalid_o && model.wready_i)
      beat();
    if (model.awvalid_o && model.awready_i) {
      uint64_t from = model.awaddr_o;
      unsigned beats = model.awlen_o + 1;
      REQUIRE(from % axiBytes == 0);
      REQUIRE(from / 1024 == (from + beats * axiBytes - 1) / 1024);
      // All words of the bursts so far have been read.
      sentBytes += beats * axiBytes;
      REQUIRE(reads * portBytes + axiBytes >= sentBytes);
      queue.push_back({from, beats, 0});
      ++unanswered;
      most = std::max(most, unanswered);
    }
    unanswered -= model.bvalid_i;
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

  void beat() {
    REQUIRE(!queue.empty());
    Burst &burst = queue.front();
    const auto *data = reinterpret_cast<const uint8_t *>(&model.wdata_o);
    const auto *strobe = reinterpret_cast<const uint8_t *>(&model.wstrb_o);
    for (unsigned i = 0; i < axiBytes; ++i)
      if (strobe[i / 8] >> i % 8 & 1)
        dram.at(burst.address + burst.taken * axiBytes + i - dramBase) =
            data[i];
    ++burst.taken;
    REQUIRE(bool(model.wlast_o) == (burst.taken == burst.beats));
    if (!model.wlast_o)
      return;
    uint64_t after = cycle + stalls.latency;
    responses.push_back({after, burst.address == stalls.badAddress});
    queue.pop_front();
  }

  Vdma_out model;
  Stalls stalls;
  std::vector<uint8_t> scratchpad, dram, want;
  std::deque<Burst> queue;
  std::deque<Response> responses;
  bool wordComing = false;
  uint32_t wordAddress = 0;
  uint64_t sentBytes = 0;
  size_t unanswered = 0;
};

void randomProgram(uint32_t seed, const Stalls &stalls) {
  INFO("seed " << seed);
  Bench bench(seed, stalls);
  Generator &generator = bench.generator;
  for (unsigned i = 0; i < 40; ++i) {
    uint64_t base = Bench::baseOf(0);
    Config config = generator.legal(base, 8192 * generator.below(7), false);
    config.region = generator.below(8);
    uint64_t moved = Bench::baseOf(config.region) - base;
    config.spm += (moved + config.spm) % axiBytes - config.spm % axiBytes;
    if (generator.below(4) == 0) {
      unsigned error = none;
      config = generator.odd(config, false, error);
      bench.add(config, error, false);
      continue;
    }
    bench.add(config, none, true);
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
    bench.add(config, i == 2 ? axiWrite : none, true);
  }
  bench.run();
}

TEST_CASE("a read past the scratchpad is an address error", "[dma]") {
  Bench bench(4, {});
  for (unsigned i = 0; i < 4; ++i) {
    Config config;
    config.dramOffset = 4096 * i;
    config.spm = i == 1 ? spmBytes - 512 : 0;
    config.bytes = 1024;
    bench.add(config, i == 1 ? address : none, true);
  }
  bench.run();
}

TEST_CASE("a long copy is bounded by the bus", "[dma]") {
  Stalls stalls;
  stalls.latency = 30;
  Bench bench(6, stalls);
  for (unsigned i = 0; i < 4; ++i) {
    Config config;
    config.dramOffset = 16384 * i;
    config.spm = 16384 * i;
    config.bytes = 16384;
    bench.add(config, none, true);
  }
  uint64_t cycles = bench.run();
  uint64_t beats = 4 * 16384 / axiBytes;
  CHECK(bench.most > 1);
  // Full rate where a word gives several beats; where it gives one, the beats
  // of a burst and the reads of the next but one share the buffer.
  CHECK(cycles < beats + beats / 4 + 100);
}

TEST_CASE("one burst takes its reads, its beats, its response and six cycles",
          "[dma]") {
  for (uint32_t bytes : {axiBytes, 512u, 1024u}) {
    INFO("bytes " << bytes);
    Bench bench(8, {});
    Config config;
    config.bytes = bytes;
    bench.add(config, none, true);
    bench.run();
    unsigned words = (bytes + portBytes - 1) / portBytes;
    // start t, reads t+2.., address t+words+4, first beat two later, response
    // `latency` after the last beat, done in the cycle after.
    CHECK(bench.doneCycles[0] - bench.startCycles[0] ==
          words + 6 + bytes / axiBytes - 1 + 20 + 1);
  }
}
