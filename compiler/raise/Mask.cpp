// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Mask.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>
#include <limits>
#include <random>

using namespace mlir;

namespace dalbit::raise {

namespace {

/// A score below this is hidden: exp of it is nothing beside any real score.
constexpr double hiddenBelow = -1000;

class Classifier {
public:
  Classifier(func::FuncOp function, Value scores, Value logits, int64_t heads,
             int64_t context, const SymbolicShapes &shapes, std::string &why)
      : function(function), scores(scores), logits(logits), context(context),
        shapes(shapes), why(why), bias(heads) {}

  std::optional<MaskKind> run();
  /// Takes a mask of flags as a number of them.
  void count() { kind.counted = true; }

private:
  bool fail(const std::string &reason) {
    why = reason;
    return false;
  }
  std::optional<double> plainFactor() const;
  bool findMaskArgument();
  std::string describe(BlockArgument argument);
  bool learn(const Sizes &sizes);
  SmallVector<Sizes> windowProbes() const;
  bool check(const Sizes &sizes, int trial);
  bool findPolarity(const Sizes &sizes);
  bool checkScoreMask(const Sizes &sizes);
  bool decideRange();
  bool findBias(ArrayRef<Sizes> probes, ArrayRef<Sizes> others);
  bool completeBias();

  Numbers fill(Value value, const Sizes &sizes,
               llvm::function_ref<double()> number) const;
  bool isNumbers() const { return rankedType(kind.keyMask).getRank() == 1; }
  bool fitsKeys(const Dims &dims) const;
  Numbers evenMask(const Sizes &sizes, bool shown) const;
  Numbers randomMask(const Sizes &sizes);
  std::vector<bool> hiddenKeys(const Numbers &mask, const Sizes &sizes) const;
  /// The logits for given scores and mask; elements in order (b, h, t, s).
  std::optional<std::vector<double>>
  evaluate(const Sizes &sizes, Numbers scoreNumbers, const Numbers *mask) const;
  /// The logits of scores 0 with every key shown.
  std::optional<std::vector<double>> zeroLogits(const Sizes &sizes);
  int64_t size(int64_t fromEnd, const Sizes &sizes) const {
    const Dims &dims = *shapes.dims(scores);
    return dims[dims.size() - fromEnd].evaluate(sizes);
  }
  /// How long before query t key s came.
  int64_t ageOf(int64_t t, int64_t s, const Sizes &sizes) const {
    return t + size(1, sizes) - size(2, sizes) - s;
  }

  func::FuncOp function;
  Value scores, logits;
  int64_t context;
  const SymbolicShapes &shapes;
  std::string &why;
  Leaves leaves;
  MaskKind kind;
  BiasObserver bias;
  /// What was added where the scale was taken: the less, the more exact.
  double scaleOffset = std::numeric_limits<double>::infinity();
  bool sawHiddenKey = false;
  /// Distances of keys (0: the query's own) that are hidden, and of others,
  /// before the query and behind it.
  struct Side {
    int64_t nearestHidden = INT64_MAX, furthestVisible = -1;
  };
  Side before, behind;
  std::mt19937 random{20240229};
};

} // namespace

Numbers Classifier::fill(Value value, const Sizes &sizes,
                         llvm::function_ref<double()> number) const {
  return numbersOf(*shapes.dims(value), sizes, number);
}

std::optional<std::vector<double>>
Classifier::evaluate(const Sizes &sizes, Numbers scoreNumbers,
                     const Numbers *mask) const {
  llvm::DenseMap<Value, Numbers> given;
  size_t count = scoreNumbers.values.size();
  given[scores] = std::move(scoreNumbers);
  if (mask)
    given[kind.keyMask] = *mask;
  auto result = evaluateAt(logits, leaves, sizes, shapes, given);
  if (!result || result->values.size() != count)
    return std::nullopt;
  return result->values;
}

/// Why \p argument is no mask of keys: what it is, and what would be one.
std::string Classifier::describe(BlockArgument argument) {
  auto text = [](const Dims *dims) {
    std::string list;
    for (const SymbolicExpr &dim : dims ? *dims : Dims())
      list += (list.empty() ? "" : ", ") + dim.str();
    return "[" + list + "]";
  };
  auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                    "dalbit.name");
  return "the mask depends on input '" + (name ? name.str() : "") + "' " +
         text(shapes.dims(argument)) + ", which is no mask of keys [B, " +
         shapes.dims(scores)->back().str() + "]" +
         (kind.keyMask ? " beside another" : "");
}

/// Whether an argument of sizes \p dims may be a mask of the keys.
bool Classifier::fitsKeys(const Dims &dims) const {
  const Dims &all = *shapes.dims(scores);
  // Numbers of keys: the batch says what more of them mean.
  if (dims.size() == 1) {
    auto count = dims[0].constant();
    SymbolicExpr batch = sizeIn(function, Symbol::B);
    return dims[0] == batch ||
           (count && batch.isConstant() && *count > *batch.constant());
  }
  // Fewer columns than keys: the others come behind and are visible.
  return dims.size() == 2 &&
         (dims[1] == all.back() ||
          (dims[1].isConstant() && all.back().isConstant() &&
           *dims[1].constant() < *all.back().constant()));
}

/// A mask that shows or hides all keys.
Numbers Classifier::evenMask(const Sizes &sizes, bool shown) const {
  double number = isNumbers() ? double(shown ? size(1, sizes) : 0)
                              : double(shown != kind.inverted);
  int64_t at = 0;
  return fill(kind.keyMask, sizes, [&] {
    // Behind the numbers of keys: the first one.
    return isNumbers() && at++ >= sizes.batch ? 0.0 : number;
  });
}

Numbers Classifier::randomMask(const Sizes &sizes) {
  int64_t at = 0, keys = size(1, sizes);
  return fill(kind.keyMask, sizes, [&] {
    if (!isNumbers())
      return double(random() & 1);
    // Before the middle where a sequence begins, behind it where it ends.
    int64_t half = int64_t(random() % (keys / 2 + 1));
    return double(at++ < sizes.batch ? keys - half : half);
  });
}

/// Which of the keys of all sequences \p mask hides.
std::vector<bool> Classifier::hiddenKeys(const Numbers &mask,
                                         const Sizes &sizes) const {
  int64_t keys = size(1, sizes), batch = sizes.batch,
          columns = isNumbers() ? keys : mask.shape[1];
  std::vector<bool> hidden;
  for (int64_t b = 0; b < (isNumbers() ? batch : mask.shape[0]); ++b) {
    ArrayRef<double> own =
        ArrayRef(mask.values)
            .slice(isNumbers() ? b : b * columns, isNumbers() ? 1 : columns);
    double first = isNumbers() && mask.shape[0] == 2 * batch
                       ? mask.values[batch + b]
                       : 0,
           end = isNumbers() ? own[0] : double(llvm::count(own, 1.0));
    bool between = isNumbers() || kind.counted;
    for (int64_t s = 0; s < keys; ++s)
      hidden.push_back(
          s < columns &&
          (between ? s < first || s >= end : (own[s] == 0) != kind.inverted));
  }
  return hidden;
}

bool Classifier::findMaskArgument() {
  leaves = leavesOf(logits, scores, shapes);
  for (BlockArgument argument : leaves.arguments) {
    const Dims *dims = shapes.dims(argument);
    if (kind.keyMask || !dims || !fitsKeys(*dims))
      return fail(describe(argument));
    kind.keyMask = argument;
  }
  return true;
}

/// Whether ones or zeros in the mask show keys: the last query sees keys of the
/// mask in one of the two cases only. (A window hides the first ones anyway.)
bool Classifier::findPolarity(const Sizes &sizes) {
  if (!kind.keyMask)
    return true;
  for (bool shown : {true, false}) {
    Numbers mask = evenMask(sizes, shown);
    auto zero = evaluate(sizes, fill(scores, sizes, [] { return 0.0; }), &mask);
    if (!zero)
      return fail("the float executor cannot evaluate the mask");
    int64_t keys = size(1, sizes),
            columns = isNumbers()
                          ? keys
                          : (*shapes.dims(kind.keyMask))[1].evaluate(sizes);
    ArrayRef<double> last = ArrayRef(*zero).take_back(keys).take_front(columns);
    if (last.empty() || llvm::any_of(last, [](double number) {
          return number >= hiddenBelow;
        })) {
      kind.inverted = !shown;
      return !isNumbers() || shown ||
             fail("numbers of keys hide those that they should show");
    }
  }
  return fail("something other than a mask is added to the scores");
}

/// An argument of numbers that are added to the scores as they are.
bool Classifier::checkScoreMask(const Sizes &sizes) {
  std::uniform_real_distribution<double> score(-3, 3);
  Numbers mask = fill(kind.keyMask, sizes, [&] { return score(random); });
  Numbers input = fill(scores, sizes, [&] { return score(random); });
  auto zero = evaluate(sizes, fill(scores, sizes, [] { return 0.0; }), &mask);
  auto result = evaluate(sizes, input, &mask);
  if (!zero || !result)
    return fail("the float executor cannot evaluate the mask");
  int64_t keys = size(1, sizes), queries = size(2, sizes);
  for (size_t i = 0; i < result->size(); ++i) {
    double added = mask.values[i / keys % queries * keys + i % keys];
    if (i == 0 && input.values[0] != 0)
      kind.scale = ((*result)[0] - added) / input.values[0];
    if (std::abs((*zero)[i] - added) > 1e-5 * (1 + std::abs(added)) ||
        std::abs((*result)[i] - added - kind.scale * input.values[i]) > 1e-4)
      return fail("an input is added to the scores, but not as it is");
  }
  return true;
}

std::optional<std::vector<double>> Classifier::zeroLogits(const Sizes &sizes) {
  Numbers shown;
  if (kind.keyMask)
    shown = evenMask(sizes, true);
  return evaluate(sizes, fill(scores, sizes, [] { return 0.0; }),
                  kind.keyMask ? &shown : nullptr);
}

/// Beyond the sizes of \p probes a failure says nothing: tables end.
bool Classifier::findBias(ArrayRef<Sizes> probes, ArrayRef<Sizes> others) {
  auto observe = [&](const Sizes &sizes) {
    auto zero = zeroLogits(sizes);
    if (zero)
      bias.observe(*zero, size(2, sizes), size(1, sizes), hiddenBelow);
    return zero.has_value();
  };
  for (const Sizes &sizes : probes)
    if (!observe(sizes))
      return fail("the float executor cannot evaluate the mask");
  bool found = bias.decide();
  if (found && !bias.byDistance())
    return true;
  for (const Sizes &sizes : others)
    observe(sizes);
  return bias.decide() ||
         fail("something other than a mask or a bias by distance is added to "
              "the scores");
}

/// Distances of all queries and keys that the graph can have.
bool Classifier::completeBias() {
  if (bias.isNothing())
    return true;
  if (!bias.byDistance()) {
    kind.bias = bias.ofFixedSize();
    return true;
  }
  const Dims &dims = *shapes.dims(scores);
  auto keys = dims.back().constant(),
       queries = dims[dims.size() - 2].constant();
  int64_t low = 1 - keys.value_or(context),
          high = kind.causal ? 0 : queries.value_or(context) - 1;
  BiasGraph graph{function, scores,       logits,
                  shapes,   kind.keyMask, kind.inverted ? 0.0 : 1.0};
  auto complete = raise::completeBias(bias, graph, low, high);
  if (!complete)
    return fail("what is added to the scores cannot be computed for all "
                "distances of " +
                std::to_string(1 - low) + " keys; use a smaller --max-context");
  kind.bias = std::move(*complete);
  return true;
}

/// Takes scale and hidden scores from one evaluation with zero and one with
/// other scores, all keys visible.
bool Classifier::learn(const Sizes &sizes) {
  Numbers ones;
  if (kind.keyMask)
    ones = evenMask(sizes, true);
  const Numbers *mask = kind.keyMask ? &ones : nullptr;
  auto zero = zeroLogits(sizes);
  auto one = evaluate(sizes, fill(scores, sizes, [] { return 1.0; }), mask);
  if (!zero || !one)
    return fail("the float executor cannot evaluate the mask");
  int64_t queries = size(2, sizes), keys = size(1, sizes);
  std::vector<double> rest = bias.without(*zero, *zero, queries, keys);
  for (size_t i = 0; i < zero->size(); ++i) {
    int64_t s = i % keys, t = i / keys % queries;
    int64_t age = ageOf(t, s, sizes);
    Side &side = age < 0 ? behind : before;
    if ((*zero)[i] < hiddenBelow) {
      side.nearestHidden = std::min(side.nearestHidden, std::abs(age));
      kind.hiddenScore = static_cast<float>((*zero)[i]);
      continue;
    }
    side.furthestVisible = std::max(side.furthestVisible, std::abs(age));
    if (age < 0)
      continue;
    if (rest[i] != 0)
      return fail("something other than a mask is added to the scores");
    if (std::abs((*zero)[i]) <= scaleOffset) {
      scaleOffset = std::abs((*zero)[i]);
      kind.scale = (*one)[i] - (*zero)[i];
    }
  }
  return true;
}

/// Which keys a query sees by their place.
bool Classifier::decideRange() {
  if (behind.furthestVisible >= behind.nearestHidden)
    return fail("a mask hides some keys of the future and shows others");
  if (before.furthestVisible >= before.nearestHidden ||
      before.nearestHidden == 0)
    return fail("a mask hides keys that are not in the future");
  bool isWindow = before.nearestHidden != INT64_MAX,
       isCutBehind = behind.nearestHidden != INT64_MAX;
  // Rows that see only themselves show no future.
  kind.causal = behind.nearestHidden == 1 ||
                (isWindow && !isCutBehind && behind.furthestVisible < 0);
  if (isWindow)
    kind.window = before.nearestHidden;
  return kind.causal || before.nearestHidden == behind.nearestHidden ||
         fail(isWindow && isCutBehind
                  ? "a window reaches further to one side than to the other"
              : isWindow ? "a window without a causal mask"
                         : "a mask hides some keys of the future and shows "
                           "others");
}

/// Compares an evaluation with random scores and a random mask to what has
/// been learned.
bool Classifier::check(const Sizes &sizes, int trial) {
  std::uniform_real_distribution<double> score(-3, 3);
  bool useMask = static_cast<bool>(kind.keyMask);
  Numbers mask;
  if (useMask)
    mask = trial == 0 ? evenMask(sizes, true) : randomMask(sizes);
  std::vector<bool> hidden =
      useMask ? hiddenKeys(mask, sizes) : std::vector<bool>();
  int64_t sequences =
      useMask ? int64_t(hidden.size()) / size(1, sizes) : int64_t(1);
  // Scores of zero once, so that what a hidden key adds comes out exactly.
  Numbers input =
      fill(scores, sizes, [&] { return trial == 1 ? 0.0 : score(random); });
  auto result = evaluate(sizes, input, useMask ? &mask : nullptr);
  if (!result)
    return fail("the float executor cannot evaluate the mask");
  int64_t queries = size(2, sizes), keys = size(1, sizes);
  if (!bias.isNothing()) {
    auto zero = zeroLogits(sizes);
    if (!zero)
      return fail("the float executor cannot evaluate the mask");
    result = bias.without(*result, *zero, queries, keys);
  }
  int64_t perBatch = result->size() / std::max<int64_t>(sizes.batch, 1);
  for (size_t i = 0; i < result->size(); ++i) {
    int64_t s = i % keys, t = i / keys % queries;
    int64_t batch = sequences > 1 ? i / perBatch : 0;
    int64_t age = ageOf(t, s, sizes);
    bool outside = (kind.causal && age < 0) ||
                   (kind.window && std::abs(age) >= kind.window);
    bool hiddenKey = useMask && hidden[size_t(batch * keys + s)];
    double expected = kind.scale * input.values[i];
    if (!outside && hiddenKey && !sawHiddenKey) {
      // Not below is fine: then this argument does not hide.
      if (!((*result)[i] < hiddenBelow))
        return fail("an input changes the scores, but not as a mask of keys");
      sawHiddenKey = true;
      kind.hiddenKey = static_cast<float>((*result)[i]);
      if (std::abs(kind.hiddenKey) < 1e30f)
        kind.hiddenKey -= static_cast<float>(expected);
    }
    if (outside || hiddenKey) {
      if (!((*result)[i] < hiddenBelow))
        return fail("the mask is neither causal nor one of keys");
      continue;
    }
    if (!(std::abs((*result)[i] - expected) <= 1e-4 * (1 + std::abs(expected))))
      return fail(useMask && trial > 0 && !bias.isNothing()
                      ? "the bias of its scores depends on the mask, from "
                        "which positions are counted (ALiBi of BLOOM); a file "
                        "without the mask as an input would run"
                      : "the scores are changed by more than a factor and a "
                        "mask");
  }
  return true;
}

/// Sizes at which a window would show: around the numbers and sizes of the
/// constants behind the mask, one query where there is a past.
SmallVector<Sizes> Classifier::windowProbes() const {
  auto fixed = function->getAttrOfType<DictionaryAttr>("dalbit.sizes");
  bool openPast = !fixed || !fixed.get("P"),
       openTokens = !fixed || !fixed.get("T");
  if (!openPast && !openTokens)
    return {};
  llvm::SetVector<Value> cone;
  cone.insert(logits);
  llvm::SetVector<int64_t> keys;
  int64_t whole = 0; // the largest integer, which may be a window
  for (size_t i = 0; i < cone.size() && i < 1000; ++i) {
    if (cone[i] == scores)
      continue;
    if (TypedAttr constant = constantOf(cone[i])) {
      auto type = cast<RankedTensorType>(constant.getType());
      double number = std::abs(scalarOf(cone[i]).value_or(0));
      if (number > 1 && number < 1 << 17)
        keys.insert(int64_t(number) + 2);
      if (number < 1 << 17 && isa<IntegerType>(type.getElementType()))
        whole = std::max(whole, int64_t(number));
      if (type.getRank() >= 2 && type.getShape().back() > 1)
        keys.insert(type.getShape().back());
      continue;
    }
    if (Operation *op = cone[i].getDefiningOp())
      cone.insert(op->operand_begin(), op->operand_end());
  }
  // Without a past there are as many queries as keys, for each head.
  // What is too much is tried as far as it goes: narrower windows in a table
  // of many keys show there.
  constexpr int64_t Most = 1 << 23;
  int64_t widest =
      openPast
          ? 1 << 16
          : std::max<int64_t>(
                512,
                int64_t(std::sqrt(double(Most) /
                                  std::max<int64_t>(bias.headCount(), 1))));
  if (whole > widest)
    emitWarning(logits.getLoc())
        << "the mask of this attention depends on the number " << whole
        << "; if that is a window of keys, results of more than " << widest
        << " tokens at once are wrong, as it was not tried further: compare "
           "with --engine float";
  llvm::SetVector<int64_t> counts;
  for (int64_t count : keys)
    counts.insert(std::min(count, widest));
  SmallVector<Sizes> probes;
  Sizes start = probeSizes(function).front();
  for (int64_t count : counts) {
    Sizes sizes = start;
    sizes.batch = fixed && fixed.get("B") ? start.batch : 1;
    (openPast ? sizes.past : sizes.tokens) =
        openPast ? count - sizes.tokens : count;
    if (sizes.past >= 0 && probes.size() < 16)
      probes.push_back(sizes);
  }
  return probes;
}

/// The factor of scores of which nothing but multiples are made, element by
/// element: such a graph need not be tried, and those of an encoder over many
/// tokens have tens of millions of scores.
std::optional<double> Classifier::plainFactor() const {
  double factor = 1;
  for (Value value = logits; value != scores;) {
    onnx::NodeOp node = nodeOf(value);
    if (!node || node.getInputs().empty())
      return std::nullopt;
    Value operand = node.getInputs()[0];
    if (node.isOnnx("Mul") || node.isOnnx("Div")) {
      auto number = scalarOf(node.getInputs()[1]);
      if (!number && node.isOnnx("Mul")) {
        operand = node.getInputs()[1];
        number = scalarOf(node.getInputs()[0]);
      }
      if (!number || *number == 0)
        return std::nullopt;
      factor = node.isOnnx("Mul") ? factor * *number : factor / *number;
    } else if (!node.isOnnx("Reshape")) {
      return std::nullopt;
    }
    value = operand;
  }
  return factor;
}

std::optional<MaskKind> Classifier::run() {
  const Dims *all = shapes.dims(scores);
  if (!all || all->size() < 2 || !shapes.dims(logits)) {
    fail("the sizes of the scores are not known");
    return std::nullopt;
  }
  if (auto factor = plainFactor()) {
    kind.scale = *factor;
    return kind;
  }
  if (!findMaskArgument())
    return std::nullopt;
  SmallVector<Sizes> probes = probeSizes(function);
  // Numbers for each pair of a query and a key.
  if (kind.keyMask && isFloat32(kind.keyMask) && all->size() >= 2 &&
      (*shapes.dims(kind.keyMask))[0] == (*all)[all->size() - 2] &&
      (*shapes.dims(kind.keyMask))[1] == all->back() &&
      llvm::all_of(probes,
                   [&](const Sizes &sizes) { return checkScoreMask(sizes); })) {
    kind.scoreMask = kind.keyMask;
    kind.keyMask = {};
    return kind;
  }
  if (!findPolarity(probes.front()))
    return std::nullopt;
  SmallVector<Sizes> others = windowProbes();
  if (!findBias(probes, others))
    return std::nullopt;
  for (const Sizes &sizes : probes)
    if (!learn(sizes))
      return std::nullopt;
  // Beyond the sizes of the probes a failure says nothing: tables end.
  std::string ignored = why;
  for (const Sizes &sizes : others)
    learn(sizes);
  why = ignored;
  if (!decideRange())
    return std::nullopt;
  for (const Sizes &sizes : probes)
    for (int trial = 0; trial < (kind.keyMask ? 4 : 1); ++trial)
      if (!check(sizes, trial))
        return std::nullopt;
  if (!completeBias())
    return std::nullopt;
  if (kind.keyMask && !sawHiddenKey)
    kind.keyMask = {}; // it never hid anything
  return kind;
}

std::optional<MaskKind>
classifyMask(func::FuncOp function, Value scores, Value logits, int64_t heads,
             int64_t context, const SymbolicShapes &shapes, std::string &why) {
  auto kind =
      Classifier(function, scores, logits, heads, context, shapes, why).run();
  if (kind)
    return kind;
  // A mask of which only the ones are counted.
  std::string ignored;
  Classifier counting(function, scores, logits, heads, context, shapes,
                      ignored);
  counting.count();
  kind = counting.run();
  return kind && kind->keyMask ? kind : std::nullopt;
}

Value keyMask(BlockArgument mask, SymbolicShapes &shapes) {
  for (Operation *user : mask.getUsers())
    if (auto made = dyn_cast<nn::KeyMaskOp>(user);
        made && !made.getInverted() && !made.getCounted() &&
        shapes.dims(made) && *shapes.dims(made) == *shapes.dims(mask))
      return made;
  OpBuilder builder = OpBuilder::atBlockBegin(mask.getOwner());
  Dims dims = *shapes.dims(mask);
  Value made = builder.create<nn::KeyMaskOp>(
      mask.getLoc(), tensorType(dims, builder.getF32Type()), mask,
      builder.getF32FloatAttr(std::numeric_limits<float>::lowest()), UnitAttr(),
      UnitAttr());
  shapes.setDims(made, dims);
  return made;
}

} // namespace dalbit::raise
