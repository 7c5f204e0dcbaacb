// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random programs without races and deadlocks. A program loads random data,
// then lets the units work on them in straight stretches, bursts, loops,
// branches and double-buffered pipelines, and at its end stores what it left in
// scratchpad, accumulators and row scalars, so that memory shows it.
//
// Order comes from Order.h in straight stretches; between them, the sequencer
// waits for all units. Loops are of four kinds:
//   counting   scalar instructions only
//   closed     anything; the sequencer waits for the units in every round
//   free       jobs that share nothing, without waits: full queues, contention
//   pipeline   jobs that hand buffers on, with a semaphore forward and credits
//              back, as a compiler would write it
//
// Programs that must be refused have one fault (Faults.cpp) at a random place.

#pragma once

#include "simulator/fuzz/Case.h"
#include "simulator/fuzz/JobMaker.h"
#include "simulator/fuzz/Order.h"

#include <functional>

namespace dalbit::fuzz {

class Generator {
public:
  Generator(const target::Target &target, uint64_t seed);

  /// The program of the seed; with the number of a fault one that the NPU
  /// refuses.
  Case make(std::optional<unsigned> faultNumber);

private:
  /// A register that holds 0 to most in steps of 1 or of the alignment.
  struct Source {
    uint8_t reg;
    uint32_t most;
    bool byOnes;
  };
  struct Slot; ///< what stages of a pipeline hand on

  // Generator.cpp: what a program consists of.
  void layOut();
  void prologue();
  void epilogue();
  void dump(uint32_t address, uint32_t bytes, uint32_t &offset);
  void block(unsigned depth, unsigned statements, bool hasJobs);
  void statement(unsigned depth, bool hasJobs);
  void job();
  void burst();
  void load();
  void tag();
  void arithmetic();
  void stretch();
  void branch(unsigned depth, bool hasJobs);
  /// Random movement of a job's fields by the registers at hand.
  void move(Job &job);
  void run(const Job &job);
  isa::Unit anyUnit();
  void remember(const Job &job);
  std::vector<Place> places(unsigned count, uint32_t bytes);

  // Loops.cpp
  void loop(unsigned depth, bool hasJobs);
  /// \p body between the loop instruction and the way back.
  void repeat(uint32_t rounds, const std::function<void()> &body);
  void closedLoop(unsigned depth, bool hasJobs);
  void freeLoop();
  void pipeline();
  std::vector<Job> stages(const std::vector<isa::Unit> &units,
                          const std::vector<Slot> &slots, const Place &side);

  // Faults.cpp
  void fault(unsigned number);
  bool plant(isa::Unit unit, unsigned &number);
  std::vector<std::function<void()>> sequencerFaults();

  const target::Target target;
  Random random;
  Case result;
  Emitter emitter;
  Order order;
  JobMaker maker;
  Menu menu;
  std::vector<uint32_t> banks; ///< whose places are used, for contention
  std::vector<Source> sources;
  std::vector<Range> written; ///< in scratchpad and accumulator
  bool lacksHalt = false;
};

} // namespace dalbit::fuzz
