// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rotary embeddings and norms of single heads. Both work on heads that the
// graph has cut out of [B, T, H*d] and moved about; here they move to where the
// heads lie side by side, so that what follows sees moves only.

#include "compiler/raise/Passes.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/ColumnForm.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Layout.h"
#include "compiler/raise/PositionTables.h"
#include "mlir/IR/IRMapping.h"

#include <cmath>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEROTARY
#include "compiler/raise/Passes.h.inc"

namespace {

class RaiseRotaryPass : public impl::RaiseRotaryBase<RaiseRotaryPass> {
public:
  using RaiseRotaryBase::RaiseRotaryBase;
  void runOnOperation() override;
};

/// Heads of \p size columns that lie side by side in \p base, and the moves
/// that cut them out.
struct CutHeads {
  Value base; // [B, T, heads * size]
  int64_t heads = 0, size = 0;
  SmallVector<onnx::NodeOp> moves; // first one reads the base
  SmallVector<Atoms, 4> axes;      // of what they give, in the base
};

/// A norm of rows and what its result is multiplied with, all of it constant.
struct RowNorm {
  Value x, result;
  bool isCentred = false;
  FloatAttr epsilon;
  SmallVector<float> gamma = {}, beta = {}; // no beta: empty
};

/// What turns pairs of columns.
struct Rotation {
  Value source;
  bool interleaved = false;
  int64_t heads = 1;  // in each head that was cut out
  TypedAttr cos, sin; // [N, pairs]
  PositionSource positions;
};

class RotaryRaiser {
public:
  RotaryRaiser(func::FuncOp function, int64_t context)
      : function(function), shapes(function), forms(shapes),
        tables(function, shapes, context) {}

  void headNorm(Operation *norm);
  bool rotary(onnx::NodeOp root);
  bool rotaryOfLast(onnx::NodeOp concat);

private:
  std::optional<CutHeads> cutHeads(Value value);
  Value moveAgain(const CutHeads &heads, Value value, OpBuilder &builder);
  void takeFactors(RowNorm &norm, const CutHeads &heads);
  std::optional<Rotation> rotationOf(const ColumnForm &form);
  std::optional<std::vector<double>> coefficients(const ColumnTerm &term,
                                                  Rotation &rotation);
  Value idsOf(const PositionSource &source, int64_t rows);
  bool rewrite(onnx::NodeOp root, const CutHeads &heads,
               const Rotation &rotation);
  Value constant(TypedAttr value);

  func::FuncOp function;
  SymbolicShapes shapes;
  ColumnForms forms;
  PositionTables tables;
  llvm::DenseMap<Attribute, Value> constants;
  SmallVector<std::pair<PositionSource, Value>> ids;
};

} // namespace

/// \p value as heads cut out of [B, T, H*d]: each row of its last dimension is
/// one head of one token.
std::optional<CutHeads> RotaryRaiser::cutHeads(Value value) {
  CutHeads cut;
  cut.base = value;
  while (onnx::NodeOp node = nodeOf(cut.base)) {
    // Key heads that are repeated turn before.
    if (!llvm::is_contained({"Reshape", "Transpose", "Squeeze", "Unsqueeze",
                             "Flatten", "Expand"},
                            node.getOpType()))
      break;
    cut.moves.push_back(node);
    cut.base = node.getInputs()[0];
  }
  std::reverse(cut.moves.begin(), cut.moves.end());
  const Dims *dims = shapes.dims(cut.base), *last = shapes.dims(value);
  // Sizes may be known of what the graph has no type for: a damaged file.
  if (!dims || dims->size() != 3 || !last || !isFloat32(cut.base) ||
      !rankedType(cut.base))
    return std::nullopt;
  // Sequences or tokens that are repeated may have positions of their own.
  auto isOne = [](const SymbolicExpr &size) { return size == SymbolicExpr(1); };
  if ((isOne((*dims)[0]) || isOne((*dims)[1])) &&
      llvm::any_of(cut.moves,
                   [](onnx::NodeOp move) { return move.isOnnx("Expand"); }))
    return std::nullopt;
  auto width = dims->back().constant(), size = last->back().constant();
  if (!width || !size || *size <= 0 || *width % *size != 0)
    return std::nullopt;
  SmallVector<Atoms, 4> axes = identityAxes(*dims);
  for (onnx::NodeOp node : cut.moves)
    if (!applyMove(node, shapes, axes))
      return std::nullopt;
  Atoms columns = canonical(ArrayRef<Atom>(axes.back()));
  if (columns != Atoms{Atom{2, 1, *size}})
    return std::nullopt;
  cut.size = *size;
  cut.heads = *width / *size;
  cut.axes = canonical(ArrayRef<Atoms>(axes));
  return cut;
}

/// The moves of \p heads on another value of the base's shape.
Value RotaryRaiser::moveAgain(const CutHeads &heads, Value value,
                              OpBuilder &builder) {
  Value from = heads.base;
  for (onnx::NodeOp move : heads.moves) {
    IRMapping mapping;
    mapping.map(from, value);
    Operation *copy = builder.clone(*move, mapping);
    shapes.setDims(copy->getResult(0), Dims(*shapes.dims(move->getResult(0))));
    from = move->getResult(0);
    value = copy->getResult(0);
  }
  return value;
}

/// The other operand of \p node, beside \p value, as numbers of each column of
/// each head; nothing if it is something else.
static std::optional<SmallVector<float>>
headNumbers(onnx::NodeOp node, Value value, const CutHeads &heads) {
  Value other = node.getInputs()[node.getInputs()[0] == value ? 1 : 0];
  TypedAttr constant = constantOf(other);
  RankedTensorType type = constant ? rankedType(other) : RankedTensorType();
  int64_t front =
      type ? int64_t(heads.axes.size()) - type.getRank() : int64_t(-1);
  if (front < 0 || !type.getElementType().isF32())
    return std::nullopt;
  // Of an element of the constant: which head, which column.
  SmallVector<int64_t> headStep, columnStep;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    const Atoms &atoms = heads.axes[size_t(front + i)];
    bool isHead = atoms == Atoms{Atom{2, heads.size, heads.heads}},
         isColumn = atoms == Atoms{Atom{2, 1, heads.size}};
    if (type.getDimSize(i) != 1 && !isHead && !isColumn)
      return std::nullopt;
    headStep.push_back(isHead && type.getDimSize(i) != 1);
    columnStep.push_back(isColumn && type.getDimSize(i) != 1);
  }
  SmallVector<float> values, result;
  onnx::readWeight(constant, values);
  for (int64_t h = 0; h < heads.heads; ++h)
    for (int64_t c = 0; c < heads.size; ++c) {
      int64_t at = 0;
      for (int64_t i = 0; i < type.getRank(); ++i)
        at = at * type.getDimSize(i) + h * headStep[size_t(i)] +
             c * columnStep[size_t(i)];
      result.push_back(values[size_t(at)]);
    }
  return result;
}

/// Takes what the result of \p norm is multiplied with, and what is added, head
/// by head (Cohere).
void RotaryRaiser::takeFactors(RowNorm &norm, const CutHeads &heads) {
  auto next = [&](StringRef type) {
    auto node = norm.result.hasOneUse()
                    ? nodeOf(*norm.result.user_begin(), type)
                    : onnx::NodeOp();
    auto numbers = node ? headNumbers(node, norm.result, heads)
                        : std::optional<SmallVector<float>>();
    if (numbers)
      norm.result = node->getResult(0);
    return numbers;
  };
  size_t all = size_t(heads.heads * heads.size);
  auto each = [&](SmallVector<float> &values) {
    size_t own = values.size();
    values.resize(all);
    for (size_t i = own; i < all; ++i)
      values[i] = own ? values[i - own] : 0;
  };
  if (auto factors = next("Mul")) {
    each(norm.gamma);
    if (!norm.beta.empty())
      each(norm.beta);
    for (size_t i = 0; i < all; ++i) {
      norm.gamma[i] *= (*factors)[i];
      if (!norm.beta.empty())
        norm.beta[i] *= (*factors)[i];
    }
  }
  if (!norm.isCentred)
    return;
  if (auto summands = next("Add")) {
    each(norm.gamma);
    each(norm.beta);
    for (size_t i = 0; i < all; ++i)
      norm.beta[i] += (*summands)[i];
  }
}

void RotaryRaiser::headNorm(Operation *op) {
  auto rms = dyn_cast<nn::RMSNormOp>(op);
  auto layer = dyn_cast<nn::LayerNormOp>(op);
  RowNorm norm{op->getOperand(0), op->getResult(0), bool(layer),
               layer ? layer.getEpsilonAttr() : rms.getEpsilonAttr()};
  auto heads = cutHeads(norm.x);
  // A single head may have a dimension of its own, too.
  if (!heads || heads->moves.empty() ||
      (heads->heads == 1 && rankedType(norm.x).getRank() < 4))
    return;
  if (!llvm::all_of(op->getOperands().drop_front(), constantOf))
    return;
  onnx::readWeight(constantOf(op->getOperand(1)), norm.gamma);
  if (layer && layer.getBeta())
    onnx::readWeight(constantOf(layer.getBeta()), norm.beta);
  takeFactors(norm, *heads);
  OpBuilder builder(norm.result.getDefiningOp());
  Location loc = op->getLoc();
  Value gamma = makeVector(builder, loc, norm.gamma);
  IntegerAttr groups = builder.getI64IntegerAttr(heads->heads);
  Operation *whole =
      norm.isCentred
          ? builder
                .create<nn::LayerNormOp>(
                    loc, heads->base.getType(), heads->base, gamma,
                    norm.beta.empty() ? Value()
                                      : makeVector(builder, loc, norm.beta),
                    norm.epsilon, groups)
                .getOperation()
          : builder
                .create<nn::RMSNormOp>(loc, heads->base.getType(), heads->base,
                                       gamma, norm.epsilon, groups)
                .getOperation();
  shapes.infer(whole);
  norm.result.replaceAllUsesWith(
      moveAgain(*heads, whole->getResult(0), builder));
}

/// What \p term multiplies its column with, at every position; notes where the
/// positions come from.
std::optional<std::vector<double>>
RotaryRaiser::coefficients(const ColumnTerm &term, Rotation &rotation) {
  const PositionTable *table = tables.of(term.table, term.width);
  if (!table)
    return std::nullopt;
  rotation.positions = table->source;
  std::vector<double> result;
  for (const std::vector<double> &row : table->rows)
    result.push_back(term.factor * row[term.column]);
  return result;
}

std::optional<Rotation> RotaryRaiser::rotationOf(const ColumnForm &form) {
  int64_t size = form.columns.size();
  Rotation rotation;
  rotation.source = form.source;
  struct Turn {
    int64_t partner = -1;
    const ColumnTerm *own = nullptr, *other = nullptr;
  };
  std::vector<Turn> turns(size);
  int64_t turned = 0;
  for (int64_t c = 0; c < size; ++c) {
    const auto &terms = form.columns[c];
    if (terms.size() == 1 && terms[0].from == c && !terms[0].table &&
        terms[0].factor == 1)
      continue;
    if (terms.size() != 2 || !terms[0].table || !terms[1].table)
      return std::nullopt;
    bool swapped = terms[0].from != c;
    turns[c] = {terms[swapped ? 0 : 1].from, &terms[swapped ? 1 : 0],
                &terms[swapped ? 0 : 1]};
    if (turns[c].own->from != c || turns[c].partner == c)
      return std::nullopt;
    ++turned;
  }
  if (turned == 0 || turned % 2 != 0)
    return std::nullopt;
  int64_t pairs = turned / 2;
  rotation.interleaved = pairs > 1 && turns[0].partner == 1;
  std::vector<std::vector<double>> cos, sin;
  for (int64_t i = 0; i < pairs; ++i) {
    int64_t first = rotation.interleaved ? 2 * i : i;
    int64_t second = rotation.interleaved ? 2 * i + 1 : i + pairs;
    if (turns[first].partner != second || turns[second].partner != first)
      return std::nullopt;
    std::optional<std::vector<double>> parts[4];
    PositionSource source;
    const ColumnTerm *terms[] = {turns[first].own, turns[second].own,
                                 turns[first].other, turns[second].other};
    for (auto [k, term] : llvm::enumerate(terms)) {
      parts[k] = coefficients(*term, rotation);
      if (!parts[k] || parts[k]->size() != parts[0]->size())
        return std::nullopt;
      if (k > 0 && !(source == rotation.positions))
        return std::nullopt;
      source = rotation.positions;
    }
    for (size_t p = 0; p < parts[0]->size(); ++p)
      if (std::abs((*parts[0])[p] - (*parts[1])[p]) > 1e-6 ||
          std::abs((*parts[2])[p] + (*parts[3])[p]) > 1e-6 ||
          std::abs((*parts[0])[p]) > 1.9 || std::abs((*parts[3])[p]) > 1.9)
        return std::nullopt;
    cos.push_back(*parts[0]);
    sin.push_back(*parts[3]);
  }
  // Heads that were side by side before they were turned: their angles repeat.
  if (rotation.interleaved && turned == size)
    for (int64_t period = 1; period < pairs; ++period) {
      bool repeats = pairs % period == 0;
      for (int64_t i = period; i < pairs && repeats; ++i)
        repeats = cos[i] == cos[i - period] && sin[i] == sin[i - period];
      if (!repeats)
        continue;
      rotation.heads = pairs / period;
      cos.resize(period);
      sin.resize(period);
      pairs = period;
    }
  int64_t positions = cos.front().size();
  auto matrix = [&](const std::vector<std::vector<double>> &columns) {
    std::vector<float> values;
    for (int64_t p = 0; p < positions; ++p)
      for (const std::vector<double> &column : columns)
        values.push_back(static_cast<float>(column[p]));
    Type f32 = Float32Type::get(function.getContext());
    return DenseElementsAttr::get(
        RankedTensorType::get({positions, pairs}, f32),
        ArrayRef<float>(values));
  };
  rotation.cos = matrix(cos);
  rotation.sin = matrix(sin);
  return rotation;
}

Value RotaryRaiser::constant(TypedAttr value) {
  Value &made = constants[value];
  if (!made) {
    OpBuilder builder = OpBuilder::atBlockBegin(&function.getBody().front());
    made = makeConstant(builder, function.getLoc(), value);
    shapes.infer(made.getDefiningOp());
  }
  return made;
}

/// The positions as a value, made once at the beginning; \p rows of them if the
/// rows are fixed.
Value RotaryRaiser::idsOf(const PositionSource &source, int64_t rows) {
  if (source.kind == PositionSource::Fixed) {
    Type i64 = IntegerType::get(function.getContext(), 64);
    auto numbers = llvm::to_vector(llvm::seq<int64_t>(0, rows));
    return constant(DenseElementsAttr::get(
        RankedTensorType::get({1, rows}, i64), ArrayRef<int64_t>(numbers)));
  }
  for (const auto &[known, value] : ids)
    if (known == source)
      return value;
  OpBuilder builder = OpBuilder::atBlockBegin(&function.getBody().front());
  Location loc = function.getLoc();
  auto sizes = function->getAttrOfType<DictionaryAttr>("dalbit.sizes");
  auto fixed = sizes ? sizes.getAs<IntegerAttr>("T") : IntegerAttr();
  SymbolicExpr tokens =
      fixed ? SymbolicExpr(fixed.getInt()) : SymbolicExpr(Symbol::T);
  Value value = source.argument;
  if (source.kind == PositionSource::Sequential)
    value = builder.create<nn::PositionIdsOp>(
        loc, tensorType({1, tokens}, builder.getI64Type()));
  if (source.kind == PositionSource::Mask)
    value = builder.create<nn::MaskPositionsOp>(
        loc,
        tensorType({shapes.dims(source.argument)->front(), tokens},
                   builder.getI64Type()),
        source.argument, builder.getI64IntegerAttr(source.fill),
        builder.getI64IntegerAttr(0));
  if (value.getDefiningOp())
    shapes.infer(value.getDefiningOp());
  ids.push_back({source, value});
  return value;
}

bool RotaryRaiser::rotary(onnx::NodeOp root) {
  if (root->getNumResults() != 1)
    return false;
  auto form = forms.read(root->getResult(0));
  if (!form || form->source == root->getResult(0))
    return false;
  auto rotation = rotationOf(*form);
  auto heads = rotation ? cutHeads(rotation->source) : std::nullopt;
  if (!heads || heads->size != int64_t(form->columns.size()))
    return false;
  return rewrite(root, *heads, *rotation);
}

/// The parts [0, n) and [n, all) of \p axis that two values are of one: it, and
/// n.
static std::optional<std::pair<Value, int64_t>>
twoParts(Value first, Value second, int64_t axis,
         const SymbolicShapes &shapes) {
  auto split = first.getDefiningOp<onnx::NodeOp>();
  const Dims *dims = shapes.dims(first);
  auto count = dims ? (*dims)[size_t(axis)].constant() : std::nullopt;
  auto rank = dims ? int64_t(dims->size()) : 0;
  if (!split || !count || second.getDefiningOp() == nullptr)
    return std::nullopt;
  if (split.isOnnx("Split"))
    return second.getDefiningOp() == split && split->getNumResults() == 2 &&
                   first == split->getResult(0) &&
                   normaliseAxis(split.getOnnxInt("axis").value_or(0), rank) ==
                       axis
               ? std::optional(std::pair(split.getInputs()[0], *count))
               : std::nullopt;
  // Where a slice begins, along the axis alone.
  auto startOf = [&](Value value) -> std::optional<int64_t> {
    auto slice = nodeOf(value, "Slice");
    auto range = slice ? axisSlice(slice, rank) : std::nullopt;
    return range && range->axis == axis ? std::optional(range->start)
                                        : std::nullopt;
  };
  auto from = startOf(first), next = startOf(second);
  const Dims *rest = shapes.dims(second);
  if (!from || *from != 0 || !next || *next != *count || !rest)
    return std::nullopt;
  Value whole = nodeOf(first).getInputs()[0];
  const Dims *all = shapes.dims(whole);
  return nodeOf(second).getInputs()[0] == whole && all &&
                 (*rest)[size_t(axis)] + SymbolicExpr(*count) ==
                     (*all)[size_t(axis)]
             ? std::optional(std::pair(whole, *count))
             : std::nullopt;
}

/// Tokens of which the first, that of a class among them, are not turned: their
/// angles are 0.
bool RotaryRaiser::rotaryOfLast(onnx::NodeOp concat) {
  const Dims *dims = shapes.dims(concat->getResult(0));
  if (!dims || concat.getInputs().size() != 2)
    return false;
  int64_t axis = normaliseAxis(concat.getOnnxInt("axis").value_or(0),
                               int64_t(dims->size()));
  auto form = forms.read(concat.getInputs()[1]);
  if (axis < 0 || axis + 1 == int64_t(dims->size()) || !form ||
      form->source == concat.getInputs()[1])
    return false;
  auto parts = twoParts(concat.getInputs()[0], form->source, axis, shapes);
  auto rotation = parts ? rotationOf(*form) : std::nullopt;
  auto heads = rotation ? cutHeads(parts->first) : std::nullopt;
  if (!heads || heads->size != int64_t(form->columns.size()) ||
      rotation->positions.kind != PositionSource::Fixed ||
      heads->axes[size_t(axis)] !=
          Atoms{Atom{1, 1, (*shapes.dims(heads->base))[1]}})
    return false;
  auto whole = [&](TypedAttr table, float number) {
    SmallVector<float> values;
    onnx::readWeight(table, values);
    auto type = cast<RankedTensorType>(table.getType());
    values.insert(values.begin(), size_t(parts->second * type.getDimSize(1)),
                  number);
    return cast<TypedAttr>(Attribute(DenseElementsAttr::get(
        RankedTensorType::get(
            {type.getDimSize(0) + parts->second, type.getDimSize(1)},
            type.getElementType()),
        ArrayRef<float>(values))));
  };
  rotation->cos = whole(rotation->cos, 1);
  rotation->sin = whole(rotation->sin, 0);
  return rewrite(concat, *heads, *rotation);
}

/// Puts the rotation of \p heads in the place of \p root.
bool RotaryRaiser::rewrite(onnx::NodeOp root, const CutHeads &heads,
                           const Rotation &rotation) {
  int64_t rows = cast<ShapedType>(rotation.cos.getType()).getDimSize(0);
  if (rotation.positions.kind == PositionSource::Fixed &&
      (*shapes.dims(heads.base))[1] != SymbolicExpr(rows))
    return false;
  if (rotation.positions.kind == PositionSource::Input &&
      rankedType(rotation.positions.argument).getRank() != 2)
    return false;
  OpBuilder builder(root);
  auto rotary = builder.create<nn::RotaryOp>(
      root.getLoc(), heads.base.getType(), heads.base, constant(rotation.cos),
      constant(rotation.sin), idsOf(rotation.positions, rows),
      builder.getI64IntegerAttr(heads.heads * rotation.heads),
      rotation.interleaved ? builder.getUnitAttr() : UnitAttr());
  shapes.infer(rotary);
  root->getResult(0).replaceAllUsesWith(
      moveAgain(heads, rotary.getOut(), builder));
  return true;
}

void RaiseRotaryPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  RotaryRaiser raiser(function, context);
  SmallVector<Operation *> norms;
  for (Operation &op : function.getOps())
    if (isa<nn::RMSNormOp, nn::LayerNormOp>(op))
      norms.push_back(&op);
  for (Operation *norm : norms)
    raiser.headNorm(norm);
  // The last node of a rotary embedding comes after its parts, so the largest
  // is found first; its parts are dead then.
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : llvm::reverse(nodes))
    if (!node->use_empty() && (node.isOnnx("Add") || node.isOnnx("Concat") ||
                               node.isOnnx("Reshape") || node.isOnnx("Sub")))
      if (!raiser.rotary(node) && node.isOnnx("Concat"))
        raiser.rotaryOfLast(node);
  eraseDead(function);
}

} // namespace dalbit::raise
