// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Campaign.h"

#include "simulator/fuzz/Generator.h"

namespace dalbit::fuzz {

Case programOf(const target::Target &target, uint64_t seed, uint64_t number,
               unsigned attempt) {
  std::seed_seq mix{uint32_t(seed), uint32_t(seed >> 32), uint32_t(number),
                    uint32_t(number >> 32), attempt};
  uint32_t words[2];
  mix.generate(words, words + 2);
  Generator generator(target, uint64_t(words[1]) << 32 | words[0]);
  if (number % 8 != 7)
    return generator.make(std::nullopt);
  // Neighbours are of different units; all come in turn, from a place that the
  // seed decides.
  constexpr unsigned Stride = 29;
  return generator.make(unsigned((seed + number / 8) % (1 << 20)) * Stride);
}

Result runCampaign(const target::Target &target, uint64_t seed,
                   uint64_t programs, size_t most,
                   const std::function<void(uint64_t)> &progress) {
  Result result;
  for (uint64_t number = 0;
       number < programs && result.mismatches.size() < most; ++number) {
    Case input;
    Verdict verdict;
    for (unsigned attempt = 0;; ++attempt) {
      input = programOf(target, seed, number, attempt);
      verdict = compare(input, &result.coverage);
      if (!verdict.isRacy() && verdict.ending != Ending::Endless)
        break;
      ++result.discarded;
    }
    ++result.programs;
    result.refused += verdict.isRefused();
    result.cycles += verdict.cycles;
    if (!verdict.difference.empty())
      result.mismatches.push_back({number, input, verdict.difference});
    progress(number + 1);
  }
  return result;
}

} // namespace dalbit::fuzz
