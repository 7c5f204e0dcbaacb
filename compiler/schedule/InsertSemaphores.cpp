// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One counting semaphore for each ordered pair of units. Between two barriers a
// job waits for the last job of another unit that it conflicts with, unless an
// earlier job of its unit waited for that one or a later one. Producers and
// consumers of a pair are then both in program order, so the n-th signal meets
// the n-th wait.

#include "compiler/schedule/Access.h"
#include "compiler/schedule/Schedule.h"

using namespace mlir;

namespace dalbit::schedule {

void insertSemaphores(func::FuncOp function) {
  for (Segment &segment : segmentsOf(function)) {
    int waited[npu::UnitCount][npu::UnitCount];
    for (auto &row : waited)
      std::fill(std::begin(row), std::end(row), -1);
    std::vector<std::vector<Access>> accesses;
    int last[npu::UnitCount] = {-1, -1, -1, -1};
    for (size_t j = 0; j < segment.jobs.size(); ++j) {
      npu::Job job = segment.jobs[j];
      accesses.push_back(accessesOf(job));
      unsigned consumer = npu::getUnit(job);
      bool found[npu::UnitCount] = {};
      for (int i = int(j) - 1; i >= 0; --i) {
        npu::Job other = segment.jobs[i];
        unsigned producer = npu::getUnit(other);
        if (found[producer] || i <= waited[producer][consumer] ||
            !needsOrder(other, job))
          continue;
        bool conflict = llvm::any_of(accesses[j], [&](const Access &a) {
          return llvm::any_of(accesses[i],
                              [&](const Access &b) { return a.conflicts(b); });
        });
        if (!conflict)
          continue;
        found[producer] = true;
        waited[producer][consumer] = i;
        uint32_t bit = 1u << semaphoreOf(producer, consumer);
        other.setSignal(other.getSignal() | bit);
        job.setWait(job.getWait() | bit);
      }
      last[consumer] = int(j);
    }
    if (!segment.barrier)
      continue;
    for (int index : last)
      if (index >= 0) {
        npu::Job job = segment.jobs[index];
        job.setSignal(job.getSignal() | 1u << BarrierSemaphore);
      }
  }
}

} // namespace dalbit::schedule
