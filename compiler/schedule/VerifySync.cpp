// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Proves the semaphores of a function from the masks alone: replays signals and
// waits in program order, keeps for each job what is known to be done when it
// starts, and checks that of every two conflicting jobs the earlier is known to
// be done.

#include "compiler/schedule/Access.h"
#include "compiler/schedule/Schedule.h"

#include <array>
#include <deque>

using namespace mlir;

namespace dalbit::schedule {

namespace {
/// For each unit, how many of its jobs of the segment are done.
using Known = std::array<int, npu::UnitCount>;

void join(Known &known, const Known &other) {
  for (unsigned u = 0; u < npu::UnitCount; ++u)
    known[u] = std::max(known[u], other[u]);
}
} // namespace

LogicalResult verifySync(func::FuncOp function) {
  for (Segment &segment : segmentsOf(function)) {
    std::deque<Known> tokens[16];
    Known unitKnown[npu::UnitCount] = {}, started{};
    std::vector<Known> atStart;
    std::vector<int> ordinal;
    std::vector<std::vector<Access>> accesses;
    for (size_t j = 0; j < segment.jobs.size(); ++j) {
      npu::Job job = segment.jobs[j];
      unsigned unit = npu::getUnit(job);
      Known known = unitKnown[unit];
      for (int s = 0; s < 16; ++s) {
        if (!(job.getWait() >> s & 1))
          continue;
        if (tokens[s].empty())
          return job->emitError() << "waits for semaphore " << s
                                  << ", which no earlier job signals: deadlock";
        join(known, tokens[s].front());
        tokens[s].pop_front();
      }
      ordinal.push_back(started[unit]++);
      accesses.push_back(accessesOf(job));
      atStart.push_back(known);
      for (size_t i = 0; i < j; ++i) {
        npu::Job other = segment.jobs[i];
        if (!needsOrder(other, job) || ordinal[i] < known[npu::getUnit(other)])
          continue;
        for (const Access &a : accesses[j])
          for (const Access &b : accesses[i])
            if (a.conflicts(b)) {
              InFlightDiagnostic error = job->emitError()
                                         << "races with an earlier job";
              error.attachNote(other->getLoc()) << "earlier job";
              return error;
            }
      }
      unitKnown[unit] = known;
      // A job that is done has started, so what it knew is done as well, and
      // its unit's earlier jobs.
      Known done = known;
      done[unit] = std::max(done[unit], ordinal[j] + 1);
      for (int s = 0; s < 16; ++s)
        if (job.getSignal() >> s & 1)
          tokens[s].push_back(done);
    }
    for (int s = 0; s < 16; ++s) {
      size_t expected = 0;
      if (s == BarrierSemaphore && segment.barrier)
        for (int count : started)
          expected += count > 0;
      if (tokens[s].size() != expected)
        return function.emitError()
               << "semaphore " << s << " is signalled " << tokens[s].size()
               << " times more than it is waited for, not " << expected;
      if (tokens[s].size() > 255)
        return function.emitError() << "semaphore " << s << " overflows";
    }
  }
  return success();
}

} // namespace dalbit::schedule
