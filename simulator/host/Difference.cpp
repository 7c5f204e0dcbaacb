// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Difference.h"

namespace dalbit::host {

namespace {

std::string counterDifference(const isa::Counters &a, const isa::Counters &b) {
  for (unsigned i = 0; i < isa::CounterCount; ++i)
    if (isa::counter(a, i) != isa::counter(b, i))
      return std::string(isa::counters()[i].name) + ": " +
             std::to_string(isa::counter(a, i)) + " against " +
             std::to_string(isa::counter(b, i));
  return "";
}

} // namespace

std::string difference(const StepResult &a, const StepResult &b) {
  if (std::string text = counterDifference(a.counters, b.counters);
      !text.empty())
    return text;
  std::map<uint32_t, isa::Counters> tags = a.byTag;
  tags.insert(b.byTag.begin(), b.byTag.end());
  auto of = [](const StepResult &result, uint32_t tag) {
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

} // namespace dalbit::host
