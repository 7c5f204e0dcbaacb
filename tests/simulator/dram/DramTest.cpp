// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Single requests against clocks worked out from the device's figures. Each
// expected clock is the earliest legal one: a model that answers a clock
// earlier breaks a rule, one that answers later wastes a clock.

#include "simulator/dram/Dram.h"

#include <catch2/catch.hpp>

using namespace dalbit::dram;

namespace {

/// One channel, 64-byte bursts, one-clock commands: easy to reckon with.
DramParameters plain() {
  DramParameters device = loadDevice("ddr4-3200-x64");
  device.refresh = RefreshMode::None;
  return device;
}

// ddr4-3200-x64: 6 bits burst, 2 group, 7 column, 2 bank, 16 row.
uint64_t place(uint64_t group, uint64_t bank, uint64_t row,
               uint64_t column = 0) {
  return (row << 17 | bank << 15 | column << 8 | group << 6);
}

} // namespace

TEST_CASE("a read of a closed row takes activate, tRCD and the read latency",
          "[dram]") {
  Dram dram(plain());
  CHECK(dram.access(100, place(0, 0, 0), false) == 100 + 22 + 26);
  CHECK(dram.counters().activates == 1);
  CHECK(dram.counters().rowHits == 0);
}

TEST_CASE("a second access to an open row skips activate", "[dram]") {
  Dram dram(plain());
  int64_t miss = dram.access(0, place(0, 0, 5), false);
  CHECK(dram.access(miss + 1, place(0, 0, 5, 1), false) == miss + 1 + 26);
  CHECK(dram.counters().activates == 1);
  CHECK(dram.counters().rowHits == 1);
}

TEST_CASE("another row of the bank waits for tRAS, tRP and tRC", "[dram]") {
  Dram dram(plain());
  dram.access(0, place(0, 0, 0), false); // ACT 0, RD 22
  // PRE not before 52 (tRAS; RD + tRTP is 34), ACT 74, RD 96.
  CHECK(dram.access(1, place(0, 0, 1), false) == 96 + 26);
  CHECK(dram.counters().precharges == 1);
}

TEST_CASE("a row change after a write waits for the write recovery", "[dram]") {
  Dram dram(plain());
  // ACT 0, WR 22, data end 42; PRE 22 + 44 = 66, ACT 88, RD 110.
  CHECK(dram.access(0, place(0, 0, 0), true) == 42);
  CHECK(dram.access(1, place(0, 0, 1), false) == 110 + 26);
}

TEST_CASE("columns keep tCCD_S across and tCCD_L within bank groups",
          "[dram]") {
  Dram dram(plain());
  dram.access(0, place(0, 0, 0), false);
  dram.access(0, place(1, 0, 0), false); // ACT 4 (tRRD_S)
  int64_t base = 100 + 26;
  CHECK(dram.access(100, place(0, 0, 0, 1), false) == base);
  CHECK(dram.access(100, place(1, 0, 0, 1), false) == base + 4);
  CHECK(dram.access(100, place(1, 0, 0, 2), false) == base + 12);
}

TEST_CASE("turning the bus round costs the read-write distance", "[dram]") {
  Dram dram(plain());
  dram.access(0, place(0, 0, 0), false);
  dram.access(0, place(1, 0, 0), false);
  CHECK(dram.access(200, place(0, 0, 0), false) == 200 + 26);
  CHECK(dram.access(200, place(0, 0, 0), true) == 212 + 20);
  // Write to read: 24 to another group, 32 to the same one.
  CHECK(dram.access(200, place(1, 0, 0), false) == 212 + 24 + 26);
  CHECK(dram.access(300, place(0, 0, 0), true) == 300 + 20);
  CHECK(dram.access(300, place(0, 0, 0), false) == 332 + 26);
}

TEST_CASE("a fifth activate waits for tFAW", "[dram]") {
  DramParameters device = plain();
  device.timing.fourActivates = 50;
  Dram dram(device);
  for (uint64_t group = 0; group < 4; ++group) // ACT 0, 4, 8, 12
    dram.access(0, place(group, 0, 0), false);
  CHECK(dram.access(0, place(0, 1, 0), false) == 50 + 22 + 26);
}

TEST_CASE("an activate goes before an earlier request's activate where legal",
          "[dram]") {
  Dram dram(plain());
  std::vector<BookedCommand> log;
  dram.record(&log);
  dram.access(0, place(0, 0, 0), false); // ACT 0
  dram.access(0, place(0, 0, 1), false); // PRE 52, ACT 74, RD 96
  dram.access(0, place(1, 0, 0), false); // ACT 4, RD after 96: in order
  REQUIRE(log.size() == 7);
  CHECK(log[3].command == Command::Activate);
  CHECK(log[3].at == 74);
  CHECK(log[5].command == Command::Activate);
  CHECK(log[5].at == 4);
  CHECK(log[6].command == Command::Read);
  CHECK(log[6].at == 100);
}

TEST_CASE("what is booked does not move when later requests come", "[dram]") {
  DramParameters device = loadDevice("lpddr5-6400-2x16");
  std::vector<BookedCommand> shorter, longer;
  for (auto *log : {&shorter, &longer}) {
    Dram dram(device);
    dram.record(log);
    for (int i = 0; i < (log == &longer ? 400 : 200); ++i)
      dram.access(i, uint64_t(i * 2654435761u) % (1u << 28) / 64 * 64,
                  i % 5 == 0);
  }
  REQUIRE(longer.size() > shorter.size());
  for (size_t i = 0; i < shorter.size(); ++i)
    CHECK(shorter[i].at == longer[i].at);
}

TEST_CASE("a refresh waits for the row, precharges all and blocks for tRFC",
          "[dram]") {
  DramParameters device = plain();
  device.refresh = RefreshMode::AllBank; // first due at 12480
  Dram dram(device);
  dram.access(12400, place(0, 0, 0), false); // ACT 12400
  // The last column command before the refresh is due ...
  CHECK(dram.access(12479, place(0, 0, 0), false) == 12479 + 26);
  // ... and one at the due clock: PREA 12479 + tRTP 12, REF 22 later, tRFC 560.
  int64_t activate = 12491 + 22 + 560;
  CHECK(dram.access(12480, place(0, 0, 0), false) == activate + 22 + 26);
  CHECK(dram.counters().refreshes == 1);
  CHECK(dram.counters().prechargeAlls == 1);
}

TEST_CASE("the refresh calendar does not drift", "[dram]") {
  DramParameters device = plain();
  device.refresh = RefreshMode::AllBank;
  Dram dram(device);
  dram.access(12470, place(0, 0, 0), false); // delays the first refresh
  dram.advance(12480 * 10 - 1);
  CHECK(dram.counters().refreshes == 9);
  dram.advance(12480 * 10);
  CHECK(dram.counters().refreshes == 10);
}

TEST_CASE("an isolated LPDDR5 access pays one clock for the data clock",
          "[dram]") {
  DramParameters device = loadDevice("lpddr5-6400-x32");
  device.refresh = RefreshMode::None;
  Dram dram(device);
  CHECK(dram.access(0, 0, false) == 15 + 1 + 19);  // RD 16; WCK until 36
  CHECK(dram.access(36, 0, false) == 36 + 19);     // still runs
  CHECK(dram.access(57, 0, false) == 57 + 1 + 19); // 56 was the last clock
  CHECK(dram.counters().casSyncs == 2);
}

TEST_CASE("commands of several clocks share the command bus", "[dram]") {
  DramParameters device = loadDevice("lpddr4-3200-x32");
  device.refresh = RefreshMode::None;
  Dram dram(device);
  std::vector<BookedCommand> log;
  dram.record(&log);
  dram.access(0, 0, false);     // ACT 0..3, RD 29..32
  dram.access(13, 4096, false); // bank 1: tRRD allows 16, ACT 16..19
  dram.access(27, 8192, false); // bank 2: 32 by tRRD, but RD ends at 33
  std::vector<int64_t> activates;
  for (const BookedCommand &entry : log)
    if (entry.command == Command::Activate)
      activates.push_back(entry.at);
  CHECK(activates == std::vector<int64_t>{0, 16, 33});
}

TEST_CASE("channels interleave every 256 bytes and work side by side",
          "[dram]") {
  DramParameters device = loadDevice("lpddr5-6400-2x16");
  Dram dram(device);
  int64_t first = dram.access(0, 0, false);
  CHECK(dram.access(0, 256, false) == first);
  CHECK(dram.access(0, 128, false) > first);
}

TEST_CASE("open and closed clocks add up to the time of all channels",
          "[dram]") {
  DramParameters device = plain();
  Dram dram(device);
  dram.advance(100);
  CHECK(dram.counters().closedClocks == 100);
  CHECK(dram.counters().openClocks == 0);
  dram.access(150, place(0, 0, 0), false); // ACT 150, open from then on
  dram.advance(1000);
  CHECK(dram.counters().closedClocks == 150);
  CHECK(dram.counters().openClocks == 850);
  dram.access(1000, place(0, 0, 1), false); // PRE 1000, ACT 1022
  dram.advance(2000);
  CHECK(dram.counters().closedClocks == 172);
  CHECK(dram.counters().openClocks == 1828);
}

TEST_CASE("a refresh counts as open time, the idle time around it as closed",
          "[dram]") {
  DramParameters device = plain();
  device.refresh = RefreshMode::AllBank;
  Dram dram(device);
  dram.advance(12480 + 560 + 100);
  CHECK(dram.counters().openClocks == 560);
  CHECK(dram.counters().closedClocks == 12480 + 100);
}

TEST_CASE("bursts, bytes and row hits are counted by request", "[dram]") {
  Dram dram(loadDevice("lpddr4-3200-x16")); // 32-byte bursts
  dram.access(0, 0, false);
  dram.access(100, 64, true);
  const DramCounters &counters = dram.counters();
  CHECK(counters.reads == 2);
  CHECK(counters.writes == 2);
  CHECK(counters.readBytes == 64);
  CHECK(counters.writtenBytes == 64);
  CHECK(counters.rowHits == 3);
}
