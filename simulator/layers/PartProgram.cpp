// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/layers/PartProgram.h"

#include "support/Error.h"

#include <algorithm>
#include <cstring>

namespace dalbit::layers {

using functional::RowScalar;
using isa::Unit;

namespace {

constexpr uint64_t RegionStep = 1 << 20;
/// Images begin at multiples of this in DRAM, so they agree with the
/// scratchpad modulo any bus; copies have rows of as many bytes.
constexpr uint64_t ImageStep = 1024;
constexpr uint64_t TableBytes = isa::TableSegments * 4;
/// The one that orders units in restore and dump.
constexpr uint16_t Done = 1;

uint64_t roundUp(uint64_t value, uint64_t step) {
  return (value + step - 1) / step * step;
}

bool isPair(RowScalar scalar) { return scalar.value == int16_t(scalar.value); }

/// The configuration of an instruction without effect on anything but what its
/// user sets.
isa::VectorConfiguration vectorOf(isa::VectorOp op, uint32_t rows) {
  isa::VectorConfiguration c;
  c.op = op;
  c.rows0 = 1;
  c.rows1 = rows;
  c.cols = 1;
  c.outType = isa::Type::None;
  return c;
}

} // namespace

/// Appends instructions; a field that has its value already is not set.
class PartProgram::Emitter {
public:
  explicit Emitter(std::vector<uint64_t> &code) : code(code) {}

  uint32_t here() const { return uint32_t(code.size()); }
  void begin() { held = {}; }
  void put(const isa::Instruction &instruction) {
    code.push_back(isa::encode(instruction));
  }
  void set(Unit unit, const isa::Configurations &wanted) {
    for (unsigned field = 0; field < isa::fields(unit).size(); ++field) {
      auto value = uint32_t(wanted.get(unit, field));
      if (value == uint32_t(held.get(unit, field)))
        continue;
      put(isa::makeSetI(unit, uint8_t(field), int32_t(value)));
      held.set(unit, field, value);
    }
  }
  void go(Unit unit, const isa::Configurations &wanted, uint16_t signal) {
    set(unit, wanted);
    put(isa::makeGo(unit, 0, signal));
  }
  void vector(const isa::VectorConfiguration &c, uint16_t signal = 0) {
    isa::Configurations wanted;
    wanted.vector = c;
    go(Unit::Vector, wanted, signal);
  }

private:
  std::vector<uint64_t> &code;
  isa::Configurations held;
};

//===----------------------------------------------------------------------===//
// Restore
//===----------------------------------------------------------------------===//

/// Between the scratchpad from its begin on and \p offset in the images.
void PartProgram::emitCopy(Emitter &emit, Unit unit, uint64_t offset,
                           uint64_t bytes) const {
  isa::Configurations wanted;
  isa::DmaConfiguration &c = unit == Unit::DmaIn ? wanted.dmaIn : wanted.dmaOut;
  c.region = uint32_t(isa::Region::Code);
  c.dramOffset = uint32_t(imagesAt + offset);
  c.bytes = ImageStep;
  c.rows = uint32_t(bytes / ImageStep);
  c.planes = 1;
  c.dramRowStride = c.spmRowStride = ImageStep;
  emit.go(unit, wanted, Done);
  emit.put(isa::makeSemWait(Done));
}

/// A row scalar (m, e) with an m of 16 bits is fetched as a pair. A longer one
/// with e = 0 is the maximum of a row with that one column; with another e it
/// is (0, e), fetched, plus such a maximum in an entry that is fetched last.
void PartProgram::emitRestore(Emitter &emit, const target::Target &target,
                              const functional::Snapshot &state) {
  const std::vector<RowScalar> &scalars = state.rowScalars;
  uint64_t pairBytes = roundUp(scalars.size() * 4, ImageStep);
  // A stream's address is a multiple of a beat.
  uint64_t beat = uint64_t(target.vectorLanes) * 4;
  uint64_t tableFrom = pairBytes + roundUp(scalars.size() * beat, ImageStep);
  scratchpadAt = tableFrom + roundUp(TableBytes, ImageStep);
  dumpedAt = scratchpadAt + state.scratchpad.size();
  images.resize(dumpedAt);
  if (scratchpadAt > state.scratchpad.size())
    throw Error("the scratchpad is too small to restore " +
                std::to_string(scalars.size()) + " row scalars");
  auto word = [&](uint64_t at, uint32_t value) {
    std::memcpy(images.data() + at, &value, sizeof value);
  };
  for (size_t i = 0; i < scalars.size(); ++i) {
    RowScalar scalar = scalars[i];
    word(pairBytes + i * beat, uint32_t(scalar.value));
    word(i * 4, functional::packPair(
                    isPair(scalar) ? scalar : RowScalar{0, scalar.exponent}));
  }
  std::memcpy(images.data() + tableFrom, state.table.data(), TableBytes);
  std::copy(state.scratchpad.begin(), state.scratchpad.end(),
            images.begin() + int64_t(scratchpadAt));

  emitCopy(emit, Unit::DmaIn, 0, scratchpadAt);
  auto fetch = [&](size_t first, size_t count) {
    isa::VectorConfiguration c =
        vectorOf(isa::VectorOp::Fetch, uint32_t(count));
    c.aAddr = uint32_t(first * 4);
    c.aStride1 = 4;
    c.reduceRow = uint32_t(first);
    emit.vector(c);
  };
  auto maximum = [&](size_t of, size_t to) {
    isa::VectorConfiguration c = vectorOf(isa::VectorOp::Stream, 1);
    c.aType = isa::Type::I32;
    c.aAddr = uint32_t(pairBytes + of * beat);
    c.rangeHi = 1;
    c.reduce = isa::VectorReduce::Max;
    c.reduceRow = uint32_t(to);
    emit.vector(c);
  };
  fetch(0, scalars.size());
  auto spare = std::find_if(scalars.begin(), scalars.end(), isPair);
  for (size_t i = 0; i < scalars.size(); ++i) {
    if (isPair(scalars[i]))
      continue;
    if (scalars[i].exponent == 0) {
      maximum(i, i);
      continue;
    }
    if (spare == scalars.end())
      throw Error("the state cannot be restored: all row scalars are longer "
                  "than a pair");
    auto other = size_t(spare - scalars.begin());
    maximum(i, other);
    isa::VectorConfiguration c = vectorOf(isa::VectorOp::Scalar, 1);
    c.scalarOp = isa::VectorScalarOp::Add;
    c.scale1Row = c.reduceRow = uint32_t(i);
    c.scale2Row = uint32_t(other);
    emit.vector(c);
  }
  if (spare != scalars.end())
    fetch(size_t(spare - scalars.begin()), 1);
  isa::VectorConfiguration c = vectorOf(isa::VectorOp::Table, 1);
  c.aAddr = uint32_t(tableFrom);
  emit.vector(c, Done);
  emit.put(isa::makeSemWait(Done));
  emitCopy(emit, Unit::DmaIn, scratchpadAt, state.scratchpad.size());
  emit.put(isa::makeHalt());
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

PartProgram::PartProgram(const binary::Program &whole,
                         const target::Target &target, const Part &part,
                         const functional::Snapshot &state)
    : whole(whole), code(whole) {
  Emitter emit(code.code);
  if (part.halt)
    code.code.at(*part.halt) = isa::encode(isa::makeHalt());

  auto prologue = [&] {
    emit.begin();
    for (unsigned r = 1; r < isa::Registers; ++r)
      if (state.registers[r])
        emit.put(isa::makeLi(uint8_t(r), int32_t(state.registers[r])));
    for (unsigned unit = 0; unit < isa::UnitCount; ++unit)
      emit.set(Unit(unit), state.configurations);
    emit.put(isa::makeTag(state.tag));
    for (uint32_t count = 1;; ++count) {
      uint16_t mask = 0;
      for (unsigned s = 0; s < isa::Semaphores; ++s)
        mask |= uint16_t((state.semaphores[s] >= count) << s);
      if (!mask)
        break;
      emit.put(isa::makeSemSignal(mask));
    }
  };
  prologueAt = emit.here();
  prologue();
  emit.put(isa::makeHalt());
  partAt = emit.here();
  prologue();
  emit.put(isa::makeJump(int32_t(part.pc) - int32_t(emit.here())));

  // The copies need to know where the images begin, behind all code.
  auto rest = [&] {
    restoreAt = emit.here();
    emit.begin();
    emitRestore(emit, target, state);
    dumpAt = emit.here();
    emit.begin();
    emitCopy(emit, Unit::DmaOut, dumpedAt, state.scratchpad.size());
    emit.put(isa::makeHalt());
  };
  size_t before = code.code.size();
  imagesAt = ImageStep;
  rest();
  imagesAt = roundUp(code.code.size() * 8, ImageStep);
  code.code.resize(before);
  rest();
  bound = code.code.size() + (part.end - part.first);
}

void PartProgram::install(host::Memory &memory) const {
  memory.place(whole);
  memory.move(isa::Region::Code,
              imagesAt + dumpedAt + (dumpedAt - scratchpadAt), RegionStep);
  uint8_t *to = memory.region(isa::Region::Code);
  std::memcpy(to, code.code.data(), code.code.size() * 8);
  std::memcpy(to + imagesAt, images.data(), images.size());
}

PartRun PartProgram::run(host::Engine &engine) const {
  auto start = [&](uint32_t pc) {
    host::Start start;
    start.pc = pc;
    start.bound = bound;
    return engine.run(start);
  };
  PartRun run;
  run.restore = start(restoreAt);
  run.prologue = start(prologueAt);
  run.part = start(partAt);
  run.dump = start(dumpAt);
  return run;
}

std::span<const uint8_t>
PartProgram::scratchpad(const host::Memory &memory) const {
  return {memory.region(isa::Region::Code) + imagesAt + dumpedAt,
          dumpedAt - scratchpadAt};
}

} // namespace dalbit::layers
