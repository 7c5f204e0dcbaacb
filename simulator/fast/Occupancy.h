// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which cycles of which bank are taken, and by which group of ports (T4). One
// bit a cycle, bank and level; a port gets the first cycle in which no level
// before its own has the bank. The halves of the accumulator count as two more
// banks: the matrix unit's reads go before the vector unit's.
//
// Kept are cycles from `Behind` before the last retire() to `Ahead` after it;
// bits before that are gone, later ones may not be set.

#pragma once

#include "simulator/fast/Time.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace dalbit::fast {

/// In order of priority; several ports of a unit share one where the unit
/// itself keeps them apart.
enum Level : unsigned {
  LandingLevel,
  ReadingLevel,
  FillLevel,
  ActLevel,
  VectorLevel,
  Levels
};

class Occupancy {
public:
  static constexpr int64_t Blocks = 1024; ///< of 64 cycles; a power of two
  static constexpr int64_t Behind = 12288;
  static constexpr int64_t Piece = 64;
  static constexpr int64_t Ahead = (Blocks - Piece) * 64 - Behind - 64;

  /// Cycles of an instruction that is decided at once; if it is taken back,
  /// what had the banks since its start must still be there.
  static constexpr int64_t MostAlone = 8192;
  static_assert(MostAlone < Behind);

  explicit Occupancy(uint32_t banks, int64_t blocks = Blocks)
      : banks(banks), blocks(blocks), words(size_t(stride()) * Levels * banks),
        latest(banks) {}

  /// First cycle not before \p from in which no level before \p level has
  /// \p bank.
  template <unsigned level> Cycle nextFree(uint32_t bank, Cycle from) const {
    uint64_t taken = above<level>(bank, from >> 6) >> (from & 63);
    if (!(taken & 1))
      return from;
    int ones = std::countr_one(taken);
    if (ones < 64 - int(from & 63))
      return from + ones;
    for (Cycle block = (from >> 6) + 1;; ++block) {
      taken = above<level>(bank, block);
      if (~taken)
        return block * 64 + std::countr_one(taken);
    }
  }

  /// How many of the \p most (at least 1) cycles from \p from on are free
  /// without a gap, for a port of \p level.
  template <unsigned level>
  uint32_t freeRun(uint32_t bank, Cycle from, uint32_t most) const {
    uint32_t found = 0;
    for (;;) {
      int offset = int(from & 63);
      uint64_t taken = above<level>(bank, from >> 6) >> offset;
      uint32_t zeros =
          taken ? uint32_t(std::countr_zero(taken)) : uint32_t(64 - offset);
      if (found + zeros >= most)
        return most;
      found += zeros;
      if (taken)
        return found;
      from += 64 - offset;
    }
  }

  /// Whether no level before \p level has one of the banks of \p mask in the
  /// cycles from \p from to \p to, which does not count.
  template <unsigned level>
  bool isFree(const uint64_t (&mask)[2], Cycle from, Cycle to) const {
    for (unsigned word = 0; word < 2; ++word)
      for (uint64_t left = mask[word]; left; left &= left - 1) {
        uint32_t bank = word * 64 + uint32_t(std::countr_zero(left));
        const Cycle *of = latest[bank].of;
        if (*std::max_element(of, of + level) < from)
          continue;
        if (uint32_t count = uint32_t(to - from);
            freeRun<level>(bank, from, count) != count)
          return false;
      }
    return true;
  }

  void mark(Level level, uint32_t bank, Cycle at) {
    Cycle &last = latest[bank].of[level];
    last = std::max(last, at);
    word(level, bank, at >> 6) |= uint64_t(1) << (at & 63);
  }

  void mark(Level level, uint32_t bank, Cycle from, uint32_t count) {
    Cycle &last = latest[bank].of[level];
    last = std::max(last, from + count - 1);
    while (count) {
      uint32_t offset = uint32_t(from & 63),
               here = std::min(count, 64 - offset);
      word(level, bank, from >> 6) |= (~uint64_t(0) >> (64 - here)) << offset;
      from += here;
      count -= here;
    }
  }

  bool isTaken(Level level, uint32_t bank, Cycle at) const {
    return word(level, bank, at >> 6) >> (at & 63) & 1;
  }

  /// Forgets what \p level has marked from \p from on.
  void clear(Level level, Cycle from) {
    for (uint32_t bank = 0; bank < banks; ++bank) {
      Cycle &last = latest[bank].of[level];
      if (last < from)
        continue;
      Cycle block = from >> 6;
      word(level, bank, block) &= (uint64_t(1) << (from & 63)) - 1;
      while (++block <= last >> 6)
        word(level, bank, block) = 0;
      last = from - 1;
    }
  }

  /// From now on cycles up to \p now - Behind may be forgotten; they are in
  /// pieces of `Piece` blocks.
  void retire(Cycle now) {
    Cycle first = (now - Behind) >> 6;
    if (first < oldest + Piece)
      return;
    Cycle from = std::max(oldest, first - blocks);
    for (uint32_t bank = 0; bank < banks; ++bank)
      for (unsigned level = 0; level < Levels; ++level)
        for (Cycle block = from,
                   stop = std::min(first, (latest[bank].of[level] >> 6) + 1);
             block < stop; ++block)
          word(level, bank, block) = 0;
    oldest = first;
  }

private:
  /// Words of a level of a bank lie side by side, as transfers and instructions
  /// stay in their banks; some more keep the same blocks of different banks out
  /// of each other's way in the cache.
  int64_t stride() const { return blocks + 8; }
  size_t index(unsigned level, uint32_t bank, Cycle block) const {
    return size_t((bank * Levels + level) * stride() + (block & (blocks - 1)));
  }
  uint64_t &word(unsigned level, uint32_t bank, Cycle block) {
    return words[index(level, bank, block)];
  }
  uint64_t word(unsigned level, uint32_t bank, Cycle block) const {
    return words[index(level, bank, block)];
  }
  template <unsigned level> uint64_t above(uint32_t bank, Cycle block) const {
    const uint64_t *at = &words[index(0, bank, block)];
    uint64_t taken = 0;
    for (unsigned l = 0; l < level; ++l, at += stride())
      taken |= *at;
    return taken;
  }

  /// Of a bank: the latest cycle that each level has marked.
  struct alignas(64) Latest {
    Cycle of[Levels] = {-1, -1, -1, -1, -1};
  };

  const uint32_t banks; ///< the accumulator's halves included
  const int64_t blocks;
  std::vector<uint64_t> words;
  std::vector<Latest> latest; ///< by bank
  Cycle oldest = 0;           ///< first block that is kept
};

} // namespace dalbit::fast
