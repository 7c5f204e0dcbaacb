// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One walk over the function in its order: sizes, contents, constants, equal
// nodes.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/ExpandContrib.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/NodeWriter.h"
#include "compiler/raise/SymbolicShapes.h"
#include "llvm/ADT/Hashing.h"

#include <map>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_FOLDSHAPES
#include "compiler/raise/Passes.h.inc"

namespace {

/// Folded tensors up to this size are written into the module.
constexpr int64_t mostFolded = 4096;

class FoldShapesPass : public impl::FoldShapesBase<FoldShapesPass> {
public:
  void runOnOperation() override;

private:
  bool simplify(onnx::NodeOp node);
  bool takeParts(onnx::NodeOp node);
  Value partOf(onnx::NodeOp concat, int64_t first, int64_t count);
  bool foldResults(onnx::NodeOp node);
  void fixTarget(onnx::NodeOp node);
  bool merge(onnx::NodeOp node);
  Operation *takeBranch(onnx::NodeOp node);
  void tryOut(onnx::NodeOp node);
  void writeTypes(Operation *op);
  void writeResultDims();

  SymbolicShapes *shapes = nullptr;
  /// Nodes met so far by operator, operands and attributes.
  std::multimap<size_t, onnx::NodeOp> met;
  llvm::DenseMap<Attribute, Value> constants;
};

} // namespace

void FoldShapesPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes known = SymbolicShapes::ofArguments(function);
  shapes = &known;
  met.clear();
  constants.clear();
  Block &body = function.getBody().front();
  for (Operation *next, *each = &body.front(); each; each = next) {
    Operation &op = *each;
    next = op.getNextNode();
    shapes->infer(&op);
    auto node = dyn_cast<onnx::NodeOp>(op);
    Operation *first = node ? takeBranch(node) : nullptr;
    if (node && !first)
      first = expandContrib(node, *shapes);
    if (first) {
      next = first;
      continue;
    }
    if (node)
      tryOut(node);
    if (node && node.getDomain().empty() && node->getNumRegions() == 0) {
      fixTarget(node);
      if (foldResults(node) || simplify(node) || takeParts(node) ||
          merge(node)) {
        op.erase();
        continue;
      }
    }
    if (auto constant = dyn_cast<onnx::ConstantOp>(op)) {
      auto [entry, isNew] =
          constants.try_emplace(constant.getValue(), constant.getResult());
      if (!isNew) {
        constant.getResult().replaceAllUsesWith(entry->second);
        op.erase();
        continue;
      }
    }
    writeTypes(&op);
  }
  eraseDead(function);
  writeResultDims();
  shapes = nullptr;
}

/// Sizes of what loops and sequences give, which no formula says: found by
/// evaluating where only sizes and integers are behind it. (TorchScript writes
/// repeat_interleave of a table of angles so.)
void FoldShapesPass::tryOut(onnx::NodeOp node) {
  if (!node.getDomain().empty() ||
      !llvm::is_contained({"Loop", "Scan", "ConcatFromSequence", "SequenceAt"},
                          node.getOpType()))
    return;
  Builder builder(&getContext());
  SmallVector<Attribute> found;
  for (OpResult result : node->getResults()) {
    SmallVector<Attribute> texts;
    if (isa<TensorType>(result.getType()) && !shapes->dims(result))
      if (auto dims = probeDims(getOperation(), result, *shapes)) {
        for (const SymbolicExpr &dim : *dims)
          texts.push_back(builder.getStringAttr(dim.str()));
        shapes->setDims(result, std::move(*dims));
      }
    found.push_back(builder.getArrayAttr(texts));
  }
  // For the steps that follow.
  node->setAttr("dalbit.dims", builder.getArrayAttr(found));
}

/// Rows of a constant table: kept, because they are embeddings even where the
/// ids are constants.
static bool isTableLookup(onnx::NodeOp node) {
  if (!node.isOnnx("Gather") && !node.isOnnx("Slice"))
    return false;
  RankedTensorType table = rankedType(node.getInputs()[0]);
  return table && table.getRank() == 2 &&
         isa<FloatType>(table.getElementType());
}

/// Replaces results whose elements are numbers. True if no use is left.
bool FoldShapesPass::foldResults(onnx::NodeOp node) {
  OpBuilder builder(node);
  builder.setInsertionPointAfter(node);
  bool dead = true;
  for (OpResult result : node->getResults()) {
    TypedAttr value;
    const Contents *contents = shapes->contents(result);
    auto shaped = dyn_cast<ShapedType>(result.getType());
    if (!shaped) {
      dead = false;
      continue;
    }
    Type element = shaped.getElementType();
    if (contents && contents->allConstant() && element.isIntOrIndex()) {
      auto type = RankedTensorType::get(contents->shape, element);
      SmallVector<Attribute> numbers;
      for (const SymbolicExpr &number : contents->elements)
        numbers.push_back(builder.getIntegerAttr(element, *number.constant()));
      value = DenseElementsAttr::get(type, numbers);
    } else if (!contents && !isTableLookup(node)) {
      value = foldToConstant(result, mostFolded);
    }
    if (!value) {
      dead = false;
      continue;
    }
    auto constant =
        builder.create<onnx::ConstantOp>(node.getLoc(), value.getType(), value);
    shapes->infer(constant);
    result.replaceAllUsesWith(constant.getResult());
  }
  return dead;
}

/// Puts the branch of an If whose condition is known in the place of \p node.
/// The first operation to look at next, or null if nothing was done.
Operation *FoldShapesPass::takeBranch(onnx::NodeOp node) {
  if (!node.isOnnx("If"))
    return nullptr;
  std::optional<int64_t> condition;
  if (auto numbers = integersOf(node.getInputs()[0]);
      numbers && numbers->size() == 1)
    condition = numbers->front();
  else if (const Contents *contents = shapes->contents(node.getInputs()[0]);
           contents && contents->elements.size() == 1)
    condition = contents->elements[0].constant();
  if (!condition)
    return nullptr;
  Block &branch = node.getBodies()[*condition ? 0 : 1].front();
  Operation *yield = branch.getTerminator();
  Operation *first =
      &branch.front() == yield ? node->getNextNode() : &branch.front();
  node->replaceAllUsesWith(yield->getOperands());
  yield->erase();
  node->getBlock()->getOperations().splice(Block::iterator(node),
                                           branch.getOperations());
  node->erase();
  return first;
}

/// A Reshape target that is computed from sizes as a constant: 0 copies a size,
/// -1 is the one that is left. The arithmetic behind it then has no use.
void FoldShapesPass::fixTarget(onnx::NodeOp node) {
  if (!node.isOnnx("Reshape") || constantOf(node.getInputs()[1]))
    return;
  const Dims *before = shapes->dims(node.getInputs()[0]);
  const Dims *after = shapes->dims(node->getResult(0));
  if (!before || !after)
    return;
  SmallVector<int64_t> target;
  for (auto [i, dim] : llvm::enumerate(*after)) {
    auto number = dim.constant();
    if (number && *number > 0)
      target.push_back(*number);
    else if (i < before->size() && (*before)[i] == dim)
      target.push_back(0);
    else
      target.push_back(-1);
  }
  if (llvm::count(target, -1) > 1)
    return;
  OpBuilder builder(node);
  auto type = RankedTensorType::get({static_cast<int64_t>(target.size())},
                                    builder.getI64Type());
  auto constant = builder.create<onnx::ConstantOp>(
      node.getLoc(), DenseElementsAttr::get(type, ArrayRef<int64_t>(target)));
  shapes->infer(constant);
  node->setOperand(1, constant.getResult());
  NamedAttrList attributes(node.getOnnxAttributesAttr());
  attributes.erase("allowzero");
  node.setOnnxAttributesAttr(attributes.getDictionary(&getContext()));
}

/// Operators that change nothing. True if no use is left.
bool FoldShapesPass::simplify(onnx::NodeOp node) {
  StringRef type = node.getOpType();
  if (node->getNumResults() != 1 || node.getInputs().empty())
    return false;
  Value input = node.getInputs()[0], result = node->getResult(0);
  auto elementOf = [](Value value) {
    return cast<ShapedType>(value.getType()).getElementType();
  };
  bool same = type == "Identity";
  if (type == "Cast")
    same = elementOf(input) == elementOf(result);
  if (type == "Dropout")
    same = true;
  if (type == "Reshape" || type == "Expand" || type == "Flatten" ||
      type == "Squeeze" || type == "Unsqueeze")
    same = shapes->sameDims(input, result);
  // Nothing is cut off; a negative step would turn the order.
  if (type == "Slice" && shapes->sameDims(input, result)) {
    auto steps = integersOf(node, "steps", 4);
    same = !hasInput(node, 4) ||
           (steps && llvm::all_of(*steps, [](int64_t s) { return s == 1; }));
  }
  if (type == "Transpose") {
    auto order = node.getOnnxInts("perm");
    same = order && llvm::equal(*order, llvm::seq<int64_t>(0, order->size()));
  }
  if (!same)
    return false;
  result.replaceAllUsesWith(input);
  return true;
}

/// The part of \p concat that begins at \p first and is \p count long; null if
/// there is none.
Value FoldShapesPass::partOf(onnx::NodeOp concat, int64_t first,
                             int64_t count) {
  int64_t begin = 0;
  for (Value part : concat.getInputs()) {
    const Dims *dims = shapes->dims(part);
    int64_t axis = dims ? normaliseAxis(concat.getOnnxInt("axis").value_or(0),
                                        int64_t(dims->size()))
                        : -1;
    auto size = axis < 0 ? std::nullopt : (*dims)[size_t(axis)].constant();
    if (!size)
      return {};
    if (begin == first && *size == count)
      return part;
    begin += *size;
  }
  return {};
}

/// What was put together and is taken apart again (queries, keys and values
/// that are turned in one tensor). True if no use is left.
bool FoldShapesPass::takeParts(onnx::NodeOp node) {
  if (!llvm::is_contained({"Gather", "Slice", "Split"}, node.getOpType()))
    return false;
  auto concat = nodeOf(node.getInputs()[0], "Concat");
  const Dims *whole = concat ? shapes->dims(concat->getResult(0)) : nullptr;
  if (!whole)
    return false;
  auto rank = int64_t(whole->size());
  int64_t joined = normaliseAxis(concat.getOnnxInt("axis").value_or(0), rank),
          own = normaliseAxis(node.getOnnxInt("axis").value_or(0), rank);
  auto size = (*whole)[size_t(joined)].constant();
  if (!size)
    return false;
  if (node.isOnnx("Split")) {
    int64_t first = 0;
    bool dead = own == joined;
    for (OpResult result : node->getResults()) {
      const Dims *dims = shapes->dims(result);
      auto count = dims && own == joined ? (*dims)[size_t(own)].constant()
                                         : std::nullopt;
      if (!count)
        return false;
      Value part = partOf(concat, first, *count);
      if (part)
        result.replaceAllUsesWith(part);
      dead &= bool(part);
      first += *count;
    }
    return dead;
  }
  Value part;
  if (node.isOnnx("Slice")) {
    auto range = axisSlice(node, rank);
    const Dims *dims = shapes->dims(node->getResult(0));
    auto count = dims ? (*dims)[size_t(joined)].constant() : std::nullopt;
    if (!range || range->axis != joined || !count)
      return false;
    part =
        partOf(concat, range->start + (range->start < 0 ? *size : 0), *count);
  } else if (auto index = integersOf(node.getInputs()[1]);
             index && index->size() == 1 && own == joined &&
             rankedType(node.getInputs()[1]).getRank() < 2) {
    part = partOf(concat, normaliseAxis(index->front(), *size), 1);
    if (part && rankedType(node.getInputs()[1]).getRank() == 0) {
      NodeWriter write(node);
      part = write("Squeeze", {part}, {write.list("axes", {joined})},
                   cast<ShapedType>(part.getType()).getElementType());
      shapes->infer(part.getDefiningOp());
      writeTypes(part.getDefiningOp());
    }
  }
  if (!part)
    return false;
  node->getResult(0).replaceAllUsesWith(part);
  return true;
}

/// Equal nodes become one; exporters write the same Shape many times.
bool FoldShapesPass::merge(onnx::NodeOp node) {
  size_t key = llvm::hash_combine(
      node.getOpTypeAttr().getAsOpaquePointer(),
      node.getOnnxAttributesAttr().getAsOpaquePointer(),
      llvm::hash_combine_range(node->operand_begin(), node->operand_end()));
  auto [begin, end] = met.equal_range(key);
  for (auto entry = begin; entry != end; ++entry) {
    onnx::NodeOp other = entry->second;
    if (other.getOpType() != node.getOpType() ||
        other.getOnnxAttributesAttr() != node.getOnnxAttributesAttr() ||
        !llvm::equal(other->getOperands(), node->getOperands()) ||
        other->getNumResults() != node->getNumResults())
      continue;
    node->replaceAllUsesWith(other->getResults());
    return true;
  }
  met.insert({key, node});
  return false;
}

void FoldShapesPass::writeTypes(Operation *op) {
  if (!isa<onnx::NodeOp>(op))
    return;
  for (OpResult result : op->getResults())
    if (const Dims *dims = shapes->dims(result))
      result.setType(tensorType(
          *dims, cast<ShapedType>(result.getType()).getElementType()));
}

void FoldShapesPass::writeResultDims() {
  func::FuncOp function = getOperation();
  Operation *end = function.getBody().front().getTerminator();
  Builder builder(&getContext());
  for (OpOperand &operand : end->getOpOperands()) {
    const Dims *dims = shapes->dims(operand.get());
    if (!dims)
      continue;
    SmallVector<Attribute> texts;
    for (const SymbolicExpr &dim : *dims)
      texts.push_back(builder.getStringAttr(dim.str()));
    function.setResultAttr(operand.getOperandNumber(), "dalbit.dims",
                           builder.getArrayAttr(texts));
  }
  function.setFunctionType(builder.getFunctionType(
      function.getFunctionType().getInputs(), end->getOperandTypes()));
}

} // namespace dalbit::raise
