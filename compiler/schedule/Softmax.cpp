// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The softmax of rows outside attention: probabilities of classes.

#include "compiler/schedule/Emitter.h"

#include "compiler/quantise/Decoder.h"
#include "compiler/schedule/Choices.h"

namespace dalbit::schedule {

void Emitter::softmax(qnn::SoftmaxOp op) {
  Rows x = values.lookup(op.getX());
  Size count = rowsOf(op.getOut());
  mlir::Value maximum = scalars("maximum"), total = scalars("total"),
              share = scalars("share");
  Job largest = over(x, count);
  reduceRows(largest, ReduceMax, maximum);

  useTable(exponential);
  const quantise::Table &table = quantise::exponentialTable();
  Job exponent = over(x, count);
  subtract(exponent, maximum);
  exponent.set("table", 1)
      .set("table_shift", table.shift)
      .set("table_offset", table.offset);
  Rows shares = writeTo(exponent, "shares", x.cols);
  reduceRows(exponent, ReduceSum, total);

  scalarJob("recip", 1, count, total, share)
      .set("scale1_imm", pairWord(quantise::makePair(1)))
      .emit();
  Job divide = over(shares, count);
  divide.set("scale1", ScaleRow)
      .set("scale1_by", ByOuter)
      .set("scale1_adjust", -quantise::ShareFraction)
      .read("scale1_row", share);
  values[op.getOut()] = writeTo(divide, "softmax", x.cols);
  divide.emit();
}

} // namespace dalbit::schedule
