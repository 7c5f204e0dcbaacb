// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The semaphores of generated programs are what keeps them in order, and the
// race detector knows.

#include "simulator/fuzz/Campaign.h"
#include "simulator/fuzz/Random.h"

#include <catch2/catch.hpp>

namespace dalbit::fuzz::test {

namespace {

/// The case with one wait of one go or sem.wait taken away, or none.
bool dropWait(Case &input, Random &random) {
  std::vector<std::pair<size_t, uint16_t>> waits;
  for (size_t pc = 0; pc < input.code.size(); ++pc) {
    isa::Instruction i = isa::decode(input.code[pc]).instruction;
    for (unsigned s = 0; s < isa::Semaphores; ++s)
      if (i.wait >> s & 1)
        waits.emplace_back(pc, uint16_t(1u << s));
  }
  if (waits.empty())
    return false;
  auto [pc, bit] = random.pick(waits);
  isa::Instruction i = isa::decode(input.code[pc]).instruction;
  i.wait &= uint16_t(~bit);
  input.code[pc] = isa::encode(i);
  return true;
}

} // namespace

TEST_CASE("a program without one of its waits races, or the wait was needless",
          "[order]") {
  target::Target nano = target::loadTarget("nano");
  Random random(9);
  int races = 0, programs = 0;
  for (uint64_t number = 0; number < 70; ++number) {
    if (number % 8 == 7)
      continue;
    CAPTURE(number);
    Case input = programOf(nano, 77, number);
    if (!dropWait(input, random))
      continue;
    ++programs;
    Verdict verdict = compare(input);
    // What the detector lets pass is in order on the rtl as well.
    INFO(verdict.difference);
    CHECK(verdict.difference.empty());
    races += verdict.isRacy();
  }
  CHECK(programs > 50);
  CHECK(races > programs / 3);
}

} // namespace dalbit::fuzz::test
