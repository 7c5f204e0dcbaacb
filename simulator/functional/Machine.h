// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state that instructions of the units work on, and one function a unit
// that executes a whole instruction: the bytes of docs/arithmetic.md, without
// time. What the rtl refuses throws a Fault with the code that the rtl's status
// registers would show; what memory holds then is undefined. Left out: the
// order in which rows of one instruction overtake each other; a program that
// reads in an instruction what another row of the same instruction writes has
// no defined result (isa/npu.td).

#pragma once

#include "isa/Isa.h"
#include "isa/target/Target.h"
#include "simulator/functional/Arithmetic.h"
#include "simulator/functional/dot/Kernel.h"
#include "simulator/host/Memory.h"

#include <string>
#include <vector>

namespace dalbit::functional {

/// Stops the program.
struct Fault {
  isa::ErrorCode code;
  std::string text;
};

struct Machine {
  Machine(const target::Target &target, host::Memory &memory);

  const int n, k, lanes, portBytes, accEntries, axiBytes;
  std::vector<uint8_t> spm;
  std::vector<int32_t> acc; ///< [accEntries][n]
  std::vector<RowScalar> rowScalars;
  std::vector<uint32_t> table; ///< words of V4
  uint64_t saturated = 0;      ///< int32 that the vector unit cut and wrote
  host::Memory &memory;
  const DotKernel *dot = &dotKernel();

  /// \p bytes of the scratchpad from \p address, which counts modulo 2^24;
  /// faults if they are not all there.
  uint8_t *scratchpad(int64_t address, int64_t bytes);
  /// Faults if there is no such entry.
  RowScalar &rowScalar(int64_t index);
};

void executeDma(Machine &machine, const isa::DmaConfiguration &config,
                bool out);
void executeMatrix(Machine &machine, const isa::MatrixConfiguration &config);
void executeVector(Machine &machine, const isa::VectorConfiguration &config);

/// Faults with illegal_config unless \p condition.
inline void require(bool condition, const char *text) {
  if (!condition)
    throw Fault{isa::ErrorCode::IllegalConfig, text};
}

/// Faults with address unless \p condition.
inline void requireAddress(bool condition, const char *text) {
  if (!condition)
    throw Fault{isa::ErrorCode::Address, text};
}

} // namespace dalbit::functional
