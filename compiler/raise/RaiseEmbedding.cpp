// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows of constant tables: by token ids, and by positions however they are
// computed.

#include "compiler/raise/Passes.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/CountedPositions.h"
#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/SymbolicShapes.h"
#include "support/Error.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEEMBEDDING
#include "compiler/raise/Passes.h.inc"

namespace {

class RaiseEmbeddingPass : public impl::RaiseEmbeddingBase<RaiseEmbeddingPass> {
public:
  void runOnOperation() override;

private:
  std::optional<int64_t> positionOffset(Value ids,
                                        const SymbolicShapes &shapes);
  TypedAttr fixedRows(Value ids, TypedAttr table, const SymbolicShapes &shapes);
  void raiseGather(onnx::NodeOp node, SymbolicShapes &shapes);
  void raiseSlice(onnx::NodeOp node, SymbolicShapes &shapes);
  std::optional<int64_t> onlyId(Value ids, const SymbolicShapes &shapes);
  void foldOnlyRow(onnx::NodeOp node, SymbolicShapes &shapes);
  void embedPositions(onnx::NodeOp node, TypedAttr table,
                      const SymbolicExpr &tokens, SymbolicShapes &shapes);
};

} // namespace

/// Elements of rows that are written into the module.
static constexpr int64_t MostRows = int64_t(1) << 22;

/// The numbers in every row of \p ids, none of which follows from data, at
/// \p sizes; nothing if rows differ.
static std::optional<SmallVector<int64_t>>
rowOfIds(Value ids, const Leaves &leaves, const Sizes &sizes,
         const SymbolicShapes &shapes) {
  llvm::DenseMap<Value, Numbers> nothing;
  auto numbers = evaluateAt(ids, leaves, sizes, shapes, nothing);
  if (!numbers || numbers->shape.empty() || numbers->shape.back() == 0)
    return std::nullopt;
  size_t width = numbers->shape.back();
  SmallVector<int64_t> row;
  for (size_t i = 0; i < numbers->values.size(); ++i) {
    auto id = static_cast<int64_t>(numbers->values[i]);
    if (i < width)
      row.push_back(id);
    else if (id != row[i % width])
      return std::nullopt;
  }
  return row;
}

/// o if every row of \p ids is P+o .. P+o+T-1 at all sizes that are tried.
/// (BART and OPT begin their tables with two rows of their own.)
std::optional<int64_t>
RaiseEmbeddingPass::positionOffset(Value ids, const SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(ids);
  if (!dims || dims->empty() || dims->size() > 2)
    return std::nullopt;
  Leaves leaves = leavesOf(ids, Value(), shapes);
  if (!leaves.arguments.empty())
    return std::nullopt;
  std::optional<int64_t> offset;
  for (const Sizes &sizes : probeSizes(getOperation())) {
    auto row = rowOfIds(ids, leaves, sizes, shapes);
    if (!row || int64_t(row->size()) != sizes.tokens)
      return std::nullopt;
    int64_t own = offset.value_or(row->front() - sizes.past);
    for (auto [i, id] : llvm::enumerate(*row))
      if (id != own + sizes.past + int64_t(i))
        return std::nullopt;
    offset = own;
  }
  return offset && *offset >= 0 ? offset : std::nullopt;
}

/// Rows that are the same for every sequence and at all sizes that are tried,
/// [1, S, D]: those of an encoder whose length is fixed. Null if they are not.
TypedAttr RaiseEmbeddingPass::fixedRows(Value ids, TypedAttr table,
                                        const SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(ids);
  auto type = cast<RankedTensorType>(table.getType());
  if (!dims || dims->size() != 2 || !dims->back().isConstant() ||
      *dims->back().constant() * type.getDimSize(1) > MostRows)
    return {};
  Leaves leaves = leavesOf(ids, Value(), shapes);
  if (!leaves.arguments.empty())
    return {};
  std::optional<SmallVector<int64_t>> found;
  for (const Sizes &sizes : probeSizes(getOperation())) {
    auto row = rowOfIds(ids, leaves, sizes, shapes);
    if (!row || (found && *found != *row))
      return {};
    found = row;
  }
  SmallVector<float> all, rows;
  try {
    for (int64_t id : *found) {
      int64_t at = normaliseAxis(id, type.getDimSize(0));
      if (at < 0)
        return {};
      onnx::readWeight(sliceConstant(table, 0, at, 1), all);
      llvm::append_range(rows, all);
      all.clear();
    }
  } catch (const Error &) { // of a file that went away
    return {};
  }
  return DenseElementsAttr::get(
      RankedTensorType::get({1, int64_t(found->size()), type.getDimSize(1)},
                            Float32Type::get(&getContext())),
      ArrayRef<float>(rows));
}

/// Every row of \p node's result, [.., S, D], is that of \p rows, [1, S, D]:
/// sums with it broadcast. Only they may see the new shape.
static void replaceRows(onnx::NodeOp node, Value rows,
                        const SymbolicShapes &shapes) {
  Value old = node->getResult(0);
  bool same = old.getType() == rows.getType();
  old.replaceUsesWithIf(rows, [&](OpOperand &use) {
    if (same)
      return true;
    auto add = nodeOf(use.getOwner(), "Add");
    if (!add)
      return false;
    Value other = add.getInputs()[1 - use.getOperandNumber()];
    const Dims *sum = shapes.dims(add->getResult(0));
    const Dims *rest = shapes.dims(other);
    return sum && rest && sum->size() == 3 && *sum == *rest;
  });
}

/// Replaces \p node, [T, D] or [1 or B, T, D], by rows at the new positions.
void RaiseEmbeddingPass::embedPositions(onnx::NodeOp node, TypedAttr table,
                                        const SymbolicExpr &tokens,
                                        SymbolicShapes &shapes) {
  OpBuilder builder(node);
  Location loc = node.getLoc();
  int64_t width = cast<RankedTensorType>(table.getType()).getDimSize(1);
  Value ids = builder.create<nn::PositionIdsOp>(
      loc, tensorType({1, tokens}, builder.getI64Type()));
  Value rows = builder.create<nn::EmbeddingOp>(
      loc, tensorType({1, tokens, width}, builder.getF32Type()),
      makeConstant(builder, loc, table), ids);
  for (Value made : {ids, rows.getDefiningOp()->getOperand(0), rows})
    shapes.infer(made.getDefiningOp());
  replaceRows(node, rows, shapes);
}

/// Positions from 0 up, and the table for them: without the rows below the
/// offset, the row of hidden tokens behind the others.
static std::pair<Value, TypedAttr>
countPositions(OpBuilder &builder, Location loc,
               const CountedPositions &counted, Value ids, TypedAttr table) {
  auto type = cast<RankedTensorType>(table.getType());
  int64_t rows = type.getDimSize(0), width = type.getDimSize(1);
  if (counted.offset >= rows || counted.fill >= rows)
    return {ids, table};
  SmallVector<float> numbers;
  try {
    onnx::readWeight(table, numbers);
  } catch (const Error &) { // of a file that went away
    return {ids, table};
  }
  ArrayRef<float> all = numbers;
  SmallVector<float> shifted(all.drop_front(counted.offset * width));
  llvm::append_range(shifted, all.slice(counted.fill * width, width));
  Value positions = builder.create<nn::MaskPositionsOp>(
      loc, cast<RankedTensorType>(ids.getType()).clone(builder.getI64Type()),
      counted.argument, builder.getI64IntegerAttr(rows - counted.offset),
      builder.getI64IntegerAttr(counted.hidden));
  return {positions,
          DenseElementsAttr::get(
              RankedTensorType::get({rows - counted.offset + 1, width},
                                    builder.getF32Type()),
              ArrayRef<float>(shifted))};
}

/// The ids [B, T] that \p node, an index_select, takes as one list, if the rows
/// are cut into [B, T, D] again: that is all that reads them.
static onnx::NodeOp cutAgain(onnx::NodeOp node, Value &ids,
                             const SymbolicShapes &shapes) {
  auto flat = nodeOf(ids, "Reshape");
  auto back = nodeOf(shapes.soleReader(node->getResult(0)), "Reshape");
  const Dims *list = shapes.dims(ids);
  const Dims *before = flat ? shapes.dims(flat.getInputs()[0]) : nullptr;
  const Dims *after = back ? shapes.dims(back->getResult(0)) : nullptr;
  if (!list || list->size() != 1 || !before || before->size() != 2 || !after ||
      after->size() != 3 ||
      !std::equal(before->begin(), before->end(), after->begin()))
    return node;
  ids = flat.getInputs()[0];
  return back;
}

void RaiseEmbeddingPass::raiseGather(onnx::NodeOp node,
                                     SymbolicShapes &shapes) {
  TypedAttr table = matrixConstant(node.getInputs()[0]);
  Value ids = node.getInputs()[1];
  if (!table || node.getOnnxInt("axis").value_or(0) != 0)
    return;
  // What the rows are called.
  onnx::NodeOp last = cutAgain(node, ids, shapes);
  const Dims *dims = shapes.dims(ids);
  if (!dims)
    return;
  if (auto offset = positionOffset(ids, shapes)) {
    int64_t rows = cast<RankedTensorType>(table.getType()).getDimSize(0);
    if (*offset < rows)
      embedPositions(last, sliceConstant(table, 0, *offset, rows - *offset),
                     dims->back(), shapes);
    return;
  }
  OpBuilder builder(last);
  Location loc = last.getLoc();
  // Places of an image: its tokens are no T of them.
  if (constantOf(ids))
    if (TypedAttr rows = foldToConstant(last->getResult(0), MostRows)) {
      auto made = builder.create<onnx::ConstantOp>(loc, rows.getType(), rows);
      last->getResult(0).replaceAllUsesWith(made.getResult());
      shapes.infer(made);
      return;
    }
  if (dims->size() != 2 || (!constantOf(ids) && onlyId(ids, shapes)))
    return;
  if (TypedAttr rows = fixedRows(ids, table, shapes)) {
    auto made = builder.create<onnx::ConstantOp>(loc, rows.getType(), rows);
    shapes.infer(made);
    replaceRows(last, made.getResult(), shapes);
    return;
  }
  if (auto counted = countedPositions(getOperation(), ids, shapes))
    std::tie(ids, table) = countPositions(builder, loc, *counted, ids, table);
  if (TypedAttr constant = constantOf(ids))
    ids = makeConstant(builder, loc, constant);
  Dims out = {(*dims)[0], (*dims)[1],
              cast<RankedTensorType>(table.getType()).getDimSize(1)};
  Value rows = builder.create<nn::EmbeddingOp>(
      loc, tensorType(out, builder.getF32Type()),
      makeConstant(builder, loc, table), ids);
  shapes.setDims(rows, out);
  last->getResult(0).replaceAllUsesWith(rows);
}

/// Rows P .. P+T of a table, cut out directly.
void RaiseEmbeddingPass::raiseSlice(onnx::NodeOp node, SymbolicShapes &shapes) {
  TypedAttr table = matrixConstant(node.getInputs()[0]);
  if (!table || node.getInputs().size() < 3 ||
      (hasInput(node, 3) &&
       integersOf(node.getInputs()[3]) != SmallVector<int64_t>{0}))
    return;
  const Contents *starts = shapes.contents(node.getInputs()[1]);
  const Contents *ends = shapes.contents(node.getInputs()[2]);
  if (!starts || !ends || starts->elements.size() != 1)
    return;
  SymbolicExpr past = starts->elements[0];
  SymbolicExpr tokens = ends->elements[0] - past;
  for (const Sizes &sizes : probeSizes(getOperation()))
    if (past.evaluate(sizes) != sizes.past ||
        tokens.evaluate(sizes) != sizes.tokens)
      return;
  embedPositions(node, table, tokens, shapes);
}

/// The number that all \p ids are at all sizes that are tried: token types that
/// nobody gives are zeros.
std::optional<int64_t>
RaiseEmbeddingPass::onlyId(Value ids, const SymbolicShapes &shapes) {
  Leaves leaves = leavesOf(ids, Value(), shapes);
  llvm::DenseMap<Value, Numbers> nothing;
  std::optional<double> found;
  if (!leaves.arguments.empty())
    return std::nullopt;
  for (const Sizes &sizes : probeSizes(getOperation())) {
    auto numbers = evaluateAt(ids, leaves, sizes, shapes, nothing);
    if (!numbers)
      return std::nullopt;
    for (double number : numbers->values)
      if (number != found.value_or(number))
        return std::nullopt;
      else
        found = number;
  }
  return found ? std::optional(int64_t(*found)) : std::nullopt;
}

/// The smallest table whose rows are added to \p value, perhaps after others.
static nn::EmbeddingOp tableBeside(Value value, const SymbolicShapes &shapes) {
  nn::EmbeddingOp best;
  auto rowsOf = [](nn::EmbeddingOp embedding) {
    return embedding.getTable().getType().getDimSize(0);
  };
  while (auto add = nodeOf(shapes.soleReader(value), "Add")) {
    SmallVector<Value> summands(add.getInputs());
    for (size_t i = 0; i < summands.size() && i < 16; ++i) {
      if (!summands[i].hasOneUse() || summands[i] == value)
        continue;
      auto embedding = summands[i].getDefiningOp<nn::EmbeddingOp>();
      if (embedding && (!best || rowsOf(embedding) < rowsOf(best)))
        best = embedding;
      if (auto inner = nodeOf(summands[i], "Add"))
        summands.append(inner.getInputs().begin(), inner.getInputs().end());
    }
    value = add->getResult(0);
  }
  return best;
}

/// A row that is added to all tokens becomes part of a table beside it.
void RaiseEmbeddingPass::foldOnlyRow(onnx::NodeOp node,
                                     SymbolicShapes &shapes) {
  Value rows = node->getResult(0);
  TypedAttr table = matrixConstant(node.getInputs()[0]);
  auto add = nodeOf(shapes.soleReader(rows), "Add");
  nn::EmbeddingOp beside = add ? tableBeside(rows, shapes) : nn::EmbeddingOp();
  if (!table || !beside || node.getOnnxInt("axis").value_or(0) != 0)
    return;
  Value other = add.getInputs()[add.getInputs()[0] == rows ? 1 : 0];
  auto type = beside.getTable().getType();
  int64_t width = type.getDimSize(1);
  auto tableType = cast<RankedTensorType>(table.getType());
  auto id = onlyId(node.getInputs()[1], shapes);
  if (!id || tableType.getDimSize(1) != width ||
      !shapes.sameDims(other, add->getResult(0)))
    return;
  int64_t at = normaliseAxis(*id, tableType.getDimSize(0));
  SmallVector<float> numbers, row;
  try {
    if (at < 0)
      return;
    onnx::readWeight(sliceConstant(table, 0, at, 1), row);
    onnx::readWeight(constantOf(beside.getTable()), numbers);
  } catch (const Error &) { // of a file that went away
    return;
  }
  for (auto [i, number] : llvm::enumerate(numbers))
    number += row[i % width];
  OpBuilder builder(beside);
  beside.getTableMutable().assign(makeConstant(
      builder, beside.getLoc(),
      DenseElementsAttr::get(
          RankedTensorType::get(type.getShape(), builder.getF32Type()),
          ArrayRef<float>(numbers))));
  add->getResult(0).replaceAllUsesWith(other);
}

void RaiseEmbeddingPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes shapes(function);
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes) {
    if (node->getNumResults() != 1 || !isFloat32(node->getResult(0)))
      continue;
    if (node.isOnnx("Gather"))
      raiseGather(node, shapes);
    else if (node.isOnnx("Slice"))
      raiseSlice(node, shapes);
  }
  for (onnx::NodeOp node : nodes)
    if (node.isOnnx("Gather") && !node->use_empty())
      foldOnlyRow(node, shapes);
  eraseDead(function);
}

} // namespace dalbit::raise
