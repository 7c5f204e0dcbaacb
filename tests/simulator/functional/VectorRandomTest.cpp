// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random instructions of the vector unit against the independent model that the
// rtl is held to (tests/rtl/vector/VectorModel.h): bytes, row scalars, errors.

#include "tests/rtl/vector/VectorModel.h"
#include "tests/simulator/functional/Bench.h"

#include <catch2/catch.hpp>

#include <random>

namespace dalbit::functional::test {

namespace {

using isa::Type;
using rtltest::VectorModel;

constexpr uint32_t Quarter = 64 * 1024; // of nano's scratchpad

struct Pair {
  explicit Pair(unsigned seed)
      : model(16, 8, 256, 512, 4 * Quarter), random(seed) {
    for (size_t i = 0; i < model.memory.size(); i += 4) {
      int32_t word = wide();
      if (random() % 2) // as a pair with a shift that keeps something
        word = (word & 0xffff) | int32_t(random() % 24) << 16;
      std::memcpy(&model.memory[i], &word, 4);
    }
    for (int32_t &value : model.acc)
      value = wide();
    for (rtltest::Scalar &row : model.rows)
      row = {wide(), int8_t(random() % 40 - 8)};
    bench.machine.spm = model.memory;
    bench.machine.acc = model.acc;
    for (size_t i = 0; i < model.rows.size(); ++i)
      bench.machine.rowScalars[i] = {model.rows[i].m, model.rows[i].e};
  }

  uint32_t below(uint32_t limit) { return uint32_t(random() % limit); }
  /// Any width is equally likely, and now and then the most negative number.
  int32_t wide() {
    return random() % 40 == 0 ? INT32_MIN : int32_t(random()) >> below(32);
  }
  int32_t shift() { return int32_t(below(48)) - 8; }

  void run(const isa::VectorConfiguration &c) {
    isa::ErrorCode expected = model.execute(c);
    isa::ErrorCode code = faultOf([&] { executeVector(bench.machine, c); });
    REQUIRE(int(code) == int(expected));
    REQUIRE(bench.machine.spm == model.memory);
    for (size_t i = 0; i < model.rows.size(); ++i) {
      INFO("row scalar " << i);
      REQUIRE(bench.machine.rowScalars[i] ==
              RowScalar{model.rows[i].m, model.rows[i].e});
    }
  }

  isa::VectorConfiguration stream();
  isa::VectorConfiguration scalar();

  VectorModel model;
  Bench bench;

private:
  template <typename E> E any(uint32_t count) { return E(below(count)); }
  /// Row scalars are read in the lower half and written in the upper one.
  uint32_t rowBase(bool upper) { return below(200) + (upper ? 256 : 0); }
  uint32_t pitch(const isa::VectorConfiguration &c) {
    return (c.cols + 7) / 8 * 8 * 4 + 64 * below(2);
  }

  std::mt19937_64 random;
};

isa::VectorConfiguration Pair::stream() {
  isa::VectorConfiguration c;
  c.rows0 = 1 + below(4);
  c.rows1 = 1 + below(4);
  c.cols = 1 + below(below(8) ? 40 : 200);
  c.source = any<isa::VectorSource>(2);
  c.aType = any<Type>(3);
  c.bType = any<Type>(3);
  c.cType = any<Type>(3);
  c.outType = any<Type>(4);
  c.bAddr = Quarter + below(4) * 32;
  c.cAddr = 2 * Quarter + below(4) * 32;
  bool isInPlace = below(4) == 0 && unsigned(c.outType) <= unsigned(c.aType);
  c.outAddr = isInPlace ? 0 : 3 * Quarter;
  c.aStride0 = c.outStride0 = pitch(c);
  c.aStride1 = c.outStride1 = c.aStride0 * c.rows0;
  c.bStride0 = below(2) ? pitch(c) : 0;
  c.cStride1 = below(2) ? pitch(c) : 0;
  c.accAddr = below(16);
  c.accStride0 = below(20);
  c.accStride1 = below(20);
  c.accTileStride = below(8);

  c.scale1 = any<isa::ScaleSource>(4);
  c.scale2 = any<isa::ScaleSource>(4);
  if (c.scale1 == isa::ScaleSource::B || c.scale2 == isa::ScaleSource::B)
    c.bType = Type::I32;
  c.scale1Imm = below(1 << 16) | below(40) << 16;
  c.scale2Imm = below(1 << 24);
  c.scale1Row = rowBase(false);
  c.scale2Row = rowBase(false);
  c.scale1By = any<isa::By>(4);
  c.scale2By = any<isa::By>(4);
  c.scale1Adjust = shift();
  c.scale2Adjust = shift();
  c.add = any<isa::VectorAdd>(4);
  c.addNegate = any<isa::VectorAddNegate>(2);
  c.addImm = wide();
  c.addRow = rowBase(false);
  c.addBy = any<isa::By>(4);
  c.table = any<isa::VectorTable>(3);
  c.tableShift = below(20);
  c.tableOffset = int32_t(below(1 << 17)) - (1 << 16);
  c.gateShift = below(32);
  c.multiply = any<isa::VectorMultiply>(2);
  c.multiplyShift = shift();
  c.addC = any<isa::VectorAddC>(c.source == isa::VectorSource::Acc ? 3 : 2);
  c.rangeLo = int32_t(below(12)) - 6;
  c.rangeLoStep = int32_t(below(5)) - 2;
  c.rangeHi = int32_t(below(c.cols + 20));
  c.rangeHiStep = int32_t(below(5)) - 2;
  c.reduce = any<isa::VectorReduce>(6);
  c.reduceRow = rowBase(true);
  c.reduceBy = any<isa::By>(2);
  c.squareRow = rowBase(false);
  c.squareBy = any<isa::By>(4);
  return c;
}

isa::VectorConfiguration Pair::scalar() {
  isa::VectorConfiguration c;
  c.op = any<isa::VectorOp>(5);
  if (c.op == isa::VectorOp::Stream)
    c.op = isa::VectorOp::Scalar;
  c.scalarOp = any<isa::VectorScalarOp>(8);
  c.rows0 = below(5);
  c.rows1 = 1 + below(4);
  c.scale1Row = rowBase(false);
  c.scale2Row = rowBase(false);
  c.scale1By = any<isa::By>(4);
  c.scale2By = any<isa::By>(4);
  c.reduceRow = rowBase(true);
  c.reduceBy = any<isa::By>(2);
  c.scale1Imm = below(1 << 24);
  c.scale2Imm = below(1 << 24);
  c.scale1Adjust = int32_t(below(256)) - 128;
  c.aAddr = Quarter + below(8) * 64;
  c.outAddr = 3 * Quarter + below(8) * 4;
  c.aStride0 = c.outStride0 = 4;
  c.aStride1 = c.outStride1 = 4 * c.rows0;
  return c;
}

} // namespace

TEST_CASE("random streams equal the independent model", "[vector]") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Pair pair(seed);
    for (int i = 0; i < 100; ++i) {
      INFO("seed " << seed << ", instruction " << i);
      pair.run(pair.stream());
    }
  }
}

TEST_CASE("random scalar operations equal the independent model", "[vector]") {
  Pair pair(1);
  for (int i = 0; i < 2000; ++i) {
    INFO("instruction " << i);
    pair.run(pair.scalar());
  }
}

TEST_CASE("random faults equal the independent model", "[vector]") {
  Pair pair(2);
  for (int i = 0; i < 2000; ++i) {
    INFO("instruction " << i);
    isa::VectorConfiguration c = i % 2 ? pair.stream() : pair.scalar();
    switch (pair.below(8)) {
    case 0:
      c.aAddr += pair.below(16);
      break;
    case 1:
      c.outStride1 += pair.below(16);
      break;
    case 2:
      c.scale1Row += 300 + pair.below(20);
      break;
    case 3:
      c.reduceRow += 230 + pair.below(20);
      break;
    case 4:
      c.accTileStride += pair.below(60);
      break;
    case 5:
      c.bType = Type::None;
      break;
    case 6:
      c.addC = isa::VectorAddC(pair.below(4));
      break;
    case 7:
      c.rows0 = 0;
      break;
    }
    // What memory holds after a fault is undefined: only the codes count.
    isa::ErrorCode expected = pair.model.execute(c);
    REQUIRE(int(faultOf([&] { executeVector(pair.bench.machine, c); })) ==
            int(expected));
  }
}

} // namespace dalbit::functional::test
