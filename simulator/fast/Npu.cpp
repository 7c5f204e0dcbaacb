// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/Npu.h"

#include <cstring>

namespace dalbit::fast {

using isa::ErrorCode;

namespace {

/// Cycles from the first write of a register to that of control.
constexpr Cycle RegisterWrites = 26;
constexpr Cycle ResetCycles = 5;
/// Cycles after an error in which what runs may end (rtl/sequencer/csr.sv).
constexpr Cycle DrainCycles = 4096;

} // namespace

Npu::Npu(const binary::Program &program, const target::Target &target,
         const verilated::MemorySystem &system, uint64_t capacity,
         Values &values)
    : sizes(target), code(decodeProgram(program.code)), values(values),
      memory(system, target.clockMhz, capacity), occupancy(sizes.banks + 2),
      nobody(sizes.banks + 2, 2 * Occupancy::MostAlone / 64),
      fetch(sizes, memory), matrix(sizes, occupancy, nobody),
      vector(sizes, occupancy, nobody) {
  spans.reserve(64);
}

void Npu::begin(const host::Start &start) {
  startAt = clock + RegisterWrites + 1;
  occupancy.retire(startAt);
  tally.begin();
  total = {};
  nextCheck = startAt + 1 + CheckCycles;
  lastProgress = -1;
  bound = start.bound;
  isEndless = false;
  stopFrom = haltAt = Never;
  failure = {};
  std::fill(std::begin(errorAt), std::end(errorAt), Never);
  firstError = Never;
  lastDone = lastMove = startAt;

  std::memset(semaphores, 0, sizeof semaphores);
  given = 0;
  upCount = idledCount = splitCount = 0;
  takenAt = -1;
  dispatchAt = Never;
  queued = 0;
  for (Dispatch &unit : units) {
    unit.head = unit.count = unit.first = unit.listed = unit.pushes = 0;
    unit.tookAt = -2;
    unit.readyFrom = unit.roomFrom = 0;
    unit.stallFrom = unit.busyFrom = Never;
    unit.idleFrom = startAt + 1;
    unit.issuedBefore = 0;
  }
  matrixAt = vectorAt = Never;
  matrixRuns = vectorRuns = false;

  fetch.begin(startAt, start.pc, uint32_t(code.size()),
              regionBases[unsigned(isa::Region::Code)]);
  std::memset(registers, 0, sizeof registers);
  std::copy(start.arguments.begin(), start.arguments.end(), registers + 1);
  std::memset(fields, 0, sizeof fields);
  tag = 0;
  depth = 0;
  queueStall = semaphoreStall = loadStall = executed = 0;
  scalarAt = Never;
  shown = start.pc;
  show(start.pc, startAt + 1);

  inActive = inEmpty = inShown = false;
  readAt = indexAt = Never;
  indexGrantAt = -1;
  landed = settled = 0;
  lastBeat = lastRead = -1;
  inFirst = inEnded = 0;
  inError = ErrorCode::None;
  inBanks[0] = inBanks[1] = 0;

  outActive = outEmpty = false;
  wordAt = writeAt = Never;
  outTaken = outRead = outSent = outAccepted = 0;
  lastData = lastAnswer = lastWrite = -1;
  outMark = false;
  marksIn = marksOut = 0;
  outError = ErrorCode::None;
  outFirst = outEnded = 0;
  outBanks[0] = outBanks[1] = 0;
  spans.clear();
}

/// The next cycle in which something is decided but for the sequencer,
/// addresses of DMA in, dispatchers and vector unit, checks left aside.
Cycle Npu::nextOfOthers() const {
  Cycle ends = std::min(inEnded ? inEnds[inFirst].at : Never,
                        outEnded ? outEnds[outFirst].at : Never);
  // In pairs, so that they do not wait for each other.
  Cycle bus = std::min(fetch.nextTake(), writeAt);
  Cycle unit = std::min(fetch.nextLook(), matrixAt);
  Cycle port = std::min(wordAt, std::min(indexAt, scalarAt));
  return std::min(std::min(bus, unit),
                  std::min(port, std::min(ends, firstError)));
}

/// A cycle before which the memory takes no address but those of DMA in, while
/// that has bursts left to issue; \p others is the next decision of all others.
Cycle Npu::nextForeignTake(Cycle others) const {
  // Addresses that are shown or nearly so: a look shows one in the next cycle,
  // the last word of a burst of DMA out three cycles before its address.
  Cycle first = std::min({fetch.nextTake(), fetch.nextLook() + 1, writeAt,
                          wordAt + 3, sequenceAt + 1});
  // Any decision may start DMA out, whose words are asked for three cycles
  // later, or let the sequencer go on from a semaphore or a load.
  if (units[DmaOut].count)
    first = std::min(first, others + 6);
  switch (mode) {
  case Mode::AwaitQueue: {
    // It goes on when the unit has taken one, as it cannot while it is busy.
    const Dispatch &unit = units[code[pc].unit];
    Cycle taken = others;
    if (unit.readyFrom == Never)
      taken = code[pc].unit == DmaIn    ? Never
              : code[pc].unit == DmaOut ? std::min(wordAt, writeAt)
              : code[pc].unit == Matrix ? matrixAt
                                        : vectorAt;
    return std::min(first, taken + 2);
  }
  case Mode::Run:
  case Mode::AwaitLine:
  case Mode::Ended:
    return first;
  default:
    return std::min(first, others + 1);
  }
}

void Npu::step(Cycle now) {
  occupancy.retire(now);
  if (wordAt == now)
    readWords(now);
  if (matrixAt == now && matrix.done() != now)
    advanceMatrix(now);
  if (vectorAt == now && vector.done() != now)
    advanceVector(now);

  while (inEnded && inEnds[inFirst].at == now) {
    Ending end = inEnds[inFirst];
    inFirst = (inFirst + 1) % ListDepth;
    --inEnded;
    done(DmaIn, now, end.error);
  }
  while (outEnded && outEnds[outFirst].at == now) {
    Ending end = outEnds[outFirst];
    outFirst = (outFirst + 1) % ListDepth;
    --outEnded;
    done(DmaOut, now, end.error);
  }
  if (matrixAt == now && matrix.done() == now)
    done(Matrix, now, matrix.error());
  if (vectorAt == now && vector.done() == now)
    done(Vector, now, vector.error());
  raise(now);

  if (dispatchAt <= now && now < stopFrom)
    dispatchAll(now);

  if (mode == Mode::Run && shownAt == now)
    fetch.setPc(pc + 1, now);
  bool busTaken = false;
  if (fetch.nextTake() == now) {
    Cycle arrival = fetch.take(now);
    lastMove = std::max(lastMove, arrival);
    busTaken = true;
    if (mode == Mode::AwaitLine)
      show(pc, lineFrom);
  }
  if (fetch.nextLook() == now)
    fetch.look(now);
  if (readAt == now) {
    if (busTaken)
      readAt = now + 1;
    else {
      if (landed - settled > Landings / 2)
        settleLanded(now);
      takeRead(now, now);
    }
    busTaken = true;
  }
  if (writeAt == now) {
    if (busTaken)
      writeAt = now + 1;
    else
      takeWrite(now);
  }
  if (sequenceAt == now)
    sequence(now);
  if (indexAt == now)
    takeIndex(now);
  if (scalarAt == now)
    scalarLoad(now);
  if (upCount | idledCount | splitCount || stopFrom != Never)
    endCycle(now);
}

/// step() where just dispatchers or the end of a vector instruction are due
/// before \p rest, which are two of three steps. False: it is not so.
bool Npu::stepShort(Cycle rest) {
  Cycle now = std::min(dispatchAt, vectorAt);
  // Where the sequencer waits for a semaphore, it looks whenever they do.
  if (now >= rest || mode == Mode::AwaitSemaphore)
    return false;
  if (vectorAt == now) {
    if (vector.done() != now || vector.error() != ErrorCode::None)
      return false;
    done(Vector, now, ErrorCode::None);
  }
  if (dispatchAt <= now) {
    occupancy.retire(now);
    dispatchAll(now);
  }
  if (upCount | idledCount | splitCount)
    endCycle(now);
  return true;
}

/// step() for the sequencer and the fetch alone, as long as nobody else decides
/// anything: before \p rest, and before what comes of it.
void Npu::runSequencer(Cycle rest) {
  do {
    Cycle now = sequenceAt;
    if (mode == Mode::Run && shownAt == now)
      fetch.setPc(pc + 1, now);
    if (fetch.nextLook() == now)
      fetch.look(now);
    sequence(now);
    if (upCount)
      endCycle(now);
    rest = std::min({rest, dispatchAt, fetch.nextLook(), fetch.nextTake(),
                     scalarAt, firstError});
  } while (sequenceAt < std::min(rest, nextCheck));
}

/// \p unit has an error in \p at, or if that is Never none yet.
void Npu::setError(unsigned unit, Cycle at, ErrorCode code, uint32_t place) {
  errorAt[unit] = at;
  errorCode[unit] = code;
  errorPc[unit] = place;
  firstError = *std::min_element(std::begin(errorAt), std::end(errorAt));
}

/// Errors of this cycle; the first one stops the program.
void Npu::raise(Cycle now) {
  if (firstError != now)
    return;
  for (unsigned unit = 0; unit <= Units; ++unit) {
    if (errorAt[unit] != now)
      continue;
    ErrorCode error = errorCode[unit];
    uint32_t place = errorPc[unit];
    setError(unit, Never);
    if (stopFrom != Never)
      continue;
    stopFrom = now + 1;
    failure.outcome = Outcome::Stopped;
    failure.error = error;
    failure.errorUnit = unit;
    failure.errorPc = place;
  }
}

/// Registers take what this cycle has decided.
void Npu::endCycle(Cycle now) {
  if (upCount) {
    constexpr uint32_t Most = (1u << isa::SemaphoreBits) - 1;
    for (unsigned i = 0; i < upCount; ++i) {
      given |= ups[i];
      for (uint32_t left = ups[i]; left; left &= left - 1) {
        uint8_t &count = semaphores[std::countr_zero(left)];
        count = uint8_t(std::min(count + 1u, Most));
      }
    }
    upCount = 0;
    dispatchAt = std::min(dispatchAt, now + 1);
  }
  for (unsigned i = 0; i < idledCount; ++i) {
    Dispatch &unit = units[idled[i]];
    if (unit.idleFrom == now + 1)
      unit.issuedBefore = issuingBefore(now + 1);
  }
  idledCount = 0;
  for (unsigned i = 0; i < splitCount; ++i) {
    Dispatch &unit = units[splits[i].unit];
    if (unit.stallFrom != now)
      continue;
    addSemStall(splits[i].unit, *splits[i].before, 1);
    unit.stallFrom = now + 1;
  }
  splitCount = 0;
  if (stopFrom == now + 1) {
    fetch.stop();
    mode = Mode::Ended;
    sequenceAt = scalarAt = dispatchAt = Never;
  }
  if (stopFrom != Never)
    dispatchAt = Never;
}

/// Issuing cycles from the start up to \p cycle, which is not counted.
uint64_t Npu::issuingBefore(Cycle cycle) const {
  Cycle end = std::min({cycle, haltAt == Never ? Never : haltAt + 1, stopFrom});
  Cycle ran = end - (startAt + 1);
  if (ran <= 0)
    return 0;
  Cycle stalled = Cycle(queueStall + semaphoreStall);
  if (mode == Mode::AwaitQueue || mode == Mode::AwaitSemaphore)
    stalled += std::max<Cycle>(0, end - stallFrom);
  return uint64_t(ran - stalled);
}

bool Npu::isIdle() const {
  for (const Dispatch &unit : units)
    if (unit.listed)
      return false;
  return !fetch.isWaiting();
}

bool Npu::isQueued() const {
  for (const Dispatch &unit : units)
    if (unit.count)
      return true;
  return false;
}

/// What the watchdog sees after the cycle before \p now. False: break off.
bool Npu::check(Cycle now) {
  bool moved = lastMove >= now - CheckCycles;
  // What runs moves, but for its last few cycles, which lastMove has.
  for (const Dispatch &unit : units)
    moved |= unit.listed != 0;
  if (lastProgress < 0 || moved)
    lastProgress = now;
  isEndless = executed > bound;
  return !isEndless && now - lastProgress < Patience;
}

RunEnd Npu::run(const host::Start &start,
                const std::array<uint64_t, isa::RegionCount> &regions) {
  std::copy(regions.begin(), regions.end(), regionBases.begin());
  begin(start);
  for (;;) {
    Cycle rest = nextOfOthers();
    if (stopFrom == Never && stepShort(std::min(std::min(rest, nextCheck),
                                                std::min(sequenceAt, readAt))))
      continue;
    rest = std::min(rest, std::min(dispatchAt, vectorAt));
    Cycle others = std::min(rest, sequenceAt);
    Cycle now = std::min(others, readAt);
    Cycle end = Never; // first cycle that is not run any more
    if (stopFrom != Never) {
      Cycle quiet =
          isIdle() ? std::max({stopFrom, lastDone + 1, fetch.lastArrival() + 1})
                   : Never;
      end = std::min(quiet, stopFrom + DrainCycles) + 1;
    } else if (now == Never && haltAt != Never && isIdle() && !isQueued()) {
      end = std::max({haltAt + 1, lastDone + 1, fetch.lastArrival() + 1}) + 1;
    }
    if (std::min(now, end) >= nextCheck && nextCheck <= end) {
      bool goesOn = check(nextCheck);
      if (!goesOn) {
        failure.outcome = isEndless ? Outcome::Endless : Outcome::Deadlock;
        failure.cycle = nextCheck;
        break;
      }
      nextCheck += CheckCycles;
      continue;
    }
    if (end <= now) {
      failure.cycle = end;
      break;
    }
    if (stopFrom == Never) {
      if (sequenceAt < std::min({rest, readAt, nextCheck})) {
        runSequencer(std::min(rest, readAt));
        continue;
      }
      Cycle horizon = inActive && readAt != Never && !in.gathers()
                          ? nextForeignTake(others)
                          : others;
      if (readAt < horizon) {
        takeReads(others, horizon);
        continue;
      }
    }
    step(now);
  }
  RunEnd result = failure;
  finish(result);
  return result;
}

void Npu::finish(RunEnd &end) {
  clock = end.cycle;
  if (mode != Mode::AwaitLine && shownAt <= end.cycle)
    shown = pc;
  memory.advance(clock);
  if (end.outcome != Outcome::Done) {
    clock += ResetCycles;
    return;
  }
  settleIn(end.cycle);
  settleOut(end.cycle);
  // Idle to the end.
  uint64_t issued = issuingBefore(end.cycle);
  for (unsigned unit = 0; unit < Units; ++unit)
    addSeqWait(UnitNumber(unit), issued - units[unit].issuedBefore);
  total.cycles = uint64_t(end.cycle - startAt);
  isa::SequencerCounters &counted = total.sequencer;
  counted.instructions = executed;
  counted.busy = uint64_t(haltAt - startAt);
  counted.queueStall = queueStall;
  counted.semStall = semaphoreStall;
  counted.fetchStall =
      counted.busy - executed - queueStall - semaphoreStall - loadStall;
  counted.fetchBursts = fetch.bursts();
  counted.fetchBytes = fetch.bursts() * LineBytes;
}

} // namespace dalbit::fast
