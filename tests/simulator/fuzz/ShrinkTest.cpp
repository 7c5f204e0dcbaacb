// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Shrink.h"
#include "simulator/fuzz/Campaign.h"

#include <catch2/catch.hpp>

namespace dalbit::fuzz::test {

namespace {

Case caseOf(const std::string &assembly) {
  return parse(".target nano\n" + assembly, "test");
}

/// The code of the case as text, one instruction a line.
std::string codeOf(const Case &input) {
  std::string text;
  for (uint64_t word : input.code)
    text += isa::print(isa::decode(word).instruction) + "\n";
  return text;
}

/// Counts gos of the matrix unit with 4-bit weights.
struct CountW4 : functional::Observer {
  void go(uint32_t, const isa::Instruction &go,
          const isa::Configurations &fields) override {
    count += go.unit == isa::Unit::Matrix && fields.matrix.rows &&
             fields.matrix.wForm == isa::MatrixWForm::W4;
  }
  int count = 0;
};

} // namespace

TEST_CASE("targets follow what is left out", "[shrink]") {
  Case input = caseOf("li r9, 3\nloop r9, +3\nnop\nnop\naddi r10, r10, 1\n"
                      "beq r0, r0, +2\nnop\nhalt\n");
  CHECK(codeOf(without(input, 2, 2)) ==
        "li r9, 3\nloop r9, +1\naddi r10, r10, 1\nbeq r0, r0, +2\nnop\nhalt\n");
  CHECK(codeOf(without(input, 4, 1)) ==
        "li r9, 3\nloop r9, +2\nnop\nnop\nbeq r0, r0, +2\nnop\nhalt\n");
  CHECK(codeOf(without(input, 2, 3)) ==
        "li r9, 3\nbeq r0, r0, +2\nnop\nhalt\n");
  CHECK(codeOf(without(input, 6, 1)) ==
        "li r9, 3\nloop r9, +3\nnop\nnop\naddi r10, r10, 1\nbeq r0, r0, +1\n"
        "halt\n");
}

TEST_CASE("a case becomes what its difference needs", "[shrink]") {
  // As if engines differed on any program with a product of 4-bit weights.
  auto differs = [](const Case &input) {
    CountW4 counter;
    return runChecked(input, &counter).ending == Ending::Halted &&
           counter.count > 0;
  };
  target::Target nano = target::loadTarget("nano");
  int shrunk = 0;
  for (uint64_t number = 0; shrunk < 2; ++number) {
    REQUIRE(number < 50);
    Case input = programOf(nano, 4, number);
    if (!differs(input))
      continue;
    ++shrunk;
    Case small = shrink(input, differs, 1500);
    CHECK(differs(small));
    INFO(codeOf(small));
    // rows, n, k, form and the go, with what a group of 32 needs; halt.
    CHECK(small.code.size() <= 9);
    CHECK(small.stalls == verilated::AxiStalls{});
    CHECK(small.dramSeed == 0);
  }
}

} // namespace dalbit::fuzz::test
