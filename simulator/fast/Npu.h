// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole NPU in time: sequencer, dispatchers, semaphores, DMAs, AXI, and the
// moments at which matrix and vector unit are run ahead.
//
// Nothing is stepped. Each part says in which cycle it decides something next;
// the loop in Npu.cpp goes to the earliest of them and lets all parts that are
// due decide, in the order in which the rtl's signals depend on each other
// within a cycle (step()). The data paths of matrix and vector unit are run
// ahead from there, at most `LookAhead` cycles and never past what is known of
// the ports before theirs when they may meet in a bank; if such a port then
// takes a bank all the same, they are taken back to what is certain
// (invalidate()). DMA in goes before everybody at the banks and waits only for
// the memory, so its bursts are decided ahead up to the next address of another
// interface (takeReads()), and those that are alike in one step.

#pragma once

#include "isa/binary/Program.h"
#include "simulator/fast/Bursts.h"
#include "simulator/fast/Code.h"
#include "simulator/fast/Dispatch.h"
#include "simulator/fast/FetchBuffer.h"
#include "simulator/fast/MatrixTime.h"
#include "simulator/fast/MemoryPort.h"
#include "simulator/fast/Tally.h"
#include "simulator/fast/Values.h"
#include "simulator/fast/VectorTime.h"
#include "simulator/host/Engine.h"

#include <array>

namespace dalbit::fast {

/// How a run ended.
enum class Outcome { Done, Stopped, Deadlock, Endless };

struct RunEnd {
  Outcome outcome = Outcome::Done;
  Cycle cycle = 0;
  isa::ErrorCode error = isa::ErrorCode::None;
  uint32_t errorPc = 0, errorUnit = 0;
};

class Npu {
public:
  Npu(const binary::Program &program, const target::Target &target,
      const verilated::MemorySystem &system, uint64_t capacity, Values &values);

  /// Cycles without progress after which a program counts as dead (T10), and
  /// how often that is looked at (simulator/verilated).
  static constexpr Cycle Patience = 100000;
  static constexpr Cycle CheckCycles = 10000;

  /// \p regions: base addresses, as the host writes them before a start.
  RunEnd run(const host::Start &start,
             const std::array<uint64_t, isa::RegionCount> &regions);

  // After a run.
  isa::Counters counters() const { return total; }
  std::map<uint32_t, isa::Counters> byTag() {
    return tally.end(Cycle(total.cycles));
  }
  const dram::DramCounters &dramCounters() const { return memory.counters(); }
  const Dispatch &dispatch(unsigned unit) const { return units[unit]; }
  uint8_t semaphore(unsigned index) const { return semaphores[index]; }
  /// Of the instruction that the sequencer has.
  uint32_t shownPc() const { return shown; }

private:
  static constexpr Cycle LookAhead = 1024;

  // --- Npu.cpp: the loop
  void begin(const host::Start &start);
  void reset();
  Cycle nextOfOthers() const;
  Cycle nextForeignTake(Cycle others) const;
  void step(Cycle now);
  bool stepShort(Cycle rest);
  void runSequencer(Cycle rest);
  bool check(Cycle now);
  void finish(RunEnd &end);
  void setError(unsigned unit, Cycle at,
                isa::ErrorCode code = isa::ErrorCode::None, uint32_t place = 0);
  void raise(Cycle now);
  void endCycle(Cycle now);
  bool isIdle() const;
  bool isQueued() const;

  // --- Units.cpp: dispatchers, matrix and vector unit
  void push(unsigned unit, const CodeWord &code, Cycle now);
  void takeSemaphores(uint32_t mask);
  void dispatchAll(Cycle now);
  void take(unsigned unit, Cycle now);
  void done(UnitNumber unit, Cycle now, isa::ErrorCode error);
  void idle(UnitNumber unit);
  isa::Counters &countersOf(UnitNumber unit);
  void addBusy(UnitNumber unit, uint64_t cycles);
  void addSemStall(UnitNumber unit, isa::Counters &counters, uint64_t cycles);
  void addSeqWait(UnitNumber unit, uint64_t cycles);
  void retag(UnitNumber unit, uint32_t tag, Cycle now);
  void signal(uint32_t mask) { ups[upCount++] = uint16_t(mask); }
  void advanceMatrix(Cycle now);
  void advanceVector(Cycle now);
  void invalidate(Level level, uint32_t bank, Cycle from, Cycle now);
  bool meets(const uint64_t (&mask)[2], const MatrixTime &unit) const;
  bool meets(const uint64_t (&mask)[2], const VectorTime &unit) const;
  bool unitsMeet() const;
  template <typename Unit> bool meetsDma(const Unit &unit) const;
  void markMatrix(Cycle now);
  bool isBankFree(uint32_t bank, Cycle now);
  uint64_t issuingBefore(Cycle cycle) const;

  // --- Sequencer.cpp
  void show(uint32_t at, Cycle from);
  void sequence(Cycle now);
  bool isBad(const CodeWord &word) const;
  void execute(const CodeWord &word);
  void runAhead();
  bool decide(const CodeWord &word, Cycle now);
  void beginLoop(const CodeWord &loop, Cycle now);
  void endInstruction(Cycle now);
  void goOn(Cycle now);
  void jump(uint32_t target, Cycle now);
  bool endLoops(uint32_t last, uint32_t &target);
  void fail(isa::ErrorCode code, Cycle now);
  void scalarLoad(Cycle now);

  // --- DmaIn.cpp
  struct Landing;
  void beginIn(Cycle start, const uint32_t *fields);
  void planRead();
  void takeReads(Cycle known, Cycle horizon);
  void takeRead(Cycle at, Cycle now);
  void afterRead(Cycle at);
  uint32_t evenUnits() const;
  bool takeEvenReads(Cycle now, Cycle horizon, uint32_t most);
  void settleLanded(Cycle now);
  void takeIndex(Cycle now);
  void landBurst(Cycle at, Cycle now);
  void endIn(Cycle at, isa::ErrorCode error);
  void finishEmptyIn();
  void settleIn(Cycle upTo);
  void count(isa::DmaCounters &counters, const Landing &landing, uint32_t beats,
             uint32_t writes) const;
  Cycle landingFinal(Cycle now) const;

  // --- DmaOut.cpp
  void beginOut(Cycle start, const uint32_t *fields);
  void planWords();
  void readWords(Cycle now);
  void planWrite();
  void takeWrite(Cycle now);
  void endOut(Cycle at, isa::ErrorCode error);
  void finishEmptyOut();
  void settleOut(Cycle upTo);

  const Sizes sizes;
  const std::vector<CodeWord> code;
  std::array<uint64_t, isa::Regions> regionBases{};
  Values &values;
  MemoryPort memory;
  Occupancy occupancy, nobody;
  FetchBuffer fetch;
  MatrixTime matrix;
  VectorTime vector;
  Tally tally;
  isa::Counters total;

  // ---- clock and run
  Cycle clock = 5; ///< between runs; five cycles of reset
  Cycle startAt = 0;
  Cycle nextCheck = 0, lastProgress = -1;
  uint64_t bound = 0;
  bool isEndless = false;
  Cycle stopFrom = Never; ///< nothing starts from here on
  Cycle haltAt = Never;   ///< cycle in which halt is executed
  RunEnd failure;
  Cycle errorAt[Units + 1], firstError = Never; ///< the earliest of them
  isa::ErrorCode errorCode[Units + 1];
  uint32_t errorPc[Units + 1];
  Cycle lastDone = 0; ///< of any unit
  Cycle lastMove = 0; ///< latest cycle in which a counter of work moved

  // ---- semaphores
  uint8_t semaphores[isa::Semaphores] = {};
  uint32_t given = 0; ///< a bit for each that is not 0
  uint16_t ups[16];
  unsigned upCount = 0;
  uint32_t takenMask = 0; ///< in this cycle
  Cycle takenAt = -1;
  Cycle dispatchAt = Never;
  Dispatch units[Units];
  uint32_t queued = 0;     ///< a bit for each whose queue is not empty
  UnitNumber idled[Units]; ///< became idle in this cycle
  unsigned idledCount = 0;
  struct Split { ///< the unit's tag has changed in this cycle
    UnitNumber unit;
    isa::Counters *before;
  } splits[Units];
  unsigned splitCount = 0;

  Cycle matrixAt = Never, vectorAt = Never;
  bool matrixRuns = false, vectorRuns = false;

  // ---- sequencer
  enum class Mode {
    Run,
    AwaitLine,
    AwaitQueue,
    AwaitSemaphore,
    AwaitWord,
    Ended
  };
  Mode mode = Mode::Run;
  Cycle sequenceAt = Never; ///< next cycle in which it does something
  Cycle scalarAt = Never;   ///< scalar port asks
  uint32_t pc = 0;          ///< at hand, shown from shownAt on
  uint32_t shown = 0;       ///< the one before, or at the end what pc_o shows
  Cycle shownAt = 0;
  Cycle lineFrom = 0;  ///< AwaitLine: when it began
  Cycle stallFrom = 0; ///< of the other waits
  uint64_t queueStall = 0, semaphoreStall = 0, loadStall = 0, executed = 0;
  uint32_t scalarAddress = 0;
  uint32_t registers[isa::Registers] = {};
  uint16_t tag = 0;
  uint32_t fields[Units][MostFields];
  struct Loop {
    uint32_t first, last, left;
  };
  Loop loops[isa::LoopDepth];
  unsigned depth = 0;

  // ---- DMA in
  struct Landing {             ///< a burst on its way, or settled
    Cycle first, second, last; ///< beats
    uint32_t beats, bytes, bytes0, bytes1;
    uint32_t countedBeats, countedWrites;
  };
  static constexpr uint32_t Landings = 256;
  Bursts in;
  bool inActive = false; ///< addresses are being made
  bool inEmpty = false;  ///< an instruction without bursts waits for its end
  bool inShown = false;  ///< the next burst is there from inValid on
  uint64_t inBanks[2] = {};
  Cycle inStart = 0, inValid = 0;
  Cycle readAt = Never;  ///< AR may be taken
  Cycle indexAt = Never; ///< index port asks
  Cycle indexGrantAt = -1;
  uint32_t indexGrantBank = 0;
  bool inBad = false; ///< an index was past the scratchpad
  struct Address {    ///< what AR shows
    uint64_t dram;
    uint32_t spm, bytes;
    bool isLast, isBad;
  } read;
  Cycle lastRead = -1; ///< latest cycle in which AR was taken
  Landing landings[Landings];
  struct { ///< the last unit (MemoryPort) of the latest burst, for those after
           ///< it
    bool isKnown = false;
    uint64_t end = 0;          ///< address where it ended
    Cycle first = 0, last = 0; ///< beats
    Cycle second = 0;
    Cycle answer = 0; ///< from which its first beat could come
    struct {
      Cycle from;
      uint32_t count;
    } runs[MemoryPort::MostRequests + 1]; ///< of cycles in which it writes
    unsigned runCount = 0;
  } even;
  uint64_t landed = 0, settled = 0; ///< bursts taken; counted
  Cycle lastBeat = -1;
  struct Ending { ///< an instruction whose end is known
    Cycle at;
    isa::ErrorCode error;
  };
  Ending inEnds[ListDepth];
  uint32_t inFirst = 0, inEnded = 0;
  isa::ErrorCode inError = isa::ErrorCode::None;

  // ---- DMA out
  struct Write {
    Cycle lastGrant, sent, popped, answered;
    uint32_t words, bytes;
    uint64_t dram;
    bool isLast;
  };
  static constexpr uint32_t Writes = 64;
  Bursts out;
  bool outActive = false, outEmpty = false;
  uint64_t outBanks[2] = {};
  Cycle outStart = 0, outValid = 0;
  Cycle wordAt = Never;  ///< the read port asks
  Cycle writeAt = Never; ///< AW may be taken
  Write writes[Writes];
  uint64_t outTaken = 0, outRead = 0, outSent = 0, outAccepted = 0;
  uint32_t wordsLeft = 0, wordAddress = 0;
  Cycle lastData = -1, lastAnswer = -1, lastWrite = -1;
  bool outMark = false; ///< of the instruction being read
  bool outMarks[32];    ///< of instructions whose reads have ended
  uint64_t marksIn = 0, marksOut = 0;
  isa::ErrorCode outError = isa::ErrorCode::None;
  Ending outEnds[ListDepth];
  uint32_t outFirst = 0, outEnded = 0;
  struct Span { ///< counts of consecutive cycles
    Cycle from;
    uint32_t count, first, each, last; ///< beats: bytes of the first, ...
    bool isBeat, endsBurst;
  };
  std::vector<Span> spans;
};

} // namespace dalbit::fast
