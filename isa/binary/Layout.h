// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the regions of a program lie in DRAM. All engines place them alike, so
// that time depends on the program only.

#pragma once

#include "isa/binary/Program.h"

#include <array>

namespace dalbit::binary {

/// Bytes that a region's address is a multiple of.
inline constexpr uint64_t RegionAlignment = 4096;

struct Placement {
  std::array<uint64_t, isa::RegionCount> base{}; ///< by isa::Region
  std::array<uint64_t, isa::RegionCount> size{}; ///< 0 if there is none
  uint64_t end = 0; ///< first byte past the last region

  /// Base of a DMA's region field, which may name none: its register is 0.
  uint64_t of(uint32_t region) const {
    return region < base.size() ? base[region] : 0;
  }
};

/// From address 0 in the order of the table.
Placement place(const Program &program);

} // namespace dalbit::binary
