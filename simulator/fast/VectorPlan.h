// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a vector instruction is (rtl/vector/vector_decode.sv): the streams it
// walks over, whether it is refused, what it counts, and how long it takes
// where nobody else asks one of its banks.

#pragma once

#include "isa/Isa.h"
#include "simulator/fast/Sizes.h"
#include "simulator/fast/Time.h"

namespace dalbit::fast {

/// Numbers that decide how long an instruction takes alone if each of its
/// streams stays in one bank: which streams share theirs, and where in its
/// words each one begins its rows. The accumulator is nobody's but its own.
struct VectorShape {
  uint32_t isStream = 0, isTable = 0, isStore = 0, reduces = 0;
  uint32_t rows0 = 0, rows1 = 0, cols = 0, beatCols = 0;
  struct {
    uint32_t beatBytes = 0;               ///< 0: not used
    uint32_t low = 0, low0 = 0, low1 = 0; ///< base and strides in a word
    uint32_t like = 0;                    ///< the first stream in the same bank
  } streams[4];
};

struct VectorPlan {
  /// In order of the ports; the accumulator has its own.
  enum Port : unsigned { Out, C, B, A, Acc, Ports };
  struct Stream {
    bool isUsed = false;
    uint32_t base = 0, stride0 = 0, stride1 = 0;
    uint32_t beatBytes = 0, wordBytes = 0, wordStep = 0, mask = 0;
    bool isInBank = false; ///< all of it is in one bank
  };
  /// Cycles after start_i.
  struct Alone {
    Cycle done = Never; ///< Never: takes long, or asks past the scratchpad
    Cycle last = 0;     ///< the latest access
    Cycle moved = 0;    ///< the latest cycle in which a counter moved; 0: none
  };

  /// Finds all the rest from c, but `alone` only where no two of the
  /// instruction's own streams may ask the same bank.
  void make(const Sizes &sizes);
  /// Whether `alone` depends on \p shape alone; which it is.
  bool hasShape(const Sizes &sizes, VectorShape &shape) const;

  isa::VectorConfiguration c;
  bool isMade = false;
  isa::ErrorCode refused = isa::ErrorCode::None;
  bool isStream = false, isScalar = false, isTable = false, isStore = false,
       isFetch = false, isEmpty = true;
  uint32_t rows0 = 0, rows1 = 0, cols = 0, beatCols = 0;
  Stream streams[Ports];
  uint64_t beats = 0;
  uint64_t outBehind = 0;    ///< advances from F to the output word
  uint64_t lastAdvance = 0;  ///< after it the pipeline is empty
  uint64_t bankMask[2] = {}; ///< a superset of the banks that it asks
  bool asksNobody = false;   ///< it is refused or works on row scalars alone
  isa::VectorCounters counts;
  Alone alone;

private:
  void decode(const Sizes &sizes);
  isa::ErrorCode check(const Sizes &sizes) const;
  uint64_t wordsOf(const Stream &stream) const;
  void count(const Sizes &sizes);
  void findBanks(const Sizes &sizes);
};

} // namespace dalbit::fast
