// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sinks of an attention (A19): their place beside the constants of head norms,
// and their share of a softmax. A sink is a stream of one column.

#include "compiler/schedule/Emitter.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/schedule/Choices.h"
#include "compiler/schedule/Planner.h"

#include <cstring>

using namespace mlir;

namespace dalbit::schedule {

/// Room for a word a head, each where a row of the vector unit may begin.
void Planner::sinks(TypedAttr values, AttentionPlan &a) {
  if (!values)
    return;
  a.sinkStride = machine().alignment();
  plan.fills.push_back([at = a.constantsOffset + a.headNormBytes,
                        stride = a.sinkStride, heads = a.heads,
                        values](std::vector<uint8_t> &constants, auto &) {
    SmallVector<float> numbers;
    onnx::readWeight(values, numbers);
    for (int64_t h = 0; h < heads; ++h) {
      int32_t word = quantise::toBias(numbers[h]);
      std::memcpy(&constants[at + h * stride], &word, 4);
    }
  });
}

void Emitter::exponentials(Job &pass, Value maximum, bool isDown, Value sum) {
  const quantise::Table &table = quantise::exponentialTable();
  pass.set("add", AddRow)
      .set("add_negate", isDown)
      .set("add_by", ByRow)
      .read("add_row", maximum);
  pass.set("table", 1)
      .set("table_shift", table.shift + (isDown ? 0 : quantise::SinkShift))
      .set("table_offset", table.offset);
  pass.set("reduce", ReduceSum)
      .set("reduce_by", ByRow)
      .write("reduce_row", sum)
      .emit();
}

Value Emitter::addSinks(const AttentionPlan &a, const Heads &group,
                        Value maximum, Value &total) {
  auto sinks = [&] {
    Job pass = stream(a.group, block.rows, 1);
    pass.set("a_type", I32).set("a_stride0", a.sinkStride).set("a_stride1", 0);
    pass.read("a_addr", group.constants,
              a.headNormBytes + group.first * a.sinkStride);
    return pass;
  };
  auto scalar = [&](StringRef op, Value x, Value y, quantise::Pair factor) {
    Value result = scalars("sink", a.group);
    Job job = scalarJob(op, a.group, block.rows, x, result);
    if (y)
      job.read("scale2_row", y);
    job.set("scale1_imm", pairWord(factor)).emit();
    return result;
  };
  quantise::Pair one = quantise::makePair(1);
  Value below = scalars("sink_below", a.group),
        root = scalars("sink_root", a.group);
  Job down = sinks();
  exponentials(down, maximum, /*isDown=*/true, below);
  Job up = sinks();
  up.set("scale1", ScaleImm)
      .set("scale1_adjust", 0)
      .set("scale1_imm", pairWord(quantise::makePair(-1)));
  exponentials(up, maximum, /*isDown=*/false, root);
  Value factor = scalar("mul", root, root, quantise::sinkUnit());
  Value scaled = scalar("mul", total, factor, one);
  total = scalar("add", scalar("fix", scaled, Value(), one), below, one);
  return factor;
}

} // namespace dalbit::schedule
