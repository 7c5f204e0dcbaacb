// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A linear layer's result times a constant row, or plus one, is a linear layer
// (layer scale, outputs in their own units).

#include "compiler/raise/Passes.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/Graph.h"
#include "support/Error.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_FOLDROWS
#include "compiler/raise/Passes.h.inc"

namespace {

class FoldRowsPass : public impl::FoldRowsBase<FoldRowsPass> {
public:
  void runOnOperation() override;
};

} // namespace

static std::optional<SmallVector<float>> numbersOf(TypedAttr constant) {
  SmallVector<float> numbers;
  if (!constant)
    return std::nullopt;
  try {
    onnx::readWeight(constant, numbers);
  } catch (const Error &) { // of a file that went away
    return std::nullopt;
  }
  return numbers;
}

/// The one row of \p columns that \p value repeats for every token.
static std::optional<SmallVector<float>> constantRow(Value value,
                                                     int64_t columns) {
  TypedAttr constant = constantOf(value);
  if (!constant || staticDim(value, -1) != columns)
    return std::nullopt;
  return numbersOf(vectorConstant(constant));
}

/// Folds \p op, a sum or product, into the linear layer that makes operand
/// \p index; false if there is none.
static bool fold(Operation *op, unsigned index) {
  auto linear = op->getOperand(index).getDefiningOp<nn::LinearOp>();
  Value out = op->getResult(0);
  if (!linear || !linear.getOut().hasOneUse() ||
      linear.getOut().getType() != out.getType())
    return false;
  int64_t columns = staticDim(out, -1);
  auto row = constantRow(op->getOperand(1 - index), columns);
  auto bias = linear.getBias() ? numbersOf(constantOf(linear.getBias()))
                               : std::optional(SmallVector<float>(columns, 0));
  if (!row || !bias)
    return false;
  OpBuilder builder(linear);
  Location loc = linear.getLoc();
  Value weight = linear.getWeight();
  bool isProduct = isa<nn::MulOp>(op);
  if (isProduct) {
    auto numbers = numbersOf(constantOf(weight));
    if (!numbers)
      return false;
    for (auto [i, number] : llvm::enumerate(*numbers))
      number *= (*row)[i % columns];
    weight =
        makeConstant(builder, loc,
                     DenseElementsAttr::get(cast<ShapedType>(weight.getType()),
                                            ArrayRef<float>(*numbers)));
  }
  bool hasBias = linear.getBias() || !isProduct;
  for (auto [b, r] : llvm::zip(*bias, *row))
    b = isProduct ? b * r : b + r;
  Value newBias;
  if (hasBias)
    newBias =
        makeConstant(builder, loc,
                     DenseElementsAttr::get(
                         RankedTensorType::get({columns}, builder.getF32Type()),
                         ArrayRef<float>(*bias)));
  builder.setInsertionPoint(op);
  out.replaceAllUsesWith(builder.create<nn::LinearOp>(
      loc, out.getType(), linear.getX(), weight, newBias));
  return true;
}

void FoldRowsPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SmallVector<Operation *> ops;
  for (Operation &op : function.getBody().front())
    if (isa<nn::MulOp, nn::AddOp>(op))
      ops.push_back(&op);
  // In order: a product and the sum behind it fold one after the other.
  for (Operation *op : ops)
    (void)(fold(op, 0) || fold(op, 1));
  eraseDead(function);
}

} // namespace dalbit::raise
