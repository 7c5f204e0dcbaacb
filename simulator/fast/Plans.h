// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of an instruction by its configuration alone. Programs execute
// the same few hundred configurations again and again (layers, steps), so a
// plan is made once and looked up from then on.

#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

namespace dalbit::fast {

/// Plans by configuration; `Plan` has the configuration that it was made for
/// as its member c. A later one may take the place of an earlier one.
template <typename Plan> class Plans {
public:
  using Configuration = decltype(Plan::c);

  /// The plan of the configuration whose words are at \p configuration, valid
  /// until the next call. It is new if its `isMade` is false; the caller then
  /// makes it. \p pc: of its go, which often has the same one again.
  Plan &of(const uint32_t *configuration, uint32_t pc) {
    uint32_t &place = latest[pc % latest.size()];
    if (is(places[place], configuration))
      return places[place];
    place = placeOf(configuration);
    Plan &plan = places[place];
    if (!is(plan, configuration)) {
      plan = {};
      std::memcpy(static_cast<void *>(&plan.c), configuration,
                  sizeof(Configuration));
    }
    return plan;
  }

private:
  static constexpr unsigned Bits = 11;

  static bool is(const Plan &plan, const uint32_t *configuration) {
    return plan.isMade &&
           std::memcmp(&plan.c, configuration, sizeof(Configuration)) == 0;
  }
  static uint32_t placeOf(const uint32_t *configuration) {
    uint64_t words[(sizeof(Configuration) + 7) / 8] = {}, sum = 0;
    std::memcpy(words, configuration, sizeof(Configuration));
    for (uint64_t word : words)
      sum = (std::rotl(sum, 11) ^ word) * 0x9e3779b97f4a7c15;
    return uint32_t(sum >> (64 - Bits));
  }

  std::vector<Plan> places = std::vector<Plan>(size_t(1) << Bits);
  std::vector<uint32_t> latest = std::vector<uint32_t>(size_t(1) << Bits);
};

} // namespace dalbit::fast
