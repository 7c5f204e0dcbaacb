// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/MatrixPlan.h"

#include "simulator/fast/Occupancy.h"

namespace dalbit::fast {

using isa::ErrorCode;
using isa::MatrixWForm;

void MatrixPlan::make(const Sizes &sizes) {
  isMade = true;
  alone.done = 2; // if it is empty
  isEmpty = c.rows == 0 || c.n == 0 || c.k == 0;
  if (isEmpty)
    return;
  tilesN = (c.n - 1) / sizes.n + 1;
  tilesK = (c.k - 1) / sizes.k + 1;
  tiles = tilesN * tilesK;
  tailN = (c.n - 1) % sizes.n + 1;
  tailK = (c.k - 1) % sizes.k + 1;
  refused = check(sizes);
  isEmpty = refused != ErrorCode::None;
  if (isEmpty)
    return;
  alone = {};
  rows = uint64_t(c.rows) * tiles;
  groupTiles =
      c.wForm == MatrixWForm::W4 ? (32u << unsigned(c.wGroup)) / sizes.k : 1;
  isPacked = c.wForm == MatrixWForm::W8 || c.wForm == MatrixWForm::W4;
  wordStep = isPacked ? sizes.portBytes : c.wRowStride;
  for (unsigned isLastN = 0; isLastN < 2; ++isLastN)
    for (unsigned isLastK = 0; isLastK < 2; ++isLastK)
      tileWords[isLastN][isLastK] =
          wordsOf(sizes, isLastN ? tailN : sizes.n, isLastK ? tailK : sizes.k);
  findBanks(sizes);
  count(sizes);
}

/// rtl/matrix/matrix_check.sv.
ErrorCode MatrixPlan::check(const Sizes &sizes) const {
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
  bool isW = c.wForm == MatrixWForm::W8 || c.wForm == MatrixWForm::W4;
  bool isStrideOff = !isW && off(c.wRowStride, unit);
  uint64_t entries =
      c.accAddr + uint64_t(tilesN - 1) * c.accStride + uint64_t(c.rows);
  if (off(c.wAddr, unit) || isStrideOff || entries > sizes.accEntries ||
      off(c.aAddr, sizes.k) || off(c.aRowStride, sizes.k))
    return ErrorCode::Address;
  return ErrorCode::None;
}

/// Words fetched of a tile of so many channels and lanes, headers not counted.
uint32_t MatrixPlan::wordsOf(const Sizes &sizes, uint32_t channels,
                             uint32_t lanes) const {
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
void MatrixPlan::findBanks(const Sizes &sizes) {
  bankMask[0] = bankMask[1] = 0;
  bool isApart = true; // activations and weights
  auto add = [&](uint32_t bank) {
    uint64_t bit = uint64_t(1) << (bank % 64);
    isApart &= (bankMask[bank / 64] & bit) == 0;
    bankMask[bank / 64] |= bit;
  };
  auto addRange = [&](uint32_t first, uint64_t bytes) {
    // What wraps or is past the end may be anywhere.
    bool isInside = first + bytes <= sizes.spmBytes;
    uint32_t low = isInside ? sizes.bankOf(first) : 0;
    uint32_t high =
        isInside ? sizes.bankOf(uint32_t(first + bytes - 1)) : sizes.banks - 1;
    isApart &= isInside;
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
  if (isApart)
    runApart(sizes);
  add(sizes.halfOf(c.accAddr));
  add(sizes.halfOf(c.accAddr + (tilesN - 1) * c.accStride + c.rows - 1));
}

/// What it takes where fill and activations never wait: words follow each other
/// while a bank of registers is free, the rows of a tile once its last word is
/// there. Rows are asked for early enough, but for the very first one: row i is
/// asked for in the cycle after row i - 1 or fire(i - 4) at the latest, and
/// fires are at least a cycle apart (docs/units/matrix.md, Timing).
void MatrixPlan::runApart(const Sizes &sizes) {
  Cycle grant = 1, fire = 0, released[2] = {};
  uint32_t slots = sizes.portBytes / sizes.n, group = 0, slot = 0;
  bool isHeader = c.wForm == MatrixWForm::W4;
  uint32_t tileK = 0, tileN = 0;
  for (uint32_t tile = 0; tile < tiles; ++tile) {
    if (tile >= 2)
      grant = std::max(grant, released[tile % 2]);
    grant += words(tileN, tileK) + isHeader;
    Cycle first = std::max(grant + 2, tile ? fire + (c.rows == 1 ? 2 : 1) : 4);
    released[tile % 2] = fire = first + c.rows - 1;
    if (fire >= Occupancy::MostAlone)
      return;
    bool isLastK = tileK + 1 == tilesK;
    isHeader = false;
    if (isLastK || ++group == groupTiles) {
      group = 0;
      isHeader = c.wForm == MatrixWForm::W4 && ++slot % slots == 0;
    }
    tileK = isLastK ? 0 : tileK + 1;
    tileN += isLastK;
  }
  alone = {fire + 2, fire};
}

/// What the instruction counts in all but the dispatcher's counters.
void MatrixPlan::count(const Sizes &sizes) {
  isa::MatrixCounters &to = counts;
  uint64_t products = uint64_t(c.rows) * c.n * c.k;
  (c.wForm == MatrixWForm::W8   ? to.macsW8
   : c.wForm == MatrixWForm::W4 ? to.macsW4
                                : to.macsStream) += products;
  uint64_t weights = 0;
  for (unsigned isLastN = 0; isLastN < 2; ++isLastN)
    weights += (uint64_t(tileWords[isLastN][0]) * (tilesK - 1) +
                tileWords[isLastN][1]) *
               (isLastN ? 1 : tilesN - 1);
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
