// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/SoftmaxForm.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"

#include <cmath>
#include <random>

using namespace mlir;

namespace dalbit::raise {

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

static bool isColumn(Value value, const SymbolicShapes &shapes) {
  const Dims *dims = shapes.dims(value);
  return dims && !dims->empty() && dims->back() == SymbolicExpr(1);
}

/// What is left of \p value without numbers that are subtracted from whole
/// rows: a softmax does not see them.
static Value withoutShift(Value value, const SymbolicShapes &shapes) {
  while (onnx::NodeOp node = nodeOf(value)) {
    bool shifts = node.isOnnx("Sub") && isColumn(node.getInputs()[1], shapes) &&
                  !isColumn(node.getInputs()[0], shapes);
    if (!shifts && !node.isOnnx("Cast"))
      break;
    value = node.getInputs()[0];
  }
  return value;
}

/// The scores of the keys in \p whole, which has one more column; or null.
static Value besideColumn(Value whole, const SymbolicShapes &shapes) {
  const Dims *all = shapes.dims(whole);
  onnx::NodeOp node = nodeOf(whole);
  if (!all || all->empty() || !node)
    return {};
  auto fits = [&](Value logits) {
    const Dims *dims = shapes.dims(logits);
    return dims && dims->size() == all->size() &&
           dims->back() + 1 == all->back();
  };
  if (node.isOnnx("Pad"))
    return fits(node.getInputs()[0]) ? node.getInputs()[0] : Value();
  if (!node.isOnnx("Concat") || node.getInputs().size() != 2)
    return {};
  for (unsigned i : {0u, 1u})
    if (Value logits = node.getInputs()[i], other = node.getInputs()[1 - i];
        isColumn(other, shapes) && fits(logits) &&
        leavesOf(other, Value(), shapes).arguments.empty())
      return logits;
  return {};
}

/// What of \p value, which has a column too many, is as wide as \p logits.
static Value cutBehind(Value value, Value logits,
                       const SymbolicShapes &shapes) {
  const Dims &dims = *shapes.dims(logits);
  for (int steps = 0; steps < 4; ++steps) {
    Operation *reader = shapes.soleReader(value);
    onnx::NodeOp node = reader ? dyn_cast<onnx::NodeOp>(reader) : nullptr;
    if (!node || !llvm::is_contained({"Cast", "Slice", "Split", "Identity"},
                                     node.getOpType()))
      return {};
    for (Value result : node->getResults()) {
      const Dims *own = shapes.dims(result);
      if (own && !own->empty() && own->back() == dims.back())
        return throughGuards(result);
    }
    value = node->getResult(0);
  }
  return {};
}

SoftmaxForm softmaxForm(onnx::NodeOp node, const SymbolicShapes &shapes) {
  SoftmaxForm form;
  if (node.isOnnx("Softmax")) {
    form.logits = node.getInputs()[0];
    form.probabilities = throughGuards(node->getResult(0));
    Value whole = withoutShift(form.logits, shapes);
    Value logits = besideColumn(whole, shapes);
    Value cut =
        logits ? cutBehind(form.probabilities, logits, shapes) : Value();
    if (cut)
      form = {logits, cut, whole};
    return form;
  }
  auto exponentials =
      node.isOnnx("Div") ? nodeOf(node.getInputs()[0], "Exp") : onnx::NodeOp();
  if (!exponentials || !isColumn(node.getInputs()[1], shapes))
    return form;
  form.logits = withoutShift(exponentials.getInputs()[0], shapes);
  form.probabilities = node->getResult(0);
  form.isWritten = true;
  return form;
}

namespace {

/// Asks a softmax what its sinks are.
class Sinks {
public:
  Sinks(func::FuncOp function, const SoftmaxForm &form, int64_t heads,
        const SymbolicShapes &shapes)
      : function(function), form(form), heads(heads), shapes(shapes),
        probes(probeSizes(function)) {}

  /// From the column that stands beside the scores.
  bool read();
  /// From what becomes of scores that are all the same.
  bool search();
  bool check();
  llvm::SmallVector<float> found; ///< by head; empty: none

private:
  /// \p value at \p sizes for given logits.
  std::optional<Numbers> evaluate(Value value, const Sizes &sizes,
                                  const Numbers &logits) const;
  /// Logits, a number for each head.
  Numbers fill(const Sizes &sizes,
               llvm::function_ref<double(int64_t head)> number) const;
  int64_t size(int64_t fromEnd, const Sizes &sizes) const {
    const Dims &dims = *shapes.dims(form.logits);
    return dims[dims.size() - fromEnd].evaluate(sizes);
  }
  bool take(int64_t head, double number);

  func::FuncOp function;
  const SoftmaxForm &form;
  int64_t heads;
  const SymbolicShapes &shapes;
  SmallVector<Sizes> probes;
};

} // namespace

std::optional<Numbers> Sinks::evaluate(Value value, const Sizes &sizes,
                                       const Numbers &logits) const {
  Leaves leaves = leavesOf(value, form.logits, shapes);
  if (!leaves.arguments.empty())
    return std::nullopt;
  llvm::DenseMap<Value, Numbers> given;
  given[form.logits] = logits;
  return evaluateAt(value, leaves, sizes, shapes, given);
}

Numbers Sinks::fill(const Sizes &sizes,
                    llvm::function_ref<double(int64_t head)> number) const {
  int64_t at = 0, plane = size(2, sizes) * size(1, sizes);
  return numbersOf(*shapes.dims(form.logits), sizes,
                   [&] { return number(at++ / plane % heads); });
}

bool Sinks::take(int64_t head, double number) {
  if (int64_t(found.size()) == head)
    found.push_back(float(number));
  return head < int64_t(found.size()) && found[head] == float(number);
}

bool Sinks::read() {
  std::mt19937 random{17};
  std::uniform_real_distribution<double> score(-3, 3);
  for (const Sizes &sizes : probes) {
    Numbers logits = fill(sizes, [&](int64_t) { return score(random); });
    auto all = evaluate(form.whole, sizes, logits);
    int64_t queries = size(2, sizes), keys = size(1, sizes);
    auto rows = int64_t(logits.values.size()) / std::max<int64_t>(keys, 1);
    if (!all || int64_t(all->values.size()) != rows * (keys + 1))
      return false;
    // In front of the keys or behind them.
    bool isFirst = keys && all->values[0] != float(logits.values[0]);
    for (int64_t row = 0; row < rows; ++row) {
      const double *own = &all->values[row * (keys + 1)];
      for (int64_t s = 0; s < keys; ++s)
        if (own[s + isFirst] != float(logits.values[row * keys + s]))
          return false;
      if (!take(row / queries % heads, own[isFirst ? 0 : keys]))
        return false;
    }
  }
  return int64_t(found.size()) == heads;
}

/// Of S keys with the score c, the sink of score x leaves S / (S + exp(x - c)),
/// so x = c + log(S (1 / sum - 1)): exact where both are as large.
bool Sinks::search() {
  const Sizes &sizes = probes.front();
  double keys = double(size(1, sizes));
  int64_t perHead = size(2, sizes) * size(1, sizes);
  SmallVector<double> number(heads, 0.0);
  SmallVector<bool> none(heads, false);
  for (int round = 0; round < 16; ++round) {
    auto shares = evaluate(form.probabilities, sizes,
                           fill(sizes, [&](int64_t h) { return number[h]; }));
    if (!shares || int64_t(shares->values.size()) < heads * perHead)
      return false;
    for (int64_t h = 0; h < heads; ++h) {
      double sum = 0;
      for (int64_t s = 0; s < size(1, sizes); ++s)
        sum += shares->values[h * perHead + s];
      // No further than exponentials reach in float32.
      constexpr double Step = 8, Most = 64;
      if (!(sum < 0.999))
        number[h] -= Step;
      else if (!(sum > 0.001))
        number[h] += Step;
      else
        number[h] += std::log(keys * (1 / sum - 1));
      none[h] = number[h] < -Most;
      if (number[h] > Most)
        return false;
      number[h] = std::max(number[h], -Most);
    }
  }
  if (llvm::all_of(none, [](bool each) { return each; }))
    return true;
  // What float32 leaves of a number is rounded away.
  for (int64_t h = 0; h < heads; ++h)
    found.push_back(none[h] ? -std::numeric_limits<float>::infinity()
                            : float(std::round(number[h] * 65536) / 65536));
  return true;
}

bool Sinks::check() {
  std::mt19937 random{18};
  std::uniform_real_distribution<double> score(-3, 3);
  for (const Sizes &sizes : probes) {
    Numbers logits = fill(sizes, [&](int64_t h) {
      return score(random) +
             (found.empty() || std::isinf(found[h]) ? 0 : double(found[h]));
    });
    auto shares = evaluate(form.probabilities, sizes, logits);
    if (!shares || shares->values.size() != logits.values.size())
      return false;
    int64_t queries = size(2, sizes), keys = size(1, sizes);
    for (size_t i = 0; i < logits.values.size(); ++i) {
      int64_t row = int64_t(i) / keys;
      double own = logits.values[i],
             sum = found.empty() ? 0
                                 : std::exp(found[row / queries % heads] - own);
      for (int64_t s = 0; s < keys; ++s)
        sum += std::exp(logits.values[row * keys + s] - own);
      if (!(std::abs(shares->values[i] - 1 / sum) < 1e-5))
        return false;
    }
  }
  return true;
}

std::optional<SmallVector<float>>
sinksOf(func::FuncOp function, const SoftmaxForm &form, int64_t heads,
        const SymbolicShapes &shapes, std::string &why) {
  if (!form.whole && !form.isWritten)
    return SmallVector<float>();
  Sinks sinks(function, form, heads, shapes);
  if ((form.whole ? sinks.read() : sinks.search()) && sinks.check())
    return sinks.found;
  why = "what stands beside its scores in the softmax is no constant number of "
        "each head (an attention sink)";
  return std::nullopt;
}

} // namespace dalbit::raise
