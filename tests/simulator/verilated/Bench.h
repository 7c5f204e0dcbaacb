// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program in assembly with its memory: 64 KiB of input with seeded bytes and
// of output with zeros. Text that every program needs.

#pragma once

#include "isa/Isa.h"
#include "isa/target/Target.h"
#include "simulator/functional/FunctionalEngine.h"
#include "simulator/host/Memory.h"
#include "simulator/verilated/VerilatedEngine.h"
#include "support/Error.h"

#include <memory>
#include <random>
#include <string>

namespace dalbit::verilated::test {

constexpr uint64_t DataBytes = 64 * 1024;

struct Bench {
  explicit Bench(const std::string &assembly, const std::string &name = "nano")
      : target(target::loadTarget(name)) {
    program.code = isa::assemble(assembly, "test");
    program.regions = {{isa::Region::Code, program.code.size() * 8},
                       {isa::Region::Input, DataBytes},
                       {isa::Region::Output, DataBytes}};
    memory.load(program);
    std::mt19937 random(7);
    for (uint64_t i = 0; i < DataBytes; ++i)
      memory.region(isa::Region::Input)[i] = uint8_t(random());
  }

  std::unique_ptr<host::Engine> rtl() {
    return std::make_unique<VerilatedEngine>(program, target, memory);
  }
  std::unique_ptr<host::Engine> functional() {
    return std::make_unique<functional::FunctionalEngine>(program, target,
                                                          memory);
  }
  const uint8_t *input() const { return memory.region(isa::Region::Input); }
  const uint8_t *output() const { return memory.region(isa::Region::Output); }

  target::Target target;
  binary::Program program;
  host::Memory memory{4 << 20};
};

/// The error's message and notes, one a line; empty if there is none.
inline std::string errorOf(host::Engine &engine, host::Start start = {}) {
  try {
    engine.run(start);
  } catch (const Error &error) {
    std::string text = error.what();
    for (const std::string &note : error.notes)
      text += "\n" + note;
    return text;
  }
  return "";
}

/// Copies \p bytes of the input from \p offset to the scratchpad at \p to.
inline std::string load(int to, int bytes, const std::string &signal,
                        int offset = 0) {
  auto set = [](const char *field, int value) {
    return std::string("set dma_in.") + field + ", " + std::to_string(value) +
           "\n";
  };
  return set("region", 4) + set("dram_offset", offset) + set("spm_addr", to) +
         set("bytes", bytes) + set("rows", 1) + set("planes", 1) +
         "go dma_in, wait 0x0000, signal " + signal + "\n";
}

/// Copies \p bytes of the scratchpad at \p from to the output at \p offset.
inline std::string store(int from, int bytes, const std::string &wait,
                         int offset = 0) {
  auto set = [](const char *field, int value) {
    return std::string("set dma_out.") + field + ", " + std::to_string(value) +
           "\n";
  };
  return set("region", 5) + set("dram_offset", offset) + set("spm_addr", from) +
         set("bytes", bytes) + set("rows", 1) + set("planes", 1) +
         "go dma_out, wait " + wait + ", signal 0x0000\n";
}

} // namespace dalbit::verilated::test
