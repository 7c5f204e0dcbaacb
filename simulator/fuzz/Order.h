// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Semaphores for a program as it is written: a job that touches what an earlier
// one of another unit touches waits for it. The clocks are those of
// functional/RaceDetector.h, over ranges in place of bytes.
//
// Between two barriers each semaphore belongs to one ordered pair of actors, so
// its n-th signal meets its n-th wait; pairs without one go through the
// sequencer. A wait may add the signal to a go that is written already, so
// nothing between two barriers may be executed more or less than once.

#pragma once

#include "simulator/fuzz/Emitter.h"

#include <array>

namespace dalbit::fuzz {

class Order {
public:
  Order(const target::Target &target, Emitter &emitter, Random &random);

  /// Writes a job with what it has to wait for.
  void run(const Job &job);
  /// The sequencer is about to read \p bytes of the scratchpad.
  void beforeLoad(uint32_t address, uint32_t bytes);
  /// The sequencer has waited for all units; semaphores get new pairs.
  void barrier();
  /// All units are idle and all semaphores 0 but for those that the caller
  /// takes (pipelines): the caller has made its own barrier.
  void restart();

  /// A job that the caller wrote and that may be executed many times; it ended
  /// by itself, so that it cannot signal. The next job of its unit can.
  void note(const Job &job);
  /// Whether the job touches what a noted one of another unit touches.
  bool conflictsWithNoted(const Job &job) const;

private:
  static constexpr unsigned Actors = isa::UnitCount + 1;
  static constexpr unsigned Sequencer = isa::SequencerUnit;
  using Clock = std::array<uint32_t, Actors>;

  struct Record {
    unsigned unit;
    uint32_t ordinal;
    size_t go; ///< place in the code
    bool maySignal;
    std::vector<Range> ranges;
    Clock atEnd;
  };

  void require(const std::vector<Range> &ranges, unsigned actor,
               uint16_t &wait);
  /// Lets \p actor know that the unit's instruction has ended: a bit of
  /// \p wait, or a wait of the sequencer.
  void need(unsigned unit, uint32_t ordinal, unsigned actor, uint16_t &wait);
  void dealPairs();
  uint16_t idle(uint16_t wait, unsigned unit);

  const target::Target &target;
  Emitter &emitter;
  Random &random;
  std::vector<Record> records; ///< since the last barrier
  std::array<Clock, Actors> known{}, ended{};
  std::array<uint32_t, isa::UnitCount> counts{};
  std::array<std::array<int, Actors>, Actors> semaphoreOf{};
};

} // namespace dalbit::fuzz
