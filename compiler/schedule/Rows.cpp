// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Row-wise operations: normalisation, run-time quantisation, linear layers and
// gates.

#include "compiler/schedule/Emitter.h"

#include "compiler/schedule/Choices.h"

using namespace mlir;

namespace dalbit::schedule {

void Emitter::absoluteMaximum(Rows &rows, const Size &count) {
  rows.absmax = scalars("absmax");
  Job job = stream(1, count, rows.cols);
  job.set("a_type", I32)
      .set("a_stride1", rows.stride)
      .read("a_addr", rows.buffer, rows.start);
  job.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByOuter)
      .write("reduce_row", rows.absmax);
  job.emit();
}

void Emitter::norm(qnn::LayerNormOp op) {
  const NormPlan &norm = plan.norms.find(op)->second;
  Rows x = values.lookup(op.getX());
  Size rows = rowsOf(op.getOut());
  if (inHead.contains(op.getOut()) && !inHead.contains(op.getX()))
    x.start = x.start + jobs.times(jobs.minus(block.rows, rows), x.stride);
  Value constants = loads.take(Loads::Norms);
  auto readX = [&](Job &job) {
    job.set("a_type", I32)
        .set("a_stride1", x.stride)
        .read("a_addr", x.buffer, x.start);
  };

  Value sum = scalars("sum"), mean = scalars("mean"),
        maximum = scalars("maximum"), squares = scalars("squares"),
        root = scalars("root");
  Job total = stream(1, rows, x.cols);
  readX(total);
  total.set("reduce", ReduceSum)
      .set("reduce_by", ByOuter)
      .write("reduce_row", sum)
      .emit();
  scalarJob("fix", 1, rows, sum, mean)
      .set("scale1_imm", pairWord(norm.numbers.inverseSize))
      .emit();

  Rows centred = makeRows("centred", x.cols);
  Job centre = stream(1, rows, x.cols);
  readX(centre);
  centre.set("add", AddRow)
      .set("add_negate", 1)
      .set("add_by", ByOuter)
      .read("add_row", mean);
  centre.set("out_type", I32)
      .set("out_stride1", centred.stride)
      .write("out_addr", centred.buffer);
  centre.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByOuter)
      .write("reduce_row", maximum)
      .emit();

  Job square = stream(1, rows, x.cols);
  square.set("a_type", I32)
      .set("a_stride1", centred.stride)
      .read("a_addr", centred.buffer);
  square.set("reduce", ReduceSquares)
      .set("reduce_by", ByOuter)
      .write("reduce_row", squares);
  square.set("square_by", ByOuter).read("square_row", maximum).emit();
  scalarJob("rsqrt", 1, rows, squares, root)
      .set("scale1_imm", pairWord(norm.numbers.squareFactor))
      .set("scale2_imm", pairWord(norm.numbers.epsilon))
      .emit();

  Rows out = makeRows("normalised", x.cols);
  out.absmax = scalars("absmax");
  Job scale = stream(1, rows, x.cols);
  scale.set("a_type", I32)
      .set("a_stride1", centred.stride)
      .read("a_addr", centred.buffer);
  scale.set("scale1", ScaleRow)
      .set("scale1_by", ByOuter)
      .set("scale1_adjust", norm.numbers.adjust);
  scale.read("scale1_row", root);
  scale.set("scale2", ScaleB)
      .set("scale2_adjust", 0)
      .set("b_type", I32)
      .set("b_stride0", 0);
  scale.set("b_stride1", 0).read("b_addr", constants);
  scale.set("add", AddC)
      .set("c_type", I32)
      .set("c_stride0", 0)
      .set("c_stride1", 0);
  scale.read("c_addr", constants, norm.betaOffset);
  scale.set("out_type", I32)
      .set("out_stride1", out.stride)
      .write("out_addr", out.buffer);
  scale.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByOuter)
      .write("reduce_row", out.absmax)
      .emit();
  loads.release(Loads::Norms);
  values[op.getOut()] = out;
}

void Emitter::rmsNorm(qnn::RMSNormOp op) {
  const NormPlan &norm = plan.norms.find(op)->second;
  Rows x = values.lookup(op.getX());
  Size rows = rowsOf(op.getOut());
  if (inHead.contains(op.getOut()) && !inHead.contains(op.getX())) {
    x.start = x.start + jobs.times(jobs.minus(block.rows, rows), x.stride);
    x.absmax = {}; // that of other rows
  }
  Value constants = loads.take(Loads::Norms);
  if (!x.absmax)
    absoluteMaximum(x, rows);
  Value squares = scalars("squares"), root = scalars("root");
  Job square = stream(1, rows, x.cols);
  square.set("a_type", I32)
      .set("a_stride1", x.stride)
      .read("a_addr", x.buffer, x.start);
  square.set("reduce", ReduceSquares)
      .set("reduce_by", ByOuter)
      .write("reduce_row", squares);
  square.set("square_by", ByOuter).read("square_row", x.absmax).emit();
  scalarJob("rsqrt", 1, rows, squares, root)
      .set("scale1_imm", pairWord(norm.numbers.squareFactor))
      .set("scale2_imm", pairWord(norm.numbers.epsilon))
      .emit();

  Rows out = makeRows("normalised", x.cols);
  out.absmax = scalars("absmax");
  Job scale = stream(1, rows, x.cols);
  scale.set("a_type", I32)
      .set("a_stride1", x.stride)
      .read("a_addr", x.buffer, x.start);
  scale.set("scale1", ScaleRow)
      .set("scale1_by", ByOuter)
      .set("scale1_adjust", norm.numbers.adjust);
  scale.read("scale1_row", root);
  scale.set("scale2", ScaleB)
      .set("scale2_adjust", 0)
      .set("b_type", I32)
      .set("b_stride0", 0);
  scale.set("b_stride1", 0).read("b_addr", constants);
  scale.set("out_type", I32)
      .set("out_stride1", out.stride)
      .write("out_addr", out.buffer);
  scale.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByOuter)
      .write("reduce_row", out.absmax)
      .emit();
  loads.release(Loads::Norms);
  values[op.getOut()] = out;
}

CodeRows Emitter::codes(const Rows &rows, int64_t fraction, const Size &count,
                        Value rowScales, bool isWide) {
  CodeRows result;
  result.cols = rows.cols;
  result.stride =
      roundUp(rows.cols, std::max({machine.k, machine.lanes, int64_t(16)}));
  auto makeCodes = [&](StringRef label) {
    return jobs.buffer(label, npu::Space::spm, result.stride * blockRows,
                       machine.alignment());
  };
  result.buffer = makeCodes("codes");
  Value inverse = scalars("inverse");
  scalarJob("recip", 1, count, rows.absmax, inverse)
      .set("scale1_imm",
           pairWord(quantise::makePair(isWide ? quantise::WideMaximum : 127)))
      .emit();
  auto makeScales = [&](quantise::Pair step) {
    Value scales = scalars("scales");
    Job scale =
        scalarJob(rowScales ? "mul" : "scale", 1, count, rows.absmax, scales);
    if (rowScales)
      scale.read("scale2_row", rowScales);
    scale.set("scale1_imm", pairWord(step)).emit();
    return scales;
  };
  Value out = result.buffer;
  int64_t stride = result.stride;
  if (isWide) {
    result.scales = makeScales(quantise::highCodeScale(int(fraction)));
    result.lowScales = makeScales(quantise::lowCodeScale(int(fraction)));
    result.low = makeCodes("low");
    stride = roundUp(rows.cols, std::max<int64_t>(machine.lanes, 32)) * 2;
    out = jobs.buffer("wide", npu::Space::spm, stride * blockRows,
                      machine.alignment());
  } else {
    result.scales = makeScales(quantise::codeScale(int(fraction)));
  }
  Job job = stream(1, count, rows.cols);
  job.set("a_type", I32)
      .set("a_stride1", rows.stride)
      .read("a_addr", rows.buffer, rows.start);
  job.set("scale1", ScaleRow).set("scale1_by", ByOuter).set("scale1_adjust", 0);
  job.read("scale1_row", inverse);
  job.set("out_type", isWide ? I16 : I8)
      .set("out_stride1", stride)
      .write("out_addr", out)
      .emit();
  if (isWide)
    splitBytes(out, stride, result, count);
  return result;
}

void Emitter::splitBytes(Value wide, int64_t stride, const CodeRows &codes,
                         const Size &count) {
  auto scaled = [&](quantise::Pair factor) {
    Job job = stream(1, count, codes.cols);
    job.set("scale1", ScaleImm)
        .set("scale1_adjust", 0)
        .set("scale1_imm", pairWord(factor));
    job.set("out_type", I8).set("out_stride1", codes.stride);
    return job;
  };
  Job high = scaled(quantise::makePair(1.0 / 256));
  high.set("a_type", I16).set("a_stride1", stride).read("a_addr", wide);
  high.write("out_addr", codes.buffer).emit();
  Job low = scaled(quantise::makePair(-256));
  low.set("a_type", I8)
      .set("a_stride1", codes.stride)
      .read("a_addr", codes.buffer);
  low.set("add", AddC)
      .set("c_type", I16)
      .set("c_stride0", 0)
      .set("c_stride1", stride)
      .read("c_addr", wide);
  low.write("out_addr", codes.low).emit();
}

void Emitter::quantize(qnn::QuantizeOp op) {
  Rows rows = values.lookup(op.getX());
  Size count = rowsOf(op.getX());
  if (!rows.absmax)
    absoluteMaximum(rows, count);
  Value rowScales =
      op.getRowScales() ? this->rowScales.lookup(op.getRowScales()) : Value();
  coded[op.getCodes()] =
      codes(rows, op.getFraction(), count, rowScales, !op.getLow().empty());
}

void Emitter::product(const LinearPlan &linear, size_t first, size_t count,
                      const CodeRows &input, const Size &rows,
                      const Size &inputStart, int64_t headColumns,
                      const std::function<void(Job &pass, int64_t firstChannel,
                                               int64_t channels)> &finish) {
  int64_t channel = 0;
  Value accumulator, lowAccumulator;
  for (size_t i = first; i < first + count; ++i) {
    const WeightChunk &chunk = chunksOf(linear)[i];
    Value slot = loads.take(Loads::Weights);
    if (chunk.first && input.low)
      lowAccumulator = nextAccumulator();
    if (chunk.first)
      accumulator = nextAccumulator();
    auto multiply = [&](Value codes, Value to) {
      Job matrix = jobs.matrix();
      matrix.set("rows", rows).set("n", chunk.channels).set("k", chunk.depth);
      matrix.set("a_row_stride", input.stride);
      matrix.read("a_addr", codes, inputStart + chunk.firstLane)
          .read("w_addr", slot);
      matrix.set("w_form", linear.form == quantise::WeightForm::W4 ? 1 : 0)
          .set("w_group", 0);
      matrix.set("acc_stride", blockRows)
          .set("accumulate", chunk.first ? 0 : 1);
      if (!chunk.first)
        matrix.read("acc_addr", to);
      matrix.write("acc_addr", to).emit();
    };
    if (input.low)
      multiply(input.low, lowAccumulator);
    multiply(input.buffer, accumulator);
    if (chunk.last) {
      int64_t heads = headColumns ? chunk.channels / headColumns : 1;
      int64_t cols = headColumns ? headColumns
                                 : std::min(chunk.channels, linear.n - channel);
      // Without its summand.
      auto begin = [&](Value from, Value scales) {
        Job pass = stream(heads, rows, cols);
        pass.set("source", 1).read("acc_addr", from);
        pass.set("acc_stride0", cols / machine.n * blockRows)
            .set("acc_stride1", 1);
        pass.set("acc_tile_stride", blockRows);
        pass.set("scale1", ScaleB).set("scale1_adjust", 0).set("b_type", I32);
        pass.set("b_stride0", headColumns * 4).set("b_stride1", 0);
        pass.read("b_addr", slot, chunk.pairOffset);
        pass.set("scale2", ScaleRow)
            .set("scale2_by", ByOuter)
            .read("scale2_row", scales);
        pass.set("scale2_adjust", linear.inner - quantise::ResidualFraction);
        pass.set("add", AddC)
            .set("c_type", I32)
            .set("c_stride0", headColumns * 4);
        return pass;
      };
      auto addBias = [&](Job &pass) {
        pass.set("c_stride1", 0).read("c_addr", slot, chunk.biasOffset);
      };
      Rows low;
      if (input.low) {
        low = makeRows("low", heads * cols);
        Job pass = begin(lowAccumulator, input.lowScales);
        addBias(pass);
        pass.set("out_type", I32)
            .set("out_stride0", headColumns * 4)
            .set("out_stride1", low.stride)
            .write("out_addr", low.buffer)
            .emit();
      }
      Job pass = begin(accumulator, input.scales);
      if (input.low)
        pass.set("c_stride1", low.stride).read("c_addr", low.buffer);
      else
        addBias(pass);
      finish(pass, channel, chunk.channels);
      channel += chunk.channels;
    }
    loads.release(Loads::Weights);
  }
}

/// The operation that alone uses \p value, if it is of the kind.
template <typename Op> static Op onlyUser(Value value) {
  return value.hasOneUse() ? dyn_cast<Op>(*value.user_begin()) : Op();
}

void Emitter::linear(qnn::LinearOp op) {
  const LinearPlan &linear = plan.linears.find(op)->second;
  CodeRows input = coded.lookup(op.getCodes());
  Size rows = rowsOf(op.getOut());

  // A gate or a residual addition that follows is done in the same pass: the
  // stages are in that order.
  Value result = op.getOut();
  auto gate = onlyUser<qnn::GateOp>(result);
  if (gate)
    result = gate.getOut();
  if (gate && !stage->contains(gate))
    gate = {}, result = op.getOut();
  auto residual = onlyUser<qnn::AddOp>(result);
  if (residual && !stage->contains(residual))
    residual = {};
  Value other;
  if (residual) {
    other = residual.getA() == result ? residual.getB() : residual.getA();
    if (!values.contains(other) || inHead.contains(other))
      residual = {};
  }
  if (gate) {
    fused.insert(gate);
    useTable(gateTables[gate]);
  }
  if (residual) {
    fused.insert(residual);
    result = residual.getOut();
  }
  // Rows as wide as a vocabulary leave for the host in pieces: a block of them
  // may be more than the scratchpad.
  auto leaving = onlyUser<qnn::DequantizeOp>(result);
  if (leaving && (!stage->contains(leaving) ||
                  roundUp(machine.rowBytes(linear.n), 64) * blockRows <=
                      machine.spmBytes / 8))
    leaving = {};
  Rows out;
  if (leaving)
    fused.insert(leaving);
  else
    out = makeRows("linear", linear.n);
  Value maximum, running;
  product(linear, 0, chunksOf(linear).size(), input, rows, 0, 0,
          [&](Job &pass, int64_t channel, int64_t channels) {
            if (gate) {
              const quantise::Table &table =
                  *quantise::tableOf(gate.getFunction().str());
              pass.set("table", 2).set("table_shift", table.shift);
              pass.set("table_offset", table.offset)
                  .set("gate_shift", table.gateShift);
            }
            if (residual) {
              Rows stream = values.lookup(other);
              pass.set("add_c", 2)
                  .set("a_type", I32)
                  .set("a_stride1", stream.stride);
              pass.read("a_addr", stream.buffer, stream.start + channel * 4);
            }
            if (leaving) {
              int64_t columns = std::min(channels, linear.n - channel);
              Rows piece = makeRows("piece", columns);
              pass.set("out_type", I32).set("out_stride1", piece.stride);
              pass.write("out_addr", piece.buffer).emit();
              return takeOut(leaving, piece, channel, columns);
            }
            pass.set("out_type", I32).set("out_stride1", out.stride);
            pass.write("out_addr", out.buffer, channel * 4);
            maximum = scalars("maximum");
            pass.set("reduce", ReduceAbsmax)
                .set("reduce_by", ByOuter)
                .write("reduce_row", maximum);
            pass.emit();
            if (running) {
              Value both = scalars("maximum");
              scalarJob("max", 1, rows, running, both)
                  .read("scale2_row", maximum)
                  .emit();
              running = both;
            } else {
              running = maximum;
            }
          });
  if (leaving)
    return;
  out.absmax = running;
  values[result] = out;
}

Rows Emitter::pass(Value value, StringRef label,
                   const std::function<void(Job &job)> &finish) {
  Rows x = values.lookup(value);
  Rows out = makeRows(label, x.cols);
  Job job = stream(1, rowsOf(value), x.cols);
  job.set("a_type", I32)
      .set("a_stride1", x.stride)
      .read("a_addr", x.buffer, x.start);
  finish(job);
  job.set("out_type", I32)
      .set("out_stride1", out.stride)
      .write("out_addr", out.buffer)
      .emit();
  return out;
}

void Emitter::gate(qnn::GateOp op) {
  const quantise::Table &table = *quantise::tableOf(op.getFunction().str());
  useTable(gateTables[op]);
  values[op.getOut()] = pass(op.getX(), "gate", [&](Job &job) {
    job.set("table", 2)
        .set("table_shift", table.shift)
        .set("table_offset", table.offset);
    job.set("gate_shift", table.gateShift);
  });
}

void Emitter::table(qnn::TableOp op) {
  const quantise::Table &table = *quantise::tableOf(op.getFunction().str());
  useTable(gateTables[op]);
  values[op.getOut()] = pass(op.getX(), "table", [&](Job &job) {
    job.set("table", 1)
        .set("table_shift", table.shift)
        .set("table_offset", table.offset);
  });
}

void Emitter::bound(qnn::BoundOp op) {
  const quantise::Table &sign =
      *quantise::tableOf(op.getUpper() ? "negative" : "relu");
  useTable(gateTables[op]);
  Rows x = values.lookup(op.getX());
  Value absmax = scalars("absmax");
  Rows out = pass(op.getX(), "bound", [&](Job &job) {
    job.set("scale1", ScaleImm)
        .set("scale1_adjust", 0)
        .set("scale1_imm", pairWord(quantise::makePair(-1)));
    job.set("add", AddImm).set("add_imm", int32_t(op.getBound()));
    job.set("table", 2)
        .set("table_shift", sign.shift)
        .set("table_offset", sign.offset)
        .set("gate_shift", sign.gateShift);
    job.set("add_c", 1)
        .set("c_type", I32)
        .set("c_stride0", 0)
        .set("c_stride1", x.stride)
        .read("c_addr", x.buffer, x.start);
    job.set("reduce", ReduceAbsmax)
        .set("reduce_by", ByOuter)
        .write("reduce_row", absmax);
  });
  out.absmax = absmax;
  values[op.getOut()] = out;
}

void Emitter::rescale(qnn::RescaleOp op) {
  quantise::Pair factor{int16_t(op.getMantissa()), int8_t(op.getShift())};
  values[op.getOut()] = pass(op.getX(), "rescaled", [&](Job &job) {
    job.set("scale1", ScaleImm).set("scale1_imm", pairWord(factor));
    job.set("scale1_adjust", 0);
  });
}

Job Emitter::over(const Rows &x, const Size &count) {
  Job job = stream(1, count, x.cols);
  job.set("a_type", I32)
      .set("a_stride1", x.stride)
      .read("a_addr", x.buffer, x.start);
  return job;
}

void Emitter::subtract(Job &job, Value scalar) {
  job.set("add", AddRow)
      .set("add_negate", 1)
      .set("add_by", ByOuter)
      .read("add_row", scalar);
}

void Emitter::reduceRows(Job &job, int64_t kind, Value to) {
  job.set("reduce", kind)
      .set("reduce_by", ByOuter)
      .write("reduce_row", to)
      .emit();
}

Rows Emitter::writeTo(Job &job, StringRef label, int64_t cols) {
  Rows made = makeRows(label, cols);
  job.set("out_type", I32)
      .set("out_stride1", made.stride)
      .write("out_addr", made.buffer);
  return made;
}

} // namespace dalbit::schedule
