// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When the vector unit does what: docs/units/vector.md, Timing, advance by
// advance, without data. expect(), choose(), runAlone(), begin(), advance() and
// restore() are as in MatrixTime.h; marks are left only on demand, as hardly
// anybody comes after the vector unit's ports.

#pragma once

#include "isa/Isa.h"
#include "simulator/fast/Occupancy.h"
#include "simulator/fast/Plans.h"
#include "simulator/fast/Sizes.h"
#include "simulator/fast/VectorPlan.h"

namespace dalbit::fast {

class VectorTime {
public:
  /// \p nobody: banks that no other unit asks.
  VectorTime(const Sizes &sizes, Occupancy &occupancy, Occupancy &nobody)
      : sizes(sizes), all(occupancy), nobody(nobody), occupancy(&occupancy) {}

  uint64_t expect(const uint32_t *configuration, uint32_t go) const {
    return plans.expect(configuration, go);
  }
  void choose(const uint32_t *configuration, uint64_t sum, uint32_t go);
  /// \p mayMeet: other ports may take one of its banks before long.
  bool runAlone(Cycle start, bool mayMeet);
  void begin(Cycle start);
  void advance(Cycle horizon);

  Cycle done() const { return now.done; }
  Cycle until() const { return now.until; }
  isa::ErrorCode error() const { return plan->refused; }
  Cycle outside() const { return now.outside; }
  Cycle moved() const { return now.moved; } ///< counters stand still after it
  Cycle used() const { return now.last; }   ///< no access is decided after it
  uint64_t banks(unsigned word) const {
    return plan ? plan->bankMask[word] : 0;
  }

  void keep() { kept = now; }
  void restore();
  /// From kept() on, accesses are marked for the ports behind.
  void leaveMarks() { marks = true; }
  bool leavesMarks() const { return marks; }

  /// What the instruction counts in all but the dispatcher's counters.
  const isa::VectorCounters &counts() const { return plan->counts; }

private:
  using enum VectorPlan::Port;

  /// A stream's walk over rows and words (rtl/vector/vector_stream.sv,
  /// vector_out.sv). An accumulator entry counts as a word.
  struct Walk {
    uint32_t address = 0, row = 0, outer = 0; ///< of the next beat
    uint32_t word = 0;                        ///< what is asked for
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
    Walk walks[VectorPlan::Ports];
    uint32_t asking = 0; ///< a bit for each port that asks for a word
    /// When the words that are asked for are granted, if that is known.
    Cycle granted[VectorPlan::Ports] = {Never, Never, Never, Never, Never};
  };

  VectorPlan::Alone findAlone();
  bool step(const VectorPlan::Stream &stream, Walk &walk, bool isRowEnd,
            bool isInnerEnd) const;
  void goOn(Place &place) const;
  void ask(VectorPlan::Port port, bool asks) {
    now.asking = (now.asking & ~(1u << port)) | uint32_t(asks) << port;
  }
  bool grant(Cycle from, Cycle horizon, Cycle &latest, Cycle &outside);
  void mark();
  uint32_t bankOf(VectorPlan::Port port, uint32_t address) const;

  const Sizes &sizes;
  Occupancy &all, &nobody, *occupancy;
  Plans<VectorPlan> plans;
  struct ShapePlan {
    VectorShape c;
    bool isMade = false;
    VectorPlan::Alone alone;
  };
  Plans<ShapePlan> shapes;
  const VectorPlan *plan = nullptr;
  bool marks = false, isAlone = false;
  Cycle startAt = 0;
  State now, kept;
};

} // namespace dalbit::fast
