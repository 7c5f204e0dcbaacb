// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/FunctionalEngine.h"

#include "simulator/functional/ScalarInstruction.h"
#include "simulator/host/Stopped.h"

#include <algorithm>
#include <cstring>

namespace dalbit::functional {

using isa::ErrorCode;
using isa::Opcode;

FunctionalEngine::FunctionalEngine(const binary::Program &program,
                                   const target::Target &target,
                                   host::Memory &memory)
    : machine(target, memory) {
  for (uint64_t word : program.code) {
    isa::Decoded decoded = isa::decode(word);
    if (!decoded)
      illegal.emplace(int64_t(code.size()), decoded.error);
    code.push_back(decoded.instruction);
  }
}

//===----------------------------------------------------------------------===//
// Semaphores and units
//===----------------------------------------------------------------------===//

void FunctionalEngine::take(uint32_t mask, const char *who) {
  for (unsigned s = 0; s < isa::Semaphores; ++s)
    if ((mask >> s & 1) && semaphores[s] == 0)
      throw host::Deadlock("deadlock at instruction " + std::to_string(pc) +
                           " (" + isa::print(code[size_t(pc)]) + "): " + who +
                           " waits for semaphore " + std::to_string(s) +
                           ", which no earlier instruction signals");
  for (unsigned s = 0; s < isa::Semaphores; ++s)
    semaphores[s] -= mask >> s & 1;
}

void FunctionalEngine::signal(uint32_t mask) {
  constexpr uint32_t Most = (1u << isa::SemaphoreBits) - 1;
  for (unsigned s = 0; s < isa::Semaphores; ++s)
    semaphores[s] = std::min(semaphores[s] + (mask >> s & 1), Most);
}

void FunctionalEngine::go(const isa::Instruction &i) {
  take(i.wait, isa::units()[unsigned(i.unit)].name);
  tell([&](Observer &o) { o.go(uint32_t(pc), i, configurations); });
  switch (i.unit) {
  case isa::Unit::DmaIn:
    executeDma(machine, configurations.dmaIn, /*out=*/false);
    break;
  case isa::Unit::DmaOut:
    executeDma(machine, configurations.dmaOut, /*out=*/true);
    break;
  case isa::Unit::Matrix:
    executeMatrix(machine, configurations.matrix);
    break;
  case isa::Unit::Vector: {
    uint64_t before = machine.saturated;
    executeVector(machine, configurations.vector);
    if (machine.saturated != before)
      saturated[tagNow & 0xff] += machine.saturated - before;
    break;
  }
  }
  signal(i.signal);
}

void FunctionalEngine::set(const isa::Instruction &i, uint32_t value) {
  if (!configurations.set(i.unit, i.field, value))
    throw Fault{ErrorCode::IllegalField,
                std::to_string(int32_t(value)) + " does not fit the field"};
}

void FunctionalEngine::load(const isa::Instruction &i) {
  uint32_t address = registers[i.b] + uint32_t(i.imm), value;
  requireAddress(address % 4 == 0, "the address is not a multiple of 4");
  requireAddress(address < machine.spm.size(),
                 "the address is past the scratchpad");
  tell([&](Observer &o) { o.load(uint32_t(pc), address); });
  std::memcpy(&value, machine.scratchpad(address, 4), 4);
  registers[i.a] = value;
}

//===----------------------------------------------------------------------===//
// Sequencer
//===----------------------------------------------------------------------===//

void FunctionalEngine::beginLoop(const isa::Instruction &i) {
  auto allow = [](bool condition, const char *text) {
    if (!condition)
      throw Fault{ErrorCode::IllegalInstruction, text};
  };
  allow(i.target > 0, "the loop has no body");
  int64_t last = pc + i.target;
  allow(last < int64_t(code.size()), "the body ends past the code");
  allow(activeLoops.size() < isa::LoopDepth, "loops nest too deep");
  int32_t rounds = int32_t(registers[i.a]);
  if (rounds > 0) {
    activeLoops.push_back({pc + 1, last, uint32_t(rounds), loopEntries++});
    return;
  }
  next = last + 1;
  endLoops(last); // the skipped body may end an outer one
}

void FunctionalEngine::endLoops(int64_t last) {
  while (!activeLoops.empty() && activeLoops.back().last == last) {
    if (--activeLoops.back().left) {
      next = activeLoops.back().first;
      return;
    }
    activeLoops.pop_back();
  }
}

void FunctionalEngine::execute(const isa::Instruction &i) {
  next = pc + 1;
  if (i.opcode != Opcode::Go && i.opcode != Opcode::SemWait)
    tell([&](Observer &o) { o.instruction(uint32_t(pc), i); });
  switch (i.opcode) {
  case Opcode::Nop:
    break;
  case Opcode::Tag:
    tagNow = i.tag;
    break;
  case Opcode::Halt:
    isRunning = false;
    break;
  case Opcode::Beq:
  case Opcode::Bne:
  case Opcode::Blt:
  case Opcode::Bge:
  case Opcode::Jump:
    if (pc + i.target < 0 || pc + i.target >= int64_t(code.size()))
      throw Fault{ErrorCode::IllegalInstruction, "the target is past the code"};
    if (isBranchTaken(i.opcode, registers[i.b], registers[i.c])) {
      next = pc + i.target;
      return;
    }
    break;
  case Opcode::Loop:
    return beginLoop(i);
  case Opcode::SemWait:
    take(i.wait, "the sequencer");
    tell([&](Observer &o) { o.instruction(uint32_t(pc), i); });
    break;
  case Opcode::SemSignal:
    signal(i.signal);
    break;
  case Opcode::Load:
    load(i);
    break;
  case Opcode::SetI:
    set(i, uint32_t(i.imm));
    break;
  case Opcode::SetR:
    set(i, registers[i.a] + uint32_t(i.imm));
    break;
  case Opcode::Go:
    go(i);
    break;
  default:
    registers[i.a] =
        scalarResult(i.opcode, registers[i.b], registers[i.c], uint32_t(i.imm));
    break;
  }
  registers[0] = 0;
  endLoops(pc);
}

void FunctionalEngine::fail(const Fault &fault) const {
  std::string text = isa::errors()[unsigned(fault.code)].name;
  text += " at instruction " + std::to_string(pc);
  bool isKnown = pc >= 0 && pc < int64_t(code.size()) && !illegal.count(pc);
  if (isKnown)
    text += " (" + isa::print(code[size_t(pc)]) + ")";
  std::vector<std::string> notes;
  if (isKnown && code[size_t(pc)].opcode == Opcode::Go) {
    isa::Unit unit = code[size_t(pc)].unit;
    std::string fields;
    for (unsigned field = 0; field < isa::fields(unit).size(); ++field) {
      int64_t value = configurations.get(unit, field);
      if (value)
        fields += (fields.empty() ? "" : ", ") +
                  std::string(isa::fields(unit)[field].name) + " " +
                  std::to_string(value);
    }
    notes.push_back("the configuration of " +
                    std::string(isa::units()[unsigned(unit)].name) + ": " +
                    fields);
  }
  unsigned unit = isa::SequencerUnit;
  if (isKnown && code[size_t(pc)].opcode == Opcode::Go)
    unit = unsigned(code[size_t(pc)].unit);
  throw host::Stopped(fault.code, uint32_t(pc), unit, text + ": " + fault.text,
                      notes);
}

host::StepResult FunctionalEngine::run(const host::Start &start) {
  registers.fill(0);
  std::copy(start.arguments.begin(), start.arguments.end(),
            registers.begin() + 1);
  semaphores.fill(0);
  configurations = {};
  activeLoops.clear();
  tagNow = 0;
  saturated.clear();
  count = loopEntries = 0;
  pc = start.pc;
  isRunning = true;
  host::RuntimeValues *values = beginRecord(start);
  if (values && !std::count(observers.begin(), observers.end(), &recorder))
    observers.push_back(&recorder);
  recorder.record(values);
  tell([&](Observer &o) { o.begin(machine, code); });
  host::StepResult result;
  try {
    for (; isRunning; ++count, pc = next) {
      if (count >= start.bound)
        throw host::Endless("the program does not end: instruction " +
                            std::to_string(pc) + " after " +
                            std::to_string(count) +
                            " others, more than its layers explain");
      if (pc < 0 || pc >= int64_t(code.size()))
        throw Fault{ErrorCode::AxiFetch, "past the code"};
      if (auto bad = illegal.find(pc); bad != illegal.end()) {
        Opcode opcode = code[size_t(pc)].opcode;
        bool isSet = opcode == Opcode::SetI || opcode == Opcode::SetR;
        throw Fault{isSet ? ErrorCode::IllegalField
                          : ErrorCode::IllegalInstruction,
                    bad->second};
      }
      if (stepper)
        stepper->before(*this);
      execute(code[size_t(pc)]);
    }
  } catch (const Fault &fault) {
    fail(fault);
  }
  result.counters.sequencer.instructions = count;
  result.saturated = saturated;
  return result;
}

//===----------------------------------------------------------------------===//
// Snapshots
//===----------------------------------------------------------------------===//

Snapshot FunctionalEngine::snapshot() const {
  return {machine.spm, machine.acc, machine.rowScalars, machine.table,
          registers,   semaphores,  configurations,     activeLoops,
          tagNow,      uint32_t(pc)};
}

void FunctionalEngine::setUnits(const Snapshot &state) {
  machine.spm = state.scratchpad;
  machine.acc = state.accumulators;
  machine.rowScalars = state.rowScalars;
  machine.table = state.table;
}

} // namespace dalbit::functional
