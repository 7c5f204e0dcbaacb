// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Compare.h"

#include "isa/binary/Layout.h"
#include "simulator/host/Difference.h"

#include <algorithm>
#include <cstdio>
#include <span>

namespace dalbit::fuzz {

namespace {

std::string place(const Case &input, uint64_t address) {
  binary::Placement placement = binary::place(input.program());
  for (unsigned r = 0; r < isa::RegionCount; ++r)
    if (address >= placement.base[r] &&
        address < placement.base[r] + placement.size[r])
      return "byte " + std::to_string(address - placement.base[r]) +
             " of region " + isa::regions()[r].name;
  return "byte " + std::to_string(address) + " of the DRAM";
}

std::string memoryDifference(const Case &input, const Outcome &a,
                             const Outcome &b) {
  std::span<const uint8_t> left(a.memory->data(), MemoryBytes);
  std::span<const uint8_t> right(b.memory->data(), MemoryBytes);
  auto [at, other] = std::mismatch(left.begin(), left.end(), right.begin());
  if (at == left.end())
    return "";
  size_t count = 0;
  for (size_t i = 0; i < left.size(); ++i)
    count += left[i] != right[i];
  char text[96];
  std::snprintf(text, sizeof text, ": 0x%02x against 0x%02x, %zu in all", *at,
                *other, count);
  return place(input, uint64_t(at - left.begin())) + text;
}

std::string statusDifference(const Outcome &a, const Outcome &b) {
  if (a.ending != b.ending ||
      (a.ending == Ending::Stopped &&
       (a.code != b.code || a.pc != b.pc || a.unit != b.unit))) {
    auto tell = [](const Outcome &outcome) {
      return std::string(name(outcome.ending)) +
             (outcome.message.empty() ? "" : " (" + outcome.message + ")");
    };
    return tell(a) + " against " + tell(b);
  }
  return "";
}

} // namespace

Verdict compare(const Case &input, functional::Observer *observer) {
  Verdict verdict;
  Outcome first = runChecked(input, observer);
  verdict.ending = first.ending;
  // What its order decides or what has no end is not for the engines.
  if (first.ending == Ending::Raced || first.ending == Ending::Endless)
    return verdict;
  const EngineEntry *timedName = nullptr;
  Outcome timed;
  for (const EngineEntry &entry : engines()) {
    if (&entry == &engines().front())
      continue;
    Outcome outcome = run(entry, input);
    std::string text = statusDifference(first, outcome);
    if (text.empty() && first.ending == Ending::Halted) {
      if (outcome.memory)
        text = memoryDifference(input, first, outcome);
      if (text.empty() && first.counted.counters.sequencer.instructions !=
                              outcome.counted.counters.sequencer.instructions)
        text = "sequencer.instructions: " +
               std::to_string(first.counted.counters.sequencer.instructions) +
               " against " +
               std::to_string(outcome.counted.counters.sequencer.instructions);
    }
    if (!text.empty() && verdict.difference.empty())
      verdict.difference =
          std::string("functional against ") + entry.name + ": " + text;
    if (!entry.isTimed)
      continue;
    if (!timedName) {
      timedName = &entry;
      verdict.cycles = outcome.counted.counters.cycles;
      timed = std::move(outcome);
      continue;
    }
    if (first.ending == Ending::Halted)
      text = host::difference(timed.counted, outcome.counted);
    else
      text = timed.notes == outcome.notes ? "" : "other waits";
    if (!text.empty() && verdict.difference.empty())
      verdict.difference =
          std::string(timedName->name) + " against " + entry.name + ": " + text;
  }
  return verdict;
}

} // namespace dalbit::fuzz
