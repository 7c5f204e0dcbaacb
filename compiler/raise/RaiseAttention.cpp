// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// softmax(q k^T) v around a Softmax.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Heads.h"
#include "compiler/raise/Mask.h"
#include "compiler/raise/Moves.h"
#include "compiler/raise/SoftmaxForm.h"
#include "compiler/raise/SplitLinear.h"
#include "compiler/raise/ZeroRows.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEATTENTION
#include "compiler/raise/Passes.h.inc"

namespace {

class Raiser {
public:
  Raiser(func::FuncOp function, int64_t context)
      : function(function), context(context), shapes(function) {}

  /// Raises the attention around \p softmax, or says why not.
  void run(onnx::NodeOp softmax);

private:
  bool match(onnx::NodeOp softmax);
  bool findProducts(onnx::NodeOp softmax);
  bool findOutput();
  bool matchCached(const Heads &q);
  Value matchCache(Value operand, bool transposed);
  Value findWeights(Value probabilities);
  bool isMeanOfHeads(Value value, Value probabilities);
  bool rewrite();
  bool replaceOutput(OpBuilder &builder, Operation *made, Value result);
  Value rowsOf(OpBuilder &builder, Location loc, const Heads &heads);
  Value keyMask(OpBuilder &builder, Location loc);
  Value scoreMask(OpBuilder &builder, Location loc);
  void replacePresent(const Heads &heads, Value present, Operation *after);
  bool fail(const Twine &reason) {
    why = reason.str();
    return false;
  }

  func::FuncOp function;
  int64_t context; ///< keys for whose distances biases are tabulated
  SymbolicShapes shapes;
  std::string why;
  onnx::NodeOp scores, product; // q k^T, and probabilities times v
  SoftmaxForm form;
  Heads query, key, value;
  MaskKind mask;
  SmallVector<float> sinks;         // by head; none: empty
  double softcap = 0;               // 0: scores are not capped
  Value cachedKeys, cachedValues;   // instead of key and value
  Value weights;                    // mean of the probabilities over the heads
  Value output;                     // the graph's rows of heads * size columns
  SmallVector<Atoms, 4> outputAxes; // where they come from in [B, T, columns]
  /// Masks made so far, by argument, number and whether ones are counted.
  std::map<std::tuple<void *, float, bool>, Value> masks;
};

class RaiseAttentionPass : public impl::RaiseAttentionBase<RaiseAttentionPass> {
public:
  using RaiseAttentionBase::RaiseAttentionBase;
  void runOnOperation() override;
};

} // namespace

/// The only MatMul from which \p logits follows by elementwise operators.
static onnx::NodeOp findScores(Value logits) {
  llvm::SetVector<Value> seen;
  seen.insert(logits);
  onnx::NodeOp found;
  for (size_t i = 0; i < seen.size() && seen.size() < 64; ++i) {
    onnx::NodeOp node = nodeOf(seen[i]);
    if (!node)
      continue;
    if (node.isOnnx("MatMul")) {
      if (found && found != node)
        return {};
      found = node;
      continue;
    }
    if (llvm::is_contained({"Add", "Sub", "Mul", "Div", "Where", "Max", "Min",
                            "Clip", "Cast", "Reshape", "Tanh", "Pad", "Slice"},
                           node.getOpType()))
      for (Value operand : node.getInputs())
        seen.insert(operand);
  }
  return found;
}

/// cap * tanh(scores * scale / cap).
struct Softcap {
  Value result;
  double cap = 0, scale = 1;
};

/// \p value as a number times another value: that value, and the number.
static Value scaledValue(Value value, double &factor) {
  while (onnx::NodeOp node = nodeOf(value)) {
    if (node.isOnnx("Mul")) {
      auto a = scalarOf(node.getInputs()[0]), b = scalarOf(node.getInputs()[1]);
      if (!a == !b)
        break;
      factor *= a ? *a : *b;
      value = node.getInputs()[a ? 1 : 0];
    } else if (node.isOnnx("Div")) {
      auto number = scalarOf(node.getInputs()[1]);
      if (!number || *number == 0)
        break;
      factor /= *number;
      value = node.getInputs()[0];
    } else {
      break;
    }
  }
  return value;
}

/// The cap between \p scores and \p logits, or nothing.
static std::optional<Softcap> findSoftcap(Value logits, Value scores) {
  llvm::SetVector<Value> seen;
  seen.insert(logits);
  for (size_t i = 0; i < seen.size() && seen.size() < 64; ++i) {
    onnx::NodeOp node = nodeOf(seen[i]);
    if (!node || seen[i] == scores)
      continue;
    Softcap cap{seen[i], 1, 1};
    if (auto tanh = nodeOf(scaledValue(seen[i], cap.cap), "Tanh")) {
      double inner = 1;
      if (cap.cap > 0 && scaledValue(tanh.getInputs()[0], inner) == scores) {
        cap.scale = inner * cap.cap;
        return cap;
      }
    }
    for (Value operand : node.getInputs())
      seen.insert(operand);
  }
  return std::nullopt;
}

/// True if behind the rows that are cut into heads as \p operand stand others
/// that depend on no input.
static bool hasConstantRow(Value operand, const SymbolicShapes &shapes) {
  auto layout = traceLayout(operand, shapes, true);
  auto concat = layout ? nodeOf(layout->base, "Concat") : onnx::NodeOp();
  return concat && llvm::any_of(concat.getInputs(), [&](Value part) {
           const Dims *dims = shapes.dims(part);
           // What is empty is a past of length 0.
           return dims && !llvm::is_contained(*dims, SymbolicExpr(0)) &&
                  leavesOf(part, Value(), shapes).arguments.empty();
         });
}

bool Raiser::findProducts(onnx::NodeOp softmax) {
  scores = {};
  Value logits = form.logits;
  const Dims *dims = shapes.dims(logits);
  if (!dims || dims->size() < 3)
    return fail("the sizes of the scores are not known");
  int64_t rank = dims->size();
  if (!form.isWritten &&
      normaliseAxis(softmax.getOnnxInt("axis").value_or(-1), rank) != rank - 1)
    return fail("the softmax is not over the last dimension");
  scores = findScores(logits);
  if (!scores)
    return fail("its input is not a product of queries and keys");
  Value used = form.probabilities;
  // Masked scores of [B*H, T, S] are looked at as [B, H, T, S] and back.
  while (auto reshape = nodeOf(shapes.soleReader(used), "Reshape"))
    used = reshape->getResult(0);
  weights = {};
  product = nodeOf(shapes.soleReader(used), "MatMul");
  if (!product) {
    // Beside the product, a mean over the heads may be a result.
    for (Operation *user : used.getUsers())
      if (auto matMul = nodeOf(user, "MatMul"); matMul && !product)
        product = matMul;
    if (product)
      weights = findWeights(used);
    if (!weights)
      return fail("its probabilities are not used for a product with values "
                  "alone");
  }
  if (!product || product.getInputs()[0] != used)
    return fail("its probabilities are not used for a product with values "
                "alone");
  return true;
}

/// The mean over the heads of \p probabilities, if that is all that is made of
/// them beside the product; found by trying.
Value Raiser::findWeights(Value probabilities) {
  const Dims &dims = *shapes.dims(probabilities);
  SymbolicExpr tokens = dims[dims.size() - 2], keys = dims.back();
  llvm::SetVector<Value> seen;
  Value found;
  seen.insert(probabilities);
  for (size_t i = 0; i < seen.size() && seen.size() < 16; ++i) {
    const Dims *own = shapes.dims(seen[i]);
    if (own && own->size() == 3 && (*own)[1] == tokens && (*own)[2] == keys &&
        i > 0 && isMeanOfHeads(seen[i], probabilities)) {
      found = seen[i];
      continue;
    }
    for (Operation *user : seen[i].getUsers()) {
      auto node = dyn_cast<onnx::NodeOp>(user);
      if (node == product || (node && node.isOnnx("Shape")))
        continue;
      if (!node || node->getNumResults() != 1 ||
          !llvm::is_contained(
              {"Reshape", "ReduceSum", "ReduceMean", "Div", "Mul", "Squeeze"},
              node.getOpType()))
        return {};
      seen.insert(node->getResult(0));
    }
  }
  return found;
}

bool Raiser::isMeanOfHeads(Value value, Value probabilities) {
  Leaves leaves = leavesOf(value, probabilities, shapes);
  if (!leaves.arguments.empty())
    return false;
  for (const Sizes &sizes : probeSizes(function)) {
    int64_t next = 0;
    Numbers numbers = numbersOf(*shapes.dims(probabilities), sizes, [&] {
      return double(next++ * 7919 % 101) / 101;
    });
    auto count = static_cast<int64_t>(numbers.values.size());
    llvm::DenseMap<Value, Numbers> given;
    given[probabilities] = numbers;
    auto result = evaluateAt(value, leaves, sizes, shapes, given);
    if (!result || result->shape.size() != 3 || result->values.empty() ||
        count % static_cast<int64_t>(result->values.size()) != 0)
      return false;
    int64_t plane = result->shape[1] * result->shape[2],
            heads = count / static_cast<int64_t>(result->values.size());
    for (size_t i = 0; i < result->values.size(); ++i) {
      double sum = 0;
      for (int64_t h = 0; h < heads; ++h)
        sum += numbers.values[(i / plane * heads + h) * plane + i % plane];
      if (std::abs(result->values[i] - sum / double(heads)) > 1e-5)
        return false;
    }
  }
  return true;
}

/// Keys or values that are an input or another's result as they are,
/// [B, heads, S, size], batch and heads perhaps in one dimension.
Value Raiser::matchCache(Value operand, bool transposed) {
  auto layout = traceLayout(operand, shapes);
  const Dims *dims = layout ? shapes.dims(layout->base) : nullptr;
  if (!dims || dims->size() != 4 || layout->axes.size() < 3 ||
      !(isa<BlockArgument>(layout->base) ||
        layout->base.getDefiningOp<nn::CachePartOp>()))
    return {};
  SmallVector<Atoms, 4> axes = layout->axes, own = identityAxes(*dims);
  if (transposed)
    std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  auto joined = [](SmallVector<Atoms, 4> all) {
    Atoms front;
    for (const Atoms &atoms : ArrayRef<Atoms>(all).drop_back(2))
      front.append(atoms.begin(), atoms.end());
    SmallVector<Atoms, 4> three = {front, all[all.size() - 2], all.back()};
    return canonical(ArrayRef<Atoms>(three));
  };
  return joined(axes) == joined(own) ? layout->base : Value();
}

/// The only node that reads elements of \p value, not just its shape.
static onnx::NodeOp onlyReader(Value value) {
  onnx::NodeOp reader;
  for (Operation *user : value.getUsers()) {
    auto node = dyn_cast<onnx::NodeOp>(user);
    if (node && node.isOnnx("Shape"))
      continue;
    if (!node || reader)
      return {};
    reader = node;
  }
  return reader;
}

/// From the product with v forward to where the heads are side by side again.
bool Raiser::findOutput() {
  const Dims &base = *shapes.dims(query.base);
  SmallVector<Atoms, 4> axes = headAxes(base, query.heads, query.size);
  Value last = product->getResult(0);
  const Dims *dims = shapes.dims(last);
  if (!dims)
    return fail("the size of the result is not known");
  if (dims->size() == 3) {
    axes[0].append(axes[1]);
    axes.erase(axes.begin() + 1);
  } else if (dims->size() != 4) {
    return fail("the result has neither three nor four dimensions");
  }
  Atoms wanted = identityAxes(base).back();
  while (true) {
    outputAxes = canonical(ArrayRef<Atoms>(axes));
    if (outputAxes.back() == wanted)
      break;
    onnx::NodeOp next = onlyReader(last);
    if (!next || !next.getDomain().empty() || next->getNumResults() != 1 ||
        next.getInputs()[0] != last || !applyMove(next, shapes, axes))
      return fail("its heads do not come together again");
    last = next->getResult(0);
  }
  output = last;
  return true;
}

/// True if \p logits depend on a product of data other than \p scores.
static bool addsProduct(Value logits, onnx::NodeOp scores) {
  llvm::SetVector<Value> seen;
  seen.insert(logits);
  for (size_t i = 0; i < seen.size() && seen.size() < 64; ++i) {
    onnx::NodeOp node = nodeOf(seen[i]);
    if (!node || node == scores || node.isOnnx("Shape"))
      continue;
    if (node.isOnnx("MatMul") && llvm::none_of(node.getInputs(), constantOf))
      return true;
    seen.insert(node.getInputs().begin(), node.getInputs().end());
  }
  return false;
}

/// Whether \p queries are [B, tokens and heads, columns] of [B, T, columns].
static bool hasHeadsInRows(Value queries, const SymbolicShapes &shapes) {
  auto layout = traceLayout(queries, shapes, true);
  if (!layout || layout->axes.size() != 3)
    return false;
  Atoms rows = canonical(ArrayRef<Atom>(layout->axes[1]));
  return rows.size() == 2 && rows[0].dim == 1 && rows[1].dim == 2;
}

bool Raiser::match(onnx::NodeOp softmax) {
  if (!findProducts(softmax))
    return false;
  if (hasConstantRow(scores.getInputs()[1], shapes))
    return fail("a row that is no token's stands among its keys (add_bias_kv "
                "of nn.MultiheadAttention)");
  auto q = matchHeads(scores.getInputs()[0], false, shapes);
  auto k = matchHeads(scores.getInputs()[1], true, shapes);
  auto v = matchHeads(product.getInputs()[1], false, shapes);
  if (!q && hasHeadsInRows(scores.getInputs()[0], shapes))
    return fail("the heads of its queries are rows beside the tokens, of one "
                "product with the only key head (GPT-BigCode before "
                "transformers 4.53); export it with a newer version, which "
                "has [batch, heads, tokens, columns]");
  if (!q || q->past || q->repeat != 1)
    return fail("its queries are not cut into heads in a known way");
  cachedKeys = cachedValues = {};
  if (!k && !v) {
    cachedKeys = matchCache(scores.getInputs()[1], true);
    cachedValues = matchCache(product.getInputs()[1], false);
    if (cachedKeys && cachedValues && !weights)
      return matchCached(*q);
  }
  if (!k)
    return fail("its keys are not cut into heads in a known way");
  if (!v || v->factor != 1)
    return fail("its values are not cut into heads in a known way");
  query = *q, key = *k, value = *v;
  if (key.heads != value.heads || key.size != value.size ||
      key.size != query.size || key.repeat != value.repeat ||
      key.heads * key.repeat != query.heads || !key.past != !value.past)
    return fail("queries, keys and values have different heads");
  // A cap lies between the product and the mask.
  Value raw = scores->getResult(0), capped = raw;
  double capScale = 1;
  softcap = 0;
  if (auto cap = findSoftcap(form.logits, raw)) {
    capped = cap->result;
    softcap = cap->cap;
    capScale = cap->scale;
  }
  auto kind = classifyMask(function, capped, form.logits, query.heads, context,
                           shapes, why);
  if (!kind)
    return false;
  auto numbers = sinksOf(function, form, query.heads, shapes, why);
  if (!numbers)
    return false;
  sinks = *numbers;
  mask = *kind;
  if (softcap && mask.scale != 1)
    return fail("its scores are scaled after they are capped");
  mask.scale *= capScale;
  if (weights && (mask.causal || mask.window || key.past || key.repeat != 1 ||
                  softcap || !mask.bias.shape.empty() || !sinks.empty()))
    return fail("the weights of a causal or cached attention, or of one with "
                "a window, a bias or sinks, are a result");
  mask.scale *= query.factor * key.factor;
  return findOutput();
}

/// The rest of match() over keys and values that are given.
bool Raiser::matchCached(const Heads &q) {
  query = q;
  const Dims &keys = *shapes.dims(cachedKeys);
  if (keys != *shapes.dims(cachedValues) ||
      keys[1] != SymbolicExpr(query.heads) ||
      keys[3] != SymbolicExpr(query.size))
    return fail("queries, keys and values have different heads");
  auto kind = classifyMask(function, scores->getResult(0), form.logits,
                           query.heads, context, shapes, why);
  if (!kind)
    return false;
  if (form.whole || form.isWritten)
    return fail("attention sinks beside given keys");
  mask = *kind;
  if (mask.causal)
    return fail("a causal mask over given keys");
  if (mask.window)
    return fail("a window over given keys");
  if (!mask.bias.shape.empty())
    return fail("a bias of the scores over given keys");
  mask.scale *= query.factor;
  return findOutput();
}

Value Raiser::keyMask(OpBuilder &builder, Location loc) {
  Value &made =
      masks[{mask.keyMask.getAsOpaquePointer(), mask.hiddenKey, mask.counted}];
  if (made)
    return made;
  // At the beginning, so that every later layer can use it.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  const Dims &keys = *shapes.dims(scores->getResult(0));
  const Dims &own = *shapes.dims(mask.keyMask);
  Dims dims = {own.size() == 2 ? own[0] : sizeIn(function, Symbol::B),
               keys.back()};
  made = builder.create<nn::KeyMaskOp>(
      loc, tensorType(dims, builder.getF32Type()), mask.keyMask,
      builder.getF32FloatAttr(mask.hiddenKey),
      mask.inverted ? builder.getUnitAttr() : UnitAttr(),
      mask.counted && (*shapes.dims(mask.keyMask)).size() == 2
          ? builder.getUnitAttr()
          : UnitAttr());
  shapes.setDims(made, dims);
  return made;
}

/// The graph's own [batch, heads, tokens, size] of keys or values becomes that
/// of the attention. Without a past it may be made beside what the product
/// reads, so it is looked for from the new tokens on.
void Raiser::replacePresent(const Heads &heads, Value present,
                            Operation *after) {
  auto replace = [&](Value old) {
    if (old.getType() == present.getType())
      old.replaceUsesWithIf(present, [&](OpOperand &use) {
        return after->isBeforeInBlock(use.getOwner());
      });
  };
  if (heads.past) {
    replace(heads.present);
    return;
  }
  const Dims &base = *shapes.dims(heads.base);
  SmallVector<Atoms, 4> wanted = headAxes(base, heads.heads, heads.size);
  std::vector<std::pair<Value, SmallVector<Atoms, 4>>> work;
  work.push_back({heads.base, identityAxes(base)});
  while (!work.empty()) {
    auto [value, axes] = work.back();
    work.pop_back();
    if (axes.size() == 4 && canonical(ArrayRef<Atoms>(axes)) == wanted)
      replace(value);
    for (Operation *user : value.getUsers()) {
      auto node = dyn_cast<onnx::NodeOp>(user);
      SmallVector<Atoms, 4> moved = axes;
      if (node && node.getDomain().empty() && node->getNumResults() == 1 &&
          node.getInputs()[0] == value && applyMove(node, shapes, moved))
        work.push_back({node->getResult(0), moved});
    }
  }
}

/// A mask of numbers [T, S] as [1, T, S].
Value Raiser::scoreMask(OpBuilder &builder, Location loc) {
  Value &made = masks[{mask.scoreMask.getAsOpaquePointer(), 0.0f, false}];
  if (made)
    return made;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  Dims dims = *shapes.dims(mask.scoreMask);
  auto view = [](const SymbolicExpr &size) {
    return size.constant().value_or(-1);
  };
  SmallVector<int64_t> sizes = {1, view(dims[0]), view(dims[1])};
  dims.insert(dims.begin(), 1);
  made = builder.create<nn::RearrangeOp>(
      loc, tensorType(dims, builder.getF32Type()), mask.scoreMask, sizes,
      ArrayRef<int64_t>{0, 1, 2});
  shapes.setDims(made, dims);
  return made;
}

/// The rows of all \p heads side by side.
Value Raiser::rowsOf(OpBuilder &builder, Location loc, const Heads &heads) {
  if (heads.copies == 1)
    return heads.base;
  return makeColumns(
      builder, loc, heads.base, heads.heads * heads.size,
      [&](int64_t column) {
        int64_t head = column / heads.size / heads.copies;
        return head * heads.size + column % heads.size;
      },
      shapes);
}

bool Raiser::rewrite() {
  Operation *op = output.getDefiningOp();
  OpBuilder builder(op);
  Location loc = scores.getLoc();
  Value maskValue;
  if (mask.keyMask)
    maskValue = keyMask(builder, loc);
  else if (mask.scoreMask)
    maskValue = scoreMask(builder, loc);
  if (cachedKeys) {
    auto cached = builder.create<nn::CachedAttentionOp>(
        loc, query.base.getType(), query.base, cachedKeys, cachedValues,
        maskValue, builder.getI64IntegerAttr(query.heads),
        builder.getF32FloatAttr(static_cast<float>(mask.scale)));
    return replaceOutput(builder, cached, cached.getOut());
  }
  Dims present = *shapes.dims(key.base);
  SymbolicExpr all = present[1];
  if (key.past)
    all = all + (*shapes.dims(key.past))[2];
  present = {present[0], key.heads, all, key.size};
  RankedTensorType cache = tensorType(present, builder.getF32Type());
  auto constant = [&](ArrayRef<int64_t> shape, ArrayRef<float> numbers) {
    return numbers.empty()
               ? Value()
               : makeConstant(
                     builder, loc,
                     DenseElementsAttr::get(
                         RankedTensorType::get(shape, builder.getF32Type()),
                         numbers));
  };
  Value bias = constant(mask.bias.shape, mask.bias.values);
  if (mask.hiddenScore == 0)
    mask.hiddenScore = std::numeric_limits<float>::lowest();
  auto attention = builder.create<nn::AttentionOp>(
      loc, TypeRange{query.base.getType(), cache, cache}, query.base,
      rowsOf(builder, loc, key), rowsOf(builder, loc, value), key.past,
      value.past, maskValue, bias, constant({query.heads}, sinks),
      builder.getI64IntegerAttr(query.heads),
      builder.getI64IntegerAttr(key.heads), builder.getBoolAttr(mask.causal),
      builder.getF32FloatAttr(static_cast<float>(mask.scale)),
      builder.getF32FloatAttr(mask.hiddenScore),
      mask.window ? builder.getI64IntegerAttr(mask.window) : IntegerAttr(),
      builder.getF32FloatAttr(static_cast<float>(softcap)),
      mask.bias.origin ? builder.getI64IntegerAttr(*mask.bias.origin)
                       : IntegerAttr());
  shapes.infer(attention);
  if (weights) {
    auto mean = builder.create<nn::AttentionWeightsOp>(
        loc, weights.getType(), query.base, key.base, maskValue,
        builder.getI64IntegerAttr(query.heads),
        builder.getF32FloatAttr(static_cast<float>(mask.scale)));
    weights.replaceUsesWithIf(mean.getOut(), [&](OpOperand &use) {
      return mean->isBeforeInBlock(use.getOwner());
    });
  }
  if (!replaceOutput(builder, attention, attention.getOut()))
    return false;
  replacePresent(key, attention.getPresentKey(), attention);
  replacePresent(value, attention.getPresentValue(), attention);
  return true;
}

/// Puts \p result of \p made in the place of the graph's own.
bool Raiser::replaceOutput(OpBuilder &builder, Operation *made, Value result) {
  shapes.setDims(result, *shapes.dims(query.base));
  const Dims dims = *shapes.dims(output);
  if (dims != *shapes.dims(query.base) ||
      outputAxes != identityAxes(*shapes.dims(query.base)))
    result = makeMoved(builder, result, outputAxes, dims, shapes);
  if (!result) {
    made->erase();
    return fail("its heads come together in an order that cannot be written");
  }
  output.replaceAllUsesWith(result);
  return true;
}

void Raiser::run(onnx::NodeOp softmax) {
  std::optional<ZeroRowsCut> cut;
  if (softmax.isOnnx("Softmax"))
    if (auto product = findScores(softmax.getInputs()[0]))
      cut = cutZeroRows(function, product, softmax, shapes);
  form = softmaxForm(softmax, shapes);
  // Quotients are of many kinds.
  if (softmax.isOnnx("Div") && (!form.logits || !findScores(form.logits)))
    return;
  if (match(softmax) && rewrite())
    return;
  if (scores && addsProduct(form.logits, scores))
    why = "another product of data is added to its scores, such as positions "
          "that depend on the queries (DeBERTa)";
  if (cut) {
    cut->undo();
    scores = cut->scores;
  }
  // For whoever refuses the node; the softmax alone may run.
  (scores ? scores : softmax)
      .setWhyAttr(StringAttr::get(softmax.getContext(), why));
  emitRemark(softmax.getLoc())
      << "node '" << softmax.getNodeName() << "' (" << softmax.getOpType()
      << ") stays as it is: " << why;
}

void RaiseAttentionPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  Raiser raiser(function, context);
  for (onnx::NodeOp node : nodes)
    if (node.isOnnx("Softmax") || node.isOnnx("Div"))
      raiser.run(node);
  eraseDead(function);
}

} // namespace dalbit::raise
