// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Engines.h"

#include "simulator/fast/FastEngine.h"
#include "simulator/functional/FunctionalEngine.h"
#include "simulator/functional/RaceDetector.h"
#include "simulator/host/Stopped.h"
#include "simulator/verilated/VerilatedEngine.h"

#include <algorithm>

namespace dalbit::fuzz {

namespace {

std::unique_ptr<host::Engine> makeFunctional(const Case &input,
                                             const binary::Program &program,
                                             host::Memory &memory) {
  return std::make_unique<functional::FunctionalEngine>(program, input.target,
                                                        memory);
}

std::unique_ptr<host::Engine> makeRtl(const Case &input,
                                      const binary::Program &program,
                                      host::Memory &memory) {
  return std::make_unique<verilated::VerilatedEngine>(
      program, input.target, memory,
      verilated::MemorySystem{input.device(), input.stalls});
}

std::unique_ptr<host::Engine> makeFast(const Case &input,
                                       const binary::Program &program,
                                       host::Memory &memory) {
  return std::make_unique<fast::FastEngine>(
      program, input.target, memory,
      verilated::MemorySystem{input.device(), input.stalls});
}

std::unique_ptr<host::Memory> makeMemory(const Case &input,
                                         const binary::Program &program) {
  auto memory = std::make_unique<host::Memory>(MemoryBytes);
  memory->load(program);
  for (isa::Region region : {isa::Region::Kv, isa::Region::Input,
                             isa::Region::Output, isa::Region::Workspace}) {
    std::vector<uint8_t> bytes = input.contents(region);
    std::copy(bytes.begin(), bytes.end(), memory->region(region));
  }
  return memory;
}

Outcome execute(host::Engine &engine, const Case &input) {
  Outcome outcome;
  try {
    outcome.counted = engine.run({0, input.arguments, InstructionBound});
    return outcome;
  } catch (const host::Stopped &stopped) {
    outcome.ending = Ending::Stopped;
    outcome.code = stopped.code;
    outcome.pc = stopped.pc;
    outcome.unit = stopped.unit;
    outcome.message = stopped.what();
  } catch (const host::Deadlock &deadlock) {
    outcome.ending = Ending::Deadlocked;
    outcome.message = deadlock.what();
    outcome.notes = deadlock.notes;
  } catch (const host::Endless &endless) {
    outcome.ending = Ending::Endless;
    outcome.message = endless.what();
  } catch (const functional::Race &race) {
    outcome.ending = Ending::Raced;
    outcome.message = race.what();
  }
  return outcome;
}

} // namespace

const std::vector<EngineEntry> &engines() {
  static const std::vector<EngineEntry> list = {
      {"functional", false, makeFunctional},
      {"rtl", true, makeRtl},
      {"fast", true, makeFast},
  };
  return list;
}

Outcome run(const EngineEntry &entry, const Case &input) {
  binary::Program program = input.program();
  std::unique_ptr<host::Memory> memory = makeMemory(input, program);
  std::unique_ptr<host::Engine> engine = entry.make(input, program, *memory);
  Outcome outcome = execute(*engine, input);
  outcome.memory = std::move(memory);
  return outcome;
}

Outcome runChecked(const Case &input, functional::Observer *observer) {
  binary::Program program = input.program();
  std::unique_ptr<host::Memory> memory = makeMemory(input, program);
  functional::FunctionalEngine engine(program, input.target, *memory);
  functional::RaceDetector detector(input.target);
  engine.observe(detector);
  if (observer)
    engine.observe(*observer);
  Outcome outcome = execute(engine, input);
  outcome.memory = std::move(memory);
  return outcome;
}

const char *name(Ending ending) {
  switch (ending) {
  case Ending::Halted:
    return "halts";
  case Ending::Stopped:
    return "stops with an error";
  case Ending::Deadlocked:
    return "deadlocks";
  case Ending::Endless:
    return "does not end";
  case Ending::Raced:
    break;
  }
  return "races";
}

} // namespace dalbit::fuzz
