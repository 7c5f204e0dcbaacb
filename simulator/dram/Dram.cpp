// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/Dram.h"

#include <algorithm>
#include <cassert>

namespace dalbit::dram {

Dram::Dram(const DramParameters &parameters)
    : device(parameters), timing(parameters.timing), run(hitRun()),
      channels(parameters.channels) {
  rowBuses.resize(timing.sharedCommandBus ? 1 : channels.size());
  columnBuses.resize(timing.separateColumnBus ? rowBuses.size() : 0);
  for (Channel &channel : channels) {
    auto index = size_t(&channel - channels.data());
    size_t bus = timing.sharedCommandBus ? 0 : index;
    channel.rows = &rowBuses[bus];
    channel.columns =
        timing.separateColumnBus ? &columnBuses[bus] : &rowBuses[bus];
    channel.banks.resize(device.banks());
    channel.groups.resize(device.groups);
    channel.activates = SpacedCommands(
        device.groups, timing.activateSameGroup, timing.activateOtherGroup,
        timing.fourActivates,
        device.refresh == RefreshMode::PerBank ? timing.bankRefreshActivateOther
                                               : 0);
    channel.precharges =
        SpacedCommands(device.groups, timing.prechargeToPrecharge,
                       timing.prechargeToPrecharge, 0, 0);
  }
  startRefresh();
}

int64_t Dram::access(int64_t now, uint64_t address, bool write) {
  assert(address % RequestBytes == 0 && address < device.capacityBytes);
  accepted = now;
  // Where a burst is shorter than a request the bursts of a request are
  // accepted on successive clocks.
  int64_t end = 0;
  for (uint64_t offset = 0; offset < RequestBytes;
       offset += device.burstBytes, ++now)
    end = std::max(end, burst(now, address + offset, write));
  return end;
}

int64_t Dram::burst(int64_t now, uint64_t address, bool write) {
  Channel &channel = channels[device.channel.of(address)];
  settle(channel);
  auto group = uint32_t(device.group.of(address));
  auto row = int64_t(device.row.of(address));
  Bank &bank =
      channel.banks[group * device.banksPerGroup + device.bankOf(address)];
  while (channel.nextRefresh <= now)
    refresh(channel);

  ColumnLimit &limit = channel.groups[group];
  int64_t inOrder =
      std::max(now, write ? std::max(channel.any.write, limit.write)
                          : std::max(channel.any.read, limit.read));
  bool hit, sync;
  int64_t column;
  for (;;) {
    hit = bank.row == row;
    Opening opening;
    int64_t ready = bank.nextColumn;
    if (!hit) {
      opening = findOpening(channel, bank, group, now);
      ready = opening.activate + timing.activateToColumn;
    }
    column = findColumn(channel, std::max(inOrder, ready), sync);
    if (column >= channel.columnsBefore) {
      refresh(channel);
      continue;
    }
    if (!hit)
      open(channel, bank, group, row, opening);
    break;
  }

  CommandBus &bus = *channel.columns;
  bus.book(sync ? column - 1 : column, timing.columnSlots + sync);
  if (log) {
    if (sync)
      note(Command::CasSync, channel, nullptr, column - 1);
    note(write ? Command::Write : Command::Read, channel, &bank, column);
  }
  count.casSyncs += sync;
  count.rowHits += hit;
  auto raise = [](int64_t &value, int64_t to) { value = std::max(value, to); };
  if (write) {
    ++count.writes;
    count.writtenBytes += device.burstBytes;
    raise(channel.any.write, column + timing.columnOtherGroup);
    raise(limit.write, column + timing.columnSameGroup);
    raise(channel.any.read, column + timing.writeToReadOtherGroup);
    raise(limit.read, column + timing.writeToReadSameGroup);
    raise(bank.nextPrecharge, column + timing.writeToPrecharge);
    channel.dataClockUntil = column + timing.dataClockWrite;
    return column + timing.writeLatency;
  }
  ++count.reads;
  count.readBytes += device.burstBytes;
  raise(channel.any.read, column + timing.columnOtherGroup);
  raise(limit.read, column + timing.columnSameGroup);
  raise(channel.any.write, column + timing.readToWrite);
  raise(bank.nextPrecharge, column + timing.readToPrecharge);
  channel.dataClockUntil = column + timing.dataClockRead;
  return column + timing.readLatency;
}

/// First clock for a column command; \p sync says that a CAS command which
/// starts the data clock goes on the clock before it.
int64_t Dram::findColumn(const Channel &channel, int64_t earliest,
                         bool &sync) const {
  const CommandBus &bus = *channel.columns;
  int64_t column = bus.find(earliest, timing.columnSlots);
  sync = timing.dataClockRead != 0 && column > channel.dataClockUntil;
  if (!sync)
    return column;
  return bus.find(earliest, timing.columnSlots + 1) + 1;
}

int64_t Dram::findPrecharge(const Channel &channel, int64_t earliest,
                            uint32_t group) const {
  return channel.precharges.find(earliest, group, *channel.rows,
                                 timing.prechargeSlots);
}

void Dram::setClosed(Channel &channel, Bank &bank, int64_t at) {
  ++count.precharges;
  if (--channel.openBanks == 0)
    channel.closedSince = std::max(at, channel.refreshUntil);
  bank.row = Closed;
}

/// Books a precharge of the open \p bank.
void Dram::close(Channel &channel, Bank &bank, uint32_t group, int64_t at) {
  channel.precharges.book(at, group);
  channel.rows->book(at, timing.prechargeSlots);
  if (log)
    note(Command::Precharge, channel, &bank, at);
  setClosed(channel, bank, at);
}

Dram::Opening Dram::findOpening(Channel &channel, const Bank &bank,
                                uint32_t group, int64_t now) {
  Opening opening;
  int64_t earliest = std::max(now, bank.nextActivate);
  if (bank.row != Closed) {
    int64_t at =
        findPrecharge(channel, std::max(now, bank.nextPrecharge), group);
    opening.precharge = at;
    earliest = std::max(earliest, at + timing.prechargeToActivate);
  }
  channel.activates.forget(accepted);
  const CommandBus &bus = *channel.rows;
  for (int64_t at = earliest;;) {
    at = channel.activates.find(at, group, bus, timing.activateSlots);
    int64_t second = Never;
    if (timing.activateCommands == 2) {
      second = bus.find(at + timing.activateSlots, timing.activateSlots);
      if (second > at + timing.secondActivateWithin) {
        ++at;
        continue;
      }
    }
    opening.activate = at;
    opening.second = second;
    return opening;
  }
}

void Dram::setOpen(Channel &channel, Bank &bank, int64_t row, int64_t at) {
  ++count.activates;
  if (channel.openBanks++ == 0) {
    channel.closedClocks += std::max<int64_t>(0, at - channel.closedSince);
    channel.firstActivate = at;
  } else if (at < channel.firstActivate) {
    // A later request took a hole: the channel was closed less long.
    int64_t from = std::max(at, channel.closedSince);
    channel.closedClocks -= std::max<int64_t>(0, channel.firstActivate - from);
    channel.firstActivate = from;
  }
  bank.row = row;
  bank.nextColumn = at + timing.activateToColumn;
  bank.nextPrecharge = at + timing.activateToPrecharge;
  bank.nextActivate = at + timing.activateToActivate;
}

void Dram::open(Channel &channel, Bank &bank, uint32_t group, int64_t row,
                const Opening &opening) {
  int64_t at = opening.activate;
  if (opening.precharge != Never)
    close(channel, bank, group, opening.precharge);
  channel.activates.book(at, group);
  channel.rows->book(at, timing.activateSlots);
  if (timing.activateCommands == 2)
    channel.rows->book(opening.second, timing.activateSlots);
  setOpen(channel, bank, row, at);
  if (log)
    note(Command::Activate, channel, &bank, at);
}

void Dram::note(Command command, const Channel &channel, const Bank *bank,
                int64_t at) {
  auto index = uint32_t(bank ? bank - channel.banks.data() : 0);
  log->push_back({command, uint32_t(&channel - channels.data()),
                  index / device.banksPerGroup, index % device.banksPerGroup,
                  bank ? bank->row : Closed, at});
}

} // namespace dalbit::dram
