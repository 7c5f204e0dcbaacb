// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vector unit against VectorModel: random instructions with random grants,
// every operation, errors, time and counters.

#include <catch2/catch.hpp>

#include "tests/rtl/vector/VectorHarness.h"
#include "tests/rtl/vector/VectorModel.h"

#include <algorithm>

using namespace dalbit;
using namespace dalbit::rtltest;
using namespace dalbit::isa;

namespace {

constexpr unsigned Lanes = RTL_Lanes, N = RTL_N, RowScalars = RTL_RowScalars;
constexpr unsigned Quarter = 1024 * Lanes, MemoryBytes = 4 * Quarter;
constexpr unsigned Narrow = std::min(Lanes, PortBytes / 4);

class Bench {
public:
  explicit Bench(uint64_t seed)
      : rtl(MemoryBytes, seed),
        model(N, Lanes, RTL_AccEntries, RowScalars, MemoryBytes), random(seed) {
  }

  uint64_t number(uint64_t below) { return random() % below; }
  bool chance(unsigned percent) { return number(100) < percent; }
  /// Any width of 1 to \p bits bits is equally likely.
  int64_t signedNumber(int bits) {
    int shift = 64 - 1 - int(number(uint64_t(bits)));
    return int64_t(random()) >> shift;
  }
  template <typename Choice> Choice choice(unsigned count) {
    return Choice(number(count));
  }

  /// New contents everywhere, the same on both sides.
  void fill() {
    for (unsigned i = 0; i < MemoryBytes; i += 4) {
      int32_t word = int32_t(chance(3) ? INT32_MIN : signedNumber(32));
      if (chance(50)) // as a pair with a shift that keeps something
        word = (word & 0xffff) | int32_t(number(24)) << 16;
      std::memcpy(&model.memory[i], &word, 4);
    }
    for (int32_t &value : model.acc)
      value = int32_t(signedNumber(32));
    for (Scalar &row : model.rows) {
      row.m = int32_t(chance(5) ? 0 : chance(3) ? INT32_MIN : signedNumber(32));
      row.e = int8_t(chance(70) ? int(number(40)) - 8 : int(number(256)));
    }
    copy();
  }
  void copy() {
    rtl.memory = model.memory;
    rtl.acc = model.acc;
    for (unsigned i = 0; i < RowScalars; ++i)
      rtl.row(i) =
          uint64_t(uint8_t(model.rows[i].e)) << 32 | uint32_t(model.rows[i].m);
  }

  VectorRun step(const VectorConfiguration &cfg) {
    ErrorCode expected = model.execute(cfg);
    VectorRun run = rtl.run(cfg);
    REQUIRE(run.errors == (expected != ErrorCode::None));
    if (run.errors)
      REQUIRE(run.code == unsigned(expected));
    compare();
    return run;
  }
  void compare() {
    auto [mine, theirs] = std::mismatch(rtl.memory.begin(), rtl.memory.end(),
                                        model.memory.begin());
    if (mine != rtl.memory.end()) {
      INFO("byte " << mine - rtl.memory.begin());
      REQUIRE(int(*mine) == int(*theirs));
    }
    for (unsigned i = 0; i < RowScalars; ++i) {
      INFO("row scalar " << i);
      REQUIRE(int32_t(rtl.row(i)) == model.rows[i].m);
      REQUIRE(int8_t(rtl.row(i) >> 32) == model.rows[i].e);
    }
  }

  /// A random stream instruction that reads the lower half of the row scalars
  /// and writes the upper half; streams in separate regions, or in place.
  VectorConfiguration stream();
  VectorConfiguration oneColumn(VectorOp op);

  VectorHarness rtl;
  VectorModel model;

private:
  struct Place {
    uint32_t address, stride0, stride1;
  };
  Place place(uint32_t region, Type type, const VectorConfiguration &c) {
    uint32_t unit = Lanes << uint32_t(type);
    uint32_t pitch = ((c.cols << uint32_t(type)) + unit - 1) / unit * unit;
    pitch += uint32_t(number(2)) * unit;
    if (chance(30))
      pitch = (pitch + PortBytes - 1) / PortBytes * PortBytes;
    Place p{region * Quarter + uint32_t(number(4)) * unit, 0, 0};
    if (chance(50)) {
      p.stride0 = pitch;
      p.stride1 = pitch * c.rows0;
    } else {
      p.stride1 = pitch;
      p.stride0 = pitch * c.rows1;
    }
    return p;
  }
  uint32_t rowBase(bool upper) {
    return uint32_t(number(RowScalars / 2 - 64)) + (upper ? RowScalars / 2 : 0);
  }

  std::mt19937_64 random;
};

VectorConfiguration Bench::stream() {
  VectorConfiguration c;
  c.rows0 = 1 + number(4);
  c.rows1 = 1 + number(4);
  c.cols = 1 + number(chance(30) ? 2 * Lanes : 5 * Lanes);
  c.source = choice<VectorSource>(2);
  c.aType = choice<Type>(3);
  c.bType = choice<Type>(3);
  c.cType = choice<Type>(3);
  c.outType = choice<Type>(4);
  c.scale1 = choice<ScaleSource>(4);
  c.scale2 = choice<ScaleSource>(4);
  c.multiply = choice<VectorMultiply>(2);
  if (c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B)
    c.bType = Type::I32;
  auto pair = [&] {
    return uint32_t(signedNumber(16) & 0xffff) | uint32_t(number(30)) << 16;
  };
  c.scale1Imm = pair();
  c.scale2Imm = pair();
  c.scale1Adjust = chance(50) ? 0 : int32_t(signedNumber(8));
  c.scale2Adjust = chance(50) ? 0 : int32_t(signedNumber(8));
  c.add = choice<VectorAdd>(4);
  c.addNegate = choice<VectorAddNegate>(2);
  c.addImm = int32_t(signedNumber(32));
  c.table = choice<VectorTable>(3);
  c.tableShift = number(32);
  c.tableOffset = int32_t(signedNumber(17));
  c.gateShift = number(32);
  c.multiplyShift = int32_t(chance(80) ? number(24) : signedNumber(8));
  c.addC = choice<VectorAddC>(c.source == VectorSource::Acc ? 3 : 2);
  c.reduce = choice<VectorReduce>(6);
  for (auto [base, by] : {std::pair{&c.scale1Row, &c.scale1By},
                          {&c.scale2Row, &c.scale2By},
                          {&c.addRow, &c.addBy},
                          {&c.squareRow, &c.squareBy}}) {
    *base = rowBase(false);
    *by = choice<By>(4);
  }
  c.reduceRow = rowBase(true);
  c.reduceBy = choice<By>(4);
  if (c.reduceBy == By::Row && chance(20)) {
    c.scale1By = By::Row; // in place
    c.reduceRow = c.scale1Row;
    c.scale2Row = c.addRow = c.squareRow = RowScalars - 64;
  }
  if (chance(50)) {
    c.rangeHi = int32_t(c.cols);
  } else {
    c.rangeLo = int32_t(signedNumber(7));
    c.rangeHi = int32_t(chance(5) ? signedNumber(32) : signedNumber(8));
    c.rangeLoStep = int32_t(signedNumber(5));
    c.rangeHiStep = int32_t(chance(5) ? signedNumber(16) : signedNumber(5));
  }

  Place a = place(0, c.aType, c), b = place(1, c.bType, c),
        cc = place(2, c.cType, c), out = place(3, c.outType, c);
  if (chance(20))
    b.stride0 = b.stride1 = 0;
  if (chance(20))
    cc.stride0 = 0;
  if (c.outType == c.aType && chance(30))
    out = a;
  else if (c.outType == c.cType && cc.stride0 != 0 && chance(30))
    out = cc;
  c.aAddr = a.address, c.aStride0 = a.stride0, c.aStride1 = a.stride1;
  c.bAddr = b.address, c.bStride0 = b.stride0, c.bStride1 = b.stride1;
  c.cAddr = cc.address, c.cStride0 = cc.stride0, c.cStride1 = cc.stride1;
  c.outAddr = out.address, c.outStride0 = out.stride0,
  c.outStride1 = out.stride1;
  c.accAddr = number(40);
  c.accStride0 = number(12);
  c.accStride1 = number(12);
  c.accTileStride = number(12);
  return c;
}

VectorConfiguration Bench::oneColumn(VectorOp op) {
  VectorConfiguration c;
  c.op = op;
  c.rows0 = 1 + number(6);
  c.rows1 = 1 + number(6);
  c.cols = number(3);
  c.scalarOp = choice<VectorScalarOp>(op == VectorOp::Store ? 8 : 7);
  auto pair = [&] {
    return uint32_t(chance(10) ? 0 : signedNumber(16) & 0xffff) |
           uint32_t(chance(70) ? number(40) : number(256)) << 16;
  };
  c.scale1Imm = pair();
  c.scale2Imm = pair();
  c.scale1Adjust = chance(50) ? 0 : int32_t(signedNumber(8));
  c.scale1Row = number(RowScalars - 64);
  c.scale1By = choice<By>(4);
  c.scale2Row = number(RowScalars - 64);
  c.scale2By = choice<By>(4);
  // Scalar operations may read what an earlier row has written.
  c.reduceRow = chance(50) ? c.scale1Row + number(3) : number(RowScalars - 64);
  c.reduceBy = choice<By>(4);
  c.aAddr = number(64) * 4;
  c.aStride0 = number(40) * 4;
  c.aStride1 = number(40) * 4;
  c.outAddr = Quarter + number(64) * 4;
  c.outStride0 = number(40) * 4;
  c.outStride1 = number(40) * 4;
  return c;
}

VectorConfiguration tableLoad() {
  VectorConfiguration c;
  c.op = VectorOp::Table;
  c.aAddr = 0x1040;
  return c;
}

uint64_t beats(const VectorConfiguration &c) {
  bool wide = (c.source == VectorSource::Spm && c.aType == Type::I32) ||
              c.outType == Type::I32;
  unsigned cols = wide ? Narrow : Lanes;
  return uint64_t(c.rows0) * c.rows1 * ((c.cols + cols - 1) / cols);
}

} // namespace

TEST_CASE("random streams give the rules' bytes and row scalars under random "
          "grants") {
  for (unsigned percent : {100, 70, 30}) {
    Bench bench(percent);
    bench.rtl.grantPercent = percent;
    for (int i = 0; i < 400; ++i) {
      if (i % 8 == 0) {
        bench.fill();
        bench.step(tableLoad());
      }
      INFO("grants " << percent << " %, instruction " << i);
      VectorConfiguration c = bench.stream();
      bench.step(c);
    }
  }
}

TEST_CASE("requantise is right at the ends of values, mantissas and shifts") {
  Bench bench(9);
  VectorConfiguration c;
  c.rows0 = c.rows1 = 1;
  c.aType = c.bType = c.outType = Type::I32;
  c.scale1 = ScaleSource::B;
  c.bAddr = Quarter;
  c.outAddr = 2 * Quarter;
  constexpr int32_t Values[] = {0,      1,         -1,        32767,
                                -32768, INT32_MAX, INT32_MIN, 65536};
  constexpr int Mantissas[] = {0, 1, -1, 32767, -32768, 16384};
  for (int shift : {-128, -1, 0, 1, 15, 16, 30, 31, 32, 45, 46, 47, 48, 127})
    for (int adjust : {0, -128, 127}) {
      uint32_t at = 0;
      for (int32_t value : Values)
        for (int mantissa : Mantissas) {
          uint32_t pair = uint16_t(mantissa) | uint32_t(uint8_t(shift)) << 16;
          std::memcpy(&bench.model.memory[at], &value, 4);
          std::memcpy(&bench.model.memory[Quarter + at], &pair, 4);
          at += 4;
        }
      c.cols = at / 4;
      c.rangeHi = int32_t(c.cols);
      c.scale1Adjust = adjust;
      bench.copy();
      bench.step(c);
    }
}

TEST_CASE("scalar operations, stores and fetches give the rules' results row "
          "by row") {
  Bench bench(7);
  for (int i = 0; i < 1200; ++i) {
    if (i % 10 == 0)
      bench.fill();
    bench.rtl.grantPercent = i % 3 == 0 ? 40 : 100;
    VectorOp op = i % 4 == 0   ? VectorOp::Store
                  : i % 4 == 1 ? VectorOp::Fetch
                               : VectorOp::Scalar;
    INFO("instruction " << i);
    bench.step(bench.oneColumn(op));
  }
}

TEST_CASE("every first guess of reciprocal and root is reached and right") {
  Bench bench(8);
  bench.fill();
  for (int root = 0; root < 2; ++root) {
    VectorConfiguration c;
    c.op = VectorOp::Scalar;
    c.scalarOp = root ? VectorScalarOp::Rsqrt : VectorScalarOp::Recip;
    c.rows0 = RowScalars / 2;
    c.rows1 = 1;
    c.reduceRow = RowScalars / 2;
    c.scale1Imm = 0x4000 | 14 << 16;
    for (unsigned i = 0; i < RowScalars / 2; ++i)
      bench.model.rows[i] = {int32_t(16384 + (i * 16384 / (RowScalars / 2))),
                             int8_t(i % 2)};
    bench.copy();
    bench.step(c);
  }
}

TEST_CASE("an instruction without rows or columns does nothing and is done in "
          "two cycles") {
  Bench bench(1);
  bench.fill();
  for (int field = 0; field < 3; ++field) {
    VectorConfiguration c = bench.stream();
    c.aAddr = 1; // would be an error
    (field == 0 ? c.rows0 : field == 1 ? c.rows1 : c.cols) = 0;
    VectorRun run = bench.step(c);
    CHECK(run.cycles == 2);
    CHECK(run.errors == 0);
  }
}

TEST_CASE(
    "what the unit does not allow is an error, changes nothing and is done") {
  Bench bench(2);
  bench.fill();
  VectorConfiguration good;
  good.rows0 = good.rows1 = 2;
  good.cols = 3 * N;
  good.rangeHi = int32_t(good.cols);
  good.outAddr = Quarter;
  good.outStride0 = good.outStride1 = 8 * N;
  good.aStride0 = good.aStride1 = 8 * N;
  REQUIRE(bench.step(good).errors == 0);
  using Change = void (*)(VectorConfiguration &);
  auto refused = [&](ErrorCode code, Change change) {
    VectorConfiguration c = good;
    change(c);
    VectorRun run = bench.step(c);
    CHECK(run.errors == 1);
    CHECK(run.code == unsigned(code));
    CHECK(run.cycles == 2);
  };
  using C = VectorConfiguration;
  constexpr auto Illegal = ErrorCode::IllegalConfig,
                 Address = ErrorCode::Address;
  refused(Illegal, [](C &c) { c.op = VectorOp(5); });
  refused(Illegal, [](C &c) { c.reduce = VectorReduce(6); });
  refused(Illegal, [](C &c) { c.table = VectorTable(3); });
  refused(Illegal, [](C &c) { c.addC = VectorAddC(3); });
  refused(Illegal, [](C &c) { c.addC = VectorAddC::A; });
  refused(Illegal, [](C &c) { c.aType = Type::None; });
  refused(Illegal, [](C &c) { c.add = VectorAdd::C, c.cType = Type::None; });
  refused(Illegal, [](C &c) { c.scale2 = ScaleSource::B; });
  refused(Illegal, [](C &c) {
    c.op = VectorOp::Scalar, c.scalarOp = VectorScalarOp::Raw;
  });
  refused(Address, [](C &c) { c.aAddr = Lanes / 2; });
  refused(Address, [](C &c) { c.aStride0 = 1; });
  refused(Address, [](C &c) { c.outStride1 = Lanes / 2; });
  refused(Address, [](C &c) { c.add = VectorAdd::C, c.cAddr = 2; });
  refused(Address, [](C &c) { c.multiply = VectorMultiply::B, c.bAddr = 4; });
  refused(Address, [](C &c) { c.op = VectorOp::Table, c.aAddr = 32; });
  refused(Address, [](C &c) { c.op = VectorOp::Fetch, c.aAddr = 2; });
  refused(Address,
          [](C &c) { c.op = VectorOp::Store, c.outAddr = Quarter + 1; });
  refused(Address, [](C &c) {
    c.reduce = VectorReduce::Sum, c.reduceRow = RowScalars - 3;
  });
  refused(Address, [](C &c) {
    c.add = VectorAdd::Row, c.addRow = RowScalars - 1, c.addBy = By::Inner;
  });
  refused(Address, [](C &c) {
    c.scale1 = ScaleSource::Row, c.scale1Row = RowScalars - 1,
    c.scale1By = By::Outer;
  });
  refused(Address, [](C &c) {
    c.reduce = VectorReduce::Sumsq, c.squareRow = RowScalars,
    c.squareBy = By::One;
  });
  // Last entry: 1 row and 2 tiles after the first.
  refused(Address, [](C &c) {
    c.source = VectorSource::Acc, c.accTileStride = 1, c.accStride0 = 1,
    c.accAddr = RTL_AccEntries - 3;
  });
  good.source = VectorSource::Acc;
  good.accTileStride = good.accStride0 = 1;
  good.accAddr = RTL_AccEntries - 4;
  CHECK(bench.step(good).errors == 0);
}

/// Cycles of a row (docs/units/vector.md).
unsigned scalarCycles(VectorScalarOp operation) {
  switch (operation) {
  case VectorScalarOp::Rsqrt:
    return 13;
  case VectorScalarOp::Recip:
    return 9;
  case VectorScalarOp::Mul:
    return 8;
  default:
    return 6;
  }
}

TEST_CASE("time is start, beats and drain, and does not depend on data") {
  Bench bench(3);
  bench.fill();
  for (int i = 0; i < 100; ++i) {
    VectorConfiguration c = bench.stream();
    c.bType = Type::I8;
    c.scale1 = c.scale2 = ScaleSource::Row;
    c.add = VectorAdd::None;
    c.addC = VectorAddC::None;
    VectorRun run = bench.step(c);
    CHECK(run.cycles == beats(c) + (c.reduce == VectorReduce::None ? 15 : 17));
  }
  for (int i = 0; i < 30; ++i) {
    VectorConfiguration c = bench.oneColumn(VectorOp::Scalar);
    CHECK(bench.step(c).cycles ==
          scalarCycles(c.scalarOp) * c.rows0 * c.rows1 + 4);
    c = bench.oneColumn(VectorOp::Store);
    CHECK(bench.step(c).cycles == c.rows0 * c.rows1 + 5);
    c = bench.oneColumn(VectorOp::Fetch);
    CHECK(bench.step(c).cycles == c.rows0 * c.rows1 + 5);
  }
  CHECK(bench.step(tableLoad()).cycles == 256 / std::min(Lanes, 16u) + 5);
}

TEST_CASE("counters count elements, accesses and cycles of clocked lanes") {
  Bench bench(4);
  bench.fill();
  bench.step(tableLoad());
  for (int i = 0; i < 60; ++i)
    bench.step(bench.stream());
  for (int i = 0; i < 20; ++i)
    bench.step(bench.oneColumn(VectorOp(i % 2 ? 1 : i % 4 ? 3 : 4)));
  auto &r = bench.rtl.root();
  const VectorCounts &expected = bench.model.counts;
#define COUNTER(name) r.vector_unit__DOT__u_counters__DOT__cnt_##name##_q
  CHECK(COUNTER(load_ops) == expected.loadOps);
  CHECK(COUNTER(scale_ops) == expected.scaleOps);
  CHECK(COUNTER(add_ops) == expected.addOps);
  CHECK(COUNTER(table_ops) == expected.tableOps);
  CHECK(COUNTER(multiply_ops) == expected.multiplyOps);
  CHECK(COUNTER(write_ops) == expected.writeOps);
  CHECK(COUNTER(reduce_ops) == expected.reduceOps);
  CHECK(COUNTER(scalar_ops) == expected.scalarOps);
  CHECK(COUNTER(acc_reads) == bench.rtl.entries);
  CHECK(COUNTER(spm_reads) == bench.rtl.reads * (PortBytes / 64));
  CHECK(COUNTER(spm_writes) == bench.rtl.writes * (PortBytes / 64));

  // One beat clocks each of the ten lane stages once.
  uint64_t before = COUNTER(lanes_active);
  VectorConfiguration c;
  c.rows0 = c.rows1 = 1;
  c.cols = Lanes;
  c.outType = Type::None;
  bench.step(c);
  CHECK(COUNTER(lanes_active) == before + 10);
}

TEST_CASE("a word is read once for its beats and written once") {
  Bench bench(5);
  bench.fill();
  VectorConfiguration c;
  c.rows0 = 3;
  c.rows1 = 1;
  c.cols = 4 * PortBytes;
  c.rangeHi = int32_t(c.cols);
  c.outAddr = Quarter;
  c.aStride0 = c.outStride0 = 4 * PortBytes;
  bench.step(c);
  CHECK(bench.rtl.reads == 12);
  CHECK(bench.rtl.writes == 12);
}
