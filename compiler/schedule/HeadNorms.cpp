// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Norms of single heads of queries and keys, RMSNorm or LayerNorm: beside the
// attention whose cache grows, or in rows of their own.

#include "compiler/schedule/Emitter.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/schedule/Choices.h"
#include "compiler/schedule/Planner.h"

#include <cstring>

using namespace mlir;

namespace dalbit::schedule {

/// A factor that changes nothing: 2^14 of 14 fraction bits.
constexpr int64_t OneShift = 14;

HeadNormPlan Planner::headNormPlan(Operation *op, int64_t heads,
                                   ArrayRef<int64_t> order) {
  auto layer = dyn_cast<qnn::LayerNormOp>(op);
  auto rms = dyn_cast<qnn::RMSNormOp>(op);
  SmallVector<float> gamma, beta;
  onnx::readWeight(layer ? layer.getGamma() : rms.getGamma(), gamma);
  if (layer && layer.getBeta())
    onnx::readWeight(*layer.getBeta(), beta);
  int64_t size = lastDimension(op->getOperand(0)) / heads,
          parts = int64_t(gamma.size()) / size,
          row = roundUp(int64_t(order.size()) * 4, machine().alignment());
  HeadNormPlan norm;
  norm.numbers = quantise::quantiseNorm(
      gamma, beta,
      (layer ? layer.getEpsilon() : rms.getEpsilon()).convertToFloat(),
      int(layer ? layer.getFraction() : rms.getFraction()), size);
  norm.isCentred = bool(layer);
  norm.size = int64_t(order.size());
  norm.stride = parts == 1 ? 0 : row;
  norm.bytes = parts * row;
  if (!beta.empty()) {
    norm.betaOffset = norm.bytes;
    norm.bytes += parts * row;
  }
  // What a mean is taken from, padding would become.
  if (norm.isCentred && size != norm.size) {
    norm.realOffset = norm.bytes;
    norm.bytes += row;
  }
  return norm;
}

void Planner::fillHeadNorm(const HeadNormPlan &norm, ArrayRef<int64_t> order,
                           int64_t at) {
  plan.fills.push_back([norm, at, order = std::vector<int64_t>(order)](
                           std::vector<uint8_t> &constants, auto &) {
    auto put = [&](int64_t offset, auto number) {
      std::memcpy(&constants[at + offset], &number, sizeof(number));
    };
    int64_t size = llvm::count_if(order, [](int64_t c) { return c >= 0; }),
            parts = int64_t(norm.numbers.gamma.size()) / size;
    for (int64_t c = 0; c < norm.size; ++c) {
      if (order[c] < 0)
        continue;
      for (int64_t part = 0; part < parts; ++part) {
        size_t own = size_t(part * size + order[c]);
        int64_t place = part * norm.stride + c * 4;
        put(place, norm.numbers.gamma[own].word());
        if (norm.betaOffset)
          put(norm.betaOffset + place, norm.numbers.beta[own]);
      }
      if (norm.realOffset)
        put(norm.realOffset + c * 2, int16_t(1 << OneShift));
    }
  });
}

/// A norm of single heads in rows of their own.
LogicalResult Planner::headNorm(Operation *op) {
  Value x = op->getOperand(0);
  int64_t heads = qnn::groupsOf(op);
  std::vector<int64_t> order = headOrder(x, heads);
  if (order.empty())
    return op->emitError() << "norms of single heads are scheduled behind a "
                              "linear layer only";
  HeadNormPlan norm = headNormPlan(op, heads, order);
  norm.group =
      headsTogether(heads, plan.blockRows(rowsOf(function, x)), /*scalars=*/8);
  NormPlan &place = plan.norms[op];
  place.bytes = norm.bytes;
  place.offset = placeConst(norm.bytes);
  fillHeadNorm(norm, order, place.offset);
  columns[op->getResult(0)] = headMap(heads, lastDimension(x) / heads, order);
  plan.headNorms[op] = std::move(norm);
  return success();
}

/// Each head less its mean, with its absolute maximum. Padding columns stay 0.
HeadRows Emitter::centred(const HeadNormPlan &norm, const HeadRows &heads,
                          Value constants) {
  Value sum = scalars("sum", heads.heads), mean = scalars("mean", heads.heads);
  Job total = stream(heads.heads, block.rows, norm.size);
  readHeads(total, heads, norm.size);
  total.set("reduce", ReduceSum)
      .set("reduce_by", ByRow)
      .write("reduce_row", sum)
      .emit();
  scalarJob("fix", heads.heads, block.rows, sum, mean)
      .set("scale1_imm", pairWord(norm.numbers.inverseSize))
      .emit();
  HeadRows out{makeRows("centred", heads.heads * norm.size), heads.heads,
               scalars("absmax", heads.heads)};
  Job centre = stream(heads.heads, block.rows, norm.size);
  readHeads(centre, heads, norm.size);
  centre.set("add", AddRow)
      .set("add_negate", 1)
      .set("add_by", ByRow)
      .read("add_row", mean);
  if (norm.realOffset)
    centre.set("multiply", 1)
        .set("multiply_shift", OneShift)
        .set("b_type", I16)
        .set("b_stride0", 0)
        .set("b_stride1", 0)
        .read("b_addr", constants, norm.offset + norm.realOffset);
  centre.set("out_type", I32)
      .set("out_stride0", norm.size * 4)
      .set("out_stride1", out.rows.stride)
      .write("out_addr", out.rows.buffer);
  centre.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByRow)
      .write("reduce_row", out.absmax)
      .emit();
  return out;
}

HeadRows Emitter::headNorm(const HeadNormPlan &norm, HeadRows heads,
                           int64_t first, const Rows &out, Value constants) {
  int64_t size = norm.size, at = norm.offset + first * norm.stride;
  if (norm.isCentred)
    heads = centred(norm, heads, constants);
  if (!heads.absmax)
    headMaximum(heads, size);
  Value squares = scalars("squares", heads.heads),
        root = scalars("root", heads.heads);
  Job square = stream(heads.heads, block.rows, size);
  readHeads(square, heads, size);
  square.set("reduce", ReduceSquares)
      .set("reduce_by", ByRow)
      .write("reduce_row", squares);
  square.set("square_by", ByRow).read("square_row", heads.absmax).emit();
  scalarJob("rsqrt", heads.heads, block.rows, squares, root)
      .set("scale1_imm", pairWord(norm.numbers.squareFactor))
      .set("scale2_imm", pairWord(norm.numbers.epsilon))
      .emit();
  HeadRows result{out, heads.heads, scalars("absmax", heads.heads)};
  Job scale = stream(heads.heads, block.rows, size);
  readHeads(scale, heads, size);
  scale.set("scale1", ScaleRow)
      .set("scale1_by", ByRow)
      .set("scale1_adjust", norm.numbers.adjust)
      .read("scale1_row", root);
  scale.set("scale2", ScaleB).set("scale2_adjust", 0).set("b_type", I32);
  scale.set("b_stride0", norm.stride)
      .set("b_stride1", 0)
      .read("b_addr", constants, at);
  if (norm.betaOffset)
    scale.set("add", AddC)
        .set("c_type", I32)
        .set("c_stride0", norm.stride)
        .set("c_stride1", 0)
        .read("c_addr", constants, at + norm.betaOffset);
  scale.set("out_type", I32)
      .set("out_stride0", size * 4)
      .set("out_stride1", out.stride)
      .write("out_addr", out.buffer, out.start);
  scale.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByRow)
      .write("reduce_row", result.absmax)
      .emit();
  return result;
}

/// The norm of each head in rows that are not an attention's own.
void Emitter::headNorms(Operation *op) {
  const HeadNormPlan &norm = plan.headNorms.find(op)->second;
  Value constants = loads.take(Loads::Norms);
  Rows x = values.lookup(op->getOperand(0)),
       out = makeRows("head_norm", x.cols);
  auto from = [&](const Rows &rows, int64_t head) {
    Rows part = rows;
    part.start = part.start + head * norm.size * 4;
    return part;
  };
  for (int64_t head = 0; head < qnn::groupsOf(op); head += norm.group)
    headNorm(norm, {from(x, head), norm.group, Value()}, head, from(out, head),
             constants);
  loads.release(Loads::Norms);
  values[op->getResult(0)] = out;
}

} // namespace dalbit::schedule
