// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/functional/FunctionalEngine.h"

#include "support/Error.h"

#include <algorithm>
#include <cstring>

namespace dalbit::functional {

FunctionalEngine::FunctionalEngine(const binary::Program &program,
                                   const target::Target &target,
                                   host::Memory &memory)
    : program(program), machine(target, memory) {
  for (uint64_t word : program.code)
    code.push_back(isa::decode(word).instruction);
}

void FunctionalEngine::take(uint32_t mask, const char *who) {
  for (unsigned s = 0; s < isa::Semaphores; ++s) {
    if (!(mask >> s & 1))
      continue;
    if (semaphores[s] == 0)
      throw Error("deadlock at instruction " + std::to_string(pc) + ": " + who +
                  " waits for semaphore " + std::to_string(s) +
                  ", which no earlier instruction signals");
    --semaphores[s];
  }
}

void FunctionalEngine::go(const isa::Instruction &i) {
  take(i.wait, isa::units()[unsigned(i.unit)].name);
  switch (i.unit) {
  case isa::Unit::DmaIn:
    executeDma(machine, dmaIn, false);
    break;
  case isa::Unit::DmaOut:
    executeDma(machine, dmaOut, true);
    break;
  case isa::Unit::Matrix:
    executeMatrix(machine, matrix);
    break;
  case isa::Unit::Vector:
    executeVector(machine, vector);
    break;
  }
  for (unsigned s = 0; s < isa::Semaphores; ++s)
    semaphores[s] += i.signal >> s & 1;
}

void FunctionalEngine::execute(const isa::Instruction &i) {
  using isa::Opcode;
  auto write = [&](uint32_t value) {
    if (i.a)
      registers[i.a] = value;
  };
  uint32_t b = registers[i.b], c = registers[i.c], imm = uint32_t(i.imm);
  int64_t next = pc + 1;
  auto branch = [&](bool taken) {
    if (taken)
      next = pc + i.target;
  };
  auto set = [&](uint32_t value) {
    bool ok = false;
    switch (i.unit) {
    case isa::Unit::DmaIn:
      ok = isa::setField(dmaIn, i.field, value);
      break;
    case isa::Unit::DmaOut:
      ok = isa::setField(dmaOut, i.field, value);
      break;
    case isa::Unit::Matrix:
      ok = isa::setField(matrix, i.field, value);
      break;
    case isa::Unit::Vector:
      ok = isa::setField(vector, i.field, value);
      break;
    }
    if (!ok)
      throw Fault{isa::ErrorCode::IllegalField,
                  "value " + std::to_string(int32_t(value)) + " does not fit"};
  };
  switch (i.opcode) {
  case Opcode::Nop:
  case Opcode::Tag:
    break;
  case Opcode::Halt:
    running = false;
    break;
  case Opcode::Li:
    write(imm);
    break;
  case Opcode::Add:
    write(b + c);
    break;
  case Opcode::AddI:
    write(b + imm);
    break;
  case Opcode::Sub:
    write(b - c);
    break;
  case Opcode::Mul:
    write(b * c);
    break;
  case Opcode::MulI:
    write(b * imm);
    break;
  case Opcode::SrlI:
    write(b >> (imm & 31));
    break;
  case Opcode::AndI:
    write(b & imm);
    break;
  case Opcode::Min:
    write(uint32_t(std::min(int32_t(b), int32_t(c))));
    break;
  case Opcode::Max:
    write(uint32_t(std::max(int32_t(b), int32_t(c))));
    break;
  case Opcode::MinI:
    write(uint32_t(std::min(int32_t(b), i.imm)));
    break;
  case Opcode::MaxI:
    write(uint32_t(std::max(int32_t(b), i.imm)));
    break;
  case Opcode::Beq:
    branch(b == c);
    break;
  case Opcode::Bne:
    branch(b != c);
    break;
  case Opcode::Blt:
    branch(int32_t(b) < int32_t(c));
    break;
  case Opcode::Bge:
    branch(int32_t(b) >= int32_t(c));
    break;
  case Opcode::Jump:
    branch(true);
    break;
  case Opcode::Loop: {
    if (i.target <= 0)
      throw Fault{isa::ErrorCode::IllegalInstruction, "a loop without a body"};
    int32_t count = int32_t(registers[i.a]);
    if (count <= 0) {
      next = pc + 1 + i.target;
      break;
    }
    if (loops.size() == isa::LoopDepth)
      throw Fault{isa::ErrorCode::IllegalInstruction, "loops nest too deep"};
    loops.push_back(
        {uint32_t(pc + 1), uint32_t(pc + i.target), uint32_t(count)});
    break;
  }
  case Opcode::SemWait:
    take(i.wait, "the sequencer");
    break;
  case Opcode::SemSignal:
    for (unsigned s = 0; s < isa::Semaphores; ++s)
      semaphores[s] += i.signal >> s & 1;
    break;
  case Opcode::Load: {
    int64_t address = int64_t(b + imm);
    requireAddress(address % 4 == 0, "a load is not aligned");
    uint32_t value;
    std::memcpy(&value, machine.scratchpad(address, 4), 4);
    write(value);
    break;
  }
  case Opcode::SetI:
    set(imm);
    break;
  case Opcode::SetR:
    set(registers[i.a] + imm);
    break;
  case Opcode::Go:
    go(i);
    break;
  }
  while (!loops.empty() && next == loops.back().last + 1) {
    if (--loops.back().left) {
      next = loops.back().first;
      break;
    }
    loops.pop_back();
  }
  pc = next;
}

host::StepResult FunctionalEngine::run(const host::Start &start) {
  registers.fill(0);
  std::copy(start.arguments.begin(), start.arguments.end(),
            registers.begin() + 1);
  semaphores.fill(0);
  dmaIn = dmaOut = {};
  matrix = {};
  vector = {};
  loops.clear();
  pc = start.pc;
  running = true;
  host::StepResult result;
  for (uint64_t executed = 0; running; ++executed) {
    if (executed >= start.bound)
      throw Error("the program does not end: " + std::to_string(executed) +
                  " instructions executed, more than its layers explain");
    if (pc < 0 || pc >= int64_t(code.size()))
      throw Error("axi_fetch at instruction " + std::to_string(pc) +
                  ": past the code");
    const isa::Instruction &instruction = code[size_t(pc)];
    try {
      execute(instruction);
    } catch (const Fault &fault) {
      throw Error(std::string(isa::errors()[unsigned(fault.code)].name) +
                  " at instruction " + std::to_string(pc) + " (" +
                  isa::print(instruction) + "): " + fault.text);
    }
    ++result.counters.sequencer.instructions;
  }
  return result;
}

} // namespace dalbit::functional
