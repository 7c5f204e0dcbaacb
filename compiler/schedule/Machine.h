// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the scheduler must know of a target: the sizes of
// docs/microarchitecture.md.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace dalbit::target {
struct Target;
}

namespace dalbit::schedule {

inline int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

struct Machine {
  int64_t n = 32;            ///< output channels of the dot array
  int64_t k = 32;            ///< products per channel and cycle
  int64_t lanes = 16;        ///< vector lanes
  int64_t portBytes = 64;    ///< scratchpad port
  int64_t accEntries = 512;  ///< accumulator entries, two halves
  int64_t rowScalars = 1024; ///< row scalar memory
  int64_t spmBytes = 1 << 20;
  int64_t banks = 16;
  int64_t axiBytes = 32;

  int64_t bankBytes() const { return spmBytes / banks; }
  /// Of a buffer that any unit streams: a port's word, and the vector unit's
  /// int32 columns of a beat.
  int64_t alignment() const { return std::max(portBytes, 4 * lanes); }
  /// Of what lies in DRAM and begins at an alignment() of the scratchpad: DMA
  /// copies whole beats.
  int64_t dramAlignment() const { return std::max<int64_t>(64, axiBytes); }
  /// Bytes from row to row of \p cols int32: whole beats of lanes and of DMA.
  int64_t rowBytes(int64_t cols) const {
    return roundUp(cols, std::max(lanes, axiBytes / 4)) * 4;
  }
};

Machine machineOf(const target::Target &target);

/// What a target is short of, gathered over several needs, in the words of its
/// file: "scratchpad.kib = 16 is too small, it takes 512".
class Shortage {
public:
  explicit Shortage(const Machine &machine) : machine(machine) {}

  /// Each takes what is needed of one memory, at least.
  void scratchpad(int64_t bytes) {
    add("scratchpad.kib", machine.spmBytes >> 10, (bytes + 1023) >> 10);
  }
  void accumulators(int64_t entries) {
    add("accumulator.entries", machine.accEntries, entries);
  }
  void rowScalars(int64_t entries) {
    add("vector.row_scalars", machine.rowScalars, entries);
  }

  bool none() const { return text.empty(); }
  const std::string &message() const { return text; }

private:
  /// Files want powers of two.
  void add(const char *key, int64_t have, int64_t need);

  const Machine &machine;
  std::string text;
};

} // namespace dalbit::schedule
