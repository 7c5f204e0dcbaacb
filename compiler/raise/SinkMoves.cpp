// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reshape, Transpose and their kin change places with operations on rows, until
// they meet what undoes them.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/Moves.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_SINKMOVES
#include "compiler/raise/Passes.h.inc"

namespace {

class SinkMovesPass : public impl::SinkMovesBase<SinkMovesPass> {
public:
  void runOnOperation() override;

private:
  void sink(Operation *op, SymbolicShapes &shapes);
  void cancel(onnx::NodeOp node, SymbolicShapes &shapes);
};

} // namespace

/// The one operand whose rows the operation works on alone; -1 for others.
static bool isRowwise(Operation *op) {
  auto norm = dyn_cast<nn::LayerNormOp>(op);
  return (norm && norm.getGroups() == 1) ||
         isa<nn::LinearOp, nn::ScaleOp, nn::ReluOp, nn::ClipOp, nn::TanhOp,
             nn::SigmoidOp, nn::SiluOp, nn::GeluOp>(op);
}
static bool isElementwise(Operation *op) {
  return isa<nn::ScaleOp, nn::ReluOp, nn::ClipOp, nn::TanhOp, nn::SigmoidOp,
             nn::SiluOp, nn::GeluOp, nn::AddOp, nn::MulOp>(op);
}

/// Whether rows stay rows: the last axis is the base's last dimension, whole.
static bool keepsRows(const Layout &layout, const SymbolicShapes &shapes) {
  const Dims &base = *shapes.dims(layout.base);
  int64_t last = static_cast<int64_t>(base.size()) - 1;
  SmallVector<Atoms, 4> axes = canonical(ArrayRef<Atoms>(layout.axes));
  if (axes.empty() || base.size() < 2 || base.back() == SymbolicExpr(1))
    return false;
  return axes.back().size() == 1 &&
         axes.back()[0] == Atom{last, 1, base.back()};
}

static bool movesAnything(const Layout &layout, Value value) {
  return layout.base != value &&
         llvm::all_of(layout.axes, [](const Atoms &atoms) {
           return llvm::all_of(atoms, [](const Atom &a) { return a.dim >= 0; });
         });
}

/// Exchanges \p op with the moves in front of its operands.
void SinkMovesPass::sink(Operation *op, SymbolicShapes &shapes) {
  Value x = op->getOperand(0), result = op->getResult(0);
  auto layout = traceLayout(x, shapes);
  const Dims *resultDims = shapes.dims(result);
  if (!layout || !resultDims || !movesAnything(*layout, x) ||
      !isFloat32(layout->base))
    return;
  bool elementwise = isElementwise(op);
  if (!elementwise && !keepsRows(*layout, shapes))
    return;
  SmallVector<Value> operands(op->getOperands());
  operands[0] = layout->base;
  if (isa<nn::AddOp, nn::MulOp>(op)) {
    auto other = traceLayout(op->getOperand(1), shapes);
    if (!other || !shapes.sameDims(x, op->getOperand(1)) ||
        !shapes.sameDims(layout->base, other->base) ||
        canonical(ArrayRef<Atoms>(layout->axes)) !=
            canonical(ArrayRef<Atoms>(other->axes)))
      return;
    operands[1] = other->base;
  }
  Dims baseDims = *shapes.dims(layout->base), dims = *resultDims;
  SmallVector<Atoms, 4> axes = canonical(ArrayRef<Atoms>(layout->axes));
  if (!elementwise) {
    baseDims.back() = dims.back();
    axes.back()[0].size = dims.back();
  }
  OpBuilder builder(op);
  Operation *moved = builder.clone(*op);
  moved->setOperands(operands);
  moved->getResult(0).setType(tensorType(baseDims, builder.getF32Type()));
  shapes.setDims(moved->getResult(0), baseDims);
  Value again = makeMoved(builder, moved->getResult(0), axes, dims, shapes);
  if (!again || again.getType() != result.getType()) {
    if (again && again.use_empty() && again.getDefiningOp() != moved)
      again.getDefiningOp()->erase();
    return; // what was built has no use and is erased with the dead
  }
  result.replaceAllUsesWith(again);
}

/// A chain of moves that ends where it began disappears.
void SinkMovesPass::cancel(onnx::NodeOp node, SymbolicShapes &shapes) {
  if (node->getNumResults() != 1 || node.use_empty())
    return;
  Value result = node->getResult(0);
  auto layout = traceLayout(result, shapes);
  if (!layout || layout->base == result)
    return;
  const Dims &base = *shapes.dims(layout->base);
  if (shapes.sameDims(result, layout->base) &&
      canonical(ArrayRef<Atoms>(layout->axes)) == identityAxes(base))
    result.replaceAllUsesWith(layout->base);
}

void SinkMovesPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes shapes(function);
  SmallVector<Operation *> ops;
  for (Operation &op : function.getBody().front())
    ops.push_back(&op);
  // In order: what an operation is exchanged with stands before it then.
  for (Operation *op : ops) {
    if (isRowwise(op) || isElementwise(op))
      sink(op, shapes);
    else if (auto node = dyn_cast<onnx::NodeOp>(op))
      cancel(node, shapes);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
