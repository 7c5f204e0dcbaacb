// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/ClockRatio.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

using dalbit::dram::ClockRatio;

TEST_CASE("equal clocks add only the synchroniser", "[dram]") {
  ClockRatio ratio = ClockRatio::of(800, 800);
  CHECK(ratio.toDram(17) == 17);
  CHECK(ratio.toNpu(17) == 17 + ClockRatio::SynchroniserCycles);
}

TEST_CASE("1 GHz beside 1066.67 MHz is 15 to 16", "[dram]") {
  ClockRatio ratio = ClockRatio::of(1000, 1000 / 0.9375);
  CHECK(ratio.npuTerm() == 15);
  CHECK(ratio.dramTerm() == 16);
  CHECK(ratio.toDram(15) == 16); // a common edge counts at once
  CHECK(ratio.toDram(1) == 2);   // 1.07 clocks: the next edge is 2
  CHECK(ratio.toNpu(16) == 15 + 2);
  CHECK(ratio.toNpu(17) == 16 + 2); // 15.94 cycles
}

TEST_CASE("400 MHz beside 1.6 GHz is 1 to 4", "[dram]") {
  ClockRatio ratio = ClockRatio::of(400, 1600);
  CHECK(ratio.toDram(3) == 12);
  CHECK(ratio.toNpu(12) == 3 + 2);
  CHECK(ratio.toNpu(13) == 4 + 2);
}

TEST_CASE("clocks in no simple ratio are refused", "[dram]") {
  CHECK_THROWS_WITH(ClockRatio::of(801.7, 1600),
                    Catch::Contains("no ratio of integers"));
  CHECK_THROWS_AS(ClockRatio::of(0, 800), dalbit::Error);
  for (auto [mhz, nearest] :
       {std::pair(802., "in one: 800 or 812 MHz"), {1., "in one: 16 MHz"}})
    try {
      ClockRatio::of(mhz, mhz > 1 ? 1600 : 800);
      FAIL(mhz);
    } catch (const dalbit::Error &error) {
      REQUIRE(error.notes.size() == 1);
      CHECK_THAT(error.notes[0], Catch::EndsWith(nearest));
    }
}
