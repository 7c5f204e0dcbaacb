// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Commands of one kind that must keep a distance from each other: activates
// (tRRD within and across bank groups, tFAW over any five), among them the
// refreshes of banks, which open rows inside; precharges (tPPD). Finds the
// first clock at which one more is legal, before or after those already booked.
//
// A booked command takes the clocks around it that are too near for others.
// Those differ by the other's group, so there is a ring of clocks for each
// group, or one for all if the distances are the same.
//
// Precondition: the times asked for never fall behind the latest forget().

#pragma once

#include "simulator/dram/CommandBus.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace dalbit::dram {

class SpacedCommands {
public:
  SpacedCommands() = default;
  /// \p sameGroup and \p otherGroup are distances in clocks, of \p groups
  /// groups; any five commands span at least \p five clocks (0: no such rule);
  /// \p refresh is the distance to commands of RefreshGroup, either order (0:
  /// there are none).
  SpacedCommands(uint32_t groups, int64_t sameGroup, int64_t otherGroup,
                 int64_t five, int64_t refresh)
      : sameGroup(sameGroup), otherGroup(otherGroup),
        // What the distances of neighbours imply need not be looked at.
        five(five <= 4 * std::min({sameGroup, otherGroup,
                                   refresh ? refresh : sameGroup})
                 ? 0
                 : five),
        refresh(refresh), isAlike(sameGroup == otherGroup),
        isPlain(isAlike && refresh == 0 && this->five == 0 && sameGroup <= 32),
        plainMask(isPlain ? maskOf(sameGroup) : 0),
        byGroup(isAlike ? 0 : groups) {}

  /// The group of a refresh of banks.
  static constexpr uint32_t RefreshGroup = ~uint32_t(0);

  /// First legal clock not before \p earliest for a command to \p group.
  int64_t find(int64_t earliest, uint32_t group) const {
    for (int64_t at = earliest;;) {
      at = nearOf(group).firstFree(at);
      if (five == 0)
        return at;
      int64_t later = afterFive(at);
      if (later == at)
        return at;
      at = later;
    }
  }

  /// The same if \p length slots of \p bus are free then too.
  [[gnu::always_inline]] int64_t find(int64_t earliest, uint32_t group,
                                      const CommandBus &bus, int length) const {
    if (isPlain && length == 1)
      return near.firstFree(earliest, bus.ring());
    return findBoth(earliest, group, bus, length);
  }

  [[gnu::always_inline]] void book(int64_t at, uint32_t group) {
    if (isPlain)
      near.addMask(at - sameGroup + 1, plainMask);
    else
      bookAny(at, group);
  }

  /// Whether a command of any group keeps just one distance, less than 8
  /// clocks.
  bool isClose() const { return isPlain && sameGroup <= 8; }
  /// Of those: the clocks that it keeps from others before or after it, and a
  /// bit for each of them.
  int64_t reach() const { return sameGroup - 1; }
  uint64_t reachMask() const { return plainMask; }
  /// Bits of the 64 clocks from \p at on that are too near to booked ones.
  uint64_t window(int64_t at) const { return near.window(at); }
  /// Books what has taken the clocks \p at + i for each set bit i of \p mask.
  void bookMask(int64_t at, uint64_t mask) { near.addMask(at, mask); }

  /// Drops what cannot restrict a command at \p now or later.
  void forget(int64_t now) {
    if (five != 0)
      forgetFives(now);
  }

private:
  const ClockRing &nearOf(uint32_t group) const {
    return group == RefreshGroup ? nearRefresh
           : isAlike             ? near
                                 : byGroup[group];
  }
  /// As many clocks as are less than \p distance from one.
  static uint64_t maskOf(int64_t distance) {
    return ~uint64_t(0) >> (65 - 2 * distance);
  }
  int64_t findBoth(int64_t earliest, uint32_t group, const CommandBus &bus,
                   int length) const;
  void bookAny(int64_t at, uint32_t group);
  int64_t afterFive(int64_t at) const;
  void bookOfFive(int64_t at);
  void forgetFives(int64_t now);

  /// Dropped times that may stand before `first`.
  static constexpr int64_t Dropped = 64;

  int64_t sameGroup = 0;
  int64_t otherGroup = 0;
  int64_t five = 0;
  int64_t refresh = 0;
  bool isAlike = true;  ///< all groups keep the same distance
  bool isPlain = false; ///< and no other rule: what most devices have
  uint64_t plainMask = 0;
  std::vector<ClockRing> byGroup; ///< clocks too near to others, by group
  ClockRing near;                 ///< the same for all groups if they are alike
  ClockRing nearRefresh;          ///< the same for refreshes of banks
  std::vector<int64_t> times;     ///< from first on: in order; only for `five`
  int64_t first = 0;
};

} // namespace dalbit::dram
