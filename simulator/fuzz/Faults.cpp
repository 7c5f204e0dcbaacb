// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Faults that the generator plants in programs that must be refused: one in a
// program, so that it is the first error in every order of events (T10).

#include "simulator/fuzz/Generator.h"

namespace dalbit::fuzz {

using isa::Unit;

namespace {

using Fault = std::function<void()>;

} // namespace

/// A job of which one thing is not allowed.
void Generator::unitFault() {
  uint32_t spmBytes = target.scratchpadBytes();
  Unit unit = random.any<Unit>(4);
  std::optional<Job> made;
  while (!made) // of the vector unit mostly streams have faults
    made = maker.make(unit, emitter.present(), menu);
  isa::Configurations &fields = made->fields;
  isa::DmaConfiguration &d = unit == Unit::DmaIn ? fields.dmaIn : fields.dmaOut;
  isa::MatrixConfiguration &m = fields.matrix;
  isa::VectorConfiguration &v = fields.vector;
  uint32_t beat = uint32_t(target.axiBytes);

  std::vector<Fault> faults;
  auto add = [&](Fault fault) { faults.push_back(std::move(fault)); };
  switch (unit) {
  case Unit::DmaIn:
  case Unit::DmaOut:
    add([&] { d.bytes += 2; });
    add([&] { d.spmAddr += 4; });
    add([&] { d.rows = 2, d.spmRowStride += 4; });
    add([&] { d.planes = 2, d.dramPlaneStride += 4; });
    add([&] { d.gather = isa::DmaGather::On, d.planes = 2; });
    add([&] {
      d.gather = isa::DmaGather::On, d.planes = 1, d.dramRowStride = beat + 4;
    });
    add([&] {
      d.gather = isa::DmaGather::On, d.planes = d.rows = 1;
      d.dramRowStride = 0, d.indexAddr = random.chance(50) ? 2 : spmBytes;
    });
    add([&] {
      d.planes = d.rows = 1, d.gather = isa::DmaGather::Off;
      d.spmAddr = spmBytes - beat + d.spmAddr % beat;
      d.bytes = 4 * beat;
    });
    for (int i = 0; i < 3; ++i)
      add([&] { d.dramOffset += uint32_t(MemoryBytes); });
    break;
  case Unit::Matrix:
    add([&] {
      m.wForm = isa::MatrixWForm::W4, m.wGroup = isa::MatrixWGroup(3);
    });
    add([&] {
      m.n = uint32_t(target.outputs) + 1, m.rows = 4;
      m.accStride = random.below(4);
    });
    add([&] { m.aAddr += 1; });
    add([&] { m.aRowStride += 1; });
    add([&] { m.wAddr += 2; });
    add([&] {
      m.wForm = isa::MatrixWForm(2 + random.below(2));
      m.wAddr = menu.sides[0].address, m.wRowStride = 4;
    });
    add([&] { m.accAddr = uint32_t(target.accumulatorEntries) - m.rows + 1; });
    add([&] { m.aAddr = spmBytes; });
    add([&] { m.wAddr = spmBytes; });
    break;
  case Unit::Vector:
    v.op = isa::VectorOp::Stream;
    v.cols += v.cols == 0;
    v.rows0 += v.rows0 == 0;
    v.rows1 += v.rows1 == 0;
    add([&] { v.op = isa::VectorOp(5 + random.below(3)); });
    add([&] { v.reduce = isa::VectorReduce(6 + random.below(2)); });
    add([&] { v.table = isa::VectorTable(3); });
    add([&] { v.addC = isa::VectorAddC(3); });
    add([&] {
      v.source = isa::VectorSource::Spm, v.addC = isa::VectorAddC::A;
    });
    add([&] { v.source = isa::VectorSource::Spm, v.aType = isa::Type::None; });
    add([&] {
      v.multiply = isa::VectorMultiply::B, v.bType = isa::Type::None;
    });
    add([&] { v.add = isa::VectorAdd::C, v.cType = isa::Type::None; });
    add([&] { v.scale2 = isa::ScaleSource::B, v.bType = isa::Type::I16; });
    add([&] {
      v.op = isa::VectorOp::Scalar, v.scalarOp = isa::VectorScalarOp::Raw;
    });
    add([&] { v.outType = isa::Type::I32, v.outAddr += 4; });
    add([&] { v.rows1 = 2, v.outType = isa::Type::I16, v.outStride1 += 2; });
    add([&] { v.outType = isa::Type::I8, v.outAddr = spmBytes; });
    add([&] { v.source = isa::VectorSource::Spm, v.aAddr = spmBytes; });
    add([&] {
      v.source = isa::VectorSource::Acc;
      v.accAddr = uint32_t(target.accumulatorEntries) - 1;
      v.rows0 = 2, v.accStride0 = 1;
    });
    add([&] {
      v.add = isa::VectorAdd::Row, v.addBy = isa::By::One;
      v.addRow = uint32_t(target.rowScalars);
    });
    add([&] {
      v.reduce = isa::VectorReduce::Sum, v.reduceBy = isa::By::Outer;
      v.reduceRow = uint32_t(target.rowScalars) - v.rows1 + 1;
    });
    add([&] { v.op = isa::VectorOp::Table, v.aAddr = 32; });
    add([&] { v.op = isa::VectorOp::Store, v.outAddr = 2; });
    add([&] { v.op = isa::VectorOp::Fetch, v.aAddr = spmBytes; });
    break;
  }
  random.pick(faults)();
  emitter.go(*made, 0);
}

void Generator::sequencerFault() {
  auto emit = [&](const isa::Instruction &instruction) {
    emitter.emit(instruction);
  };
  auto word = [&](uint64_t bits) {
    emitter.words[emitter.emit(isa::makeNop())] = bits;
  };
  uint8_t unit = uint8_t(random.below(isa::UnitCount));
  uint8_t fieldCount = uint8_t(isa::fields(Unit(unit)).size());
  int32_t far = random.chance(50) ? 1 << 20 : -(1 << 20);
  const std::vector<Fault> faults = {
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
  random.pick(faults)();
}

void Generator::fault() {
  if (random.chance(60))
    return unitFault();
  sequencerFault();
}

} // namespace dalbit::fuzz
