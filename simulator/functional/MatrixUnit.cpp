// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block of int8 dot products. Whatever their form, the weights of an n-tile
// are first packed for the processor's dot kernel, piece by piece along K.
// Channels and lanes past the tails are 0 (A11).

#include "simulator/functional/Machine.h"

#include <algorithm>
#include <cstring>

namespace dalbit::functional {

namespace {

using isa::MatrixWForm;

/// Lanes that are packed at a time: a piece of 64 channels fits the second
/// cache of the processors that we know.
constexpr int64_t PieceLanes = 4096;

/// Brings tile after tile in the unit's order, n-tiles outside and k-tiles
/// inside, as DotOperands::weights wants them.
class Fill {
public:
  Fill(Machine &machine, const isa::MatrixConfiguration &c, uint8_t flip)
      : machine(machine), c(c), n(machine.n), k(machine.k), flip(flip),
        width(std::max(n, ChannelBlock)), cursor(c.wAddr),
        decoded(c.wForm == MatrixWForm::W4 ? size_t(n * k) : 0) {}

  /// Channels of a panel.
  int64_t channels() const { return width; }

  /// Packs \p tiles k-tiles from \p tileK on.
  const uint8_t *next(int64_t tileN, int64_t tileK, int64_t tiles) {
    valid = std::min<int64_t>(n, c.n - tileN * n);
    panel.assign(size_t(tiles * k * width), flip);
    for (int64_t i = 0; i < tiles; ++i)
      pack(tileN, tileK + i, panel.data() + i * k * width);
    return panel.data();
  }

private:
  void pack(int64_t tileN, int64_t tileK, uint8_t *to) {
    int64_t lanes = std::min<int64_t>(k, c.k - tileK * k);
    switch (c.wForm) {
    case MatrixWForm::W8:
      // Words past the last channel are not fetched.
      packRows(machine.scratchpad(cursor, valid * k), k, valid, lanes, to);
      cursor += n * k;
      break;
    case MatrixWForm::W4:
      decode(tileK);
      packRows(decoded.data(), k, valid, lanes, to);
      break;
    case MatrixWForm::Rows:
      for (int64_t i = 0; i < valid; ++i) {
        int64_t row = (tileN * n + i) * int64_t(c.wRowStride);
        packRows(machine.scratchpad(c.wAddr + row + tileK * k, k), 0, 1, lanes,
                 to + i * LaneGroup);
      }
      break;
    case MatrixWForm::Columns:
      for (int64_t j = 0; j < lanes; ++j) {
        int64_t row = (tileK * k + j) * int64_t(c.wRowStride);
        const uint8_t *bytes = machine.scratchpad(c.wAddr + row + tileN * n, n);
        uint8_t *lane = to + j / LaneGroup * width * LaneGroup + j % LaneGroup;
        for (int64_t i = 0; i < valid; ++i)
          lane[i * LaneGroup] = bytes[i] ^ flip;
      }
      break;
    }
  }

  /// Channels lie one after another in \p bytes.
  void packRows(const uint8_t *bytes, int64_t stride, int64_t count,
                int64_t lanes, uint8_t *to) const {
    uint32_t flips = flip * 0x01010101u;
    int64_t whole = lanes / LaneGroup * LaneGroup;
    for (int64_t j = 0; j < whole; j += LaneGroup, to += width * LaneGroup)
      for (int64_t i = 0; i < count; ++i) {
        uint32_t group;
        std::memcpy(&group, bytes + i * stride + j, sizeof group);
        group ^= flips;
        std::memcpy(to + i * LaneGroup, &group, sizeof group);
      }
    for (int64_t j = whole; j < lanes; ++j)
      for (int64_t i = 0; i < count; ++i)
        to[i * LaneGroup + j - whole] = bytes[i * stride + j] ^ flip;
  }

  /// A14: header words stand before the tile that needs the first of them; the
  /// k-tiles of an n-tile are padded to whole groups.
  void decode(int64_t tileK) {
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
    const uint8_t *codes = machine.scratchpad(cursor, valid * k / 2);
    for (int64_t i = 0; i < valid; ++i) {
      int multiplier = (heads[i] >> 4) + 1, zero = heads[i] & 15;
      const uint8_t *from = codes + i * k / 2;
      uint8_t *to = decoded.data() + i * k;
      for (int64_t j = 0; j < k; ++j)
        to[j] = uint8_t(
            saturate8(((from[j / 2] >> (j % 2 * 4) & 15) - zero) * multiplier));
    }
    cursor += tileBytes;
    if ((tileK + 1) * k >= c.k)
      cursor += (groupTiles - 1 - tileK % groupTiles) * tileBytes;
  }

  Machine &machine;
  const isa::MatrixConfiguration &c;
  const int64_t n, k;
  const uint8_t flip;
  const int64_t width;
  int64_t valid = 0; ///< channels of the n-tile at hand
  int64_t cursor, headers = 0, headerWord = 0, header = 0;
  std::vector<uint8_t> panel;
  std::vector<uint8_t> decoded; ///< a 4-bit tile as bytes, [n][k]
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

void multiply(Machine &machine, const isa::MatrixConfiguration &c) {
  int64_t n = machine.n, k = machine.k;
  int64_t tilesN = (c.n + n - 1) / n, tilesK = (c.k + k - 1) / k;
  Fill fill(machine, c, machine.dot->flip);
  DotOperands o;
  o.rows = c.rows;
  o.channels = fill.channels();
  // An array that is narrower than the kernel's blocks has its sums beside.
  bool isNarrow = n < o.channels;
  std::vector<int32_t> narrow(isNarrow ? size_t(o.rows * o.channels) : 0);
  std::vector<const int8_t *> activations(c.rows);
  o.activations = activations.data();
  // Only in a scratchpad that is as large as its address space a row can wrap.
  bool mayWrap = machine.spm.size() >> isa::SpmAddressBits;
  int64_t piece = mayWrap ? 1 : std::max<int64_t>(1, PieceLanes / k);
  for (int64_t tileN = 0; tileN < tilesN; ++tileN)
    for (int64_t tileK = 0; tileK < tilesK; tileK += piece) {
      int64_t tiles = std::min(piece, tilesK - tileK);
      o.lanes = tiles * k;
      o.weights = fill.next(tileN, tileK, tiles);
      for (int64_t row = 0; row < o.rows; ++row)
        activations[size_t(row)] =
            reinterpret_cast<const int8_t *>(machine.scratchpad(
                int64_t(c.aAddr) + row * c.aRowStride + tileK * k, o.lanes));
      int32_t *entries =
          &machine.acc[size_t((int64_t(c.accAddr) + tileN * c.accStride) * n)];
      o.clear = tileK == 0 && c.accumulate == isa::MatrixAccumulate::Clear;
      o.sums = isNarrow ? narrow.data() : entries;
      o.sumStride = isNarrow ? o.channels : n;
      if (isNarrow && !o.clear)
        for (int64_t row = 0; row < o.rows; ++row)
          std::copy_n(entries + row * n, n, &narrow[size_t(row * o.channels)]);
      machine.dot->multiply(o);
      if (isNarrow)
        for (int64_t row = 0; row < o.rows; ++row)
          std::copy_n(&narrow[size_t(row * o.channels)], n, entries + row * n);
    }
}

} // namespace

void executeMatrix(Machine &machine, const isa::MatrixConfiguration &c) {
  if (c.rows == 0 || c.n == 0 || c.k == 0)
    return;
  check(machine, c, (c.n + machine.n - 1) / machine.n);
  multiply(machine, c);
}

} // namespace dalbit::functional
