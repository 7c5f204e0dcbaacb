// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes an instruction of a unit reads and writes, from its configuration
// alone: what a race detector and a generator of programs without races need to
// know. Bytes whose values have no effect (lanes past k, columns past cols) are
// left out, so are row scalars and the table, which only the vector unit sees.
//
// The configuration is one that the unit allows; addresses may be anything.

#pragma once

#include "isa/Configurations.h"
#include "isa/target/Target.h"

#include <cstdint>
#include <functional>

namespace dalbit::functional {

enum class Space : uint8_t { Dram, Scratchpad, Accumulator };

/// Bytes [first, first + bytes) of a space; the accumulator counts entries. In
/// DRAM the offset in the region, which is then said by \p region.
struct Access {
  Space space;
  bool isWrite;
  uint8_t stream; ///< tells the streams of an instruction apart
  uint8_t region;
  uint64_t first, bytes;
};

/// Access::stream of a gather's index list.
inline constexpr uint8_t IndexStream = 2;

/// Row \p row of a gather's index list.
using IndexOf = std::function<uint32_t(uint32_t row)>;
using Visit = std::function<void(const Access &)>;

/// Calls \p visit for each contiguous piece, in no particular order.
void forEachAccess(const target::Target &target, isa::Unit unit,
                   const isa::Configurations &configurations,
                   const IndexOf &indexOf, const Visit &visit);

} // namespace dalbit::functional
