// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Faults that the generator plants in programs that must be refused: one in a
// program, so that it is the first error in every order of events (T10). They
// are numbered, so that a run of some hundred programs has each of them.

#include "simulator/fuzz/Generator.h"

namespace dalbit::fuzz {

using isa::Unit;

namespace {

/// What faults of configurations need to know.
struct Sizes {
  uint32_t spm, beat, outputs, entries, rowScalars, side;
};

template <typename Configuration>
using Faults =
    std::vector<void (*)(Configuration &c, const Sizes &sizes, Random &random)>;

#define FAULT(Configuration, ...)                                              \
  [](isa::Configuration &c, const Sizes &sizes, Random &random) { __VA_ARGS__; }

const Faults<isa::DmaConfiguration> dmaFaults = {
    FAULT(DmaConfiguration, c.bytes += 2),
    FAULT(DmaConfiguration, c.spmAddr += 4),
    FAULT(DmaConfiguration, c.rows = 2; c.spmRowStride += 4),
    FAULT(DmaConfiguration, c.planes = 2; c.dramPlaneStride += 4),
    FAULT(DmaConfiguration, c.gather = isa::DmaGather::On; c.planes = 2),
    FAULT(DmaConfiguration, c.gather = isa::DmaGather::On; c.planes = 1;
          c.dramRowStride = sizes.beat + 4),
    FAULT(DmaConfiguration, c.gather = isa::DmaGather::On;
          c.planes = c.rows = 1; c.dramRowStride = 0;
          c.indexAddr = random.chance(50) ? 2 : sizes.spm),
    FAULT(DmaConfiguration, c.planes = c.rows = 1;
          c.gather = isa::DmaGather::Off;
          c.spmAddr = sizes.spm - sizes.beat + c.spmAddr % sizes.beat;
          c.bytes = 4 * sizes.beat),
    FAULT(DmaConfiguration, c.dramOffset += uint32_t(MemoryBytes)),
};

const Faults<isa::MatrixConfiguration> matrixFaults = {
    FAULT(MatrixConfiguration, c.wForm = isa::MatrixWForm::W4;
          c.wGroup = isa::MatrixWGroup(3)),
    FAULT(MatrixConfiguration, c.n = sizes.outputs + 1; c.rows = 4;
          c.accStride = random.below(4)),
    FAULT(MatrixConfiguration, c.aAddr += 1),
    FAULT(MatrixConfiguration, c.aRowStride += 1),
    FAULT(MatrixConfiguration, c.wAddr += 2),
    FAULT(MatrixConfiguration, c.wForm = isa::MatrixWForm(2 + random.below(2));
          c.wAddr = sizes.side; c.wRowStride = 4),
    FAULT(MatrixConfiguration, c.accAddr = sizes.entries - c.rows + 1),
    FAULT(MatrixConfiguration, c.aAddr = sizes.spm),
    FAULT(MatrixConfiguration, c.wAddr = sizes.spm),
};

const Faults<isa::VectorConfiguration> vectorFaults = {
    FAULT(VectorConfiguration, c.op = isa::VectorOp(5 + random.below(3))),
    FAULT(VectorConfiguration,
          c.reduce = isa::VectorReduce(6 + random.below(2))),
    FAULT(VectorConfiguration, c.table = isa::VectorTable(3)),
    FAULT(VectorConfiguration, c.addC = isa::VectorAddC(3)),
    FAULT(VectorConfiguration, c.source = isa::VectorSource::Spm;
          c.addC = isa::VectorAddC::A),
    FAULT(VectorConfiguration, c.source = isa::VectorSource::Spm;
          c.aType = isa::Type::None),
    FAULT(VectorConfiguration, c.multiply = isa::VectorMultiply::B;
          c.bType = isa::Type::None),
    FAULT(VectorConfiguration, c.add = isa::VectorAdd::C;
          c.cType = isa::Type::None),
    FAULT(VectorConfiguration, c.scale2 = isa::ScaleSource::B;
          c.bType = isa::Type::I16),
    FAULT(VectorConfiguration, c.op = isa::VectorOp::Scalar;
          c.scalarOp = isa::VectorScalarOp::Raw),
    FAULT(VectorConfiguration, c.outType = isa::Type::I32; c.outAddr += 4),
    FAULT(VectorConfiguration, c.rows1 = 2; c.outType = isa::Type::I16;
          c.outStride1 += 2),
    FAULT(VectorConfiguration, c.outType = isa::Type::I8;
          c.outAddr = sizes.spm),
    FAULT(VectorConfiguration, c.source = isa::VectorSource::Spm;
          c.aAddr = sizes.spm),
    FAULT(VectorConfiguration, c.source = isa::VectorSource::Acc;
          c.accAddr = sizes.entries - 1; c.rows0 = 2; c.accStride0 = 1),
    FAULT(VectorConfiguration, c.add = isa::VectorAdd::Row;
          c.addBy = isa::By::One; c.addRow = sizes.rowScalars),
    FAULT(VectorConfiguration, c.reduce = isa::VectorReduce::Sum;
          c.reduceBy = isa::By::Outer;
          c.reduceRow = sizes.rowScalars - c.rows1 + 1),
    FAULT(VectorConfiguration, c.op = isa::VectorOp::Table; c.aAddr = 32),
    FAULT(VectorConfiguration, c.op = isa::VectorOp::Store; c.outAddr = 2),
    FAULT(VectorConfiguration, c.op = isa::VectorOp::Fetch;
          c.aAddr = sizes.spm),
};

#undef FAULT

} // namespace

/// Plants fault \p number of the unit if it has so many; else takes their count
/// off the number.
bool Generator::plant(Unit unit, unsigned &number) {
  unsigned count = unsigned(unit == Unit::Matrix   ? matrixFaults.size()
                            : unit == Unit::Vector ? vectorFaults.size()
                                                   : dmaFaults.size());
  if (number >= count) {
    number -= count;
    return false;
  }
  std::optional<Job> made;
  while (!made)
    made = maker.make(unit, emitter.present(), menu);
  isa::Configurations &fields = made->fields;
  Sizes sizes{target.scratchpadBytes(),    uint32_t(target.axiBytes),
              uint32_t(target.outputs),    uint32_t(target.accumulatorEntries),
              uint32_t(target.rowScalars), menu.sides[0].address};
  switch (unit) {
  case Unit::DmaIn:
    dmaFaults[number](fields.dmaIn, sizes, random);
    break;
  case Unit::DmaOut:
    dmaFaults[number](fields.dmaOut, sizes, random);
    break;
  case Unit::Matrix:
    matrixFaults[number](fields.matrix, sizes, random);
    break;
  case Unit::Vector: {
    // All but the last few are faults of a stream that does something.
    isa::VectorConfiguration &c = fields.vector;
    c.op = isa::VectorOp::Stream;
    c.cols += c.cols == 0;
    c.rows0 += c.rows0 == 0;
    c.rows1 += c.rows1 == 0;
    vectorFaults[number](c, sizes, random);
    break;
  }
  }
  emitter.go(*made, 0);
  return true;
}

std::vector<std::function<void()>> Generator::sequencerFaults() {
  auto emit = [&](const isa::Instruction &instruction) {
    emitter.emit(instruction);
  };
  auto word = [&](uint64_t bits) {
    emitter.words[emitter.emit(isa::makeNop())] = bits;
  };
  uint8_t unit = uint8_t(random.below(isa::UnitCount));
  uint8_t fieldCount = uint8_t(isa::fields(Unit(unit)).size());
  int32_t far = random.chance(50) ? 1 << 20 : -(1 << 20);
  return {
      [&] { word(uint64_t(0x70 + random.below(16)) << 56); },
      // A stray bit of an instruction that has none there.
      [&] { word(isa::encode(isa::makeNop()) | 1u << random.below(32)); },
      [&] {
        word(isa::encode(isa::makeAdd(9, 9, 9)) | 1u << random.below(32));
      },
      [&] {
        word(isa::encode(isa::makeSetI(Unit::Matrix, 0, 0)) | uint64_t(1)
                                                                  << 50);
      },
      [&] { word(isa::encode(isa::makeSetI(Unit(unit), fieldCount, 0))); },
      [&] { word(isa::encode(isa::makeSetI(Unit::Vector, 0, 8))); },
      [&] {
        emit(isa::makeLi(9, 0x7fffffff));
        emit(isa::makeSetR(Unit::Matrix, uint8_t(isa::MatrixField::N), 9, 0));
      },
      [&] {
        emit(isa::makeSetR(Unit::Vector, uint8_t(isa::VectorField::RangeLoStep),
                           0, -40000));
      },
      [&] { emit(isa::makeJump(far)); },
      [&] { emit(isa::makeBeq(9, 10, far)); },
      [&] { emit(isa::makeLoop(0, 0)); },
      [&] { emit(isa::makeLoop(9, -1)); },
      [&] { emit(isa::makeLoop(9, 1 << 20)); },
      [&] {
        emit(isa::makeLi(9, 2));
        for (int level = 0; level < 5; ++level)
          emit(isa::makeLoop(9, 5 - level));
        emit(isa::makeNop());
      },
      [&] { emit(isa::makeLoad(9, 0, int32_t(1 + random.below(3)))); },
      [&] { emit(isa::makeLoad(9, 0, int32_t(target.scratchpadBytes()))); },
      [&] { emit(isa::makeLoad(9, 0, -4)); },
      [&] { lacksHalt = true; },
      // Deadlocks.
      [&] {
        order.barrier();
        emit(isa::makeSemWait(uint16_t(1u << random.below(16))));
      },
      [&] {
        order.barrier();
        emit(isa::makeGo(Unit(unit), uint16_t(1u << random.below(16)), 0));
      },
  };
}

void Generator::fault(unsigned number) {
  std::vector<std::function<void()>> others = sequencerFaults();
  number %= unsigned(2 * dmaFaults.size() + matrixFaults.size() +
                     vectorFaults.size() + others.size());
  for (Unit unit : {Unit::DmaIn, Unit::DmaOut, Unit::Matrix, Unit::Vector})
    if (plant(unit, number))
      return;
  others[number]();
}

} // namespace dalbit::fuzz
