// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention over complete keys: one stage quantises keys and values of all rows
// into their caches in DRAM, a later one takes its queries to them.

#include "compiler/schedule/Emitter.h"

#include "compiler/schedule/Choices.h"

using namespace mlir;

namespace dalbit::schedule {

/// Quantises the block's rows by head and appends them to the cache.
void Emitter::heads(qnn::HeadsOp op) {
  const CachePlace &cache = plan.caches.find(op.getCodes())->second;
  Rows x = values.lookup(op.getX());
  int64_t padded = cache.paddedSize, group = cache.group;
  bool grows = static_cast<bool>(op.getPastCodes());
  Size position = grows ? block.position : block.first;
  // Words of scales must lie in the scratchpad as they will in DRAM, modulo the
  // width of the bus.
  Size inBeat = grows || beginsInside(position)
                    ? jobs.modulo(jobs.times(position, 4), machine.axiBytes)
                    : Size(0);
  int64_t scaleStride =
      roundUp(blockRows * 4 + machine.axiBytes, machine.alignment());
  int64_t region = int64_t(cache.region);
  Size sequence = cache.perSequence() ? block.kv : Size(0);
  for (int64_t first = 0; first < cache.heads; first += group) {
    Value absmax = scalars("absmax", group),
          inverse = scalars("inverse", group), scale = scalars("scale", group);
    Value codes = jobs.buffer("codes", npu::Space::spm,
                              group * blockRows * padded, machine.alignment());
    Value scales = jobs.buffer("scales", npu::Space::spm, group * scaleStride,
                               machine.alignment());
    auto read = [&](Job &job) {
      job.set("a_type", I32)
          .set("a_stride0", padded * 4)
          .set("a_stride1", x.stride);
      job.read("a_addr", x.buffer, x.start + first * padded * 4);
    };
    Job maximum = stream(group, block.rows, padded);
    read(maximum);
    maximum.set("reduce", ReduceAbsmax)
        .set("reduce_by", ByRow)
        .write("reduce_row", absmax)
        .emit();
    headCodes(read, group, padded, absmax, inverse, scale,
              {codes, 0, blockRows * padded, scales, inBeat, scaleStride});
    auto append = [&](Value from, const Size &start, int64_t spmStride,
                      int64_t offset, int64_t bytesPerKey) {
      int64_t stride = cache.context * bytesPerKey;
      Size bytes = jobs.times(block.rows, bytesPerKey);
      appendHeads(region, "cache", group, stride, bytes,
                  {from, start, spmStride}, offset + first * stride,
                  sequence + jobs.times(position, bytesPerKey));
    };
    append(codes, 0, blockRows * padded, cache.codes, padded);
    append(scales, inBeat, scaleStride, cache.scales, 4);
  }
}

/// Keys of an attention: a number that the model fixes, or all tokens so far.
Size Emitter::keysOf(qnn::AttendOp op) {
  int64_t keys = cast<RankedTensorType>(op.getKeys().getType()).getDimSize(2);
  if (!ShapedType::isDynamic(keys))
    return keys;
  if (op.getKeys().getDefiningOp<qnn::ImportCacheOp>())
    return block.past;
  auto heads = op.getKeys().getDefiningOp<qnn::HeadsOp>();
  return heads && !heads.getPastCodes() ? block.tokens
                                        : block.past + block.tokens;
}

/// Where the block's first query stands among the keys.
Size Emitter::positionOf(qnn::AttendOp op) {
  int64_t keys = cast<RankedTensorType>(op.getKeys().getType()).getDimSize(2),
          rows = cast<RankedTensorType>(op.getQuery().getType()).getDimSize(1);
  if (!ShapedType::isDynamic(keys) && !ShapedType::isDynamic(rows))
    return block.first + (keys - rows);
  auto heads = op.getKeys().getDefiningOp<qnn::HeadsOp>();
  return heads && !heads.getPastCodes() ? block.first : block.position;
}

void Emitter::requestCaches(qnn::AttendOp op) {
  const AttentionPlan &a = attends().find(op)->second;
  const CachePlace &keyPlace = plan.caches.find(op.getKeys())->second;
  const CachePlace &valuePlace = plan.caches.find(op.getValues())->second;
  Size keys = keysOf(op);
  if (a.constantsBytes)
    requestNorm(a.constantsOffset, a.constantsBytes);
  for (int64_t g = 0; g < a.slots(); ++g) {
    request(Loads::Caches, [this, &a, &keyPlace, &valuePlace, keys,
                            g](Value slot) {
      auto load = [&](const CachePlace &place, int64_t offset, int64_t inSlot,
                      int64_t bytesPerKey) {
        int64_t perHead = a.context * bytesPerKey;
        Value cache =
            jobs.dram("cache", int64_t(place.region),
                      offset + g * a.kvGroup * perHead, a.kvGroup * perHead);
        Job job = jobs.dmaIn();
        job.set("region", int64_t(place.region))
            .set("bytes", jobs.times(keys, bytesPerKey));
        job.set("rows", a.kvGroup).set("planes", 1).set("gather", 0);
        job.set("dram_row_stride", perHead).set("spm_row_stride", perHead);
        job.read("dram_offset", cache, place.perSequence() ? block.kv : Size(0))
            .write("spm_addr", slot, inSlot)
            .emit();
      };
      int64_t codes = a.kvGroup * a.context * a.paddedSize,
              scales = a.kvGroup * a.context * 4;
      load(keyPlace, keyPlace.codes, 0, a.paddedSize);
      load(valuePlace, valuePlace.codes, codes, a.paddedSize);
      load(keyPlace, keyPlace.scales, 2 * codes, 4);
      load(valuePlace, valuePlace.scales, 2 * codes + scales, 4);
    });
    int64_t groups = a.groupsPerSlot();
    for (int64_t part = g * groups; part < (g + 1) * groups; ++part)
      requestBias(a, part, positionOf(op), keys);
  }
}

/// Adds a group's probabilities, divided by their sum and the number of heads,
/// to the mean over the heads.
void Emitter::addWeights(qnn::AttendOp op, const Softmax &softmax,
                         const Size &keys, Rows &sum) {
  const AttentionPlan &a = attends().find(op)->second;
  int64_t context = a.context;
  Value share = scalars("share", a.group);
  scalarJob("recip", a.group, block.rows, softmax.total, share)
      .set("scale1_imm", pairWord(quantise::makePair(1.0 / double(a.heads))))
      .emit();
  Value scaled =
      jobs.buffer("weights", npu::Space::spm, a.group * blockRows * context * 4,
                  machine.alignment());
  Job scale = stream(a.group, block.rows, keys);
  scale.set("a_type", I16)
      .set("a_stride0", context * 2)
      .set("a_stride1", a.group * context * 2)
      .read("a_addr", softmax.probabilities);
  scale.set("scale1", ScaleRow)
      .set("scale1_by", ByRow)
      .set("scale1_adjust", -quantise::WeightsFraction)
      .read("scale1_row", share);
  scale.set("out_type", I32)
      .set("out_stride0", context * 4)
      .set("out_stride1", a.group * context * 4)
      .write("out_addr", scaled)
      .emit();
  for (int64_t head = 0; head < a.group; ++head) {
    Rows next = makeRows("weights_mean", a.maxKeys);
    Job add = stream(1, block.rows, keys);
    add.set("a_type", I32)
        .set("a_stride1", a.group * context * 4)
        .read("a_addr", scaled, head * context * 4);
    if (sum.buffer) {
      add.set("add", AddC).set("c_type", I32).set("c_stride1", sum.stride);
      add.read("c_addr", sum.buffer);
    }
    add.set("out_type", I32)
        .set("out_stride1", next.stride)
        .write("out_addr", next.buffer)
        .emit();
    sum = next;
  }
}

LogicalResult Emitter::attend(qnn::AttendOp op) {
  const AttentionPlan &a = attends().find(op)->second;
  Rows query = values.lookup(op.getQuery());
  Rows out = makeRows("attention", a.heads * a.paddedSize), weights;
  Scope scope;
  scope.keys = keysOf(op);
  scope.position = positionOf(op);
  scope.causal = op.getCausal();
  scope.window = int64_t(op.getWindow().value_or(0));
  if (op.getMask())
    scope.mask = masks.lookup(op.getMask());
  Value constants = a.constantsBytes ? loads.take(Loads::Norms) : Value();
  Value slot;
  int64_t groups = a.heads / a.group;
  for (int64_t index = 0; index < groups; ++index) {
    if (index % a.groupsPerSlot() == 0)
      slot = loads.take(Loads::Caches);
    Heads group;
    group.constants = constants;
    group.slot = slot;
    group.first = index * a.group;
    Size start = query.start + group.first * a.paddedSize * 4;
    Value absmax = scalars("absmax", a.group);
    Job maximum = stream(a.group, block.rows, a.paddedSize);
    maximum.set("a_type", I32)
        .set("a_stride0", a.paddedSize * 4)
        .set("a_stride1", query.stride)
        .read("a_addr", query.buffer, start);
    maximum.set("reduce", ReduceAbsmax)
        .set("reduce_by", ByRow)
        .write("reduce_row", absmax)
        .emit();
    queryCodes(a, query, start, absmax, group);
    scope.bias = takeBias(a, positionOf(op));
    Softmax softmax = softmaxGroup(a, group, scope, out);
    if (scope.bias.buffer)
      loads.release(Loads::Biases);
    if (op.getWeights())
      addWeights(op, softmax, scope.keys, weights);
    if ((index + 1) % a.groupsPerSlot() == 0)
      loads.release(Loads::Caches);
  }
  if (constants)
    loads.release(Loads::Norms);
  values[op.getOut()] = out;
  if (op.getWeights())
    values[op.getWeights()] = weights;
  return success();
}

} // namespace dalbit::schedule
