// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/VerilatedEngine.h"

#include "simulator/verilated/HarnessApi.h"
#include "simulator/verilated/VerilatedBuild.h"
#include "simulator/dram/DramParameters.h"
#include "simulator/energy/EnergyModel.h"
#include "support/Error.h"

#include <array>
#include <cstring>
#include <dlfcn.h>

namespace dalbit::verilated {

using Values = std::array<uint64_t, isa::CounterCount>;

struct VerilatedEngine::State {
  State(const binary::Program &program, const target::Target &target, host::Memory &memory)
      : program(program), memory(memory), device(dram::loadDevice(target.dramDevice, target.dramCapacityMib)),
        dram(device), ratio(dram::ClockRatio::of(target.clockMhz, 1000 / device.clockNs)) {}

  template <typename Function> Function *symbol(const char *name) {
    void *address = dlsym(library, name);
    if (!address)
      throw Error(std::string("the built rtl lacks ") + name);
    return reinterpret_cast<Function *>(address);
  }

  Values read() const {
    Values values;
    for (unsigned i = 0; i < isa::CounterCount; ++i)
      values[i] = *counters[i];
    return values;
  }
  void event();
  int64_t access(int64_t cycle, uint64_t address, int port);

  const binary::Program &program;
  host::Memory &memory;
  dram::DramParameters device;
  dram::Dram dram;
  dram::ClockRatio ratio;
  void *library = nullptr, *npu = nullptr;
  std::array<const uint64_t *, isa::CounterCount> counters{};
  std::array<int, isa::CounterCount> unitOf{}; ///< -1: no unit's
  decltype(dalbitRun) *runNpu = nullptr;
  decltype(dalbitTags) *readTags = nullptr;
  decltype(dalbitDestroy) *destroy = nullptr;
  // Attribution (C1): what a unit counted since the last event belongs to the tag it had then.
  Values last{};
  uint32_t tags[4] = {};
  host::StepResult result;
};

void VerilatedEngine::State::event() {
  Values now = read();
  for (unsigned i = 0; i < isa::CounterCount; ++i)
    if (now[i] != last[i] && unitOf[i] >= 0)
      isa::counters()[i].get(result.byTag[tags[unitOf[i]]]) += now[i] - last[i];
  last = now;
  readTags(npu, tags);
}

int64_t VerilatedEngine::State::access(int64_t cycle, uint64_t address, int port) {
  return ratio.toNpu(dram.access(ratio.toDram(cycle), address, port == DalbitWrite));
}

VerilatedEngine::VerilatedEngine(const binary::Program &program, const target::Target &target,
                                 host::Memory &memory)
    : state(std::make_unique<State>(program, target, memory)) {
  std::string path = sharedObjectFor(target);
  state->library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!state->library)
    throw Error(path + ": " + dlerror(), {"remove the file; it is built again"});
  DalbitHost host;
  host.self = state.get();
  host.memory = memory.data();
  host.capacity = memory.capacity();
  host.access = [](void *self, int64_t cycle, uint64_t address, int port) {
    return static_cast<State *>(self)->access(cycle, address, port);
  };
  host.event = [](void *self, int64_t) { static_cast<State *>(self)->event(); };
  host.progress = [](void *, int64_t) {};
  state->runNpu = state->symbol<decltype(dalbitRun)>("dalbitRun");
  state->readTags = state->symbol<decltype(dalbitTags)>("dalbitTags");
  state->destroy = state->symbol<decltype(dalbitDestroy)>("dalbitDestroy");
  state->npu = state->symbol<decltype(dalbitCreate)>("dalbitCreate")(&host);
  const DalbitCounter *table = state->symbol<decltype(dalbitCounters)>("dalbitCounters")(state->npu);
  for (unsigned i = 0; i < isa::CounterCount; ++i) {
    const isa::CounterInfo &info = isa::counters()[i];
    for (const DalbitCounter *entry = table; entry->name; ++entry)
      if (std::strcmp(entry->name, info.name) == 0)
        state->counters[i] = entry->value;
    state->unitOf[i] = -1;
    for (unsigned u = 0; u < isa::UnitCount; ++u)
      if (std::strcmp(isa::units()[u].name, info.unit) == 0)
        state->unitOf[i] = int(u);
  }
}

VerilatedEngine::~VerilatedEngine() {
  if (state->npu)
    state->destroy(state->npu);
  if (state->library)
    dlclose(state->library);
}

static std::string waiting(const DalbitEnd &end, const char *const *names) {
  std::string text;
  for (unsigned u = 0; u < isa::UnitCount; ++u) {
    std::string missing;
    for (unsigned s = 0; s < isa::Semaphores; ++s)
      if (end.want[u] && end.need[u] >> s & 1)
        missing += " " + std::to_string(s);
    if (!missing.empty())
      text += std::string(text.empty() ? "" : "; ") + names[u] + " waits for semaphore" + missing;
  }
  return text.empty() ? "no unit waits for a semaphore" : text;
}

host::StepResult VerilatedEngine::run(const host::Start &start) {
  State &s = *state;
  s.result = {};
  s.result.timed = true;
  DalbitStart input{};
  input.pc = start.pc;
  input.codeWords = uint32_t(s.program.code.size());
  for (unsigned i = 0; i < 8; ++i) {
    input.arguments[i] = start.arguments[i];
    input.regions[i] = i < isa::RegionCount ? s.memory.placement().base[i] : 0;
  }
  Values before = s.last = s.read();
  energy::Counters dramBefore, dramAfter;
  energy::addDramCounters(dramBefore, s.dram.counters());
  DalbitEnd end{};
  s.runNpu(s.npu, &input, &end);
  s.dram.advance(s.ratio.toDram(end.cycle));
  energy::addDramCounters(dramAfter, s.dram.counters());
  if (end.outcome == DalbitHangs) {
    const char *names[isa::UnitCount];
    for (unsigned u = 0; u < isa::UnitCount; ++u)
      names[u] = isa::units()[u].name;
    throw Error("deadlock at cycle " + std::to_string(end.cycle) + ": " + waiting(end, names));
  }
  if (end.outcome == DalbitStopped) {
    std::string unit = end.errorUnit < isa::UnitCount ? isa::units()[end.errorUnit].name : "sequencer";
    std::string text = end.errorPc < s.program.code.size()
                           ? isa::print(isa::decode(s.program.code[end.errorPc]).instruction)
                           : "past the code";
    throw Error(std::string(isa::errors()[end.errorCode].name) + " at instruction " +
                std::to_string(end.errorPc) + " (" + text + "), in " + unit);
  }
  Values after = s.read();
  for (unsigned i = 0; i < isa::CounterCount; ++i)
    isa::counters()[i].get(s.result.counters) = after[i] - before[i];
  for (const auto &[name, value] : dramAfter)
    s.result.dram[name] = value - dramBefore[name];
  return s.result;
}

} // namespace dalbit::verilated
