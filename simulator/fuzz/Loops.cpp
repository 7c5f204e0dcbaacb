// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loops of the generator.

#include "simulator/fuzz/Generator.h"

#include <algorithm>

namespace dalbit::fuzz {

using isa::Unit;

void Generator::loop(unsigned depth, bool hasJobs) {
  uint32_t dice = random.below(100);
  if (!hasJobs || dice < 15)
    return closedLoop(depth, false);
  if (dice < 45)
    return closedLoop(depth, true);
  if (dice < 70)
    return freeLoop();
  pipeline();
}

void Generator::repeat(uint32_t rounds, const std::function<void()> &body) {
  uint8_t counter = emitter.takeRegister();
  bool isBranch = int32_t(rounds) > 0 && random.chance(20);
  emitter.emit(isa::makeLi(counter, int32_t(rounds)));
  size_t at =
      isBranch ? emitter.code.size() : emitter.emit(isa::makeLoop(counter, 0));
  Emitter::Stretch stretch = emitter.begin();
  body();
  emitter.end(stretch);
  if (isBranch) {
    emitter.emit(isa::makeAddI(counter, counter, -1));
    int32_t back = int32_t(at) - int32_t(emitter.code.size());
    emitter.emit(isa::makeBne(counter, 0, back));
  } else {
    // A branch at the body's end may not leave it.
    emitter.emit(isa::makeNop());
    emitter.code[at].target = int32_t(emitter.code.size() - 1 - at);
  }
  emitter.giveBack(counter);
}

void Generator::closedLoop(unsigned depth, bool hasJobs) {
  uint32_t rounds = uint32_t(random.between(1, hasJobs ? 4 : 12));
  if (random.chance(6))
    rounds = uint32_t(random.between(-2, 0));
  if (hasJobs)
    order.barrier();
  size_t outer = sources.size();
  uint32_t most = rounds - 1;
  for (unsigned i = random.below(3); hasJobs && i > 0 && int32_t(rounds) > 0;
       --i) {
    bool byOnes = random.chance(40);
    uint32_t step =
        byOnes ? 1 : maker.alignment() * uint32_t(random.between(1, 3));
    sources.push_back({emitter.takeRegister(), most * step, byOnes});
    emitter.emit(isa::makeLi(sources.back().reg, 0));
  }
  repeat(rounds, [&] {
    block(depth + 1, uint32_t(random.between(1, 4)), hasJobs);
    if (hasJobs)
      order.barrier();
    for (size_t i = outer; i < sources.size(); ++i) {
      const Source &source = sources[i];
      uint32_t step = most ? source.most / most : 0;
      emitter.emit(isa::makeAddI(source.reg, source.reg, int32_t(step)));
    }
  });
  for (; sources.size() > outer; sources.pop_back())
    emitter.giveBack(sources.back().reg);
}

void Generator::freeLoop() {
  order.barrier();
  uint32_t rounds = uint32_t(random.between(3, 14));
  size_t outer = sources.size();
  sources.push_back(
      {emitter.takeRegister(), (rounds - 1) * maker.alignment(), false});
  std::vector<Job> jobs;
  for (unsigned i = uint32_t(random.between(1, 4)); i > 0; --i) {
    std::optional<Job> made = maker.make(anyUnit(), emitter.present(), menu);
    if (!made)
      continue;
    move(*made);
    // A register of random arithmetic may change until the job is written.
    std::erase_if(made->moving,
                  [](const Moving &moving) { return moving.reg < 16; });
    if (!maker.isAllowed(*made, menu) || order.conflictsWithNoted(*made))
      continue;
    order.note(*made);
    remember(*made);
    emitter.prepare(*made);
    jobs.push_back(*made);
  }
  emitter.emit(isa::makeLi(sources.back().reg, 0));
  repeat(rounds, [&] {
    for (const Job &job : jobs) {
      if (random.chance(20))
        tag();
      if (random.chance(20))
        arithmetic();
      emitter.go(job, 0);
    }
    emitter.emit(isa::makeAddI(sources.back().reg, sources.back().reg,
                               int32_t(maker.alignment())));
  });
  for (; sources.size() > outer; sources.pop_back())
    emitter.giveBack(sources.back().reg);
  // Jobs of a loop cannot signal once for all rounds; the next ones can.
  bool isClosed[isa::UnitCount] = {};
  for (const Job &job : jobs) {
    if (isClosed[unsigned(job.unit)])
      continue;
    isClosed[unsigned(job.unit)] = true;
    order.run(maker.empty(job.unit, emitter.present()));
  }
}

//===----------------------------------------------------------------------===//
// Pipelines
//===----------------------------------------------------------------------===//

/// One or two buffers between two stages.
struct Generator::Slot {
  bool isAccumulator;
  Place place;            ///< the first buffer
  Entries entries;        ///< or this
  uint32_t delta;         ///< to the second one, modulo 2^32; 0: there is one
  uint8_t reg;            ///< 0 and delta in turn
  uint16_t forward, back; ///< semaphores

  bool covers(const Range &range) const {
    if (range.space == functional::Space::Accumulator)
      return isAccumulator && range.first >= entries.first &&
             range.end <= entries.end;
    return !isAccumulator && range.first >= place.address &&
           range.end <= place.address + place.bytes;
  }
  bool touches(const Range &range) const {
    if (isAccumulator || range.space != functional::Space::Scratchpad)
      return false;
    for (uint32_t at : {place.address, place.address + delta})
      if (range.first < at + place.bytes && at < range.end)
        return true;
    return false;
  }
};

/// A job for each stage on the first buffers; fewer than units if the dice do
/// not find them. Slot i is between units i and i + 1.
std::vector<Job> Generator::stages(const std::vector<Unit> &units,
                                   const std::vector<Slot> &slots,
                                   const Place &side) {
  std::vector<Job> jobs;
  for (size_t i = 0; i < units.size(); ++i) {
    const Slot *in = i ? &slots[i - 1] : nullptr;
    const Slot *out = i < slots.size() ? &slots[i] : nullptr;
    Menu own = menu;
    own.sides = {side};
    own.inputs = {in && !in->isAccumulator ? in->place : side};
    own.outputs = {out && !out->isAccumulator ? out->place : side};
    if (in && in->isAccumulator)
      own.accInput = in->entries;
    if (out && out->isAccumulator)
      own.accOutput = out->entries;
    own.mustReadAcc = in && in->isAccumulator;
    own.mustReadSpm = !own.mustReadAcc;
    own.mustWrite = out != nullptr;
    own.loads = {isa::Region::Const, isa::Region::Weights, isa::Region::Input};
    auto isRight = [&](const Job &job) {
      for (const Range &range : rangesOf(target, job)) {
        if (range.space == functional::Space::Dram)
          continue;
        if (range.isWrite) {
          // The last stage of the vector unit may leave row scalars only.
          if (!out || !out->covers(range))
            return false;
          continue;
        }
        bool isForeign = false;
        for (const Slot &slot : slots)
          isForeign |= &slot != in && slot.touches(range);
        if (isForeign || (in && in->touches(range) && !in->covers(range)))
          return false;
      }
      return true;
    };
    std::optional<Job> found;
    for (int attempt = 0; attempt < 30 && !found; ++attempt) {
      found = maker.make(units[i], emitter.present(), own);
      if (found && units[i] == Unit::Vector && !out)
        found->fields.vector.outType = isa::Type::None;
      if (found && !isRight(*found))
        found.reset();
    }
    if (!found)
      return jobs;
    remember(*found);
    using F = isa::VectorField;
    auto moves = [&](const Slot *slot, auto field) {
      if (slot && slot->delta)
        found->moving.push_back({uint8_t(field), slot->reg, slot->delta});
    };
    switch (units[i]) {
    case Unit::DmaIn:
      moves(out, isa::DmaField::SpmAddr);
      break;
    case Unit::DmaOut:
      moves(in, isa::DmaField::SpmAddr);
      break;
    case Unit::Matrix:
      moves(in, isa::MatrixField::AAddr);
      moves(out, isa::MatrixField::AccAddr);
      break;
    case Unit::Vector:
      if (in && in->isAccumulator)
        moves(in, F::AccAddr);
      else
        moves(in, F::AAddr);
      moves(out, F::OutAddr);
      break;
    }
    jobs.push_back(*found);
  }
  return jobs;
}

void Generator::pipeline() {
  constexpr Unit In = Unit::DmaIn, Out = Unit::DmaOut, M = Unit::Matrix,
                 V = Unit::Vector;
  static const std::vector<std::vector<Unit>> shapes = {
      {In, Out},       {In, V, Out}, {In, M, V, Out}, {In, M, V},   {V, Out},
      {In, V, V, Out}, {M, V, Out},  {M, V},          {In, V, M, V}};
  std::vector<Unit> units = random.pick(shapes);
  order.barrier();
  std::vector<uint16_t> semaphores;
  for (unsigned s = 0; s < isa::Semaphores; ++s)
    semaphores.push_back(uint16_t(1u << s));
  random.shuffle(semaphores);
  auto semaphore = [&] {
    uint16_t bit = semaphores.back();
    semaphores.pop_back();
    return bit;
  };

  uint32_t bytes = std::max(4096u, maker.alignment());
  std::vector<Place> found = places(1 + 2 * uint32_t(units.size() - 1), bytes);
  if (found.size() < 1 + 2 * (units.size() - 1))
    return;
  std::vector<Slot> slots;
  for (size_t i = 0; i + 1 < units.size(); ++i) {
    Slot slot{};
    bool isDouble = random.chance(70);
    slot.isAccumulator = units[i] == M;
    uint32_t half = uint32_t(target.accumulatorEntries) / 2;
    uint32_t count = random.chance(50) ? half : half / 2;
    slot.entries = {0, count};
    slot.place = found[2 * i];
    slot.delta = slot.isAccumulator
                     ? count
                     : found[2 * i + 1].address - slot.place.address;
    if (!isDouble)
      slot.delta = 0;
    slot.reg = emitter.takeRegister();
    slot.forward = semaphore();
    slot.back = semaphore();
    slots.push_back(slot);
  }
  std::vector<Job> jobs = stages(units, slots, found.back());
  if (jobs.size() == units.size()) {
    uint8_t deltas[4] = {};
    for (size_t i = 0; i < slots.size(); ++i) {
      deltas[i] = emitter.takeRegister();
      emitter.emit(isa::makeLi(slots[i].reg, 0));
      emitter.emit(isa::makeLi(deltas[i], int32_t(slots[i].delta)));
      for (int credit = slots[i].delta ? 2 : 1; credit > 0; --credit)
        emitter.emit(isa::makeSemSignal(slots[i].back));
    }
    for (const Job &job : jobs)
      emitter.prepare(job);
    repeat(uint32_t(random.between(2, 8)), [&] {
      for (size_t i = 0; i < jobs.size(); ++i) {
        if (random.chance(15))
          tag();
        uint16_t wait = 0, signal = 0;
        if (i) {
          wait |= slots[i - 1].forward;
          signal |= slots[i - 1].back;
        }
        if (i < slots.size()) {
          wait |= slots[i].back;
          signal |= slots[i].forward;
        }
        emitter.code[emitter.go(jobs[i], wait)].signal = signal;
      }
      for (size_t i = 0; i < slots.size(); ++i)
        emitter.emit(isa::makeSub(slots[i].reg, deltas[i], slots[i].reg));
    });
    // The credits come back; then the sequencer hears of each unit.
    for (size_t i = 0; i < jobs.size(); ++i) {
      Job last = maker.empty(jobs[i].unit, emitter.present());
      for (int credit = i < slots.size() ? (slots[i].delta ? 2 : 1) : 0;
           credit > 0; --credit)
        emitter.go(last, slots[i].back);
    }
    for (unsigned unit = 0; unit < isa::UnitCount; ++unit)
      if (std::count(units.begin(), units.end(), Unit(unit))) {
        uint16_t bit = semaphore();
        size_t at = emitter.go(maker.empty(Unit(unit), emitter.present()), 0);
        emitter.code[at].signal = bit;
        emitter.emit(isa::makeSemWait(bit));
      }
    for (size_t i = 0; i < slots.size(); ++i)
      emitter.giveBack(deltas[i]);
    order.restart();
  }
  for (const Slot &slot : slots)
    emitter.giveBack(slot.reg);
}

} // namespace dalbit::fuzz
