// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/ScoreBias.h"

#include "compiler/raise/Graph.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace dalbit::raise {

/// Two evaluations of one number, in float32 and in another order.
static bool isSame(double a, double b) {
  return std::abs(a - b) <= 1e-5 * (1 + std::abs(a));
}

void BiasObserver::add(ByDistance &table, bool &holds, int64_t h,
                       int64_t distance, double number) {
  auto [entry, isNew] = table.try_emplace({h, distance}, number);
  holds = holds && (isNew || isSame(entry->second, number));
}

void BiasObserver::observe(const std::vector<double> &logits, int64_t queries,
                           int64_t keys, double hidden) {
  if (rows.empty()) {
    rowQueries = queries, rowKeys = keys;
    rows.assign(heads * queries * keys,
                -std::numeric_limits<double>::infinity());
  }
  oneSize = oneSize && rowQueries == queries && rowKeys == keys;
  for (size_t i = 0; i < logits.size(); ++i) {
    int64_t at = int64_t(i), s = at % keys, t = at / keys % queries,
            h = at / keys / queries % heads, self = t + keys - queries;
    double number = logits[i];
    if (number < hidden)
      continue;
    any = any || number != 0;
    add(plain, distances, h, s - self, number);
    double own = self >= 0 && self < keys ? logits[at - s + self] : hidden - 1;
    if (own < hidden)
      shifted = false;
    else
      add(relative, shifted, h, s - self, number - own);
    if (!oneSize)
      continue;
    double &row = rows[(h * queries + t) * keys + s];
    if (std::isinf(row))
      row = number;
    oneSize = isSame(row, number);
  }
}

bool BiasObserver::decide() {
  form = !any ? Nothing : distances ? Distance : shifted ? Shifted : Rows;
  return form != Rows || oneSize;
}

std::optional<double> BiasObserver::atDistance(int64_t h,
                                               int64_t distance) const {
  const ByDistance &table = form == Shifted ? relative : plain;
  auto found = table.find({h, distance});
  return found == table.end() ? std::nullopt
                              : std::optional<double>(found->second);
}

double BiasObserver::at(int64_t h, int64_t t, int64_t s, int64_t queries,
                        int64_t keys) const {
  if (form == Nothing)
    return 0;
  if (byDistance())
    return atDistance(h, s - (t + keys - queries)).value_or(0);
  double number = rows[(h * queries + t) * keys + s];
  return std::isinf(number) ? 0 : number;
}

std::vector<double> BiasObserver::without(std::vector<double> logits,
                                          const std::vector<double> &zero,
                                          int64_t queries, int64_t keys) const {
  if (form == Nothing)
    return logits;
  for (size_t i = 0; i < logits.size(); ++i) {
    int64_t at = int64_t(i), s = at % keys, t = at / keys % queries,
            h = at / keys / queries % heads;
    double number = this->at(h, t, s, queries, keys);
    if (form == Shifted)
      number += zero[at - s + t + keys - queries];
    // What is left of nothing is nothing.
    logits[i] = isSame(number, logits[i]) ? 0 : logits[i] - number;
  }
  return logits;
}

ScoreBias BiasObserver::ofFixedSize() const {
  ScoreBias bias;
  bias.shape = {heads, rowQueries, rowKeys};
  for (double number : rows)
    bias.values.push_back(std::isinf(number) ? 0 : float(number));
  return bias;
}

namespace {

/// Finds numbers at distances by what the graph computes from them.
class Completion {
public:
  Completion(const BiasObserver &observer, const BiasGraph &graph, int64_t low,
             int64_t high)
      : observer(observer), graph(graph), low(low), count(high - low + 1) {}

  std::optional<ScoreBias> run();

private:
  bool byGiving(Value distance, double sign);
  bool isDistance(Value value, double sign);
  bool evaluateTerm(Value term, Value distance, double sign);
  bool byEvaluating();
  bool dependsOn(Value value, Value on);
  bool agrees() const;

  const BiasObserver &observer;
  const BiasGraph &graph;
  int64_t low, count;
  std::vector<double> numbers; ///< [H][count]
  llvm::SetVector<Value> cone; ///< of the logits, without the scores' own
  llvm::DenseMap<std::pair<Value, Value>, bool> dependences;
};

} // namespace

bool Completion::dependsOn(Value value, Value on) {
  if (value == on)
    return true;
  if (value == graph.scores || !value.getDefiningOp())
    return false;
  auto [entry, isNew] = dependences.try_emplace({value, on}, false);
  if (!isNew)
    return entry->second;
  bool depends =
      llvm::any_of(value.getDefiningOp()->getOperands(),
                   [&](Value operand) { return dependsOn(operand, on); });
  return dependences[{value, on}] = depends;
}

/// Whether what has been computed is what has been seen.
bool Completion::agrees() const {
  for (int64_t h = 0; h < observer.headCount(); ++h)
    for (int64_t i = 0; i < count; ++i)
      if (auto seen = observer.atDistance(h, low + i);
          seen && !isSame(*seen, numbers[h * count + i]))
        return false;
  return true;
}

/// Whether \p value is \p sign times key less query, wherever it is evaluated.
bool Completion::isDistance(Value value, double sign) {
  auto type = dyn_cast<ShapedType>(value.getType());
  const Dims *dims = graph.shapes.dims(value);
  if (!type || !dims || dims->size() < 2 || constantOf(value) ||
      type.getElementType().isInteger(1))
    return false;
  Leaves leaves = leavesOf(value, Value(), graph.shapes);
  if (!leaves.arguments.empty())
    return false;
  bool varies = false;
  for (const Sizes &sizes : probeSizes(graph.function)) {
    auto made = evaluateAt(value, leaves, sizes, graph.shapes,
                           llvm::DenseMap<Value, Numbers>());
    if (!made || made->shape.size() < 2)
      return false;
    int64_t keys = made->shape.back(),
            queries = made->shape[made->shape.size() - 2];
    if (int64_t(made->values.size()) != queries * keys)
      return false;
    for (int64_t i = 0; i < queries * keys; ++i) {
      int64_t distance = i % keys - (i / keys + keys - queries);
      if (made->values[i] != sign * double(distance))
        return false;
      varies = varies || distance != 0;
    }
  }
  return varies;
}

/// Evaluates \p term with one row of distances in the place of \p distance.
bool Completion::evaluateTerm(Value term, Value distance, double sign) {
  Leaves leaves;
  llvm::SetVector<Value> seen;
  seen.insert(term);
  for (size_t i = 0; i < seen.size(); ++i) {
    Value next = seen[i];
    if (next == distance || constantOf(next))
      continue;
    if (!next.getDefiningOp())
      return false;
    // Sizes of the distances themselves are those of the row.
    if (graph.shapes.contents(next) && !dependsOn(next, distance)) {
      leaves.sizes.push_back(next);
      continue;
    }
    seen.insert(next.getDefiningOp()->operand_begin(),
                next.getDefiningOp()->operand_end());
  }
  Numbers row;
  row.shape.assign(graph.shapes.dims(distance)->size(), 1);
  row.shape.back() = count;
  for (int64_t i = 0; i < count; ++i)
    row.values.push_back(sign * double(low + i));
  llvm::DenseMap<Value, Numbers> given;
  given[distance] = row;
  Sizes sizes = probeSizes(graph.function).front();
  auto made = evaluateAt(term, leaves, sizes, graph.shapes, given);
  if (!made || int64_t(made->values.size()) != observer.headCount() * count)
    return false;
  numbers = made->values;
  return agrees();
}

/// The numbers follow from \p distance alone, and are a summand of the logits.
bool Completion::byGiving(Value distance, double sign) {
  for (Value value : cone) {
    bool meetsScores =
        !dependsOn(value, graph.scores) && dependsOn(value, distance) &&
        llvm::any_of(value.getUsers(), [&](Operation *user) {
          return llvm::any_of(user->getResults(), [&](Value result) {
            return cone.contains(result) && dependsOn(result, graph.scores);
          });
        });
    if (!meetsScores)
      continue;
    // A mask may have been added to the bias before the scores are.
    for (Value term = value; term;) {
      if (evaluateTerm(term, distance, sign))
        return true;
      auto add = nodeOf(term, "Add");
      Value next;
      if (add)
        for (Value operand : add.getInputs())
          if (dependsOn(operand, distance))
            next = next ? Value() : operand;
      term = next;
    }
  }
  return false;
}

/// Evaluates the logits at sizes that have all the distances.
bool Completion::byEvaluating() {
  auto fixed = graph.function->getAttrOfType<DictionaryAttr>("dalbit.sizes");
  Sizes sizes = probeSizes(graph.function).front();
  bool openPast = !fixed || !fixed.get("P"),
       openTokens = !fixed || !fixed.get("T");
  int64_t last = low + count - 1, context = 1 - low;
  if (!fixed || !fixed.get("B"))
    sizes.batch = 1;
  if (openTokens)
    sizes.tokens = openPast ? last + 1 : context;
  if (openPast)
    sizes.past = context - sizes.tokens;
  const Dims &dims = *graph.shapes.dims(graph.scores);
  int64_t keys = dims.back().evaluate(sizes),
          queries = dims[dims.size() - 2].evaluate(sizes);
  constexpr int64_t Most = 1 << 25;
  if (keys != context || queries < last + 1 ||
      observer.headCount() * queries * keys * sizes.batch > Most)
    return false;
  llvm::DenseMap<Value, Numbers> given;
  given[graph.scores] = numbersOf(dims, sizes, [] { return 0.0; });
  if (graph.mask)
    given[graph.mask] = numbersOf(*graph.shapes.dims(graph.mask), sizes,
                                  [&] { return graph.shown; });
  auto made = evaluateAt(graph.logits,
                         leavesOf(graph.logits, graph.scores, graph.shapes),
                         sizes, graph.shapes, given);
  if (!made ||
      int64_t(made->values.size()) < observer.headCount() * queries * keys)
    return false;
  for (int64_t h = 0; h < observer.headCount(); ++h)
    for (int64_t i = 0; i < count; ++i) {
      // The last query for keys before it, the first one for those after it.
      int64_t distance = low + i, t = distance > 0 ? 0 : queries - 1,
              self = t + keys - queries;
      const double *row = &made->values[(h * queries + t) * keys];
      numbers.push_back(observer.inForm(row, self + distance, self));
    }
  return agrees();
}

std::optional<ScoreBias> Completion::run() {
  cone.insert(graph.logits);
  for (size_t i = 0; i < cone.size() && i < 1000; ++i)
    if (Operation *op = cone[i].getDefiningOp(); op && cone[i] != graph.scores)
      cone.insert(op->operand_begin(), op->operand_end());
  cone.remove(graph.scores);
  auto bySomeDistance = [&] {
    for (Value value : cone)
      for (double sign : {1.0, -1.0})
        if (isDistance(value, sign) && byGiving(value, sign))
          return true;
    return false;
  };
  bool known = true;
  for (int64_t h = 0; h < observer.headCount() && known; ++h)
    for (int64_t i = 0; i < count && known; ++i) {
      auto seen = observer.atDistance(h, low + i);
      known = seen.has_value();
      numbers.push_back(seen.value_or(0));
    }
  if (!known) {
    numbers.clear();
    if (!bySomeDistance()) {
      numbers.clear();
      if (!byEvaluating())
        return std::nullopt;
    }
  }
  ScoreBias bias;
  bias.shape = {observer.headCount(), count};
  bias.origin = -low;
  bias.values.assign(numbers.begin(), numbers.end());
  return bias;
}

std::optional<ScoreBias> completeBias(const BiasObserver &observer,
                                      const BiasGraph &graph, int64_t low,
                                      int64_t high) {
  return Completion(observer, graph, low, high).run();
}

} // namespace dalbit::raise
