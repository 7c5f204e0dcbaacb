// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One program for the engines with all that decides what it does: target,
// arguments, contents of memory by a seed, DRAM timing and stalls. As text it
// is assembly with a few directives, so that people read and change it:
//
//   .target nano              a built-in target, or lines of `.toml TEXT`
//   .memory 5                 seed of the memory's contents
//   .dram 7                   seed of the DRAM's timings; 0: the device's own
//   .stalls 9 20 30           seed, percent and most cycles (AxiStalls.h)
//   .argument 1 64            r1 = 64
//   li r9, 5
//   .word 0x7f00000000000000  an instruction that is none

#pragma once

#include "isa/binary/Program.h"
#include "isa/target/Target.h"
#include "simulator/dram/DramParameters.h"
#include "simulator/host/Engine.h"
#include "simulator/verilated/AxiStalls.h"

#include <array>
#include <string>
#include <vector>

namespace dalbit::fuzz {

/// Bytes of the regions behind the code. A program stores where it likes in the
/// kv and workspace regions and in the first StoreBytes of the output; the rest
/// of the output is for what it leaves in the scratchpad.
inline constexpr uint32_t DataBytes = 32 * 1024;
inline constexpr uint32_t OutputBytes = 64 * 1024;
inline constexpr uint32_t StoreBytes = 8 * 1024;
/// The constants begin with so many bytes of indices, int32 below IndexLimit.
inline constexpr uint32_t IndexBytes = 1024;
inline constexpr uint32_t IndexLimit = 16;
/// The DRAM that the engines see.
inline constexpr uint64_t MemoryBytes = 512 * 1024;

struct Case {
  target::Target target;
  uint64_t memorySeed = 0;
  uint64_t dramSeed = 0;
  verilated::AxiStalls stalls;
  std::array<uint32_t, isa::Arguments> arguments{};
  std::vector<uint64_t> code;

  /// The program with the contents of its constants and weights.
  binary::Program program() const;
  /// Contents of the regions that start with something: kv, input, output,
  /// workspace.
  std::vector<uint8_t> contents(isa::Region region) const;
  /// The target's device with timings that are some other legal device's. Its
  /// refreshes come more often, so that a short program meets some.
  dram::DramParameters device() const;
};

std::string print(const Case &input);
/// Reads what print() writes. Throws Error that names \p source and line.
Case parse(const std::string &text, const std::string &source);

} // namespace dalbit::fuzz
