// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random instructions of the units that their unit allows: every mode, type,
// stage and operand of isa/npu.td, tails, misaligned copies, strides of 0 and
// below, rows in place. Fields that a job does not use keep what they held.
//
// A menu says where operands may lie; what a job then touches is in rangesOf().

#pragma once

#include "simulator/fuzz/Job.h"
#include "simulator/fuzz/Random.h"

#include <optional>

namespace dalbit::fuzz {

/// A piece of the scratchpad, aligned to all that streams need.
struct Place {
  uint32_t address, bytes;
};

/// Accumulator entries [first, end).
struct Entries {
  uint32_t first, end;
};

struct Menu {
  std::vector<Place> inputs;  ///< main operands: A, activations, dma_out's data
  std::vector<Place> sides;   ///< B, C, weights, table
  std::vector<Place> outputs; ///< results, dma_in's data
  std::vector<Place> indices; ///< index lists; nothing else is written there
  Entries accInput, accOutput;
  bool mustReadAcc = false; ///< a vector job reads the accumulator
  bool mustReadSpm = false; ///< a vector job reads stream A
  bool mustWrite = false;   ///< a vector job writes its output stream
  std::vector<isa::Region> loads, stores; ///< DMA's regions
};

class JobMaker {
public:
  JobMaker(const target::Target &target, Random &random)
      : target(target), random(random) {}

  /// A job of \p unit, from the fields that are set at present. Empty if the
  /// dice found none that fits in some tries.
  std::optional<Job> make(isa::Unit unit, const isa::Configurations &present,
                          const Menu &menu);
  /// A copy of indices from the constants into an index list.
  Job loadIndices(const isa::Configurations &present, const Menu &menu);
  /// A job without effect; it waits and signals.
  Job empty(isa::Unit unit, const isa::Configurations &present);

  /// A multiple of it is an aligned address or stride everywhere.
  uint32_t alignment() const;
  /// Whether all that the job touches exists and stays off index lists, and no
  /// row waits for another one of the same instruction.
  bool isAllowed(const Job &job, const Menu &menu) const;
  /// Fields that may move by multiples of alignment() (addresses) or by ones.
  std::vector<uint8_t> movable(isa::Unit unit, bool byOnes) const;

private:
  void dma(isa::DmaConfiguration &c, bool out, const Menu &menu);
  void matrix(isa::MatrixConfiguration &c, const Menu &menu);
  void stream(isa::VectorConfiguration &c, const Menu &menu);
  void scalar(isa::VectorConfiguration &c, const Menu &menu);
  uint32_t spmAddress(const std::vector<Place> &places, uint32_t unit);
  /// A stride of rows of \p bytes in units of \p unit, which may be 0 or
  /// negative modulo 2^24; then the address begins at the far end.
  void strides(uint32_t &address, uint32_t &stride0, uint32_t &stride1,
               uint32_t bytes, uint32_t unit, const isa::VectorConfiguration &c,
               bool isOutput);
  void rowOperands(isa::VectorConfiguration &c);
  uint32_t pair();
  int32_t shift() { return random.between(-8, 39); }

  const target::Target &target;
  Random &random;
};

} // namespace dalbit::fuzz
