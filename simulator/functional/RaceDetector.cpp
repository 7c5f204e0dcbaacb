// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/RaceDetector.h"

#include "simulator/functional/Machine.h"

#include <algorithm>
#include <cstring>

namespace dalbit::functional {

namespace {

template <typename Clock> void join(Clock &clock, const Clock &other) {
  for (size_t i = 0; i < clock.size(); ++i)
    clock[i] = std::max(clock[i], other[i]);
}

template <typename Clock> bool isWithin(const Clock &clock, const Clock &more) {
  for (size_t i = 0; i < clock.size(); ++i)
    if (clock[i] > more[i])
      return false;
  return true;
}

} // namespace

void RaceDetector::begin(const Machine &newMachine,
                         std::span<const isa::Instruction> newCode) {
  machine = &newMachine;
  code.assign(newCode.begin(), newCode.end());
  firstEvent += uint32_t(events.size());
  events.clear();
  semaphores = {};
  known = ended = {};
  counts = {};
}

std::string RaceDetector::describe(uint32_t pc) const {
  return "instruction " + std::to_string(pc) + " (" + isa::print(code[pc]) +
         ")";
}

void RaceDetector::report(uint32_t earlier, uint32_t later, Space space,
                          uint64_t place) const {
  const char *what = space == Space::Dram         ? "byte of the DRAM"
                     : space == Space::Scratchpad ? "byte of the scratchpad"
                                                  : "entry of the accumulator";
  uint32_t first = event(earlier).pc, second = event(later).pc;
  throw Race(first, second,
             "race: " + describe(second) + " does not wait for the end of " +
                 describe(first),
             {"both touch " + std::string(what) + " " + std::to_string(place),
              "let the earlier one signal a semaphore that the later one, or "
              "one that it follows, waits for"});
}

void RaceDetector::reportSemaphore(unsigned semaphore, const char *what,
                                   uint32_t earlier, uint32_t later) const {
  throw Race(earlier, later,
             "race: semaphore " + std::to_string(semaphore) + ": " + what +
                 ": " + describe(earlier) + " and " + describe(later),
             {"which wait gets which signal is left to chance"});
}

//===----------------------------------------------------------------------===//
// Semaphores
//===----------------------------------------------------------------------===//

void RaceDetector::take(unsigned actor, uint32_t mask, uint32_t pc,
                        Clock &clock) {
  Clock before = clock; // the tokens of one mask come together
  for (unsigned s = 0; s < isa::Semaphores; ++s) {
    if (!(mask >> s & 1))
      continue;
    Semaphore &semaphore = semaphores[s];
    // What the sequencer took, it took before it issued this.
    if (actor != semaphore.taker && semaphore.taker != Sequencer &&
        before[semaphore.taker] < semaphore.takerOrdinal)
      reportSemaphore(s, "two waits without an order", semaphore.takerPc, pc);
    Clock token = semaphore.tokens.front();
    semaphore.tokens.pop_front();
    if (actor != Sequencer) {
      semaphore.isUnitsOwn = true;
      if (!semaphore.isOrdered)
        reportSemaphore(s, "a unit's wait after signals without an order",
                        semaphore.lastPc, pc);
    }
    if (semaphore.isOrdered)
      join(clock, token);
    else if (semaphore.tokens.empty())
      join(clock, semaphore.joined);
    semaphore.taker = actor;
    semaphore.takerOrdinal = counts[actor] + 1;
    semaphore.takerPc = pc;
  }
}

void RaceDetector::signal(uint32_t mask, uint32_t pc, const Clock &clock) {
  for (unsigned s = 0; s < isa::Semaphores; ++s) {
    if (!(mask >> s & 1))
      continue;
    Semaphore &semaphore = semaphores[s];
    bool follows = isWithin(semaphore.joined, clock);
    if (semaphore.tokens.empty()) {
      semaphore.joined = {};
      if (follows) {
        semaphore.isOrdered = true;
        semaphore.isUnitsOwn = false;
      }
    }
    if (!follows) {
      if (semaphore.isUnitsOwn)
        reportSemaphore(s, "two signals without an order", semaphore.lastPc,
                        pc);
      semaphore.isOrdered = false;
    }
    if (semaphore.tokens.size() >= (1u << isa::SemaphoreBits) - 1)
      reportSemaphore(s, "its count may be full", semaphore.lastPc, pc);
    join(semaphore.joined, clock);
    semaphore.lastPc = pc;
    semaphore.tokens.push_back(clock);
  }
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

uint32_t RaceDetector::add(uint32_t pc, unsigned actor) {
  events.push_back({pc, actor, ++counts[actor]});
  return firstEvent + uint32_t(events.size()) - 1;
}

RaceDetector::Cell *RaceDetector::cells(Space space, uint64_t page) {
  std::unique_ptr<Page> &found = pages[size_t(space)][page];
  if (!found)
    found = std::make_unique<Page>();
  return found->data();
}

void RaceDetector::touch(const Access &access, const Clock &clock,
                         uint32_t number, bool isIndex) {
  uint64_t first = access.first;
  if (access.space == Space::Dram)
    first += machine->memory.placement().of(access.region);
  unsigned actor = event(number).actor;
  // An index list needs the order even within its unit.
  auto check = [&](uint32_t other, uint64_t place) {
    if (other < firstEvent)
      return;
    const Event &earlier = event(other);
    if (clock[earlier.actor] < earlier.ordinal &&
        (earlier.actor != actor || isIndex))
      report(other, number, access.space, place);
  };
  for (uint64_t end = first + access.bytes; first < end;) {
    Cell *page = cells(access.space, first / PageBytes);
    uint64_t stop = std::min(end, (first / PageBytes + 1) * PageBytes);
    for (; first < stop; ++first) {
      Cell &cell = page[first % PageBytes];
      if (cell.writer != number)
        check(cell.writer, first);
      if (!access.isWrite) {
        cell.readers[actor] = number;
        continue;
      }
      for (unsigned a = 0; a < Actors; ++a)
        if (a != actor)
          check(cell.readers[a], first);
      cell.writer = number;
    }
  }
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

void RaceDetector::instruction(uint32_t pc, const isa::Instruction &i) {
  if (i.opcode == isa::Opcode::SemWait)
    take(Sequencer, i.wait, pc, known[Sequencer]);
  if (i.opcode == isa::Opcode::SemSignal)
    signal(i.signal, pc, known[Sequencer]);
}

void RaceDetector::load(uint32_t pc, uint32_t address) {
  uint32_t number = add(pc, Sequencer);
  touch({Space::Scratchpad, false, 0, 0, address, 4}, known[Sequencer], number,
        false);
  known[Sequencer][Sequencer] = counts[Sequencer];
}

void RaceDetector::go(uint32_t pc, const isa::Instruction &i,
                      const isa::Configurations &configurations) {
  unsigned unit = unsigned(i.unit);
  Clock start = known[unit];
  join(start, known[Sequencer]);
  take(unit, i.wait, pc, start);
  uint32_t number = add(pc, unit);
  auto indexOf = [&](uint32_t row) {
    uint32_t index = 0;
    uint64_t address = configurations.dmaIn.indexAddr + uint64_t(row) * 4;
    if (address + 4 <= machine->spm.size())
      std::memcpy(&index, machine->spm.data() + address, 4);
    return index;
  };
  bool isDma = i.unit == isa::Unit::DmaIn || i.unit == isa::Unit::DmaOut;
  forEachAccess(
      target, i.unit, configurations, indexOf, [&](const Access &access) {
        touch(access, start, number, isDma && access.stream == IndexStream);
      });
  Clock end = start;
  join(end, ended[unit]);
  end[unit] = counts[unit];
  ended[unit] = end;
  known[unit] = isDma ? start : end;
  signal(i.signal, pc, end);
}

} // namespace dalbit::functional
