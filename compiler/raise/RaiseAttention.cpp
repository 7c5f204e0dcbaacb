// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// softmax(q k^T) v around a Softmax.

#include "compiler/raise/Passes.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/Heads.h"
#include "compiler/raise/Mask.h"
#include "compiler/raise/SplitLinear.h"
#include "llvm/ADT/SetVector.h"

#include <limits>
#include <map>
#include <vector>

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISEATTENTION
#include "compiler/raise/Passes.h.inc"

namespace {

class Raiser {
public:
  Raiser(func::FuncOp function) : function(function), shapes(function) {}

  /// Raises the attention around \p softmax, or says why not.
  void run(onnx::NodeOp softmax);

private:
  bool match(onnx::NodeOp softmax);
  bool findProducts(onnx::NodeOp softmax);
  bool findOutput();
  void rewrite();
  Value keyMask(OpBuilder &builder, Location loc);
  void replacePresent(const Heads &heads, Value present, Operation *after);
  bool fail(const Twine &reason) {
    why = reason.str();
    return false;
  }

  func::FuncOp function;
  SymbolicShapes shapes;
  std::string why;
  onnx::NodeOp scores, product; // q k^T, and probabilities times v
  Heads query, key, value;
  MaskKind mask;
  double softcap = 0; // 0: scores are not capped
  Value output;       // the graph's [B, T, heads * size], perhaps as a matrix
  bool outputIsMatrix = false;
  /// Masks made so far, by argument and number.
  std::map<std::pair<void *, float>, Value> masks;
};

class RaiseAttentionPass : public impl::RaiseAttentionBase<RaiseAttentionPass> {
public:
  void runOnOperation() override;
};

} // namespace

/// Follows \p value through operators that leave probabilities as they are:
/// Where(IsNaN(p), 0, p) guards rows without a key.
static Value throughGuards(Value value) {
  if (value.hasOneUse())
    return value;
  for (Operation *user : value.getUsers())
    if (auto isNan = nodeOf(user, "IsNaN"))
      for (Operation *next : isNan->getResult(0).getUsers())
        if (auto where = nodeOf(next, "Where");
            where && where.getInputs()[2] == value &&
            scalarOf(where.getInputs()[1]) == 0.0)
          return where->getResult(0);
  return value;
}

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
                            "Clip", "Cast", "Reshape", "Tanh"},
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

bool Raiser::findProducts(onnx::NodeOp softmax) {
  Value logits = softmax.getInputs()[0];
  const Dims *dims = shapes.dims(logits);
  if (!dims || dims->size() < 3)
    return fail("the sizes of the scores are not known");
  int64_t rank = dims->size();
  if (normaliseAxis(softmax.getOnnxInt("axis").value_or(-1), rank) != rank - 1)
    return fail("the softmax is not over the last dimension");
  scores = findScores(logits);
  if (!scores)
    return fail("its input is not a product of queries and keys");
  Value probabilities = throughGuards(softmax->getResult(0));
  Value used = probabilities;
  // Masked scores of [B*H, T, S] are looked at as [B, H, T, S] and back.
  while (auto reshape = nodeOf(shapes.soleReader(used), "Reshape"))
    used = reshape->getResult(0);
  product = nodeOf(shapes.soleReader(used), "MatMul");
  if (!product || product.getInputs()[0] != used)
    return fail("its probabilities are not used for a product with values "
                "alone");
  return true;
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
  SmallVector<Atoms, 4> wanted = identityAxes(base);
  Atoms rows = wanted[0];
  rows.append(wanted[1]);
  SmallVector<Atoms, 4> matrix = {canonical(ArrayRef<Atom>(rows)), wanted[2]};
  while (true) {
    SmallVector<Atoms, 4> here = canonical(ArrayRef<Atoms>(axes));
    outputIsMatrix = here == matrix;
    if (here == wanted || outputIsMatrix)
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

bool Raiser::match(onnx::NodeOp softmax) {
  if (!findProducts(softmax))
    return false;
  auto q = matchHeads(scores.getInputs()[0], false, shapes);
  auto k = matchHeads(scores.getInputs()[1], true, shapes);
  auto v = matchHeads(product.getInputs()[1], false, shapes);
  if (!q || q->past || q->repeat != 1)
    return fail("its queries are not cut into heads in a known way");
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
  if (auto cap = findSoftcap(softmax.getInputs()[0], raw)) {
    capped = cap->result;
    softcap = cap->cap;
    capScale = cap->scale;
  }
  auto kind =
      classifyMask(function, capped, softmax.getInputs()[0], shapes, why);
  if (!kind)
    return false;
  mask = *kind;
  if (softcap && mask.scale != 1)
    return fail("its scores are scaled after they are capped");
  mask.scale *= capScale;
  mask.scale *= query.factor * key.factor;
  return findOutput();
}

Value Raiser::keyMask(OpBuilder &builder, Location loc) {
  Value &made = masks[{mask.keyMask.getAsOpaquePointer(), mask.hiddenKey}];
  if (made)
    return made;
  // At the beginning, so that every later layer can use it.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  auto type = RankedTensorType::get(rankedType(mask.keyMask).getShape(),
                                    builder.getF32Type());
  made = builder.create<nn::KeyMaskOp>(loc, type, mask.keyMask,
                                       APFloat(mask.hiddenKey));
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

void Raiser::rewrite() {
  Operation *op = output.getDefiningOp();
  OpBuilder builder(op);
  Location loc = scores.getLoc();
  Value maskValue = mask.keyMask ? keyMask(builder, loc) : Value();
  Dims present = *shapes.dims(key.base);
  SymbolicExpr all = present[1];
  if (key.past)
    all = all + (*shapes.dims(key.past))[2];
  present = {present[0], key.heads, all, key.size};
  RankedTensorType cache = tensorType(present, builder.getF32Type());
  if (mask.hiddenScore == 0)
    mask.hiddenScore = std::numeric_limits<float>::lowest();
  auto attention = builder.create<nn::AttentionOp>(
      loc, TypeRange{query.base.getType(), cache, cache}, query.base, key.base,
      value.base, key.past, value.past, maskValue,
      builder.getI64IntegerAttr(query.heads),
      builder.getI64IntegerAttr(key.heads), builder.getBoolAttr(mask.causal),
      builder.getF32FloatAttr(static_cast<float>(mask.scale)),
      builder.getF32FloatAttr(mask.hiddenScore),
      mask.window ? builder.getI64IntegerAttr(mask.window) : IntegerAttr(),
      builder.getF32FloatAttr(static_cast<float>(softcap)));
  shapes.infer(attention);
  Value result = attention.getOut();
  if (outputIsMatrix)
    result = flatten(builder, result, *shapes.dims(output), shapes);
  output.replaceAllUsesWith(result);
  replacePresent(key, attention.getPresentKey(), attention);
  replacePresent(value, attention.getPresentValue(), attention);
}

void Raiser::run(onnx::NodeOp softmax) {
  if (match(softmax)) {
    rewrite();
    return;
  }
  emitRemark(softmax.getLoc()) << "node '" << softmax.getNodeName()
                               << "' (Softmax) stays as it is: " << why;
}

void RaiseAttentionPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  Raiser raiser(function);
  for (onnx::NodeOp node : nodes)
    if (node.isOnnx("Softmax"))
      raiser.run(node);
  eraseDead(function);
}

} // namespace dalbit::raise
