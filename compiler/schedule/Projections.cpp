// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Queries, keys and values of a few heads: their linear layer, the norm of each
// head, the rotary embedding. Rows are [token][head][padded columns].

#include "compiler/schedule/Emitter.h"

#include "compiler/quantise/Decoder.h"
#include "compiler/schedule/Choices.h"

using namespace mlir;

namespace dalbit::schedule {

void readHeads(Job &job, const HeadRows &heads, int64_t size) {
  job.set("a_type", I32)
      .set("a_stride0", size * 4)
      .set("a_stride1", heads.rows.stride)
      .read("a_addr", heads.rows.buffer, heads.rows.start);
}

void Emitter::headMaximum(HeadRows &heads, int64_t size) {
  heads.absmax = scalars("absmax", heads.heads);
  Job pass = stream(heads.heads, block.rows, size);
  readHeads(pass, heads, size);
  pass.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByRow)
      .write("reduce_row", heads.absmax)
      .emit();
}

/// Part \p index of what \p which (0 query, 1 key, 2 value) consists of.
HeadRows Emitter::projection(const AttentionPlan &a, int which, int64_t index,
                             int64_t heads, Value constants) {
  const LinearPlan &linear = a.linears[which];
  const Projection &steps = a.projections[which];
  int64_t parts = (which == 0 ? a.heads : a.kvHeads) / heads;
  size_t count = chunksOf(linear).size() / size_t(parts);
  HeadRows result;
  result.heads = heads;
  result.rows = makeRows("projection", heads * a.paddedSize);
  // The maxima come out of the same pass where its chunk has all heads, or, of
  // a block of one row, whole heads: scalars of a row stand side by side.
  auto chunks = llvm::ArrayRef(chunksOf(linear)).slice(index * count, count);
  bool hasHeads = llvm::all_of(chunks, [&](const WeightChunk &chunk) {
    return chunk.first && chunk.last && chunk.channels % a.paddedSize == 0;
  });
  bool isReduced = count == 1 || (hasHeads && blockRows == 1);
  Value absmax = isReduced ? scalars("absmax", heads) : Value();
  qnn::LinearOp op = steps.linear;
  product(linear, size_t(index) * count, count, coded.lookup(op.getCodes()),
          block.rows, 0, isReduced ? a.paddedSize : 0,
          [&](Job &pass, int64_t channel, int64_t) {
            pass.set("out_type", I32).set("out_stride0", a.paddedSize * 4);
            pass.set("out_stride1", result.rows.stride)
                .write("out_addr", result.rows.buffer, channel * 4);
            if (absmax)
              pass.set("reduce", ReduceAbsmax)
                  .set("reduce_by", ByRow)
                  .write("reduce_row", absmax, channel / a.paddedSize);
            pass.emit();
          });
  result.absmax = absmax;
  if (steps.norm)
    result = headNorm(a.headNorms[which], result, index * heads,
                      makeRows("head_norm", result.rows.cols), constants);
  if (steps.rotary)
    result = turn(steps.rotary, result);
  if (!result.absmax)
    headMaximum(result, a.paddedSize);
  return result;
}

/// Rows of the rotary tables for the tokens of a block, once for all layers.
void Emitter::loadRotaries(const Stage &stage) {
  rotaries.clear();
  for (Operation *each : stage.ops) {
    auto op = dyn_cast<qnn::RotaryOp>(each);
    if (!op)
      continue;
    const RotaryPlan &table = plan.rotaries.find(op)->second;
    void *key = op.getIds() ? op.getIds().getAsOpaquePointer() : nullptr;
    Value &rows = rotaries[{table.offset, key}];
    if (rows)
      continue;
    rows = jobs.buffer("rotary", npu::Space::spm, table.stride * blockRows,
                       machine.alignment());
    int64_t region = int64_t(isa::Region::Const);
    Value source =
        jobs.dram("rotary", region, table.offset, table.rows * table.stride);
    InputWords list = op.getIds() ? ids(op.getIds()) : InputWords();
    Job job = jobs.dmaIn();
    job.set("region", region)
        .set("bytes", table.half * 4)
        .set("rows", block.rows);
    job.set("planes", 1)
        .set("gather", 0)
        .set("dram_row_stride", table.stride)
        .set("spm_row_stride", table.stride);
    job.read("dram_offset", source,
             list.buffer ? Size(0) : jobs.times(block.position, table.stride));
    if (list.buffer)
      gather(job, list);
    job.write("spm_addr", rows).emit();
  }
}

/// qnn.rotary: both columns of a pair are at the same place of the two halves
/// of a head.
HeadRows Emitter::turn(qnn::RotaryOp op, const HeadRows &heads) {
  const RotaryPlan &table = plan.rotaries.find(op)->second;
  void *key = op.getIds() ? op.getIds().getAsOpaquePointer() : nullptr;
  Value angles = rotaries[{table.offset, key}];
  int64_t half = table.half;
  HeadRows out{makeRows("rotary", heads.rows.cols), heads.heads, Value()};
  auto multiply = [&](Job &job, int64_t offset) {
    job.set("multiply", 1)
        .set("multiply_shift", quantise::RotaryFraction)
        .set("b_type", I16)
        .set("b_stride0", 0)
        .set("b_stride1", table.stride)
        .read("b_addr", angles, offset);
  };
  Job cosines = stream(2 * heads.heads, block.rows, half);
  readHeads(cosines, heads, half);
  multiply(cosines, 0);
  cosines.set("out_type", I32)
      .set("out_stride0", half * 4)
      .set("out_stride1", out.rows.stride)
      .write("out_addr", out.rows.buffer)
      .emit();
  for (int side = 0; side < 2; ++side) {
    Job sines = stream(heads.heads, block.rows, half);
    sines.set("a_type", I32)
        .set("a_stride0", 2 * half * 4)
        .set("a_stride1", heads.rows.stride)
        .read("a_addr", heads.rows.buffer,
              heads.rows.start + (side == 0 ? half * 4 : 0));
    if (side == 0)
      sines.set("scale1", ScaleImm)
          .set("scale1_adjust", 0)
          .set("scale1_imm", pairWord(quantise::makePair(-1)));
    multiply(sines, half * 2);
    int64_t at = side * half * 4;
    sines.set("add_c", 1)
        .set("c_type", I32)
        .set("c_stride0", 2 * half * 4)
        .set("c_stride1", out.rows.stride)
        .read("c_addr", out.rows.buffer, at);
    sines.set("out_type", I32)
        .set("out_stride0", 2 * half * 4)
        .set("out_stride1", out.rows.stride)
        .write("out_addr", out.rows.buffer, at)
        .emit();
  }
  return out;
}

} // namespace dalbit::schedule
