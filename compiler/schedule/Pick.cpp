// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One token of each sequence, found at run time by ids or a mask (TokenRule.h):
// the vector unit makes its number, which is the index of a gather (T11).

#include "compiler/schedule/Emitter.h"

#include "compiler/schedule/Choices.h"
#include "compiler/schedule/Planner.h"

#include <cstring>

using namespace mlir;

namespace dalbit::schedule {

/// The numbers 0, 1, 2 ... that the last token of a kind is found by.
void Planner::pick(qnn::PickOp op) {
  if (op.getRule() != "last")
    return;
  int64_t tokens = rows(op.getX());
  int64_t at = placeConst(tokens * 4);
  plan.tables[op] = at;
  plan.fills.push_back([=](std::vector<uint8_t> &constants, auto &) {
    for (int64_t i = 0; i < tokens; ++i) {
      int32_t number = int32_t(i);
      std::memcpy(&constants[at + i * 4], &number, 4);
    }
  });
}

namespace {

/// A pass over the single row at \p row.
Job overRow(Job job, Value row, int64_t type = I32) {
  job.set("a_type", type).set("a_stride1", 0).read("a_addr", row);
  return job;
}

void writeRow(Job &job, Value to, int64_t type) {
  job.set("out_type", type).set("out_stride1", 0).write("out_addr", to).emit();
}

void scaleBy(Job &job, quantise::Pair pair) {
  job.set("scale1", ScaleImm).set("scale1_adjust", 0);
  job.set("scale1_imm", pair.word() & 0xffffff);
}

/// Times the int8 of \p row, divided by 2^ \p shift.
void multiplyBy(Job &job, Value row, int64_t shift) {
  job.set("multiply", 1).set("multiply_shift", shift).set("b_type", I8);
  job.set("b_stride0", 0).set("b_stride1", 0).read("b_addr", row);
}

} // namespace

/// Bytes of the ids in \p row, \p count of them: 0 where one is \p id, else
/// 127 or -128 by the sign of the difference.
Value Emitter::unequal(Value row, int64_t id, int64_t most, const Size &count) {
  Value differences = rowBuffer("differences", most * 4);
  Job subtract = overRow(stream(1, 1, count), row);
  subtract.set("add", AddImm).set("add_imm", -id);
  writeRow(subtract, differences, I32);
  Value signs = rowBuffer("signs", most);
  Job cut = overRow(stream(1, 1, count), differences);
  scaleBy(cut, {1, -1}); // A3: a shift below 0 gives the ends of int32
  writeRow(cut, signs, I8);
  return signs;
}

Value Emitter::rowBuffer(StringRef label, int64_t bytes) {
  return jobs.buffer(label, npu::Space::spm, roundUp(bytes, 64),
                     machine.alignment());
}

/// The integer of a row scalar as a word of the scratchpad.
Value Emitter::wordOf(Value scalar) {
  Value word = rowBuffer("index", 4);
  Job raw = jobs.vector();
  raw.set("op", 3).set("rows0", 1).set("rows1", 1).set("scalar_op", 7);
  raw.set("scale1_by", ByRow).read("scale1_row", scalar);
  raw.set("out_stride0", 4).set("out_stride1", 4);
  raw.write("out_addr", word).emit();
  return word;
}

/// The number before \p number, which is not negative; \p last before 0.
Value Emitter::numberBefore(Value number, const Size &last) {
  Value word = wordOf(number), less = scalars("less"), end = scalars("end"),
        result = scalars("before");
  Job step = overRow(stream(1, 1, 1), word);
  step.set("add", AddImm).set("add_imm", -1);
  reduceRows(step, ReduceMax, less);
  // A3: what is not 0 becomes the most negative number.
  Job wrap = overRow(stream(1, 1, 1), word);
  scaleBy(wrap, {-1, -1});
  wrap.set("add", AddImm).set("add_imm", last);
  reduceRows(wrap, ReduceMax, end);
  scalarJob("max", 1, 1, less, result).read("scale2_row", end).emit();
  return result;
}

void Emitter::pick(qnn::PickOp op) {
  nn::TokenRule rule = op.getTokenRule();
  int64_t tokens = cast<RankedTensorType>(op.getX().getType()).getDimSize(1);
  bool isOpen = ShapedType::isDynamic(tokens);
  Size count = isOpen ? block.tokens : Size(tokens);
  Value row = loadInput(op.getFrom(), "ids", 0, count).buffer;
  int64_t most =
      std::max(blockRows, plan.inputs.find(op.getFrom())->second.cols);
  Value place = scalars("place");
  if (rule.name == "largest") {
    Job largest = overRow(stream(1, 1, count), row);
    reduceRows(largest, ReduceArgmax, place);
  } else if (rule.isShown()) {
    // A hidden token counts -1.
    Value hidden = scalars("hidden");
    Job sum = overRow(stream(1, 1, count), row);
    scaleBy(sum, {1, 29});
    reduceRows(sum, ReduceSum, hidden);
    Job shown = overRow(stream(1, 1, 1), wordOf(hidden));
    shown.set("add", AddImm).set("add_imm", count);
    reduceRows(shown, ReduceMax, place);
  } else {
    // sign * sign, of which 127 * 127 and 128 * 128 both become 1.
    Value signs = unequal(row, *rule.id, most, count);
    Job others = overRow(stream(1, 1, count), signs, I8);
    if (rule.name != "last")
      scaleBy(others, quantise::makePair(-1));
    multiplyBy(others, signs, 14);
    if (rule.name == "last") {
      Value kept = rowBuffer("others", most),
            numbers = rowBuffer("numbers", most * 4);
      writeRow(others, kept, I8);
      Job load = jobs.dmaIn();
      load.set("region", int64_t(isa::Region::Const));
      load.set("bytes", jobs.times(count, 4)).set("rows", 1).set("planes", 1);
      load.set("gather", 0);
      load.read("dram_offset", jobs.dram("numbers", int64_t(isa::Region::Const),
                                         plan.tables.lookup(op), most * 4));
      load.write("spm_addr", numbers).emit();
      Job last = overRow(stream(1, 1, count), numbers);
      multiplyBy(last, kept, 0);
      reduceRows(last, ReduceArgmax, place);
    } else {
      reduceRows(others, ReduceArgmax, place);
    }
  }
  if (rule.name == "before" || rule.isShown())
    place = numberBefore(place, count + -1);
  values[op.getOut()] = fetchRows("picked", plan.places.find(op.getX())->second,
                                  0, 1, wordOf(place));
}

} // namespace dalbit::schedule
