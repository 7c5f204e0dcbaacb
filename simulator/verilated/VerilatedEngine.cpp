// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/VerilatedEngine.h"

#include "simulator/dram/ClockRatio.h"
#include "simulator/dram/Dram.h"
#include "simulator/energy/EnergyModel.h"
#include "simulator/verilated/Attribution.h"
#include "simulator/verilated/Messages.h"
#include "simulator/verilated/VerilatedModel.h"
#include "support/Progress.h"

#include <algorithm>
#include <string_view>

namespace dalbit::verilated {

namespace {

/// Whether the counter moves only when work is done.
bool showsProgress(const isa::CounterInfo &info) {
  std::string_view name = info.name;
  for (const char *idle : {"stall", "busy", "cycles", "seq_wait"})
    if (name.ends_with(idle))
      return false;
  return true;
}

} // namespace

struct VerilatedEngine::State {
  State(const binary::Program &program, const target::Target &target,
        host::Memory &memory, const MemorySystem &system);

  DalbitHost makeHost(const AxiStalls &stalls);
  void readCounters(CounterValues &values) const {
    for (unsigned i = 0; i < isa::CounterCount; ++i)
      values[i] = *counters[i];
  }
  CounterValues readCounters() const {
    CounterValues values;
    readCounters(values);
    return values;
  }
  bool check(int64_t cycle);
  host::StepResult run(const host::Start &start);
  energy::Counters dramCounters() const {
    energy::Counters values;
    energy::addDramCounters(values, dram.counters());
    return values;
  }

  const binary::Program &program;
  host::Memory &memory;
  dram::DramParameters device;
  dram::Dram dram;
  dram::ClockRatio ratio;
  VerilatedModel model;
  std::array<const uint64_t *, isa::CounterCount> counters{};
  std::vector<const uint64_t *> progressing;
  const uint64_t *instructions, *bytesIn;
  Attribution attribution;

  // Of the run.
  uint64_t bound = 0, instructionsBefore = 0, bytesBefore = 0;
  uint64_t progress = 0;
  int64_t lastProgress = -1; ///< cycle of a check; -1: none yet
  bool isEndless = false;
  Progress *line = nullptr;
  host::RuntimeValues *recorded = nullptr;
};

VerilatedEngine::State::State(const binary::Program &program,
                              const target::Target &target,
                              host::Memory &memory, const MemorySystem &system)
    : program(program), memory(memory), device(system.device), dram(device),
      ratio(dram::ClockRatio::of(target.clockMhz, 1000 / device.clockNs)),
      model(target, makeHost(system.stalls)),
      instructions(model.counter("sequencer.instructions")),
      bytesIn(model.counter("dma_in.bytes")) {
  for (unsigned i = 0; i < isa::CounterCount; ++i) {
    counters[i] = model.counter(isa::counters()[i].name);
    if (showsProgress(isa::counters()[i]))
      progressing.push_back(counters[i]);
  }
}

DalbitHost VerilatedEngine::State::makeHost(const AxiStalls &stalls) {
  DalbitHost host;
  host.self = this;
  host.stalls = stalls;
  host.memory = memory.data();
  // A test may give less memory than the target has.
  host.capacity = std::min(memory.capacity(), device.capacityBytes);
  host.access = [](void *self, int64_t cycle, uint64_t address, int write) {
    auto &state = *static_cast<State *>(self);
    int64_t now = state.ratio.toDram(cycle);
    return state.ratio.toNpu(state.dram.access(now, address, write));
  };
  host.retag = [](void *self, unsigned unit, uint32_t tag) {
    auto &state = *static_cast<State *>(self);
    state.attribution.retag(unit, tag, state.readCounters());
  };
  host.value = [](void *self, int isIndex, uint32_t value) {
    host::RuntimeValues &values = *static_cast<State *>(self)->recorded;
    (isIndex ? values.indices : values.loads).push_back(value);
  };
  host.check = [](void *self, int64_t cycle) {
    return int(static_cast<State *>(self)->check(cycle));
  };
  return host;
}

bool VerilatedEngine::State::check(int64_t cycle) {
  line->update((*bytesIn - bytesBefore) / 1024);
  uint64_t now = 0;
  for (const uint64_t *counter : progressing)
    now += *counter;
  if (lastProgress < 0 || now != progress) {
    progress = now;
    lastProgress = cycle;
  }
  isEndless = *instructions - instructionsBefore > bound;
  return !isEndless && cycle - lastProgress < Patience;
}

host::StepResult VerilatedEngine::State::run(const host::Start &start) {
  DalbitStart input{};
  input.pc = start.pc;
  input.codeWords = uint32_t(program.code.size());
  std::copy(start.arguments.begin(), start.arguments.end(), input.arguments);
  std::copy(memory.placement().base.begin(), memory.placement().base.end(),
            input.regions);
  input.tellsValues = recorded != nullptr;
  CounterValues before = readCounters();
  energy::Counters dramBefore = dramCounters();
  attribution.begin(before);
  bound = start.bound;
  instructionsBefore = *instructions;
  bytesBefore = *bytesIn;
  lastProgress = -1;
  isEndless = false;
  // A step reads every weight once, but for long prompts.
  Progress shown("rtl, KiB read", program.weights.size() / 1024);
  line = &shown;

  DalbitEnd end = model.run(input);
  dram.advance(ratio.toDram(end.cycle));
  if (end.outcome != DalbitDone)
    model.reset();
  if (isEndless)
    throw host::Endless("the program does not end: instruction " +
                        std::to_string(end.pc) + " after " +
                        std::to_string(bound) +
                        " others, more than its layers explain");
  if (end.outcome == DalbitBrokenOff)
    throw deadlock(end, program, Patience);
  if (end.outcome == DalbitStopped)
    throw stopped(end, program);

  host::StepResult result;
  result.timed = true;
  CounterValues after = readCounters();
  for (unsigned i = 0; i < isa::CounterCount; ++i)
    isa::counters()[i].get(result.counters) = after[i] - before[i];
  result.byTag = attribution.end(after);
  for (const auto &[name, value] : dramCounters())
    result.dram[name] = value - dramBefore[name];
  return result;
}

MemorySystem memorySystemOf(const target::Target &target) {
  return {dram::loadDevice(target.dramDevice, uint64_t(target.dramCapacityMib)),
          {}};
}

VerilatedEngine::VerilatedEngine(const binary::Program &program,
                                 const target::Target &target,
                                 host::Memory &memory,
                                 const MemorySystem &system)
    : state(std::make_unique<State>(program, target, memory, system)) {}

VerilatedEngine::~VerilatedEngine() = default;

host::StepResult VerilatedEngine::run(const host::Start &start) {
  state->recorded = beginRecord(start);
  return state->run(start);
}

} // namespace dalbit::verilated
