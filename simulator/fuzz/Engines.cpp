// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Engines.h"

#include "simulator/fast/FastEngine.h"
#include "simulator/functional/FunctionalEngine.h"
#include "simulator/functional/RaceDetector.h"
#include "simulator/host/RuntimeRecord.h"
#include "simulator/host/Stopped.h"
#include "simulator/verilated/VerilatedEngine.h"
#include "support/Error.h"

#include <algorithm>

namespace dalbit::fuzz {

namespace {

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

/// Timing without data: first a run with data on a machine of its own tells the
/// values that steer the program (T11), then they are replayed.
class ReplayingEngine : public host::Engine {
public:
  ReplayingEngine(const Case &input, const binary::Program &program,
                  host::Memory &memory)
      : input(input), program(program), memory(memory) {}

  host::StepResult run(const host::Start &start) override {
    verilated::MemorySystem system{input.device(), input.stalls};
    host::RuntimeRecord values;
    std::unique_ptr<host::Memory> scratch = makeMemory(input, program);
    fast::FastEngine withData(program, input.target, *scratch, system);
    withData.record(&values);
    try {
      withData.run(start);
    } catch (const Error &) {
      // The run without data ends in the same way.
    }
    return fast::FastEngine(program, input.target, memory, system,
                            {.replay = &values})
        .run(start);
  }
  bool hasData() const override { return false; }

private:
  const Case &input;
  const binary::Program &program;
  host::Memory &memory;
};

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

std::unique_ptr<host::Engine> makeTiming(const Case &input,
                                         const binary::Program &program,
                                         host::Memory &memory) {
  return std::make_unique<ReplayingEngine>(input, program, memory);
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
      {"timing without data", true, makeTiming},
  };
  return list;
}

Outcome run(const EngineEntry &entry, const Case &input) {
  binary::Program program = input.program();
  std::unique_ptr<host::Memory> memory = makeMemory(input, program);
  std::unique_ptr<host::Engine> engine = entry.make(input, program, *memory);
  Outcome outcome;
  try {
    outcome = execute(*engine, input);
  } catch (const Error &error) {
    outcome.ending = Ending::Failed;
    outcome.message = error.what();
  }
  if (engine->hasData())
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
  case Ending::Failed:
    return "fails";
  case Ending::Raced:
    break;
  }
  return "races";
}

} // namespace dalbit::fuzz
