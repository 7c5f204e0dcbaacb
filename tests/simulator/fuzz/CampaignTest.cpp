// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random programs of fixed seeds on all engines: what CI sees of the fuzzer
// (docs/fuzzing.md has the longer runs).

#include "simulator/fuzz/Campaign.h"
#include "support/Parallel.h"

#include <catch2/catch.hpp>

namespace dalbit::fuzz::test {

TEST_CASE("engines agree on random programs", "[fuzz]") {
  // So many that each planted fault comes once.
  constexpr uint64_t Programs = 600;
  target::Target nano = target::loadTarget("nano");
  Result result =
      runCampaign(nano, 2026, Programs, 3, availableCores(), [](uint64_t) {});
  for (const Mismatch &mismatch : result.mismatches)
    FAIL_CHECK("program " << mismatch.program << ": " << mismatch.difference);
  REQUIRE(result.programs == Programs);
  // Every eighth has a fault, and the others none.
  CHECK(result.refused == Programs / 8);
  // Only planted faults that changed nothing are dealt again.
  CHECK(result.discarded <= result.refused);
  CHECK(result.cycles > 1000 * Programs);
}

TEST_CASE("the result does not depend on the threads", "[fuzz]") {
  target::Target nano = target::loadTarget("nano");
  Result one = runCampaign(nano, 4, 24, 3, 1, [](uint64_t) {}),
         three = runCampaign(nano, 4, 24, 3, 3, [](uint64_t) {});
  CHECK(one.programs == three.programs);
  CHECK(one.refused == three.refused);
  CHECK(one.cycles == three.cycles);
  CHECK(one.discarded == three.discarded);
  CHECK(one.coverage.modes() == three.coverage.modes());
  CHECK(one.coverage.instructions() == three.coverage.instructions());
}

TEST_CASE("programs execute every instruction and every mode", "[fuzz]") {
  target::Target nano = target::loadTarget("nano");
  Coverage coverage;
  for (uint64_t number = 0; number < 100; ++number)
    runChecked(programOf(nano, 5, number), &coverage);
  for (const auto &[name, count] : coverage.instructions()) {
    CAPTURE(name);
    CHECK(count > 0);
  }
  for (const auto &[name, count] : coverage.modes()) {
    CAPTURE(name);
    CHECK(count > 0);
  }
}

TEST_CASE("a seed and a number give one program", "[fuzz]") {
  target::Target nano = target::loadTarget("nano");
  std::string text = print(programOf(nano, 1, 2));
  CHECK(text == print(programOf(nano, 1, 2)));
  CHECK(text != print(programOf(nano, 1, 3)));
  CHECK(text != print(programOf(nano, 2, 2)));
}

TEST_CASE("programs fit every built-in target", "[fuzz]") {
  auto name = GENERATE("nano", "edge", "server");
  target::Target target = target::loadTarget(name);
  for (uint64_t number = 0; number < 16; ++number) {
    CAPTURE(name, number);
    Outcome outcome = runChecked(programOf(target, 3, number), nullptr);
    // A fault may turn out to be none, and what it touches is not in order.
    if (number % 8 == 7)
      continue;
    INFO(outcome.message);
    CHECK(outcome.ending == Ending::Halted);
  }
}

} // namespace dalbit::fuzz::test
