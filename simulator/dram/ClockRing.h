// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A bit for each clock, around the present: what is taken by booked commands.
//
// A ring of words of 64 clocks, up to the latest one that has been written.
// Clocks after it are free, and so is what has left the ring: bits more than
// Span clocks apart may make the older one forgotten. A channel never books
// that far ahead with fewer than a thousand requests in flight.

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
    return isKept(number) ? words[number & (Words - 1)] : 0;
  }
  void add(int64_t number, uint64_t bits) {
    if (isKept(number) || goOn(number))
      words[number & (Words - 1)] |= bits;
  }
  /// Whether nothing is taken from \p clock on, as far as that is easily known.
  bool isFreeFrom(int64_t clock) const { return clock >> 6 > latest; }

  /// Sets the bits of clocks \p at + i for each set bit i of \p mask.
  void addMask(int64_t at, uint64_t mask) {
    int64_t number = at >> 6;
    int shift = int(at & 63);
    uint64_t high = mask >> 1 >> (63 - shift);
    add(number, mask << shift);
    if (high)
      add(number + 1, high);
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
  bool isKept(int64_t number) const {
    return uint64_t(latest - number) < uint64_t(Words);
  }
  /// Makes \p number the latest word, if it is after that; says whether it is.
  bool goOn(int64_t number) {
    if (number < latest)
      return false;
    for (latest = std::max(latest, number - Words); latest != number;)
      words[++latest & (Words - 1)] = 0;
    return true;
  }

  std::vector<uint64_t> words;
  int64_t latest = -1; ///< number of the last word that has been written
};

} // namespace dalbit::dram
