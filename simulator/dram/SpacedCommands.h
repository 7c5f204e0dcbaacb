// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Commands of one kind that must keep a distance from each other: activates
// (tRRD within and across bank groups, tFAW over any five), among them the
// refreshes of banks, which open rows inside; precharges (tPPD). Keeps the
// booked ones in time order and finds the first clock at which one more is
// legal, before or after those already booked.
//
// Precondition: the times asked for never fall behind the latest forget().

#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace dalbit::dram {

class SpacedCommands {
public:
  SpacedCommands() = default;
  /// \p sameGroup and \p otherGroup are distances in clocks; any five
  /// commands span at least \p five clocks (0: no such rule); \p refresh is the
  /// distance to commands of RefreshGroup, either order.
  SpacedCommands(int64_t sameGroup, int64_t otherGroup, int64_t five,
                 int64_t refresh = 0)
      : sameGroup(sameGroup), otherGroup(otherGroup),
        // What the distances of neighbours imply need not be looked at.
        five(five <= 4 * std::min({sameGroup, otherGroup, refresh}) ? 0 : five),
        refresh(refresh),
        reach(std::max({sameGroup, otherGroup, this->five, refresh})) {}

  /// The group of a refresh of banks.
  static constexpr uint32_t RefreshGroup = ~uint32_t(0);

  /// First legal clock not before \p earliest for a command to \p group.
  int64_t find(int64_t earliest, uint32_t group) const {
    if (first == int64_t(entries.size()) ||
        entries.back().at + reach <= earliest)
      return earliest;
    return entries.back().at <= earliest ? findAfter(earliest, group)
                                         : findAmong(earliest, group);
  }

  void book(int64_t at, uint32_t group) {
    auto place = entries.end();
    while (place != entries.begin() + first && (place - 1)->at > at)
      --place;
    entries.insert(place, {at, group});
  }

  /// Drops what cannot restrict a command at \p now or later.
  void forget(int64_t now) {
    while (first != int64_t(entries.size()) && entries[first].at + reach <= now)
      ++first;
    if (first == int64_t(entries.size()) || first >= Dropped) {
      entries.erase(entries.begin(), entries.begin() + first);
      first = 0;
    }
  }

private:
  struct Entry {
    int64_t at;
    uint32_t group;
  };

  int64_t distance(const Entry &entry, uint32_t group) const {
    if (entry.group == RefreshGroup || group == RefreshGroup)
      return refresh;
    return entry.group == group ? sameGroup : otherGroup;
  }
  int64_t findAfter(int64_t earliest, uint32_t group) const;
  int64_t findAmong(int64_t earliest, uint32_t group) const;
  int64_t afterNeighbours(int64_t at, uint32_t group) const;
  int64_t afterFive(int64_t at) const;

  /// Dropped entries that may stand before `first`.
  static constexpr int64_t Dropped = 64;

  std::vector<Entry> entries; ///< from first on: in time order
  int64_t first = 0;
  int64_t sameGroup = 0;
  int64_t otherGroup = 0;
  int64_t five = 0;
  int64_t refresh = 0;
  int64_t reach = 0; ///< a command this far away restricts nothing
};

} // namespace dalbit::dram
