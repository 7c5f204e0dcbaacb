// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is added to the scores of each head (A15): its place in region const,
// and the rows of it that a block needs, in the scratchpad.
//
// The row of a query at position p begins p words before the word of distance
// 0, but DMA and vector unit begin at whole beats. So the numbers of a head lie
// there once for each word of a beat, each copy a word further right: copy j is
// for the positions that are j modulo the words of a beat, and begins at one.

#include "compiler/schedule/Emitter.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/schedule/Choices.h"
#include "compiler/schedule/Planner.h"

#include <cstring>

using namespace mlir;

namespace dalbit::schedule {

LogicalResult Planner::bias(Operation *op, TypedAttr values,
                            std::optional<int64_t> origin, int64_t rows,
                            int64_t keys, bool causal, AttentionPlan &a) {
  if (!values)
    return success();
  auto type = cast<RankedTensorType>(values.getType());
  int64_t columns = type.getShape().back(), perHead = columns;
  BiasPlan bias;
  bias.words = machine().axiBytes / 4;
  if (origin) {
    bool far = *origin + 1 < keys || (!causal && columns - *origin < rows);
    if (far)
      return op->emitError() << "the bias of the scores has " << columns
                             << " distances, too few for " << keys
                             << " keys; use a smaller --max-context";
    bias.origin = roundUp(keys, bias.words) + bias.words;
    // A causal query sees no key behind its block.
    int64_t reach = causal ? plan.grain.block + bias.words : keys;
    bias.copyStride = roundUp((bias.origin + reach + bias.words) * 4,
                              machine().dramAlignment());
    bias.headStride = bias.words * bias.copyStride;
  } else {
    if (type.getDimSize(1) < rows || columns < keys)
      return op->emitError()
             << "the bias of the scores is for " << type.getDimSize(1)
             << " queries and " << columns << " keys alone";
    perHead *= type.getDimSize(1);
    bias.before = columns - type.getDimSize(1);
    bias.rowStride = machine().rowBytes(columns);
    bias.headStride = type.getDimSize(1) * bias.rowStride;
  }
  // Layers share their numbers.
  auto [known, isNew] =
      biases.try_emplace({values.getAsOpaquePointer(), bias.headStride}, bias);
  if (isNew) {
    known->second.offset = placeConst(a.heads * bias.headStride);
    plan.fills.push_back([bias = known->second, values, columns, perHead,
                          heads = a.heads, distance = origin.value_or(0)](
                             std::vector<uint8_t> &constants, auto &) {
      SmallVector<float> numbers;
      onnx::readWeight(values, numbers);
      for (int64_t h = 0; h < heads; ++h) {
        auto put = [&](int64_t at, int64_t index) {
          int32_t word = quantise::toBias(numbers[h * perHead + index]);
          std::memcpy(&constants[bias.offset + h * bias.headStride + at], &word,
                      4);
        };
        if (!bias.copyStride) {
          for (int64_t i = 0; i < perHead; ++i)
            put(i / columns * bias.rowStride + i % columns * 4, i);
          continue;
        }
        for (int64_t copy = 0; copy < bias.words; ++copy)
          for (int64_t word = 0; word < bias.copyStride / 4; ++word) {
            int64_t column = word - bias.origin - copy + distance;
            if (column >= 0 && column < columns)
              put(copy * bias.copyStride + word * 4, column);
          }
      }
    });
  }
  a.bias = known->second;
  return success();
}

void Emitter::requestBias(const AttentionPlan &a, int64_t group,
                          const Size &position, const Size &keys) {
  if (!a.bias.headStride)
    return;
  request(Loads::Biases, [this, &a, group, position, keys](Value slot) {
    const BiasPlan &bias = a.bias;
    int64_t heads = a.group, row = a.context * 4,
            slab = bias.rowsFor(blockRows) * row;
    Value source = jobs.dram("bias", int64_t(isa::Region::Const),
                             bias.offset + group * heads * bias.headStride,
                             heads * bias.headStride);
    auto load = [&](const Size &rows, const Size &planes, const Size &from) {
      Job job = jobs.dmaIn();
      job.set("region", int64_t(isa::Region::Const))
          .set("bytes", jobs.times(keys, 4));
      job.set("rows", rows).set("planes", planes).set("gather", 0);
      return job.read("dram_offset", source, from);
    };
    if (!bias.copyStride) {
      load(block.rows, heads,
           jobs.times(jobs.minus(position, bias.before), bias.rowStride))
          .set("dram_row_stride", bias.rowStride)
          .set("dram_plane_stride", bias.headStride)
          .set("spm_row_stride", row)
          .set("spm_plane_stride", slab)
          .write("spm_addr", slot)
          .emit();
      return;
    }
    Size copy = jobs.modulo(position, bias.words);
    Size start = jobs.minus(Size(bias.origin * 4),
                            jobs.times(jobs.minus(position, copy), 4));
    if (blockRows == 1) {
      load(heads, 1, start + jobs.times(copy, bias.copyStride))
          .set("dram_row_stride", bias.headStride)
          .set("spm_row_stride", slab)
          .write("spm_addr", slot)
          .emit();
      return;
    }
    // Whole turns of the copies: from the position at or before the block's
    // first that takes copy 0.
    Size turns =
        jobs.quotient(copy + block.rows + (bias.words - 1), bias.words);
    // A beat back; DRAM offsets wrap at 32 bits.
    int64_t backwards = (int64_t(1) << 32) - 4 * bias.words;
    for (int64_t head = 0; head < heads; ++head)
      load(bias.words, turns, start + head * bias.headStride)
          .set("dram_row_stride", bias.copyStride)
          .set("dram_plane_stride", backwards)
          .set("spm_row_stride", row)
          .set("spm_plane_stride", bias.words * row)
          .write("spm_addr", slot, head * slab)
          .emit();
  });
}

BiasRows Emitter::takeBias(const AttentionPlan &a, const Size &position) {
  BiasRows rows;
  if (!a.bias.headStride)
    return rows;
  rows.buffer = loads.take(Loads::Biases);
  rows.rowStride = a.context * 4;
  rows.headStride = a.bias.rowsFor(blockRows) * rows.rowStride;
  if (a.bias.copyStride && blockRows > 1)
    rows.start =
        jobs.times(jobs.modulo(position, a.bias.words), rows.rowStride);
  return rows;
}

/// Adds bias and mask to the scores of a pass that reads the accumulators:
/// both after the cap's table where one of them is all.
void Emitter::addToScores(Job &pass, const Scope &scope, int64_t firstKey) {
  const BiasRows &bias = scope.bias;
  const MaskRows &mask = scope.mask;
  if (bias.buffer) {
    pass.set(mask.buffer ? "add" : "add_c", mask.buffer ? AddC : 1)
        .set("c_type", I32)
        .set("c_stride0", bias.headStride)
        .set("c_stride1", bias.rowStride);
    pass.read("c_addr", bias.buffer, bias.start + firstKey * 4);
    if (mask.buffer) {
      pass.set("add_c", 2)
          .set("a_type", I32)
          .set("a_stride0", 0)
          .set("a_stride1", mask.stride);
      pass.read("a_addr", mask.buffer, firstKey * 4);
    }
  } else if (mask.buffer) {
    pass.set("add_c", 1)
        .set("c_type", I32)
        .set("c_stride0", 0)
        .set("c_stride1", mask.stride);
    pass.read("c_addr", mask.buffer, firstKey * 4);
  }
}

} // namespace dalbit::schedule
