// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When the vector unit does what: docs/units/vector.md, Timing, advance by
// advance, without data. advance() and restore() are as in MatrixTime.h; marks
// are left only on demand, as hardly anybody comes after the vector unit's
// ports.

#pragma once

#include "isa/Isa.h"
#include "simulator/fast/Occupancy.h"
#include "simulator/fast/Sizes.h"

namespace dalbit::fast {

class VectorTime {
public:
  VectorTime(const Sizes &sizes, Occupancy &occupancy)
      : sizes(sizes), occupancy(occupancy) {}

  void begin(const isa::VectorConfiguration &configuration, Cycle start);
  void advance(Cycle horizon);

  Cycle done() const { return now.done; }
  Cycle until() const { return now.until; }
  isa::ErrorCode error() const { return refused; }
  Cycle outside() const { return now.outside; }
  Cycle moved() const { return now.moved; } ///< counters stand still after it
  Cycle used() const { return now.last; }   ///< no access is decided after it
  uint64_t banks(unsigned word) const { return bankMask[word]; }

  void keep() { kept = now; }
  void restore();
  /// From kept() on, accesses are marked for the ports behind.
  void leaveMarks() { marks = true; }
  bool leavesMarks() const { return marks; }

  /// Adds what the instruction counts in all but the dispatcher's counters.
  void count(isa::VectorCounters &to) const;

private:
  /// In order of the ports; the accumulator has its own.
  enum Port : unsigned { Out, C, B, A, Acc, Ports };
  /// A stream's walk over rows and words (rtl/vector/vector_stream.sv,
  /// vector_out.sv). An accumulator entry counts as a word.
  struct Walk {
    uint32_t address = 0, row = 0, outer = 0; ///< of the next beat
    uint32_t word = 0;                        ///< what is asked for
    bool isAsking = false;
  };
  struct Place {
    uint32_t inner = 0, outer = 0, left = 0; ///< rows that follow; columns
  };
  struct State {
    Cycle until = 0, done = Never, outside = Never;
    Cycle last = 0;  ///< the latest advance
    Cycle moved = 0; ///< the latest cycle in which a counter moved
    uint64_t advances = 0;
    Place in, out; ///< of the beat in F and of that at the output
    Walk walks[Ports];
    /// When the words that are asked for are granted, if that is known.
    Cycle granted[Ports] = {Never, Never, Never, Never, Never};
  };
  struct Stream {
    bool isUsed = false;
    uint32_t base = 0, stride0 = 0, stride1 = 0;
    uint32_t beatBytes = 0, wordBytes = 0, wordStep = 0, mask = 0;
  };

  isa::ErrorCode check() const;
  void decode();
  void findBanks();
  bool step(const Stream &stream, Walk &walk, bool isRowEnd,
            bool isInnerEnd) const;
  void goOn(Place &place) const;
  bool grant(Cycle from, Cycle horizon, Cycle &latest, Cycle &outside);
  void mark();
  uint32_t bankOf(Port port, uint32_t address) const;
  uint64_t wordsOf(const Stream &stream) const;

  const Sizes &sizes;
  Occupancy &occupancy;
  isa::VectorConfiguration c;
  isa::ErrorCode refused = isa::ErrorCode::None;
  bool marks = false;

  // What the instruction is (rtl/vector/vector_decode.sv).
  bool isStream = false, isScalar = false, isTable = false, isStore = false,
       isFetch = false, isEmpty = true;
  uint32_t rows0 = 0, rows1 = 0, cols = 0, beatCols = 0;
  Stream streams[Ports];
  uint64_t beats = 0;
  uint64_t outBehind = 0;   ///< advances from F to the output word
  uint64_t lastAdvance = 0; ///< after it the pipeline is empty
  uint64_t bankMask[2] = {};
  State now, kept;
};

} // namespace dalbit::fast
