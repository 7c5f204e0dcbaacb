// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random request streams on every built-in device, with refresh of all banks
// and bank by bank; every pair of booked commands is checked against the rules,
// written a second time and naively: commands sorted by time, no state kept.

#include "simulator/dram/Dram.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace dalbit::dram;

namespace {

bool sameBank(const BookedCommand &a, const BookedCommand &b) {
  return a.group == b.group && a.bank == b.bank;
}

int slots(const DramTiming &timing, Command command) {
  switch (command) {
  case Command::Activate:
    return timing.activateSlots;
  case Command::Read:
  case Command::Write:
    return timing.columnSlots;
  case Command::CasSync:
    return 1;
  default:
    return timing.prechargeSlots;
  }
}

bool isColumn(Command command) {
  return command == Command::Read || command == Command::Write ||
         command == Command::CasSync;
}

/// Whether the refresh of banks \p refresh covers the bank of \p other.
bool covers(const DramParameters &device, const BookedCommand &refresh,
            const BookedCommand &other) {
  auto index = [&](const BookedCommand &command) {
    return command.group * device.banksPerGroup + command.bank;
  };
  return index(refresh) % device.refreshSets() ==
         index(other) % device.refreshSets();
}

/// Least distance from \p a to the later \p b of the same channel; 0: no rule.
int64_t distance(const DramParameters &device, const BookedCommand &a,
                 const BookedCommand &b) {
  using enum Command;
  const DramTiming &t = device.timing;
  if (a.command == RefreshBank) {
    bool own = covers(device, a, b);
    if (b.command == Activate)
      return own ? t.bankRefreshToActivate : t.bankRefreshActivateOther;
    return b.command != RefreshBank ? 0
           : own                    ? t.bankRefreshToActivate
                                    : t.bankRefreshToRefresh;
  }
  if (b.command == RefreshBank) {
    if (a.command == Precharge && covers(device, b, a))
      return t.bankPrechargeToRefresh;
    return a.command == Activate ? t.bankRefreshActivateOther : 0;
  }
  bool bank = sameBank(a, b), group = a.group == b.group;
  if (a.command == Refresh)
    return b.command == Activate || b.command == Refresh ? t.refreshToActivate
                                                         : 0;
  if (b.command == PrechargeAll)
    bank = true;
  if (a.command == PrechargeAll)
    return b.command == Refresh ? t.prechargeAllToRefresh : 0;
  if (a.command == Activate && b.command == Activate)
    return bank ? t.activateToActivate
                : (group ? t.activateSameGroup : t.activateOtherGroup);
  if (a.command == Activate && (b.command == Read || b.command == Write))
    return bank ? t.activateToColumn : 0;
  bool closes = b.command == Precharge || b.command == PrechargeAll;
  if (a.command == Activate && closes)
    return bank ? t.activateToPrecharge : 0;
  if (a.command == Precharge && b.command == Activate)
    return bank ? t.prechargeToActivate : 0;
  if (a.command == Precharge && b.command == Precharge)
    return t.prechargeToPrecharge;
  if (a.command == Read && closes)
    return bank ? t.readToPrecharge : 0;
  if (a.command == Write && closes)
    return bank ? t.writeToPrecharge : 0;
  if (a.command == Read && b.command == Write)
    return t.readToWrite;
  if (a.command == Write && b.command == Read)
    return group ? t.writeToReadSameGroup : t.writeToReadOtherGroup;
  if (a.command == b.command && (a.command == Read || a.command == Write))
    return group ? t.columnSameGroup : t.columnOtherGroup;
  return 0;
}

void checkChannel(const DramParameters &device,
                  std::vector<BookedCommand> commands) {
  const DramTiming &timing = device.timing;
  std::stable_sort(commands.begin(), commands.end(),
                   [](const auto &a, const auto &b) { return a.at < b.at; });
  constexpr int64_t Reach = 700; // longer than any rule but refresh
  std::vector<int64_t> activates;
  std::vector<int64_t> openRow(device.banks(), -1);
  size_t wrong = 0, closed = 0, bus = 0, window = 0;
  for (size_t i = 0; i < commands.size(); ++i) {
    const BookedCommand &later = commands[i];
    for (size_t j = i; j-- > 0 && later.at - commands[j].at < Reach;) {
      wrong += later.at - commands[j].at < distance(device, commands[j], later);
      bool sameBus = !timing.separateColumnBus ||
                     isColumn(commands[j].command) == isColumn(later.command);
      bus += sameBus &&
             later.at < commands[j].at + slots(timing, commands[j].command);
    }
    int64_t &row = openRow[later.group * device.banksPerGroup + later.bank];
    switch (later.command) {
    case Command::RefreshBank:
      for (const BookedCommand &other : commands)
        if (other.command == Command::Activate && covers(device, later, other))
          wrong +=
              openRow[other.group * device.banksPerGroup + other.bank] != -1;
      activates.push_back(later.at); // it opens rows inside
      break;
    case Command::Activate:
      wrong += row != -1;
      row = later.row;
      activates.push_back(later.at);
      if (activates.size() >= 5)
        window +=
            later.at - activates[activates.size() - 5] < timing.fourActivates;
      break;
    case Command::Precharge:
      row = -1;
      break;
    case Command::PrechargeAll:
      std::fill(openRow.begin(), openRow.end(), -1);
      break;
    case Command::Refresh:
      for (int64_t open : openRow)
        wrong += open != -1;
      break;
    case Command::Read:
    case Command::Write:
      closed += row != later.row;
      break;
    case Command::CasSync:
      break;
    }
  }
  CHECK(wrong == 0);  // distances between commands
  CHECK(closed == 0); // columns to the row they were meant for
  CHECK(bus == 0);    // one command at a time
  CHECK(window == 0); // tFAW
}

} // namespace

namespace {

void checkRandomStreams(DramParameters device, RefreshMode mode) {
  INFO(device.name << ", refresh mode " << int(mode));
  std::mt19937_64 random(7);
  device.refresh = mode;
  for (uint64_t span : {uint64_t(1) << 16, uint64_t(1) << 28}) {
    Dram dram(device);
    std::vector<BookedCommand> log;
    dram.record(&log);
    int64_t now = 0;
    std::vector<int64_t> done(48, 0);
    for (int i = 0; i < 6000; ++i) {
      // Mostly as fast as a window of 48 lets it, sometimes a pause.
      now = std::max(now, done[i % 48]) +
            (random() % 64 == 0 ? int64_t(random() % 3000) : 0);
      uint64_t address = random() % span / 64 * 64;
      done[i % 48] = dram.access(now, address, random() % 3 == 0);
    }
    const DramCounters &counters = dram.counters();
    REQUIRE((counters.refreshes > 2) == (mode == RefreshMode::AllBank));
    REQUIRE((counters.bankRefreshes > 20) == (mode == RefreshMode::PerBank));
    for (uint32_t channel = 0; channel < device.channels; ++channel) {
      std::vector<BookedCommand> own;
      for (const BookedCommand &entry : log)
        if (entry.channel == channel)
          own.push_back(entry);
      checkChannel(device, std::move(own));
    }
  }
}

} // namespace

TEST_CASE("no command of a random stream is illegal on either side", "[dram]") {
  for (const std::string &name : deviceNames()) {
    DramParameters device = loadDevice(name);
    checkRandomStreams(device, RefreshMode::AllBank);
    checkRandomStreams(device, RefreshMode::None);
    if (device.timing.bankRefreshInterval != 0)
      checkRandomStreams(device, RefreshMode::PerBank);
  }
}

TEST_CASE("columns of a channel leave in request order", "[dram]") {
  std::mt19937_64 random(8);
  DramParameters device = loadDevice("lpddr5-6400-x32");
  Dram dram(device);
  std::vector<BookedCommand> log;
  dram.record(&log);
  for (int i = 0; i < 3000; ++i)
    dram.access(i * 4, random() % (1 << 26) / 64 * 64, i % 7 == 0);
  int64_t last = -1;
  size_t swapped = 0;
  for (const BookedCommand &entry : log)
    if (entry.command == Command::Read || entry.command == Command::Write) {
      swapped += entry.at <= last;
      last = entry.at;
    }
  CHECK(swapped == 0);
}
