// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block of int8 dot products. Whatever their form, the weights of a tile are
// first expanded to int32 with the channels innermost; a row then is a
// multiply-add of a broadcast activation for each lane. Channels and lanes past
// the tails are 0 (A11).

#include "simulator/functional/Machine.h"

#include <algorithm>

namespace dalbit::functional {

namespace {

using isa::MatrixWForm;

/// Channels that are computed side by side: a tile has a multiple of them. As a
/// vector type because gcc 12 does not keep an array of sums in a register.
constexpr int64_t Block = 16;
typedef int32_t BlockSums __attribute__((vector_size(Block * 4)));

/// Brings tile after tile in the unit's order: n-tiles outside, k-tiles inside.
class Fill {
public:
  Fill(Machine &machine, const isa::MatrixConfiguration &c)
      : machine(machine), c(c), n(machine.n), k(machine.k),
        blocks((n + Block - 1) / Block), cursor(c.wAddr),
        tile(size_t(blocks * k)) {}

  /// The next tile as [blocks][k] of Block channels.
  const BlockSums *next(int64_t tileN, int64_t tileK) {
    channels = std::min<int64_t>(n, c.n - tileN * n);
    lanes = std::min<int64_t>(k, c.k - tileK * k);
    std::fill(tile.begin(), tile.end(), BlockSums{});
    switch (c.wForm) {
    case MatrixWForm::W8: {
      // Words past the last channel are not fetched.
      put(machine.scratchpad(cursor, channels * k), k);
      cursor += n * k;
      break;
    }
    case MatrixWForm::W4:
      nextW4(tileK);
      break;
    case MatrixWForm::Rows:
      for (int64_t i = 0; i < channels; ++i) {
        int64_t row = (tileN * n + i) * int64_t(c.wRowStride);
        const uint8_t *bytes = machine.scratchpad(c.wAddr + row + tileK * k, k);
        for (int64_t j = 0; j < lanes; ++j)
          set(i, j, int8_t(bytes[j]));
      }
      break;
    case MatrixWForm::Columns:
      for (int64_t j = 0; j < lanes; ++j) {
        int64_t row = (tileK * k + j) * int64_t(c.wRowStride);
        const uint8_t *bytes = machine.scratchpad(c.wAddr + row + tileN * n, n);
        for (int64_t i = 0; i < channels; ++i)
          set(i, j, int8_t(bytes[i]));
      }
      break;
    }
    return tile.data();
  }

private:
  void set(int64_t channel, int64_t lane, int32_t weight) {
    tile[size_t(channel / Block * k + lane)][channel % Block] = weight;
  }

  void put(const uint8_t *bytes, int64_t stride) {
    for (int64_t i = 0; i < channels; ++i)
      for (int64_t j = 0; j < lanes; ++j)
        set(i, j, int8_t(bytes[i * stride + j]));
  }

  /// A14: header words stand before the tile that needs the first of them; the
  /// k-tiles of an n-tile are padded to whole groups.
  void nextW4(int64_t tileK) {
    int64_t groupTiles = (int64_t(32) << unsigned(c.wGroup)) / k;
    int64_t tileBytes = n * k / 2;
    if (tileK % groupTiles == 0) {
      int64_t perWord = machine.portBytes / n;
      if (headers % perWord == 0) {
        headerWord = cursor;
        cursor += machine.portBytes;
      }
      header = headerWord + headers % perWord * n;
      ++headers;
    }
    const uint8_t *heads = machine.scratchpad(header, n);
    const uint8_t *codes = machine.scratchpad(cursor, channels * k / 2);
    for (int64_t i = 0; i < channels; ++i) {
      int multiplier = (heads[i] >> 4) + 1, zero = heads[i] & 15;
      for (int64_t j = 0; j < lanes; ++j) {
        int code = codes[(i * k + j) / 2] >> (j % 2 * 4) & 15;
        set(i, j, saturate8((code - zero) * multiplier));
      }
    }
    cursor += tileBytes;
    if ((tileK + 1) * k >= c.k)
      cursor += (groupTiles - 1 - tileK % groupTiles) * tileBytes;
  }

  Machine &machine;
  const isa::MatrixConfiguration &c;
  const int64_t n, k, blocks;
  int64_t channels = 0, lanes = 0;
  int64_t cursor, headers = 0, headerWord = 0, header = 0;
  std::vector<BlockSums> tile;
};

/// The order of the checks is rtl/matrix/matrix_check.sv's.
void check(const Machine &machine, const isa::MatrixConfiguration &c,
           int64_t tilesN) {
  int64_t n = machine.n, k = machine.k;
  require(
      c.wForm != MatrixWForm::W4 ||
          (unsigned(c.wGroup) <= 2 && (int64_t(32) << unsigned(c.wGroup)) >= k),
      "the w4 group is shorter than a tile");
  require(tilesN == 1 || c.accStride >= c.rows,
          "acc_stride is below rows: n-tiles overlap");
  bool isTiled = c.wForm == MatrixWForm::W8 || c.wForm == MatrixWForm::W4;
  int64_t unit = c.wForm == MatrixWForm::Rows      ? k
                 : c.wForm == MatrixWForm::Columns ? n
                                                   : machine.portBytes;
  requireAddress(c.aAddr % k == 0 && c.aRowStride % k == 0,
                 "a_addr or a_row_stride is not a multiple of K");
  requireAddress(c.wAddr % unit == 0 && (isTiled || c.wRowStride % unit == 0),
                 "w_addr or w_row_stride is not aligned");
  requireAddress(int64_t(c.accAddr) + (tilesN - 1) * int64_t(c.accStride) +
                         int64_t(c.rows) <=
                     machine.accEntries,
                 "the last row is past the accumulator");
}

} // namespace

void executeMatrix(Machine &machine, const isa::MatrixConfiguration &c) {
  if (c.rows == 0 || c.n == 0 || c.k == 0)
    return;
  int64_t n = machine.n, k = machine.k;
  int64_t tilesN = (c.n + n - 1) / n, tilesK = (c.k + k - 1) / k;
  check(machine, c, tilesN);

  Fill fill(machine, c);
  for (int64_t tileN = 0; tileN < tilesN; ++tileN)
    for (int64_t tileK = 0; tileK < tilesK; ++tileK) {
      const BlockSums *tile = fill.next(tileN, tileK);
      int64_t lanes = std::min<int64_t>(k, c.k - tileK * k);
      bool isFirst = tileK == 0 && c.accumulate == isa::MatrixAccumulate::Clear;
      for (uint32_t row = 0; row < c.rows; ++row) {
        const int8_t *a = reinterpret_cast<const int8_t *>(machine.scratchpad(
            int64_t(c.aAddr) + int64_t(row) * c.aRowStride + tileK * k, k));
        int32_t *entry = &machine.acc[size_t(
            (int64_t(c.accAddr) + tileN * c.accStride + row) * n)];
        for (int64_t block = 0; block * Block < n; ++block) {
          const BlockSums *weights = tile + block * k;
          BlockSums sums = {};
          for (int64_t j = 0; j < lanes; ++j)
            sums += int32_t(a[j]) * weights[j];
          for (int64_t i = 0; i < std::min(Block, n); ++i) {
            uint32_t before = isFirst ? 0 : uint32_t(entry[block * Block + i]);
            entry[block * Block + i] = int32_t(before + uint32_t(sums[i]));
          }
        }
      }
    }
}

} // namespace dalbit::functional
