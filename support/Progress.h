// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One line on stderr that says how far a long run is and when it will be done:
// "decode 12/64, 31 s left". Silent when stderr is not a terminal and in the
// first second, so that logs and quick commands stay clean.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace dalbit {

class Progress {
public:
  /// \p total in the same measure as update()'s \p done.
  Progress(std::string what, uint64_t total);
  /// Erases the line.
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Cheap enough for each step of a loop: prints at most ten times a second.
  void update(uint64_t done);

private:
  std::string what;
  uint64_t total;
  bool enabled, shown = false;
  std::chrono::steady_clock::time_point start, last;
};

/// "what done/total, 31 s left"; no estimate while nothing is done.
std::string progressLine(const std::string &what, uint64_t done, uint64_t total,
                         double seconds);

} // namespace dalbit
