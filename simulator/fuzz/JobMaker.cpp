// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/JobMaker.h"

#include "simulator/functional/VectorStages.h"
#include "simulator/fuzz/Case.h"

#include <algorithm>

namespace dalbit::fuzz {

using functional::bytesOf;
using functional::Space;
using isa::Type;
using isa::Unit;

namespace {

constexpr uint32_t SpmMask = (1u << isa::SpmAddressBits) - 1;

uint32_t roundUp(uint32_t value, uint32_t unit) {
  return (value + unit - 1) / unit * unit;
}

uint32_t sizeOf(isa::Region region) {
  return region == isa::Region::Output ? OutputBytes : DataBytes;
}

/// The part of a region that a job may write.
uint32_t storable(isa::Region region) {
  switch (region) {
  case isa::Region::Kv:
  case isa::Region::Workspace:
    return DataBytes;
  case isa::Region::Output:
    return StoreBytes;
  default:
    return 0;
  }
}

} // namespace

uint32_t JobMaker::alignment() const {
  return uint32_t(std::max({target.portBytes, target.vectorLanes * 4,
                            target.outputs, target.lanes, target.axiBytes}));
}

uint32_t JobMaker::spmAddress(const std::vector<Place> &places, uint32_t unit) {
  const Place &place = random.pick(places);
  if (random.chance(60))
    return place.address;
  return place.address + random.below(place.bytes / unit) * unit;
}

uint32_t JobMaker::pair() {
  // Mostly a shift that leaves something, sometimes any.
  if (random.chance(20))
    return random.below(1 << 24);
  return random.below(1 << 16) | random.below(24) << 16;
}

//===----------------------------------------------------------------------===//
// DMA
//===----------------------------------------------------------------------===//

void JobMaker::dma(isa::DmaConfiguration &c, bool out, const Menu &menu) {
  uint32_t beat = uint32_t(target.axiBytes);
  isa::Region region = random.pick(out ? menu.stores : menu.loads);
  uint32_t room = out ? storable(region) : sizeOf(region);
  bool isGather = !out && !menu.indices.empty() && random.chance(20);
  c.region = uint32_t(region);
  c.gather = isGather ? isa::DmaGather::On : isa::DmaGather::Off;
  c.rows = random.chance(40) ? 1 : uint32_t(random.between(1, 7));
  c.planes = isGather || random.chance(60) ? 1 : uint32_t(random.between(1, 3));
  // Now and then more than one longest burst.
  c.bytes = 4 * uint32_t(random.between(1, random.chance(15) ? 700 : 60));
  if (random.chance(30))
    c.bytes = roundUp(c.bytes, beat);

  uint32_t skew = random.chance(50) ? 0 : random.below(beat);
  if (random.chance(50))
    skew &= ~3u;
  c.spmAddr = spmAddress(out ? menu.inputs : menu.outputs, beat) + skew;
  c.dramOffset = random.below(room / beat / 2) * beat + skew;
  uint32_t step = roundUp(c.bytes, beat);
  uint32_t turn = random.chance(70) || isGather ? 0 : random.below(beat);
  auto stride = [&](uint32_t least) {
    return least + random.below(3) * beat + turn;
  };
  c.spmRowStride = stride(step);
  c.dramRowStride = random.chance(15) && !out ? turn : stride(step);
  if (isGather) {
    c.dramRowStride = beat * uint32_t(random.between(0, 12));
    c.indexAddr = spmAddress(menu.indices, 4);
  }
  turn = random.chance(70) ? 0 : random.below(beat);
  c.spmPlaneStride = stride(roundUp(c.spmRowStride * c.rows, beat));
  c.dramPlaneStride = random.chance(15) && !out
                          ? turn
                          : stride(roundUp(c.dramRowStride * c.rows, beat));
  // Backwards.
  if (c.rows > 1 && !isGather && random.chance(15)) {
    c.dramOffset += (c.rows - 1) * c.dramRowStride;
    c.spmAddr += (c.rows - 1) * c.dramRowStride & (beat - 1);
    c.dramRowStride = -c.dramRowStride;
    c.spmRowStride = step + beat + (c.dramRowStride & (beat - 1));
    c.spmPlaneStride = roundUp(c.spmRowStride * c.rows, beat) +
                       (c.dramPlaneStride & (beat - 1));
  }
  if (c.planes > 1 && random.chance(15)) {
    c.spmAddr += (c.planes - 1) * c.spmPlaneStride;
    c.spmPlaneStride = -c.spmPlaneStride & SpmMask;
    // 2^24 is a multiple of the beat: the DRAM's goes backwards as well.
    c.dramOffset += (c.planes - 1) * c.dramPlaneStride;
    c.dramPlaneStride = -c.dramPlaneStride;
  }
}

Job JobMaker::loadIndices(const isa::Configurations &present,
                          const Menu &menu) {
  Job job;
  job.unit = Unit::DmaIn;
  job.fields = present;
  job.isIndexLoad = true;
  const Place &place = random.pick(menu.indices);
  uint32_t beat = uint32_t(target.axiBytes);
  isa::DmaConfiguration &c = job.fields.dmaIn;
  c.region = uint32_t(isa::Region::Const);
  c.gather = isa::DmaGather::Off;
  c.rows = c.planes = 1;
  c.bytes = place.bytes;
  c.spmAddr = place.address;
  c.dramOffset = random.below((IndexBytes - place.bytes) / beat + 1) * beat;
  return job;
}

//===----------------------------------------------------------------------===//
// Matrix
//===----------------------------------------------------------------------===//

void JobMaker::matrix(isa::MatrixConfiguration &c, const Menu &menu) {
  uint32_t n = uint32_t(target.outputs), k = uint32_t(target.lanes);
  uint32_t entries = menu.accOutput.end - menu.accOutput.first;
  c.wForm = random.any<isa::MatrixWForm>(4);
  c.wGroup = random.any<isa::MatrixWGroup>(3);
  while (c.wForm == isa::MatrixWForm::W4 && (32u << unsigned(c.wGroup)) < k)
    c.wGroup = isa::MatrixWGroup(unsigned(c.wGroup) + 1);
  c.rows = random.chance(35) ? 1 : 1 + random.below(random.chance(20) ? 40 : 9);
  c.n = 1 + random.below(random.chance(50) ? n : 5 * n / 2);
  c.k = 1 + random.below(random.chance(40) ? k : 4 * k);
  if (random.chance(30))
    c.n = roundUp(c.n, n);
  if (random.chance(30))
    c.k = roundUp(c.k, k);
  uint32_t tilesN = (c.n + n - 1) / n;
  c.rows = std::min(c.rows, entries / tilesN);
  c.accumulate = random.any<isa::MatrixAccumulate>(2);
  c.accStride = c.rows + random.below(3);
  if (tilesN == 1)
    c.accStride = random.below(8);
  uint32_t used = tilesN == 1 ? c.rows : c.accStride * (tilesN - 1) + c.rows;
  c.accAddr = menu.accOutput.first +
              (used < entries ? random.below(entries - used + 1) : 0);

  c.aAddr = spmAddress(menu.inputs, k);
  c.aRowStride = random.chance(10) ? 0 : roundUp(c.k, k) + random.below(3) * k;
  if (c.rows > 1 && random.chance(10)) {
    c.aAddr += (c.rows - 1) * c.aRowStride;
    c.aRowStride = -c.aRowStride & SpmMask;
  }
  uint32_t unit = c.wForm == isa::MatrixWForm::Rows ? k
                  : c.wForm == isa::MatrixWForm::Columns
                      ? n
                      : uint32_t(target.portBytes);
  c.wAddr = spmAddress(menu.sides, unit);
  uint32_t row = c.wForm == isa::MatrixWForm::Columns ? c.n : c.k;
  c.wRowStride =
      random.chance(10) ? 0 : roundUp(row, unit) + random.below(3) * unit;
}

//===----------------------------------------------------------------------===//
// Vector
//===----------------------------------------------------------------------===//

void JobMaker::strides(uint32_t &address, uint32_t &stride0, uint32_t &stride1,
                       uint32_t bytes, uint32_t unit,
                       const isa::VectorConfiguration &c, bool isOutput) {
  uint32_t row = roundUp(bytes, unit) + random.below(3) * unit;
  stride0 = !isOutput && random.chance(25) ? 0 : row;
  stride1 = !isOutput && random.chance(20) ? 0 : row * c.rows0;
  if (random.chance(15)) // tokens inside heads
    stride1 = row, stride0 = row * c.rows1;
  if (random.chance(8)) {
    address += (c.rows0 - 1) * stride0;
    stride0 = -stride0 & SpmMask;
  }
  if (random.chance(8)) {
    address += (c.rows1 - 1) * stride1;
    stride1 = -stride1 & SpmMask;
  }
}

/// Row scalars are read in one half and written in the other, so that no row
/// needs another one's result.
void JobMaker::rowOperands(isa::VectorConfiguration &c) {
  uint32_t half = uint32_t(target.rowScalars) / 2;
  uint32_t rows = std::max<uint32_t>(c.rows0 * c.rows1, 1);
  uint32_t from = random.chance(50) ? half : 0, to = half - from;
  auto base = [&] {
    // Near each other, so that jobs find what others left.
    uint32_t window = random.chance(80) ? 24 : half;
    return random.below(std::min(window, half - rows + 1));
  };
  c.scale1Row = from + base();
  c.scale2Row = from + base();
  c.addRow = from + base();
  c.squareRow = from + base();
  c.reduceRow = to + base();
  c.scale1By = random.any<isa::By>(4);
  c.scale2By = random.any<isa::By>(4);
  c.addBy = random.any<isa::By>(4);
  c.squareBy = random.any<isa::By>(4);
  c.reduceBy = random.any<isa::By>(2);
}

void JobMaker::stream(isa::VectorConfiguration &c, const Menu &menu) {
  using isa::ScaleSource;
  uint32_t lanes = uint32_t(target.vectorLanes);
  c.op = isa::VectorOp::Stream;
  c.rows0 = 1 + random.below(4);
  c.rows1 = 1 + random.below(4);
  c.cols = 1 + random.below(random.chance(85) ? 4 * lanes : 16 * lanes);
  if (random.chance(30))
    c.cols = roundUp(c.cols, lanes);
  c.source = random.any<isa::VectorSource>(2);
  if (menu.mustReadAcc || menu.mustReadSpm)
    c.source =
        menu.mustReadAcc ? isa::VectorSource::Acc : isa::VectorSource::Spm;
  c.aType = random.any<Type>(3);
  c.bType = random.any<Type>(3);
  c.cType = random.any<Type>(3);
  c.outType = random.any<Type>(menu.mustWrite ? 3 : 4);

  c.scale1 = random.any<ScaleSource>(4);
  c.scale2 = random.any<ScaleSource>(4);
  if (c.scale1 == ScaleSource::B || c.scale2 == ScaleSource::B)
    c.bType = Type::I32;
  c.scale1Imm = pair();
  c.scale2Imm = pair();
  c.scale1Adjust = random.chance(40) ? 0 : shift();
  c.scale2Adjust = random.chance(40) ? 0 : shift();
  c.add = random.any<isa::VectorAdd>(4);
  c.addNegate = random.any<isa::VectorAddNegate>(2);
  c.addImm = random.wide();
  c.table = random.any<isa::VectorTable>(3);
  c.tableShift = random.below(20);
  c.tableOffset = random.between(-(1 << 16), (1 << 16) - 1);
  c.gateShift = random.below(32);
  c.multiply = random.any<isa::VectorMultiply>(2);
  c.multiplyShift = shift();
  c.addC = random.any<isa::VectorAddC>(
      c.source == isa::VectorSource::Acc && !menu.mustReadAcc ? 3 : 2);
  bool isWhole = random.chance(50);
  c.rangeLo = isWhole ? 0 : random.between(-6, 6);
  c.rangeLoStep = isWhole ? 0 : random.between(-2, 2);
  c.rangeHi =
      isWhole ? int32_t(c.cols) : random.between(0, int32_t(c.cols) + 20);
  c.rangeHiStep = isWhole ? 0 : random.between(-2, 2);
  c.reduce = random.any<isa::VectorReduce>(6);
  rowOperands(c);

  auto place = [&](uint32_t &address, uint32_t &stride0, uint32_t &stride1,
                   Type type, const std::vector<Place> &places, bool isOutput) {
    uint32_t size = uint32_t(bytesOf(type));
    if (size == 0)
      return;
    address = spmAddress(places, lanes * size);
    strides(address, stride0, stride1, c.cols * size, lanes * size, c,
            isOutput);
  };
  place(c.aAddr, c.aStride0, c.aStride1, c.aType, menu.inputs, false);
  place(c.bAddr, c.bStride0, c.bStride1, c.bType, menu.sides, false);
  place(c.cAddr, c.cStride0, c.cStride1, c.cType, menu.sides, false);
  place(c.outAddr, c.outStride0, c.outStride1, c.outType, menu.outputs, true);
  if (c.source == isa::VectorSource::Spm && random.chance(15)) {
    c.outType = c.aType;
    c.outAddr = c.aAddr;
    uint32_t unit = lanes * uint32_t(bytesOf(c.aType));
    c.outStride0 = c.aStride0 =
        roundUp(c.cols * uint32_t(bytesOf(c.aType)), unit);
    c.outStride1 = c.aStride1 = c.aStride0 * c.rows0;
  }
  if (c.source == isa::VectorSource::Acc) {
    uint32_t entries = menu.accInput.end - menu.accInput.first;
    uint32_t tiles =
        (c.cols + uint32_t(target.outputs) - 1) / uint32_t(target.outputs);
    c.accStride0 = random.below(6);
    c.accStride1 = random.below(12);
    c.accTileStride = random.below(16);
    uint32_t last = (c.rows0 - 1) * c.accStride0 +
                    (c.rows1 - 1) * c.accStride1 +
                    (tiles - 1) * c.accTileStride;
    c.accAddr = menu.accInput.first +
                (last < entries ? random.below(entries - last) : 0);
  }
}

void JobMaker::scalar(isa::VectorConfiguration &c, const Menu &menu) {
  c.op = random.chance(50) ? isa::VectorOp::Scalar
                           : isa::VectorOp(2 + random.below(3));
  c.scalarOp = random.any<isa::VectorScalarOp>(7);
  if (c.op == isa::VectorOp::Store && random.chance(50))
    c.scalarOp = isa::VectorScalarOp::Raw;
  c.rows0 = 1 + random.below(5);
  c.rows1 = 1 + random.below(4);
  c.scale1Imm = pair();
  c.scale2Imm = pair();
  c.scale1Adjust = random.chance(50) ? 0 : random.between(-128, 127);
  rowOperands(c);
  if (c.op == isa::VectorOp::Scalar && random.chance(40)) {
    c.reduceRow = c.scale1Row; // in place
    c.reduceBy = c.scale1By = random.any<isa::By>(2);
  }
  auto place = [&](uint32_t &address, uint32_t &stride0, uint32_t &stride1,
                   const std::vector<Place> &places) {
    address = spmAddress(places, 4);
    stride0 = 4 * uint32_t(random.between(1, 3));
    stride1 = stride0 * c.rows0;
  };
  if (c.op == isa::VectorOp::Table)
    c.aAddr = spmAddress(menu.sides, 64);
  if (c.op == isa::VectorOp::Fetch)
    place(c.aAddr, c.aStride0, c.aStride1, menu.inputs);
  if (c.op == isa::VectorOp::Store)
    place(c.outAddr, c.outStride0, c.outStride1, menu.outputs);
}

//===----------------------------------------------------------------------===//
// All
//===----------------------------------------------------------------------===//

bool JobMaker::isAllowed(const Job &job, const Menu &menu) const {
  for (const isa::Configurations &fields : cornersOf(job)) {
    const isa::MatrixConfiguration &m = fields.matrix;
    const isa::VectorConfiguration &v = fields.vector;
    if (job.unit == Unit::Matrix && int64_t(m.n) > target.outputs &&
        m.accStride < m.rows)
      return false;
    if (job.unit == Unit::DmaIn && fields.dmaIn.gather == isa::DmaGather::On &&
        fields.dmaIn.planes > 1)
      return false;
    if (job.unit != Unit::Vector)
      continue;
    uint32_t half = uint32_t(target.rowScalars) / 2;
    for (uint32_t row :
         {v.scale1Row, v.scale2Row, v.addRow, v.squareRow, v.reduceRow})
      if (row % half + v.rows0 * v.rows1 > half)
        return false;
  }
  bool isGather =
      job.unit == Unit::DmaIn && job.fields.dmaIn.gather == isa::DmaGather::On;
  for (const Range &range : rangesOf(target, job)) {
    switch (range.space) {
    case Space::Scratchpad:
      if (range.end > target.scratchpadBytes())
        return false;
      if (isGather && range.stream == functional::IndexStream &&
          std::none_of(menu.indices.begin(), menu.indices.end(),
                       [&](const Place &place) {
                         return range.first >= place.address &&
                                range.end <= place.address + place.bytes;
                       }))
        return false;
      if (range.isWrite && !job.isIndexLoad)
        for (const Place &place : menu.indices)
          if (range.first < place.address + place.bytes &&
              place.address < range.end)
            return false;
      break;
    case Space::Accumulator: {
      const Entries &entries = range.isWrite ? menu.accOutput : menu.accInput;
      if (range.first < entries.first || range.end > entries.end)
        return false;
      break;
    }
    case Space::Dram: {
      isa::Region region = isa::Region(range.region);
      if (range.end > (range.isWrite ? storable(region) : sizeOf(region)))
        return false;
      break;
    }
    }
  }
  return keepsOperands(target, job);
}

std::optional<Job> JobMaker::make(Unit unit, const isa::Configurations &present,
                                  const Menu &menu) {
  for (int attempt = 0; attempt < 30; ++attempt) {
    Job job;
    job.unit = unit;
    job.fields = present;
    switch (unit) {
    case Unit::DmaIn:
      dma(job.fields.dmaIn, false, menu);
      break;
    case Unit::DmaOut:
      dma(job.fields.dmaOut, true, menu);
      break;
    case Unit::Matrix:
      matrix(job.fields.matrix, menu);
      break;
    case Unit::Vector:
      if (menu.mustReadAcc || menu.mustReadSpm || random.chance(70))
        stream(job.fields.vector, menu);
      else
        scalar(job.fields.vector, menu);
      break;
    }
    if (isAllowed(job, menu))
      return job;
  }
  return std::nullopt;
}

Job JobMaker::empty(Unit unit, const isa::Configurations &present) {
  Job job;
  job.unit = unit;
  job.fields = present;
  job.fields.dmaIn.rows = job.fields.dmaOut.rows = 0;
  job.fields.matrix.n = 0;
  job.fields.vector.rows1 = 0;
  if (unit == Unit::Vector && job.fields.vector.op == isa::VectorOp::Table)
    job.fields.vector.op = isa::VectorOp::Stream; // a table is never empty
  return job;
}

std::vector<uint8_t> JobMaker::movable(Unit unit, bool byOnes) const {
  auto of = [](auto... fields) {
    return std::vector<uint8_t>{uint8_t(fields)...};
  };
  using D = isa::DmaField;
  using M = isa::MatrixField;
  using V = isa::VectorField;
  switch (unit) {
  case Unit::DmaIn:
  case Unit::DmaOut:
    return byOnes ? of(D::Rows, D::Planes) : of(D::DramOffset, D::SpmAddr);
  case Unit::Matrix:
    return byOnes ? of(M::Rows, M::N, M::K, M::AccAddr)
                  : of(M::AAddr, M::WAddr);
  case Unit::Vector:
    return byOnes ? of(V::Rows0, V::Rows1, V::Cols, V::AccAddr, V::AddImm,
                       V::RangeLo, V::RangeHi, V::ReduceRow, V::TableOffset)
                  : of(V::AAddr, V::BAddr, V::CAddr, V::OutAddr);
  }
  return {};
}

} // namespace dalbit::fuzz
