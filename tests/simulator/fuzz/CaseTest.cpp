// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Campaign.h"
#include "simulator/fuzz/Compare.h"
#include "support/Error.h"
#include "support/MappedFile.h"

#include <catch2/catch.hpp>

#include <filesystem>

namespace dalbit::fuzz::test {

TEST_CASE("engines agree where they once differed", "[case]") {
  for (const auto &entry :
       std::filesystem::directory_iterator(DALBIT_FUZZ_CASES)) {
    CAPTURE(entry.path());
    MappedFile file(entry.path().string());
    Verdict verdict = compare(
        parse(std::string(file.data(), file.size()), entry.path().string()));
    CHECK(verdict.ending == Ending::Halted);
    CHECK(verdict.difference == "");
  }
}

TEST_CASE("a case comes back from its text", "[case]") {
  target::Target target = target::loadTarget("nano");
  if (GENERATE(false, true))
    target.rowScalars *= 2; // no built-in one: the text carries it whole
  for (uint64_t number = 0; number < 16; ++number) {
    Case input = programOf(target, 11, number);
    Case again = parse(print(input), "test");
    CHECK(again.target == input.target);
    CHECK(again.memorySeed == input.memorySeed);
    CHECK(again.dramSeed == input.dramSeed);
    CHECK(again.stalls == input.stalls);
    CHECK(again.arguments == input.arguments);
    CHECK(again.code == input.code);
  }
}

TEST_CASE("a bad line of a case is an error with its number", "[case]") {
  CHECK_THROWS_WITH(parse(".target nano\nhalt\nnonsense r1\n", "a.s"),
                    Catch::StartsWith("a.s:3: unknown instruction"));
  CHECK_THROWS_WITH(parse(".target nano\n.stalls 1 2\n", "a.s"),
                    Catch::StartsWith("a.s:2: "));
  CHECK_THROWS_WITH(parse(".target nano\n.argument 9 1\n", "a.s"),
                    Catch::StartsWith("a.s:2: "));
  CHECK_THROWS_WITH(parse("halt\n", "a.s"), "a.s: names no target");
  CHECK_THROWS_WITH(parse(".target nano\n", "a.s"), "a.s: has no instructions");
}

TEST_CASE("other DRAM timings are timings of a legal device", "[case]") {
  Case input;
  input.target = target::loadTarget("edge");
  dram::DramParameters own = input.device();
  for (uint64_t seed = 1; seed < 50; ++seed) {
    input.dramSeed = seed;
    dram::DramParameters other = input.device();
    const dram::DramTiming &t = other.timing;
    CHECK(t.activateToActivate >=
          t.activateToPrecharge + t.prechargeToActivate);
    CHECK(t.columnSameGroup >= t.columnOtherGroup);
    CHECK(t.readLatency >= own.timing.readLatency);
    CHECK(t.refreshInterval > t.refreshToActivate + t.prechargeAllToRefresh);
    CHECK(other.capacityBytes == own.capacityBytes);
  }
}

} // namespace dalbit::fuzz::test
