// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/MatrixTime.h"

namespace dalbit::fast {

using isa::ErrorCode;
using isa::MatrixWForm;

namespace {

bool isPacked(MatrixWForm form) {
  return form == MatrixWForm::W8 || form == MatrixWForm::W4;
}

} // namespace

/// rtl/matrix/matrix_check.sv.
ErrorCode MatrixTime::check(const isa::MatrixConfiguration &c) const {
  auto off = [](uint32_t bytes, uint32_t unit) {
    return (bytes & (unit - 1)) != 0;
  };
  uint32_t group = unsigned(c.wGroup);
  if (c.wForm == MatrixWForm::W4 && (group == 3 || (32u << group) < sizes.k))
    return ErrorCode::IllegalConfig;
  if (tilesN > 1 && c.accStride < c.rows)
    return ErrorCode::IllegalConfig;
  uint32_t unit = c.wForm == MatrixWForm::Rows      ? sizes.k
                  : c.wForm == MatrixWForm::Columns ? sizes.n
                                                    : sizes.portBytes;
  bool isStrideOff = !isPacked(c.wForm) && off(c.wRowStride, unit);
  uint64_t entries =
      c.accAddr + uint64_t(tilesN - 1) * c.accStride + uint64_t(c.rows);
  if (off(c.wAddr, unit) || isStrideOff || entries > sizes.accEntries ||
      off(c.aAddr, sizes.k) || off(c.aRowStride, sizes.k))
    return ErrorCode::Address;
  return ErrorCode::None;
}

/// Words fetched of a tile, headers not counted.
uint32_t MatrixTime::words(uint32_t tileN, uint32_t tileK) const {
  uint32_t channels = tileN + 1 == tilesN ? tailN : sizes.n;
  uint32_t lanes = tileK + 1 == tilesK ? tailK : sizes.k;
  switch (c.wForm) {
  case MatrixWForm::W8:
    return (channels - 1) / (sizes.portBytes / sizes.k) + 1;
  case MatrixWForm::W4:
    return (channels - 1) / (2 * sizes.portBytes / sizes.k) + 1;
  case MatrixWForm::Rows:
    return channels;
  case MatrixWForm::Columns:
    break;
  }
  return lanes;
}

/// A superset of the banks that the instruction asks.
void MatrixTime::findBanks() {
  bankMask[0] = bankMask[1] = 0;
  auto add = [&](uint32_t bank) {
    bankMask[bank / 64] |= uint64_t(1) << (bank % 64);
  };
  auto addRange = [&](uint32_t first, uint64_t bytes) {
    // What wraps or is past the end may be anywhere.
    bool isInside = first + bytes <= sizes.spmBytes;
    uint32_t low = isInside ? sizes.bankOf(first) : 0;
    uint32_t high =
        isInside ? sizes.bankOf(uint32_t(first + bytes - 1)) : sizes.banks - 1;
    for (uint32_t bank = low; bank <= high; ++bank)
      add(bank);
  };
  uint64_t tileBytes = uint64_t(sizes.n) * sizes.k;
  uint64_t span =
      c.aRowStride < 1u << 23
          ? uint64_t(c.rows - 1) * c.aRowStride + uint64_t(tilesK) * sizes.k
          : uint64_t(1) << 24;
  addRange(c.aAddr, span);
  switch (c.wForm) {
  case MatrixWForm::W8:
    addRange(c.wAddr, tiles * tileBytes);
    break;
  case MatrixWForm::W4: {
    uint64_t groups =
        uint64_t(tilesN) * ((tilesK + groupTiles - 1) / groupTiles);
    addRange(c.wAddr,
             groups * groupTiles * tileBytes / 2 +
                 (groups * sizes.n / sizes.portBytes + 1) * sizes.portBytes);
    break;
  }
  case MatrixWForm::Rows:
    span = uint64_t(c.n - 1) * c.wRowStride + uint64_t(tilesK) * sizes.k;
    addRange(c.wAddr, c.wRowStride < 1u << 23 ? span : uint64_t(1) << 24);
    break;
  case MatrixWForm::Columns:
    span = uint64_t(c.k - 1) * c.wRowStride + uint64_t(tilesN) * sizes.n;
    addRange(c.wAddr, c.wRowStride < 1u << 23 ? span : uint64_t(1) << 24);
    break;
  }
  add(sizes.halfOf(c.accAddr));
  add(sizes.halfOf(c.accAddr + (tilesN - 1) * c.accStride + c.rows - 1));
}

void MatrixTime::begin(const isa::MatrixConfiguration &configuration,
                       Cycle start) {
  c = configuration;
  now = {};
  bankMask[0] = bankMask[1] = 0;
  refused = ErrorCode::None;
  isEmpty = c.rows == 0 || c.n == 0 || c.k == 0;
  if (!isEmpty) {
    tilesN = (c.n - 1) / sizes.n + 1;
    tilesK = (c.k - 1) / sizes.k + 1;
    tiles = tilesN * tilesK;
    tailN = (c.n - 1) % sizes.n + 1;
    tailK = (c.k - 1) % sizes.k + 1;
    refused = check(c);
  }
  if (isEmpty || refused != ErrorCode::None) {
    isEmpty = true;
    now.done = start + 2;
    now.until = Never;
    return;
  }
  rows = uint64_t(c.rows) * tiles;
  groupTiles =
      c.wForm == MatrixWForm::W4 ? (32u << unsigned(c.wGroup)) / sizes.k : 1;
  findBanks();
  now.firstRequest = now.until = start + 2;
  now.lastGrant = now.lastAsk = start + 1;
  now.lastFire = start;
  now.header = c.wForm == MatrixWForm::W4;
  now.address = now.tileAddress = now.columnAddress = c.wAddr;
  now.askAddress = now.askTileAddress = c.aAddr;
  now.entry = now.tileEntry = c.accAddr;
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
  while (now.tile < tiles) {
    // What was not decided up to kept() is not before it.
    Cycle request = std::max(now.lastGrant + 1, kept.until);
    if (now.word == 0 && now.tile >= 2) {
      // Its registers still belong to the tile two before.
      if (now.fireTile + 1 < now.tile)
        return did;
      request = std::max(request, now.released[(now.tile - 2) % 4] + 1);
    }
    uint32_t count = words(now.tileN, now.tileK);
    uint32_t left = now.header ? 1 : count - now.word;
    uint32_t step = isPacked(c.wForm) ? sizes.portBytes : c.wRowStride;
    uint32_t run;
    Cycle grant = request;
    if (sizes.isPast(now.address)) {
      if (request >= horizon)
        return did;
      now.outside = std::min(now.outside, request);
      run = 1;
    } else {
      uint32_t bank = sizes.bankOf(now.address);
      grant = occupancy.nextFree<FillLevel>(bank, request);
      if (grant >= horizon)
        return did;
      run = left == 1 ? 1 : runInBank(now.address, step, left);
      run = uint32_t(std::min<Cycle>(run, horizon - grant));
      run = occupancy.freeRun<FillLevel>(bank, grant, run);
      occupancy.mark(FillLevel, bank, grant, run);
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
  bool isLastK = now.tileK + 1 == tilesK;
  bool isGroupEnd = isLastK || now.group + 1 == groupTiles;
  uint32_t fetched = now.word * sizes.portBytes;
  uint32_t before = now.address - (isPacked(c.wForm) ? fetched : 0);
  switch (c.wForm) {
  case MatrixWForm::W8:
    now.address = before + sizes.n * sizes.k;
    break;
  case MatrixWForm::W4: {
    uint32_t codes = sizes.n * sizes.k / 2;
    now.address = before + codes;
    if (isLastK)
      now.address += (groupTiles - 1 - now.group) * codes;
    break;
  }
  case MatrixWForm::Rows:
    if (isLastK)
      now.tileAddress = now.columnAddress += c.wRowStride * sizes.n;
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
    now.header = c.wForm == MatrixWForm::W4 && now.nextSlot % slots == 0;
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
  if (now.asked == rows || now.asked - now.fired == 4)
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
    grant = occupancy.nextFree<ActLevel>(bank, request);
    if (grant >= horizon)
      return false;
    occupancy.mark(ActLevel, bank, grant);
  }
  now.lastAsk = now.asks[now.asked % 4] = grant;
  ++now.asked;
  if (++now.askRow < c.rows) {
    now.askAddress = (now.askAddress + c.aRowStride) & SpmMask;
    return true;
  }
  now.askRow = 0;
  bool isLastK = now.askK + 1 == tilesK;
  now.askK = isLastK ? 0 : now.askK + 1;
  now.askTileAddress =
      isLastK ? c.aAddr : (now.askTileAddress + sizes.k) & SpmMask;
  now.askAddress = now.askTileAddress;
  return true;
}

/// Lets rows meet their tiles as far as both are there.
bool MatrixTime::fire(Cycle horizon) {
  bool did = false;
  while (now.fired < now.asked && now.fireTile < now.tile) {
    Cycle at =
        std::max(now.asks[now.fired % 4], now.filled[now.fireTile % 4]) + 2;
    at = std::max(at, now.lastFire + (c.rows == 1 ? 2 : 1));
    if (at >= horizon)
      return did;
    bool clears =
        now.fireK == 0 && c.accumulate == isa::MatrixAccumulate::Clear;
    if (!clears)
      occupancy.mark(ActLevel, sizes.halfOf(now.entry), at);
    now.lastFire = now.fires[now.fired % 4] = at;
    ++now.fired;
    did = true;
    ++now.entry;
    if (++now.fireRow < c.rows)
      continue;
    now.fireRow = 0;
    now.released[now.fireTile % 4] = at;
    ++now.fireTile;
    bool isLastK = now.fireK + 1 == tilesK;
    now.fireK = isLastK ? 0 : now.fireK + 1;
    if (isLastK)
      now.tileEntry += c.accStride;
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
      if (now.fired < rows)
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
  occupancy.clear(FillLevel, kept.until, now.lastGrant);
  occupancy.clear(ActLevel, kept.until, std::max(now.lastAsk, now.lastFire));
  now = kept;
}

void MatrixTime::count(isa::MatrixCounters &to) const {
  if (isEmpty)
    return;
  uint64_t products = uint64_t(c.rows) * c.n * c.k;
  (c.wForm == MatrixWForm::W8   ? to.macsW8
   : c.wForm == MatrixWForm::W4 ? to.macsW4
                                : to.macsStream) += products;
  uint64_t weights = uint64_t(words(tilesN - 1, 0)) * (tilesK - 1) +
                     words(tilesN - 1, tilesK - 1);
  if (tilesN > 1)
    weights += (uint64_t(words(0, 0)) * (tilesK - 1) + words(0, tilesK - 1)) *
               (tilesN - 1);
  uint64_t headers = 0;
  if (c.wForm == MatrixWForm::W4) {
    uint64_t groups = uint64_t(tilesN) * ((tilesK - 1) / groupTiles + 1);
    headers = (groups - 1) / (sizes.portBytes / sizes.n) + 1;
  }
  bool isClear = c.accumulate == isa::MatrixAccumulate::Clear;
  to.arrayActive += rows;
  to.accWrites += rows;
  to.accReads += rows - (isClear ? uint64_t(c.rows) * tilesN : 0);
  to.actReads += rows * sizes.access64;
  to.fillWords += (weights + headers) * sizes.access64;
  to.fillActive += weights;
  switch (c.wForm) {
  case MatrixWForm::W8:
    to.fillWeights += weights * sizes.portBytes;
    break;
  case MatrixWForm::W4:
    to.fillWeights += weights * 2 * sizes.portBytes;
    to.decodedWeights += weights * 2 * sizes.portBytes;
    break;
  case MatrixWForm::Rows:
    to.fillWeights += weights * sizes.k;
    break;
  case MatrixWForm::Columns:
    to.fillWeights += weights * sizes.n;
    break;
  }
}

} // namespace dalbit::fast
