// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/FetchBuffer.h"

namespace dalbit::fast {

using verilated::AxiInterface;
using verilated::AxiMoment;

void FetchBuffer::begin(Cycle start, uint32_t entry, uint32_t words,
                        uint64_t address) {
  base = address / 8;
  codeWords = words;
  lastLine = (base + codeWords - 1) / LineInstructions;
  for (Line &slot : lines)
    slot = {};
  line = lineOf(entry);
  isPast = entry >= codeWords;
  isAgain = true;
  isBlocked = false;
  lookAt = start + 1;
  takeAt = Never;
  firstPending = pending = booked = 0;
  taken = 0;
}

void FetchBuffer::look(Cycle now) {
  while (booked && arrivals[firstPending % FetchPending] < now) {
    ++firstPending;
    --pending;
    --booked;
  }
  uint64_t number = isAgain ? line : ahead;
  isBlocked = false;
  lookAt = Never;
  if (isPast || number > lastLine || number > line + FetchAhead)
    return;
  isAgain = false;
  ahead = number;
  Line &slot = lines[number % FetchLines];
  bool isKnown = slot.isAsked && slot.number == number;
  if (isKnown) {
    ahead = number + 1;
    lookAt = now + 1;
    return;
  }
  bool isComing = slot.isAsked && slot.arrived >= now;
  if (pending == FetchPending || isComing || takeAt != Never) {
    // Goes on when a line arrives or the address is taken.
    isBlocked = true;
    if (booked)
      lookAt = arrivals[firstPending % FetchPending] + 1;
    return;
  }
  slot = {number, true, false, Never};
  asked = uint32_t(number % FetchLines);
  ++pending;
  ahead = number + 1;
  takeAt =
      now + 1 + memory.stall(AxiInterface::Fetch, AxiMoment::Accept, taken);
  lookAt = now + 1;
}

Cycle FetchBuffer::take(Cycle now) {
  Line &slot = lines[asked];
  uint64_t address = slot.number * LineBytes;
  uint32_t beats = LineBytes / sizes.axiBytes;
  Cycle ready[LineBytes / MemoryPort::RequestBytes];
  Cycle beat = latestBeat;
  Cycle late = memory.stall(AxiInterface::Fetch, AxiMoment::Data, taken);
  slot.isBad = memory.isOutside(address, LineBytes);
  if (slot.isBad) {
    beat = std::max(beat + 1, now + 1 + late) + beats - 1;
  } else {
    memory.read(now, address, LineBytes / MemoryPort::RequestBytes, ready, 0);
    for (uint32_t i = 0; i < beats; ++i)
      beat = std::max(
          beat + 1,
          late +
              ready[((i + 1) * sizes.axiBytes - 1) / MemoryPort::RequestBytes]);
  }
  latestBeat = slot.arrived = beat;
  arrivals[(firstPending + booked) % FetchPending] = beat;
  ++booked;
  ++taken;
  takeAt = Never;
  if (isBlocked)
    lookAt = now;
  return beat;
}

Cycle FetchBuffer::shownFrom(uint32_t pc, Cycle from) const {
  if (pc >= codeWords)
    return from + 1;
  uint64_t number = lineOf(pc);
  const Line &slot = lines[number % FetchLines];
  if (!slot.isAsked || slot.number != number || slot.arrived == Never)
    return Never;
  return std::max(from + 1, slot.arrived + 2);
}

bool FetchBuffer::isFault(uint32_t pc) const {
  return pc >= codeWords || lines[lineOf(pc) % FetchLines].isBad;
}

} // namespace dalbit::fast
