// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/Arithmetic.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

namespace dalbit::functional {

TEST_CASE("requantise rounds halves up (A3)", "[arithmetic]") {
  CHECK(requantise(3, 1, 1) == 2);
  CHECK(requantise(-3, 1, 1) == -1);
  CHECK(requantise(5, 3, 2) == 4); // 3.75
  CHECK(requantise(-5, 3, 2) == -4);
}

TEST_CASE("requantise saturates for shifts of 0 and below (A3)",
          "[arithmetic]") {
  CHECK(requantise(2000000000, 2, 0) == INT32_MAX);
  CHECK(requantise(7, -3, 0) == -21);
  CHECK(requantise(1, 1, -1) == INT32_MAX);
  CHECK(requantise(1, -1, -1) == INT32_MIN);
  CHECK(requantise(0, 9, -5) == 0);
}

TEST_CASE("requantise is 0 from shift 48 on (A3)", "[arithmetic]") {
  CHECK(requantise(INT32_MIN, -32768, 47) == 1); // 2^46 + 2^46 >> 47
  CHECK(requantise(INT32_MIN, -32768, 48) == 0);
}

TEST_CASE("norm16 keeps a value in 15 bits (S1)", "[arithmetic]") {
  CHECK(norm16(0, 5) == RowScalar{0, 0});
  CHECK(norm16(1, 0) == RowScalar{16384, 14});
  CHECK(norm16(-3, 2) == RowScalar{-24576, 15});
  CHECK(norm16(65537, 0) == RowScalar{16384, -2});
  // Rounding up to 2^15 moves the exponent.
  CHECK(norm16(65535, 0) == RowScalar{16384, -2});
  CHECK(norm16(int64_t(1) << 46, 0) == RowScalar{16384, -32});
}

TEST_CASE("norm16 clamps the exponent (S1)", "[arithmetic]") {
  CHECK(norm16(16384, 128) == RowScalar{0, 0});
  CHECK(norm16(16384, 127) == RowScalar{16384, 127});
  CHECK(norm16(-16384, -129) == RowScalar{-32767, -128});
}

TEST_CASE("norm32 rounds what does not fit (S2)", "[arithmetic]") {
  CHECK(norm32(-5) == RowScalar{-5, 0});
  CHECK(norm32(int64_t(INT32_MAX) + 1) == RowScalar{1 << 30, -1});
  CHECK(norm32((int64_t(1) << 32) - 1) == RowScalar{1 << 30, -2});
  CHECK(norm32(INT32_MIN) == RowScalar{INT32_MIN, 0});
  CHECK(norm32(-(int64_t(3) << 31)) == RowScalar{-(3 << 29), -2});
}

TEST_CASE("a scale multiplies mantissas and adds exponents (S3, S9)",
          "[arithmetic]") {
  CHECK(scale({3, 0}, {16384, 14}, 0) == norm16(3, 0));
  CHECK(scale({3, 0}, {16384, 14}, 5) == norm16(3, 5));
  CHECK(fix({100, 0}, {16384, 15}) == RowScalar{50, 0}); // S4: x times a half
}

TEST_CASE("reciprocal and root are right to 2^-13 (S5, S6)", "[arithmetic]") {
  std::mt19937 random(1);
  RowScalar one{16384, 14};
  auto real = [](RowScalar x) { return std::ldexp(x.value, -x.exponent); };
  for (int i = 0; i < 2000; ++i) {
    RowScalar x{int32_t(random() >> 1) | 1, int8_t(random() % 40)};
    CHECK(real(reciprocal(x, one, 0)) * real(x) ==
          Approx(1).epsilon(std::ldexp(1, -13)));
    double root = real(reciprocalSquareRoot(x, one, {}, 0));
    CHECK(root * root * real(x) == Approx(1).epsilon(std::ldexp(1, -12)));
  }
  CHECK(reciprocal({0, 3}, one, 0) == RowScalar{});
  CHECK(reciprocalSquareRoot({-4, 0}, one, {}, 0) == RowScalar{});
  // 1 / sqrt(0 + 1/4) = 2
  CHECK(real(reciprocalSquareRoot({0, 0}, one, {16384, 16}, 0)) ==
        Approx(2).epsilon(1e-4));
}

TEST_CASE("a table interpolates between its bases (V4)", "[arithmetic]") {
  std::vector<uint32_t> table(256, 0);
  table[128] = 100 | uint32_t(51) << 16; // inputs 0 .. 255
  CHECK(lookUp(table.data(), 0, 0, 0) == 100);
  CHECK(lookUp(table.data(), 128, 0, 0) == 126); // 25.5 rounds up
  CHECK(lookUp(table.data(), 512, 2, 0) == 126);
  CHECK(lookUp(table.data(), 1 << 30, 0, 0) == 0); // saturates: segment 255
  table[255] = 7;
  CHECK(lookUp(table.data(), 1 << 30, 0, 0) == 7);
  table[0] = uint16_t(-9);
  CHECK(lookUp(table.data(), 0, 0, -40000) == -9);
}

} // namespace dalbit::functional
