// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program that any engine runs unchanged: it brings the NPU into a state by
// ordinary instructions, executes a part of another program from there, and
// writes the scratchpad out. Four starts of one engine, in this order:
//
//   restore   loads row scalars, the table and the scratchpad from DRAM
//   prologue  sets registers, fields, tag and semaphores, and halts: what the
//             next start spends before the part
//   part      the same, and the part up to its halt
//   dump      writes the scratchpad to DRAM
//
// Its code is the other program's with these behind it and a halt where the
// part ends. Code and images lie in DRAM past all regions, at the next multiple
// of 1 MiB, so that everything else stays where it was. Not restored:
// accumulators and loops, which a part does not need (LayerScan.h).

#pragma once

#include "isa/binary/Program.h"
#include "isa/target/Target.h"
#include "simulator/functional/Snapshot.h"
#include "simulator/host/Engine.h"
#include "simulator/host/Memory.h"
#include "simulator/layers/LayerScan.h"

#include <span>
#include <string>

namespace dalbit::layers {

/// Results of the four starts.
struct PartRun {
  host::StepResult restore, prologue, part, dump;
};

class PartProgram {
public:
  /// \p state is the one at the part's begin. Throws Error if no instructions
  /// restore it.
  PartProgram(const binary::Program &whole, const target::Target &target,
              const Part &part, const functional::Snapshot &state);

  const binary::Program &program() const { return code; }
  /// Places the regions of the whole program in \p memory, and code and images
  /// behind them. Throws Error if the DRAM is too small.
  void install(host::Memory &memory) const;
  /// On an engine for program() and a memory in which it is installed.
  PartRun run(host::Engine &engine) const;
  /// After a run, as the part has left it.
  std::span<const uint8_t> scratchpad(const host::Memory &memory) const;

private:
  class Emitter;

  void emitRestore(Emitter &emit, const target::Target &target,
                   const functional::Snapshot &state);
  void emitCopy(Emitter &emit, isa::Unit unit, uint64_t offset,
                uint64_t bytes) const;

  const binary::Program &whole;
  binary::Program code;
  uint32_t restoreAt = 0, prologueAt = 0, partAt = 0, dumpAt = 0;
  uint64_t bound = 0; ///< instructions of a start
  /// Bytes of the code region from imagesAt on: scalars and table, the
  /// scratchpad, room for the dump.
  uint64_t imagesAt = 0, scratchpadAt = 0, dumpedAt = 0;
  std::vector<uint8_t> images;
};

} // namespace dalbit::layers
