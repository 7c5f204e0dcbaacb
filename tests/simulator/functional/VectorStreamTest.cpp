// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each stage of a stream alone, on numbers small enough to do by hand.

#include "tests/simulator/functional/Bench.h"

#include <catch2/catch.hpp>

namespace dalbit::functional::test {

using isa::ErrorCode;
using isa::Type;
using Ints = std::vector<int32_t>;

namespace {
Ints run(Bench &bench, const isa::VectorConfiguration &c) {
  executeVector(bench.machine, c);
  return bench.get<int32_t>(4096, c.cols);
}
} // namespace

TEST_CASE("elements are sign-extended (V1)", "[vector]") {
  Bench bench;
  isa::VectorConfiguration c = row(3);
  bench.put<int8_t>(0, {-128, 0, 127});
  c.aType = Type::I8;
  CHECK(run(bench, c) == Ints{-128, 0, 127});
  bench.put<int16_t>(0, {-32768, 5, 32767});
  c.aType = Type::I16;
  CHECK(run(bench, c) == Ints{-32768, 5, 32767});
}

TEST_CASE("the accumulator's n-tiles follow each other (V1)", "[vector]") {
  Bench bench;
  for (int i = 0; i < 16; ++i) {
    bench.machine.acc[size_t(3 * 16 + i)] = i;
    bench.machine.acc[size_t(8 * 16 + i)] = 100 + i;
  }
  isa::VectorConfiguration c = row(18);
  c.source = isa::VectorSource::Acc;
  c.accAddr = 3;
  c.accTileStride = 5;
  Ints out = run(bench, c);
  CHECK(out[15] == 15);
  CHECK(out[16] == 100);
  CHECK(out[17] == 101);
}

TEST_CASE("both scales may be immediate, row scalar or a pair a column (V2)",
          "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {100, -100, 3});
  bench.put<uint32_t>(2048, {pair(1, 0), pair(3, 1), pair(-2, 0)});
  bench.machine.rowScalars[7] = {32768, 17}; // a quarter; S10 normalises it
  isa::VectorConfiguration c = row(3);
  c.scale1 = isa::ScaleSource::Imm;
  c.scale1Imm = pair(5, 1);
  CHECK(run(bench, c) == Ints{250, -250, 8});
  c.scale1Adjust = -1;
  CHECK(run(bench, c) == Ints{500, -500, 15});
  c = row(3);
  c.scale2 = isa::ScaleSource::Row;
  c.scale2Row = 7;
  CHECK(run(bench, c) == Ints{25, -25, 1});
  c = row(3);
  c.scale1 = isa::ScaleSource::B;
  c.bType = Type::I32;
  c.bAddr = 2048;
  CHECK(run(bench, c) == Ints{100, -150, -6});
}

TEST_CASE("the first addition saturates and may subtract (V3)", "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {INT32_MAX, 4, INT32_MIN});
  bench.put<int8_t>(2048, {1, 2, 3});
  bench.machine.rowScalars[0] = {40, 9}; // only the integer counts (S10)
  isa::VectorConfiguration c = row(3);
  c.add = isa::VectorAdd::Imm;
  c.addImm = 10;
  CHECK(run(bench, c) == Ints{INT32_MAX, 14, INT32_MIN + 10});
  c.addNegate = isa::VectorAddNegate::Minus;
  CHECK(run(bench, c) == Ints{INT32_MAX - 10, -6, INT32_MIN});
  c.add = isa::VectorAdd::Row;
  CHECK(run(bench, c)[1] == -36);
  c.add = isa::VectorAdd::C;
  c.cType = Type::I8;
  c.cAddr = 2048;
  CHECK(run(bench, c) == Ints{INT32_MAX - 1, 2, INT32_MIN});
}

TEST_CASE("a table gives its value or gates the input (V4, A5)", "[vector]") {
  Bench bench;
  bench.put<uint32_t>(8192, std::vector<uint32_t>(256, 20));
  isa::VectorConfiguration load;
  load.op = isa::VectorOp::Table;
  load.aAddr = 8192;
  executeVector(bench.machine, load);
  bench.put<int32_t>(0, {7, -7});
  isa::VectorConfiguration c = row(2);
  c.table = isa::VectorTable::Value;
  CHECK(run(bench, c) == Ints{20, 20});
  c.table = isa::VectorTable::Gate;
  c.gateShift = 3;
  CHECK(run(bench, c) == Ints{18, -17}); // 17.5 and -17.5
}

TEST_CASE("the multiply stage takes pairs or factors (V5)", "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {10, -10});
  bench.put<int8_t>(2048, {3, -3});
  isa::VectorConfiguration c = row(2);
  c.multiply = isa::VectorMultiply::B;
  c.bType = Type::I8;
  c.bAddr = 2048;
  c.multiplyShift = 2;
  CHECK(run(bench, c) == Ints{8, 8});
  c.multiplyShift = 0;
  CHECK(run(bench, c) == Ints{30, 30});
  bench.put<uint32_t>(2048, {pair(3, 1), pair(3, 0)});
  c.bType = Type::I32;
  c.multiplyShift = 1;
  CHECK(run(bench, c) == Ints{8, -15});
}

TEST_CASE("the second addition takes stream C or stream A (V6)", "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {10, INT32_MIN});
  bench.put<int32_t>(2048, {-3, -1});
  isa::VectorConfiguration c = row(2);
  c.addC = isa::VectorAddC::C;
  c.cType = Type::I32;
  c.cAddr = 2048;
  CHECK(run(bench, c) == Ints{7, INT32_MIN});
  bench.machine.acc[0] = 1000;
  bench.machine.acc[1] = -1;
  c.source = isa::VectorSource::Acc;
  c.addC = isa::VectorAddC::A;
  CHECK(run(bench, c) == Ints{1010, INT32_MIN});
}

TEST_CASE("outputs saturate to their type and are 0 outside the range (V7)",
          "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {300, -300, 70000, 5});
  isa::VectorConfiguration c = row(4);
  c.outType = Type::I8;
  executeVector(bench.machine, c);
  CHECK(bench.get<int8_t>(4096, 4) == std::vector<int8_t>{127, -128, 127, 5});
  c.outType = Type::I16;
  c.rangeLo = 1;
  c.rangeHi = 3;
  executeVector(bench.machine, c);
  CHECK(bench.get<int16_t>(4096, 4) == std::vector<int16_t>{0, -300, 32767, 0});
}

TEST_CASE("the range moves with the outer row and is cut to the row (V7, A6)",
          "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {1, 1, 1, 1});
  isa::VectorConfiguration c = row(4);
  c.rows1 = 3;
  c.outStride1 = 32;
  c.rangeLo = -2;
  c.rangeLoStep = 2;
  c.rangeHi = 1;
  c.rangeHiStep = 1;
  executeVector(bench.machine, c);
  CHECK(bench.get<int32_t>(4096, 4) == Ints{1, 0, 0, 0});
  CHECK(bench.get<int32_t>(4128, 4) == Ints{1, 1, 0, 0});
  CHECK(bench.get<int32_t>(4160, 4) == Ints{0, 0, 1, 0});
}

TEST_CASE("reductions see the valid columns only (V8, A11)", "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {50, -7, 3, 3, -60});
  isa::VectorConfiguration c = row(5);
  c.outType = Type::None;
  c.rangeLo = 1;
  c.rangeHi = 4;
  c.reduceRow = 9;
  auto reduce = [&](isa::VectorReduce kind) {
    c.reduce = kind;
    executeVector(bench.machine, c);
    return bench.machine.rowScalars[9];
  };
  CHECK(reduce(isa::VectorReduce::Sum) == RowScalar{-1, 0});
  CHECK(reduce(isa::VectorReduce::Absmax) == RowScalar{7, 0});
  CHECK(reduce(isa::VectorReduce::Max) == RowScalar{3, 0});
  CHECK(reduce(isa::VectorReduce::Argmax) == RowScalar{2, 0});
  c.rangeHi = 1;
  CHECK(reduce(isa::VectorReduce::Sum) == RowScalar{0, 0});
  CHECK(reduce(isa::VectorReduce::Absmax) == RowScalar{0, 0});
  CHECK(reduce(isa::VectorReduce::Max) == RowScalar{INT32_MIN, 0});
  CHECK(reduce(isa::VectorReduce::Argmax) == RowScalar{0, 0});
}

TEST_CASE("absmax of the most negative int32 is cut (V8)", "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {INT32_MIN, 4});
  isa::VectorConfiguration c = row(2);
  c.reduce = isa::VectorReduce::Absmax;
  executeVector(bench.machine, c);
  CHECK(bench.machine.rowScalars[0] == RowScalar{INT32_MAX, 0});
}

TEST_CASE("squares are taken after a shift to 15 bits (A4)", "[vector]") {
  Bench bench;
  bench.put<int32_t>(0, {3, -4});
  isa::VectorConfiguration c = row(2);
  c.reduce = isa::VectorReduce::Sumsq;
  c.squareRow = 1;
  bench.machine.rowScalars[1] = {4, 0};
  executeVector(bench.machine, c);
  CHECK(bench.machine.rowScalars[0] == RowScalar{25, 0});
  // bitlen(2^20) = 21, k = 6: u = 2^14 and 2^13.
  bench.put<int32_t>(0, {1 << 20, -(1 << 19)});
  bench.machine.rowScalars[1] = {1 << 20, 0};
  executeVector(bench.machine, c);
  CHECK(bench.machine.rowScalars[0] == RowScalar{(1 << 28) + (1 << 26), -12});
}

TEST_CASE("an output may lie over the input of its row", "[vector]") {
  Bench bench;
  Ints values(40);
  for (int i = 0; i < 40; ++i)
    values[size_t(i)] = i - 20;
  bench.put(0, values);
  isa::VectorConfiguration c = row(40);
  c.outAddr = 0;
  c.outType = Type::I8;
  executeVector(bench.machine, c);
  std::vector<int8_t> out = bench.get<int8_t>(0, 40);
  for (int i = 0; i < 40; ++i)
    CHECK(out[size_t(i)] == i - 20);
}

TEST_CASE("rows of heads and tokens have their own strides and scalars",
          "[vector]") {
  Bench bench;
  isa::VectorConfiguration c = row(1);
  c.rows0 = 2;
  c.rows1 = 2;
  c.aStride0 = 32;
  c.aStride1 = 128;
  c.outStride0 = 64;
  c.outStride1 = 32;
  for (int inner = 0; inner < 2; ++inner)
    for (int outer = 0; outer < 2; ++outer)
      bench.put<int32_t>(inner * 32 + outer * 128, {10 * outer + inner});
  for (int i = 0; i < 4; ++i)
    bench.machine.rowScalars[size_t(i)] = {100 * i, 0};
  c.add = isa::VectorAdd::Row;
  auto out = [&] {
    executeVector(bench.machine, c);
    return Ints{bench.get<int32_t>(4096, 1)[0], bench.get<int32_t>(4160, 1)[0],
                bench.get<int32_t>(4128, 1)[0], bench.get<int32_t>(4192, 1)[0]};
  };
  c.addBy = isa::By::Row;
  CHECK(out() == Ints{0, 101, 210, 311});
  c.addBy = isa::By::Outer;
  CHECK(out() == Ints{0, 1, 110, 111});
  c.addBy = isa::By::Inner;
  CHECK(out() == Ints{0, 101, 10, 111});
  c.addBy = isa::By::One;
  c.addRow = 3;
  CHECK(out() == Ints{300, 301, 310, 311});
}

TEST_CASE("a stream that the unit does not allow is refused", "[vector]") {
  Bench bench;
  auto code = [&](auto change) {
    isa::VectorConfiguration c = row(8);
    change(c);
    return faultOf([&] { executeVector(bench.machine, c); });
  };
  CHECK(code([](auto &) {}) == ErrorCode::None);
  CHECK(code([](auto &c) { c.aType = Type::None; }) ==
        ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) { c.addC = isa::VectorAddC::A; }) ==
        ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) {
          c.scale1 = isa::ScaleSource::B;
          c.bType = Type::I16;
        }) == ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) { c.reduce = isa::VectorReduce(6); }) ==
        ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) { c.aAddr = 16; }) == ErrorCode::Address);
  CHECK(code([](auto &c) { c.outStride1 = 4; }) == ErrorCode::None);
  CHECK(code([](auto &c) {
          c.rows1 = 2;
          c.outStride1 = 4;
        }) == ErrorCode::Address);
  CHECK(code([](auto &c) { c.aAddr = 256 * 1024; }) == ErrorCode::Address);
  CHECK(code([](auto &c) {
          c.source = isa::VectorSource::Acc;
          c.accAddr = 256;
        }) == ErrorCode::Address);
  CHECK(code([](auto &c) {
          c.reduce = isa::VectorReduce::Sum;
          c.reduceRow = 512;
        }) == ErrorCode::Address);
  // Without rows nothing is wrong.
  CHECK(code([](auto &c) {
          c.rows0 = 0;
          c.aType = Type::None;
        }) == ErrorCode::None);
}

} // namespace dalbit::functional::test
