// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where rows of a value lie in DRAM, so that a block of a stage can load or
// store them.

#pragma once

#include "isa/Isa.h"

#include <cstdint>
#include <vector>

namespace dalbit::schedule {

/// Row r of sequence b is at offset + b * sequenceStride + (first + r) *
/// rowStride of its region, `cols` int32 of it.
struct Place {
  isa::Region region = isa::Region::Workspace;
  int64_t offset = 0;
  int64_t rowStride = 0;
  int64_t cols = 0;
  int64_t sequenceStride = 0; ///< 0: the sequences take turns
  int64_t extent = 0;         ///< bytes from offset that rows may touch
  /// Added to a row's number; from the end of the tokens if negative.
  int64_t first = 0;
  bool fromEnd = false;
  /// Rows are numbered by position, P before the first new token.
  bool byPosition = false;
};

/// Keys or values: codes [heads][context][paddedSize], scales [heads][context].
struct CachePlace {
  isa::Region region = isa::Region::Workspace;
  int64_t codes = 0, scales = 0; ///< offsets in the region
  int64_t heads = 0, size = 0, paddedSize = 0;
  int64_t context = 0; ///< keys there is room for, padded
  int64_t group = 0;   ///< heads quantised together
  /// Real column in each stored column of a head; -1 is padding.
  std::vector<int64_t> order;
  bool perSequence() const { return region == isa::Region::Kv; }
};

} // namespace dalbit::schedule
