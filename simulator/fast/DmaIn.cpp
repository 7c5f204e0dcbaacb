// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Npu.h: DMA in (rtl/dma/dma_in.sv). A burst is issued into the address
// register, taken by the memory before all addresses of other interfaces that
// come later, and with that its beats, their writes and, for the last burst,
// the instruction's end are known.

#include "simulator/fast/Npu.h"

namespace dalbit::fast {

using isa::ErrorCode;
using verilated::AxiInterface;
using verilated::AxiMoment;

void Npu::beginIn(Cycle start, const uint32_t *config) {
  auto c = configurationOf<isa::DmaConfiguration>(config);
  in.begin(c, regionBases[c.region], sizes, /*mayGather=*/true);
  inStart = start;
  inBad = false;
  if (in.isEmpty()) {
    inEmpty = true;
    finishEmptyIn();
    return;
  }
  inActive = true;
  in.banks(sizes, inBanks);
  if (in.gathers()) {
    indexAt = start + 1;
    return;
  }
  inShown = true;
  inValid = start + 1;
  if (readAt == Never)
    planRead();
}

/// Issues the burst at hand as soon as it is there, the address register is
/// free and the list of bursts has a place.
void Npu::planRead() {
  Cycle issue = std::max(inValid, lastRead);
  if (landed >= ReadsInFlight)
    issue =
        std::max(issue, landings[(landed - ReadsInFlight) % Landings].last + 1);
  read = {in.dram(), in.spm(), in.bytes(), in.isLast(), inBad};
  readAt =
      issue + 1 + memory.stall(AxiInterface::Read, AxiMoment::Accept, landed);
  inShown = false;
  if (read.isLast) {
    inActive = false;
    units[DmaIn].readyFrom = issue + 1;
    dispatchAt = std::min(dispatchAt, units[DmaIn].ableFrom());
    return;
  }
  bool isRowEnd = in.isRowEnd();
  in.next();
  if (in.gathers() && isRowEnd) {
    indexAt = issue + 1;
    return;
  }
  inShown = true;
  inValid = issue + 1;
}

/// The index port asks in \p now; only the scalar port comes after it.
void Npu::takeIndex(Cycle now) {
  uint32_t address = in.indexAddress(), index = 0;
  if (sizes.isPast(address)) {
    inBad = true;
    values.index(address); // a record has it too
  } else {
    uint32_t bank = sizes.bankOf(address);
    if (!isBankFree(bank, now)) {
      indexAt = now + 1;
      return;
    }
    indexGrantAt = now;
    indexGrantBank = bank;
    index = values.index(address);
  }
  countersOf(DmaIn).dmaIn.spmAccesses += sizes.access64;
  lastMove = std::max(lastMove, now);
  indexAt = Never;
  in.setIndex(index);
  inValid = now + 4;
  inShown = true;
  if (readAt == Never)
    planRead();
}

/// Takes bursts as long as no other address can be taken before them (T6):
/// others are not before \p horizon, and nothing else is decided before
/// \p known. DMA in never waits on chip (T4), so it may run ahead of the rest.
void Npu::takeReads(Cycle known, Cycle horizon) {
  for (Cycle matrixWas = matrixAt, vectorWas = vectorAt;;) {
    Cycle now = std::min(readAt, known);
    uint32_t endsWere = inEnded;
    occupancy.retire(now);
    if (landed - settled > Landings / 2)
      settleLanded(now);
    if (landed - settled >= Landings - 1 ||
        !takeEvenReads(now, horizon, Landings - 1 - uint32_t(landed - settled)))
      takeRead(readAt, now);
    // What others do next, and when, may have changed.
    if (inEnded != endsWere || !inActive || in.gathers() || readAt >= horizon ||
        matrixAt != matrixWas || vectorAt != vectorWas ||
        (readAt >= known && landed - settled >= Landings - 1))
      return;
  }
}

void Npu::takeRead(Cycle at, Cycle now) {
  landBurst(at, now);
  afterRead(at);
}

/// The burst at hand has been taken in \p at and has landed.
void Npu::afterRead(Cycle at) {
  lastRead = at;
  readAt = Never;
  if (read.isLast) {
    endIn(lastBeat + 2, inError);
    inError = ErrorCode::None;
  }
  if (inShown)
    planRead();
  finishEmptyIn();
}

/// What has landed before \p now belongs to the tag that the unit has had
/// since.
void Npu::settleLanded(Cycle now) {
  isa::DmaCounters &counters = tally.of(DmaIn).dmaIn;
  for (; settled < landed; ++settled) {
    const Landing &landing = landings[settled % Landings];
    if (landing.last + 1 >= now)
      break;
    if (landing.countedBeats) {
      count(counters, landing, landing.beats, landing.beats);
      continue;
    }
    counters.beats += landing.beats;
    counters.bytes += landing.bytes;
    counters.bursts += 1;
    counters.spmAccesses += uint64_t(landing.beats) * sizes.access64;
  }
}

/// How many units the burst at hand and those after it in its row are that go
/// on where the latest one ended and lie in one bank; 0 if that burst is none.
uint32_t Npu::evenUnits() const {
  uint32_t unit = memory.unitBytes();
  if (!even.isKnown || read.dram != even.end || (read.bytes & (unit - 1)) ||
      read.isBad || in.gathers())
    return 0;
  uint32_t bytes = read.bytes,
           room =
               sizes.isPast(read.spm)
                   ? 0
                   : sizes.bankBytes() - (read.spm & (sizes.bankBytes() - 1));
  if (!read.isLast && in.dram() == read.dram + bytes &&
      in.spm() == read.spm + bytes)
    bytes += in.toRowEnd();
  bytes = std::min(bytes, room);
  return bytes < read.bytes || memory.isOutside(read.dram, bytes)
             ? 0
             : bytes / unit;
}

/// The same for bursts of units that follow each other evenly, at most \p most,
/// in one step. If the DRAM answers all requests of a unit so much later than
/// those of the one before, and its first beat comes so much later, too, then
/// do all other beats, each of which follows from the one before it and its
/// answer; and so on, as it does not matter to a beat where bursts begin.
/// False, and nothing is done, if it is not so.
bool Npu::takeEvenReads(Cycle now, Cycle horizon, uint32_t most) {
  uint32_t units = evenUnits();
  if (units == 0)
    return false;
  MemoryPort::Pace pace = memory.pace(read.dram, units);
  uint32_t unit = memory.unitBytes();
  units = pace.clocks.runs;
  if (units * unit < read.bytes || !memory.keeps(pace, readAt, 0) ||
      std::max(lastBeat + 1, even.answer + pace.cycles) !=
          even.first + pace.cycles)
    return false;
  uint32_t bank = sizes.bankOf(read.spm), done = 0;
  Cycle at;
  for (bool goesOn = true; goesOn;) {
    Landing &landing = landings[landed++ % Landings];
    landing.first = even.first + (done + 1) * pace.cycles;
    landing.second = even.second + (done + 1) * pace.cycles;
    done += read.bytes / unit;
    landing.last = lastBeat = even.last + done * pace.cycles;
    landing.beats = read.bytes >> sizes.axiShift;
    landing.bytes = read.bytes;
    landing.bytes0 = landing.bytes1 = sizes.axiBytes;
    landing.countedBeats = landing.countedWrites = 0;
    at = readAt;
    bool wasLast = read.isLast;
    afterRead(at);
    goesOn = !wasLast && --most != 0 && readAt < horizon &&
             read.bytes <= (units - done) * unit &&
             (read.bytes & (unit - 1)) == 0 && memory.keeps(pace, readAt, done);
  }
  memory.read(at, pace, done);
  lastMove = std::max(lastMove, lastBeat + 1);
  Cycle from = even.runs[0].from + pace.cycles, shift = done * pace.cycles;
  if (even.runCount == 1 && even.runs[0].count == pace.cycles) {
    occupancy.mark(LandingLevel, bank, from, uint32_t(shift));
  } else {
    for (uint32_t i = 1; i <= done; ++i)
      for (unsigned j = 0; j < even.runCount; ++j)
        occupancy.mark(LandingLevel, bank, even.runs[j].from + i * pace.cycles,
                       even.runs[j].count);
  }
  for (unsigned j = 0; j < even.runCount; ++j)
    even.runs[j].from += shift;
  even.first += shift;
  even.second += shift;
  even.last += shift;
  even.answer += shift;
  even.end += done * unit;
  invalidate(LandingLevel, bank, from, now);
  return true;
}

/// Beats of the burst that is taken in \p at, and the banks they write.
void Npu::landBurst(Cycle at, Cycle now) {
  constexpr uint32_t RequestBytes = MemoryPort::RequestBytes;
  uint32_t beatBytes = sizes.axiBytes, beatShift = sizes.axiShift,
           low = uint32_t(read.dram) & (beatBytes - 1);
  uint64_t address = read.dram - low;
  uint32_t beats = ((low + read.bytes - 1) >> beatShift) + 1;
  uint64_t first = address & ~uint64_t(RequestBytes - 1);
  uint32_t offset = uint32_t(address - first);
  uint32_t requests = (offset + (beats << beatShift) - 1) / RequestBytes + 1;
  Cycle ready[MemoryPort::MostRequests + 2];
  bool isOutside = memory.isOutside(address, beats << beatShift);
  // Cycles of a request's beats; 0 if a beat needs more than one.
  Cycle each = RequestBytes >> beatShift, inTime = at + 1;
  if (isOutside)
    std::fill_n(ready, requests, at + 1);
  else
    inTime = memory.read(at, first, requests, ready, each);
  Cycle late = memory.stall(AxiInterface::Read, AxiMoment::Data, landed);

  Landing &landing = landings[landed++ % Landings];
  landing.beats = beats;
  landing.bytes = read.bytes;
  landing.bytes0 = std::min(read.bytes, beatBytes - low);
  landing.bytes1 = std::min(read.bytes - landing.bytes0, beatBytes);
  landing.countedBeats = landing.countedWrites = 0;
  auto answer = [&](uint32_t beat) {
    return ready[(offset + ((beat + 1) << beatShift) - 1) / RequestBytes] +
           late;
  };
  landing.first = std::max(lastBeat + 1, answer(0));
  landing.second =
      beats == 1 ? landing.first : std::max(landing.first + 1, answer(1));
  uint32_t place = read.spm & ~(beatBytes - 1);
  uint32_t bankBytes = sizes.bankBytes();

  // The last unit is what others may go on from.
  uint32_t unit = memory.unitBytes(), inUnit = unit >> beatShift;
  even.isKnown = unit != 0 && !isOutside && !read.isBad &&
                 ((uint32_t(read.dram) | read.bytes) & (unit - 1)) == 0;
  even.end = read.dram + read.bytes;
  uint32_t unitBeat = even.isKnown ? beats - inUnit : 0;
  even.answer = answer(unitBeat);

  // Most bursts go to one bank, and each request is there when its turn comes.
  bool isEven = (place & (bankBytes - 1)) + (beats << beatShift) <= bankBytes &&
                !sizes.isPast(place) &&
                inTime + late + (offset >> beatShift) <= landing.first;
  if (isEven) {
    uint32_t bank = sizes.bankOf(place);
    even.first = landing.first + unitBeat;
    even.second = even.first + 1;
    even.runs[0] = {even.first + 1, inUnit};
    even.runCount = 1;
    occupancy.mark(LandingLevel, bank, landing.first + 1, beats);
    even.last = landing.last = lastBeat = landing.first + beats - 1;
    lastMove = std::max(lastMove, lastBeat + 1);
    if (inError == ErrorCode::None)
      inError = isOutside    ? ErrorCode::AxiRead
                : read.isBad ? ErrorCode::Address
                             : ErrorCode::None;
    invalidate(LandingLevel, bank, landing.first + 1, now);
    return;
  }

  // A burst touches one bank, or two that follow each other.
  even.runCount = 0;
  struct {
    uint32_t bank;
    Cycle from;
  } touched[2];
  unsigned touchedCount = 0;
  bool isPast = false;
  Cycle next = lastBeat + 1; // a beat may come from here on
  for (uint32_t done = 0; done < beats;) {
    uint32_t room = (bankBytes - (place & (bankBytes - 1))) >> beatShift;
    uint32_t stop = std::min(beats, done + room);
    uint32_t bank = sizes.bankOf(place);
    bool isHere = !sizes.isPast(place);
    isPast |= !isHere;
    place = (place + ((stop - done) << beatShift)) & SpmMask;
    Cycle runFrom = std::max(next, answer(done));
    if (isHere)
      touched[touchedCount++] = {bank, runFrom + 1};
    next = runFrom;
    auto mark = [&] {
      if (!isHere || next == runFrom)
        return;
      uint32_t count = uint32_t(next - runFrom);
      occupancy.mark(LandingLevel, bank, runFrom + 1, count);
      // Of the last unit's beats.
      if (!even.isKnown || done <= unitBeat)
        return;
      uint32_t here = std::min(count, done - unitBeat);
      even.runs[even.runCount++] = {next + 1 - here, here};
    };
    // Beats of one request follow each other.
    while (done < stop) {
      uint32_t last = offset + ((done + 1) << beatShift) - 1;
      uint32_t here =
          ((RequestBytes - 1 - last % RequestBytes) >> beatShift) + 1;
      here = std::min(here, stop - done);
      Cycle from = ready[last / RequestBytes] + late;
      if (from > next) {
        mark();
        runFrom = next = from;
      }
      if (done <= unitBeat && unitBeat < done + here)
        even.first = next + (unitBeat - done);
      if (done <= unitBeat + 1 && unitBeat + 1 < done + here)
        even.second = next + (unitBeat + 1 - done);
      next += here;
      done += here;
    }
    mark();
  }
  even.last = landing.last = lastBeat = next - 1;
  lastMove = std::max(lastMove, next);
  even.isKnown &= !isPast;
  if (inError == ErrorCode::None) {
    if (isOutside)
      inError = ErrorCode::AxiRead;
    else if (isPast || read.isBad)
      inError = ErrorCode::Address;
  }
  for (unsigned i = 0; i < touchedCount; ++i)
    invalidate(LandingLevel, touched[i].bank, touched[i].from, now);
}

void Npu::endIn(Cycle at, ErrorCode error) {
  inEnds[(inFirst + inEnded++) % ListDepth] = {at, error};
}

/// An instruction without bursts ends when the earlier ones have landed.
void Npu::finishEmptyIn() {
  if (!inEmpty || readAt != Never)
    return;
  inEmpty = false;
  Cycle finish = std::max(inStart + 1, lastBeat + 3);
  endIn(finish + 1, in.error());
  units[DmaIn].readyFrom = finish + 1;
  dispatchAt = std::min(dispatchAt, units[DmaIn].ableFrom());
}

/// Counts the landing up to \p beats and \p writes of its beats.
void Npu::count(isa::DmaCounters &counters, const Landing &landing,
                uint32_t beats, uint32_t writes) const {
  auto bytes = [&](uint32_t count) {
    return count == landing.beats ? landing.bytes
           : count == 0           ? 0
           : count == 1           ? landing.bytes0
                                  : landing.bytes0 + landing.bytes1;
  };
  counters.beats += beats - landing.countedBeats;
  counters.bytes += bytes(beats) - bytes(landing.countedBeats);
  counters.bursts += beats == landing.beats && landing.countedBeats != beats;
  counters.spmAccesses +=
      uint64_t(writes - landing.countedWrites) * sizes.access64;
}

/// Gives the unit's tag what has landed up to \p upTo. Of a burst that is not
/// complete then only two beats can have come.
void Npu::settleIn(Cycle upTo) {
  isa::DmaCounters &counters = tally.of(DmaIn).dmaIn;
  for (; settled < landed; ++settled) {
    Landing &landing = landings[settled % Landings];
    auto arrived = [&](Cycle by) {
      if (landing.last <= by)
        return landing.beats;
      return uint32_t(landing.first <= by) + uint32_t(landing.second <= by);
    };
    uint32_t beats = arrived(upTo), writes = arrived(upTo - 1);
    count(counters, landing, beats, writes);
    landing.countedBeats = beats;
    landing.countedWrites = writes;
    if (writes < landing.beats)
      return;
  }
}

Cycle Npu::landingFinal(Cycle now) const {
  return std::max(now + 2, lastBeat + 2);
}

} // namespace dalbit::fast
