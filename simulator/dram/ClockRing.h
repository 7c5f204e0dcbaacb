// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A bit for each clock, around the present: what is taken by booked commands.
//
// A ring of bits, 64 clocks a word, each word with the number of the 64 clocks
// it stands for; a word of another number has no bit set. Bits more than Span
// clocks apart may make the older one forgotten; a channel never books that far
// ahead with fewer than a thousand requests in flight.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace dalbit::dram {

class ClockRing {
public:
  static constexpr int64_t Words = 1024;
  static constexpr int64_t Span = Words * 64;

  ClockRing() : words(Words) {}

  /// The bits of clocks 64 * number to 64 * number + 63.
  uint64_t taken(int64_t number) const {
    const Word &word = words[number & (Words - 1)];
    return word.number == number ? word.taken : 0;
  }
  void add(int64_t number, uint64_t bits) {
    Word &word = words[number & (Words - 1)];
    if (word.number != number)
      word = {number, 0};
    word.taken |= bits;
  }

  /// Sets the bits of clocks \p at + i for each set bit i of \p mask.
  void addMask(int64_t at, uint64_t mask) {
    int shift = int(at & 63);
    add(at >> 6, mask << shift);
    if (uint64_t high = shift == 0 ? 0 : mask >> (64 - shift))
      add((at >> 6) + 1, high);
  }
  /// Takes clocks \p from to \p to, which is not taken.
  void add(int64_t from, int64_t to) {
    while (from < to) {
      int shift = int(from & 63), count = int(std::min(to - from, 64L - shift));
      add(from >> 6, ~uint64_t(0) >> (64 - count) << shift);
      from += count;
    }
  }

  /// First clock not before \p earliest whose bit is set in no ring of \p more
  /// and not in this one.
  template <typename... More>
  int64_t firstFree(int64_t earliest, const More &...more) const {
    int64_t number = earliest >> 6;
    int shift = int(earliest & 63);
    uint64_t free = ~(taken(number) | (more.taken(number) | ... | 0)) >> shift;
    if (free)
      return earliest + std::countr_zero(free);
    do {
      ++number;
      free = ~(taken(number) | (more.taken(number) | ... | 0));
    } while (!free);
    return number * 64 + std::countr_zero(free);
  }

private:
  struct Word {
    int64_t number = -1;
    uint64_t taken = 0;
  };

  std::vector<Word> words;
};

} // namespace dalbit::dram
