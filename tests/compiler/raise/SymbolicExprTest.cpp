// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/SymbolicExpr.h"

#include <catch2/catch.hpp>

using namespace dalbit::raise;

static SymbolicExpr expr(const char *text) {
  auto parsed = SymbolicExpr::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

TEST_CASE("equal sizes have one text, however they are written") {
  CHECK(expr("T + P").str() == "P+T");
  CHECK(expr("P+T").str() == "P+T");
  CHECK(expr("T*2 - T + 3 - 3").str() == "T");
  CHECK(expr("T*B*4").str() == "4*B*T");
  CHECK(expr("T - 1").str() == "T-1");
  CHECK(expr("P - P").str() == "0");
}

TEST_CASE("what is no size is not read") {
  for (const char *text : {"", "batch", "P+", "+T", "2T", "T**2", "P/2", "T T"})
    CHECK_FALSE(SymbolicExpr::parse(text));
}

TEST_CASE("a size evaluates to its number") {
  CHECK(expr("B*P+B*T-1").evaluate({2, 3, 7}) == 19);
  CHECK(expr("P+T").substitute(Symbol::T, 1).str() == "P+1");
  CHECK(expr("P+T").substitute(Symbol::T, 1).substitute(Symbol::P, 0) ==
        SymbolicExpr(1));
}

TEST_CASE("division is exact or does not happen") {
  CHECK(expr("48*B*T").divideExactly(expr("16*T"))->str() == "3*B");
  CHECK(expr("B*P+B*T").divideExactly(expr("P+T"))->str() == "B");
  CHECK_FALSE(expr("B*T").divideExactly(expr("P")));
  CHECK_FALSE(expr("3*T").divideExactly(expr("2")));
  CHECK_FALSE(expr("T+1").divideExactly(expr("T")));
  CHECK_FALSE(expr("T").divideExactly(expr("0")));
}

TEST_CASE("B and T are at least one, P at least zero") {
  CHECK(expr("T-1").isNonNegative());
  CHECK(expr("P+T-1").isNonNegative());
  CHECK(expr("B*T-1").isNonNegative());
  CHECK_FALSE(expr("P-1").isNonNegative());
  CHECK_FALSE(expr("T-2").isNonNegative());
}
