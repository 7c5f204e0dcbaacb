// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Compare.h"

#include "isa/binary/Layout.h"

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

std::string counterDifference(const isa::Counters &a, const isa::Counters &b) {
  for (unsigned i = 0; i < isa::CounterCount; ++i)
    if (isa::counter(a, i) != isa::counter(b, i))
      return std::string(isa::counters()[i].name) + ": " +
             std::to_string(isa::counter(a, i)) + " against " +
             std::to_string(isa::counter(b, i));
  return "";
}

std::string timeDifference(const host::StepResult &a,
                           const host::StepResult &b) {
  if (std::string text = counterDifference(a.counters, b.counters);
      !text.empty())
    return text;
  std::map<uint32_t, isa::Counters> tags = a.byTag;
  tags.insert(b.byTag.begin(), b.byTag.end());
  auto of = [](const host::StepResult &result, uint32_t tag) {
    auto found = result.byTag.find(tag);
    return found == result.byTag.end() ? isa::Counters{} : found->second;
  };
  for (const auto &[tag, ignored] : tags)
    if (std::string text = counterDifference(of(a, tag), of(b, tag));
        !text.empty())
      return "tag " + std::to_string(tag) + ", " + text;
  for (const auto &[name, value] : a.dram) {
    auto found = b.dram.find(name);
    uint64_t other = found == b.dram.end() ? 0 : found->second;
    if (value != other)
      return name + ": " + std::to_string(value) + " against " +
             std::to_string(other);
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
      text = timeDifference(timed.counted, outcome.counted);
    else
      text = timed.notes == outcome.notes ? "" : "other waits";
    if (!text.empty() && verdict.difference.empty())
      verdict.difference =
          std::string(timedName->name) + " against " + entry.name + ": " + text;
  }
  return verdict;
}

} // namespace dalbit::fuzz
