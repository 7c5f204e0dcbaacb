// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of an instruction by its configuration alone. Programs execute
// the same few hundred configurations again and again (layers, steps), so a
// plan is made once and looked up from then on.

#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

namespace dalbit::fast {

/// Plans by configuration; `Plan` has the configuration that it was made for
/// as its member c. A later one may take the place of an earlier one. They lie
/// in the order in which they were made, and are looked at only if a sum of
/// their configuration says so: a lookup that misses the cache costs more than
/// all else here, and where attention's addresses move with the position, one
/// configuration in three never comes again.
template <typename Plan> class Plans {
public:
  using Configuration = decltype(Plan::c);

  /// The plan of the configuration whose words are at \p words and whose sum is
  /// \p sum, valid until the next call. It is new if its `isMade` is false; the
  /// caller then makes it. \p go: number of the go, which often has the same
  /// plan again.
  Plan &of(const uint32_t *words, uint64_t sum, uint32_t go) {
    uint32_t check = checkOf(sum);
    Entry &latest = byGo[go % (1u << Bits)];
    if (latest.check == check && is(plans[latest.place], words))
      return plans[latest.place];
    Entry &entry = bySum[sum >> (64 - Bits)];
    if (entry.check == check && is(plans[entry.place], words)) {
      latest = entry;
      return plans[entry.place];
    }
    latest = entry = {check, next};
    Plan &plan = plans[next];
    next = (next + 1) % Most;
    plan = {};
    std::memcpy(static_cast<void *>(&plan.c), words, sizeof(Configuration));
    return plan;
  }

  /// of() will be asked before long. Returns the sum.
  uint64_t expect(const uint32_t *words, uint32_t go) const {
    uint64_t sum = sumOf(words);
    const Entry &latest = byGo[go % (1u << Bits)];
    if (latest.check != checkOf(sum)) {
      __builtin_prefetch(&bySum[sum >> (64 - Bits)]);
      return sum;
    }
    const char *plan = reinterpret_cast<const char *>(&plans[latest.place]);
    for (size_t line = 0; line < sizeof(Plan); line += 64)
      __builtin_prefetch(plan + line);
    return sum;
  }

  /// Tells most configurations apart; no product waits for another one.
  static uint64_t sumOf(const uint32_t *configuration) {
    std::array<uint64_t, Words> words;
    words[Words - 1] = 0;
    std::memcpy(words.data(), configuration, sizeof(Configuration));
    uint64_t sum = 0;
    for (size_t i = 0; i < Words; ++i)
      sum += words[i] * Factors[i];
    return sum;
  }

private:
  static constexpr unsigned Bits = 12;
  static constexpr uint32_t Most = 2048;

  /// Where a plan may be, and bits of its configuration's sum.
  struct Entry {
    uint32_t check = 0, place = 0;
  };

  /// The upper bits have all words.
  static uint32_t checkOf(uint64_t sum) { return uint32_t(sum >> (32 - Bits)); }

  static constexpr size_t Words = (sizeof(Configuration) + 7) / 8;
  /// Odd, and otherwise without pattern (the sequence of splitmix64).
  static constexpr std::array<uint64_t, Words> Factors = [] {
    std::array<uint64_t, Words> factors{};
    uint64_t state = 0;
    for (uint64_t &factor : factors) {
      uint64_t mixed = state += 0x9e3779b97f4a7c15;
      mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
      mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
      factor = (mixed ^ mixed >> 31) | 1;
    }
    return factors;
  }();

  static bool is(const Plan &plan, const uint32_t *words) {
    return plan.isMade &&
           std::memcmp(&plan.c, words, sizeof(Configuration)) == 0;
  }

  std::vector<Plan> plans = std::vector<Plan>(Most);
  uint32_t next = 0;
  std::vector<Entry> byGo = std::vector<Entry>(size_t(1) << Bits);
  std::vector<Entry> bySum = std::vector<Entry>(size_t(1) << Bits);
};

} // namespace dalbit::fast
