// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds at run time what only luck keeps in order: two instructions of
// different units that touch the same byte (or accumulator entry), at least one
// writing, where no chain of semaphores lets the second begin after the first
// has ended. npu-verify-sync proves the loops of the compiler; this sees what a
// program does, whoever wrote it.
//
// The engine executes in program order, so what is wanted is the order that the
// hardware would guarantee. An actor is a unit or the sequencer. A clock says
// for each actor how many of its instructions are known to have ended. A go
// begins after what the sequencer knew when it issued it, after what each taken
// semaphore brings, and after the instruction before it in its unit has ended;
// the DMAs begin the next one earlier, but their reads and writes stay in
// order, except that a gather may read its index list before an earlier copy
// has written it. Each byte keeps the last writer and, for each actor, the last
// reader.
//
// Semaphores count, so which signal a wait gets must be certain: signals of one
// semaphore have to follow each other in time, and so do waits. Signals without
// an order (units that report to one barrier) are allowed where only the
// sequencer waits; it knows them when it has taken all.
//
// Not seen: the fetch of code, row scalars and the table, which have one user;
// waits for a full queue, which give an order that programs should not rely on.

#pragma once

#include "isa/target/Target.h"
#include "simulator/functional/Accesses.h"
#include "simulator/functional/Observer.h"
#include "simulator/host/Stopped.h"

#include <array>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

namespace dalbit::functional {

/// Two instructions without an order, or a semaphore whose signals have none.
class Race : public Error {
public:
  Race(uint32_t earlier, uint32_t later, const std::string &message,
       std::vector<std::string> notes)
      : Error(message, std::move(notes)), earlier(earlier), later(later) {}
  const uint32_t earlier, later; ///< instructions
};

class RaceDetector : public Observer {
public:
  explicit RaceDetector(const target::Target &target) : target(target) {}

  /// These throw Race.
  void begin(const Machine &machine,
             std::span<const isa::Instruction> code) override;
  void instruction(uint32_t pc, const isa::Instruction &instruction) override;
  void load(uint32_t pc, uint32_t address) override;
  void go(uint32_t pc, const isa::Instruction &go,
          const isa::Configurations &configurations) override;

private:
  static constexpr unsigned Actors = isa::UnitCount + 1;
  static constexpr unsigned Sequencer = isa::SequencerUnit;
  using Clock = std::array<uint32_t, Actors>;

  /// Something that an actor did. Its number is its place in `events` plus
  /// `firstEvent`, so that cells of earlier runs need not be cleared.
  struct Event {
    uint32_t pc, actor, ordinal;
  };
  struct Semaphore {
    std::deque<Clock> tokens;
    Clock joined{}; ///< of all signals since the count was 0
    uint32_t lastPc = 0;
    /// Signals since the count was 0 follow each other; some unit took one.
    bool isOrdered = true, isUnitsOwn = false;
    unsigned taker = Sequencer; ///< of the last token
    uint32_t takerOrdinal = 0, takerPc = 0;
  };
  /// What is known of one byte or entry, as numbers of events; those below
  /// `firstEvent` are of earlier runs.
  struct Cell {
    uint32_t writer = 0;
    std::array<uint32_t, Actors> readers{};
  };
  static constexpr uint64_t PageBytes = 512;
  using Page = std::array<Cell, PageBytes>;

  void take(unsigned actor, uint32_t mask, uint32_t pc, Clock &clock);
  void signal(uint32_t mask, uint32_t pc, const Clock &clock);
  void touch(const Access &access, const Clock &clock, uint32_t event,
             bool isIndex);
  const Event &event(uint32_t number) const {
    return events[number - firstEvent];
  }
  uint32_t add(uint32_t pc, unsigned actor);
  Cell *cells(Space space, uint64_t page);
  [[noreturn]] void report(uint32_t earlier, uint32_t later, Space space,
                           uint64_t place) const;
  [[noreturn]] void reportSemaphore(unsigned semaphore, const char *what,
                                    uint32_t earlier, uint32_t later) const;
  std::string describe(uint32_t pc) const;

  const target::Target target;
  const Machine *machine = nullptr;
  std::vector<isa::Instruction> code;
  std::vector<Event> events;
  uint32_t firstEvent = 1;
  std::array<Semaphore, isa::Semaphores> semaphores;
  std::array<Clock, Actors> known{}; ///< when the next instruction begins
  std::array<Clock, Actors> ended{}; ///< when the last one has ended
  std::array<uint32_t, Actors> counts{};
  std::array<std::unordered_map<uint64_t, std::unique_ptr<Page>>, 3> pages;
};

} // namespace dalbit::functional
