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

/// The schedule with as much at a time as \p grain says. With \p quiet, no
/// words are looked for on what is too small.
FailureOr<Schedule> attempt(func::FuncOp source, const Options &options,
                            const Grain &grain, QuantisedWeights &weights,
                            bool quiet) {
  FailureOr<Plan> plan = makePlan(source, options, grain, weights);
  if (failed(plan))
    return failure();
  Schedule result{std::move(*plan), ModuleOp::create(source.getLoc())};
  if (failed(
          emitEntry(source, *result.module, result.plan, /*decode=*/false)) ||
      (!result.plan.decode.empty() &&
       failed(emitEntry(source, *result.module, result.plan,
                        /*decode=*/true))))
    return failure();
  PassManager passes(source.getContext());
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  if (failed(passes.run(*result.module)))
    return failure();
  auto functions = result.module->getOps<func::FuncOp>();
  for (auto function : functions)
    if (failed(allocate(function, options.machine, quiet)))
      return failure();
  for (auto function : functions) {
    insertSemaphores(function);
    if (failed(verifySync(function)))
      return failure();
  }
  return result;
}

/// The same without a word.
FailureOr<Schedule> attemptSilently(func::FuncOp source, const Options &options,
                                    const Grain &grain,
                                    QuantisedWeights &weights) {
  ScopedDiagnosticHandler silent(source.getContext(),
                                 [](Diagnostic &) { return success(); });
  return attempt(source, options, grain, weights, /*quiet=*/true);
}

/// What is tried, the fastest first.
SmallVector<Grain> grainsFor(const Machine &machine) {
  constexpr int64_t AllHeads = std::numeric_limits<int64_t>::max();
  // Token ids of such a block are whole AXI beats.
  int64_t smallest = std::max<int64_t>(machine.axiBytes / 4, 1);
  SmallVector<Grain> grains;
  for (int64_t cacheParts : {4, 2})
    for (int64_t block = std::max<int64_t>(64, smallest); block >= smallest;
         block /= 2)
      if (block <= machine.accEntries / 2)
        grains.push_back({block, AllHeads, cacheParts});
  // A small block has room for more heads at a time, whose scores over a long
  // context may be too much.
  for (int64_t heads : {16, 4, 1})
    grains.push_back({smallest, heads, 2});
  // Rows so wide, or a scratchpad so small, that not even these fit.
  for (int64_t block = smallest / 2; block >= 1; block /= 2)
    for (int64_t heads : {AllHeads, int64_t(1)})
      grains.push_back({block, heads, 2});
  return grains;
}

/// The longest context below that of \p options that fits, in steps of keys'
/// padding; 0 if none does.
int64_t longestContext(func::FuncOp source, const Options &options,
                       const Grain &grain, QuantisedWeights &weights) {
  constexpr int64_t Step = 64;
  int64_t fits = 0, tooLong = roundUp(options.maxContext, Step) / Step;
  while (tooLong - fits > 1) {
    Options shorter = options;
    int64_t middle = (fits + tooLong) / 2;
    shorter.maxContext = middle * Step;
    bool ok = succeeded(attemptSilently(source, shorter, grain, weights));
    (ok ? fits : tooLong) = middle;
  }
  return fits * Step;
}

} // namespace

FailureOr<Schedule> schedule(ModuleOp qnn, const Options &options) {
  auto functions = qnn.getOps<func::FuncOp>();
  if (functions.empty())
    return qnn.emitError() << "has no function to schedule";
  func::FuncOp source = *functions.begin();
  SmallVector<Grain> grains = grainsFor(options.machine);
  QuantisedWeights weights;
  for (const Grain &grain : grains)
    if (auto made = attemptSilently(source, options, grain, weights);
        succeeded(made))
      return made;
  // The least that was tried says why.
  int64_t context = longestContext(source, options, grains.back(), weights);
  ScopedDiagnosticHandler hint(qnn.getContext(), [&](Diagnostic &diagnostic) {
    if (context && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      diagnostic.attachNote() << "--max-context " << context << " fits";
    return failure();
  });
  return attempt(source, options, grains.back(), weights, /*quiet=*/false);
}

} // namespace dalbit::schedule
