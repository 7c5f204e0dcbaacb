// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mixtures of experts. The largest k of a router's logits are found by k
// maxima: between two of them the keys of what has been found lose 2^31.

#include "compiler/schedule/Emitter.h"

#include "compiler/quantise/Decoder.h"
#include "compiler/schedule/Choices.h"
#include "compiler/schedule/Planner.h"

#include <cstring>

using namespace mlir;

namespace dalbit::schedule {

/// What tells equal keys apart, and the factors -1 of the removal.
void Planner::route(qnn::RouteOp op) {
  int64_t experts = lastDimension(op.getLogits());
  NormPlan &constants = plan.norms[op];
  constants.betaOffset = roundUp(experts * 4, machine().alignment());
  constants.bytes =
      constants.betaOffset + roundUp(experts * 2, machine().alignment());
  constants.offset = placeConst(constants.bytes);
  plan.fills.push_back(
      [experts, at = constants.offset,
       factors = constants.betaOffset](std::vector<uint8_t> &bytes, auto &) {
        for (int64_t e = 0; e < experts; ++e) {
          int32_t rank = int32_t(experts - 1 - e);
          int16_t factor = -1;
          std::memcpy(&bytes[at + e * 4], &rank, 4);
          std::memcpy(&bytes[at + factors + e * 2], &factor, 2);
        }
      });
  plan.gateTables[op] = piecewise(quantise::stepTable());
}

void Emitter::route(qnn::RouteOp op) {
  Rows logits = values.lookup(op.getLogits());
  Size count = rowsOf(op.getGates());
  int64_t experts = logits.cols;
  Value constants = loads.take(Loads::Norms);
  int64_t factors = plan.norms.find(op)->second.betaOffset;
  auto rows = [&](const Rows &x) { return over(x, count); };
  Value maximum = scalars("maximum");
  Job largest = rows(logits);
  reduceRows(largest, ReduceMax, maximum);
  Job less = rows(logits);
  subtract(less, maximum);
  Rows distance = writeTo(less, "distance", experts);
  less.emit();

  useTable(exponential);
  const quantise::Table &table = quantise::exponentialTable();
  int64_t stride = roundUp(experts, std::max<int64_t>(machine.lanes, 32)) * 2;
  Value shares = jobs.buffer("shares", npu::Space::spm, stride * blockRows,
                             machine.alignment()),
        total = scalars("total");
  Job exponent = rows(distance);
  exponent.set("table", 1)
      .set("table_shift", table.shift)
      .set("table_offset", table.offset);
  exponent.set("out_type", I16)
      .set("out_stride1", stride)
      .write("out_addr", shares);
  reduceRows(exponent, ReduceSum, total);

  Value least = scalars("least");
  Job spread = rows(distance);
  quantise::Pair power{int16_t(1 << quantise::keyBits(experts)), 0};
  spread.set("scale1", ScaleImm)
      .set("scale1_imm", pairWord(power))
      .set("scale1_adjust", 0);
  spread.set("add", AddC).set("c_type", I32).set("c_stride1", 0);
  spread.read("c_addr", constants);
  Rows first = writeTo(spread, "keys", experts), keys = first;
  reduceRows(spread, ReduceMax, least);

  // 1 for keys of at least `least`.
  useTable(gateTables[op]);
  auto step = [&](const Rows &from) {
    Job job = rows(from);
    subtract(job, least);
    job.set("table", 1).set("table_shift", 0).set("table_offset", 0);
    return job.set("multiply", 1).set("b_type", I16);
  };
  for (int64_t i = 1; i < int64_t(op.getChosen()); ++i) {
    Job remove = step(keys);
    // -1 without a bit to the right of it: the most negative number.
    remove.set("multiply_shift", -1)
        .set("b_stride1", 0)
        .read("b_addr", constants, factors);
    remove.set("add_c", 1)
        .set("c_type", I32)
        .set("c_stride1", keys.stride)
        .read("c_addr", keys.buffer);
    Rows next = writeTo(remove, "keys", experts);
    Value below = scalars("least");
    reduceRows(remove, ReduceMax, below);
    least = below;
    keys = next;
  }
  Value keptTotal = scalars("kept_total");
  Job keep = step(first);
  keep.set("multiply_shift", 0).set("b_stride1", stride).read("b_addr", shares);
  Rows kept = writeTo(keep, "kept", experts);
  reduceRows(keep, ReduceSum, keptTotal);
  loads.release(Loads::Norms);

  Value share = scalars("share");
  scalarJob("recip", 1, count, op.getNormalised() ? keptTotal : total, share)
      .set("scale1_imm", pairWord(quantise::makePair(1)))
      .emit();
  Job divide = rows(kept);
  divide.set("scale1", ScaleRow)
      .set("scale1_by", ByOuter)
      .set("scale1_adjust", -quantise::GateFraction)
      .read("scale1_row", share);
  values[op.getGates()] = writeTo(divide, "gates", experts);
  divide.emit();
}

void Emitter::weigh(qnn::WeighOp op) {
  Rows gates = values.lookup(op.getGates());
  // A gate is a pair as it stands: 16 bits, no shift.
  Value gate = scalars("gate");
  Job fetch = jobs.vector();
  fetch.set("op", 4).set("rows0", 1).set("rows1", rowsOf(op.getOut()));
  fetch.set("a_stride1", gates.stride)
      .set("reduce_by", ByRow)
      .read("a_addr", gates.buffer, gates.start + int64_t(op.getExpert()) * 4)
      .write("reduce_row", gate)
      .emit();
  values[op.getOut()] = pass(op.getX(), "weighed", [&](Job &job) {
    job.set("scale1", ScaleRow)
        .set("scale1_by", ByOuter)
        .set("scale1_adjust", quantise::GateFraction)
        .read("scale1_row", gate);
  });
}

} // namespace dalbit::schedule
