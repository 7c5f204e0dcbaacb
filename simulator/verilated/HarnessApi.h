// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between the engine and the shared object that holds one Verilated hardware
// configuration with its clock loop (Harness.cpp). The loop runs inside the
// object; it calls out once for each 64-byte request to the DRAM, when a unit's
// tag changes, and now and then for the watchdog. Both sides are built from the
// same sources, so there is no version.
//
// Cycles count from the creation of the NPU, reset included, and stand still
// between runs. An NPU belongs to one thread at a time.

#pragma once

#include "AxiStalls.h"

#include <cstdint>

extern "C" {

struct DalbitHost {
  void *self;
  /// The DRAM's contents, bytes 0 to capacity.
  uint8_t *memory;
  uint64_t capacity;
  /// Books a request of 64 bytes asked in \p cycle; returns the cycle from
  /// which its data are there or written.
  int64_t (*access)(void *self, int64_t cycle, uint64_t address, int write);
  /// From now on what \p unit counts belongs to \p tag.
  void (*retag)(void *self, unsigned unit, uint32_t tag);
  /// Called every DalbitCheckCycles; 0 breaks the run off.
  int (*check)(void *self, int64_t cycle);
  /// A run-time value that steers the program (T11): the word of a scalar load,
  /// or an index of a gather. Only if the start asks for it.
  void (*value)(void *self, int isIndex, uint32_t value);
  dalbit::verilated::AxiStalls stalls;
};

enum { DalbitUnits = 4, DalbitSemaphores = 16, DalbitCheckCycles = 10000 };

struct DalbitStart {
  uint32_t pc, codeWords;
  uint32_t arguments[8];
  uint64_t regions[8];
  int tellsValues; ///< whether value() is called
};

/// How a run ended: halt, the status register's error, or check() said so.
enum DalbitOutcome { DalbitDone, DalbitStopped, DalbitBrokenOff };

/// A unit and the go's in front of it.
struct DalbitQueue {
  uint32_t running;       ///< instructions in the unit
  uint32_t waiting;       ///< go's in the queue; the rest is of its head
  uint32_t pc, tag, wait; ///< wait: mask of semaphores
};

struct DalbitEnd {
  int outcome;
  int64_t cycle;
  uint32_t errorCode, errorPc, errorUnit;
  // What is there when the run ends.
  uint32_t pc; ///< of the instruction that the sequencer has
  DalbitQueue queues[DalbitUnits];
  uint8_t semaphores[DalbitSemaphores];
};

/// A counter of the rtl; counts from reset on.
struct DalbitCounter {
  const char *name; ///< as in isa::counters()
  const uint64_t *value;
};

/// An NPU after reset. \p host is copied.
void *dalbitCreate(const DalbitHost *host);
void dalbitDestroy(void *npu);
/// Resets it after a run that did not end well.
void dalbitReset(void *npu);
void dalbitRun(void *npu, const DalbitStart *start, DalbitEnd *end);
/// The counters in no particular order; ends with a null name. Valid as long as
/// the NPU.
const DalbitCounter *dalbitCounters(void *npu);
}
