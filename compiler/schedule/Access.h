// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which storage a job touches, and how jobs of a function fall into segments
// between barriers.

#pragma once

#include "compiler/dialect/npu/NPUOps.h"

#include <vector>

namespace dalbit::schedule {

/// A range of one address space; DRAM addresses carry the region in the high
/// bits.
struct Access {
  npu::Space space;
  int64_t first, end;
  bool write;

  bool conflicts(const Access &other) const {
    return space == other.space && (write || other.write) &&
           first < other.end && other.first < end;
  }
};

inline std::vector<Access> accessesOf(npu::Job job) {
  std::vector<Access> result;
  auto add = [&](mlir::Value value, bool write) {
    auto buffer = value.getDefiningOp<npu::BufferOp>();
    int64_t first = *buffer.getAddress();
    if (buffer.getRegion())
      first += int64_t(*buffer.getRegion()) << 40;
    result.push_back(
        {buffer.getSpace(), first, first + buffer.getExtent(), write});
  };
  for (mlir::Value value : job.getReads())
    add(value, false);
  for (mlir::Value value : job.getWrites())
    add(value, true);
  return result;
}

/// Jobs between two barriers, in program order. `barrier` is null at a
/// function's end.
struct Segment {
  std::vector<npu::Job> jobs;
  mlir::Operation *barrier = nullptr;
};

/// The segments of a function. A loop's body begins and ends a segment.
inline std::vector<Segment> segmentsOf(mlir::func::FuncOp function) {
  std::vector<Segment> segments(1);
  function.walk([&](mlir::Operation *op) {
    if (auto job = mlir::dyn_cast<npu::Job>(op))
      segments.back().jobs.push_back(job);
    if (mlir::isa<npu::BarrierOp>(op)) {
      segments.back().barrier = op;
      segments.emplace_back();
    }
  });
  return segments;
}

/// Semaphore of a pair of units: 13 pairs need an order, one semaphore is the
/// sequencer's.
inline int semaphoreOf(unsigned producer, unsigned consumer) {
  if (producer == npu::DmaIn && consumer == npu::DmaIn)
    return 12;
  return int(producer) * 3 + int(consumer) - (consumer > producer ? 1 : 0);
}
constexpr int BarrierSemaphore = 13;

/// Jobs of one unit run in order; only a gather's index list may still be on
/// its way when the next job of DMA in starts.
inline bool needsOrder(npu::Job producer, npu::Job consumer) {
  unsigned from = npu::getUnit(producer), to = npu::getUnit(consumer);
  if (from != to)
    return true;
  auto gather = consumer.getFields().getAs<mlir::IntegerAttr>("gather");
  return to == npu::DmaIn && gather && gather.getInt() == 1;
}

} // namespace dalbit::schedule
