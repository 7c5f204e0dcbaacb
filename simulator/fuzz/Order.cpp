// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Order.h"

#include <algorithm>
#include <cassert>

namespace dalbit::fuzz {

namespace {

template <typename Clock> void join(Clock &clock, const Clock &other) {
  for (size_t i = 0; i < clock.size(); ++i)
    clock[i] = std::max(clock[i], other[i]);
}

bool isDma(unsigned unit) {
  return unit == unsigned(isa::Unit::DmaIn) ||
         unit == unsigned(isa::Unit::DmaOut);
}

} // namespace

Order::Order(const target::Target &target, Emitter &emitter, Random &random)
    : target(target), emitter(emitter), random(random) {
  dealPairs();
}

/// Every unit can report to the sequencer; the other semaphores go to random
/// pairs.
void Order::dealPairs() {
  for (auto &row : semaphoreOf)
    row.fill(-1);
  std::vector<int> numbers;
  for (int s = 0; s < int(isa::Semaphores); ++s)
    numbers.push_back(s);
  random.shuffle(numbers);
  std::vector<std::pair<unsigned, unsigned>> pairs;
  for (unsigned from = 0; from < Actors; ++from)
    for (unsigned to = 0; to < isa::UnitCount; ++to)
      if (from != to || from == unsigned(isa::Unit::DmaIn))
        pairs.emplace_back(from, to);
  random.shuffle(pairs);
  for (unsigned unit = 0; unit < isa::UnitCount; ++unit)
    pairs.emplace_back(unit, Sequencer);
  while (!numbers.empty() && !pairs.empty()) {
    semaphoreOf[pairs.back().first][pairs.back().second] = numbers.back();
    numbers.pop_back();
    pairs.pop_back();
  }
}

void Order::need(unsigned unit, uint32_t ordinal, unsigned actor,
                 uint16_t &wait) {
  if (known[actor][unit] >= ordinal)
    return;
  int semaphore = semaphoreOf[unit][actor];
  uint16_t bit = semaphore < 0 ? 0 : uint16_t(1u << semaphore);
  // Each signal is taken as soon as it is written, so all that signalled this
  // pair's semaphore are known to have ended.
  std::vector<Record *> able;
  for (Record &record : records)
    if (record.unit == unit && record.ordinal >= ordinal && record.maySignal)
      able.push_back(&record);
  assert(!able.empty() && "the unit has a job that can signal");
  Record &record = *random.pick(able);
  if (bit && (wait & bit)) // a mask takes one of each
    bit = 0;
  if (actor == Sequencer) {
    assert(bit && "units can report to the sequencer");
    emitter.code[record.go].signal |= bit;
    emitter.emit(isa::makeSemWait(bit));
    join(known[Sequencer], record.atEnd);
    return;
  }
  if (!bit)
    return need(unit, ordinal, Sequencer, wait);
  emitter.code[record.go].signal |= bit;
  wait |= bit;
  join(known[actor], record.atEnd);
}

void Order::require(const std::vector<Range> &ranges, unsigned actor,
                    uint16_t &wait) {
  // Latest first: what follows an earlier one needs no wait of its own.
  for (size_t i = records.size(); i-- > 0;) {
    const Record &record = records[i];
    bool conflict = false;
    for (const Range &mine : ranges)
      for (const Range &other : record.ranges) {
        bool isIndex = isDma(actor) &&
                       mine.space == functional::Space::Scratchpad &&
                       mine.stream == functional::IndexStream;
        conflict |= (record.unit != actor || isIndex) && mine.conflicts(other);
      }
    if (!conflict)
      continue;
    join(known[actor], known[Sequencer]);
    need(record.unit, record.ordinal, actor, wait);
  }
}

void Order::run(const Job &job) {
  unsigned unit = unsigned(job.unit);
  Record record;
  record.unit = unit;
  record.ranges = rangesOf(target, job);
  uint16_t wait = 0;
  require(record.ranges, unit, wait);
  // Now and then an order that nothing needs, and the sequencer's own.
  if (random.chance(8)) {
    unsigned other = random.below(isa::UnitCount);
    if (other != unit && counts[other] && semaphoreOf[other][unit] >= 0 &&
        std::any_of(records.begin(), records.end(), [&](const Record &r) {
          return r.unit == other && r.ordinal == counts[other] && r.maySignal;
        }))
      need(other, counts[other], unit, wait);
  }
  if (int s = semaphoreOf[Sequencer][unit]; s >= 0 && random.chance(8)) {
    emitter.emit(isa::makeSemSignal(uint16_t(1u << s)));
    wait |= uint16_t(1u << s);
  }
  record.go = emitter.go(job, wait);
  record.maySignal = true;
  record.ordinal = ++counts[unit];
  Clock start = known[unit];
  join(start, known[Sequencer]);
  record.atEnd = start;
  join(record.atEnd, ended[unit]);
  record.atEnd[unit] = record.ordinal;
  ended[unit] = record.atEnd;
  known[unit] = isDma(unit) ? start : record.atEnd;
  records.push_back(std::move(record));
}

void Order::beforeLoad(uint32_t address, uint32_t bytes) {
  uint16_t wait = 0;
  require({{functional::Space::Scratchpad, false, 0, 0, address,
            uint64_t(address) + bytes}},
          Sequencer, wait);
}

void Order::barrier() {
  uint16_t wait = 0;
  for (unsigned unit = 0; unit < isa::UnitCount; ++unit)
    need(unit, counts[unit], Sequencer, wait);
  restart();
}

void Order::restart() {
  records.clear();
  for (unsigned unit = 0; unit < isa::UnitCount; ++unit)
    known[Sequencer][unit] = counts[unit];
  dealPairs();
}

void Order::note(const Job &job) {
  unsigned unit = unsigned(job.unit);
  Record record;
  record.unit = unit;
  record.ranges = rangesOf(target, job);
  record.go = emitter.code.size() - 1;
  record.maySignal = false;
  record.ordinal = ++counts[unit];
  record.atEnd = known[unit];
  records.push_back(std::move(record));
}

bool Order::conflictsWithNoted(const Job &job) const {
  std::vector<Range> ranges = rangesOf(target, job);
  for (const Record &record : records)
    for (const Range &mine : ranges)
      for (const Range &other : record.ranges)
        if (mine.conflicts(other) &&
            (record.unit != unsigned(job.unit) ||
             (isDma(record.unit) && mine.stream == functional::IndexStream)))
          return true;
  return false;
}

} // namespace dalbit::fuzz
