// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// New rows of keys and values: int8 codes by head with a scale each, and their
// way into a cache in DRAM.

#include "compiler/schedule/Emitter.h"

#include "compiler/schedule/Choices.h"

using namespace mlir;

namespace dalbit::schedule {

void Emitter::headCodes(llvm::function_ref<void(Job &)> read, int64_t heads,
                        int64_t padded, Value absmax, Value inverse,
                        Value scale, const HeadTarget &to) {
  scalarJob("recip", heads, block.rows, absmax, inverse)
      .set("scale1_imm", pairWord(quantise::makePair(127)))
      .emit();
  scalarJob("scale", heads, block.rows, absmax, scale)
      .set("scale1_imm",
           pairWord(quantise::codeScale(quantise::ResidualFraction)))
      .emit();
  Job quantise = stream(heads, block.rows, padded);
  read(quantise);
  quantise.set("scale1", ScaleRow)
      .set("scale1_by", ByRow)
      .set("scale1_adjust", 0);
  quantise.read("scale1_row", inverse);
  quantise.set("out_type", I8)
      .set("out_stride0", to.codesStride)
      .set("out_stride1", padded);
  quantise.write("out_addr", to.codes, to.codesAt).emit();
  Job store = jobs.vector();
  store.set("op", 3)
      .set("rows0", heads)
      .set("rows1", block.rows)
      .set("scalar_op", 0);
  store.set("scale1_by", ByRow).read("scale1_row", scale);
  store.set("out_stride0", to.scalesStride).set("out_stride1", 4);
  store.write("out_addr", to.scales, to.scalesAt).emit();
}

void Emitter::appendHeads(int64_t region, StringRef label, int64_t heads,
                          int64_t stride, const Size &bytes,
                          const HeadSource &from, int64_t offset,
                          const Size &at) {
  Value cache = jobs.dram(label, region, offset, heads * stride);
  Job job = jobs.dmaOut();
  job.set("region", region).set("bytes", bytes).set("rows", heads);
  job.set("planes", 1)
      .set("gather", 0)
      .set("dram_row_stride", stride)
      .set("spm_row_stride", from.stride);
  job.read("spm_addr", from.buffer, from.start);
  job.write("dram_offset", cache, at).emit();
}

} // namespace dalbit::schedule
