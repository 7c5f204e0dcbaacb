// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command bus of a channel: which clocks are taken by booked commands.

#pragma once

#include "simulator/dram/ClockRing.h"

namespace dalbit::dram {

class CommandBus {
public:
  /// First clock not before \p earliest from which \p length (1 to 8) clocks
  /// are free.
  [[gnu::always_inline]] int64_t find(int64_t earliest, int length) const {
    return length == 1 ? clocks.firstFree(earliest)
                       : findLong(earliest, length);
  }
  int64_t findLong(int64_t earliest, int length) const {
    for (int64_t at = earliest;; at += 65 - length) {
      uint64_t run = ~clocks.window(at);
      uint64_t starts = run;
      for (int i = 1; i < length; ++i)
        starts &= run >> i;
      // The last length - 1 bits would need clocks past the window.
      if (starts)
        return at + std::countr_zero(starts);
    }
  }

  [[gnu::always_inline]] void book(int64_t at, int length) {
    if (length == 1)
      clocks.addOne(at);
    else
      clocks.addMask(at, (uint64_t(1) << length) - 1);
  }

  /// Whether the clocks \p at + i are free for each set bit i of \p mask.
  bool isFree(int64_t at, uint64_t mask) const {
    int shift = int(at & 63);
    uint64_t high = mask >> 1 >> (63 - shift);
    return !(clocks.taken(at >> 6) & mask << shift) &&
           !(high && (clocks.taken((at >> 6) + 1) & high));
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
  void bookFree(int64_t at, uint64_t mask) { clocks.addMask(at, mask); }

  /// The same for \p mask again and again: \p each has every 64 clocks the bits
  /// that clocks \p first to \p stop, which is not booked, get.
  void bookEven(int64_t first, int64_t stop, uint64_t each) {
    int64_t number = first >> 6, last = (stop - 1) >> 6;
    uint64_t bits = each & ~uint64_t(0) << (first & 63);
    for (; number != last; ++number, bits = each)
      clocks.add(number, bits);
    clocks.add(number, bits & ~uint64_t(0) >> (63 - ((stop - 1) & 63)));
  }

  /// The first clock from \p first to \p stop, which is not looked at, that is
  /// taken and a bit of \p each, as in bookEven(); \p stop if there is none.
  int64_t firstTaken(int64_t first, int64_t stop, uint64_t each) const {
    uint64_t bits = each & ~uint64_t(0) << (first & 63);
    for (int64_t number = first >> 6; number << 6 < stop; ++number, bits = each)
      if (uint64_t taken = clocks.taken(number) & bits)
        return std::min(stop, number * 64 + std::countr_zero(taken));
    return stop;
  }

  const ClockRing &ring() const { return clocks; }

private:
  ClockRing clocks;
};

} // namespace dalbit::dram
