// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Npu.h: the dispatchers, the semaphores they take, and matrix and vector unit.

#include "simulator/fast/Npu.h"

#include <cstring>

namespace dalbit::fast {

using isa::ErrorCode;

// ---- what the dispatchers count

/// Where \p unit counts what happens in the cycle at hand: a tag that changes
/// in it counts from the next one on.
isa::Counters &Npu::countersOf(UnitNumber unit) {
  for (unsigned i = 0; i < splitCount; ++i)
    if (splits[i].unit == unit)
      return *splits[i].before;
  return tally.of(unit);
}

void Npu::addBusy(UnitNumber unit, uint64_t cycles) {
  isa::Counters &counters = tally.of(unit);
  (unit == DmaIn    ? counters.dmaIn.busy
   : unit == DmaOut ? counters.dmaOut.busy
   : unit == Matrix ? counters.matrix.busy
                    : counters.vector.busy) += cycles;
}

void Npu::addSemStall(UnitNumber unit, isa::Counters &counters,
                      uint64_t cycles) {
  (unit == DmaIn    ? counters.dmaIn.semStall
   : unit == DmaOut ? counters.dmaOut.semStall
   : unit == Matrix ? counters.matrix.semStall
                    : counters.vector.semStall) += cycles;
}

void Npu::addSeqWait(UnitNumber unit, uint64_t cycles) {
  isa::Counters &counters = tally.of(unit);
  (unit == DmaIn    ? counters.dmaIn.seqWait
   : unit == DmaOut ? counters.dmaOut.seqWait
   : unit == Matrix ? counters.matrix.seqWait
                    : counters.vector.seqWait) += cycles;
}

// ---- go, take, done

void Npu::push(unsigned number, const CodeWord &word, Cycle now) {
  Dispatch &unit = units[number];
  if (unit.count == 0) {
    unit.headFrom = now + 1;
    if (unit.idleFrom <= now)
      addSeqWait(UnitNumber(number),
                 issuingBefore(now + 1) - unit.issuedBefore);
  }
  Note &note = unit.queue[(unit.head + unit.count) % isa::QueueDepth];
  note = {pc, tag, word.wait, word.signal,
          uint16_t(unit.pushes % Dispatch::Configs)};
  note.go = word.imm;
  if (number == Matrix)
    note.sum = matrix.expect(fields[number], note.go);
  if (number == Vector)
    note.sum = vector.expect(fields[number], note.go);
  std::memcpy(unit.configs[note.config], fields[number],
              ConfigurationBytes[number]);
  ++unit.pushes;
  ++unit.count;
  queued |= 1u << number;
  unit.idleFrom = Never;
  dispatchAt = std::min(dispatchAt, std::max(unit.ableFrom(), now + 1));
}

void Npu::takeSemaphores(uint32_t mask) {
  for (; mask; mask &= mask - 1) {
    unsigned s = unsigned(std::countr_zero(mask));
    if (--semaphores[s] == 0)
      given &= ~(1u << s);
  }
}

/// Who may start or wait no longer; units in order, the sequencer last.
void Npu::dispatchAll(Cycle now) {
  dispatchAt = Never;
  uint32_t ready = given, left = ready;
  takenAt = now;
  takenMask = 0;
  for (uint32_t some = queued; some; some &= some - 1) {
    auto number = unsigned(std::countr_zero(some));
    Dispatch &unit = units[number];
    Cycle able = unit.ableFrom();
    if (able > now) {
      dispatchAt = std::min(dispatchAt, able);
      continue;
    }
    uint32_t need = unit.front().wait;
    if (need & ~left) {
      unit.stallFrom = std::min(unit.stallFrom, now);
      if ((need & ~ready) == 0) // another one has just taken it
        dispatchAt = now + 1;
      continue;
    }
    left &= ~need;
    takenMask |= need;
    takeSemaphores(need);
    take(number, now);
    dispatchAt = std::min(dispatchAt, std::max(unit.ableFrom(), now + 1));
  }
  if (mode == Mode::AwaitSemaphore)
    sequenceAt = now;
}

void Npu::take(unsigned number, Cycle now) {
  Dispatch &unit = units[number];
  UnitNumber name = UnitNumber(number);
  Note note = unit.front();
  if (unit.stallFrom != Never) {
    addSemStall(name, tally.of(name), uint64_t(now - unit.stallFrom));
    unit.stallFrom = Never;
  }
  if (mode == Mode::AwaitQueue && code[pc].unit == number &&
      unit.count == isa::QueueDepth)
    sequenceAt = now + 1;
  unit.head = (unit.head + 1) % isa::QueueDepth;
  if (--unit.count == 0)
    queued &= ~(1u << number);
  unit.tookAt = now;
  unit.headFrom = now + 1;
  if (unit.listed == 0) {
    retag(name, note.tag, now);
    unit.busyFrom = now + 1;
  }
  unit.list[(unit.first + unit.listed) % ListDepth] = note;
  ++unit.listed;
  unit.readyFrom = Never;
  const uint32_t *config = unit.configs[note.config];
  Cycle start = now + 1;
  switch (name) {
  case DmaIn:
    beginIn(start, config);
    break;
  case DmaOut:
    beginOut(start, config);
    break;
  case Matrix:
    matrix.choose(config, note.sum, note.go);
    matrixRuns = true;
    if (matrix.runAlone(start, meetsDma(matrix) || unitsMeet())) {
      matrixAt = matrix.done();
      break;
    }
    matrix.begin(start);
    advanceMatrix(now);
    if (unitsMeet() && vector.used() >= start + 2) {
      vector.restore();
      advanceVector(now);
    }
    break;
  case Vector: {
    vector.choose(config, note.sum, note.go);
    vectorRuns = true;
    bool mayMeet = unitsMeet();
    if (mayMeet)
      markMatrix(now);
    if (vector.runAlone(start, mayMeet || meetsDma(vector))) {
      vectorAt = vector.done();
      break;
    }
    vector.begin(start);
    advanceVector(now);
    break;
  }
  default:
    break;
  }
}

void Npu::retag(UnitNumber unit, uint32_t newTag, Cycle now) {
  if (unit == DmaIn && tally.tag(unit) != newTag)
    settleIn(now);
  if (unit == DmaOut && tally.tag(unit) != newTag)
    settleOut(now);
  tally.retag(unit, newTag, now + 1 - startAt);
}

/// done_o of the oldest instruction is in \p now.
void Npu::done(UnitNumber name, Cycle now, ErrorCode error) {
  Dispatch &unit = units[name];
  Note note = unit.oldest();
  if (error != ErrorCode::None) {
    setError(name, now, error, note.pc);
  }
  if (name == Matrix) {
    add(tally.of(name).matrix, matrix.counts());
    lastMove = std::max(lastMove, matrix.moved());
    matrixRuns = false;
    matrixAt = Never;
    unit.readyFrom = now;
  } else if (name == Vector) {
    add(tally.of(name).vector, vector.counts());
    lastMove = std::max(lastMove, vector.moved());
    vectorRuns = false;
    vectorAt = Never;
    unit.readyFrom = now;
  }
  if (error == ErrorCode::None)
    values.execute(name, unit.configs[note.config]);
  if (note.signal)
    signal(note.signal);
  lastDone = std::max(lastDone, now);
  if (unit.listed == ListDepth)
    unit.roomFrom = now + 1;
  unit.first = (unit.first + 1) % ListDepth;
  --unit.listed;
  if (unit.listed == 0) {
    addBusy(name, uint64_t(now + 1 - unit.busyFrom));
    unit.busyFrom = Never;
    if (unit.count == 0) {
      unit.idleFrom = now + 1;
      idled[idledCount++] = name;
    }
  } else if (unit.oldest().tag != tally.tag(name)) {
    addBusy(name, uint64_t(now + 1 - unit.busyFrom));
    unit.busyFrom = now + 1;
    if (unit.stallFrom != Never) {
      addSemStall(name, tally.of(name), uint64_t(now - unit.stallFrom));
      unit.stallFrom = now;
    }
    // Whether this cycle is a stall is not known yet; it is the old tag's.
    splits[splitCount++] = {name, &tally.of(name)};
    retag(name, unit.oldest().tag, now);
  }
  dispatchAt = std::min(dispatchAt, std::max(unit.ableFrom(), now));
}

// ---- running ahead

bool Npu::meets(const uint64_t (&mask)[2], const MatrixTime &unit) const {
  return (mask[0] & unit.banks(0)) || (mask[1] & unit.banks(1));
}

bool Npu::meets(const uint64_t (&mask)[2], const VectorTime &unit) const {
  return (mask[0] & unit.banks(0)) || (mask[1] & unit.banks(1));
}

/// Whether both units run and may ask the same bank.
bool Npu::unitsMeet() const {
  uint64_t banks[2] = {matrix.banks(0), matrix.banks(1)};
  return matrixRuns && vectorRuns && meets(banks, vector);
}

/// Whether a DMA that is asking may take a bank of \p unit: then it is not
/// worth while to run that alone.
template <typename Unit> bool Npu::meetsDma(const Unit &unit) const {
  return (inActive && meets(inBanks, unit)) ||
         (wordAt != Never && meets(outBanks, unit));
}

/// A port behind the matrix unit's looks at one of its banks.
void Npu::markMatrix(Cycle now) {
  if (matrix.leavesMarks())
    return;
  matrix.restore();
  advanceMatrix(now);
}

void Npu::advanceMatrix(Cycle now) {
  // What came before is final, also where a guess beyond it was dropped.
  if (matrix.until() <= now) {
    matrix.advance(now);
    matrix.keep();
  }
  Cycle horizon = now + LookAhead;
  if (inActive && meets(inBanks, matrix))
    horizon = std::min(horizon, landingFinal(now));
  if (wordAt != Never && meets(outBanks, matrix))
    horizon = std::min(horizon, std::max(wordAt, now + 1));
  matrix.advance(std::max(horizon, matrix.until()));
  matrixAt = std::min(matrix.done(), matrix.until());
  if (stopFrom == Never && matrix.outside() != Never)
    setError(Matrix, matrix.outside(), ErrorCode::Address,
             units[Matrix].oldest().pc);
}

void Npu::advanceVector(Cycle now) {
  if (vector.until() <= now) {
    vector.advance(now);
    vector.keep();
  }
  Cycle horizon = now + LookAhead;
  if (inActive && meets(inBanks, vector))
    horizon = std::min(horizon, landingFinal(now));
  if (wordAt != Never && meets(outBanks, vector))
    horizon = std::min(horizon, std::max(wordAt, now + 1));
  if (unitsMeet())
    horizon = std::min(horizon, matrix.until());
  vector.advance(std::max(horizon, vector.until()));
  vectorAt = std::min(vector.done(), vector.until());
  if (stopFrom == Never && vector.outside() != Never)
    setError(Vector, vector.outside(), ErrorCode::Address,
             units[Vector].oldest().pc);
}

/// A port of \p level has taken cycles of \p bank from \p from on: what comes
/// after it and has been run past that is run again.
void Npu::invalidate(Level level, uint32_t bank, Cycle from, Cycle now) {
  uint64_t mask[2] = {};
  mask[bank / 64] = uint64_t(1) << (bank % 64);
  if (level < FillLevel && matrixRuns && meets(mask, matrix) &&
      matrix.used() >= from) {
    matrix.restore();
    setError(Matrix, Never);
    advanceMatrix(now);
    if (unitsMeet() && vector.used() >= from) {
      vector.restore();
      setError(Vector, Never);
      advanceVector(now);
      return;
    }
  }
  if (vectorRuns && meets(mask, vector) && vector.used() >= from) {
    vector.restore();
    setError(Vector, Never);
    advanceVector(now);
  }
}

/// Whether the ports behind the vector unit's get \p bank in \p now.
bool Npu::isBankFree(uint32_t bank, Cycle now) {
  uint64_t mask[2] = {};
  mask[bank / 64] = uint64_t(1) << (bank % 64);
  if (matrixRuns && meets(mask, matrix))
    markMatrix(now);
  if (vectorRuns && meets(mask, vector) && !vector.leavesMarks()) {
    vector.restore();
    vector.leaveMarks();
    advanceVector(now);
  }
  return occupancy.nextFree<Levels>(bank, now) == now;
}

} // namespace dalbit::fast
