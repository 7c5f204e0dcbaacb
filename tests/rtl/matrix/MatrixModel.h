// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a matrix instruction does, written from isa/npu.td, docs/arithmetic.md
// (A1, A11, A14) and the timing rules of docs/units/matrix.md, without a look
// at the rtl: random operands and their layout in the scratchpad, the words
// that are fetched in order, the accumulator afterwards, the counters, and
// the cycle of each event given the cycles of the grants.

#ifndef DALBIT_TESTS_RTL_MATRIX_MATRIXMODEL_H
#define DALBIT_TESTS_RTL_MATRIX_MATRIXMODEL_H

#include <cstdint>
#include <random>
#include <vector>

namespace dalbit::rtltest {

enum class Form { W8, W4, Rows, Columns };

struct MatrixSize {
  int n, k, port, entries;
};

struct MatrixConfig {
  int aAddr = 0, aRowStride = 0, rows = 1, n = 1, k = 1;
  int wAddr = 0, wRowStride = 0;
  Form form = Form::W8;
  int group = 0; // w_group: 32 << group weights
  int accAddr = 0, accStride = 0;
  bool add = false;
};

struct MatrixCounters {
  uint64_t macsW8 = 0, macsW4 = 0, macsStream = 0, arrayActive = 0;
  uint64_t fillWords = 0, fillWeights = 0, decodedWeights = 0, fillActive = 0;
  uint64_t actReads = 0, accReads = 0, accWrites = 0;
  bool operator==(const MatrixCounters &) const = default;
};

using Accumulator = std::vector<std::vector<uint32_t>>;

/// One instruction with its operands.
class MatrixJob {
public:
  MatrixJob(MatrixSize size, MatrixConfig config);

  /// Fills A and W with random values and writes them into \p spm, whose other
  /// bytes it leaves alone.
  void place(std::vector<uint8_t> &spm, std::mt19937 &random);

  void apply(Accumulator &accumulator) const;
  void count(MatrixCounters &counters) const;

  int kTiles() const { return (config.k + size.k - 1) / size.k; }
  int nTiles() const { return (config.n + size.n - 1) / size.n; }
  int tiles() const { return kTiles() * nTiles(); }
  int channels(int nTile) const;
  int lanes(int kTile) const;

  /// Scratchpad addresses that the fill port must ask for, and the tile of
  /// each; those of the act port.
  std::vector<int> fillAddresses, fillTiles, actAddresses;

  MatrixSize size;
  MatrixConfig config;

private:
  void listFill();
  int tilesOfGroup() const { return (32 << config.group) / size.k; }
  bool beginsGroup(int kTile) const { return kTile % tilesOfGroup() == 0; }

  std::vector<int8_t> a, w; // [rows][k], [n][k]
  std::vector<int> headers; // fill word is a word of headers
};

/// Cycles of an instruction that starts in cycle 0, from those of its grants.
struct MatrixTiming {
  std::vector<int> fillRequest, actRequest; // first cycle of each request
  int done;
};
MatrixTiming timing(const MatrixJob &job, const std::vector<int> &fillGrant,
                    const std::vector<int> &actGrant);

} // namespace dalbit::rtltest

#endif
