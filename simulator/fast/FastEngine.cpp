// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fast/FastEngine.h"

#include "simulator/energy/EnergyModel.h"
#include "simulator/fast/Npu.h"
#include "simulator/functional/Machine.h"
#include "simulator/verilated/Messages.h"
#include "support/Error.h"

#include <cstring>
#include <random>

namespace dalbit::fast {

namespace {

/// The functional engine's machine behind the timing.
class MachineValues : public Values {
public:
  MachineValues(const target::Target &target, host::Memory &memory)
      : machine(target, memory) {}

  uint32_t load(uint32_t address) override {
    uint32_t value = wordAt(address);
    if (recorded)
      recorded->loads.push_back(value);
    return value;
  }
  uint32_t index(uint32_t address) override {
    uint32_t value = address < machine.spm.size() ? wordAt(address) : 0;
    if (recorded)
      recorded->indices.push_back(value);
    return value;
  }
  void execute(UnitNumber unit, const uint32_t *fields) override {
    try {
      switch (unit) {
      case DmaIn:
      case DmaOut:
        return executeDma(machine,
                          configurationOf<isa::DmaConfiguration>(fields),
                          unit == DmaOut);
      case Matrix:
        return executeMatrix(machine,
                             configurationOf<isa::MatrixConfiguration>(fields));
      default:
        return executeVector(machine,
                             configurationOf<isa::VectorConfiguration>(fields));
      }
    } catch (const functional::Fault &) {
      // The timing finds the same fault and stops the program for it.
    }
  }
  void begin(const host::Start &, host::RuntimeValues *to) override {
    recorded = to;
  }

private:
  uint32_t wordAt(uint32_t address) {
    uint32_t value;
    std::memcpy(&value, machine.scratchpad(address, 4), 4);
    return value;
  }

  functional::Machine machine;
  host::RuntimeValues *recorded = nullptr;
};

/// Values of a record; nothing is computed.
class ReplayedValues : public Values {
public:
  explicit ReplayedValues(const host::RuntimeRecord &record) : replay(record) {}

  uint32_t load(uint32_t) override { return replay.load(); }
  uint32_t index(uint32_t) override { return replay.index(); }
  void execute(UnitNumber, const uint32_t *) override {}
  void begin(const host::Start &start, host::RuntimeValues *) override {
    replay.begin(start);
  }

private:
  host::Replay replay;
};

/// Numbers below a limit.
class SeededValues : public Values {
public:
  SeededValues(uint64_t seed, uint32_t limit)
      : random(seed), limit(std::max(limit, 1u)) {}

  uint32_t load(uint32_t) override { return uint32_t(random() % limit); }
  uint32_t index(uint32_t) override { return uint32_t(random() % limit); }
  void execute(UnitNumber, const uint32_t *) override {}
  void begin(const host::Start &, host::RuntimeValues *) override {}

private:
  std::mt19937_64 random;
  uint32_t limit;
};

} // namespace

struct FastEngine::State {
  State(const binary::Program &program, const target::Target &target,
        host::Memory &memory, const verilated::MemorySystem &system,
        std::unique_ptr<Values> steering)
      : program(program), hasData(!steering),
        values(steering ? std::move(steering)
                        : std::make_unique<MachineValues>(target, memory)),
        npu(program, target, system, memory.capacity(), *values),
        memory(memory) {}

  energy::Counters dramCounters() const {
    energy::Counters counted;
    energy::addDramCounters(counted, npu.dramCounters());
    return counted;
  }

  const binary::Program &program;
  const bool hasData;
  std::unique_ptr<Values> values;
  Npu npu;
  host::Memory &memory;
};

namespace {

/// What the report of an ending needs (simulator/verilated/HarnessApi.h).
DalbitEnd describe(const RunEnd &end, const Npu &npu) {
  DalbitEnd report{};
  report.outcome =
      end.outcome == Outcome::Stopped ? DalbitStopped : DalbitBrokenOff;
  report.cycle = end.cycle;
  report.errorCode = uint32_t(end.error);
  report.errorPc = end.errorPc;
  report.errorUnit = end.errorUnit;
  report.pc = npu.shownPc();
  for (unsigned unit = 0; unit < Units; ++unit) {
    const Dispatch &queue = npu.dispatch(unit);
    const Note &head = queue.front();
    report.queues[unit] = {queue.listed, queue.count, head.pc, head.tag,
                           head.wait};
  }
  for (unsigned s = 0; s < isa::Semaphores; ++s)
    report.semaphores[s] = npu.semaphore(s);
  return report;
}

} // namespace

FastEngine::FastEngine(const binary::Program &program,
                       const target::Target &target, host::Memory &memory,
                       const verilated::MemorySystem &system)
    : state(std::make_unique<State>(program, target, memory, system, nullptr)) {
}

FastEngine::FastEngine(const binary::Program &program,
                       const target::Target &target, host::Memory &memory,
                       const verilated::MemorySystem &system,
                       const Steering &steering) {
  std::unique_ptr<Values> values;
  if (steering.replay)
    values = std::make_unique<ReplayedValues>(*steering.replay);
  else
    values = std::make_unique<SeededValues>(steering.seed, steering.limit);
  state = std::make_unique<State>(program, target, memory, system,
                                  std::move(values));
}

FastEngine::~FastEngine() = default;

bool FastEngine::hasData() const { return state->hasData; }

host::StepResult FastEngine::run(const host::Start &start) {
  state->values->begin(start, beginRecord(start));
  energy::Counters before = state->dramCounters();
  RunEnd end = state->npu.run(start, state->memory.placement().base);
  switch (end.outcome) {
  case Outcome::Endless:
    throw host::Endless("the program does not end: instruction " +
                        std::to_string(state->npu.shownPc()) + " after " +
                        std::to_string(start.bound) +
                        " others, more than its layers explain");
  case Outcome::Deadlock:
    throw verilated::deadlock(describe(end, state->npu), state->program,
                              Npu::Patience);
  case Outcome::Stopped:
    throw verilated::stopped(describe(end, state->npu), state->program);
  case Outcome::Done:
    break;
  }
  host::StepResult result;
  result.timed = true;
  result.byTag = state->npu.byTag();
  result.counters = state->npu.counters();
  result.counters.cycles = 0; // are by tag, too
  for (const auto &[tag, counters] : result.byTag)
    add(result.counters, counters);
  for (const auto &[name, value] : state->dramCounters())
    result.dram[name] = value - before[name];
  return result;
}

} // namespace dalbit::fast
