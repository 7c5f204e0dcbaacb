// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/SpacedCommands.h"

namespace dalbit::dram {

namespace {

/// Takes the clocks of \p ring less than \p distance from \p at.
void take(ClockRing &ring, int64_t at, int64_t distance) {
  ring.add(at - distance + 1, at + distance);
}

} // namespace

int64_t SpacedCommands::findBoth(int64_t earliest, uint32_t group,
                                 const CommandBus &bus, int length) const {
  for (int64_t at = earliest;;) {
    int64_t spaced = find(at, group);
    at = bus.find(spaced, length);
    if (at == spaced)
      return at;
  }
}

void SpacedCommands::bookAny(int64_t at, uint32_t group) {
  if (isAlike)
    take(near, at, group == RefreshGroup ? refresh : sameGroup);
  for (uint32_t other = 0; other < byGroup.size(); ++other)
    take(byGroup[other], at,
         group == RefreshGroup ? refresh
         : other == group      ? sameGroup
                               : otherGroup);
  if (refresh != 0)
    take(nearRefresh, at, refresh);
  if (five != 0)
    bookOfFive(at);
}

/// \p at itself if every five consecutive commands, this one included, span
/// `five` clocks, else a later clock worth trying.
int64_t SpacedCommands::afterFive(int64_t at) const {
  const int64_t *booked = times.data() + first;
  int64_t size = int64_t(times.size()) - first;
  if (size < 4)
    return at;
  int64_t place = size;
  while (place > 0 && booked[place - 1] > at)
    --place;
  auto timeOf = [&](int64_t index) {
    if (index == place)
      return at;
    return booked[index - (index > place)];
  };
  int64_t last = std::min(place, size - 4);
  for (int64_t from = std::max<int64_t>(0, place - 4); from <= last; ++from) {
    if (timeOf(from + 4) - timeOf(from) >= five)
      continue;
    if (from + 4 == place)
      return timeOf(from) + five;
    return booked[place]; // no room before the next booked one
  }
  return at;
}

void SpacedCommands::bookOfFive(int64_t at) {
  auto place = times.end();
  while (place != times.begin() + first && *(place - 1) > at)
    --place;
  times.insert(place, at);
}

void SpacedCommands::forgetFives(int64_t now) {
  while (first != int64_t(times.size()) && times[first] + five <= now)
    ++first;
  if (first == int64_t(times.size()) || first >= Dropped) {
    times.erase(times.begin(), times.begin() + first);
    first = 0;
  }
}

} // namespace dalbit::dram
