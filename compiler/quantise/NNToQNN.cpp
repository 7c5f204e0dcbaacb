// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/quantise/Converter.h"

#include "compiler/dialect/nn/ColumnMoves.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/quantise/LinearWeights.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace dalbit::quantise {

TypedAttr Converter::constantOf(Value value) {
  auto constant =
      value ? value.getDefiningOp<nn::ConstantOp>() : nn::ConstantOp();
  return constant ? cast<TypedAttr>(constant.getValue()) : TypedAttr();
}

/// Rows of a constant whose sizes before the last two are 1; a vector is one
/// row.
static std::optional<int64_t> constantRows(RankedTensorType type) {
  if (type.getRank() == 0 || !type.hasStaticShape())
    return std::nullopt;
  if (type.getRank() == 1)
    return 1;
  for (int64_t size : type.getShape().drop_back(2))
    if (size != 1)
      return std::nullopt;
  return type.getDimSize(type.getRank() - 2);
}

FailureOr<Value> Converter::fixedOf(Value value, Operation *user) {
  auto found = fixed.find(value);
  if (found != fixed.end())
    return found->second.first;
  if (auto row = scaled.find(value); row != scaled.end()) {
    Value made = builder.create<qnn::ApplyScalesOp>(
        value.getLoc(), fixedLike(value), row->second.first,
        row->second.second);
    set(value, made);
    return made;
  }
  auto type = cast<RankedTensorType>(value.getType());
  OpBuilder::InsertionGuard guard(builder);
  if (isa<BlockArgument>(value) && type.getElementType().isF32()) {
    builder.setInsertionPointToStart(&function.getBody().front());
    set(value, builder.create<qnn::ImportOp>(
                   user->getLoc(), fixedLike(value), value, ResidualFraction,
                   ArrayRef<int64_t>(), ArrayRef<int64_t>()));
    return fixed[value].first;
  }
  TypedAttr constant = constantOf(value);
  std::optional<int64_t> rows =
      constant ? constantRows(type) : std::optional<int64_t>();
  if (!rows)
    return user->emitError() << "operand is not computed on the NPU";
  // Rows that the model holds: positions of a fixed length, class tokens.
  SmallVector<float> floats;
  onnx::readWeight(constant, floats);
  int64_t width = type.getShape().back();
  auto table = DenseElementsAttr::get(
      RankedTensorType::get({*rows, width}, builder.getF32Type()),
      ArrayRef<float>(floats));
  set(value,
      builder.create<qnn::PositionsOp>(
          user->getLoc(),
          RankedTensorType::get({1, *rows, width}, builder.getI32Type()),
          cast<TypedAttr>(Attribute(table)),
          builder.getI64IntegerAttr(ResidualFraction), builder.getUnitAttr()));
  return fixed[value].first;
}

Value Converter::withFraction(Value value, int64_t from, int64_t to) {
  if (from == to)
    return value;
  Pair factor = makePair(std::ldexp(1.0, int(to - from)));
  return builder.create<qnn::RescaleOp>(
      value.getLoc(), value.getType(), value,
      builder.getI16IntegerAttr(factor.mantissa),
      builder.getI8IntegerAttr(factor.shift));
}

FailureOr<Value> Converter::residualOf(Value value, Operation *user) {
  FailureOr<Value> made = fixedOf(value, user);
  if (failed(made))
    return failure();
  Value same = withFraction(*made, fixed[value].second, ResidualFraction);
  set(value, same);
  return same;
}

/// The codes of a row are made once, however many products use them.
qnn::QuantizeOp Converter::codesOf(Value value, int64_t fraction,
                                   Value rowScales, bool isWide) {
  auto [entry, isNew] = (isWide ? wideCodes : codes).try_emplace(value);
  if (isNew) {
    SmallVector<Type> parts(isWide ? 4 : 2, rowsOf(value));
    for (size_t i = 0; i < parts.size(); i += 2)
      parts[i] = withElement(value, builder.getI8Type());
    entry->second = builder.create<qnn::QuantizeOp>(
        value.getLoc(), parts[0], parts[1], ArrayRef<Type>(parts).drop_front(2),
        value, rowScales, fraction);
  }
  return entry->second;
}

/// Keys or values that come in: an input or one of the caches of an input.
bool Converter::isGivenCache(Value past) {
  auto part = past.getDefiningOp<nn::CachePartOp>();
  return isa<BlockArgument>(part ? Value(part.getPast()) : past);
}

std::pair<Value, Value> Converter::cacheOf(Value past) {
  if (!past)
    return {};
  auto [entry, isNew] = caches.try_emplace(past);
  if (isNew) {
    auto part = past.getDefiningOp<nn::CachePartOp>();
    auto op = builder.create<qnn::ImportCacheOp>(
        past.getLoc(), withElement(past, builder.getI8Type()), rowsOf(past),
        part ? Value(part.getPast()) : past,
        part ? part.getAt() : ArrayRef<int64_t>());
    entry->second = {op.getCodes(), op.getScales()};
  }
  return entry->second;
}

LogicalResult Converter::embedding(nn::EmbeddingOp op) {
  TypedAttr table = constantOf(op.getTable());
  if (!table)
    return op.emitError() << "embedding table is not a constant";
  Value out;
  if (op.getIds().getDefiningOp<nn::PositionIdsOp>())
    out = builder.create<qnn::PositionsOp>(
        op.getLoc(), fixedLike(op.getOut()), table,
        builder.getI64IntegerAttr(ResidualFraction), UnitAttr());
  else {
    FailureOr<Value> ids = positionsOf(op.getIds(), op);
    if (failed(ids))
      return op.emitError() << "embedding ids are computed in the graph; only "
                               "graph inputs and positions "
                               "are supported";
    out = builder.create<qnn::EmbeddingOp>(op.getLoc(), fixedLike(op.getOut()),
                                           *ids, table, ResidualFraction);
  }
  fixed[op.getOut()] = {out, ResidualFraction};
  return success();
}

LogicalResult Converter::add(nn::AddOp op) {
  FailureOr<Value> a = fixedOf(op.getA(), op), b = fixedOf(op.getB(), op);
  if (failed(a) || failed(b))
    return failure();
  // Of two formats the one with more room before the point.
  int64_t fa = fixed[op.getA()].second, fb = fixed[op.getB()].second,
          fraction = std::min(fa, fb);
  *a = withFraction(*a, fa, fraction);
  *b = withFraction(*b, fb, fraction);
  // The operand that has the result's shape comes first.
  auto shape = op.getOut().getType().getShape();
  if (cast<ShapedType>(a->getType()).getShape() != shape)
    std::swap(a, b);
  auto first = cast<RankedTensorType>(a->getType()),
       second = cast<RankedTensorType>(b->getType());
  // Sequences may be repeated, rows are not.
  bool sameRows = second.getRank() > 1 &&
                  second.getShape().take_back(2) == shape.take_back(2);
  if (first.getShape() != shape ||
      second.getShape().back() != first.getShape().back() ||
      (shape.size() > 2 && !sameRows))
    return op.emitError() << "summands are repeated in a way that the NPU "
                             "cannot follow; only sequences are";
  Value out =
      builder.create<qnn::AddOp>(op.getLoc(), fixedLike(op.getOut()), *a, *b);
  set(op.getOut(), out, fraction);
  return success();
}

bool Converter::onlyBecomesCodes(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    auto clip = dyn_cast<nn::ClipOp>(user);
    return isa<nn::LinearOp>(user) || (clip && onlyBecomesCodes(clip.getOut()));
  });
}

LogicalResult Converter::norm(nn::LayerNormOp op) {
  FailureOr<Value> x = residualOf(op.getX(), op);
  TypedAttr gamma = constantOf(op.getGamma()), beta = constantOf(op.getBeta());
  if (failed(x))
    return failure();
  if (!gamma || (op.getBeta() && !beta))
    return op.emitError() << "gamma or beta is not a constant";
  SmallVector<float> g, b;
  onnx::readWeight(gamma, g);
  if (beta)
    onnx::readWeight(beta, b);
  // What only becomes codes has the finest format that cannot saturate; what
  // is added to the residual stream has the stream's.
  int64_t fraction = normFraction(g, b);
  bool isOfHeads = op.getGroups() != 1;
  if (!onlyBecomesCodes(op.getOut()))
    fraction = isOfHeads ? ResidualFraction
                         : std::min<int64_t>(fraction, ResidualFraction);
  Value out = builder.create<qnn::LayerNormOp>(
      op.getLoc(), fixedLike(op.getOut()), *x, gamma, beta, op.getEpsilonAttr(),
      op.getGroupsAttr(), builder.getI64IntegerAttr(fraction));
  if (isOfHeads && fraction == ResidualFraction)
    setTurned(op.getOut(), out);
  else
    set(op.getOut(), out, fraction);
  return success();
}

/// The name of the source node of \p op.
static StringRef nodeOf(Operation *op) {
  auto named = dyn_cast<NameLoc>(op->getLoc());
  return named ? named.getName().getValue() : StringRef();
}

LogicalResult Converter::linear(nn::LinearOp op) {
  // Rows with scales of their own become codes as they are.
  auto row = scaled.find(op.getX());
  bool hasScales = row != scaled.end();
  FailureOr<Value> x =
      hasScales ? FailureOr<Value>(row->second.first) : fixedOf(op.getX(), op);
  TypedAttr weight = constantOf(op.getWeight()),
            bias = constantOf(op.getBias());
  if (failed(x))
    return failure();
  if (!weight || (op.getBias() && !bias))
    return op.emitError() << "weight or bias is not a constant";
  // What only moves columns is not to cost accuracy.
  bool moves = op->hasAttr(nn::MovesColumns);
  bool isWide = moves || llvm::is_contained(options.int16, nodeOf(op));
  qnn::QuantizeOp rows =
      hasScales ? codesOf(*x, ResidualFraction, row->second.second, isWide)
                : codesOf(*x, fixed[op.getX()].second, Value(), isWide);
  KeptCodes kept = keepCodes(weight);
  if (!kept.remark.empty())
    op.emitRemark() << "weight: " << kept.remark;
  Value out = builder.create<qnn::LinearOp>(
      op.getLoc(), fixedLike(op.getOut()), rows.getCodes(), rows.getScales(),
      rows.getLow(), weight, bias,
      builder.getStringAttr(moves                         ? "w8"
                            : kept.form == WeightForm::W4 ? "w4"
                                                          : options.weights),
      builder.getI64IntegerAttr(ResidualFraction));
  fixed[op.getOut()] = {out, ResidualFraction};
  return success();
}

LogicalResult Converter::gelu(nn::GeluOp op) {
  StringRef kind = op.getApproximate();
  return gate(op.getX(), op.getOut(),
              kind == "tanh"      ? "gelu_tanh"
              : kind == "sigmoid" ? "gelu_sigmoid"
                                  : "gelu_erf");
}

LogicalResult Converter::attention(nn::AttentionOp op) {
  for (Value past : {op.getPastKey(), op.getPastValue()})
    if (past && !isGivenCache(past))
      return op.emitError() << "its past keys or values are computed in the "
                               "graph; the NPU keeps what comes in as an "
                               "input";
  bool causal = isCausal(op);
  if (!causal)
    return attend(op);
  FailureOr<Value> q = residualOf(op.getQuery(), op),
                   k = residualOf(op.getKey(), op),
                   v = residualOf(op.getValue(), op);
  if (failed(q) || failed(k) || failed(v) || failed(checkNumbers(op)))
    return failure();
  FailureOr<Value> mask = maskOf(op.getKeyMask(), op);
  if (failed(mask))
    return failure();
  auto [pastKey, pastKeyScales] = cacheOf(op.getPastKey());
  auto [pastValue, pastValueScales] = cacheOf(op.getPastValue());
  Value presentKey = op.getPresentKey(), presentValue = op.getPresentValue();
  auto out = builder.create<qnn::AttentionOp>(
      op.getLoc(),
      TypeRange{
          fixedLike(op.getOut()), withElement(presentKey, builder.getI8Type()),
          rowsOf(presentKey), withElement(presentValue, builder.getI8Type()),
          rowsOf(presentValue)},
      *q, *k, *v, pastKey, pastKeyScales, pastValue, pastValueScales, *mask,
      op.getHeadsAttr(), op.getKvHeadsAttr(), builder.getBoolAttr(causal),
      op.getScaleAttr(), op.getWindowAttr(), op.getSoftcapAttr(),
      constantOf(op.getBias()), op.getBiasOriginAttr(), sinksOf(op));
  setAttended(op.getOut(), out.getOut());
  caches[presentKey] = {out.getPresentKey(), out.getPresentKeyScales()};
  caches[presentValue] = {out.getPresentValue(), out.getPresentValueScales()};
  return success();
}

/// Keys or values as they go out; null if \p value is something else.
Value Converter::exported(Value value, Location loc) {
  auto found = caches.find(value);
  if (found == caches.end())
    return {};
  return builder.create<qnn::ExportCacheOp>(
      loc, value.getType(), found->second.first, found->second.second);
}

/// What the host chooses of results stands behind them.
LogicalResult Converter::topK(func::ReturnOp op,
                              MutableArrayRef<Value> operands) {
  llvm::DenseMap<Operation *, qnn::TopKOp> made;
  for (auto [value, operand] : llvm::zip(op.getOperands(), operands)) {
    auto choice = value.getDefiningOp<nn::TopKOp>();
    if (!choice)
      continue;
    qnn::TopKOp &own = made[choice];
    if (!own) {
      auto given = llvm::find(op.getOperands(), choice.getX());
      if (given == op.getOperands().end())
        return choice.emitError() << "chooses of what is no result";
      own = builder.create<qnn::TopKOp>(
          choice.getLoc(), choice->getResultTypes(),
          operands[size_t(given - op.getOperands().begin())], choice.getK(),
          choice.getSmallest());
    }
    operand = own->getResult(cast<OpResult>(value).getResultNumber());
  }
  return success();
}

LogicalResult Converter::results(func::ReturnOp op) {
  SmallVector<Value> operands;
  for (Value value : op.getOperands()) {
    if (value.getDefiningOp<nn::TopKOp>()) {
      operands.push_back({});
      continue;
    }
    if (Value cache = exported(value, op.getLoc())) {
      operands.push_back(cache);
      continue;
    }
    if (auto stack = value.getDefiningOp<nn::StackCachesOp>()) {
      SmallVector<Value> parts;
      for (Value part : stack.getParts())
        if (Value cache = exported(part, op.getLoc()))
          parts.push_back(cache);
        else
          return stack.emitError()
                 << "a result puts tensors together that are no keys and "
                    "values of an attention";
      operands.push_back(builder.create<qnn::StackCachesOp>(
          op.getLoc(), value.getType(), parts));
      continue;
    }
    if (auto type = dyn_cast<RankedTensorType>(value.getType());
        type && type.getElementType().isF32() && type.hasStaticShape() &&
        type.getNumElements() == 0) {
      operands.push_back(builder.create<qnn::EmptyOp>(op.getLoc(), type));
      continue;
    }
    auto moved = value.getDefiningOp<nn::RearrangeOp>();
    if (moved && isa<BlockArgument>(moved.getX()))
      moved = {};
    Value source = moved ? Value(moved.getX()) : value;
    FailureOr<Value> result = fixedOf(source, op);
    if (failed(result))
      return failure();
    if (result->getType() != fixedLike(source))
      return op.emitError() << "a result of the graph is a constant";
    operands.push_back(builder.create<qnn::DequantizeOp>(
        op.getLoc(), value.getType(), *result, fixed[source].second,
        moved ? moved.getView() : ArrayRef<int64_t>(),
        moved ? moved.getOrder() : ArrayRef<int64_t>()));
  }
  if (failed(topK(op, operands)))
    return failure();
  builder.create<func::ReturnOp>(op.getLoc(), operands);
  return success();
}

static StringRef nameOf(Operation *op) {
  if (auto node = dyn_cast<onnx::NodeOp>(op))
    return node.getOpType();
  return op->getName().getStringRef();
}

/// Whether \p node multiplies two matrices that the graph computes: rows of all
/// sequences with each other.
static bool mixesSequences(onnx::NodeOp node) {
  return (node.isOnnx("MatMul") || node.isOnnx("Gemm")) &&
         llvm::all_of(node.getInputs().take_front(2), [](Value operand) {
           auto type = dyn_cast<RankedTensorType>(operand.getType());
           Operation *made = operand.getDefiningOp();
           return type && type.getRank() == 2 &&
                  !(made && made->hasTrait<OpTrait::ConstantLike>());
         });
}

/// Whether \p value is made by operations of nn alone.
static bool isRaised(Value value) {
  llvm::SetVector<Value> needed;
  needed.insert(value);
  for (size_t i = 0; i < needed.size(); ++i) {
    Operation *made = needed[i].getDefiningOp();
    if (made && isa<onnx::NodeOp>(made))
      return false;
    if (made)
      needed.insert(made->operand_begin(), made->operand_end());
  }
  return true;
}

/// Names of the results of the graph that the NPU can compute without the
/// others. Caches are not among them: nobody wants these alone.
static std::string resultsAlone(func::FuncOp function) {
  std::string names;
  for (OpOperand &result :
       function.getBody().front().getTerminator()->getOpOperands()) {
    unsigned index = result.getOperandNumber();
    auto name = function.getResultAttrOfType<StringAttr>(index, "dalbit.name");
    auto made = dyn_cast<OpResult>(result.get());
    auto type = dyn_cast<RankedTensorType>(result.get().getType());
    if (!name || !made || !type || function.getResultAttr(index, "dalbit.made"))
      continue;
    // Keys and values are [B, heads, S, d], or several of these.
    bool isRows = made.getResultNumber() == 0 &&
                  type.getElementType().isF32() && type.getRank() < 4 &&
                  !made.getOwner()->hasTrait<OpTrait::ConstantLike>();
    if ((isRows || isa<nn::TopKOp>(made.getOwner())) && isRaised(made))
      names += (names.empty() ? "" : ",") + name.str();
  }
  return names;
}

/// The first input that holds keys or values as codes; empty if there is none.
static std::string cacheOfCodes(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                      "dalbit.name");
    if (name && type && type.getRank() == 4 &&
        type.getElementType().isInteger(8) &&
        llvm::any_of(argument.getUsers(), [](Operation *user) {
          auto node = dyn_cast<onnx::NodeOp>(user);
          return node && node.isOnnx("DequantizeLinear");
        }))
      return name.str();
  }
  return "";
}

/// The node of the file behind \p move, which raising put behind the rows that
/// it made of a node's result; null if it is another move.
static onnx::NodeOp readerOf(onnx::NodeOp move) {
  Operation *made = move.isOnnx("Transpose") && !move.getInputs().empty()
                        ? move.getInputs()[0].getDefiningOp()
                        : nullptr;
  if (!made || isa<onnx::NodeOp>(made) || made->getLoc() != move.getLoc())
    return {};
  for (Operation *user : move->getUsers())
    if (auto node = dyn_cast<onnx::NodeOp>(user))
      return node;
  return {};
}

/// How much of a model hangs on \p node: 3 for what raising gave up with a
/// reason, 2 for products and what goes with
/// them, 1 for other arithmetic on floats, 0 for sizes and moves of elements.
static int weightOf(onnx::NodeOp node) {
  if (node.getWhy())
    return 3;
  static const llvm::StringSet<> cores = {"MatMul",  "Gemm", "Conv",   "Einsum",
                                          "Softmax", "TopK", "Resize", "Loop",
                                          "Scan",    "If"};
  static const llvm::StringSet<> moves = {
      "Shape",     "Reshape",         "Transpose", "Squeeze",
      "Unsqueeze", "Flatten",         "Concat",    "Slice",
      "Gather",    "Split",           "Expand",    "Cast",
      "Tile",      "ConstantOfShape", "Range",     "Identity",
      "Where",     "Equal",           "Trilu"};
  if (!node.getDomain().empty() || cores.contains(node.getOpType()))
    return 2;
  auto type = node->getNumResults() > 0
                  ? dyn_cast<ShapedType>(node->getResult(0).getType())
                  : ShapedType();
  bool isFloat = type && isa<FloatType>(type.getElementType());
  return isFloat && !moves.contains(node.getOpType()) ? 1 : 0;
}

/// The operation that takes what \p node prepares, with moves of elements
/// alone in between; null if it is a result or another node.
static Operation *takerOf(onnx::NodeOp node) {
  for (int steps = 0; steps < 16; ++steps) {
    onnx::NodeOp next;
    for (Operation *user : node->getUsers()) {
      if (!isa<onnx::NodeOp, func::ReturnOp>(user))
        return user;
      if (auto move = dyn_cast<onnx::NodeOp>(user))
        next = move;
    }
    if (!next || weightOf(next) > 0)
      return nullptr;
    node = next;
  }
  return nullptr;
}

/// \p before is a node further up that stays as in the file too, or null.
static LogicalResult refuse(Operation *op, onnx::NodeOp before = {}) {
  InFlightDiagnostic error = op->emitError()
                             << "the NPU cannot run this operation yet: "
                             << nameOf(op);
  if (auto node = dyn_cast<onnx::NodeOp>(op); node && node.getWhy())
    error << (llvm::is_contained({"Conv", "TopK", "ArgMax", "ArgMin"},
                                 node.getOpType())
                  ? "; "
                  : "; the attention around it was not recognised: ")
          << *node.getWhy();
  else if (onnx::NodeOp reader = node ? readerOf(node) : onnx::NodeOp())
    error << "; the node itself is recognised, as rows of tokens, but "
          << nameOf(reader) << " '" << nodeOf(reader)
          << "' takes its result in another order";
  else if (Operation *taker =
               node && weightOf(node) == 0 ? takerOf(node) : nullptr)
    error << "; it prepares what '" << nodeOf(taker) << "' (" << nameOf(taker)
          << ") takes, which the NPU has as rows that it computes or as an "
             "input of floats alone";
  else if (node && mixesSequences(node))
    error << "; it multiplies rows of all sequences with each other, and the "
             "NPU runs one sequence after the other";
  if (std::string cache = cacheOfCodes(op->getParentOfType<func::FuncOp>());
      !cache.empty())
    error.attachNote() << "input '" << cache
                       << "' is a cache of 8-bit codes, and the NPU keeps keys "
                          "and values as int8 with scales of its own; export "
                          "the model with a cache of floats";
  if (std::string rest = resultsAlone(op->getParentOfType<func::FuncOp>());
      !rest.empty())
    error.attachNote() << "--results " << rest
                       << " leaves it out: these results do not need it";
  if (before)
    error.attachNote() << "the first in front of it is " << nameOf(before)
                       << " '" << before.getNodeName() << "'";
  error.attachNote() << "compile --explain lists what was recognised, what was "
                        "not, and why";
  return error;
}

LogicalResult Converter::convert(Operation *op) {
  builder.setInsertionPoint(op);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](nn::EmbeddingOp o) { return embedding(o); })
      .Case([&](nn::AddOp o) { return add(o); })
      .Case([&](nn::LayerNormOp o) { return norm(o); })
      .Case([&](nn::LinearOp o) { return linear(o); })
      .Case([&](nn::GeluOp o) { return gelu(o); })
      .Case([&](nn::SiluOp o) { return gate(o.getX(), o.getOut(), "silu"); })
      .Case([&](nn::ReluOp o) { return gate(o.getX(), o.getOut(), "relu"); })
      .Case([&](nn::ClipOp o) { return clip(o); })
      .Case([&](nn::TanhOp o) { return table(o.getX(), o.getOut(), "tanh"); })
      .Case([&](nn::SigmoidOp o) {
        return table(o.getX(), o.getOut(), "sigmoid");
      })
      .Case([&](nn::ScaleOp o) { return scale(o); })
      .Case([&](nn::CachedAttentionOp o) { return cachedAttention(o); })
      .Case([&](nn::AttentionWeightsOp o) { return attentionWeights(o); })
      .Case([&](nn::RearrangeOp o) { return rearrange(o); })
      .Case([&](nn::SliceOp o) { return slice(o); })
      .Case([&](nn::PickOp o) { return pick(o); })
      .Case([&](nn::TokenMaxOp o) { return tokenMax(o); })
      .Case([&](nn::ConcatOp o) { return concat(o); })
      .Case([&](nn::WindowsOp o) { return windows(o); })
      .Case([&](nn::RMSNormOp o) { return rmsNorm(o); })
      .Case([&](nn::RotaryOp o) { return rotary(o); })
      .Case([&](nn::MulOp o) { return product(o); })
      .Case([&](nn::SoftmaxOp o) { return softmax(o); })
      .Case([&](nn::RouteOp o) { return route(o); })
      .Case([&](nn::WeighOp o) { return weigh(o); })
      .Case([&](nn::AttentionOp o) { return attention(o); })
      .Case([&](func::ReturnOp o) { return results(o); })
      .Case<nn::ConstantOp, nn::PositionIdsOp, nn::MaskPositionsOp,
            nn::KeyMaskOp, nn::CachePartOp, nn::StackCachesOp, nn::TopKOp,
            onnx::ConstantOp, onnx::NoneOp>(
          [](Operation *) { return success(); }) // taken up by their users
      .Default([](Operation *o) { return refuse(o); });
}

/// Of the nodes that stay as in the file, the one that says most about why:
/// the sizes and masks in front of an attention that was not recognised stay
/// too. A reason that raising left says more than anything else.
static onnx::NodeOp chiefOf(ArrayRef<Operation *> ops) {
  onnx::NodeOp chief;
  for (Operation *op : ops)
    if (auto node = dyn_cast<onnx::NodeOp>(op))
      if (!chief || weightOf(node) > weightOf(chief))
        chief = node;
  return chief;
}

/// The first node with arithmetic on floats that \p chief waits for; null if
/// there is none.
static onnx::NodeOp firstBefore(onnx::NodeOp chief) {
  llvm::SetVector<Operation *> sources;
  sources.insert(chief);
  onnx::NodeOp first;
  for (size_t i = 0; i < sources.size(); ++i)
    for (Value operand : sources[i]->getOperands()) {
      auto node = operand.getDefiningOp<onnx::NodeOp>();
      if (!node || !sources.insert(node))
        continue;
      if (weightOf(node) > 0 && (!first || node->isBeforeInBlock(first)))
        first = node;
    }
  return first;
}

LogicalResult Converter::run() {
  separateProjections();
  SmallVector<Operation *> old;
  for (Operation &op : function.getBody().front())
    old.push_back(&op);
  if (onnx::NodeOp chief = chiefOf(old))
    return refuse(chief, firstBefore(chief));
  for (Operation *op : old)
    if (failed(convert(op)))
      return failure();
  for (Operation *op : llvm::reverse(old))
    op->erase();
  return success();
}

/// Warns if \p values, an attribute called \p name that \p op holds in fixed
/// point, do not fit there: int32 saturates without a word.
static void warnOfSaturation(Operation *op, StringRef name,
                             ArrayRef<float> values) {
  bool isFixed = isa<qnn::EmbeddingOp, qnn::PositionsOp>(op) ? name == "table"
                 : isa<qnn::LinearOp>(op)                    ? name == "bias"
                                                             : name == "beta";
  auto fraction = op->getAttrOfType<IntegerAttr>("fraction");
  if (!isFixed || !fraction)
    return;
  double limit = std::ldexp(1.0, 31 - int(fraction.getInt()));
  float largest = 0;
  for (float value : values)
    largest = std::max(largest, std::fabs(value));
  if (double(largest) >= limit)
    op->emitWarning() << name << " has numbers up to " << double(largest)
                      << "; the NPU holds those below " << limit
                      << " and cuts the others, so results may be wrong";
}

/// Codes of NaN or infinity would be numbers like others: a wrong answer
/// without a word.
static LogicalResult checkFinite(Operation *op) {
  for (NamedAttribute attribute : op->getAttrs()) {
    auto elements = dyn_cast<TypedAttr>(attribute.getValue());
    if (!elements || !isa<onnx::WeightAttr, DenseElementsAttr>(elements) ||
        !isa<FloatType>(getElementTypeOrSelf(elements.getType())))
      continue;
    SmallVector<float> values;
    onnx::readWeight(elements, values);
    for (size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i]))
        return op->emitError()
               << attribute.getName().getValue() << " element " << i << " is "
               << (std::isnan(values[i]) ? "nan" : "infinite")
               << "; the NPU needs finite weights";
    warnOfSaturation(op, attribute.getName().getValue(), values);
  }
  return success();
}

/// Each name must be that of a layer.
static LogicalResult checkNames(ModuleOp module,
                                const std::vector<std::string> &names) {
  for (const std::string &name : names) {
    bool found = module
                     .walk([&](nn::LinearOp op) {
                       return nodeOf(op) == name ? WalkResult::interrupt()
                                                 : WalkResult::advance();
                     })
                     .wasInterrupted();
    if (found)
      continue;
    InFlightDiagnostic error = emitError(UnknownLoc::get(module.getContext()))
                               << "--int16 " << name
                               << ": no linear layer comes from a node of "
                                  "this name";
    error.attachNote() << "verify MODEL --cases DIR lists the layers and those "
                          "that want int16";
    return error;
  }
  return success();
}

LogicalResult convertToQNN(ModuleOp module, const Options &options) {
  if (failed(checkNames(module, options.int16)))
    return failure();
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(Converter(function, options).run()))
      return failure();
  return success(!module
                      .walk([](Operation *op) {
                        return failed(checkFinite(op)) ? WalkResult::interrupt()
                                                       : WalkResult::advance();
                      })
                      .wasInterrupted());
}

} // namespace dalbit::quantise
