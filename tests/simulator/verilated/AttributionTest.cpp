// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/Attribution.h"

#include <catch2/catch.hpp>

#include <string>

namespace dalbit::verilated::test {

namespace {

uint64_t &at(CounterValues &values, const std::string &name) {
  for (unsigned i = 0; i < isa::CounterCount; ++i)
    if (name == isa::counters()[i].name)
      return values[i];
  FAIL("no counter " + name);
  return values[0];
}

constexpr unsigned DmaIn = unsigned(isa::Unit::DmaIn);
constexpr unsigned Matrix = unsigned(isa::Unit::Matrix);
constexpr unsigned Vector = unsigned(isa::Unit::Vector);

} // namespace

TEST_CASE("counts go to the tag that the unit had", "[attribution]") {
  Attribution attribution;
  CounterValues now{};
  at(now, "matrix.macs_w8") = 1000; // of earlier runs
  attribution.begin(now);
  attribution.retag(Matrix, 5, now);
  at(now, "matrix.busy") += 10;
  at(now, "matrix.macs_w8") += 7;
  attribution.retag(Matrix, 9, now);
  at(now, "matrix.busy") += 1;
  at(now, "matrix.macs_w8") += 2;
  auto byTag = attribution.end(now);
  REQUIRE(byTag.size() == 2);
  CHECK(byTag.at(5).matrix.macsW8 == 7);
  CHECK(byTag.at(5).matrix.busy == 10);
  CHECK(byTag.at(9).matrix.macsW8 == 2);
}

TEST_CASE("the wait before a unit's first instruction belongs to it",
          "[attribution]") {
  Attribution attribution;
  CounterValues now{};
  attribution.begin(now);
  at(now, "matrix.sem_stall") += 50;
  attribution.retag(Matrix, 5, now);
  at(now, "matrix.busy") += 1;
  auto byTag = attribution.end(now);
  REQUIRE(byTag.size() == 1);
  CHECK(byTag.at(5).matrix.semStall == 50);
}

TEST_CASE("a unit that starts nothing goes with one that does",
          "[attribution]") {
  Attribution attribution;
  CounterValues now{};
  attribution.begin(now);
  attribution.retag(Matrix, 260, now);
  at(now, "matrix.busy") += 1;
  at(now, "dma_in.seq_wait") += 30;
  auto byTag = attribution.end(now);
  REQUIRE(byTag.size() == 1);
  CHECK(byTag.at(260).dmaIn.seqWait == 30);
}

TEST_CASE("a run begins without the last one's tags", "[attribution]") {
  Attribution attribution;
  CounterValues now{};
  attribution.begin(now);
  attribution.retag(DmaIn, 7, now);
  at(now, "dma_in.busy") += 1;
  attribution.end(now);
  attribution.begin(now);
  at(now, "dma_in.busy") += 1;
  at(now, "dma_in.bytes") += 64;
  at(now, "sequencer.instructions") += 3;
  at(now, "cycles") += 3;
  auto byTag = attribution.end(now);
  REQUIRE(byTag.size() == 1);
  CHECK(byTag.at(0).dmaIn.bytes == 64);
  CHECK(byTag.at(0).sequencer.instructions == 0);
  CHECK(byTag.at(0).cycles == 3);
}

TEST_CASE("time belongs to the tag that matrix or vector unit took last",
          "[attribution]") {
  Attribution attribution;
  CounterValues now{};
  at(now, "cycles") = 1000; // of earlier runs
  attribution.begin(now);
  at(now, "cycles") += 5;
  attribution.retag(DmaIn, 7, now); // a prefetch is not yet the layer's time
  at(now, "cycles") += 5;
  attribution.retag(Matrix, 5, now);
  at(now, "cycles") += 20;
  attribution.retag(Matrix, 8, now);
  attribution.retag(Vector, 9, now);
  at(now, "cycles") += 2;
  attribution.retag(Vector, 5, now);
  at(now, "cycles") += 4;
  auto byTag = attribution.end(now);
  REQUIRE(byTag.size() == 2);
  CHECK(byTag.at(5).cycles == 10 + 20 + 4);
  CHECK(byTag.at(9).cycles == 2);
}

TEST_CASE("both units' first tags in one cycle: the vector unit's",
          "[attribution]") {
  Attribution attribution;
  CounterValues now{};
  attribution.begin(now);
  at(now, "cycles") += 5;
  attribution.retag(Matrix, 8, now);
  attribution.retag(Vector, 9, now);
  at(now, "cycles") += 2;
  auto byTag = attribution.end(now);
  REQUIRE(byTag.size() == 1);
  CHECK(byTag.at(9).cycles == 7);
}

} // namespace dalbit::verilated::test
