// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vector unit, a beat of L columns at a time in the order of the stages
// (A5), so that an output over its own input behaves as in the hardware: all
// reads of a beat precede its writes.

#include "simulator/functional/Machine.h"

#include <algorithm>
#include <cstring>

namespace dalbit::functional {

namespace {

using isa::By;
using isa::ScaleSource;
using isa::Type;
using isa::VectorReduce;

int64_t bytesOf(Type type) {
  return type == Type::I8 ? 1 : type == Type::I16 ? 2 : 4;
}

int32_t loadElement(const uint8_t *at, Type type) {
  if (type == Type::I8)
    return int8_t(*at);
  if (type == Type::I16) {
    int16_t value;
    std::memcpy(&value, at, 2);
    return value;
  }
  int32_t value;
  std::memcpy(&value, at, 4);
  return value;
}

class Pass {
public:
  Pass(Machine &machine, const isa::VectorConfiguration &c)
      : machine(machine), c(c) {}

  void stream();
  void scalar();
  void loadTable();
  void storeScalars();
  void fetchScalars();

private:
  struct Stream {
    int64_t address, stride0, stride1;
    Type type;
    int64_t at(int64_t outer, int64_t inner) const {
      return address + inner * stride0 + outer * stride1;
    }
  };

  int64_t index(int64_t base, By by, int64_t outer, int64_t inner) const {
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
  RowScalar pairOf(ScaleSource source, uint32_t imm, uint32_t row, By by,
                   int64_t outer, int64_t inner) {
    if (source == ScaleSource::Imm)
      return unpackPair(imm);
    if (source != ScaleSource::Row)
      return {};
    RowScalar scalar = machine.rowScalar(index(row, by, outer, inner));
    return norm16(scalar.value, scalar.exponent);
  }
  void checkStream(const Stream &stream) const {
    int64_t unit = machine.lanes * bytesOf(stream.type);
    bool aligned = stream.address % unit == 0 &&
                   (c.rows0 < 2 || stream.stride0 % unit == 0) &&
                   (c.rows1 < 2 || stream.stride1 % unit == 0);
    requireAddress(aligned, "a stream is not aligned");
  }
  void row(int64_t outer, int64_t inner);
  void reduce(int32_t value, int64_t column);

  Machine &machine;
  const isa::VectorConfiguration &c;
  Stream a{}, b{}, cc{}, out{};
  bool useA = false, useB = false, useC = false, writes = false;
  // Reduction of the row at hand.
  int64_t sum = 0, best = 0;
  bool any = false;
  int squares = 0;
};

void Pass::reduce(int32_t value, int64_t column) {
  switch (c.reduce) {
  case VectorReduce::None:
    return;
  case VectorReduce::Sum:
    sum += value;
    return;
  case VectorReduce::Sumsq: {
    int64_t u =
        squares ? (int64_t(value) + (int64_t(1) << (squares - 1))) >> squares
                : value;
    u = std::clamp<int64_t>(u, -32768, 32768);
    sum += u * u;
    return;
  }
  case VectorReduce::Absmax:
    sum = std::max(sum, std::min<int64_t>(std::abs(int64_t(value)), INT32_MAX));
    return;
  case VectorReduce::Max:
    sum = any ? std::max<int64_t>(sum, value) : value;
    any = true;
    return;
  case VectorReduce::Argmax:
    if (!any || value > best) {
      best = value;
      sum = column;
      any = true;
    }
    return;
  }
}

void Pass::row(int64_t outer, int64_t inner) {
  RowScalar scale1 =
      pairOf(c.scale1, c.scale1Imm, c.scale1Row, c.scale1By, outer, inner);
  RowScalar scale2 =
      pairOf(c.scale2, c.scale2Imm, c.scale2Row, c.scale2By, outer, inner);
  int32_t summand =
      c.add == isa::VectorAdd::Imm ? c.addImm
      : c.add == isa::VectorAdd::Row
          ? machine.rowScalar(index(c.addRow, c.addBy, outer, inner)).value
          : 0;
  if (c.reduce == VectorReduce::Sumsq)
    squares = squareShift(
        machine.rowScalar(index(c.squareRow, c.squareBy, outer, inner)).value);
  sum = c.reduce == VectorReduce::Max ? INT32_MIN : 0;
  best = 0;
  any = false;
  int64_t cols = c.cols;
  int64_t low =
      std::clamp<int64_t>(int64_t(c.rangeLo) + outer * c.rangeLoStep, 0, cols);
  int64_t high =
      std::clamp<int64_t>(int64_t(c.rangeHi) + outer * c.rangeHiStep, 0, cols);
  int64_t n = machine.n;
  int64_t entry =
      int64_t(c.accAddr) + inner * c.accStride0 + outer * c.accStride1;

  auto bytes = [&](bool used, const Stream &stream) -> const uint8_t * {
    return used ? machine.scratchpad(stream.at(outer, inner),
                                     cols * bytesOf(stream.type))
                : nullptr;
  };
  const uint8_t *pa = bytes(useA, a), *pb = bytes(useB, b),
                *pc = bytes(useC, cc);
  uint8_t *po = writes ? machine.scratchpad(out.at(outer, inner),
                                            cols * bytesOf(out.type))
                       : nullptr;
  int32_t values[256];
  for (int64_t first = 0; first < cols; first += machine.lanes) {
    int64_t count = std::min<int64_t>(machine.lanes, cols - first);
    for (int64_t i = 0; i < count; ++i) {
      int64_t column = first + i;
      int32_t v;
      if (c.source == isa::VectorSource::Acc) {
        int64_t at = entry + column / n * c.accTileStride;
        requireAddress(at < machine.accEntries, "past the accumulator");
        v = machine.acc[size_t(at * n + column % n)];
      } else {
        v = loadElement(pa + column * bytesOf(a.type), a.type);
      }
      int32_t bValue =
          useB ? loadElement(pb + column * bytesOf(b.type), b.type) : 0;
      RowScalar bPair = unpackPair(uint32_t(bValue));
      if (c.scale1 != ScaleSource::None) {
        RowScalar by = c.scale1 == ScaleSource::B ? bPair : scale1;
        v = requantise(v, by.value, by.exponent + c.scale1Adjust);
      }
      if (c.scale2 != ScaleSource::None) {
        RowScalar by = c.scale2 == ScaleSource::B ? bPair : scale2;
        v = requantise(v, by.value, by.exponent + c.scale2Adjust);
      }
      if (c.add != isa::VectorAdd::None) {
        int64_t s = c.add == isa::VectorAdd::C
                        ? loadElement(pc + column * bytesOf(cc.type), cc.type)
                        : summand;
        v = saturate32(c.addNegate == isa::VectorAddNegate::Minus ? v - s
                                                                  : v + s);
      }
      if (c.table != isa::VectorTable::Off) {
        int32_t y =
            lookUp(machine.table.data(), v, int(c.tableShift), c.tableOffset);
        v = c.table == isa::VectorTable::Value
                ? y
                : requantise(v, y, int(c.gateShift));
      }
      if (c.multiply == isa::VectorMultiply::B)
        v = b.type == Type::I32
                ? requantise(v, bPair.value, bPair.exponent + c.multiplyShift)
                : requantise(v, bValue, c.multiplyShift);
      if (c.addC == isa::VectorAddC::C)
        v = saturate32(int64_t(v) +
                       loadElement(pc + column * bytesOf(cc.type), cc.type));
      if (c.addC == isa::VectorAddC::A)
        v = saturate32(int64_t(v) +
                       loadElement(pa + column * bytesOf(a.type), a.type));
      if (c.outType == Type::I8)
        v = saturate8(v);
      if (c.outType == Type::I16)
        v = saturate16(v);
      values[i] = v;
    }
    for (int64_t i = 0; i < count; ++i) {
      int64_t column = first + i;
      bool visible = column >= low && column < high;
      if (visible)
        reduce(values[i], column);
      int32_t v = visible ? values[i] : 0;
      if (writes)
        std::memcpy(po + column * bytesOf(out.type), &v,
                    size_t(bytesOf(out.type)));
    }
  }
  if (c.reduce == VectorReduce::None)
    return;
  RowScalar result = norm32(sum);
  if (c.reduce == VectorReduce::Sumsq)
    result.exponent = int8_t(std::max(-128, result.exponent - 2 * squares));
  machine.rowScalar(index(c.reduceRow, c.reduceBy, outer, inner)) = result;
}

void Pass::stream() {
  if (c.rows0 == 0 || c.rows1 == 0 || c.cols == 0)
    return;
  bool acc = c.source == isa::VectorSource::Acc;
  useA = !acc || c.addC == isa::VectorAddC::A;
  useB = c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B ||
         c.multiply == isa::VectorMultiply::B;
  useC = c.add == isa::VectorAdd::C || c.addC == isa::VectorAddC::C;
  writes = c.outType != Type::None;
  require(unsigned(c.addC) <= 2 && unsigned(c.table) <= 2 &&
              unsigned(c.reduce) <= 5,
          "reserved value");
  require(c.addC != isa::VectorAddC::A || acc,
          "add_c = a needs the accumulator as source");
  require(!useA || c.aType != Type::None, "stream A has no type");
  require(!useB || c.bType != Type::None, "stream B has no type");
  require(!useC || c.cType != Type::None, "stream C has no type");
  require((c.scale1 != ScaleSource::B && c.scale2 != ScaleSource::B) ||
              c.bType == Type::I32,
          "scales from stream B are pairs");
  a = {c.aAddr, c.aStride0, c.aStride1, c.aType};
  b = {c.bAddr, c.bStride0, c.bStride1, c.bType};
  cc = {c.cAddr, c.cStride0, c.cStride1, c.cType};
  out = {c.outAddr, c.outStride0, c.outStride1, c.outType};
  for (auto [used, stream] :
       {std::pair(useA, &a), {useB, &b}, {useC, &cc}, {writes, &out}})
    if (used)
      checkStream(*stream);
  for (int64_t outer = 0; outer < c.rows1; ++outer)
    for (int64_t inner = 0; inner < c.rows0; ++inner)
      row(outer, inner);
}

void Pass::scalar() {
  require(c.scalarOp != isa::VectorScalarOp::Raw, "raw is for store");
  for (int64_t outer = 0; outer < c.rows1; ++outer)
    for (int64_t inner = 0; inner < c.rows0; ++inner) {
      RowScalar x =
          machine.rowScalar(index(c.scale1Row, c.scale1By, outer, inner));
      bool two = unsigned(c.scalarOp) >= unsigned(isa::VectorScalarOp::Mul);
      RowScalar y =
          two ? machine.rowScalar(index(c.scale2Row, c.scale2By, outer, inner))
              : RowScalar();
      RowScalar imm1 = unpackPair(c.scale1Imm), imm2 = unpackPair(c.scale2Imm),
                result;
      switch (c.scalarOp) {
      case isa::VectorScalarOp::Scale:
        result = functional::scale(x, imm1, c.scale1Adjust);
        break;
      case isa::VectorScalarOp::Fix:
        result = fix(x, imm1);
        break;
      case isa::VectorScalarOp::Recip:
        result = reciprocal(x, imm1, c.scale1Adjust);
        break;
      case isa::VectorScalarOp::Rsqrt:
        result = reciprocalSquareRoot(x, imm1, imm2, c.scale1Adjust);
        break;
      case isa::VectorScalarOp::Mul:
        result =
            functional::scale(functional::scale(x, y, 0), imm1, c.scale1Adjust);
        break;
      case isa::VectorScalarOp::Max:
        result = {std::max(x.value, y.value), x.exponent};
        break;
      default:
        result = {saturate32(int64_t(x.value) + y.value), x.exponent};
        break;
      }
      machine.rowScalar(index(c.reduceRow, c.reduceBy, outer, inner)) = result;
    }
}

void Pass::loadTable() {
  requireAddress(c.aAddr % machine.portBytes == 0, "the table is not aligned");
  std::memcpy(machine.table.data(),
              machine.scratchpad(c.aAddr, isa::TableSegments * 4),
              isa::TableSegments * 4);
}

void Pass::storeScalars() {
  for (int64_t outer = 0; outer < c.rows1; ++outer)
    for (int64_t inner = 0; inner < c.rows0; ++inner) {
      RowScalar x =
          machine.rowScalar(index(c.scale1Row, c.scale1By, outer, inner));
      uint32_t word = c.scalarOp == isa::VectorScalarOp::Raw
                          ? uint32_t(x.value)
                          : packPair(norm16(x.value, x.exponent));
      int64_t at =
          int64_t(c.outAddr) + inner * c.outStride0 + outer * c.outStride1;
      requireAddress(at % 4 == 0, "a row scalar's place is not aligned");
      std::memcpy(machine.scratchpad(at, 4), &word, 4);
    }
}

void Pass::fetchScalars() {
  for (int64_t outer = 0; outer < c.rows1; ++outer)
    for (int64_t inner = 0; inner < c.rows0; ++inner) {
      int64_t at = int64_t(c.aAddr) + inner * c.aStride0 + outer * c.aStride1;
      requireAddress(at % 4 == 0, "a row scalar's place is not aligned");
      uint32_t word;
      std::memcpy(&word, machine.scratchpad(at, 4), 4);
      machine.rowScalar(index(c.reduceRow, c.reduceBy, outer, inner)) =
          unpackPair(word);
    }
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
  require(false, "unknown vector operation");
}

} // namespace dalbit::functional
