// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/VectorTime.h"

namespace dalbit::fast {

using isa::ErrorCode;

void VectorTime::choose(const uint32_t *configuration, uint64_t sum,
                        uint32_t go) {
  VectorPlan &known = plans.of(configuration, sum, go);
  plan = &known;
  if (known.isMade)
    return;
  known.make(sizes);
  if (known.alone.done != Never)
    return;
  VectorShape shape;
  if (!known.hasShape(sizes, shape)) {
    known.alone = findAlone();
    return;
  }
  uint32_t words[sizeof shape / sizeof(uint32_t)];
  std::memcpy(words, &shape, sizeof words);
  ShapePlan &alike = shapes.of(words, shapes.sumOf(words), go);
  if (!alike.isMade)
    alike = {shape, true, findAlone()};
  known.alone = alike.alone;
}

/// What the instruction takes on banks that nobody else asks.
VectorPlan::Alone VectorTime::findAlone() {
  begin(0);
  occupancy = &nobody;
  advance(Occupancy::MostAlone);
  occupancy = &all;
  if (now.outside != Never)
    return {};
  return {now.done, now.last, now.moved};
}

void VectorTime::begin(Cycle start) {
  marks = isAlone = false;
  now = {};
  now.until = start + 2;
  now.last = start + 1;
  now.in = now.out = {plan->rows0 - 1, plan->rows1 - 1, plan->cols};
  for (unsigned port = 0; port < VectorPlan::Ports; ++port) {
    const VectorPlan::Stream &stream = plan->streams[port];
    Walk &walk = now.walks[port];
    walk.address = walk.row = walk.outer = walk.word = stream.base;
    ask(VectorPlan::Port(port), port != Out && stream.isUsed);
  }
  keep();
}

bool VectorTime::runAlone(Cycle start, bool mayMeet) {
  const VectorPlan::Alone &alone = plan->alone;
  if (alone.done == Never)
    return false;
  if (!plan->asksNobody &&
      (mayMeet ||
       !all.isFree<VectorLevel>(plan->bankMask, start + 2, start + alone.done)))
    return false;
  marks = false;
  isAlone = true;
  startAt = start;
  now.done = start + alone.done;
  now.last = start + alone.last;
  now.moved = alone.moved ? start + alone.moved : 0;
  now.until = now.outside = Never;
  return true;
}

/// Goes to the next beat. Says whether that one is in another word.
inline bool VectorTime::step(const VectorPlan::Stream &stream, Walk &walk,
                             bool isRowEnd, bool isInnerEnd) const {
  uint32_t low = walk.address & (stream.wordBytes - 1);
  uint32_t next = low + stream.beatBytes;
  bool carries = next & stream.wordBytes;
  if (!isRowEnd) {
    uint32_t high = walk.address - low + (carries ? stream.wordStep : 0);
    walk.address = (high | (next & (stream.wordBytes - 1))) & stream.mask;
  } else if (!isInnerEnd) {
    walk.address = walk.row = (walk.row + stream.stride0) & stream.mask;
  } else {
    walk.address = walk.row = walk.outer =
        (walk.outer + stream.stride1) & stream.mask;
  }
  return isRowEnd || carries;
}

inline void VectorTime::goOn(Place &place) const {
  if (place.left > plan->beatCols) {
    place.left -= plan->beatCols;
    return;
  }
  place.left = plan->cols;
  place.inner = place.inner ? place.inner - 1 : plan->rows0 - 1;
}

inline uint32_t VectorTime::bankOf(VectorPlan::Port port,
                                   uint32_t address) const {
  return port == Acc ? sizes.halfOf(address / plan->streams[Acc].wordBytes)
                     : sizes.bankOf(address);
}

/// Grants all words that are asked for from \p from on, as far as that is
/// before \p horizon; false if one is left.
inline bool VectorTime::grant(Cycle from, Cycle horizon, Cycle &latest,
                              Cycle &outside) {
  uint32_t bank[VectorPlan::Ports] = {~0u, ~0u, ~0u, ~0u, ~0u};
  bool isComplete = true;
  for (uint32_t left = now.asking; left; left &= left - 1) {
    auto port = unsigned(std::countr_zero(left));
    Cycle &at = now.granted[port];
    const Walk &walk = now.walks[port];
    if (port != Acc && sizes.isPast(walk.word)) {
      at = from;
      outside = std::min(outside, from);
      continue;
    }
    bank[port] = bankOf(VectorPlan::Port(port), walk.word);
    // What was decided up to kept() stays; before it there was nothing else.
    if (at == Never || at >= kept.until) {
      at = Never;
      Cycle earliest = std::max(from, kept.until);
      for (unsigned before = 0; before < port; ++before)
        if (bank[before] == bank[port])
          earliest = std::max(earliest, now.granted[before] + 1);
      if (earliest < horizon)
        at = occupancy->nextFree<VectorLevel>(bank[port], earliest);
    }
    if (at >= horizon) {
      at = Never;
      isComplete = false;
      continue;
    }
    latest = std::max(latest, at);
  }
  return isComplete;
}

/// Leaves marks of what is granted for the ports behind the vector unit's.
void VectorTime::mark() {
  for (unsigned port = 0; port < Acc; ++port)
    if (now.granted[port] != Never && !sizes.isPast(now.walks[port].word))
      occupancy->mark(VectorLevel, sizes.bankOf(now.walks[port].word),
                      now.granted[port]);
}

void VectorTime::advance(Cycle horizon) {
  if (now.done != Never)
    return;
  for (;;) {
    Cycle from = now.last + 1, latest = from, outside = Never;
    if (from >= horizon) {
      now.until = horizon;
      return;
    }
    if (now.asking) {
      bool isComplete = grant(from, horizon, latest, outside);
      if (marks)
        mark();
      if (!isComplete) {
        now.until = horizon;
        return;
      }
      now.outside = std::min(now.outside, outside);
      for (uint32_t left = now.asking; left; left &= left - 1) {
        Cycle &granted = now.granted[std::countr_zero(left)];
        now.moved = std::max(now.moved, granted);
        granted = Never;
      }
    }
    now.last = latest;
    uint64_t beat = now.advances++;
    if (beat > plan->lastAdvance) {
      // The pipeline was empty; its last write has landed.
      now.done = latest + 1;
      now.until = Never;
      return;
    }
    // Lanes work, or a row's scalar moves.
    if (plan->isTable    ? false
        : plan->isStream ? beat > 0 && beat < plan->beats + 11
                         : beat > 1)
      now.moved = latest;
    if (beat < plan->beats) {
      bool isRowEnd = now.in.left <= plan->beatCols;
      bool isInnerEnd = now.in.inner == 0;
      bool hasMore = beat + 1 < plan->beats;
      for (unsigned port = C; port < VectorPlan::Ports; ++port) {
        if (!plan->streams[port].isUsed)
          continue;
        Walk &walk = now.walks[port];
        bool begins = step(plan->streams[port], walk, isRowEnd, isInnerEnd);
        ask(VectorPlan::Port(port), hasMore && begins);
        walk.word = walk.address;
      }
      goOn(now.in);
    }
    if (!plan->streams[Out].isUsed)
      continue;
    Walk &out = now.walks[Out];
    ask(Out, false);
    if (beat < plan->outBehind || beat - plan->outBehind >= plan->beats)
      continue;
    out.word = out.address;
    ask(Out, step(plan->streams[Out], out, now.out.left <= plan->beatCols,
                  now.out.inner == 0));
    goOn(now.out);
  }
}

void VectorTime::restore() {
  if (isAlone)
    return begin(startAt);
  if (marks)
    occupancy->clear(VectorLevel, kept.until);
  now = kept;
}

} // namespace dalbit::fast
