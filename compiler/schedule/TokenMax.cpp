// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The largest number of each column over the rows of a sequence (A18). Columns
// lie across the vector unit's reductions, so rows are compared with rows: the
// upper half of a block with the lower one until one row is left, then that row
// with what the blocks before have left in memory.

#include "compiler/schedule/Emitter.h"

#include "compiler/schedule/Choices.h"

using namespace mlir;

namespace dalbit::schedule {

/// \p rows of the block, those lowered by 2^29 that \p mask hides.
Rows Emitter::hideRows(const Rows &rows, const InputWords &mask) {
  // -2^29 as a pair that the unit fetches: -1, to be shifted by -1. A stream
  // begins at a whole beat, and so with what is in front.
  Value words = rowBuffer("hidden", blockRows * 4 + machine.axiBytes);
  Job cut = stream(1, 1, mask.before + block.rows);
  cut.set("a_type", I32).set("a_stride1", 0).read("a_addr", mask.buffer);
  cut.set("scale1", ScaleImm).set("scale1_adjust", 0);
  cut.set("scale1_imm", pairWord({1, 29}));
  cut.set("out_type", I32).set("out_stride1", 0);
  cut.write("out_addr", words).emit();
  Value pairs = scalars("pairs"), lowest = scalars("lowest"),
        hidden = scalars("hidden");
  Job fetch = jobs.vector();
  fetch.set("op", 4).set("rows0", 1).set("rows1", block.rows);
  fetch.set("a_stride1", 4).set("reduce_by", ByRow);
  fetch.read("a_addr", words, jobs.times(mask.before, 4))
      .write("reduce_row", pairs)
      .emit();
  scalarJob("fix", 1, block.rows, pairs, lowest)
      .set("scale1_imm", pairWord({1, 0}))
      .emit();
  scalarJob("fix", 1, block.rows, lowest, hidden)
      .set("scale1_imm", pairWord({1, 2}))
      .emit();
  Job add = over(rows, block.rows);
  add.set("add", AddRow).set("add_by", ByOuter).read("add_row", hidden);
  Rows shown = writeTo(add, "shown", rows.cols);
  add.emit();
  return shown;
}

/// The larger of each two elements of \p count rows: max(a - b, 0) + b. Its
/// output is not set; the table of relu is in use.
Job Emitter::larger(const Rows &a, const Rows &b, const Size &count) {
  const quantise::Table &relu = *quantise::tableOf("relu");
  Job job = over(a, count);
  job.set("add", AddC).set("add_negate", 1).set("add_c", 1);
  job.set("c_type", I32).set("c_stride0", 0).set("c_stride1", b.stride);
  job.read("c_addr", b.buffer, b.start);
  job.set("table", 2)
      .set("table_shift", relu.shift)
      .set("table_offset", relu.offset);
  return job.set("gate_shift", relu.gateShift);
}

void Emitter::tokenMax(qnn::TokenMaxOp op) {
  Rows rows = values.lookup(op.getX());
  if (Value mask = op.getMask())
    rows = hideRows(rows, idLists.lookup(mask));
  useTable(gateTables[op]);
  Size left = block.rows;
  // Both halves have the middle one of an odd number.
  for (int64_t most = blockRows; most > 1; most = (most + 1) / 2) {
    Size half = jobs.quotient(left + 1, 2);
    Rows upper = rows;
    upper.start = rows.start + jobs.times(jobs.minus(left, half), rows.stride);
    Job job = larger(rows, upper, half);
    rows = writeTo(job, "larger", rows.cols);
    job.emit();
    left = half;
  }
  if (stage->rows == TokenRows || stage->rows > blockRows) {
    // Nothing before the first block.
    Size before = jobs.minimum(block.first, 1);
    const Place &place = plan.places.find(op.getOut())->second;
    Job job = larger(rows, fetchRows("before", place, 0, before), before);
    job.set("out_type", I32)
        .set("out_stride1", rows.stride)
        .write("out_addr", rows.buffer, rows.start)
        .emit();
  }
  rows.absmax = {};
  values[op.getOut()] = rows;
}

} // namespace dalbit::schedule
