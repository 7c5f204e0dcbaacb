// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The Verilated `control` with a memory for its fetch, a scratchpad for its
// loads and four units that do nothing but last. Counts semaphores beside the
// rtl and checks in each cycle that no unit starts before its turn.

#ifndef DALBIT_TESTS_RTL_SEQUENCER_SEQUENCERDRIVER_H
#define DALBIT_TESTS_RTL_SEQUENCER_SEQUENCERDRIVER_H

#include "tests/rtl/sequencer/SequencerModel.h"

#include "Vcontrol.h"
#include "Vcontrol___024root.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <deque>
#include <random>

namespace dalbit::bench {

/// A line of the fetch.
inline constexpr unsigned LineBytes = 1024, LineInstructions = LineBytes / 8;

struct Behaviour {
  uint32_t seed = 1;
  unsigned latency = 10;   // of a fetch, at least
  unsigned jitter = 0;     // added at random, also between beats
  unsigned longestJob = 8; // cycles from start to done
  unsigned grantPercent = 100;
  uint64_t codeBase = 0x1000;
  uint64_t fetchErrorAt = ~0ull; // address that answers with an error
};

struct Start {
  uint64_t cycle = 0;
  Job job; // fields and tag alone
};

class SequencerDriver {
public:
  SequencerDriver(const Machine &machine, const Behaviour &behaviour)
      : machine(machine), behaviour(behaviour), random(behaviour.seed) {
    model.rst_ni = 0;
    tick();
    tick();
    model.rst_ni = 1;
    tick();
  }

  void write(uint32_t address, uint32_t value) {
    model.csr_we_i = 1;
    model.csr_addr_i = address;
    model.csr_wdata_i = value;
    tick();
    model.csr_we_i = 0;
  }

  uint32_t read(uint32_t address) {
    model.csr_addr_i = address;
    model.eval();
    return model.csr_rdata_o;
  }

  void start() {
    write(0x80, uint32_t(behaviour.codeBase));
    write(0x84, uint32_t(behaviour.codeBase >> 32));
    write(0x18, machine.code.size());
    write(0x08, machine.entry);
    for (unsigned i = 0; i < 8; ++i)
      write(0x40 + 4 * i, machine.arguments[i]);
    counts.fill(0);
    for (auto &list : starts)
      list.clear();
    write(0x00, 1);
  }

  /// Cycles from start until done or stopped.
  uint64_t run(uint64_t limit) {
    uint64_t begin = cycle;
    while (!model.done_o && cycle - begin < limit)
      tick();
    REQUIRE(model.done_o);
    return cycle - begin;
  }

  void tick() {
    driveFetch();
    driveScalar();
    driveUnits();
    model.clk_i = 0;
    model.eval();
    watch();
    model.clk_i = 1;
    model.eval();
    ++cycle;
  }

  Vcontrol___024root &root() { return *model.rootp; }

  Vcontrol model;
  uint64_t cycle = 0;
  std::array<std::vector<Start>, units> starts;
  std::array<std::vector<uint64_t>, units> ends;
  std::array<uint64_t, units> busy{};
  std::array<std::vector<Job>, units>
      expected; // waits and signals, for watch()
  std::array<int, units> failing{-1, -1, -1, -1}; // job that reports an error
  unsigned failingCode = 0;
  unsigned fetches = 0;

private:
  struct Burst {
    uint64_t address;
    uint64_t when;
    unsigned beat;
  };

  unsigned below(unsigned limit) { return limit ? random() % limit : 0; }

  void driveFetch() {
    model.f_arready_i = below(behaviour.jitter + 1) == 0;
    model.f_rvalid_i = 0;
    if (bursts.empty() || bursts.front().when > cycle ||
        below(behaviour.jitter + 1) != 0)
      return;
    Burst &burst = bursts.front();
    model.f_rvalid_i = 1;
    model.f_rresp_i = burst.address == behaviour.fetchErrorAt ? 2 : 0;
    for (unsigned i = 0; i < RTL_AxiBytes; i += 8) {
      uint64_t index =
          (burst.address + burst.beat * RTL_AxiBytes + i - behaviour.codeBase) /
          8;
      uint64_t word = index < machine.code.size() ? machine.code[index] : ~0ull;
      std::memcpy(reinterpret_cast<char *>(&model.f_rdata_i) + i, &word, 8);
    }
    model.f_rlast_i = ++burst.beat == LineBytes / RTL_AxiBytes;
    if (model.f_rlast_i)
      bursts.pop_front();
  }

  void driveScalar() {
    model.scalar_rvalid_i = wordComing;
    if (wordComing)
      std::memcpy(&model.scalar_rdata_i,
                  &machine.scratchpad[wordAddress / 64 * 64], 64);
    model.scalar_gnt_i =
        model.scalar_req_o && below(100) < behaviour.grantPercent;
    wordComing = model.scalar_gnt_i;
    wordAddress = model.scalar_addr_o;
  }

  // Each unit takes one instruction at a time, dma_in up to three.
  void driveUnits() {
    model.unit_ready_i = 0;
    model.unit_done_i = 0;
    model.unit_error_i = 0;
    for (unsigned unit = 0; unit < units; ++unit) {
      std::deque<uint64_t> &jobs = running[unit];
      if (!jobs.empty() && jobs.front() <= cycle) {
        model.unit_done_i |= 1 << unit;
        jobs.pop_front();
        if (int(ends[unit].size()) == failing[unit]) {
          model.unit_error_i |= 1 << unit;
          model.unit_error_code_i = failingCode * 0x1111;
        }
      }
      if (jobs.size() < (unit == 0 ? 3 : 1) &&
          !(model.unit_start_o >> unit & 1))
        model.unit_ready_i |= 1 << unit;
      // A unit that is started in this cycle was ready by contract.
      if (model.unit_start_o >> unit & 1)
        model.unit_ready_i |= 1 << unit;
    }
  }

  uint32_t configBits(unsigned unit, unsigned lsb, unsigned width) {
    const void *data[units] = {&model.dma_in_cfg_o, &model.dma_out_cfg_o,
                               &model.matrix_cfg_o, &model.vector_cfg_o};
    uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
      const auto *bytes = static_cast<const uint8_t *>(data[unit]);
      value |= uint32_t(bytes[(lsb + i) / 8] >> ((lsb + i) % 8) & 1) << i;
    }
    return value;
  }

  void watch() {
    if (!model.rst_ni)
      return;
    if (model.f_arvalid_o && model.f_arready_i) {
      REQUIRE(model.f_araddr_o % LineBytes == 0);
      REQUIRE(model.f_arlen_o == LineBytes / RTL_AxiBytes - 1);
      bursts.push_back({model.f_araddr_o,
                        cycle + behaviour.latency + below(behaviour.jitter),
                        0});
      ++fetches;
    }
    REQUIRE(model.event_o == (model.unit_start_o != 0 || doneBefore));
    doneBefore = model.unit_done_i != 0;

    const auto &root = *model.rootp;
    uint32_t pc = root.control__DOT__i_sequencer__DOT__pc;
    if (root.control__DOT__i_sequencer__DOT__valid && pc < machine.code.size())
      REQUIRE(root.control__DOT__i_sequencer__DOT__instruction ==
              machine.code[pc]);
    uint32_t tags[units] = {root.control__DOT__i_dma_in_dispatch__DOT__tag_q,
                            root.control__DOT__i_dma_out_dispatch__DOT__tag_q,
                            root.control__DOT__i_matrix_dispatch__DOT__tag_q,
                            root.control__DOT__i_vector_dispatch__DOT__tag_q};
    // What ends in this cycle is seen by what is started later.
    for (unsigned unit = 0; unit < units; ++unit)
      if (model.unit_start_o >> unit & 1)
        begin(unit);
    for (unsigned unit = 0; unit < units; ++unit) {
      bool ended = model.unit_done_i >> unit & 1;
      busy[unit] += !running[unit].empty() || ended;
      size_t oldest = ends[unit].size();
      if (oldest < starts[unit].size() && oldest < expected[unit].size())
        REQUIRE(tags[unit] == expected[unit][oldest].tag);
      if (ended)
        end(unit);
    }
  }

  void begin(unsigned unit) {
    size_t index = starts[unit].size();
    Start start;
    start.cycle = cycle;
    for (unsigned i = 0; i < fieldsOf(unit).size(); ++i)
      start.job.fields.push_back(
          configBits(unit, lsbOf(unit, i), fieldsOf(unit)[i].width));
    starts[unit].push_back(start);
    running[unit].push_back(
        std::max(cycle + 1 + below(behaviour.longestJob),
                 running[unit].empty() ? 0 : running[unit].back() + 1));
    if (index < expected[unit].size())
      take(expected[unit][index].wait);
  }

  void end(unsigned unit) {
    size_t index = ends[unit].size();
    ends[unit].push_back(cycle);
    if (index < expected[unit].size())
      for (unsigned s = 0; s < semaphores; ++s)
        counts[s] += expected[unit][index].signal >> s & 1;
  }

  void take(uint16_t mask) {
    for (unsigned s = 0; s < semaphores; ++s)
      if (mask >> s & 1)
        REQUIRE(--counts[s] >= sequencerSignals(s));
  }

  // What the sequencer itself signals and takes is not seen from outside.
  int sequencerSignals(unsigned s) const { return s >= 12 ? -1000000 : 0; }

  const Machine machine;
  const Behaviour behaviour;
  std::mt19937 random;
  std::deque<Burst> bursts;
  std::array<std::deque<uint64_t>, units> running;
  std::array<int, semaphores> counts{};
  bool wordComing = false;
  uint32_t wordAddress = 0;
  bool doneBefore = false;
};

} // namespace dalbit::bench

#endif
