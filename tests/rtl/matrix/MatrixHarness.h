// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The Verilated matrix unit with a scratchpad behind its two read ports.
// Grants are refused at random (a percentage), the vector unit's reads are
// optional. run() takes one instruction from its start to its done and keeps
// what happened in which cycle, counted from the start.

#ifndef DALBIT_TESTS_RTL_MATRIX_MATRIXHARNESS_H
#define DALBIT_TESTS_RTL_MATRIX_MATRIXHARNESS_H

#include "Vmatrix_bench.h"
#include "tests/rtl/matrix/MatrixModel.h"

#include <memory>

namespace dalbit::rtltest {

struct MatrixTrace {
  std::vector<int> fillRequest, fillGrant, fillAddress;
  std::vector<int> actRequest, actGrant, actAddress;
  int done = -1, ready = -1, vectorReads = 0, vectorWaits = 0;
  int errorCode = 0; // 0: no error raised
};

class MatrixHarness {
public:
  MatrixHarness(MatrixSize size, unsigned seed);

  MatrixTrace run(const MatrixConfig &config);

  /// Reads an entry as the vector unit does, while the unit is idle.
  std::vector<uint32_t> readEntry(int entry);

  MatrixCounters counters() const;

  std::vector<uint8_t> spm;
  std::mt19937 random;
  int stallPercent = 0;
  /// While an instruction runs, the vector unit reads these entries at random
  /// and run() compares them with \p expected; empty: it does not read.
  std::vector<int> vectorEntries;
  const Accumulator *expected = nullptr;

private:
  struct Port {
    bool valid = false;
    int address = 0;
    bool requested = false; // the same request was there a cycle ago
  };

  void cycle(MatrixTrace &trace, int now);

  MatrixSize size;
  std::unique_ptr<Vmatrix_bench> rtl = std::make_unique<Vmatrix_bench>();
  Port fill, act;
  int vectorEntry = -1, vectorAnswer = -1;
};

} // namespace dalbit::rtltest

#endif
