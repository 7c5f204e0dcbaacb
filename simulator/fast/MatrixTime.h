// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When the matrix unit does what: docs/units/matrix.md, Timing, word by word
// and row by row, without data.
//
// advance() may run ahead of the other units on the assumption that nobody
// before it takes one of its banks that is still free; restore() takes back
// what was decided since keep(). Whatever it decides after keep() lies at or
// after the cycle up to which it had been advanced then.
//
// runAlone() is the closed form where nobody before it has one of the banks: no
// latency depends on data (T3), so the whole instruction takes what its
// configuration says, which advance() has found out once on banks of nobody.
// If somebody takes a bank after all, restore() goes back to the beginning.

#pragma once

#include "isa/Isa.h"
#include "simulator/fast/MatrixPlan.h"
#include "simulator/fast/Occupancy.h"
#include "simulator/fast/Plans.h"
#include "simulator/fast/Sizes.h"

namespace dalbit::fast {

class MatrixTime {
public:
  /// \p nobody: banks that no other unit asks.
  MatrixTime(const Sizes &sizes, Occupancy &occupancy, Occupancy &nobody)
      : sizes(sizes), all(occupancy), nobody(nobody), occupancy(&occupancy) {}

  /// An instruction that comes before long: the words of its configuration and
  /// the number of its go. Returns what choose() wants to know again.
  uint64_t expect(const uint32_t *configuration, uint32_t go) const {
    return plans.expect(configuration, go);
  }
  /// The next instruction. Then either runAlone() or begin().
  void choose(const uint32_t *configuration, uint64_t sum, uint32_t go);

  /// Decides the whole instruction, whose start_i is in \p start, if that is
  /// known and nobody before it has one of its banks meanwhile, as may be if \p
  /// mayMeet. It leaves no marks.
  bool runAlone(Cycle start, bool mayMeet);
  /// Begins the instruction, whose start_i is in \p start, and keeps that.
  void begin(Cycle start);
  bool leavesMarks() const { return !isAlone; }

  /// Decides what happens before \p horizon: bits of earlier ports are final
  /// up to there. Afterwards it is known up to `until()`.
  void advance(Cycle horizon);

  /// Cycle of done_o, or Never if it is not decided yet.
  Cycle done() const { return now.done; }
  /// Grants before this cycle are decided; Never at the end.
  Cycle until() const { return now.until; }
  isa::ErrorCode error() const { return plan->refused; } ///< with done_o
  /// First access past the scratchpad, or Never.
  Cycle outside() const { return now.outside; }
  Cycle moved() const { return now.lastFire + 1; } ///< of the counters
  Cycle used() const {
    return std::max({now.lastGrant, now.lastAsk, now.lastFire});
  }
  /// Banks that it may ask, the accumulator's halves included.
  uint64_t banks(unsigned word) const {
    return plan ? plan->bankMask[word] : 0;
  }

  void keep() { kept = now; }
  void restore();

  /// What the instruction counts in all but the dispatcher's counters.
  const isa::MatrixCounters &counts() const { return plan->counts; }

private:
  struct State {
    Cycle until = 0, done = Never, outside = Never;
    // Fill: the next word.
    uint32_t tile = 0, tileN = 0, tileK = 0, word = 0, group = 0, slot = 0,
             nextSlot = 1;
    bool header = false;
    uint32_t address = 0, tileAddress = 0, columnAddress = 0;
    Cycle lastGrant = 0, firstRequest = 0;
    Cycle filled[4] = {}; ///< last grant of a tile, by tile modulo 4
    // Rows asked for.
    uint64_t asked = 0;
    uint32_t askRow = 0, askK = 0, askAddress = 0, askTileAddress = 0;
    Cycle lastAsk = 0;
    // Rows that met their tile.
    uint64_t fired = 0;
    uint32_t fireRow = 0, fireTile = 0, fireK = 0, entry = 0, tileEntry = 0;
    Cycle lastFire = 0;
    Cycle asks[4] = {}, fires[4] = {}; ///< by row modulo 4
    Cycle released[4] = {};            ///< last fire of a tile
  };

  bool fill(Cycle horizon);
  bool ask(Cycle horizon);
  bool fire(Cycle horizon);
  void endTile();
  uint32_t runInBank(uint32_t address, uint32_t step, uint32_t most) const;

  const Sizes &sizes;
  Occupancy &all, &nobody, *occupancy;
  Plans<MatrixPlan> plans;
  const MatrixPlan *plan = nullptr;
  bool isAlone = false;
  Cycle startAt = 0;
  State now, kept;
};

} // namespace dalbit::fast
