// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A nano machine with a small DRAM, and short ways to fill and read it. Nano:
// N = K = 16, L = 8, scratchpad 256 KiB, 64 bytes a port, 16 bytes AXI.

#pragma once

#include "simulator/functional/Machine.h"

#include <cstring>
#include <initializer_list>
#include <vector>

namespace dalbit::functional::test {

inline target::Target nano() { return target::loadTarget("nano"); }

struct Bench {
  host::Memory memory{1 << 20};
  Machine machine{nano(), memory};

  template <typename T> void put(int64_t address, std::vector<T> values) {
    std::memcpy(machine.scratchpad(address, int64_t(values.size() * sizeof(T))),
                values.data(), values.size() * sizeof(T));
  }
  template <typename T> std::vector<T> get(int64_t address, size_t count) {
    std::vector<T> values(count);
    std::memcpy(values.data(),
                machine.scratchpad(address, int64_t(count * sizeof(T))),
                count * sizeof(T));
    return values;
  }
};

/// A stream of one row from int32 at 0 to int32 at 4096, all columns valid.
inline isa::VectorConfiguration row(uint32_t cols) {
  isa::VectorConfiguration c;
  c.rows0 = c.rows1 = 1;
  c.cols = cols;
  c.aType = c.outType = isa::Type::I32;
  c.outAddr = 4096;
  c.rangeHi = int32_t(cols);
  return c;
}

/// A pair as an immediate or a word (A3).
inline uint32_t pair(int mantissa, int shift) {
  return packPair({mantissa, int8_t(shift)});
}

/// The fault's code that \p run ends with; None if it ends well.
template <typename Run> isa::ErrorCode faultOf(Run run) {
  try {
    run();
  } catch (const Fault &fault) {
    return fault.code;
  }
  return isa::ErrorCode::None;
}

} // namespace dalbit::functional::test
