// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command bus of a channel: which clocks are taken by booked commands.
//
// A ring of bits, 64 clocks a word, each word with the number of the 64 clocks
// it stands for; a word of another number is free. Bookings more than Span
// clocks apart may forget the older one; a channel never books that far ahead
// with fewer than a thousand requests in flight.

#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace dalbit::dram {

class CommandBus {
public:
  static constexpr int64_t Words = 1024;
  static constexpr int64_t Span = Words * 64;

  CommandBus() : words(Words) {}

  /// First clock not before \p earliest from which \p length (1 to 8) clocks
  /// are free.
  int64_t find(int64_t earliest, int length) const {
    uint64_t slots = (uint64_t(1) << length) - 1;
    if ((taken(earliest >> 6) & slots << (earliest & 63)) == 0 &&
        (earliest & 63) + length <= 64)
      return earliest;
    for (int64_t at = earliest;; at += 65 - length) {
      uint64_t run = ~window(at);
      uint64_t starts = run;
      for (int i = 1; i < length; ++i)
        starts &= run >> i;
      // The last length - 1 bits would need clocks past the window.
      if (starts)
        return at + std::countr_zero(starts);
    }
  }

  void book(int64_t at, int length) {
    uint64_t slots = (uint64_t(1) << length) - 1;
    int shift = at & 63;
    add(at >> 6, slots << shift);
    if (shift + length > 64)
      add((at >> 6) + 1, slots >> (64 - shift));
  }

  /// Whether the clocks \p at + i are free for each set bit i of \p mask.
  bool isFree(int64_t at, uint64_t mask) const {
    int shift = at & 63;
    uint64_t high = shift == 0 ? 0 : mask >> (64 - shift);
    return !(taken(at >> 6) & mask << shift) &&
           !(high && (taken((at >> 6) + 1) & high));
  }

  /// Books the clocks \p at + i for each set bit i of \p mask, if all of them
  /// are free; says whether they were.
  bool tryBook(int64_t at, uint64_t mask) {
    if (!isFree(at, mask))
      return false;
    bookFree(at, mask);
    return true;
  }

  /// The same where it is known that they are free.
  void bookFree(int64_t at, uint64_t mask) {
    int shift = at & 63;
    add(at >> 6, mask << shift);
    if (uint64_t high = shift == 0 ? 0 : mask >> (64 - shift))
      add((at >> 6) + 1, high);
  }

private:
  struct Word {
    int64_t number = -1;
    uint64_t taken = 0;
  };

  void add(int64_t number, uint64_t bits) {
    Word &word = words[number & (Words - 1)];
    if (word.number != number)
      word = {number, 0};
    word.taken |= bits;
  }
  uint64_t taken(int64_t number) const {
    const Word &word = words[number & (Words - 1)];
    return word.number == number ? word.taken : 0;
  }
  uint64_t window(int64_t at) const {
    uint64_t low = taken(at >> 6);
    int shift = at & 63;
    if (shift == 0)
      return low;
    return low >> shift | taken((at >> 6) + 1) << (64 - shift);
  }

  std::vector<Word> words;
};

} // namespace dalbit::dram
