// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/SpacedCommands.h"

#include <algorithm>

namespace dalbit::dram {

/// First clock not before \p at that is not too near to a booked command. One
/// pass is enough: who moves behind a command stays clear of those before it.
int64_t SpacedCommands::afterNeighbours(int64_t at, uint32_t group) const {
  for (const Entry &entry : entries) {
    int64_t gap = distance(entry, group);
    if (entry.at - at < gap && at - entry.at < gap)
      at = entry.at + gap;
  }
  return at;
}

/// \p at itself if every five consecutive commands, this one included, span
/// `five` clocks, else a later clock worth trying.
int64_t SpacedCommands::afterFive(int64_t at) const {
  if (five == 0 || entries.size() < 4)
    return at;
  auto size = int64_t(entries.size());
  int64_t place = 0;
  while (place < size && entries[place].at <= at)
    ++place;
  auto timeOf = [&](int64_t index) {
    if (index == place)
      return at;
    return entries[index - (index > place)].at;
  };
  int64_t last = std::min(place, size - 4);
  for (int64_t first = std::max<int64_t>(0, place - 4); first <= last;
       ++first) {
    if (timeOf(first + 4) - timeOf(first) >= five)
      continue;
    if (first + 4 == place)
      return timeOf(first) + five;
    return entries[place].at; // no room before the next booked one
  }
  return at;
}

int64_t SpacedCommands::find(int64_t earliest, uint32_t group) const {
  if (entries.empty() || entries.back().at + reach <= earliest)
    return earliest;
  int64_t at = earliest;
  for (;;) {
    int64_t moved = afterFive(afterNeighbours(at, group));
    if (moved == at)
      return at;
    at = moved;
  }
}

void SpacedCommands::book(int64_t at, uint32_t group) {
  auto place = entries.end();
  while (place != entries.begin() && (place - 1)->at > at)
    --place;
  entries.insert(place, {at, group});
}

void SpacedCommands::forget(int64_t now) {
  auto keep = entries.begin();
  while (keep != entries.end() && keep->at + reach <= now)
    ++keep;
  entries.erase(entries.begin(), keep);
}

} // namespace dalbit::dram
