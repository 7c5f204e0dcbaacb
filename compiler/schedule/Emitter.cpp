// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/schedule/Emitter.h"

#include "compiler/schedule/Choices.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace dalbit::schedule {

namespace {

constexpr int64_t region(isa::Region kind) { return int64_t(kind); }

/// The head: a linear layer on the last normalised rows, of which the host may
/// want the last only. Null if the stage has none.
Value lastNorm(const Stage &stage) {
  for (Operation *op : stage.ops)
    if (auto logits = dyn_cast<qnn::DequantizeOp>(op))
      if (auto linear = logits.getX().getDefiningOp<qnn::LinearOp>())
        if (auto codes = linear.getCodes().getDefiningOp<qnn::QuantizeOp>()) {
          Operation *norm = codes.getX().getDefiningOp();
          if (qnn::groupsOf(norm) == 1 && codes.getX().hasOneUse() &&
              linear.getOut().hasOneUse() && stage.contains(norm))
            return codes.getX();
        }
  return {};
}

} // namespace

Emitter::Emitter(JobBuilder &jobs, const Plan &plan, bool decode)
    : jobs(jobs), plan(plan), machine(plan.options.machine), decode(decode) {}

Value Emitter::scalars(StringRef label, int64_t perRow) {
  return jobs.buffer(label, npu::Space::scalars, blockRows * perRow, 1);
}

Rows Emitter::makeRows(StringRef label, int64_t cols) {
  Rows rows;
  rows.cols = cols;
  rows.stride = roundUp(machine.rowBytes(cols), 64);
  rows.buffer = jobs.buffer(label, npu::Space::spm, rows.stride * blockRows,
                            machine.alignment());
  return rows;
}

Job Emitter::stream(int64_t rows0, const Size &rows1, const Size &cols) {
  Job job = jobs.vector();
  job.set("op", 0).set("rows0", rows0).set("rows1", rows1).set("cols", cols);
  for (StringRef mode :
       {"source", "scale1", "scale2", "add", "add_negate", "table", "multiply",
        "add_c", "reduce", "range_lo", "range_lo_step", "range_hi_step"})
    job.set(mode, 0);
  return job.set("range_hi", 1 << 20).set("out_type", NoOutput);
}

Job Emitter::scalarJob(StringRef op, int64_t rows0, const Size &rows1, Value x,
                       Value result) {
  static const std::map<StringRef, int64_t> ops = {
      {"scale", 0}, {"fix", 1}, {"recip", 2}, {"rsqrt", 3},
      {"mul", 4},   {"max", 5}, {"add", 6}};
  Job job = jobs.vector();
  job.set("op", 1)
      .set("rows0", rows0)
      .set("rows1", rows1)
      .set("scalar_op", ops.at(op));
  job.set("scale1_by", 0)
      .set("scale2_by", 0)
      .set("reduce_by", 0)
      .set("scale1_adjust", 0);
  return job.read("scale1_row", x).write("reduce_row", result);
}

Value Emitter::nextAccumulator() { return accumulators[nextHalf++ % 2]; }

void Emitter::useTable(Value table) {
  if (currentTable == table)
    return;
  currentTable = table;
  Job job = jobs.vector();
  job.set("op", 2)
      .set("rows0", 1)
      .set("rows1", 1)
      .set("cols", 1)
      .read("a_addr", table);
  job.emit();
}

void Emitter::begin(func::FuncOp function) {
  int64_t half = machine.accEntries / 2;
  accumulators = {jobs.accumulator("acc0", 0, half),
                  jobs.accumulator("acc1", half, half)};

  auto loadTable = [&](StringRef label, int64_t offset) {
    Value table =
        jobs.buffer(label, npu::Space::spm, 1024, machine.alignment());
    Value source = jobs.dram(label, region(isa::Region::Const), offset, 1024);
    Job job = jobs.dmaIn();
    job.set("region", region(isa::Region::Const))
        .set("bytes", 1024)
        .set("rows", 1)
        .set("planes", 1);
    job.set("gather", 0).read("dram_offset", source).write("spm_addr", table);
    job.emit();
    return table;
  };
  std::map<int64_t, Value> tables;
  bool hasSoftmax = false;
  function.walk([&](qnn::RouteOp) { hasSoftmax = true; });
  function.walk([&](qnn::SoftmaxOp) { hasSoftmax = true; });
  if (!plan.attentions.empty() || !plan.attends.empty() || hasSoftmax)
    exponential = loadTable("exp", plan.exponentialTable);
  function.walk([&](Operation *op) {
    auto found = plan.gateTables.find(op);
    if (found == plan.gateTables.end())
      return;
    Value &table = tables[found->second];
    if (!table)
      table = loadTable("gate", found->second);
    gateTables[op] = table;
  });

  // Slots of the weight stream; caches of one group of heads; constants of
  // norms.
  int64_t slot = 0, normBytes = 0, cacheBytes = 0, biasBytes = 0, slots = 1;
  auto rowsOfBlock = [&](Operation *op) {
    return decode
               ? 1
               : plan.blockRows(schedule::rowsOf(function, op->getOperand(0)));
  };
  auto largest = [&](const LinearPlan &linear) {
    for (const WeightChunk &chunk : chunksOf(linear))
      slot = std::max(slot, chunk.bytes);
  };
  for (auto &[op, linear] : plan.linears)
    largest(linear);
  for (auto &[op, a] : attentions()) {
    for (const LinearPlan &linear : a.linears)
      largest(linear);
    cacheBytes = std::max(cacheBytes, a.cacheBytes());
    normBytes = std::max(normBytes, a.constantsBytes);
    biasBytes = std::max(biasBytes, a.biasBytes(rowsOfBlock(op)));
    slots = std::max(slots, a.slots());
  }
  for (auto &[op, a] : attends()) {
    cacheBytes = std::max(cacheBytes, a.cacheBytes());
    normBytes = std::max(normBytes, a.constantsBytes);
    biasBytes = std::max(biasBytes, a.biasBytes(rowsOfBlock(op)));
    slots = std::max(slots, a.slots());
  }
  for (auto &[op, norm] : plan.norms)
    normBytes = std::max(normBytes, norm.bytes);
  auto makeRing = [&](Loads::Ring ring, StringRef label, int64_t bytes,
                      int count) {
    std::vector<Value> slots;
    for (int i = 0; i < count && bytes > 0; ++i)
      slots.push_back(jobs.buffer(label, npu::Space::spm,
                                  roundUp(bytes, machine.alignment()),
                                  machine.alignment(),
                                  /*stream=*/ring != Loads::Norms));
    loads.setSlots(ring, slots);
  };
  makeRing(Loads::Weights, "weights", slot, 4);
  makeRing(Loads::Norms, "norm", normBytes, 3);
  makeRing(Loads::Biases, "bias", biasBytes,
           4 * biasBytes <= machine.spmBytes / 4 ? 2 : 1);
  makeRing(Loads::Caches, "cache", cacheBytes,
           (decode || slots > 1) && 2 * cacheBytes <= machine.spmBytes / 4 ? 2
                                                                           : 1);
}

void Emitter::setTag(Operation *op) {
  if (auto tag = plan.tags.find(op); tag != plan.tags.end())
    jobs.tag = (jobs.tag & 0x100) | tag->second;
  jobs.loc = op->getLoc();
}

void Emitter::request(Loads::Ring ring, std::function<void(Value slot)> load) {
  // It is written ahead of its user, but the user is what it is for (C1).
  loads.request(ring, [this, user = loadUser, load](Value slot) {
    llvm::SaveAndRestore tag(jobs.tag);
    llvm::SaveAndRestore loc(jobs.loc);
    setTag(user);
    load(slot);
  });
}

void Emitter::requestLinear(const LinearPlan &linear, size_t first,
                            size_t count, const Size &enable) {
  for (size_t i = first; i < first + count; ++i) {
    WeightChunk chunk = chunksOf(linear)[i];
    request(Loads::Weights, [this, chunk, enable](Value slot) {
      auto load = [&](int64_t offset, int64_t bytes, const Size &rows) {
        Value source =
            jobs.dram("weights", region(isa::Region::Weights), offset, bytes);
        Job job = jobs.dmaIn();
        job.set("region", region(isa::Region::Weights)).set("rows", rows);
        return job.set("planes", 1)
            .set("gather", 0)
            .read("dram_offset", source);
      };
      if (!chunk.pairs) {
        load(chunk.offset, chunk.bytes, enable)
            .set("bytes", chunk.bytes)
            .write("spm_addr", slot)
            .emit();
        return;
      }
      load(chunk.offset, chunk.tiles, enable)
          .set("bytes", chunk.tiles)
          .write("spm_addr", slot)
          .emit();
      int64_t bytes = chunk.channels * 4;
      load(chunk.pairs, chunk.pairsToBiases + bytes, jobs.times(enable, 2))
          .set("bytes", bytes)
          .set("dram_row_stride", chunk.pairsToBiases)
          .set("spm_row_stride", bytes)
          .write("spm_addr", slot, chunk.pairOffset)
          .emit();
    });
  }
}

void Emitter::requestNorm(int64_t offset, int64_t bytes) {
  request(Loads::Norms, [this, offset, bytes](Value slot) {
    Value source = jobs.dram("norm", region(isa::Region::Const), offset, bytes);
    Job job = jobs.dmaIn();
    job.set("region", region(isa::Region::Const))
        .set("bytes", bytes)
        .set("rows", 1);
    job.set("planes", 1)
        .set("gather", 0)
        .read("dram_offset", source)
        .write("spm_addr", slot);
    job.emit();
  });
}

/// The cache of the heads of a slot: keys, values, key scales, value scales, as
/// in DRAM.
void Emitter::requestCache(const AttentionPlan &a, int64_t index) {
  request(Loads::Caches, [this, &a, index](Value slot) {
    int64_t context = plan.paddedContext;
    auto load = [&](int64_t inSlot, int64_t inDram, int64_t bytesPerKey) {
      int64_t perHead = context * bytesPerKey;
      Value cache =
          jobs.dram("kv", region(isa::Region::Kv),
                    inDram + index * a.kvGroup * perHead, a.kvGroup * perHead);
      Job job = jobs.dmaIn();
      job.set("region", region(isa::Region::Kv))
          .set("bytes", jobs.times(block.position, bytesPerKey));
      job.set("rows", a.kvGroup).set("planes", 1).set("gather", 0);
      job.set("dram_row_stride", perHead).set("spm_row_stride", perHead);
      job.read("dram_offset", cache, block.kv).write("spm_addr", slot, inSlot);
      job.emit();
    };
    int64_t codesBytes = a.kvGroup * context * a.paddedSize,
            scaleBytes = a.kvGroup * context * 4;
    load(0, a.keyCodes, a.paddedSize);
    load(codesBytes, a.valueCodes, a.paddedSize);
    load(2 * codesBytes, a.keyScales, 4);
    load(2 * codesBytes + scaleBytes, a.valueScales, 4);
  });
}

void Emitter::requestLoads(const Stage &stage) {
  for (Operation *op : stage.ops) {
    loadUser = op;
    if (auto norm = plan.norms.find(op); norm != plan.norms.end())
      requestNorm(norm->second.offset, norm->second.bytes);
    if (auto linear = plan.linears.find(op); linear != plan.linears.end())
      requestLinear(linear->second, 0, chunksOf(linear->second).size(),
                    inHead.contains(op->getResult(0)) ? block.headUsed
                                                      : Size(1));
    if (auto attend = dyn_cast<qnn::AttendOp>(op))
      requestCaches(attend);
    auto found = attentions().find(op);
    if (found == attentions().end())
      continue;
    const AttentionPlan &a = found->second;
    if (a.constantsBytes)
      requestNorm(a.constantsOffset, a.constantsBytes);
    auto part = [&](int which, int64_t index, int64_t parts) {
      const LinearPlan &linear = a.linears[which];
      size_t count = chunksOf(linear).size() / size_t(parts);
      requestLinear(linear, size_t(index) * count, count, Size(1));
    };
    int64_t groups = a.groupsPerSlot();
    for (int64_t s = 0; s < a.slots(); ++s) {
      requestCache(a, s);
      part(1, s, a.slots());
      part(2, s, a.slots());
      for (int64_t g = 0; g < groups; ++g) {
        requestBias(a, s * groups + g, block.position,
                    block.position + block.rows);
        part(0, s * groups + g, a.slots() * groups);
      }
    }
  }
}

InputWords Emitter::ids(Value input) {
  InputWords &list = idLists[input];
  if (!list.buffer)
    list = loadInput(input, "ids", block.first, block.rows);
  return list;
}

void Emitter::gather(Job &job, const InputWords &ids) {
  job.set("gather", 1)
      .read("index_addr", ids.buffer, jobs.times(ids.before, 4));
}

void Emitter::embedding(qnn::EmbeddingOp op) {
  int64_t cols =
      cast<RankedTensorType>(op.getOut().getType()).getShape().back();
  Rows rows = makeRows("embedding", cols);
  InputWords list = ids(op.getIds());
  int64_t tableRows = cast<ShapedType>(op.getTable().getType()).getDimSize(0);
  int64_t stride = machine.rowBytes(cols);
  Value table = jobs.dram("embedding", region(isa::Region::Const),
                          plan.tables.lookup(op), tableRows * stride);
  Job job = jobs.dmaIn();
  job.set("region", region(isa::Region::Const))
      .set("bytes", cols * 4)
      .set("rows", block.rows);
  job.set("planes", 1).set("dram_row_stride", stride);
  job.set("spm_row_stride", rows.stride);
  job.read("dram_offset", table);
  gather(job, list);
  job.write("spm_addr", rows.buffer).emit();
  values[op.getOut()] = rows;
}

void Emitter::add(qnn::AddOp op) {
  Rows b = values.lookup(op.getB());
  values[op.getOut()] = pass(op.getA(), "sum", [&](Job &job) {
    job.set("add", AddC).set("c_type", I32).set("c_stride1", b.stride);
    job.read("c_addr", b.buffer, b.start);
  });
}

void Emitter::dequantize(qnn::DequantizeOp op) {
  takeOut(op, values.lookup(op.getX()), 0, plan.outputs.find(op)->second.cols);
}

void Emitter::takeOut(qnn::DequantizeOp op, const Rows &rows, int64_t column,
                      int64_t columns) {
  // The host reads int32 rows (A9); this only brings them to the output region.
  Size count = rowsOf(op.getX());
  const Place &place = plan.outputs.find(op)->second;
  Value out =
      jobs.dram("output", region(place.region), place.offset, place.extent);
  // Row r of a block is row r of the step, also if only the last one is
  // computed.
  Size skipped = jobs.times(jobs.minus(block.rows, count), place.rowStride);
  Job job = jobs.dmaOut();
  job.set("region", region(place.region))
      .set("bytes", columns * 4)
      .set("rows", count);
  job.set("planes", 1).set("gather", 0).set("dram_row_stride", place.rowStride);
  job.set("spm_row_stride", rows.stride);
  job.read("spm_addr", rows.buffer, rows.start)
      .write("dram_offset", out,
             jobs.times(block.sequence, place.sequenceStride) +
                 jobs.times(block.first, place.rowStride) + skipped +
                 Size(column * 4));
  job.emit();
}

LogicalResult Emitter::emit(Operation &op) {
  if (fused.contains(&op) || plan.inAttention.contains(&op))
    return success();
  setTag(&op);
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](qnn::EmbeddingOp o) { return embedding(o), success(); })
      .Case([&](qnn::AddOp o) { return add(o), success(); })
      .Case([&](qnn::LayerNormOp o) {
        return o.getGroups() == 1 ? norm(o) : headNorms(o), success();
      })
      .Case([&](qnn::RMSNormOp o) {
        return o.getGroups() == 1 ? rmsNorm(o) : headNorms(o), success();
      })
      .Case([&](qnn::RotaryOp o) {
        HeadRows heads{values.lookup(o.getX()), int64_t(o.getHeads()), Value()};
        values[o.getOut()] = turn(o, heads).rows;
        return success();
      })
      .Case([&](qnn::ProductOp o) { return product(o), success(); })
      .Case([&](qnn::ApplyScalesOp o) { return applyScales(o), success(); })
      .Case([&](qnn::SoftmaxOp o) { return softmax(o), success(); })
      .Case([&](qnn::RouteOp o) { return route(o), success(); })
      .Case([&](qnn::WeighOp o) { return weigh(o), success(); })
      .Case([&](qnn::QuantizeOp o) { return quantize(o), success(); })
      .Case([&](qnn::LinearOp o) { return linear(o), success(); })
      .Case([&](qnn::GateOp o) { return gate(o), success(); })
      .Case([&](qnn::DequantizeOp o) { return dequantize(o), success(); })
      .Case([&](qnn::TableOp o) { return table(o), success(); })
      .Case([&](qnn::BoundOp o) { return bound(o), success(); })
      .Case([&](qnn::RescaleOp o) { return rescale(o), success(); })
      .Case([&](qnn::PickOp o) { return pick(o), success(); })
      .Case([&](qnn::TokenMaxOp o) { return tokenMax(o), success(); })
      .Case([&](qnn::HeadsOp o) { return heads(o), success(); })
      .Case([&](qnn::AttendOp o) { return attend(o); })
      .Case([&](qnn::AttentionOp o) { return attention(o); })
      .Default(
          [](Operation *o) { return o->emitError() << "has no schedule"; });
}

LogicalResult Emitter::emitBlock(const Stage &newStage, const Block &newBlock) {
  stage = &newStage;
  block = newBlock;
  blockRows = decode ? 1 : plan.blockRows(stage->rows);
  currentTable = {};
  values.clear();
  coded.clear();
  masks.clear();
  fused.clear();
  inHead.clear();
  rowScales.clear();
  idLists.clear();
  rotaries.clear();
  Value norm;
  if (stage->rows == TokenRows && !plan.decode.empty())
    norm = lastNorm(*stage);
  if (norm) {
    SmallVector<Value> head = {norm};
    while (!head.empty()) {
      Value value = head.pop_back_val();
      inHead.insert(value);
      for (Operation *user : value.getUsers())
        llvm::append_range(head, user->getResults());
    }
  } else {
    block.headRows = block.rows;
    block.headUsed = 1;
  }
  // What the block begins with must not wait behind loads that run ahead.
  loadMasks(*stage);
  for (Value value : stage->loads)
    loadRows(value);
  loadRotaries(*stage);
  requestLoads(*stage);
  llvm::SetVector<Value> open = stage->stores;
  auto storeReady = [&] {
    for (Value value : stage->stores)
      if (open.contains(value) && values.contains(value)) {
        storeRows(value);
        open.remove(value);
      }
  };
  storeReady();
  for (Operation *op : stage->ops) {
    if (failed(emit(*op)))
      return failure();
    storeReady();
  }
  loads.reset();
  return success();
}

} // namespace dalbit::schedule
