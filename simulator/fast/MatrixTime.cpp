// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/MatrixTime.h"

namespace dalbit::fast {

using isa::ErrorCode;
using isa::MatrixWForm;

void MatrixTime::choose(const uint32_t *configuration, uint64_t sum,
                        uint32_t go) {
  MatrixPlan &known = plans.of(configuration, sum, go);
  plan = &known;
  if (known.isMade)
    return;
  known.make(sizes);
  if (known.alone.done != Never)
    return;
  // What it takes on banks that nobody else asks.
  begin(0);
  occupancy = &nobody;
  advance(Occupancy::MostAlone);
  if (now.outside == Never)
    known.alone = {now.done, now.lastFire};
  restore();
  occupancy = &all;
}

void MatrixTime::begin(Cycle start) {
  const isa::MatrixConfiguration &c = plan->c;
  isAlone = false;
  now = {};
  now.firstRequest = now.until = start + 2;
  now.lastGrant = now.lastAsk = start + 1;
  now.lastFire = start;
  now.header = c.wForm == MatrixWForm::W4;
  now.address = now.tileAddress = now.columnAddress = c.wAddr;
  now.askAddress = now.askTileAddress = c.aAddr;
  now.entry = now.tileEntry = c.accAddr;
  keep();
}

bool MatrixTime::runAlone(Cycle start, bool mayMeet) {
  const MatrixPlan::Alone &alone = plan->alone;
  if (alone.done == Never)
    return false;
  if (!plan->isEmpty &&
      (mayMeet ||
       !all.isFree<FillLevel>(plan->bankMask, start + 2, start + alone.done)))
    return false;
  isAlone = true;
  startAt = start;
  now.done = start + alone.done;
  now.lastFire = plan->isEmpty ? 0 : start + alone.lastFire;
  now.lastGrant = now.lastAsk = 0;
  now.until = now.outside = Never;
  return true;
}

/// How many words from \p address on, \p step apart, are in the same bank, at
/// most \p most.
uint32_t MatrixTime::runInBank(uint32_t address, uint32_t step,
                               uint32_t most) const {
  uint64_t end = (uint64_t(sizes.bankOf(address)) + 1) << sizes.bankShift;
  if (address + uint64_t(step) * (most - 1) < end)
    return most;
  return uint32_t((end - 1 - address) / step) + 1;
}

/// Fetches words while a bank of registers is free. Says whether it has done
/// anything.
bool MatrixTime::fill(Cycle horizon) {
  bool did = false;
  while (now.tile < plan->tiles) {
    // What was not decided up to kept() is not before it.
    Cycle request = std::max(now.lastGrant + 1, kept.until);
    if (now.word == 0 && now.tile >= 2) {
      // Its registers still belong to the tile two before.
      if (now.fireTile + 1 < now.tile)
        return did;
      request = std::max(request, now.released[(now.tile - 2) % 4] + 1);
    }
    uint32_t count = plan->words(now.tileN, now.tileK);
    uint32_t left = now.header ? 1 : count - now.word;
    uint32_t step = plan->wordStep;
    uint32_t run;
    Cycle grant = request;
    if (sizes.isPast(now.address)) {
      if (request >= horizon)
        return did;
      now.outside = std::min(now.outside, request);
      run = 1;
    } else {
      uint32_t bank = sizes.bankOf(now.address);
      grant = occupancy->nextFree<FillLevel>(bank, request);
      if (grant >= horizon)
        return did;
      run = left == 1 ? 1 : runInBank(now.address, step, left);
      run = uint32_t(std::min<Cycle>(run, horizon - grant));
      run = occupancy->freeRun<FillLevel>(bank, grant, run);
      occupancy->mark(FillLevel, bank, grant, run);
    }
    did = true;
    now.lastGrant = grant + run - 1;
    now.address = (now.address + step * run) & SpmMask;
    if (now.header) {
      now.header = false;
      continue;
    }
    now.word += run;
    if (now.word == count)
      endTile();
  }
  return did;
}

/// The last word of the tile is granted: where the next one begins
/// (rtl/matrix/weight_fetch.sv).
void MatrixTime::endTile() {
  now.filled[now.tile % 4] = now.lastGrant;
  ++now.tile;
  bool isLastK = now.tileK + 1 == plan->tilesK;
  bool isGroupEnd = isLastK || now.group + 1 == plan->groupTiles;
  uint32_t fetched = now.word * sizes.portBytes;
  uint32_t before = now.address - (plan->isPacked ? fetched : 0);
  switch (plan->c.wForm) {
  case MatrixWForm::W8:
    now.address = before + sizes.n * sizes.k;
    break;
  case MatrixWForm::W4: {
    uint32_t codes = sizes.n * sizes.k / 2;
    now.address = before + codes;
    if (isLastK)
      now.address += (plan->groupTiles - 1 - now.group) * codes;
    break;
  }
  case MatrixWForm::Rows:
    if (isLastK)
      now.tileAddress = now.columnAddress += plan->c.wRowStride * sizes.n;
    else
      now.tileAddress += sizes.k;
    now.address = now.tileAddress;
    break;
  case MatrixWForm::Columns:
    // Within an n-tile the lanes go on downwards.
    if (isLastK)
      now.address = now.columnAddress += sizes.n;
    break;
  }
  now.address &= SpmMask;
  now.tileAddress &= SpmMask;
  now.columnAddress &= SpmMask;
  if (isGroupEnd) {
    now.group = 0;
    uint32_t slots = sizes.portBytes / sizes.n;
    now.slot = now.nextSlot;
    now.header = plan->c.wForm == MatrixWForm::W4 && now.nextSlot % slots == 0;
    ++now.nextSlot;
  } else {
    ++now.group;
  }
  now.word = 0;
  now.tileK = isLastK ? 0 : now.tileK + 1;
  now.tileN += isLastK;
}

/// Asks for the next row; four are kept ahead.
bool MatrixTime::ask(Cycle horizon) {
  if (now.asked == plan->rows || now.asked - now.fired == 4)
    return false;
  Cycle request = std::max(now.lastAsk + 1, kept.until);
  if (now.asked >= 4)
    request = std::max(request, now.fires[now.asked % 4] + 1);
  Cycle grant = request;
  if (sizes.isPast(now.askAddress)) {
    if (request >= horizon)
      return false;
    now.outside = std::min(now.outside, request);
  } else {
    uint32_t bank = sizes.bankOf(now.askAddress);
    grant = occupancy->nextFree<ActLevel>(bank, request);
    if (grant >= horizon)
      return false;
    occupancy->mark(ActLevel, bank, grant);
  }
  now.lastAsk = now.asks[now.asked % 4] = grant;
  ++now.asked;
  if (++now.askRow < plan->c.rows) {
    now.askAddress = (now.askAddress + plan->c.aRowStride) & SpmMask;
    return true;
  }
  now.askRow = 0;
  bool isLastK = now.askK + 1 == plan->tilesK;
  now.askK = isLastK ? 0 : now.askK + 1;
  now.askTileAddress =
      isLastK ? plan->c.aAddr : (now.askTileAddress + sizes.k) & SpmMask;
  now.askAddress = now.askTileAddress;
  return true;
}

/// Lets plan->rows meet their plan->tiles as far as both are there.
bool MatrixTime::fire(Cycle horizon) {
  bool did = false;
  while (now.fired < now.asked && now.fireTile < now.tile) {
    Cycle at =
        std::max(now.asks[now.fired % 4], now.filled[now.fireTile % 4]) + 2;
    at = std::max(at, now.lastFire + (plan->c.rows == 1 ? 2 : 1));
    if (at >= horizon)
      return did;
    bool clears =
        now.fireK == 0 && plan->c.accumulate == isa::MatrixAccumulate::Clear;
    if (!clears)
      occupancy->mark(ActLevel, sizes.halfOf(now.entry), at);
    now.lastFire = now.fires[now.fired % 4] = at;
    ++now.fired;
    did = true;
    ++now.entry;
    if (++now.fireRow < plan->c.rows)
      continue;
    now.fireRow = 0;
    now.released[now.fireTile % 4] = at;
    ++now.fireTile;
    bool isLastK = now.fireK + 1 == plan->tilesK;
    now.fireK = isLastK ? 0 : now.fireK + 1;
    if (isLastK)
      now.tileEntry += plan->c.accStride;
    now.entry = now.tileEntry;
    return true; // a bank of registers is free: the fill goes first
  }
  return did;
}

void MatrixTime::advance(Cycle horizon) {
  if (now.done != Never)
    return;
  // A row is asked for only when all fires that are known have been decided
  // and what they release is being filled: both may go before it.
  for (;;) {
    bool did = fill(horizon);
    if (fire(horizon)) {
      if (now.fired < plan->rows)
        continue;
      now.done = now.lastFire + 2;
      now.until = Never;
      return;
    }
    did |= ask(horizon);
    if (!did)
      break;
  }
  now.until = horizon;
}

void MatrixTime::restore() {
  if (isAlone)
    return begin(startAt);
  occupancy->clear(FillLevel, kept.until);
  occupancy->clear(ActLevel, kept.until);
  now = kept;
}

} // namespace dalbit::fast
