// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The refresh calendar: all banks of a channel every tREFI, or one set of banks
// every tREFIpb, each set once a round. No refresh is postponed: it begins when
// it is due and the last columns of its banks allow it.

#include "simulator/dram/Dram.h"

#include <algorithm>
#include <bit>

namespace dalbit::dram {

void Dram::startRefresh() {
  for (Channel &channel : channels) {
    channel.nextRefresh = channel.columnsBefore = Forever;
    if (device.refresh == RefreshMode::None)
      continue;
    int64_t stagger = device.refreshStagger * (&channel - channels.data());
    if (device.refresh == RefreshMode::AllBank) {
      channel.nextRefresh = timing.refreshInterval + stagger;
      channel.columnsBefore = channel.nextRefresh;
      continue;
    }
    // Of the shorter interval, the same part.
    stagger = stagger * timing.bankRefreshInterval / timing.refreshInterval;
    channel.nextRefresh = timing.bankRefreshInterval + stagger;
    channel.bankRefreshes = SpacedCommands(1, timing.bankRefreshToRefresh,
                                           timing.bankRefreshToRefresh, 0, 0);
  }
}

/// Books the refresh that is due next.
void Dram::refresh(Channel &channel) {
  settle(channel);
  if (device.refresh == RefreshMode::AllBank)
    return refreshAll(channel);
  refreshBanks(channel);
}

void Dram::refreshAll(Channel &channel) {
  int64_t due = channel.nextRefresh;
  channel.nextRefresh += timing.refreshInterval;
  channel.columnsBefore = channel.nextRefresh;
  int64_t start = due;
  if (channel.openBanks != 0) {
    for (const Bank &bank : channel.banks)
      if (bank.row != Closed)
        start = std::max(start, bank.nextPrecharge);
    start = channel.rows->find(start, timing.prechargeSlots);
    channel.rows->book(start, timing.prechargeSlots);
    ++count.prechargeAlls;
    if (log)
      note(Command::PrechargeAll, channel, nullptr, start);
    start += timing.prechargeAllToRefresh;
  } else {
    // tRFC of the refresh before, if it was late.
    for (const Bank &bank : channel.banks)
      start = std::max(start, bank.row == Closed ? bank.nextActivate : start);
    channel.closedClocks += start - channel.closedSince;
  }
  start = channel.rows->find(start, timing.prechargeSlots);
  channel.rows->book(start, timing.prechargeSlots);
  ++count.refreshes;
  if (log)
    note(Command::Refresh, channel, nullptr, start);
  int64_t end = start + timing.refreshToActivate;
  for (Bank &bank : channel.banks) {
    bank.row = Closed;
    bank.nextActivate = end;
  }
  channel.openBanks = 0;
  // Refreshing draws the current of open banks; IDD5 is counted above it.
  channel.closedSince = end;
}

/// The set of banks to refresh: round robin, but a set that was used during the
/// last row cycle lets others of the same round go first. In strict order a
/// stream that moves from bank to bank keeps step with the refreshes and meets
/// each of them.
size_t Dram::nextSet(const Channel &channel, int64_t due) const {
  size_t sets = device.refreshSets();
  auto isUsed = [&](size_t set) {
    for (size_t index = set; index < channel.banks.size(); index += sets) {
      const Bank &bank = channel.banks[index];
      if (bank.row != Closed &&
          bank.nextPrecharge + timing.activateToActivate > due)
        return true;
    }
    return false;
  };
  for (size_t set = 0; set < sets; ++set)
    if (channel.waiting >> set & 1 && !isUsed(set))
      return set;
  return size_t(std::countr_zero(channel.waiting));
}

/// Refreshes one set of banks; the others go on, but for the distance of their
/// activates.
void Dram::refreshBanks(Channel &channel) {
  int64_t due = channel.nextRefresh;
  channel.nextRefresh += timing.bankRefreshInterval;
  size_t sets = device.refreshSets();
  if (channel.waiting == 0)
    channel.waiting = ~uint64_t(0) >> (64 - sets);
  size_t set = nextSet(channel, due);
  channel.waiting &= ~(uint64_t(1) << set);
  int64_t start = due;
  for (size_t index = set; index < channel.banks.size(); index += sets) {
    Bank &bank = channel.banks[index];
    if (bank.row == Closed) {
      start = std::max(start, bank.nextActivate);
      continue;
    }
    auto group = uint32_t(index / device.banksPerGroup);
    int64_t at =
        findPrecharge(channel, std::max(due, bank.nextPrecharge), group);
    close(channel, bank, group, at);
    start = std::max(start, at + timing.bankPrechargeToRefresh);
  }
  for (;;) {
    int64_t at = channel.bankRefreshes.find(start, 0);
    at = channel.activates.find(at, SpacedCommands::RefreshGroup);
    at = channel.rows->find(at, timing.prechargeSlots);
    if (at == start)
      break;
    start = at;
  }
  channel.bankRefreshes.book(start, 0);
  channel.activates.book(start, SpacedCommands::RefreshGroup);
  channel.rows->book(start, timing.prechargeSlots);
  ++count.bankRefreshes;
  if (log)
    note(Command::RefreshBank, channel, &channel.banks[set], start);
  int64_t end = start + timing.bankRefreshToActivate;
  for (size_t index = set; index < channel.banks.size(); index += sets)
    channel.banks[index].nextActivate = end;
  // As after a refresh of all banks: refreshing is no time of closed banks.
  channel.refreshUntil = std::max(channel.refreshUntil, end);
  if (channel.openBanks == 0) {
    channel.closedClocks += std::max<int64_t>(0, start - channel.closedSince);
    channel.closedSince = std::max(channel.closedSince, end);
  }
}

void Dram::advance(int64_t now) {
  int64_t closed = 0;
  for (Channel &channel : channels) {
    while (channel.nextRefresh <= now)
      refresh(channel);
    closed += channel.closedClocks;
    if (channel.openBanks == 0)
      closed += std::max<int64_t>(0, now - channel.closedSince);
  }
  int64_t total = now * int64_t(channels.size());
  closed = std::clamp<int64_t>(closed, int64_t(count.closedClocks),
                               std::max(total, int64_t(count.closedClocks)));
  count.closedClocks = uint64_t(closed);
  count.openClocks = std::max(count.openClocks,
                              uint64_t(std::max<int64_t>(0, total - closed)));
}

} // namespace dalbit::dram
