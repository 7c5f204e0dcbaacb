// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows between DRAM and the blocks of a stage: inputs, masks, what earlier
// stages have left, what later ones need.

#include "compiler/schedule/Emitter.h"

#include "compiler/schedule/Choices.h"

using namespace mlir;

namespace dalbit::schedule {

/// Bytes from the place's offset to \p row of this sequence.
Size Emitter::placeOffset(const Place &place, const Size &row) {
  Size index = row + place.first;
  if (place.byPosition)
    index = block.position + place.first;
  if (place.fromEnd)
    index = index + block.tokens;
  return jobs.times(block.sequence, place.sequenceStride) +
         jobs.times(index, place.rowStride);
}

/// \p count rows of \p place from \p first on, or those that \p indices name.
Rows Emitter::fetchRows(StringRef label, const Place &place, const Size &first,
                        const Size &count, Value indices) {
  Rows rows = makeRows(label, place.cols);
  Value source =
      jobs.dram("rows", int64_t(place.region), place.offset, place.extent);
  Job job = jobs.dmaIn();
  job.set("region", int64_t(place.region))
      .set("bytes", place.cols * 4)
      .set("rows", count);
  job.set("planes", 1)
      .set("gather", indices ? 1 : 0)
      .set("dram_row_stride", place.rowStride);
  job.set("spm_row_stride", rows.stride);
  job.read("dram_offset", source, placeOffset(place, first));
  if (indices)
    job.read("index_addr", indices);
  job.write("spm_addr", rows.buffer).emit();
  return rows;
}

/// Brings the block's rows of a value into the scratchpad; a single row in a
/// stage of several is taken again for each of them.
void Emitter::loadRows(Value value) {
  const Place &place = plan.places.find(value)->second;
  int64_t own = schedule::rowsOf(
      value.getParentRegion()->getParentOfType<func::FuncOp>(), value);
  bool single = own == 1 && stage->rows != 1;
  if (auto tag = plan.tags.find(value.getDefiningOp()); tag != plan.tags.end())
    jobs.tag = (jobs.tag & 0x100) | tag->second;
  Rows rows = fetchRows("rows", place, single ? Size(0) : block.first,
                        single ? Size(1) : block.rows);
  if (single)
    rows.stride = 0;
  values[value] = rows;
}

void Emitter::storeRows(Value value) {
  const Rows &rows = values.find(value)->second;
  bool single = llvm::isa_and_nonnull<qnn::TokenMaxOp>(value.getDefiningOp());
  for (const Place &place : plan.stores.find(value)->second) {
    Value to =
        jobs.dram("rows", int64_t(place.region), place.offset, place.extent);
    Job job = jobs.dmaOut();
    job.set("region", int64_t(place.region))
        .set("bytes", place.cols * 4)
        .set("rows", single ? Size(1) : block.rows);
    job.set("planes", 1)
        .set("gather", 0)
        .set("dram_row_stride", place.rowStride);
    job.set("spm_row_stride", rows.stride);
    job.read("spm_addr", rows.buffer, rows.start)
        .write("dram_offset", to,
               placeOffset(place, single ? Size(0) : block.first))
        .emit();
  }
}

/// Integers [first, first + count) of this sequence's row of an input.
InputWords Emitter::loadInput(Value value, StringRef label, const Size &first,
                              const Size &count) {
  const Place &place = plan.inputs.find(value)->second;
  int64_t most =
      count.isStatic() ? count.constant : std::max(blockRows, place.cols);
  InputWords words;
  if (int64_t beat = machine.axiBytes / 4; beginsInside(first)) {
    words.before = jobs.modulo(first, beat);
    most += beat;
  }
  words.buffer = jobs.buffer(label, npu::Space::spm, roundUp(most * 4, 64),
                             machine.alignment());
  Value source =
      jobs.dram(label, int64_t(place.region), place.offset, place.extent);
  Job job = jobs.dmaIn();
  job.set("region", int64_t(place.region)).set("bytes", jobs.times(count, 4));
  job.set("rows", 1).set("planes", 1).set("gather", 0);
  job.read("dram_offset", source,
           jobs.times(block.sequence, place.sequenceStride) +
               jobs.times(first, 4))
      .write("spm_addr", words.buffer, jobs.times(words.before, 4))
      .emit();
  return words;
}

void Emitter::loadMasks(const Stage &stage) {
  auto load = [&](Value mask, const Size &keys) {
    if (!mask || masks.contains(mask))
      return;
    const Place &place = plan.inputs.find(mask)->second;
    if (place.rowStride == 0) {
      masks[mask] = {loadInput(mask, "mask", 0, keys).buffer, 0};
      return;
    }
    Value buffer =
        jobs.buffer("mask", npu::Space::spm, blockRows * place.rowStride,
                    machine.alignment());
    Value source =
        jobs.dram("mask", int64_t(place.region), place.offset, place.extent);
    Job job = jobs.dmaIn();
    job.set("region", int64_t(place.region)).set("bytes", place.cols * 4);
    job.set("rows", block.rows).set("planes", 1).set("gather", 0);
    job.set("dram_row_stride", place.rowStride)
        .set("spm_row_stride", place.rowStride);
    job.read("dram_offset", source,
             jobs.times(block.sequence, place.sequenceStride) +
                 jobs.times(block.first, place.rowStride))
        .write("spm_addr", buffer)
        .emit();
    masks[mask] = {buffer, place.rowStride};
  };
  for (Operation *op : stage.ops) {
    if (auto attention = dyn_cast<qnn::AttentionOp>(op))
      load(attention.getMask(), block.position + block.rows);
    if (auto attend = dyn_cast<qnn::AttendOp>(op))
      load(attend.getMask(), keysOf(attend));
    // Of its own rows only.
    if (auto largest = dyn_cast<qnn::TokenMaxOp>(op))
      if (Value mask = largest.getMask(); mask && !idLists.contains(mask))
        idLists[mask] = loadInput(mask, "mask", block.first, block.rows);
  }
}

} // namespace dalbit::schedule
