// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/ClockRatio.h"

#include "support/Error.h"

#include <cmath>
#include <fmt/format.h>
#include <optional>

namespace dalbit::dram {

namespace {

constexpr int64_t MostTerms = 64;

std::optional<ClockRatio> find(double npuMhz, double dramMhz) {
  auto matches = [&](int64_t npu, int64_t dram) {
    return std::abs(double(dram) / double(npu) * npuMhz / dramMhz - 1) < 1e-3;
  };
  if (npuMhz <= 0 || dramMhz <= 0)
    return std::nullopt;
  // Pairs by their larger term, so that the smallest wins.
  for (int64_t larger = 1; larger <= MostTerms; ++larger)
    for (int64_t smaller = 1; smaller <= larger; ++smaller) {
      if (matches(smaller, larger))
        return ClockRatio(smaller, larger);
      if (matches(larger, smaller))
        return ClockRatio(larger, smaller);
    }
  return std::nullopt;
}

/// "799 or 802"; empty if there is none in either direction.
std::string nearestOf(double npuMhz, double dramMhz) {
  std::string text;
  int64_t most = std::llround(dramMhz * MostTerms);
  auto add = [&](int64_t mhz) {
    text += (text.empty() ? "" : " or ") + std::to_string(mhz);
  };
  for (int64_t mhz = std::min(int64_t(std::ceil(npuMhz)) - 1, most); mhz > 0;
       --mhz)
    if (find(double(mhz), dramMhz)) {
      add(mhz);
      break;
    }
  for (int64_t mhz = std::max<int64_t>(int64_t(npuMhz) + 1, 1); mhz <= most;
       ++mhz)
    if (find(double(mhz), dramMhz)) {
      add(mhz);
      break;
    }
  return text;
}

} // namespace

ClockRatio ClockRatio::of(double npuMhz, double dramMhz) {
  if (std::optional<ClockRatio> ratio = find(npuMhz, dramMhz))
    return *ratio;
  std::vector<std::string> notes;
  if (std::string nearest = nearestOf(npuMhz, dramMhz); !nearest.empty())
    notes.push_back(
        "the nearest clocks of the NPU that are in one: " + nearest + " MHz");
  throw Error(fmt::format("clocks of {} MHz (NPU) and {} MHz (DRAM) are in "
                          "no ratio of integers up to {}",
                          npuMhz, dramMhz, MostTerms),
              notes);
}

} // namespace dalbit::dram
