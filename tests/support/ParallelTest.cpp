// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/Parallel.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <vector>

using namespace dalbit;

TEST_CASE("each piece of work is done once", "[parallel]") {
  auto threads = GENERATE(1u, 2u, 7u);
  std::vector<std::atomic<int>> done(100);
  parallelFor(threads, done.size(), [&](size_t i) { ++done[i]; });
  for (const std::atomic<int> &count : done)
    CHECK(count == 1);
  parallelFor(threads, 0, [](size_t) { FAIL("there is nothing to do"); });
  CHECK(availableCores() >= 1);
}

TEST_CASE("an exception ends the work and is thrown", "[parallel]") {
  auto threads = GENERATE(1u, 3u);
  std::atomic<int> done = 0;
  CHECK_THROWS_WITH(parallelFor(threads, 100000,
                                [&](size_t i) {
                                  ++done;
                                  if (i == 5)
                                    throw std::runtime_error("five");
                                }),
                    "five");
  CHECK(done < 100000);
}
