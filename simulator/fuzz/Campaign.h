// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A number of programs from one seed, compared on all engines.

#pragma once

#include "simulator/fuzz/Compare.h"
#include "simulator/fuzz/Coverage.h"

#include <functional>

namespace dalbit::fuzz {

struct Mismatch {
  uint64_t program; ///< its number
  Case input;
  std::string difference;
};

struct Result {
  uint64_t programs = 0, refused = 0, cycles = 0;
  /// Programs that the race detector found fault with, and that were replaced:
  /// faults of the generator, or planted ones that changed nothing.
  uint64_t discarded = 0;
  std::vector<Mismatch> mismatches;
  Coverage coverage;
};

/// Program \p number of a seed. Every eighth has a fault.
Case programOf(const target::Target &target, uint64_t seed, uint64_t number,
               unsigned attempt = 0);

/// Runs them on \p threads threads; \p progress gets the number of those done.
/// Stops after \p most mismatches. The result does not depend on the threads.
/// Throws Error if \p target is too small for them.
Result runCampaign(const target::Target &target, uint64_t seed,
                   uint64_t programs, size_t most, unsigned threads,
                   const std::function<void(uint64_t)> &progress);

} // namespace dalbit::fuzz
