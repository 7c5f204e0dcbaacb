// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalar operations, store and fetch of row scalars, and the table.

#include "tests/simulator/functional/Bench.h"

#include <catch2/catch.hpp>

namespace dalbit::functional::test {

using isa::ErrorCode;
using isa::VectorScalarOp;

namespace {
isa::VectorConfiguration scalar(VectorScalarOp op) {
  isa::VectorConfiguration c;
  c.op = isa::VectorOp::Scalar;
  c.scalarOp = op;
  c.rows0 = c.rows1 = 1;
  c.scale1Imm = pair(16384, 14); // 1
  c.scale2Row = 1;
  c.reduceRow = 2;
  return c;
}
} // namespace

TEST_CASE("each scalar operation follows its rule (S3 to S8)", "[vector]") {
  Bench bench;
  auto &rows = bench.machine.rowScalars;
  rows[0] = {6, 1};   // 3
  rows[1] = {-40, 0}; // -40
  auto result = [&](VectorScalarOp op) {
    executeVector(bench.machine, scalar(op));
    return rows[2];
  };
  CHECK(result(VectorScalarOp::Scale) == norm16(6, 1));
  CHECK(result(VectorScalarOp::Fix) == RowScalar{3, 0});
  CHECK(result(VectorScalarOp::Recip) == reciprocal({6, 1}, {16384, 14}, 0));
  CHECK(result(VectorScalarOp::Rsqrt) ==
        reciprocalSquareRoot({6, 1}, {16384, 14}, {}, 0));
  CHECK(result(VectorScalarOp::Mul) == norm16(-120, 0));
  CHECK(result(VectorScalarOp::Max) == RowScalar{6, 1});
  CHECK(result(VectorScalarOp::Add) == RowScalar{-34, 1});
  rows[0] = {INT32_MIN, 3};
  CHECK(result(VectorScalarOp::Add) == RowScalar{INT32_MIN, 3});
}

TEST_CASE("adjust is a power of two for nothing (S9)", "[vector]") {
  Bench bench;
  bench.machine.rowScalars[0] = {3, 0};
  isa::VectorConfiguration c = scalar(VectorScalarOp::Scale);
  c.scale1Adjust = -4;
  executeVector(bench.machine, c);
  CHECK(bench.machine.rowScalars[2] == norm16(48, 0));
}

TEST_CASE("store writes a pair or the integer, fetch reads pairs (S9)",
          "[vector]") {
  Bench bench;
  bench.machine.rowScalars[0] = {-3, 0};
  isa::VectorConfiguration c = scalar(VectorScalarOp::Scale);
  c.op = isa::VectorOp::Store;
  c.outAddr = 4;
  executeVector(bench.machine, c);
  CHECK(bench.get<uint32_t>(4, 1)[0] == pair(-24576, 13));
  c.scalarOp = VectorScalarOp::Raw;
  executeVector(bench.machine, c);
  CHECK(bench.get<int32_t>(4, 1)[0] == -3);

  bench.put<uint32_t>(8, {pair(-5, 9) | 0xff000000, pair(7, -1)});
  isa::VectorConfiguration fetch;
  fetch.op = isa::VectorOp::Fetch;
  fetch.rows0 = 2;
  fetch.rows1 = 1;
  fetch.aAddr = 8;
  fetch.aStride0 = 4;
  fetch.reduceRow = 10;
  executeVector(bench.machine, fetch);
  CHECK(bench.machine.rowScalars[10] == RowScalar{-5, 9});
  CHECK(bench.machine.rowScalars[11] == RowScalar{7, -1});
}

TEST_CASE("scalar instructions that the unit does not allow are refused",
          "[vector]") {
  Bench bench;
  auto code = [&](isa::VectorConfiguration c) {
    return faultOf([&] { executeVector(bench.machine, c); });
  };
  CHECK(code(scalar(VectorScalarOp::Raw)) == ErrorCode::IllegalConfig);
  isa::VectorConfiguration c = scalar(VectorScalarOp::Scale);
  c.op = isa::VectorOp(5);
  CHECK(code(c) == ErrorCode::IllegalConfig);
  c.op = isa::VectorOp::Store;
  c.outAddr = 2;
  CHECK(code(c) == ErrorCode::Address);
  c.op = isa::VectorOp::Table;
  c.aAddr = 32;
  CHECK(code(c) == ErrorCode::Address);
  c = scalar(VectorScalarOp::Scale);
  c.scale2Row = 4000; // not read
  CHECK(code(c) == ErrorCode::None);
  c.scalarOp = VectorScalarOp::Mul;
  CHECK(code(c) == ErrorCode::Address);
}

} // namespace dalbit::functional::test
