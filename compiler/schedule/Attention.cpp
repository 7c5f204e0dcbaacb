// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention over a cache in DRAM. A group of heads at a time: its cache is
// loaded ahead, the new keys and values are quantised into it in the scratchpad
// and written back to DRAM from there (A8).

#include "compiler/schedule/Emitter.h"

#include "compiler/schedule/Choices.h"

using namespace mlir;

namespace dalbit::schedule {

namespace {
constexpr int64_t Kv = int64_t(isa::Region::Kv);
} // namespace

/// Quantises new rows of keys or values into the cache slot and writes them to
/// DRAM.
void Emitter::cacheRows(const AttentionPlan &a, int64_t index,
                        const HeadRows &source, Value slot, int64_t codesInSlot,
                        int64_t scalesInSlot, int64_t codesInDram,
                        int64_t scalesInDram) {
  int64_t context = plan.paddedContext, perHead = context * a.paddedSize;
  int64_t heads = source.heads;
  Value inverse = scalars("inverse", heads), scale = scalars("scale", heads);
  auto read = [&](Job &job) {
    job.set("a_type", I32)
        .set("a_stride0", a.paddedSize * 4)
        .set("a_stride1", source.rows.stride);
    job.read("a_addr", source.rows.buffer);
  };
  headCodes(read, heads, a.paddedSize, source.absmax, inverse, scale,
            {slot, jobs.times(block.position, a.paddedSize) + codesInSlot,
             perHead, slot, jobs.times(block.position, 4) + scalesInSlot,
             context * 4});
  auto append = [&](int64_t inSlot, int64_t inDram, int64_t bytesPerKey) {
    int64_t stride = context * bytesPerKey;
    Size position = jobs.times(block.position, bytesPerKey);
    appendHeads(Kv, "kv", heads, stride, jobs.times(block.rows, bytesPerKey),
                {slot, position + inSlot, stride},
                inDram + index * heads * stride, block.kv + position);
  };
  append(codesInSlot, codesInDram, a.paddedSize);
  append(scalesInSlot, scalesInDram, 4);
}

Softmax Emitter::softmaxGroup(const AttentionPlan &a, const Heads &group,
                              const Scope &scope, const Rows &out) {
  Value slot = group.slot;
  int64_t context = a.context, perHead = context * a.paddedSize;
  int64_t valueCodes = a.kvGroup * perHead, keyScales = 2 * valueCodes,
          valueScales = keyScales + a.kvGroup * context * 4;
  // Heads that share a key head are rows of one product; else each head has a
  // product of its own.
  int64_t products = a.sharesKeys() ? 1 : a.group, shared = a.group / products;
  int64_t scaleStride = a.sharesKeys() ? 0 : context * 4;
  auto readProducts = [&](Job &job, Value accumulator, int64_t tiles) {
    job.set("source", 1).read("acc_addr", accumulator);
    job.set("acc_stride0", a.sharesKeys() ? 1 : tiles * blockRows)
        .set("acc_stride1", shared)
        .set("acc_tile_stride", blockRows * shared);
  };
  const Size &keys = scope.keys;
  int64_t scoreStride = context * 4;
  auto makeScores = [&](StringRef label, int64_t bytes) {
    return jobs.buffer(label, npu::Space::spm,
                       a.group * blockRows * context * bytes,
                       machine.alignment());
  };
  // Rows are [token][head]; a causal row t sees the keys up to position + t,
  // of a window the nearest ones.
  auto setRange = [&](Job &job, int64_t firstKey) {
    int64_t ahead = scope.causal ? 1 : scope.window;
    if (ahead)
      job.set("range_hi", scope.position + (ahead - firstKey))
          .set("range_hi_step", 1);
    if (scope.window)
      job.set("range_lo", scope.position + (1 - firstKey - scope.window))
          .set("range_lo_step", 1);
  };

  // Scores, a chunk of keys at a time.
  Value scores = makeScores("scores", 4), maximum = scalars("maximum", a.group);
  bool oneChunk = a.keyChunk >= a.maxKeys;
  int64_t tiles = a.keyChunk / machine.n;
  for (int64_t first = 0; first < a.maxKeys; first += a.keyChunk) {
    Size count =
        oneChunk ? keys
                 : jobs.maximum(
                       jobs.minimum(jobs.minus(keys, first), a.keyChunk), 0);
    Value accumulator = nextAccumulator();
    for (int64_t head = 0; head < products; ++head) {
      Job matrix = jobs.matrix();
      matrix.set("rows", jobs.times(block.rows, shared))
          .set("n", count)
          .set("k", a.paddedSize);
      matrix.set("a_row_stride", products * a.paddedSize);
      matrix.read("a_addr", group.queries, head * a.paddedSize);
      matrix.set("w_form", 2).set("w_row_stride", a.paddedSize);
      matrix.read("w_addr", slot, head * perHead + first * a.paddedSize);
      matrix.set("acc_stride", blockRows * shared).set("accumulate", 0);
      matrix.write("acc_addr", accumulator, head * tiles * blockRows).emit();
    }
    if (scope.softcap)
      useTable(scope.softcap);
    Job pass = stream(a.group, block.rows, count);
    readProducts(pass, accumulator, tiles);
    pass.set("scale1", ScaleB)
        .set("scale1_adjust", -a.numbers.scoreInner)
        .set("b_type", I32);
    pass.set("b_stride0", scaleStride).set("b_stride1", 0);
    pass.read("b_addr", slot, keyScales + first * 4);
    pass.set("scale2", ScaleRow)
        .set("scale2_by", ByRow)
        .read("scale2_row", group.scales);
    pass.set("scale2_adjust",
             a.numbers.scoreInner - quantise::ResidualFraction);
    if (scope.softcap)
      pass.set("table", 2)
          .set("table_shift", a.softcap.shift)
          .set("table_offset", a.softcap.offset)
          .set("gate_shift", a.softcap.gateShift);
    addToScores(pass, scope, first);
    setRange(pass, first);
    pass.set("out_type", I32)
        .set("out_stride0", scoreStride)
        .set("out_stride1", a.group * scoreStride);
    pass.write("out_addr", scores, first * 4);
    if (oneChunk)
      pass.set("reduce", ReduceMax)
          .set("reduce_by", ByRow)
          .write("reduce_row", maximum);
    pass.emit();
  }
  auto readScores = [&](Job &job, Value buffer, int64_t type, int64_t bytes) {
    job.set("a_type", type).set("a_stride0", context * bytes);
    job.set("a_stride1", a.group * context * bytes).read("a_addr", buffer);
  };
  auto writeScores = [&](Job &job, Value buffer, int64_t type, int64_t bytes) {
    job.set("out_type", type).set("out_stride0", context * bytes);
    job.set("out_stride1", a.group * context * bytes).write("out_addr", buffer);
  };
  if (!oneChunk) {
    Job pass = stream(a.group, block.rows, keys);
    readScores(pass, scores, I32, 4);
    setRange(pass, 0);
    pass.set("reduce", ReduceMax)
        .set("reduce_by", ByRow)
        .write("reduce_row", maximum)
        .emit();
  }

  useTable(exponential);
  Value probabilities = makeScores("probabilities", 2),
        total = scalars("total", a.group);
  Job exponent = stream(a.group, block.rows, keys);
  readScores(exponent, scores, I32, 4);
  setRange(exponent, 0);
  writeScores(exponent, probabilities, I16, 2);
  exponentials(exponent, maximum, /*isDown=*/true, total);
  Value sinkFactor;
  if (a.sinkStride)
    sinkFactor = addSinks(a, group, maximum, total);

  // V's scale lies along the contraction (A7).
  Value weighted = makeScores("weighted", 4),
        weightedMax = scalars("weighted_max", a.group);
  Job weight = stream(a.group, block.rows, keys);
  readScores(weight, probabilities, I16, 2);
  weight.set("scale1", ScaleB)
      .set("scale1_adjust", -a.numbers.probabilityInner)
      .set("b_type", I32);
  weight.set("b_stride0", scaleStride)
      .set("b_stride1", 0)
      .read("b_addr", slot, valueScales);
  writeScores(weight, weighted, I32, 4);
  weight.set("reduce", ReduceAbsmax)
      .set("reduce_by", ByRow)
      .write("reduce_row", weightedMax)
      .emit();

  Value inverse = scalars("inverse", a.group),
        codes = makeScores("weights8", 1);
  scalarJob("recip", a.group, block.rows, weightedMax, inverse)
      .set("scale1_imm", pairWord(quantise::makePair(127)))
      .emit();
  Job quantised = stream(a.group, block.rows, keys);
  readScores(quantised, weighted, I32, 4);
  quantised.set("scale1", ScaleRow)
      .set("scale1_by", ByRow)
      .set("scale1_adjust", 0);
  quantised.read("scale1_row", inverse);
  writeScores(quantised, codes, I8, 1);
  quantised.emit();

  Value share = scalars("share", a.group),
        outScale = scalars("out_scale", a.group);
  scalarJob("recip", a.group, block.rows, total, share)
      .set("scale1_imm", pairWord(quantise::makePair(1)))
      .emit();
  if (sinkFactor) {
    Value ofSum = share;
    share = scalars("share", a.group);
    scalarJob("mul", a.group, block.rows, ofSum, share)
        .read("scale2_row", sinkFactor)
        .set("scale1_imm", pairWord(quantise::makePair(1)))
        .emit();
  }
  scalarJob("mul", a.group, block.rows, weightedMax, outScale)
      .read("scale2_row", share)
      .set("scale1_imm",
           pairWord(quantise::codeScale(a.numbers.probabilityInner)))
      .emit();

  Value accumulator = nextAccumulator();
  int64_t headTiles = a.paddedSize / machine.n;
  for (int64_t head = 0; head < products; ++head) {
    Job matrix = jobs.matrix();
    matrix.set("rows", jobs.times(block.rows, shared))
        .set("n", a.paddedSize)
        .set("k", keys);
    matrix.set("a_row_stride", products * context)
        .read("a_addr", codes, head * context);
    matrix.set("w_form", 3).set("w_row_stride", a.paddedSize);
    matrix.read("w_addr", slot, valueCodes + head * perHead);
    matrix.set("acc_stride", blockRows * shared).set("accumulate", 0);
    matrix.write("acc_addr", accumulator, head * headTiles * blockRows).emit();
  }
  Job pass = stream(a.group, block.rows, a.paddedSize);
  readProducts(pass, accumulator, headTiles);
  pass.set("scale1", ScaleRow)
      .set("scale1_by", ByRow)
      .read("scale1_row", outScale);
  pass.set("scale1_adjust", -quantise::ResidualFraction);
  pass.set("out_type", I32)
      .set("out_stride0", a.paddedSize * 4)
      .set("out_stride1", out.stride);
  pass.write("out_addr", out.buffer, group.first * a.paddedSize * 4).emit();
  return {probabilities, total};
}

void Emitter::queryCodes(const AttentionPlan &a, const Rows &rows,
                         const Size &start, Value absmax, Heads &group) {
  Value inverse = scalars("inverse", a.group);
  group.scales = scalars("query_scales", a.group);
  group.queries =
      jobs.buffer("queries", npu::Space::spm,
                  blockRows * a.group * a.paddedSize, machine.alignment());
  scalarJob("recip", a.group, block.rows, absmax, inverse)
      .set("scale1_imm", pairWord(quantise::makePair(127)))
      .emit();
  scalarJob("scale", a.group, block.rows, absmax, group.scales)
      .set("scale1_imm", pairWord(a.numbers.queryScale))
      .emit();
  Job pass = stream(a.group, block.rows, a.paddedSize);
  pass.set("a_type", I32)
      .set("a_stride0", a.paddedSize * 4)
      .set("a_stride1", rows.stride);
  pass.read("a_addr", rows.buffer, start);
  pass.set("scale1", ScaleRow).set("scale1_by", ByRow).set("scale1_adjust", 0);
  pass.read("scale1_row", inverse);
  pass.set("out_type", I8).set("out_stride0", a.paddedSize);
  pass.set("out_stride1", a.group * a.paddedSize)
      .write("out_addr", group.queries)
      .emit();
}

LogicalResult Emitter::attention(qnn::AttentionOp op) {
  const AttentionPlan &a = attentions().find(op)->second;
  Rows out = makeRows("attention", a.heads * a.paddedSize);
  int64_t perHead = plan.paddedContext * a.paddedSize,
          codesBytes = a.kvGroup * perHead;
  int64_t scaleBytes = a.kvGroup * plan.paddedContext * 4;
  Scope scope;
  scope.keys = block.position + block.rows;
  scope.position = block.position;
  scope.window = int64_t(op.getWindow().value_or(0));
  if (op.getMask())
    scope.mask = masks.lookup(op.getMask());
  if (!a.softcap.words.empty())
    scope.softcap = gateTables[op];
  Value constants = a.constantsBytes ? loads.take(Loads::Norms) : Value();
  for (int64_t index = 0; index < a.slots(); ++index) {
    Value slot = loads.take(Loads::Caches);
    cacheRows(a, index, projection(a, 1, index, a.kvGroup, constants), slot, 0,
              2 * codesBytes, a.keyCodes, a.keyScales);
    cacheRows(a, index, projection(a, 2, index, a.kvGroup, constants), slot,
              codesBytes, 2 * codesBytes + scaleBytes, a.valueCodes,
              a.valueScales);
    for (int64_t g = 0; g < a.groupsPerSlot(); ++g) {
      Heads group;
      int64_t part = index * a.groupsPerSlot() + g;
      group.first = part * a.group;
      group.slot = slot;
      group.constants = constants;
      HeadRows rows = projection(a, 0, part, a.group, constants);
      queryCodes(a, rows.rows, 0, rows.absmax, group);
      scope.bias = takeBias(a, block.position);
      softmaxGroup(a, group, scope, out);
      if (scope.bias.buffer)
        loads.release(Loads::Biases);
    }
    loads.release(Loads::Caches);
  }
  if (constants)
    loads.release(Loads::Norms);
  values[op.getOut()] = out;
  return success();
}

} // namespace dalbit::schedule
