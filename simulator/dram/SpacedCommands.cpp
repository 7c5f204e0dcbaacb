// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/SpacedCommands.h"

#include <algorithm>

namespace dalbit::dram {

/// First clock not before \p at that is not too near to a booked command. One
/// pass is enough: who moves behind a command stays clear of those before it.
int64_t SpacedCommands::afterNeighbours(int64_t at, uint32_t group) const {
  for (int64_t i = first; i < int64_t(entries.size()); ++i) {
    const Entry &entry = entries[i];
    int64_t gap = distance(entry, group);
    if (entry.at - at < gap && at - entry.at < gap)
      at = entry.at + gap;
  }
  return at;
}

/// \p at itself if every five consecutive commands, this one included, span
/// `five` clocks, else a later clock worth trying.
int64_t SpacedCommands::afterFive(int64_t at) const {
  const Entry *booked = entries.data() + first;
  int64_t size = int64_t(entries.size()) - first;
  if (five == 0 || size < 4)
    return at;
  int64_t place = 0;
  while (place < size && booked[place].at <= at)
    ++place;
  auto timeOf = [&](int64_t index) {
    if (index == place)
      return at;
    return booked[index - (index > place)].at;
  };
  int64_t last = std::min(place, size - 4);
  for (int64_t from = std::max<int64_t>(0, place - 4); from <= last; ++from) {
    if (timeOf(from + 4) - timeOf(from) >= five)
      continue;
    if (from + 4 == place)
      return timeOf(from) + five;
    return booked[place].at; // no room before the next booked one
  }
  return at;
}

/// Nothing is booked after \p earliest.
int64_t SpacedCommands::findAfter(int64_t earliest, uint32_t group) const {
  int64_t at = earliest;
  int64_t size = int64_t(entries.size());
  for (int64_t i = size; i-- > first && entries[i].at + reach > earliest;)
    at = std::max(at, entries[i].at + distance(entries[i], group));
  if (five != 0 && size - first >= 4)
    at = std::max(at, entries[size - 4].at + five);
  return at;
}

int64_t SpacedCommands::findAmong(int64_t earliest, uint32_t group) const {
  int64_t at = earliest;
  for (;;) {
    int64_t moved = afterFive(afterNeighbours(at, group));
    if (moved == at)
      return at;
    at = moved;
  }
}

} // namespace dalbit::dram
