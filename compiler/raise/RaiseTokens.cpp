// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tokens cut out (Gather, Slice), put together (Concat) and picked by their ids
// (ArgMax with GatherND); then, what is left of moves at the border.

#include "compiler/raise/Passes.h"

#include "compiler/dialect/nn/Rearrangement.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Layout.h"
#include "compiler/raise/Mask.h"
#include "compiler/raise/Moves.h"
#include "support/Error.h"

#include "llvm/ADT/SetVector.h"

#include <cmath>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISETOKENS
#include "compiler/raise/Passes.h.inc"

namespace {

/// What the indices of a picked token look like.
enum class Indices {
  Pairs, ///< GatherND: sequence and place
  Flat,  ///< Gather: rows of all sequences
  Wide   ///< GatherElements: a place for each of the row's numbers
};

class RaiseTokensPass : public impl::RaiseTokensBase<RaiseTokensPass> {
public:
  void runOnOperation() override;

private:
  void raiseGather(onnx::NodeOp node);
  void raiseSlice(onnx::NodeOp node);
  void raiseConcat(onnx::NodeOp node);
  void raiseRepeat(onnx::NodeOp node);
  void raisePick(onnx::NodeOp node);
  bool picks(Value indices, const Leaves &leaves, BlockArgument ids,
             const Dims &tokens, Indices form, const nn::TokenRule &rule);
  void raiseBorder(onnx::NodeOp node);
  std::optional<int64_t> tokenIndex(const SymbolicExpr &index, Value x);
  void replace(onnx::NodeOp node, Value raised) {
    shapes->setDims(raised, *shapes->dims(node->getResult(0)));
    node->getResult(0).replaceAllUsesWith(raised);
  }

  SymbolicShapes *shapes = nullptr;
};

} // namespace

/// \p index as a number from the start or, negative, from the end.
std::optional<int64_t> RaiseTokensPass::tokenIndex(const SymbolicExpr &index,
                                                   Value x) {
  if (auto number = index.constant())
    return number;
  auto fromEnd = (index - (*shapes->dims(x))[1]).constant();
  return fromEnd && *fromEnd < 0 ? fromEnd : std::nullopt;
}

static bool isTokens(Value x, const SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(x);
  return isFloat32(x) && rankedType(x) && dims && dims->size() == 3 &&
         !constantOf(x);
}

void RaiseTokensPass::raiseGather(onnx::NodeOp node) {
  Value x = node.getInputs()[0];
  const Contents *index = shapes->contents(node.getInputs()[1]);
  const Dims *dims = shapes->dims(node->getResult(0));
  if (!isTokens(x, *shapes) || !index || index->elements.size() != 1 || !dims ||
      dims->size() > 3 ||
      normaliseAxis(node.getOnnxInt("axis").value_or(0), 3) != 1)
    return;
  auto first = tokenIndex(index->elements[0], x);
  if (!first)
    return;
  OpBuilder builder(node);
  replace(node, builder.create<nn::SliceOp>(
                    node.getLoc(), node->getResult(0).getType(), x, *first));
}

void RaiseTokensPass::raiseSlice(onnx::NodeOp node) {
  Value x = node.getInputs()[0];
  if (!isTokens(x, *shapes) || node.getInputs().size() < 3)
    return;
  const Contents *starts = shapes->contents(node.getInputs()[1]);
  const Contents *ends = shapes->contents(node.getInputs()[2]);
  auto axes = hasInput(node, 3) ? integersOf(node.getInputs()[3])
                                : std::optional(SmallVector<int64_t>{0});
  auto steps = hasInput(node, 4) ? integersOf(node.getInputs()[4])
                                 : std::optional(SmallVector<int64_t>{1});
  if (!starts || !ends || starts->elements.size() != 1 || !axes ||
      axes->size() != 1 || normaliseAxis(axes->front(), 3) != 1 || !steps ||
      steps->size() != 1 || steps->front() != 1)
    return;
  auto range = sliceRange(starts->elements[0], ends->elements[0], 1,
                          (*shapes->dims(x))[1]);
  const Dims *dims = shapes->dims(node->getResult(0));
  auto first = range ? tokenIndex(range->start, x) : std::nullopt;
  if (!first || !dims || !(*dims)[1].isConstant())
    return;
  OpBuilder builder(node);
  replace(node, builder.create<nn::SliceOp>(
                    node.getLoc(), node->getResult(0).getType(), x, *first));
}

/// A constant that is repeated for every sequence, as [1, U, D]; or null.
static TypedAttr repeatedConstant(Value part, const SymbolicShapes &shapes) {
  auto expand = nodeOf(part, "Expand");
  expand = expand ? expand : nodeOf(part, "Tile");
  Value source = expand ? expand.getInputs()[0] : part;
  TypedAttr constant = constantOf(source);
  const Dims *dims = shapes.dims(part);
  if (!constant || !dims)
    return {};
  constant = floatConstant(constant);
  auto type = constant ? cast<RankedTensorType>(constant.getType())
                       : RankedTensorType();
  if (!type || type.getRank() > 3)
    return {};
  SmallVector<int64_t> shape(3 - type.getRank(), 1);
  llvm::append_range(shape, type.getShape());
  SmallVector<float> numbers;
  try {
    onnx::readWeight(constant, numbers);
  } catch (const Error &) { // of a file that went away
    return {};
  }
  // A graph of a fixed batch has the copies in its constant.
  int64_t size = shape[1] * shape[2];
  for (int64_t b = 1; b < shape[0]; ++b)
    if (!std::equal(numbers.begin(), numbers.begin() + size,
                    numbers.begin() + b * size))
      return {};
  shape[0] = 1;
  // Only the sequences may be repeated.
  if (SymbolicExpr(shape[1]) != (*dims)[1] ||
      SymbolicExpr(shape[2]) != (*dims)[2])
    return {};
  return DenseElementsAttr::get(
      RankedTensorType::get(shape, type.getElementType()),
      ArrayRef<float>(numbers).take_front(size));
}

void RaiseTokensPass::raiseConcat(onnx::NodeOp node) {
  const Dims *dims = shapes->dims(node->getResult(0));
  if (!isFloat32(node->getResult(0)) || !dims || dims->size() != 3 ||
      normaliseAxis(node.getOnnxInt("axis").value_or(0), 3) != 1)
    return;
  OpBuilder builder(node);
  SmallVector<Value> parts;
  for (Value part : node.getInputs()) {
    if (TypedAttr constant = repeatedConstant(part, *shapes)) {
      parts.push_back(makeConstant(builder, node.getLoc(), constant));
      shapes->infer(parts.back().getDefiningOp());
      continue;
    }
    // One token of [B, D] that was given a dimension.
    auto layout = traceLayout(part, *shapes);
    const Dims *base = layout ? shapes->dims(layout->base) : nullptr;
    const Dims *own = shapes->dims(part);
    if (base && own && base->size() == 2 && own->size() == 3 &&
        (*own)[0] == (*base)[0] && (*own)[1] == SymbolicExpr(1) &&
        (*own)[2] == (*base)[1]) {
      parts.push_back(layout->base);
      continue;
    }
    if (!isTokens(part, *shapes))
      return;
    parts.push_back(part);
  }
  replace(node, builder.create<nn::ConcatOp>(
                    node.getLoc(), node->getResult(0).getType(), parts));
}

/// A constant that is repeated for every sequence and not put beside others
/// (the query of a pooling head) is put together of itself.
void RaiseTokensPass::raiseRepeat(onnx::NodeOp node) {
  const Dims *dims = shapes->dims(node->getResult(0));
  if (node->use_empty() || !isFloat32(node->getResult(0)) || !dims ||
      dims->size() != 3)
    return;
  TypedAttr constant = repeatedConstant(node->getResult(0), *shapes);
  if (!constant)
    return;
  OpBuilder builder(node);
  Value part = makeConstant(builder, node.getLoc(), constant);
  shapes->infer(part.getDefiningOp());
  replace(node, builder.create<nn::ConcatOp>(
                    node.getLoc(), node->getResult(0).getType(), part));
}

/// The tokens [B, T, D] that \p rows are one after the other, or null.
static Value tokensOf(Value rows, const SymbolicShapes &shapes) {
  onnx::NodeOp move = nodeOf(rows, "Flatten");
  move = move ? move : nodeOf(rows, "Reshape");
  const Dims *flat = shapes.dims(rows);
  Value x = move ? Value(move.getInputs()[0]) : Value();
  return x && flat && flat->size() == 2 && isTokens(x, shapes) &&
                 flat->back() == shapes.dims(x)->back()
             ? x
             : Value();
}

/// Numbers with which integers in front of \p value are compared.
static SmallVector<int64_t> comparedTo(Value value) {
  llvm::SetVector<Value> seen;
  seen.insert(value);
  SmallVector<int64_t> numbers;
  for (size_t i = 0; i < seen.size() && seen.size() < 64; ++i) {
    auto node = seen[i].getDefiningOp<onnx::NodeOp>();
    if (!node)
      continue;
    for (Value operand : node.getInputs()) {
      auto number = node.isOnnx("Equal") ? scalarOf(operand) : std::nullopt;
      if (number && std::floor(*number) == *number)
        numbers.push_back(static_cast<int64_t>(*number));
      seen.insert(operand);
    }
  }
  return numbers;
}

/// Whether \p indices are the places that \p rule finds, tried on several ids:
/// with some that are equal, and without any that is the rule's; a mask shows
/// at least one token.
bool RaiseTokensPass::picks(Value indices, const Leaves &leaves,
                            BlockArgument ids, const Dims &tokens, Indices form,
                            const nn::TokenRule &rule) {
  uint32_t state = 12345;
  for (const Sizes &sizes : probeSizes(getOperation()))
    for (int trial = 0; trial < 3; ++trial) {
      int64_t batch = tokens[0].evaluate(sizes),
              count = tokens[1].evaluate(sizes),
              width = tokens[2].evaluate(sizes);
      SmallVector<int64_t> numbers;
      std::vector<double> wanted;
      for (int64_t b = 0; b < batch; ++b) {
        for (int64_t i = 0; i < count; ++i) {
          state = state * 1664525u + 1013904223u;
          int64_t number = (state >> 16) % (trial ? 3 : 1000);
          if (rule.isShown())
            number = (trial == 2 ? i == 0 : number % 2 == 0) || i == b;
          else if (rule.id && trial)
            number += *rule.id - (trial == 2 ? 3 : 1);
          numbers.push_back(number);
        }
        int64_t place = rule.place(ArrayRef(numbers).take_back(size_t(count)));
        if (form == Indices::Pairs)
          wanted.push_back(double(b));
        if (form == Indices::Flat)
          place += b * count;
        wanted.insert(wanted.end(), form == Indices::Wide ? size_t(width) : 1,
                      double(place));
      }
      llvm::DenseMap<Value, Numbers> given;
      given[ids] = {{batch, count}, {numbers.begin(), numbers.end()}};
      auto found = evaluateAt(indices, leaves, sizes, *shapes, given);
      if (!found)
        return false;
      // From the end.
      for (double &place : found->values)
        place += place >= 0
                     ? 0
                     : double(form == Indices::Flat ? batch * count : count);
      if (!llvm::equal(found->values, wanted))
        return false;
    }
  return true;
}

/// GatherND of pairs (sequence, place of a token that ids or a mask choose),
/// Gather of that row of all, or GatherElements of the place for each column.
void RaiseTokensPass::raisePick(onnx::NodeOp node) {
  Indices form = node.isOnnx("Gather")     ? Indices::Flat
                 : node.isOnnx("GatherND") ? Indices::Pairs
                                           : Indices::Wide;
  Value x = form == Indices::Flat ? tokensOf(node.getInputs()[0], *shapes)
                                  : Value(node.getInputs()[0]),
        indices = node.getInputs()[1];
  const Dims *dims = shapes->dims(node->getResult(0));
  const Dims *places = shapes->dims(indices);
  if (!x || !isTokens(x, *shapes) || !dims || !places)
    return;
  Dims one = *shapes->dims(x), flat = {one[0], one[2]};
  one[1] = SymbolicExpr(1);
  if (*dims != (form == Indices::Wide ? one : flat))
    return;
  int64_t axis = node.getOnnxInt("axis").value_or(0);
  if (form == Indices::Flat ? places->size() != 1 || normaliseAxis(axis, 2) != 0
      : form == Indices::Wide
          ? normaliseAxis(axis, 3) != 1
          : places->size() != 2 || (*places)[1] != SymbolicExpr(2) ||
                node.getOnnxInt("batch_dims").value_or(0) != 0)
    return;
  Leaves leaves = leavesOf(indices, Value(), *shapes);
  const Dims &tokens = *shapes->dims(x);
  if (leaves.arguments.size() != 1)
    return;
  BlockArgument ids = leaves.arguments[0];
  const Dims *idDims = shapes->dims(ids);
  if (!idDims || idDims->size() != 2 || (*idDims)[0] != tokens[0] ||
      (*idDims)[1] != tokens[1] ||
      !cast<ShapedType>(ids.getType()).getElementType().isIntOrIndex())
    return;
  // What the graph picks is found by trying: the largest id, what the mask
  // shows, or a place beside one of the numbers which ids are compared to.
  SmallVector<nn::TokenRule> rules = {{}, {"shown", {}}};
  for (int64_t number : comparedTo(indices))
    for (StringRef name : {"first", "before", "last"})
      rules.push_back({name, number});
  for (const nn::TokenRule &rule : rules) {
    if (!picks(indices, leaves, ids, tokens, form, rule))
      continue;
    OpBuilder builder(node);
    Value from = rule.isShown() ? keyMask(ids, *shapes) : Value(ids);
    Value picked = builder.create<nn::PickOp>(
        node.getLoc(), tensorType(flat, builder.getF32Type()), x, from,
        builder.getStringAttr(rule.name),
        rule.id ? builder.getI64IntegerAttr(*rule.id) : IntegerAttr());
    shapes->setDims(picked, flat);
    replaceByRow(node, picked, *shapes);
    return;
  }
}

/// An input that is only moved before its first use, or a result that is only
/// moved after its last operation.
void RaiseTokensPass::raiseBorder(onnx::NodeOp node) {
  if (node->getNumResults() != 1 || !isFloat32(node->getResult(0)))
    return;
  const Dims *dims = shapes->dims(node->getResult(0));
  if (!dims)
    return;
  // The last of a chain of moves.
  for (Operation *user : node->getUsers())
    if (auto next = dyn_cast<onnx::NodeOp>(user)) {
      SmallVector<Atoms, 4> axes = identityAxes(*dims);
      if (applyMove(next, *shapes, axes))
        return;
    }
  auto layout = traceLayout(node->getResult(0), *shapes);
  bool isResult = layout && isOnlyReturned(node->getResult(0)) &&
                  isa_and_nonnull<nn::NNDialect>(
                      layout->base.getDefiningOp()
                          ? layout->base.getDefiningOp()->getDialect()
                          : nullptr);
  if (!layout || (!isa<BlockArgument>(layout->base) && !isResult))
    return;
  const Dims &base = *shapes->dims(layout->base);
  struct Part {
    Atom atom;
    int64_t place;
  };
  SmallVector<Part> parts;
  for (const Atoms &atoms : layout->axes)
    for (const Atom &atom : atoms) {
      if (atom.dim < 0 || !atom.stride.isConstant())
        return;
      parts.push_back({atom, static_cast<int64_t>(parts.size())});
    }
  llvm::stable_sort(parts, [](const Part &a, const Part &b) {
    return a.atom.dim != b.atom.dim
               ? a.atom.dim < b.atom.dim
               : *a.atom.stride.constant() > *b.atom.stride.constant();
  });
  SmallVector<int64_t> view, order(parts.size());
  size_t next = 0;
  for (auto [dim, size] : llvm::enumerate(base)) {
    // Dimensions of 1 have no atoms.
    if (size == SymbolicExpr(1)) {
      view.push_back(1);
      continue;
    }
    bool whole = next < parts.size() && parts[next].atom.size == size;
    while (next < parts.size() &&
           parts[next].atom.dim == static_cast<int64_t>(dim)) {
      order[parts[next].place] = static_cast<int64_t>(view.size());
      auto number = parts[next].atom.size.constant();
      if (!number && !whole)
        return;
      view.push_back(number ? *number : -1);
      ++next;
    }
  }
  // Dimensions of 1 stand where the result has them.
  SmallVector<int64_t> ones, full;
  for (int64_t i = 0; i < static_cast<int64_t>(view.size()); ++i)
    if (!llvm::is_contained(order, i))
      ones.push_back(i);
  size_t part = 0, one = 0;
  for (const Atoms &atoms : layout->axes) {
    if (atoms.empty()) {
      if (one == ones.size()) {
        ones.push_back(static_cast<int64_t>(view.size()));
        view.push_back(1);
      }
      full.push_back(ones[one++]);
    }
    for (size_t i = 0; i < atoms.size(); ++i)
      full.push_back(order[part++]);
  }
  full.append(ones.begin() + static_cast<int64_t>(one), ones.end());
  OpBuilder builder(node);
  auto sizes = rankedType(layout->base);
  auto type = cast<RankedTensorType>(node->getResult(0).getType());
  if (!nn::Rearrangement::of(sizes.getShape(), view, full, type.getShape()))
    return;
  replace(node, builder.create<nn::RearrangeOp>(node.getLoc(), type,
                                                layout->base, view, full));
}

void RaiseTokensPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes known(function);
  shapes = &known;
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes) {
    // What is known of sizes by now may be more than the types say.
    if (node->getNumResults() != 1 || !nodeOf(node->getResult(0)) ||
        !rankedType(node->getResult(0)))
      continue;
    if (node.isOnnx("Gather") && isTokens(node.getInputs()[0], *shapes))
      raiseGather(node);
    else if (node.isOnnx("Slice"))
      raiseSlice(node);
    else if (node.isOnnx("Concat"))
      raiseConcat(node);
    else if (node.isOnnx("GatherND") || node.isOnnx("Gather") ||
             node.isOnnx("GatherElements"))
      raisePick(node);
  }
  eraseDead(function);
  for (onnx::NodeOp node : llvm::to_vector(function.getOps<onnx::NodeOp>()))
    if (node.isOnnx("Expand") || node.isOnnx("Tile"))
      raiseRepeat(node);
  eraseDead(function);
  nodes.assign(function.getOps<onnx::NodeOp>().begin(),
               function.getOps<onnx::NodeOp>().end());
  for (onnx::NodeOp node : nodes)
    if (llvm::is_contained(
            {"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten"},
            node.getOpType()))
      raiseBorder(node);
  eraseDead(function);
  shapes = nullptr;
}

} // namespace dalbit::raise
