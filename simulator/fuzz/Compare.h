// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a case on all engines and says where they differ.
//
// The functional engine, with the race detector, decides what a case is. After
// a halt all engines with data have the same memory, and those with time the
// same cycles, counters, counters by tag and DRAM counters. Of a refused case,
// status and place agree (T10), of a deadlock also what each unit waits for as
// engines with time say it; what memory holds then is not defined.

#pragma once

#include "simulator/fuzz/Engines.h"

namespace dalbit::fuzz {

struct Verdict {
  Ending ending = Ending::Halted; ///< the functional engine's
  uint64_t cycles = 0;            ///< of the first engine with time
  std::string difference;         ///< empty: none

  bool isRefused() const { return ending != Ending::Halted; }
  /// A case that says nothing about engines: its result is left to chance.
  bool isRacy() const { return ending == Ending::Raced; }
};

/// \p observer watches the functional run; it may be null.
Verdict compare(const Case &input, functional::Observer *observer = nullptr);

} // namespace dalbit::fuzz
