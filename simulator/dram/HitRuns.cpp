// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs of row hits in closed form (T7): if a run's first column command is
// legal, its rows are open, no refresh is due and its slots on the command bus
// are free, then each next column follows at a fixed step, and one mask books
// them all. Whatever does not fit goes through Dram::burst, request by request,
// so that the answers are the same by construction; HitRunsTest compares them.

#include "simulator/dram/Dram.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace dalbit::dram {

/// Works out how bursts of consecutive addresses follow each other.
Dram::HitRun Dram::hitRun() const {
  HitRun shape;
  shape.burstBits = unsigned(std::countr_zero(device.burstBytes));
  shape.perRequest = int64_t(RequestBytes / device.burstBytes);
  shape.perRequestBits =
      unsigned(std::countr_zero(RequestBytes)) - shape.burstBits;
  const AddressField &channel = device.channel;
  shape.blockBits = channel.bits == 0 ? 62 : channel.shift;
  bool takeTurns =
      device.group.bits != 0 && device.group.shift == shape.burstBits;
  shape.cycle = takeTurns ? device.groups : 1;
  shape.step = takeTurns
                   ? timing.columnOtherGroup
                   : std::max(timing.columnOtherGroup, timing.columnSameGroup);
  // The lowest bit, the channel's taken out, that changes bank or row.
  shape.spanBits = 62;
  auto bound = [&](const AddressField &field) {
    if (field.bits != 0)
      shape.spanBits = std::min(shape.spanBits, field.shift > channel.shift
                                                    ? field.shift - channel.bits
                                                    : field.shift);
  };
  bound(device.bank);
  bound(device.row);
  if (!takeTurns)
    bound(device.group);
  shape.perMask = 64 / shape.step / shape.perRequest * shape.perRequest;
  for (int64_t i = 0; i < shape.perMask; ++i)
    shape.mask |= ((uint64_t(1) << timing.columnSlots) - 1) << i * shape.step;

  // Left to access(): channels that split a request or share a bus, groups
  // that come round too early, steps too wide or too narrow for a mask.
  bool known =
      (uint64_t(1) << shape.blockBits) >= RequestBytes &&
      !timing.sharedCommandBus && shape.perMask != 0 &&
      shape.step >= timing.columnSlots &&
      shape.cycle * shape.step >= timing.columnSameGroup &&
      (timing.dataClockRead == 0 ||
       shape.step <= std::min(timing.dataClockRead, timing.dataClockWrite));
  if (!known)
    shape.cycle = 0;
  if (known && 64 % shape.step == 0)
    for (int64_t at = 0; at < 64; at += shape.step)
      shape.every |= ((uint64_t(1) << timing.columnSlots) - 1) << at;
  return shape;
}

int64_t Dram::accessRun(int64_t now, uint64_t address, uint32_t count,
                        bool write, int64_t *ends) {
  uint64_t stop = address + count * RequestBytes;
  assert(address % RequestBytes == 0 && stop <= device.capacityBytes);
  int64_t last = 0;
  if (run.cycle == 0 || log) {
    for (uint32_t i = 0; i < count; ++i) {
      int64_t end = access(now, address + i * RequestBytes, write);
      last = std::max(last, end);
      if (ends)
        ends[i] = end;
    }
    return last;
  }
  accepted = now;
  steady = 0;
  Part part{now, write, address, address, 0, ends};
  uint64_t bytes = stop - address;
  unsigned channelBits = device.channel.bits;
  if (channelBits == 0) {
    part.bursts = int64_t(bytes >> run.burstBits);
    steady = part.bursts;
    return runOf(channels[0], part);
  }
  // Channels have nothing in common, so each takes its part of the run alone.
  uint64_t block = uint64_t(1) << run.blockBits;
  unsigned roundBits = run.blockBits + channelBits;
  if (((address | bytes) & ((block << channelBits) - 1)) == 0) {
    // Whole rounds: equal parts.
    part.local = address >> channelBits;
    part.bursts = int64_t(bytes >> channelBits >> run.burstBits);
    steady = part.bursts;
    for (Channel &channel : channels) {
      last = std::max(last, runOf(channel, part));
      part.address += block;
      if (ends)
        part.end += block / RequestBytes;
    }
    return last;
  }
  auto stopRound = int64_t(stop >> roundBits << run.blockBits);
  auto stopWithin = int64_t(stop & ((block << channelBits) - 1));
  for (size_t i = 0; i < channels.size() && part.address < stop; ++i) {
    uint64_t index = device.channel.of(part.address);
    uint64_t within = part.address & (block - 1);
    part.local = part.address >> roundBits << run.blockBits | within;
    int64_t localStop =
        stopRound + std::clamp<int64_t>(stopWithin - int64_t(index * block), 0,
                                        int64_t(block));
    part.bursts = (localStop - int64_t(part.local)) >> run.burstBits;
    last = std::max(last, runOf(channels[index], part));
    part.address += block - within;
    if (ends)
      part.end += (block - within) / RequestBytes;
  }
  return last;
}

/// Books \p part, which \p channel serves; returns its last end.
int64_t Dram::runOf(Channel &channel, Part part) {
  int64_t latency = part.write ? timing.writeLatency : timing.readLatency;
  int64_t each = run.step << run.perRequestBits;
  if (int64_t first = goOn(channel, part); first != Never) {
    int64_t last = first + (part.bursts - 1) * run.step + latency;
    if (part.end)
      answer(part, part.bursts, first + each - run.step + latency, each);
    return last;
  }
  int64_t last = 0, latest = 0; // bursts of the latest booking
  Rows rows = openAhead(channel, part);
  while (part.bursts > 0) {
    if (rows != Rows::Late) {
      int64_t bursts;
      int64_t first = bookHits(channel, part, rows == Rows::Opened, bursts);
      rows = Rows::Unknown;
      if (bursts != 0) {
        latest = bursts;
        last = std::max(last, first + (bursts - 1) * run.step + latency);
        answer(part, bursts, first + each - run.step + latency, each);
        continue;
      }
    }
    // A turn of groups, each request alone, as access() does it.
    latest = 0;
    for (int64_t turn = 0; turn < run.cycle && part.bursts > 0;
         turn += run.perRequest) {
      int64_t done = 0;
      for (int64_t i = 0; i < run.perRequest; ++i) {
        uint64_t address = part.address + (uint64_t(i) << run.burstBits);
        done = std::max(done, burst(part.now + i, address, part.write));
      }
      last = std::max(last, done);
      answer(part, run.perRequest, done, 0);
    }
    rows = Rows::Unknown;
  }
  steady = std::min(steady, latest);
  return last;
}

/// Opens what openAhead() opens, as far as all of it is in the 64 clocks from
/// \p now on, where taken clocks are bits of one word. Returns how many rows.
uint32_t Dram::openInWindow(Channel &channel, Bank *banks, uint32_t group,
                            int64_t row, int64_t now, int64_t first) {
  if (!channel.activates.isClose() || !channel.precharges.isClose() ||
      timing.activateSlots != 1 || timing.prechargeSlots != 1)
    return 0;
  // So that all clocks near to a command are in the window too.
  constexpr int64_t Most = 48;
  const SpacedCommands &activates = channel.activates,
                       &precharges = channel.precharges;
  uint64_t bus = channel.rows->ring().window(now), busMore = 0;
  uint64_t nearActivate = activates.window(now), activateMore = 0;
  uint64_t nearPrecharge = precharges.window(now), prechargeMore = 0;
  uint32_t opened = 0;
  for (; opened < run.cycle; ++opened, group = nextGroup(group, 1)) {
    Bank &bank = banks[group * device.banksPerGroup];
    int64_t from = opened & (run.perRequest - 1), precharge = 0;
    int64_t activate = std::max(from, bank.nextActivate - now);
    uint64_t slots = 0, free;
    if (bank.row != Closed) {
      precharge = std::max(from, bank.nextPrecharge - now);
      if (precharge >= Most ||
          (free = ~(bus | nearPrecharge) >> precharge) == 0)
        break;
      precharge += std::countr_zero(free);
      slots = uint64_t(1) << precharge;
      activate = std::max(activate, precharge + timing.prechargeToActivate);
    }
    if (precharge >= Most || activate >= Most ||
        (free = ~(bus | nearActivate) >> activate) == 0)
      break;
    activate += std::countr_zero(free);
    if (activate >= Most)
      break;
    slots |= uint64_t(1) << activate;
    int64_t last = activate;
    if (timing.activateCommands == 2) {
      if ((free = ~bus >> (activate + 1)) == 0)
        break;
      last += 1 + std::countr_zero(free);
      if (last > activate + timing.secondActivateWithin)
        break;
      slots |= uint64_t(1) << last;
    }
    if (now + activate + timing.activateToColumn > first + opened * run.step ||
        now + last >= first)
      break;
    if (bank.row != Closed) {
      prechargeMore |= precharges.reachMask() << precharge;
      nearPrecharge |=
          precharges.reachMask() << precharge >> precharges.reach();
      setClosed(channel, bank, now + precharge);
    }
    activateMore |= activates.reachMask() << activate;
    nearActivate |= activates.reachMask() << activate >> activates.reach();
    bus |= slots;
    busMore |= slots;
    setOpen(channel, bank, row, now + activate);
    --count.rowHits; // bookHits() will count its burst as one
  }
  if (opened == 0)
    return 0;
  channel.rows->bookFree(now, busMore);
  channel.activates.bookMask(now - activates.reach(), activateMore);
  channel.precharges.bookMask(now - precharges.reach(), prechargeMore);
  return opened;
}

/// Opens the rows of \p part's first turn of groups in one go, as far as that
/// is what burst() would do: the columns follow those of the channel without
/// waiting for the rows, in slots that are free and before the next refresh,
/// and each row's commands come before the first of them. So it does not matter
/// that burst() would book that one first.
Dram::Rows Dram::openAhead(Channel &channel, const Part &part) {
  auto row = int64_t(device.row.of(part.address));
  auto firstGroup = uint32_t(device.group.of(part.address));
  Bank *banks = channel.banks.data() + device.bankOf(part.address);
  if (banks[firstGroup * device.banksPerGroup].row == row)
    return Rows::Unknown;
  uint64_t span = uint64_t(1) << run.spanBits;
  auto left = int64_t((span - (part.local & (span - 1))) >> run.burstBits);
  if (run.cycle == 1 || std::min(part.bursts, left) < run.cycle ||
      part.now + run.perRequest > channel.nextRefresh)
    return Rows::Late;
  settle(channel);
  const ColumnLimit &firstLimit = channel.groups[firstGroup];
  int64_t first =
      std::max({part.now, part.write ? channel.any.write : channel.any.read,
                part.write ? firstLimit.write : firstLimit.read});
  int64_t turn = run.cycle * run.step;
  if ((timing.dataClockRead != 0 && first > channel.dataClockUntil) ||
      first + turn > channel.columnsBefore || turn > 64)
    return Rows::Late;
  // The earliest that the rows can be there.
  uint32_t group = firstGroup;
  for (uint32_t i = 0; i < run.cycle; ++i, group = nextGroup(group, 1)) {
    const Bank &bank = banks[group * device.banksPerGroup];
    const ColumnLimit &limit = channel.groups[group];
    int64_t activate = std::max(part.now, bank.nextActivate);
    if (bank.row != Closed)
      activate =
          std::max(activate, bank.nextPrecharge + timing.prechargeToActivate);
    int64_t column = first + i * run.step;
    if (bank.row == row || (part.write ? limit.write : limit.read) > column ||
        activate + timing.activateToColumn > column)
      return Rows::Late;
  }
  if (!channel.columns->isFree(first, run.mask & ~uint64_t(0) >> (64 - turn)))
    return Rows::Late;
  uint32_t opened =
      openInWindow(channel, banks, firstGroup, row, part.now, first);
  group = nextGroup(firstGroup, opened);
  for (uint32_t i = opened; i < run.cycle; ++i, group = nextGroup(group, 1)) {
    Bank &bank = banks[group * device.banksPerGroup];
    Opening opening = findOpening(channel, bank, group,
                                  part.now + (i & (run.perRequest - 1)));
    if (opening.activate + timing.activateToColumn > first + i * run.step ||
        std::max(opening.activate, opening.second) + timing.activateSlots >
            first)
      return Rows::Late;
    open(channel, bank, group, row, opening);
    --count.rowHits; // bookHits() will count its burst as one
  }
  return Rows::Opened;
}

/// Takes \p bursts bursts off \p part: their requests end at \p end and each
/// next one \p each clocks later.
void Dram::answer(Part &part, int64_t bursts, int64_t end, int64_t each) const {
  part.bursts -= bursts;
  part.local += uint64_t(bursts) << run.burstBits;
  uint64_t block = uint64_t(1) << run.blockBits;
  uint64_t skip = block * (channels.size() - 1);
  int64_t requests = bursts >> run.perRequestBits;
  uint64_t address = part.address;
  int64_t *to = part.end;
  while (requests > 0) {
    uint64_t left = block - (address & (block - 1));
    int64_t inBlock = int64_t(left / RequestBytes);
    int64_t piece = std::min(requests, inBlock);
    requests -= piece;
    address += uint64_t(piece) * RequestBytes;
    if (to)
      for (int64_t *stop = to + piece; to != stop; end += each)
        *to++ = end;
    if (piece == inBlock) {
      address += skip;
      to = to ? to + skip / RequestBytes : to;
    }
  }
  part.address = address;
  part.end = to;
}

/// Books \p part if all of it goes on the channel's stream: nothing but the
/// stream's place changes, the rest waits for settle(). Returns the clock of
/// the first column, Never if it does not go on.
int64_t Dram::goOn(Channel &channel, const Part &part) {
  Stream &stream = channel.stream;
  int64_t bursts = part.bursts;
  if (stream.next != part.local || stream.left < bursts ||
      stream.write != part.write || bursts > run.perMask || bursts < run.cycle)
    return Never;
  int64_t first = std::max(part.now, stream.last + run.step);
  int64_t last = first + (bursts - 1) * run.step;
  if (first > stream.last + stream.dataClock || last >= channel.columnsBefore ||
      part.now + run.perRequest > channel.nextRefresh)
    return Never;
  CommandBus &bus = *channel.columns;
  int64_t clocks = last - first + timing.columnSlots;
  if (!bus.tryBook(first, run.mask & ~uint64_t(0) >> (64 - clocks)))
    return Never;
  extend(channel, bursts, last);
  return first;
}

/// The channel's stream goes on by \p bursts, their last column at \p last.
void Dram::extend(Channel &channel, int64_t bursts, int64_t last) {
  Stream &stream = channel.stream;
  stream.last = last;
  stream.group = nextGroup(stream.group, uint32_t(bursts));
  stream.next += uint64_t(bursts) << run.burstBits;
  stream.left -= bursts;
  countHits(bursts, stream.write);
}

std::optional<int64_t> Dram::evenClocks(uint32_t count) const {
  unsigned channelBits = device.channel.bits;
  uint64_t bytes = count * RequestBytes;
  auto bursts = int64_t(bytes >> channelBits >> run.burstBits);
  bool isEqual = channelBits == 0 ||
                 bytes % (uint64_t(1) << run.blockBits << channelBits) == 0;
  if (run.every == 0 || bursts < run.cycle || !isEqual)
    return std::nullopt;
  return bursts * run.step;
}

/// What goOn() asks of each run, for all of them: after one that went on, in
/// every channel the next column may always follow at the run's step.
Dram::Pace Dram::pace(uint64_t address, uint32_t count, bool write,
                      uint32_t most) const {
  unsigned channelBits = device.channel.bits;
  uint64_t local = address >> channelBits;
  auto bursts = int64_t(count * RequestBytes >> channelBits >> run.burstBits);
  Pace pace{most, bursts, bursts * run.step, INT64_MAX, INT64_MAX};
  if (steady < bursts || log || most == 0)
    return {};
  for (const Channel &channel : channels) {
    const Stream &stream = channel.stream;
    if (stream.next != local || stream.write != write)
      return {};
    int64_t open = std::min<int64_t>(stream.left, INT32_MAX),
            time = std::min<int64_t>(channel.columnsBefore - 1 - stream.last,
                                     INT32_MAX);
    // As often as not it is all of them, and nothing needs to be divided.
    int64_t runs = pace.runs;
    if (open < runs * bursts)
      runs = int32_t(open) / int32_t(bursts);
    if (time < runs * pace.clocks)
      runs = int32_t(time) / int32_t(pace.clocks);
    int64_t first = stream.last + run.step, clocks = runs * pace.clocks;
    int64_t free =
        channel.columns->firstTaken(first, first + clocks,
                                    std::rotl(run.every, int(first & 63))) -
        first;
    if (free < clocks)
      runs = int32_t(free) / int32_t(pace.clocks);
    if (runs <= 0)
      return {};
    pace.runs = uint32_t(runs);
    pace.latest = std::min(pace.latest, first);
    pace.before =
        std::min(pace.before, channel.nextRefresh - run.perRequest + 1);
  }
  return pace;
}

void Dram::goOnAtPace(int64_t now, const Pace &pace, uint32_t runs) {
  accepted = now;
  int64_t clocks = runs * pace.clocks;
  for (Channel &channel : channels) {
    int64_t first = channel.stream.last + run.step;
    channel.columns->bookEven(first,
                              first + clocks - run.step + timing.columnSlots,
                              std::rotl(run.every, int(first & 63)));
    extend(channel, pace.bursts * runs, channel.stream.last + clocks);
  }
}

void Dram::countHits(int64_t bursts, bool write) {
  count.rowHits += uint64_t(bursts);
  (write ? count.writes : count.reads) += uint64_t(bursts);
  (write ? count.writtenBytes : count.readBytes) += uint64_t(bursts)
                                                    << run.burstBits;
}

/// Whether the next \p bursts bursts of \p part hit open rows, their columns at
/// the run's step from \p first on.
bool Dram::fits(const Channel &channel, const Part &part, int64_t first,
                int64_t bursts) const {
  auto row = int64_t(device.row.of(part.address));
  auto group = uint32_t(device.group.of(part.address));
  const Bank *banks = channel.banks.data() + device.bankOf(part.address);
  auto turns = std::min<int64_t>(run.cycle, bursts);
  for (int64_t i = 0; i < turns; ++i, group = nextGroup(group, 1)) {
    const Bank &bank = banks[group * device.banksPerGroup];
    const ColumnLimit &limit = channel.groups[group];
    int64_t ready =
        std::max(bank.nextColumn, part.write ? limit.write : limit.read);
    if (bank.row != row || ready > first + i * run.step)
      return false;
  }
  return true;
}

/// Books as many bursts of \p part as are hits of one span whose columns follow
/// each other at the run's step; \p bursts says how many, whole requests.
/// Returns the clock of the first column. \p isOpened: the rows of the first
/// turn are known to be open in time.
int64_t Dram::bookHits(Channel &channel, const Part &part, bool isOpened,
                       int64_t &bursts) {
  Stream &stream = channel.stream;
  int64_t first = std::max(part.now, stream.last + run.step);
  bool isSynchronised = first <= stream.last + stream.dataClock;
  bursts = 0;
  if (stream.left == 0 || stream.next != part.local ||
      stream.write != part.write) {
    settle(channel);
    uint64_t span = uint64_t(1) << run.spanBits;
    stream.write = part.write;
    stream.group = uint32_t(device.group.of(part.address));
    stream.bank = device.bankOf(part.address);
    stream.dataClock = Forever;
    if (timing.dataClockRead != 0)
      stream.dataClock =
          part.write ? timing.dataClockWrite : timing.dataClockRead;
    stream.next = part.local;
    const ColumnLimit &limit = channel.groups[stream.group];
    const Bank &bank =
        channel.banks[stream.group * device.banksPerGroup + stream.bank];
    first = std::max({part.now, bank.nextColumn,
                      part.write ? channel.any.write : channel.any.read,
                      part.write ? limit.write : limit.read});
    int64_t left = int64_t((span - (part.local & (span - 1))) >> run.burstBits);
    if (!isOpened && !fits(channel, part, first, std::min(part.bursts, left)))
      return first;
    stream.left = left;
    isSynchronised =
        timing.dataClockRead == 0 || first <= channel.dataClockUntil;
  }
  int64_t wanted = std::min(part.bursts, stream.left);
  if (first + (wanted - 1) * run.step >= channel.columnsBefore) {
    wanted = std::max<int64_t>(
        0, (channel.columnsBefore - first + run.step - 1) / run.step);
    wanted &= -run.perRequest;
  }
  if (part.now + run.perRequest > channel.nextRefresh || !isSynchronised)
    wanted = 0;
  CommandBus &bus = *channel.columns;
  int64_t done = 0;
  while (done < wanted) {
    int64_t columns = std::min(wanted - done, run.perMask);
    uint64_t mask = columns == run.perMask
                        ? run.mask
                        : run.mask & ((uint64_t(1) << columns * run.step) - 1);
    if (!bus.tryBook(first + done * run.step, mask))
      break;
    done += columns;
  }
  bursts = done;
  // A stream goes on only where each group has had its turn.
  if (done < run.cycle)
    settle(channel);
  if (done == 0)
    return first;

  int64_t last = first + (done - 1) * run.step;
  countHits(done, part.write);
  stream.last = last;
  stream.turns = uint32_t(std::min<int64_t>(run.cycle, done));
  stream.group = nextGroup(stream.group, uint32_t(done));
  stream.next += uint64_t(done) << run.burstBits;
  stream.left -= done;
  if (done < run.cycle)
    settle(channel);
  return first;
}

/// Marks the last column of each group and bank of the channel's stream, which
/// ends.
void Dram::settleTurns(Channel &channel) {
  Stream &stream = channel.stream;
  auto raise = [](int64_t &value, int64_t to) { value = std::max(value, to); };
  int64_t column = stream.last;
  int64_t toRead =
      stream.write ? timing.writeToReadSameGroup : timing.columnSameGroup;
  int64_t toPrecharge =
      stream.write ? timing.writeToPrecharge : timing.readToPrecharge;
  raise(channel.any.write,
        column + (stream.write ? timing.columnOtherGroup : timing.readToWrite));
  raise(channel.any.read, column + (stream.write ? timing.writeToReadOtherGroup
                                                 : timing.columnOtherGroup));
  channel.dataClockUntil =
      column + (stream.write ? timing.dataClockWrite : timing.dataClockRead);
  uint32_t group = stream.group, others = run.cycle - 1;
  Bank *banks = channel.banks.data() + stream.bank;
  for (uint32_t left = stream.turns; left != 0; --left, column -= run.step) {
    group = (group & ~others) | ((group - 1) & others);
    ColumnLimit &limit = channel.groups[group];
    raise(limit.read, column + toRead);
    if (stream.write)
      raise(limit.write, column + timing.columnSameGroup);
    raise(banks[group * device.banksPerGroup].nextPrecharge,
          column + toPrecharge);
  }
  stream.turns = 0;
}

} // namespace dalbit::dram
