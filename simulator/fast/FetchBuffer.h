// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The instruction buffer and its prefetch (rtl/sequencer/fetch.sv), driven by
// the loop in Npu.cpp: look() is one look of the pointer, take() the moment in
// which the memory takes the address.

#pragma once

#include "simulator/fast/MemoryPort.h"
#include "simulator/fast/Sizes.h"

namespace dalbit::fast {

class FetchBuffer {
public:
  FetchBuffer(const Sizes &sizes, MemoryPort &memory)
      : sizes(sizes), memory(memory) {}

  /// start_i is in \p start.
  void begin(Cycle start, uint32_t entry, uint32_t codeWords, uint64_t base);
  /// From \p at on \p pc is the next instruction to be read.
  void setPc(uint32_t pc, Cycle at) {
    isPast = pc >= codeWords;
    uint64_t of = lineOf(pc);
    if (of == line)
      return;
    line = of;
    lookAt = std::min(lookAt, at);
  }
  /// The same after a branch; the pointer begins again there.
  void redirect(uint32_t pc, Cycle at) {
    setPc(pc, at);
    isAgain = true;
    lookAt = std::min(lookAt, at);
  }

  Cycle nextLook() const { return lookAt; }
  Cycle nextTake() const { return takeAt; }
  /// The pointer's step in \p now.
  void look(Cycle now);
  /// The address is taken in \p now. Returns the cycle of the last beat.
  Cycle take(Cycle now);
  /// Nothing is asked for any more.
  void stop() { lookAt = Never; }

  /// First cycle after \p from in which the instruction at \p pc, wanted in
  /// \p from, is shown; Never while its line is not booked.
  Cycle shownFrom(uint32_t pc, Cycle from) const;
  bool isFault(uint32_t pc) const;
  /// The last instruction of the line of \p pc or of the code.
  uint32_t lastOfLine(uint32_t pc) const {
    uint32_t left = LineInstructions - 1 - (base + pc) % LineInstructions;
    return std::min(pc + left, codeWords - 1);
  }
  uint64_t lineOf(uint32_t pc) const { return (base + pc) / LineInstructions; }

  Cycle lastArrival() const { return latestBeat; }
  bool isWaiting() const { return takeAt != Never; }
  uint64_t bursts() const { return taken; }

private:
  struct Line {
    uint64_t number = 0;
    bool isAsked = false, isBad = false;
    Cycle arrived = Never; ///< cycle of its last beat
  };

  const Sizes &sizes;
  MemoryPort &memory;
  uint64_t base = 0; ///< of the code, in instructions
  uint32_t codeWords = 0;
  uint64_t lastLine = 0;

  Line lines[FetchLines];
  uint64_t line = 0; ///< of the next instruction to be read
  bool isPast = false;
  bool isAgain = false;
  uint64_t ahead = 0;
  Cycle lookAt = Never, takeAt = Never;
  uint32_t asked = 0; ///< slot whose address is shown
  bool isBlocked = false;
  Cycle arrivals[FetchPending]; ///< of lines on their way
  uint32_t firstPending = 0, pending = 0, booked = 0;
  Cycle latestBeat = -1;
  uint64_t taken = 0;
};

} // namespace dalbit::fast
