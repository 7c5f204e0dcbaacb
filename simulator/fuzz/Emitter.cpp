// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Emitter.h"

#include "simulator/functional/ScalarInstruction.h"

#include <algorithm>
#include <cassert>

namespace dalbit::fuzz {

using isa::Instruction;
using isa::Opcode;

Emitter::Emitter(Random &random,
                 const std::array<uint32_t, isa::Arguments> &arguments)
    : random(random) {
  isKnown.fill(~uint64_t(0));
  known.fill(0);
  for (unsigned i = 0; i < isa::Arguments; ++i)
    known[i + 1] = arguments[i];
  for (uint8_t reg = 16; reg < isa::Registers; ++reg)
    freeRegisters.push_back(reg);
}

uint8_t Emitter::takeRegister() {
  assert(!freeRegisters.empty() && "more loops than registers");
  random.shuffle(freeRegisters);
  uint8_t reg = freeRegisters.back();
  freeRegisters.pop_back();
  return reg;
}

void Emitter::arithmetic() {
  static const std::vector<Opcode> three = {
      Opcode::Add, Opcode::Sub, Opcode::Mul, Opcode::Min, Opcode::Max};
  static const std::vector<Opcode> immediate = {
      Opcode::Li,   Opcode::AddI, Opcode::MulI, Opcode::SrlI,
      Opcode::AndI, Opcode::MinI, Opcode::MaxI};
  Instruction i;
  // r0 takes nothing.
  i.a = random.chance(5) ? 0 : scratch();
  auto source = [&] {
    return random.chance(40) ? uint8_t(random.below(9)) : scratch();
  };
  bool isDetermined;
  if (random.chance(40)) {
    i.opcode = random.pick(three);
    i.b = source();
    i.c = source();
    isDetermined = known[i.b] && known[i.c];
  } else {
    i.opcode = random.pick(immediate);
    i.b = i.opcode == Opcode::Li ? 0 : source();
    i.imm = random.wide();
    isDetermined = known[i.b].has_value();
  }
  emit(i);
  if (i.a == 0)
    return;
  if (!isDetermined)
    return known[i.a].reset();
  known[i.a] = functional::scalarResult(
      i.opcode, *known[i.b], known[i.c].value_or(0), uint32_t(i.imm));
}

void Emitter::set(isa::Unit unit, unsigned field, uint32_t value) {
  uint8_t reg = random.chance(50) ? scratch() : uint8_t(random.below(9));
  if (random.chance(15) && known[reg])
    emit(
        isa::makeSetR(unit, uint8_t(field), reg, int32_t(value - *known[reg])));
  else
    emit(isa::makeSetI(unit, uint8_t(field), int32_t(value)));
}

void Emitter::setAll(const Job &job, bool withMoving) {
  unsigned unit = unsigned(job.unit);
  std::vector<unsigned> order;
  for (unsigned field = 0; field < isa::fields(job.unit).size(); ++field)
    order.push_back(field);
  random.shuffle(order);
  for (unsigned field : order) {
    auto moves =
        std::find_if(job.moving.begin(), job.moving.end(),
                     [&](const Moving &m) { return m.field == field; });
    int64_t value = job.fields.get(job.unit, field);
    if (moves != job.moving.end()) {
      if (!withMoving)
        continue;
      emit(isa::makeSetR(job.unit, uint8_t(field), moves->reg, int32_t(value)));
      isKnown[unit] &= ~(uint64_t(1) << field);
      continue;
    }
    if ((isKnown[unit] >> field & 1) && current.get(job.unit, field) == value &&
        !random.chance(2))
      continue;
    set(job.unit, field, uint32_t(value));
    current.set(job.unit, field, uint32_t(value));
    isKnown[unit] |= uint64_t(1) << field;
  }
}

void Emitter::prepare(const Job &job) { setAll(job, /*withMoving=*/false); }

size_t Emitter::go(const Job &job, uint16_t wait) {
  setAll(job, /*withMoving=*/true);
  return emit(isa::makeGo(job.unit, wait, 0));
}

void Emitter::forget() {
  for (uint8_t reg = 9; reg < 16; ++reg)
    known[reg].reset();
}

Emitter::Stretch Emitter::begin() {
  forget();
  return {current, isKnown};
}

void Emitter::end(const Stretch &stretch) {
  for (unsigned unit = 0; unit < isa::UnitCount; ++unit)
    for (unsigned field = 0; field < isa::fields(isa::Unit(unit)).size();
         ++field) {
      bool was = stretch.isKnown[unit] >> field & 1;
      int64_t before = stretch.fields.get(isa::Unit(unit), field);
      if (!was || ((isKnown[unit] >> field & 1) &&
                   current.get(isa::Unit(unit), field) == before))
        continue;
      set(isa::Unit(unit), field, uint32_t(before));
      current.set(isa::Unit(unit), field, uint32_t(before));
    }
  isKnown = stretch.isKnown;
  forget();
}

} // namespace dalbit::fuzz
