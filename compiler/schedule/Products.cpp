// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of two activations: the second factor becomes int16 with a scale a
// row (the vector unit multiplies by int16), and the row keeps that scale.

#include "compiler/schedule/Emitter.h"

#include "compiler/quantise/Decoder.h"
#include "compiler/schedule/Choices.h"

using namespace mlir;

namespace dalbit::schedule {

void Emitter::product(qnn::ProductOp op) {
  Rows a = values.lookup(op.getA()), b = values.lookup(op.getB());
  Size count = rowsOf(op.getOut());
  if (!b.absmax)
    absoluteMaximum(b, count);
  Value inverse = scalars("inverse"), scale = scalars("scale");
  scalarJob("recip", 1, count, b.absmax, inverse)
      .set("scale1_imm", pairWord(quantise::makePair(32767)))
      .emit();
  scalarJob("scale", 1, count, b.absmax, scale)
      .set("scale1_imm", pairWord(quantise::productStep(int(op.getFraction()))))
      .emit();
  int64_t stride = roundUp(b.cols, std::max<int64_t>(machine.lanes, 32)) * 2;
  Value factors = jobs.buffer("factors", npu::Space::spm, stride * blockRows,
                              machine.alignment());
  Job narrow = stream(1, count, b.cols);
  narrow.set("a_type", I32)
      .set("a_stride1", b.stride)
      .read("a_addr", b.buffer, b.start);
  narrow.set("scale1", ScaleRow)
      .set("scale1_by", ByOuter)
      .set("scale1_adjust", 0)
      .read("scale1_row", inverse);
  narrow.set("out_type", I16)
      .set("out_stride1", stride)
      .write("out_addr", factors)
      .emit();

  Rows out = makeRows("product", a.cols);
  out.absmax = scalars("absmax");
  Job multiply = stream(1, count, a.cols);
  multiply.set("a_type", I32)
      .set("a_stride1", a.stride)
      .read("a_addr", a.buffer, a.start);
  multiply.set("multiply", 1)
      .set("multiply_shift", quantise::ProductShift)
      .set("b_type", I16)
      .set("b_stride1", stride)
      .read("b_addr", factors);
  multiply.set("out_type", I32)
      .set("out_stride1", out.stride)
      .write("out_addr", out.buffer);
  multiply.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByOuter)
      .write("reduce_row", out.absmax)
      .emit();
  values[op.getOut()] = out;
  rowScales[op.getScales()] = scale;
}

void Emitter::applyScales(qnn::ApplyScalesOp op) {
  Rows x = values.lookup(op.getX());
  Rows out = makeRows("scaled", x.cols);
  out.absmax = scalars("absmax");
  Job job = stream(1, rowsOf(op.getOut()), x.cols);
  job.set("a_type", I32)
      .set("a_stride1", x.stride)
      .read("a_addr", x.buffer, x.start);
  job.set("scale1", ScaleRow)
      .set("scale1_by", ByOuter)
      .set("scale1_adjust", 0)
      .read("scale1_row", rowScales.lookup(op.getScales()));
  job.set("out_type", I32)
      .set("out_stride1", out.stride)
      .write("out_addr", out.buffer);
  job.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByOuter)
      .write("reduce_row", out.absmax)
      .emit();
  values[op.getOut()] = out;
}

} // namespace dalbit::schedule
