// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/VectorPlan.h"

#include "simulator/fast/Occupancy.h"

#include <algorithm>

namespace dalbit::fast {

using isa::By;
using isa::ErrorCode;
using isa::ScaleSource;
using isa::Type;
using isa::VectorScalarOp;

namespace {

/// Cycles of a scalar operation (rtl/vector/vector_scalar.sv).
uint32_t scalarCycles(VectorScalarOp op) {
  switch (op) {
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

} // namespace

void VectorPlan::make(const Sizes &of) {
  isMade = true;
  decode(of);
  if (!isEmpty)
    refused = check(of);
  if (isEmpty || refused != ErrorCode::None) {
    asksNobody = true;
    alone.done = 2;
    return;
  }
  uint64_t rowBeats = (cols - 1) / beatCols + 1;
  uint64_t rows = uint64_t(rows0) * rows1;
  beats = rowBeats * rows;
  count(of);
  if (isScalar) {
    asksNobody = true;
    alone.moved = 1 + Cycle(rows * scalarCycles(c.scalarOp));
    alone.done = alone.moved + 3;
    return;
  }
  bool reduces = isStream && c.reduce != isa::VectorReduce::None;
  outBehind = isStream ? 12 : 2;
  lastAdvance = beats + (isStream ? 11 : 1) + (reduces ? 2 : 0);
  findBanks(of);
}

void VectorPlan::decode(const Sizes &sizes) {
  isStream = c.op == isa::VectorOp::Stream;
  isScalar = c.op == isa::VectorOp::Scalar;
  isTable = c.op == isa::VectorOp::Table;
  isStore = c.op == isa::VectorOp::Store;
  isFetch = c.op == isa::VectorOp::Fetch;
  bool fromAcc = c.source == isa::VectorSource::Acc;
  bool usesA =
      isStream ? !fromAcc || c.addC == isa::VectorAddC::A : isTable || isFetch;
  bool usesB =
      isStream && (c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B ||
                   c.multiply == isa::VectorMultiply::B);
  bool usesC =
      isStream && (c.add == isa::VectorAdd::C || c.addC == isa::VectorAddC::C);
  bool usesOut = isStream ? c.outType != Type::None : isStore;
  bool isNarrow =
      (usesA && c.aType == Type::I32) || (usesB && c.bType == Type::I32) ||
      (usesC && c.cType == Type::I32) || (usesOut && c.outType == Type::I32);
  uint32_t narrowLanes = std::min(sizes.lanes, sizes.portBytes / 4);
  beatCols = isTable    ? std::min(sizes.lanes, 16u)
             : isNarrow ? narrowLanes
                        : sizes.lanes;
  rows0 = isTable ? 1 : c.rows0;
  rows1 = isTable ? 1 : c.rows1;
  cols = isTable ? isa::TableSegments : isStream ? c.cols : 1;
  isEmpty =
      !isTable && (c.rows0 == 0 || c.rows1 == 0 || (isStream && c.cols == 0));
  auto spm = [&](bool isUsed, uint32_t base, uint32_t stride0, uint32_t stride1,
                 Type type) {
    return Stream{isUsed,
                  base,
                  stride0,
                  stride1,
                  beatCols << unsigned(type),
                  sizes.portBytes,
                  sizes.portBytes,
                  SpmMask};
  };
  streams[Out] = spm(usesOut, c.outAddr, c.outStride0, c.outStride1, c.outType);
  streams[C] = spm(usesC, c.cAddr, c.cStride0, c.cStride1, c.cType);
  streams[B] = spm(usesB, c.bAddr, c.bStride0, c.bStride1, c.bType);
  streams[A] = spm(usesA, c.aAddr, c.aStride0, c.aStride1,
                   isTable ? Type::I32 : c.aType);
  uint32_t entryBytes = sizes.n * 4;
  streams[Acc] = {isStream && fromAcc,
                  c.accAddr * entryBytes,
                  c.accStride0 * entryBytes,
                  c.accStride1 * entryBytes,
                  beatCols * 4,
                  entryBytes,
                  c.accTileStride * entryBytes,
                  4096 * entryBytes - 1};
}

/// The second cycle of rtl/vector/vector_decode.sv.
ErrorCode VectorPlan::check(const Sizes &sizes) const {
  bool needsPairs = c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B;
  if (isStream) {
    if ((streams[A].isUsed && c.aType == Type::None) ||
        (streams[B].isUsed &&
         (c.bType == Type::None || (needsPairs && c.bType != Type::I32))) ||
        (streams[C].isUsed && c.cType == Type::None) ||
        unsigned(c.reduce) > unsigned(isa::VectorReduce::Argmax) ||
        unsigned(c.table) > unsigned(isa::VectorTable::Gate) ||
        unsigned(c.addC) > unsigned(isa::VectorAddC::A) ||
        (c.addC == isa::VectorAddC::A && !streams[Acc].isUsed))
      return ErrorCode::IllegalConfig;
  } else if ((isScalar && c.scalarOp == VectorScalarOp::Raw) ||
             !(isScalar || isTable || isStore || isFetch)) {
    return ErrorCode::IllegalConfig;
  }

  auto isOff = [&](Port port, Type type, uint32_t base, uint32_t stride0,
                   uint32_t stride1) {
    if (!streams[port].isUsed)
      return false;
    uint32_t low = base;
    if (!isTable && c.rows0 > 1)
      low |= stride0;
    if (!isTable && c.rows1 > 1)
      low |= stride1;
    uint32_t unit = isStream ? sizes.lanes << unsigned(type) : isTable ? 64 : 4;
    return (low & (unit - 1) & 0xfff) != 0;
  };
  if (isOff(A, c.aType, c.aAddr, c.aStride0, c.aStride1) ||
      isOff(B, c.bType, c.bAddr, c.bStride0, c.bStride1) ||
      isOff(C, c.cType, c.cAddr, c.cStride0, c.cStride1) ||
      isOff(Out, c.outType, c.outAddr, c.outStride0, c.outStride1))
    return ErrorCode::Address;

  if (streams[Acc].isUsed) {
    uint64_t last = c.accAddr + uint64_t(c.rows0 - 1) * c.accStride0 +
                    uint64_t(c.rows1 - 1) * c.accStride1 +
                    uint64_t((c.cols - 1) / sizes.n) * c.accTileStride;
    if (last >= sizes.accEntries)
      return ErrorCode::Address;
  }
  auto fits = [&](bool isUsed, uint32_t base, By by) {
    uint64_t last = base;
    if (by == By::Row)
      last += uint64_t(c.rows0) * c.rows1 - 1;
    if (by == By::Outer)
      last += rows1 - 1;
    if (by == By::Inner)
      last += rows0 - 1;
    return !isUsed || last < sizes.rowScalars;
  };
  bool takesTwo = isScalar && (c.scalarOp == VectorScalarOp::Mul ||
                               c.scalarOp == VectorScalarOp::Max ||
                               c.scalarOp == VectorScalarOp::Add);
  bool usesScale1 =
      isStream ? c.scale1 == ScaleSource::Row : isScalar || isStore;
  bool usesScale2 = isStream ? c.scale2 == ScaleSource::Row : takesTwo;
  bool reduces = isStream && c.reduce != isa::VectorReduce::None;
  if (!fits(usesScale1, c.scale1Row, c.scale1By) ||
      !fits(usesScale2, c.scale2Row, c.scale2By) ||
      !fits(isStream && c.add == isa::VectorAdd::Row, c.addRow, c.addBy) ||
      !fits(isStream && c.reduce == isa::VectorReduce::Sumsq, c.squareRow,
            c.squareBy) ||
      !fits(reduces || isScalar || isFetch, c.reduceRow, c.reduceBy))
    return ErrorCode::Address;
  return ErrorCode::None;
}

/// Words that the stream's walk touches, row by row.
uint64_t VectorPlan::wordsOf(const Stream &stream) const {
  uint64_t rowBeats = (cols - 1) / beatCols + 1;
  if (rowBeats == 1)
    return uint64_t(rows0) * rows1;
  uint64_t total = 0;
  uint32_t outer = stream.base;
  for (uint32_t i = 0; i < rows1; ++i, outer += stream.stride1) {
    uint32_t row = outer;
    for (uint32_t j = 0; j < rows0; ++j, row += stream.stride0) {
      uint32_t low = row & (stream.wordBytes - 1);
      total += (low + (rowBeats - 1) * stream.beatBytes) / stream.wordBytes + 1;
      // Rows that begin at the same place of a word are alike.
      if ((stream.stride0 & (stream.wordBytes - 1)) == 0) {
        uint64_t one =
            (low + (rowBeats - 1) * stream.beatBytes) / stream.wordBytes + 1;
        total += one * (rows0 - 1);
        break;
      }
    }
    if ((stream.stride1 & (stream.wordBytes - 1)) == 0)
      return total * rows1;
  }
  return total;
}

/// What the instruction counts in all but the dispatcher's counters.
void VectorPlan::count(const Sizes &sizes) {
  isa::VectorCounters &to = counts;
  uint64_t rows = uint64_t(rows0) * rows1;
  for (Port port : {A, B, C})
    if (streams[port].isUsed)
      to.spmReads += wordsOf(streams[port]) * sizes.access64;
  if (streams[Acc].isUsed)
    to.accReads += wordsOf(streams[Acc]);
  if (streams[Out].isUsed)
    to.spmWrites += wordsOf(streams[Out]) * sizes.access64;
  if (isScalar || isStore || isFetch)
    to.scalarOps += rows;
  if (!isStream)
    return;
  uint64_t columns = rows * cols;
  bool hasTable = c.table != isa::VectorTable::Off;
  to.loadOps += columns;
  to.scaleOps += columns * ((c.scale1 != ScaleSource::None) +
                            (c.scale2 != ScaleSource::None));
  to.addOps += columns * ((c.add != isa::VectorAdd::None) +
                          (c.addC != isa::VectorAddC::None));
  to.tableOps += hasTable ? columns : 0;
  to.multiplyOps += columns * ((c.table == isa::VectorTable::Gate) +
                               (c.multiply == isa::VectorMultiply::B));
  to.writeOps += streams[Out].isUsed ? columns : 0;
  to.lanesActive += beats + 9;
  if (c.reduce == isa::VectorReduce::None)
    return;
  int64_t low = c.rangeLo, high = c.rangeHi;
  for (uint32_t outer = 0; outer < rows1; ++outer) {
    int64_t from = std::clamp<int64_t>(low, 0, cols);
    int64_t end = std::clamp<int64_t>(high, 0, cols);
    to.reduceOps += uint64_t(std::max<int64_t>(end - from, 0)) * rows0;
    low += c.rangeLoStep;
    high += c.rangeHiStep;
  }
}

/// A superset of the banks that the instruction asks, and what it takes there
/// if none of its own streams meet.
void VectorPlan::findBanks(const Sizes &sizes) {
  bool isApart = !isTable;
  uint64_t rowBeats = (cols - 1) / beatCols + 1;
  for (Port port : {Out, C, B, A}) {
    Stream &stream = streams[port];
    if (!stream.isUsed)
      continue;
    // Strides of the upper half are taken as negative: anywhere.
    bool isForward =
        stream.stride0 <= SpmMask / 2 && stream.stride1 <= SpmMask / 2;
    uint64_t end = stream.base + uint64_t(rows0 - 1) * stream.stride0 +
                   uint64_t(rows1 - 1) * stream.stride1 +
                   rowBeats * stream.beatBytes;
    bool isInside = isForward && end <= sizes.spmBytes;
    uint32_t low = isInside ? sizes.bankOf(stream.base) : 0;
    uint32_t high =
        isInside ? sizes.bankOf(uint32_t(end - 1)) : sizes.banks - 1;
    isApart &= isInside;
    stream.isInBank = isInside && low == high;
    for (uint32_t bank = low; bank <= high; ++bank) {
      uint64_t bit = uint64_t(1) << (bank % 64);
      isApart &= (bankMask[bank / 64] & bit) == 0;
      bankMask[bank / 64] |= bit;
    }
  }
  if (streams[Acc].isUsed) {
    uint32_t last = c.accAddr + (c.rows0 - 1) * c.accStride0 +
                    (c.rows1 - 1) * c.accStride1 +
                    (c.cols - 1) / sizes.n * c.accTileStride;
    for (uint32_t half : {sizes.halfOf(c.accAddr), sizes.halfOf(last)})
      bankMask[half / 64] |= uint64_t(1) << (half % 64);
  }
  if (!isApart)
    return;
  // Advance k in cycle k + 2: the last one finds the pipeline empty, and in it
  // or before the last output word is granted (docs/units/vector.md).
  alone.last = Cycle(lastAdvance) + 3;
  alone.done = alone.last + 1;
  if (alone.done > Occupancy::MostAlone)
    alone = {};
  // A row's scalar moves, or lanes work, or at last the output word.
  alone.moved = Cycle(beats) + (isStream ? 12 : 3);
  if (streams[Out].isUsed)
    alone.moved = Cycle(beats + outBehind) + 2;
}

bool VectorPlan::hasShape(const Sizes &sizes, VectorShape &shape) const {
  shape.isStream = isStream;
  shape.isTable = isTable;
  shape.isStore = isStore;
  shape.reduces = isStream && c.reduce != isa::VectorReduce::None;
  shape.rows0 = rows0;
  shape.rows1 = rows1;
  shape.cols = cols;
  shape.beatCols = beatCols;
  for (unsigned port = 0; port < Acc; ++port) {
    const Stream &stream = streams[port];
    if (!stream.isUsed)
      continue;
    if (!stream.isInBank)
      return false;
    auto &of = shape.streams[port];
    of.beatBytes = stream.beatBytes;
    of.low = stream.base % stream.wordBytes;
    of.low0 = rows0 > 1 ? stream.stride0 % stream.wordBytes : 0;
    of.low1 = rows1 > 1 ? stream.stride1 % stream.wordBytes : 0;
    while (!streams[of.like].isUsed ||
           sizes.bankOf(streams[of.like].base) != sizes.bankOf(stream.base))
      ++of.like;
  }
  return true;
}

} // namespace dalbit::fast
