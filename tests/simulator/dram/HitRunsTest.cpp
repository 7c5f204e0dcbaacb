// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// accessRun(), and runs that go on at the DRAM's pace, against access() called
// for each request: two DRAMs get the same random work, one each way, and must
// not differ in any answer or counter.

#include "simulator/dram/Dram.h"

#include <catch2/catch.hpp>
#include <random>

using namespace dalbit::dram;

namespace {

bool equal(const DramCounters &a, const DramCounters &b) {
  return a.activates == b.activates && a.reads == b.reads &&
         a.writes == b.writes && a.precharges == b.precharges &&
         a.prechargeAlls == b.prechargeAlls && a.refreshes == b.refreshes &&
         a.bankRefreshes == b.bankRefreshes && a.rowHits == b.rowHits &&
         a.casSyncs == b.casSyncs && a.readBytes == b.readBytes &&
         a.writtenBytes == b.writtenBytes && a.openClocks == b.openClocks &&
         a.closedClocks == b.closedClocks;
}

/// A few streams that go on by runs of random length and are left now and
/// then, as weights, keys and results do; paused sometimes. Returns how many
/// runs went on at a pace.
uint64_t compare(const DramParameters &device, uint64_t seed, int runs) {
  std::mt19937_64 random(seed);
  Dram fast(device), plain(device);
  uint64_t places[4] = {0, 1 << 20, 3 << 22, 5 << 23};
  std::vector<int64_t> inFlight(1 + random() % 20, 0);
  int64_t now = 0, sum = 0;
  size_t wrong = 0;
  uint64_t paced = 0;
  for (int i = 0; i < runs; ++i) {
    uint64_t &place = places[random() % (1 + random() % 4)];
    if (random() % 32 == 0)
      place = random() % (device.capacityBytes / 2) / 64 * 64;
    bool write = random() % 4 == 0;
    auto count = uint32_t(random() % 4 == 0 ? 1 + random() % 70 : 16);
    int64_t &slot = inFlight[size_t(i) % inFlight.size()];
    now = std::max(now, slot);
    if (random() % 64 == 0)
      now += int64_t(random() % 4000);
    std::vector<int64_t> ends(count, -1);
    int64_t last = fast.accessRun(now, place, count, write,
                                  i % 7 == 0 ? nullptr : ends.data());
    int64_t expected = 0;
    for (uint32_t k = 0; k < count; ++k) {
      int64_t end = plain.access(now, place + k * Dram::RequestBytes, write);
      expected = std::max(expected, end);
      wrong += i % 7 != 0 && ends[k] != end;
    }
    wrong += last != expected;
    slot = last;
    sum += last;
    place += count * Dram::RequestBytes;
    Dram::Pace pace =
        fast.pace(place, count, write, uint32_t(1 + random() % 20));
    uint32_t gone = 0;
    for (int64_t at = now; gone < pace.runs && i % 7 != 0; ++gone) {
      int64_t latest =
          std::min(pace.latest + gone * pace.clocks, pace.before - 1);
      if (at > latest)
        break;
      now = at = random() % 4 == 0 ? latest : at;
      for (uint32_t k = 0; k < count; ++k, place += Dram::RequestBytes)
        wrong += plain.access(at, place, write) !=
                 ends[k] + (gone + 1) * pace.clocks;
      slot += pace.clocks;
    }
    if (gone)
      fast.goOnAtPace(now, pace, gone);
    paced += gone;
    if (i % 16 == 0) {
      fast.advance(now);
      plain.advance(now);
      wrong += !equal(fast.counters(), plain.counters());
    }
  }
  CHECK(wrong == 0);
  CHECK(equal(fast.counters(), plain.counters()));
  CHECK(fast.counters().refreshes == plain.counters().refreshes);
  REQUIRE(sum > 0);
  return paced;
}

} // namespace

TEST_CASE("a run of requests has the answers of its requests one by one",
          "[dram]") {
  for (const std::string &name : deviceNames())
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      INFO(name << ", seed " << seed);
      DramParameters device = loadDevice(name);
      uint64_t paced = compare(device, seed, 1500);
      if (name == "lpddr5-6400-2x16")
        CHECK(paced > 30);
      if (device.timing.bankRefreshInterval != 0) {
        device.refresh = RefreshMode::PerBank;
        compare(device, seed, 500);
      }
    }
}

TEST_CASE("runs are equal whatever bits of the address choose the place",
          "[dram]") {
  const char *given =
      R"("burst 5", "group 2", "column 1", "channel 1", "column 5", "bank 2",
       "row 15")";
  std::string text = deviceText("lpddr5-6400-2x16");
  size_t at = text.find(given);
  REQUIRE(at != std::string::npos);
  for (
      const char *map :
      {R"("burst 5", "channel 1", "group 2", "column 6", "bank 2", "row 15")",
       R"("burst 5", "column 6", "bank 2", "group 2", "row 15", "channel 1")",
       R"("burst 5", "column 2", "channel 1", "group 2", "column 4", "bank 2", "row 15")",
       R"("burst 5", "group 2", "bank 2", "channel 1", "row 15", "column 6")"})
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      INFO(map << ", seed " << seed);
      std::string other = text;
      other.replace(at, std::string(given).size(), map);
      DramParameters device = parseDevice(other, "d.toml");
      device.bankXorRow = seed == 3;
      compare(device, seed, 1500);
    }
}
