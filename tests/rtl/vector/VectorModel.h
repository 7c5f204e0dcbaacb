// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vector unit as docs/arithmetic.md writes it: rows one after another,
// columns one after another, 64-bit and wider integers. Written without looking
// at rtl/vector, so that the bench compares two readings of the rules. No time.

#pragma once

#include "isa/Isa.h"

#include <array>
#include <cstdint>
#include <vector>

namespace dalbit::rtltest {

struct Scalar {
  int32_t m = 0;
  int8_t e = 0;
  bool operator==(const Scalar &) const = default;
};

/// What the rules give as numbers of the vector unit's counters.
struct VectorCounts {
  uint64_t loadOps = 0, scaleOps = 0, addOps = 0, tableOps = 0;
  uint64_t multiplyOps = 0, writeOps = 0, reduceOps = 0, scalarOps = 0;
};

class VectorModel {
public:
  VectorModel(unsigned n, unsigned lanes, unsigned accEntries,
              unsigned rowScalars, unsigned memoryBytes)
      : n(n), lanes(lanes), memory(memoryBytes), acc(size_t(n) * accEntries),
        rows(rowScalars) {}

  /// Executes one instruction. Returns its error, and then changes nothing.
  isa::ErrorCode execute(const isa::VectorConfiguration &cfg);

  unsigned n, lanes;
  std::vector<uint8_t> memory;
  std::vector<int32_t> acc; ///< entry by entry, N each
  std::vector<Scalar> rows;
  std::array<uint32_t, 256> table{};
  VectorCounts counts;

private:
  isa::ErrorCode check(const isa::VectorConfiguration &cfg) const;
  void stream(const isa::VectorConfiguration &cfg);
  Scalar scalar(const isa::VectorConfiguration &cfg, Scalar x, Scalar y) const;
  int32_t load(uint32_t address, isa::Type type) const;
  void store(uint32_t address, isa::Type type, int32_t value);
};

/// A3.
int32_t requantise(int64_t x, int64_t m, int s);
/// S1.
Scalar norm16(int64_t m, int e);

} // namespace dalbit::rtltest
