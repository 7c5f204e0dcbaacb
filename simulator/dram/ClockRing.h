// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A bit for each clock, around the present: what is taken by booked commands.
//
// A ring of words of 64 clocks, up to the latest one that has been written or
// soon will be. Clocks after it are free, and so is what has left the ring:
// bits more than Span clocks apart may make the older one forgotten. A channel
// never books that far ahead with fewer than a thousand requests in flight.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace dalbit::dram {

class ClockRing {
public:
  static constexpr int64_t Words = 1024;
  static constexpr int64_t Span = Words * 64;

  /// The bits of clocks 64 * number to 64 * number + 63.
  [[gnu::always_inline]] uint64_t taken(int64_t number) const {
    return isKept(number) ? words[number & (Words - 1)] : 0;
  }
  [[gnu::always_inline]] void add(int64_t number, uint64_t bits) {
    if (isKept(number) || goOn(number))
      words[number & (Words - 1)] |= bits;
  }
  /// The bits of the 64 clocks from \p at on.
  uint64_t window(int64_t at) const {
    int shift = int(at & 63);
    return taken(at >> 6) >> shift | taken((at >> 6) + 1) << 1 << (63 - shift);
  }
  /// Sets the bits of clocks \p at + i for each set bit i of \p mask.
  [[gnu::always_inline]] void addMask(int64_t at, uint64_t mask) {
    int64_t number = at >> 6;
    int shift = int(at & 63);
    uint64_t high = mask >> 1 >> (63 - shift);
    add(number, mask << shift);
    if (high)
      add(number + 1, high);
  }
  /// Sets the bit of clock \p at.
  [[gnu::always_inline]] void addOne(int64_t at) {
    add(at >> 6, uint64_t(1) << (at & 63));
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
  [[gnu::always_inline]] int64_t firstFree(int64_t earliest,
                                           const More &...more) const {
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
  [[gnu::noinline]] bool goOn(int64_t number) {
    if (number < latest)
      return false;
    // Some more, so that this is seldom called.
    for (latest = std::max(latest, number - Words); latest != (number | 7);)
      words[++latest & (Words - 1)] = 0;
    return true;
  }

  int64_t latest = -1; ///< number of the last word that is kept
  std::array<uint64_t, Words> words{};
};

} // namespace dalbit::dram
