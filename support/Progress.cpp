// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/Progress.h"

#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace dalbit {

using Clock = std::chrono::steady_clock;

Progress::Progress(std::string what, uint64_t total)
    : what(std::move(what)), total(total), enabled(isatty(STDERR_FILENO)),
      start(Clock::now()), last(start) {}

Progress::~Progress() {
  if (shown)
    std::fputs("\r\033[K", stderr);
}

void Progress::update(uint64_t done) {
  if (!enabled)
    return;
  Clock::time_point now = Clock::now();
  using namespace std::chrono_literals;
  if (now - start < 1s || now - last < 100ms)
    return;
  last = now;
  shown = true;
  double seconds = std::chrono::duration<double>(now - start).count();
  std::string line = progressLine(what, done, total, seconds);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
}

std::string progressLine(const std::string &what, uint64_t done, uint64_t total,
                         double seconds) {
  std::string line =
      what + " " + std::to_string(done) + "/" + std::to_string(total);
  if (!done || done > total)
    return line;
  double left = std::ceil(seconds / double(done) * double(total - done));
  if (left < 120)
    return line + ", " + std::to_string(int64_t(left)) + " s left";
  return line + ", " + std::to_string(int64_t(std::ceil(left / 60))) +
         " min left";
}

} // namespace dalbit
