// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Campaign.h"

#include "simulator/fuzz/Generator.h"
#include "support/Error.h"
#include "support/Parallel.h"

#include <algorithm>

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

namespace {

struct Tried {
  Case input;
  Verdict verdict;
  Coverage coverage;
  uint64_t discarded = 0;
};

Tried tryProgram(const target::Target &target, uint64_t seed, uint64_t number) {
  Tried tried;
  for (unsigned attempt = 0;; ++attempt) {
    tried.input = programOf(target, seed, number, attempt);
    tried.verdict = compare(tried.input, &tried.coverage);
    if (!tried.verdict.isRacy() && tried.verdict.ending != Ending::Endless)
      return tried;
    ++tried.discarded;
  }
}

} // namespace

/// Random programs want some places in each bank and room for the row scalars
/// of two jobs.
static void requireRoom(const target::Target &target) {
  constexpr uint32_t Bank = 8192;
  constexpr int Rows = 256, Entries = 128;
  if (target.bankBytes() >= Bank && target.rowScalars >= Rows &&
      target.accumulatorEntries >= Entries)
    return;
  throw Error("target '" + target.name + "' is too small for random programs",
              {"they want banks of " + std::to_string(Bank) + " bytes, " +
               std::to_string(Rows) + " row scalars and " +
               std::to_string(Entries) + " accumulator entries"});
}

Result runCampaign(const target::Target &target, uint64_t seed,
                   uint64_t programs, size_t most, unsigned threads,
                   const std::function<void(uint64_t)> &progress) {
  requireRoom(target);
  // So many at a time that threads seldom wait for each other at its end.
  const uint64_t block = threads > 1 ? 32 * threads : 1;
  Result result;
  while (result.programs < programs && result.mismatches.size() < most) {
    uint64_t first = result.programs;
    std::vector<Tried> tried(std::min(block, programs - first));
    parallelFor(threads, tried.size(), [&](size_t i) {
      tried[i] = tryProgram(target, seed, first + i);
    });
    for (Tried &one : tried) {
      result.coverage += one.coverage;
      result.discarded += one.discarded;
      result.refused += one.verdict.isRefused();
      result.cycles += one.verdict.cycles;
      if (!one.verdict.difference.empty())
        result.mismatches.push_back(
            {result.programs, std::move(one.input), one.verdict.difference});
      progress(++result.programs);
      // What has been run beyond does not count: the result is that of one
      // thread.
      if (result.mismatches.size() == most)
        break;
    }
  }
  return result;
}

} // namespace dalbit::fuzz
