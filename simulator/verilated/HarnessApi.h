// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C interface between the engine and the shared object that holds one Verilated configuration and
// its clock loop. The loop runs inside; it calls out once for each 64-byte DRAM request.

#pragma once

#include <cstdint>

extern "C" {

/// Which AXI interface asks.
enum DalbitPort { DalbitFetch, DalbitRead, DalbitWrite };

struct DalbitHost {
  void *self;
  uint8_t *memory;
  uint64_t capacity;
  /// NPU cycle in which the request's data are there (or written), asked in \p cycle.
  int64_t (*access)(void *self, int64_t cycle, uint64_t address, int port);
  /// Something happened to the unit's instruction; read the counters. Tags by unit before it.
  void (*event)(void *self, int64_t cycle);
  /// Now and then during long runs.
  void (*progress)(void *self, int64_t cycle);
};

struct DalbitStart {
  uint32_t pc, codeWords;
  uint32_t arguments[8];
  uint64_t regions[8];
};

enum DalbitOutcome { DalbitDone, DalbitStopped, DalbitHangs };

struct DalbitEnd {
  int outcome;
  int64_t cycle;
  uint32_t errorCode, errorPc, errorUnit;
  uint32_t need[4];        ///< semaphores that each unit's queue head waits for
  uint32_t want[4];        ///< whether there is one
  uint8_t semaphores[16];
};

struct DalbitCounter {
  const char *name;
  const uint64_t *value;
};

void *dalbitCreate(const DalbitHost *host);
void dalbitDestroy(void *npu);
void dalbitRun(void *npu, const DalbitStart *start, DalbitEnd *end);
/// The counters in no particular order; ends with a null name.
const DalbitCounter *dalbitCounters(void *npu);
/// Tag of the instruction in each unit.
void dalbitTags(void *npu, uint32_t tags[4]);
}
