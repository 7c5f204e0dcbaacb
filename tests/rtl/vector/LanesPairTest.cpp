// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lanes for simulation and the lanes for synthesis are the same lanes: same
// inputs in every cycle, same outputs in every cycle. And the table ROM is what
// S5 and S6 say.

#include <catch2/catch.hpp>

#include "Vlanes_pair.h"

#include "isa/Isa.h"

#include <cmath>
#include <cstring>
#include <random>

using namespace dalbit::isa;

namespace {

constexpr unsigned Lanes = RTL_Lanes, Stages = 10;
constexpr unsigned TableLanes = Lanes > 16 ? 16 : Lanes;

struct Pair {
  Pair() {
    top.rst_ni = 0;
    clock();
    top.rst_ni = 1;
  }
  ~Pair() { top.final(); }

  void clock() {
    top.clk_i = 0;
    top.eval();
    top.clk_i = 1;
    top.eval();
  }
  bool equal() const {
    return std::memcmp(&top.sim_v_o, &top.syn_v_o, sizeof top.sim_v_o) == 0;
  }
  int32_t number(int bits) {
    return int32_t(int64_t(random()) >> (63 - random() % uint64_t(bits)));
  }
  template <typename Port> void randomise(Port &port, bool pairs) {
    int32_t words[Lanes];
    for (int32_t &word : words) {
      word = number(32);
      if (pairs)
        word = (word & 0xffff) | int32_t(random() % 30) << 16;
    }
    std::memcpy(&port, words, sizeof words);
  }

  VerilatedContext context;
  Vlanes_pair top{&context};
  std::mt19937_64 random{5};
};

} // namespace

TEST_CASE("both bodies of the lanes give the same values in every cycle") {
  Pair pair;
  auto &top = pair.top;
  uint64_t results = 0, zeros = 0;
  for (int program = 0; program < 400; ++program) {
    // A new table now and then, while nothing is in the lanes.
    top.valid_i = 0;
    top.advance_i = 1;
    for (unsigned row = 0; program % 20 == 0 && row < 256 / TableLanes; ++row) {
      top.table_write_i = 1;
      top.table_row_i = row;
      pair.randomise(top.a_i, false);
      pair.clock();
    }
    top.table_write_i = 0;

    VectorConfiguration c;
    c.aType = Type(pair.random() % 3);
    c.bType = Type(pair.random() % 3);
    c.cType = Type(pair.random() % 3);
    c.outType = Type(pair.random() % 4);
    c.scale1 = ScaleSource(pair.random() % 4);
    c.scale2 = ScaleSource(pair.random() % 4);
    c.add = VectorAdd(pair.random() % 4);
    c.addNegate = VectorAddNegate(pair.random() % 2);
    c.table = VectorTable(pair.random() % 3);
    c.tableShift = pair.random() % 32;
    c.tableOffset = pair.number(17);
    c.gateShift = pair.random() % 32;
    c.multiply = VectorMultiply(pair.random() % 2);
    c.multiplyShift = pair.number(8);
    c.addC = VectorAddC(pair.random() % 3);
    c.scale1Adjust = pair.number(8);
    c.scale2Adjust = pair.random() % 2 ? 0 : pair.number(8);
    if (c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B)
      c.bType = Type::I32;
    auto words = pack(c);
    std::memcpy(&top.cfg_i, words.data(), sizeof words);
    top.use_acc_i = pair.random() % 2;

    uint64_t valid = 0;
    for (unsigned cycle = 0; cycle < 40 + Stages + 1; ++cycle) {
      bool beat = cycle < 40 && pair.random() % 4 != 0;
      top.advance_i = cycle >= 40 || pair.random() % 4 != 0;
      top.valid_i = (valid << 1 | beat) & ((1u << Stages) - 1);
      pair.randomise(top.a_i, false);
      pair.randomise(top.b_i, pair.random() % 4 != 0);
      pair.randomise(top.c_i, false);
      pair.randomise(top.acc_i, false);
      top.pair1_i = uint32_t(pair.number(16) & 0xffff) | pair.random() % 30
                                                             << 16;
      top.pair2_i = uint32_t(pair.number(16) & 0xffff) | pair.random() % 30
                                                             << 16;
      top.addend_i = uint32_t(pair.number(32));
      bool arrives = top.advance_i && top.valid_i >> (Stages - 1) & 1;
      if (top.advance_i)
        valid = top.valid_i;
      pair.clock();
      if (results == 0 && !arrives)
        continue; // the output registers have not been written yet
      INFO("program " << program << ", cycle " << cycle);
      REQUIRE(pair.equal());
      results += arrives;
      uint32_t first;
      std::memcpy(&first, &top.sim_v_o, 4);
      zeros += arrives && first == 0;
    }
  }
  CHECK(results > 5000);
  CHECK(zeros < results / 2); // the comparison was about something
}

TEST_CASE("the table ROM holds the rounded reciprocals and reciprocal roots") {
  Pair pair;
  for (unsigned i = 0; i < 192; ++i) {
    pair.top.index_i = i;
    pair.top.root_i = 1;
    pair.top.eval();
    CHECK(pair.top.entry_o ==
          std::lround(std::ldexp(1.0, 22) / std::sqrt((i + 64) * 256.0 + 128)));
    if (i >= 128)
      continue;
    pair.top.root_i = 0;
    pair.top.eval();
    CHECK(pair.top.entry_o ==
          std::lround(std::ldexp(1.0, 29) / (16384 + 128 * i + 64)));
  }
}
