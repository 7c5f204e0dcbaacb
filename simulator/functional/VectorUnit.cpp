// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vector unit, a row at a time and stage by stage (A5). A row is read whole
// before it is written; that is what an output over the input of its own row
// gives in the hardware too, where all reads of a beat precede its writes.

#include "simulator/functional/Machine.h"
#include "simulator/functional/VectorStages.h"

#include <algorithm>
#include <cstring>

namespace dalbit::functional {

namespace {

using isa::By;
using isa::ScaleSource;
using isa::Type;
using isa::VectorReduce;
using isa::VectorScalarOp;

struct Stream {
  bool isUsed;
  int64_t address, stride0, stride1;
  Type type;

  int64_t at(int64_t outer, int64_t inner) const {
    return address + inner * stride0 + outer * stride1;
  }
};

class Pass {
public:
  Pass(Machine &machine, const isa::VectorConfiguration &c);

  void stream();
  void scalar();
  void loadTable();
  void storeScalars();
  void fetchScalars();

private:
  template <typename Row> void forEachRow(Row row) {
    for (int64_t outer = 0; outer < c.rows1; ++outer)
      for (int64_t inner = 0; inner < c.rows0; ++inner)
        row(outer, inner);
  }
  int64_t index(int64_t base, By by, int64_t outer, int64_t inner) const;
  RowScalar &rowScalar(int64_t base, By by, int64_t outer, int64_t inner) {
    return machine.rowScalar(index(base, by, outer, inner));
  }
  RowScalar pairOf(ScaleSource source, uint32_t imm, uint32_t row, By by,
                   int64_t outer, int64_t inner);

  void checkStream() const;
  bool isAligned(const Stream &stream, int64_t unit) const;
  void streamRow(int64_t outer, int64_t inner);
  void load(std::vector<int32_t> &row, const Stream &stream, int64_t outer,
            int64_t inner);
  void loadAccumulator(int64_t outer, int64_t inner);
  void scaleBy(ScaleSource source, RowScalar pair, int adjust);
  RowScalar apply(RowScalar x, RowScalar y) const;

  Machine &machine;
  const isa::VectorConfiguration &c;
  Stream a, b, cc, out;
  std::vector<int32_t> v, aRow, bRow, cRow; ///< the row at hand
};

Pass::Pass(Machine &machine, const isa::VectorConfiguration &c)
    : machine(machine), c(c) {
  bool usesA =
      c.source == isa::VectorSource::Spm || c.addC == isa::VectorAddC::A;
  bool usesB = c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B ||
               c.multiply == isa::VectorMultiply::B;
  bool usesC = c.add == isa::VectorAdd::C || c.addC == isa::VectorAddC::C;
  a = {usesA, c.aAddr, c.aStride0, c.aStride1, c.aType};
  b = {usesB, c.bAddr, c.bStride0, c.bStride1, c.bType};
  cc = {usesC, c.cAddr, c.cStride0, c.cStride1, c.cType};
  out = {c.outType != Type::None, c.outAddr, c.outStride0, c.outStride1,
         c.outType};
}

int64_t Pass::index(int64_t base, By by, int64_t outer, int64_t inner) const {
  switch (by) {
  case By::Row:
    return base + outer * c.rows0 + inner;
  case By::Outer:
    return base + outer;
  case By::Inner:
    return base + inner;
  case By::One:
    break;
  }
  return base;
}

RowScalar Pass::pairOf(ScaleSource source, uint32_t imm, uint32_t row, By by,
                       int64_t outer, int64_t inner) {
  if (source == ScaleSource::Imm)
    return unpackPair(imm);
  if (source != ScaleSource::Row)
    return {};
  RowScalar scalar = rowScalar(row, by, outer, inner);
  return norm16(scalar.value, scalar.exponent); // S10
}

//===----------------------------------------------------------------------===//
// stream
//===----------------------------------------------------------------------===//

bool Pass::isAligned(const Stream &stream, int64_t unit) const {
  // A row that is never reached cannot be wrong.
  return stream.address % unit == 0 &&
         (c.rows0 < 2 || stream.stride0 % unit == 0) &&
         (c.rows1 < 2 || stream.stride1 % unit == 0);
}

/// The order of the checks is rtl/vector/vector_decode.sv's.
void Pass::checkStream() const {
  require(unsigned(c.addC) <= 2 && unsigned(c.table) <= 2 &&
              unsigned(c.reduce) <= 5,
          "a reserved value");
  require(c.addC != isa::VectorAddC::A || c.source == isa::VectorSource::Acc,
          "add_c = a needs the accumulator as source");
  require(!a.isUsed || a.type != Type::None, "stream A has no type");
  require(!b.isUsed || b.type != Type::None, "stream B has no type");
  require(!cc.isUsed || cc.type != Type::None, "stream C has no type");
  require((c.scale1 != ScaleSource::B && c.scale2 != ScaleSource::B) ||
              b.type == Type::I32,
          "scales from stream B are pairs, b_type i32");
  for (const Stream *stream : {&a, &b, &cc, &out})
    requireAddress(
        !stream->isUsed ||
            isAligned(*stream, machine.lanes * bytesOf(stream->type)),
        "a stream's address or stride is not a multiple of L "
        "elements");
  int64_t entry = int64_t(c.accAddr) +
                  int64_t(c.rows0 - 1) * int64_t(c.accStride0) +
                  int64_t(c.rows1 - 1) * int64_t(c.accStride1) +
                  (int64_t(c.cols) - 1) / machine.n * int64_t(c.accTileStride);
  requireAddress(c.source != isa::VectorSource::Acc ||
                     entry < machine.accEntries,
                 "the last row is past the accumulator");
}

void Pass::load(std::vector<int32_t> &row, const Stream &stream, int64_t outer,
                int64_t inner) {
  const uint8_t *bytes = machine.scratchpad(stream.at(outer, inner),
                                            c.cols * bytesOf(stream.type));
  loadRow(row, bytes, stream.type);
}

void Pass::loadAccumulator(int64_t outer, int64_t inner) {
  int64_t n = machine.n;
  int64_t entry =
      int64_t(c.accAddr) + inner * c.accStride0 + outer * c.accStride1;
  for (int64_t first = 0; first < c.cols; first += n) {
    const int32_t *from = &machine.acc[size_t(entry * n)];
    std::copy_n(from, std::min<int64_t>(n, c.cols - first), &v[size_t(first)]);
    entry += c.accTileStride;
  }
}

void Pass::scaleBy(ScaleSource source, RowScalar pair, int adjust) {
  if (source == ScaleSource::B)
    scaleByPairs(v, bRow, adjust);
  else if (source != ScaleSource::None)
    scaleRow(v, pair.value, pair.exponent + adjust);
}

void Pass::streamRow(int64_t outer, int64_t inner) {
  RowScalar scale1 =
      pairOf(c.scale1, c.scale1Imm, c.scale1Row, c.scale1By, outer, inner);
  RowScalar scale2 =
      pairOf(c.scale2, c.scale2Imm, c.scale2Row, c.scale2By, outer, inner);
  int32_t summand = c.add == isa::VectorAdd::Row
                        ? rowScalar(c.addRow, c.addBy, outer, inner).value
                        : c.addImm;
  int32_t absmax = c.reduce == VectorReduce::Sumsq
                       ? rowScalar(c.squareRow, c.squareBy, outer, inner).value
                       : 0;

  if (b.isUsed)
    load(bRow, b, outer, inner);
  if (cc.isUsed)
    load(cRow, cc, outer, inner);
  if (c.source == isa::VectorSource::Acc)
    loadAccumulator(outer, inner);
  else
    load(v, a, outer, inner);
  if (c.addC == isa::VectorAddC::A)
    load(aRow, a, outer, inner);

  scaleBy(c.scale1, scale1, c.scale1Adjust);
  scaleBy(c.scale2, scale2, c.scale2Adjust);
  bool isMinus = c.addNegate == isa::VectorAddNegate::Minus;
  if (c.add == isa::VectorAdd::C)
    addRow(v, cRow, isMinus);
  else if (c.add != isa::VectorAdd::None)
    addValue(v, summand, isMinus);
  if (c.table == isa::VectorTable::Value)
    tableValue(v, machine.table.data(), int(c.tableShift), c.tableOffset);
  if (c.table == isa::VectorTable::Gate)
    tableGate(v, machine.table.data(), int(c.tableShift), c.tableOffset,
              int(c.gateShift));
  if (c.multiply == isa::VectorMultiply::B) {
    if (b.type == Type::I32)
      scaleByPairs(v, bRow, c.multiplyShift);
    else
      scaleByFactors(v, bRow, c.multiplyShift);
  }
  if (c.addC == isa::VectorAddC::C)
    addRow(v, cRow, false);
  if (c.addC == isa::VectorAddC::A)
    addRow(v, aRow, false);
  saturateRow(v, c.outType);

  int64_t cols = c.cols;
  int64_t low =
      std::clamp<int64_t>(int64_t(c.rangeLo) + outer * c.rangeLoStep, 0, cols);
  int64_t high =
      std::clamp<int64_t>(int64_t(c.rangeHi) + outer * c.rangeHiStep, 0, cols);
  high = std::max(low, high);
  if (out.isUsed && out.type == Type::I32)
    machine.saturated += uint64_t(saturatedCount(
        std::span<const int32_t>(v).subspan(size_t(low), size_t(high - low))));
  if (out.isUsed)
    storeRow(v, low, high,
             machine.scratchpad(out.at(outer, inner), cols * bytesOf(out.type)),
             out.type);
  if (c.reduce != VectorReduce::None)
    rowScalar(c.reduceRow, c.reduceBy, outer, inner) = reduceRow(
        std::span<const int32_t>(v).subspan(size_t(low), size_t(high - low)),
        c.reduce, low, absmax);
}

void Pass::stream() {
  if (c.rows0 == 0 || c.rows1 == 0 || c.cols == 0)
    return;
  checkStream();
  for (std::vector<int32_t> *row : {&v, &aRow, &bRow, &cRow})
    row->resize(c.cols);
  forEachRow([&](int64_t outer, int64_t inner) { streamRow(outer, inner); });
}

//===----------------------------------------------------------------------===//
// Row scalars and the table
//===----------------------------------------------------------------------===//

RowScalar Pass::apply(RowScalar x, RowScalar y) const {
  RowScalar imm1 = unpackPair(c.scale1Imm);
  switch (c.scalarOp) {
  case VectorScalarOp::Scale:
    return scale(x, imm1, c.scale1Adjust);
  case VectorScalarOp::Fix:
    return fix(x, imm1);
  case VectorScalarOp::Recip:
    return reciprocal(x, imm1, c.scale1Adjust);
  case VectorScalarOp::Rsqrt:
    return reciprocalSquareRoot(x, imm1, unpackPair(c.scale2Imm),
                                c.scale1Adjust);
  case VectorScalarOp::Mul:
    return scale(scale(x, y, 0), imm1, c.scale1Adjust);
  case VectorScalarOp::Max:
    return {std::max(x.value, y.value), x.exponent};
  case VectorScalarOp::Add:
    return {saturate32(int64_t(x.value) + y.value), x.exponent};
  case VectorScalarOp::Raw:
    break;
  }
  throw Fault{isa::ErrorCode::IllegalConfig, "raw is for store"};
}

void Pass::scalar() {
  bool takesTwo = c.scalarOp == VectorScalarOp::Mul ||
                  c.scalarOp == VectorScalarOp::Max ||
                  c.scalarOp == VectorScalarOp::Add;
  forEachRow([&](int64_t outer, int64_t inner) {
    RowScalar x = rowScalar(c.scale1Row, c.scale1By, outer, inner), y;
    if (takesTwo)
      y = rowScalar(c.scale2Row, c.scale2By, outer, inner);
    rowScalar(c.reduceRow, c.reduceBy, outer, inner) = apply(x, y);
  });
}

void Pass::loadTable() {
  requireAddress(a.address % 64 == 0, "a_addr is not a multiple of 64");
  constexpr int64_t Bytes = isa::TableSegments * 4;
  std::memcpy(machine.table.data(), machine.scratchpad(a.address, Bytes),
              Bytes);
}

void Pass::storeScalars() {
  forEachRow([&](int64_t outer, int64_t inner) {
    requireAddress(isAligned(out, 4),
                   "the place of a row scalar is not a multiple of 4");
    RowScalar x = rowScalar(c.scale1Row, c.scale1By, outer, inner);
    uint32_t word = c.scalarOp == VectorScalarOp::Raw
                        ? uint32_t(x.value)
                        : packPair(norm16(x.value, x.exponent));
    std::memcpy(machine.scratchpad(out.at(outer, inner), 4), &word, 4);
  });
}

void Pass::fetchScalars() {
  forEachRow([&](int64_t outer, int64_t inner) {
    requireAddress(isAligned(a, 4),
                   "the place of a row scalar is not a multiple of 4");
    uint32_t word;
    std::memcpy(&word, machine.scratchpad(a.at(outer, inner), 4), 4);
    rowScalar(c.reduceRow, c.reduceBy, outer, inner) = unpackPair(word);
  });
}

} // namespace

void executeVector(Machine &machine, const isa::VectorConfiguration &c) {
  Pass pass(machine, c);
  switch (c.op) {
  case isa::VectorOp::Stream:
    return pass.stream();
  case isa::VectorOp::Scalar:
    return pass.scalar();
  case isa::VectorOp::Table:
    return pass.loadTable();
  case isa::VectorOp::Store:
    return pass.storeScalars();
  case isa::VectorOp::Fetch:
    return pass.fetchScalars();
  }
  // rows0 = 0 makes even an unknown operation empty, as in the rtl.
  require(c.rows0 == 0 || c.rows1 == 0, "an unknown operation");
}

} // namespace dalbit::functional
