// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Moves.h"

#include "compiler/dialect/nn/ColumnMoves.h"
#include "compiler/raise/Graph.h"

using namespace mlir;

namespace dalbit::raise {

Value makeNode(OpBuilder &builder, Location loc, StringRef type,
               ValueRange inputs, Dims dims,
               ArrayRef<NamedAttribute> attributes, SymbolicShapes &shapes) {
  Type element = cast<ShapedType>(inputs[0].getType()).getElementType();
  auto node = builder.create<onnx::NodeOp>(
      loc, TypeRange(tensorType(dims, element)), builder.getStringAttr(type),
      inputs, builder.getI64IntegerAttr(17), StringAttr(), StringAttr(),
      builder.getDictionaryAttr(attributes), 0u);
  shapes.setDims(node->getResult(0), std::move(dims));
  return node->getResult(0);
}

Value makeReshape(OpBuilder &builder, Value value, const Dims &dims,
                  SymbolicShapes &shapes) {
  const Dims before = *shapes.dims(value);
  SmallVector<int64_t> target;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    auto number = dim.constant();
    if (number && *number > 0)
      target.push_back(*number);
    else if (i < before.size() && before[i] == dim)
      target.push_back(0); // copies the size
    else
      target.push_back(-1);
  }
  if (llvm::count(target, -1) > 1)
    return {};
  auto list = DenseElementsAttr::get(
      RankedTensorType::get({static_cast<int64_t>(target.size())},
                            builder.getI64Type()),
      ArrayRef<int64_t>(target));
  auto constant = builder.create<onnx::ConstantOp>(value.getLoc(), list);
  shapes.infer(constant);
  return makeNode(builder, value.getLoc(), "Reshape",
                  {value, constant.getResult()}, dims, {}, shapes);
}

Value makeTranspose(OpBuilder &builder, Value value, ArrayRef<int64_t> order,
                    SymbolicShapes &shapes) {
  if (llvm::equal(order, llvm::seq<int64_t>(0, order.size())))
    return value;
  const Dims before = *shapes.dims(value);
  Dims dims;
  for (int64_t dim : order)
    dims.push_back(before[dim]);
  return makeNode(
      builder, value.getLoc(), "Transpose", value, dims,
      builder.getNamedAttr("perm", builder.getDenseI64ArrayAttr(order)),
      shapes);
}

Value makeMoved(OpBuilder &builder, Value base, ArrayRef<Atoms> axes,
                const Dims &dims, SymbolicShapes &shapes) {
  const Dims before = *shapes.dims(base);
  // Atoms in the order of the result, and, by dimension and stride, in that of
  // the base.
  SmallVector<Atom> wanted;
  for (const Atoms &atoms : axes)
    wanted.append(atoms.begin(), atoms.end());
  SmallVector<size_t> sorted(wanted.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  for (const Atom &atom : wanted)
    if (atom.dim < 0 || !atom.stride.isConstant())
      return {};
  llvm::stable_sort(sorted, [&](size_t a, size_t b) {
    if (wanted[a].dim != wanted[b].dim)
      return wanted[a].dim < wanted[b].dim;
    return *wanted[a].stride.constant() > *wanted[b].stride.constant();
  });
  Dims split;
  SmallVector<int64_t> order(wanted.size());
  for (auto [place, index] : llvm::enumerate(sorted)) {
    split.push_back(wanted[index].size);
    order[index] = static_cast<int64_t>(place);
  }
  Value value = base;
  if (split != before)
    value = makeReshape(builder, value, split, shapes);
  if (value)
    value = makeTranspose(builder, value, order, shapes);
  if (value && *shapes.dims(value) != dims)
    value = makeReshape(builder, value, dims, shapes);
  return value;
}

Value makeColumns(OpBuilder &builder, Location loc, Value rows, int64_t width,
                  llvm::function_ref<int64_t(int64_t)> source,
                  SymbolicShapes &shapes) {
  int64_t depth = staticDim(rows, -1);
  SmallVector<float> weight(size_t(depth * width), 0.0f);
  for (int64_t n = 0; n < width; ++n)
    if (int64_t from = source(n); from >= 0)
      weight[size_t(from * width + n)] = 1;
  Type f32 = builder.getF32Type();
  auto constant = DenseElementsAttr::get(
      RankedTensorType::get({depth, width}, f32), ArrayRef<float>(weight));
  Dims dims = *shapes.dims(rows);
  dims.back() = width;
  auto moved = builder.create<nn::LinearOp>(
      loc, tensorType(dims, f32), rows, makeConstant(builder, loc, constant),
      Value());
  moved->setAttr(nn::MovesColumns, builder.getUnitAttr());
  shapes.setDims(moved, dims);
  return moved;
}

void replaceByRow(onnx::NodeOp node, Value row, SymbolicShapes &shapes) {
  Value result = node->getResult(0);
  Dims flat = *shapes.dims(row), wanted = *shapes.dims(result);
  if (wanted != flat) {
    for (Operation *user : llvm::make_early_inc_range(result.getUsers()))
      if (auto move = dyn_cast<onnx::NodeOp>(user);
          move && llvm::is_contained({"Squeeze", "Flatten", "Reshape"},
                                     move.getOpType())) {
        const Dims *dims = shapes.dims(move->getResult(0));
        if (dims && *dims == flat)
          move->getResult(0).replaceAllUsesWith(row);
      }
    OpBuilder builder(node);
    int64_t axis = wanted.back() == SymbolicExpr(1) ? 2 : 1;
    row = makeNode(
        builder, node.getLoc(), "Unsqueeze", row, wanted,
        {builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr({axis}))},
        shapes);
  }
  result.replaceAllUsesWith(row);
}

} // namespace dalbit::raise
