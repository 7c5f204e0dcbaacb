// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A linear layer's result times a constant row, or plus one, is a linear layer
// (layer scale, outputs in their own units). A row that is added to a sum goes
// to the summand that can take it, whichever way the sum is written.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"

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

/// The one row of \p columns that \p value repeats for every token.
static std::optional<SmallVector<float>> constantRow(Value value,
                                                     int64_t columns) {
  TypedAttr constant = constantOf(value);
  if (!constant || staticDim(value, -1) != columns)
    return std::nullopt;
  auto row = floatsOf(vectorConstant(constant));
  // A column of one is another number for each token.
  return row && int64_t(row->size()) == columns ? row : std::nullopt;
}

/// \p shift, a bias or beta or nothing, plus \p row.
static Value shifted(OpBuilder &builder, Location loc, Value shift,
                     ArrayRef<float> row) {
  auto sum = shift ? floatsOf(constantOf(shift))
                   : std::optional(SmallVector<float>(row.size(), 0));
  if (!sum)
    return {};
  for (auto [number, more] : llvm::zip(*sum, row))
    number += more;
  return makeVector(builder, loc, *sum);
}

/// \p value plus \p row, made where \p value is made: of a linear layer, a
/// norm, or one of the summands of a sum. Null if none can take it, or if
/// somebody else uses \p value.
static Value plusRow(Value value, ArrayRef<float> row) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return {};
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Type type = value.getType();
  if (auto linear = dyn_cast<nn::LinearOp>(op)) {
    Value bias = shifted(builder, loc, linear.getBias(), row);
    return bias ? builder
                      .create<nn::LinearOp>(loc, type, linear.getX(),
                                            linear.getWeight(), bias)
                      .getOut()
                : Value();
  }
  if (auto norm = dyn_cast<nn::LayerNormOp>(op);
      norm && norm.getGroups() == 1) {
    Value beta = shifted(builder, loc, norm.getBeta(), row);
    return beta ? builder
                      .create<nn::LayerNormOp>(
                          loc, type, norm.getX(), norm.getGamma(), beta,
                          norm.getEpsilonAttr(), norm.getGroupsAttr())
                      .getOut()
                : Value();
  }
  if (auto sum = dyn_cast<nn::AddOp>(op))
    for (OpOperand &operand : sum->getOpOperands())
      if (operand.get().getType() == type)
        if (Value made = plusRow(operand.get(), row)) {
          operand.set(made);
          return value;
        }
  return {};
}

/// Takes operand \p index of \p sum, if it is a constant row, into the others,
/// or into what is added next; false if none can take it.
static bool foldSum(nn::AddOp sum, unsigned index) {
  Value other = sum->getOperand(1 - index), out = sum.getOut();
  auto row = constantRow(sum->getOperand(index), staticDim(out, -1));
  if (!row || other.getType() != out.getType())
    return false;
  if (Value made = plusRow(other, *row)) {
    out.replaceAllUsesWith(made);
    return true;
  }
  auto next =
      out.hasOneUse() ? dyn_cast<nn::AddOp>(*out.user_begin()) : nn::AddOp();
  if (!next || next.getOut().getType() != out.getType())
    return false;
  OpOperand &summand = next->getOpOperand(next.getA() == out ? 1 : 0);
  Value made = summand.get().getType() == out.getType()
                   ? plusRow(summand.get(), *row)
                   : Value();
  if (!made)
    return false;
  summand.set(made);
  out.replaceAllUsesWith(other);
  return true;
}

/// Takes operand \p index of \p product, if it is a constant row, into the
/// linear layer that makes the other one; false if there is none.
static bool foldProduct(nn::MulOp product, unsigned index) {
  auto linear = product->getOperand(1 - index).getDefiningOp<nn::LinearOp>();
  Value out = product.getOut();
  if (!linear || !linear.getOut().hasOneUse() ||
      linear.getOut().getType() != out.getType())
    return false;
  int64_t columns = staticDim(out, -1);
  auto row = constantRow(product->getOperand(index), columns);
  auto numbers = row ? floatsOf(constantOf(linear.getWeight())) : row;
  auto bias = linear.getBias() ? floatsOf(constantOf(linear.getBias()))
                               : std::optional(SmallVector<float>());
  if (!numbers || !bias)
    return false;
  OpBuilder builder(linear);
  Location loc = linear.getLoc();
  for (auto [i, number] : llvm::enumerate(*numbers))
    number *= (*row)[i % columns];
  for (auto [b, r] : llvm::zip(*bias, *row))
    b *= r;
  Value weight = makeConstant(
      builder, loc,
      DenseElementsAttr::get(cast<ShapedType>(linear.getWeight().getType()),
                             ArrayRef<float>(*numbers)));
  out.replaceAllUsesWith(builder.create<nn::LinearOp>(
      loc, out.getType(), linear.getX(), weight,
      linear.getBias() ? makeVector(builder, loc, *bias) : Value()));
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
    if (auto sum = dyn_cast<nn::AddOp>(op))
      (void)(foldSum(sum, 0) || foldSum(sum, 1));
    else if (auto product = dyn_cast<nn::MulOp>(op))
      (void)(foldProduct(product, 0) || foldProduct(product, 1));
  eraseDead(function);
}

} // namespace dalbit::raise
