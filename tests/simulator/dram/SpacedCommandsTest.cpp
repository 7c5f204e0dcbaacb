// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SpacedCommands against a search that looks at every booked command at each
// clock, with the command bus beside it.

#include "simulator/dram/SpacedCommands.h"

#include <catch2/catch.hpp>
#include <random>

using namespace dalbit::dram;

namespace {

struct Rules {
  uint32_t groups;
  int64_t sameGroup, otherGroup, five, refresh;
  int slots; ///< of a command on the bus
};

struct Naive {
  struct Entry {
    int64_t at;
    uint32_t group;
  };
  Rules rules;
  std::vector<Entry> entries;
  std::vector<bool> bus;

  int64_t distance(uint32_t a, uint32_t b) const {
    if (a == SpacedCommands::RefreshGroup || b == SpacedCommands::RefreshGroup)
      return rules.refresh;
    return a == b ? rules.sameGroup : rules.otherGroup;
  }
  bool isLegal(int64_t at, uint32_t group) const {
    std::vector<int64_t> times{at};
    for (const Entry &entry : entries) {
      if (std::abs(entry.at - at) < distance(entry.group, group))
        return false;
      times.push_back(entry.at);
    }
    std::sort(times.begin(), times.end());
    for (size_t i = 4; i < times.size(); ++i)
      if (times[i] - times[i - 4] < rules.five && times[i - 4] <= at &&
          at <= times[i])
        return false;
    for (int i = 0; i < rules.slots; ++i)
      if (bus[size_t(at) + size_t(i)])
        return false;
    return true;
  }
  int64_t find(int64_t at, uint32_t group) const {
    while (!isLegal(at, group))
      ++at;
    return at;
  }
};

} // namespace

TEST_CASE("spaced commands take the first legal clock", "[dram]") {
  auto rules = GENERATE(Rules{1, 2, 2, 0, 0, 1},     // tPPD
                        Rules{4, 4, 4, 16, 6, 1},    // LPDDR5
                        Rules{4, 8, 4, 34, 0, 1},    // DDR4
                        Rules{1, 16, 16, 64, 18, 4}, // LPDDR4
                        Rules{4, 6, 4, 30, 8, 2},    // HBM2
                        Rules{1, 96, 96, 0, 0, 1});  // tpbR2pbR
  std::mt19937 random(7);
  SpacedCommands commands(rules.groups, rules.sameGroup, rules.otherGroup,
                          rules.five, rules.refresh);
  CommandBus bus;
  Naive naive{rules, {}, std::vector<bool>(100000)};
  int64_t now = 0;
  for (int step = 0; step < 600; ++step) {
    now += random() % 24;
    commands.forget(now);
    bool isRefresh = rules.refresh != 0 && random() % 8 == 0;
    uint32_t group =
        isRefresh ? SpacedCommands::RefreshGroup : random() % rules.groups;
    int64_t earliest = now + random() % 150;
    int64_t at = commands.find(earliest, group, bus, rules.slots);
    REQUIRE(at == naive.find(earliest, group));
    commands.book(at, group);
    naive.entries.push_back({at, group});
    auto take = [&](int64_t from, int length) {
      bus.book(from, length);
      for (int i = 0; i < length; ++i)
        naive.bus[size_t(from) + size_t(i)] = true;
    };
    take(at, rules.slots);
    // Columns of others.
    take(now + random() % 200, 1);
    std::erase_if(naive.entries, [&](const Naive::Entry &entry) {
      return entry.at + 300 < now;
    });
  }
}
