// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a matrix instruction is (docs/units/matrix.md): its tiles, whether it is
// refused, what it counts, and how long it takes where nobody else asks one of
// its banks.

#pragma once

#include "isa/Isa.h"
#include "simulator/fast/Sizes.h"
#include "simulator/fast/Time.h"

namespace dalbit::fast {

struct MatrixPlan {
  /// Cycles after start_i.
  struct Alone {
    Cycle done = Never; ///< Never: takes long, or asks past the scratchpad
    Cycle lastFire = 0; ///< the last fire, after all accesses
  };

  /// Finds all the rest from c, but `alone` only where activations and weights
  /// cannot meet in a bank.
  void make(const Sizes &sizes);

  /// Words fetched of a tile, headers not counted.
  uint32_t words(uint32_t tileN, uint32_t tileK) const {
    return tileWords[tileN + 1 == tilesN][tileK + 1 == tilesK];
  }

  isa::MatrixConfiguration c;
  bool isMade = false;
  isa::ErrorCode refused = isa::ErrorCode::None;
  bool isEmpty = true;   ///< or refused
  bool isPacked = false; ///< weights are a stream of tiles
  uint32_t wordStep = 0; ///< bytes between the words of a tile
  uint32_t tilesN = 0, tilesK = 0, tiles = 0, tailN = 0, tailK = 0,
           groupTiles = 1;
  uint32_t tileWords[2][2] = {}; ///< by: last n-tile, last k-tile
  uint64_t rows = 0;             ///< of all tiles
  uint64_t bankMask[2] = {};
  isa::MatrixCounters counts;
  Alone alone;

private:
  isa::ErrorCode check(const Sizes &sizes) const;
  uint32_t wordsOf(const Sizes &sizes, uint32_t channels, uint32_t lanes) const;
  void findBanks(const Sizes &sizes);
  void runApart(const Sizes &sizes);
  void count(const Sizes &sizes);
};

} // namespace dalbit::fast
