// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What depends on one integer of a sequence alone (the step of a diffusion: its
// angles, their sines and cosines, the layers behind them) as rows of a table.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"

#include <cmath>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISESTEPS
#include "compiler/raise/Passes.h.inc"

namespace {

class RaiseStepsPass : public impl::RaiseStepsBase<RaiseStepsPass> {
public:
  using RaiseStepsBase::RaiseStepsBase;
  void runOnOperation() override;

private:
  Value sourceOf(Operation *op, const SymbolicShapes &shapes);
  bool isStep(BlockArgument argument, const SymbolicShapes &shapes);
  DenseElementsAttr tabulate(Value value, BlockArgument step,
                             const SymbolicShapes &shapes);
  std::optional<std::vector<double>> rowsAt(Value value, const Leaves &leaves,
                                            BlockArgument step,
                                            const Sizes &sizes,
                                            const std::vector<double> &steps,
                                            const SymbolicShapes &shapes);

  /// Values that depend on an argument alone; null: on sizes and constants.
  llvm::DenseMap<Value, Value> sources;
};

} // namespace

/// One integer, or one for each sequence.
bool RaiseStepsPass::isStep(BlockArgument argument,
                            const SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(argument);
  RankedTensorType type = rankedType(argument);
  return type && dims && dims->size() == 1 &&
         type.getElementType().isSignlessInteger() &&
         type.getElementTypeBitWidth() >= 32 &&
         ((*dims)[0] == SymbolicExpr(1) ||
          (*dims)[0] == SymbolicExpr(Symbol::B));
}

/// The one step that \p op's operands depend on: null if on none, the value
/// itself (no argument) if on anything else.
Value RaiseStepsPass::sourceOf(Operation *op, const SymbolicShapes &shapes) {
  Value none;
  if (op->getNumRegions() != 0)
    return op->getResult(0);
  auto node = dyn_cast<onnx::NodeOp>(op);
  if (node && (node.isOnnx("Shape") || node.isOnnx("Size")))
    return none;
  Value source = none;
  for (Value operand : op->getOperands()) {
    if (shapes.contents(operand) || constantOf(operand))
      continue;
    auto found = sources.find(operand);
    // Another argument is no step.
    Value own = found == sources.end() ? op->getResult(0) : found->second;
    if (!own)
      continue;
    if ((source && source != own) || !isa<BlockArgument>(own))
      return op->getResult(0);
    source = own;
  }
  return source;
}

/// One row of \p value for each sequence, [B or 1, D], at the given steps.
std::optional<std::vector<double>>
RaiseStepsPass::rowsAt(Value value, const Leaves &leaves, BlockArgument step,
                       const Sizes &sizes, const std::vector<double> &steps,
                       const SymbolicShapes &shapes) {
  llvm::DenseMap<Value, Numbers> given;
  given[step] = Numbers{{static_cast<int64_t>(steps.size())}, steps};
  auto numbers = evaluateAt(value, leaves, sizes, shapes, given);
  if (!numbers || numbers->shape.size() != 2)
    return std::nullopt;
  return std::move(numbers->values);
}

/// Rows for the steps from 0, tried at several sizes; null if rows are more
/// than their sequence's step says.
DenseElementsAttr RaiseStepsPass::tabulate(Value value, BlockArgument step,
                                           const SymbolicShapes &shapes) {
  Leaves leaves = leavesOf(value, Value(), shapes);
  if (leaves.arguments.size() != 1 || leaves.arguments.front() != step)
    return {};
  int64_t width = staticDim(value, 1);
  std::vector<float> table;
  SmallVector<Sizes> probes = probeSizes(getOperation());
  for (int64_t number = 0; number < steps; ++number) {
    int64_t count = (*shapes.dims(step))[0].evaluate(probes.front());
    auto rows = rowsAt(value, leaves, step, probes.front(),
                       std::vector<double>(count, double(number)), shapes);
    if (!rows || static_cast<int64_t>(rows->size()) < width)
      return {};
    table.insert(table.end(), rows->begin(), rows->begin() + width);
  }
  uint32_t state = 1;
  for (const Sizes &sizes : probes) {
    std::vector<double> given;
    int64_t count = (*shapes.dims(step))[0].evaluate(sizes);
    for (int64_t i = 0; i < count; ++i) {
      state = state * 1664525u + 1013904223u;
      given.push_back(double((state >> 8) % uint32_t(steps)));
    }
    auto rows = rowsAt(value, leaves, step, sizes, given, shapes);
    if (!rows || rows->size() % width != 0)
      return {};
    for (size_t i = 0; i < rows->size(); ++i) {
      int64_t row = static_cast<int64_t>(i) / width;
      double expected =
          table[size_t(given[count == 1 ? 0 : row]) * width + i % width];
      if (!(std::abs((*rows)[i] - expected) <= 1e-5 * (1 + std::abs(expected))))
        return {};
    }
  }
  return DenseElementsAttr::get(
      RankedTensorType::get({steps, width},
                            Float32Type::get(value.getContext())),
      ArrayRef<float>(table));
}

/// Whether every user can repeat one row for all sequences.
static bool allowOneRow(Value value) {
  return llvm::all_of(value.getUsers(),
                      [](Operation *user) { return isa<nn::ConcatOp>(user); });
}

void RaiseStepsPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes shapes(function);
  sources.clear();
  for (BlockArgument argument : function.getArguments())
    if (isStep(argument, shapes))
      sources[argument] = argument;
  if (sources.empty())
    return;
  SmallVector<Operation *> ops;
  for (Operation &op : function.getBody().front())
    if (op.getNumResults() == 1) {
      sources[op.getResult(0)] = sourceOf(&op, shapes);
      ops.push_back(&op);
    }
  for (Operation *op : ops) {
    Value value = op->getResult(0), source = sources.lookup(value);
    auto step = llvm::dyn_cast_or_null<BlockArgument>(source);
    // The last ones: somebody needs more than the step.
    bool isLast = llvm::any_of(value.getUsers(), [&](Operation *user) {
      return user->getNumResults() != 1 ||
             sources.lookup(user->getResult(0)) != source;
    });
    const Dims *dims = shapes.dims(value);
    if (!step || !isLast || !isFloat32(value) || !dims || dims->size() != 2 ||
        staticDim(value, 1) < 2)
      continue;
    bool single = (*shapes.dims(step))[0] == SymbolicExpr(1);
    if (single && (*dims)[0] != SymbolicExpr(1) && !allowOneRow(value))
      continue;
    DenseElementsAttr table = tabulate(value, step, shapes);
    if (!table)
      continue;
    OpBuilder builder(op);
    Dims rows = {(*shapes.dims(step))[0], (*dims)[1]};
    value.replaceAllUsesWith(builder.create<nn::EmbeddingOp>(
        op->getLoc(), tensorType(rows, builder.getF32Type()),
        makeConstant(builder, op->getLoc(), table), step));
  }
  eraseDead(function);
}

} // namespace dalbit::raise
