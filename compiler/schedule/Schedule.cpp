// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/schedule/Schedule.h"

#include "compiler/schedule/Emitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <limits>

using namespace mlir;

namespace dalbit::schedule {

namespace {

constexpr int32_t DecodePhase = 0x100;

func::FuncOp makeFunction(OpBuilder &builder, Location loc, StringRef name) {
  Type i32 = builder.getI32Type();
  auto type = builder.getFunctionType({i32, i32, i32, i32}, {});
  auto function = builder.create<func::FuncOp>(loc, name, type);
  function.addEntryBlock();
  return function;
}

/// A loop over 0 .. count - 1 with its body at the builder's new place.
scf::ForOp makeLoop(JobBuilder &jobs, const Size &count) {
  Value zero = jobs.materialise(0), one = jobs.materialise(1),
        end = jobs.materialise(count);
  auto loop = jobs.builder.create<scf::ForOp>(jobs.loc, zero, end, one);
  jobs.builder.setInsertionPointToStart(loop.getBody());
  return loop;
}

/// A loop over the blocks of a stage, and what is known of one in its body.
void makeBlocks(JobBuilder &jobs, const Plan &plan, const Stage &stage,
                Value allRows, Block &block) {
  OpBuilder &builder = jobs.builder;
  bool ofTokens = stage.rows == TokenRows;
  Size total = ofTokens ? block.tokens : Size(stage.rows);
  int64_t shift = llvm::Log2_64(uint64_t(plan.grain.block));
  Value more = jobs.materialise(total + (plan.grain.block - 1));
  Value count =
      builder.create<arith::ShRUIOp>(jobs.loc, more, jobs.materialise(shift));
  scf::ForOp blocks = makeLoop(jobs, Size(count));
  Size first = jobs.times(blocks.getInductionVar(), plan.grain.block);
  Size left = jobs.minus(total, first);
  block.first = Size(jobs.materialise(first));
  block.rows = jobs.minimum(left, plan.grain.block);
  block.position =
      ofTokens ? Size(jobs.materialise(block.past + block.first)) : block.first;
  // The last block's last row, or all rows: max(min(all, 1) * rows, is last
  // block).
  Size after = jobs.maximum(jobs.minus(left, plan.grain.block), 0);
  Size isLast = jobs.minus(Size(1), jobs.minimum(after, 1));
  Size all = Size(builder
                      .create<arith::MulIOp>(jobs.loc, allRows,
                                             jobs.materialise(block.rows))
                      .getResult());
  block.headRows = jobs.maximum(all, isLast);
  block.headUsed = jobs.minimum(block.headRows, 1);
}

LogicalResult emitEntry(func::FuncOp source, ModuleOp module, const Plan &plan,
                        bool decode) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Location loc = source.getLoc();
  func::FuncOp function =
      makeFunction(builder, loc, decode ? "decode" : "prefill");
  builder.setInsertionPointToStart(&function.getBody().front());
  JobBuilder jobs(builder, loc);
  jobs.tag = decode ? DecodePhase : 0;
  Value tokens = function.getArgument(0), position = function.getArgument(1),
        batch = function.getArgument(2), allRows = function.getArgument(3);
  Emitter emitter(jobs, plan, decode);
  emitter.begin(source);
  builder.create<npu::BarrierOp>(loc);

  scf::ForOp sequences = makeLoop(jobs, batch);
  Value sequence = sequences.getInductionVar();
  Block block;
  block.sequence = Size(sequence);
  block.past = Size(position);
  block.tokens = decode ? Size(1) : Size(tokens);
  block.kv = jobs.times(sequence, plan.kvBytesPerSequence);
  for (const Stage &stage : decode ? plan.decode : plan.prefill) {
    OpBuilder::InsertionGuard guard(builder);
    Block own = block;
    if (stage.rows != TokenRows && stage.rows <= plan.grain.block) {
      own.rows = stage.rows;
      own.position = own.first;
    } else if (decode) {
      own.position = position;
    } else {
      makeBlocks(jobs, plan, stage, Value(allRows), own);
    }
    if (failed(emitter.emitBlock(stage, own)))
      return failure();
    // A turn begins with the same buffers, and the next stage with all of this
    // one's rows, so it ends with everything done.
    builder.create<npu::BarrierOp>(loc);
  }
  builder.setInsertionPointToEnd(&function.getBody().front());
  builder.create<func::ReturnOp>(loc);
  return success();
}

} // namespace

FailureOr<Schedule> schedule(ModuleOp qnn, const Options &options) {
  auto functions = qnn.getOps<func::FuncOp>();
  if (functions.empty())
    return qnn.emitError() << "has no function to schedule";
  func::FuncOp source = *functions.begin();
  // Token ids of a block begin at a whole AXI beat.
  int64_t smallest = std::max<int64_t>(options.machine.axiBytes / 4, 1);
  SmallVector<Grain> grains;
  for (int64_t cacheParts : {4, 2})
    for (int64_t block = std::max<int64_t>(64, smallest); block >= smallest;
         block /= 2)
      if (block <= options.machine.accEntries / 2)
        grains.push_back(
            {block, std::numeric_limits<int64_t>::max(), cacheParts});
  // A small block has room for more heads at a time, whose scores over a long
  // context may be too much.
  for (int64_t heads : {16, 4, 1})
    grains.push_back({smallest, heads, 2});
  QuantisedWeights weights;
  for (const Grain &grain : grains) {
    bool last = &grain == &grains.back();
    std::optional<ScopedDiagnosticHandler> silent;
    if (!last)
      silent.emplace(qnn.getContext(), [](Diagnostic &) { return success(); });
    FailureOr<Plan> plan = makePlan(source, options, grain, weights);
    if (failed(plan)) {
      if (last)
        return failure();
      continue;
    }
    Schedule result{std::move(*plan), ModuleOp::create(qnn.getLoc())};
    if (failed(
            emitEntry(source, *result.module, result.plan, /*decode=*/false)) ||
        (!result.plan.decode.empty() &&
         failed(emitEntry(source, *result.module, result.plan,
                          /*decode=*/true))))
      return failure();
    PassManager passes(qnn.getContext());
    passes.addPass(createCSEPass());
    passes.addNestedPass<func::FuncOp>(createCanonicalizerPass());
    if (failed(passes.run(*result.module)))
      return failure();
    bool fits = true;
    for (auto function : result.module->getOps<func::FuncOp>())
      fits = fits && succeeded(allocate(function, options.machine, !last));
    if (!fits)
      continue;
    for (auto function : result.module->getOps<func::FuncOp>()) {
      insertSemaphores(function);
      if (failed(verifySync(function)))
        return failure();
    }
    return result;
  }
  return failure();
}

} // namespace dalbit::schedule
