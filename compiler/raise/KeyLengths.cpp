// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/KeyLengths.h"

#include "compiler/raise/Evaluate.h"
#include "compiler/raise/Graph.h"

#include <algorithm>
#include <random>

using namespace mlir;

namespace dalbit::raise {

constexpr StringLiteral LessName = "dalbit.keys_less";
constexpr StringLiteral TotalName = "dalbit.keys_total";

bool KeyLengths::fail(bool isTotal, const std::string &reason) {
  why = std::string("its ") +
        (isTotal ? "total_sequence_length " : "seqlens_k ") + reason;
  return false;
}

/// Whether \p numbers count the ones of `argument`, a mask of the keys.
bool KeyLengths::readMask(Value numbers, int64_t less) {
  Leaves leaves = leavesOf(numbers, Value(), shapes);
  std::mt19937 random(23);
  for (int trial = 0; trial < 3; ++trial)
    for (const Sizes &sizes : probeSizes(function)) {
      Numbers flags = numbersOf(*shapes.dims(argument), sizes,
                                [&] { return double(random() & 1); });
      llvm::DenseMap<Value, Numbers> given;
      given[argument] = flags;
      auto found = evaluateAt(numbers, leaves, sizes, shapes, given);
      int64_t batch = flags.shape[0], columns = flags.shape[1];
      if (!found || int64_t(found->values.size()) != batch)
        return false;
      for (int64_t b = 0; b < batch; ++b)
        if (found->values[size_t(b)] !=
            double(llvm::count(
                ArrayRef(flags.values).slice(size_t(b * columns), columns),
                1.0)) -
                double(less))
          return false;
    }
  mask = argument;
  return true;
}

/// What \p numbers are more than those of `argument`, one for each sequence or
/// one; nothing if they are something else.
std::optional<int64_t> KeyLengths::readInput(Value numbers) {
  Leaves leaves = leavesOf(numbers, Value(), shapes);
  std::mt19937 random(29);
  std::optional<int64_t> added;
  for (const Sizes &sizes : probeSizes(function)) {
    Numbers values = numbersOf(*shapes.dims(argument), sizes,
                               [&] { return double(100 + random() % 100); });
    size_t count = values.values.size();
    if (count != 1 && int64_t(count) != sizes.batch)
      return std::nullopt;
    llvm::DenseMap<Value, Numbers> given;
    given[argument] = values;
    auto found = evaluateAt(numbers, leaves, sizes, shapes, given);
    if (!found || found->values.empty())
      return std::nullopt;
    double most = *llvm::max_element(values.values);
    bool each = found->values.size() == count;
    for (auto [i, number] : llvm::enumerate(found->values)) {
      auto more = int64_t(number - (each ? values.values[i] : most));
      if (added && more != *added)
        return std::nullopt;
      added = more;
    }
  }
  return added;
}

bool KeyLengths::read(Value numbers, int64_t less, bool isTotal) {
  if (!numbers)
    return true;
  std::string all = (keys - SymbolicExpr(less)).str();
  if (const Contents *contents = shapes.contents(numbers)) {
    if (llvm::all_of(contents->elements, [&](const SymbolicExpr &element) {
          return element == keys - SymbolicExpr(less);
        }))
      return true;
    return fail(isTotal, "is " + contents->elements.front().str() + ", not " +
                             all + "; the new keys come behind the past");
  }
  Leaves leaves = leavesOf(numbers, Value(), shapes);
  if (leaves.arguments.empty()) {
    for (const Sizes &sizes : probeSizes(function)) {
      auto found = evaluateAt(numbers, leaves, sizes, shapes,
                              llvm::DenseMap<Value, Numbers>());
      if (!found || llvm::any_of(found->values, [&](double number) {
            return number != double(keys.evaluate(sizes) - less);
          }))
        return fail(isTotal,
                    "is not " + all + "; the new keys come behind the past");
    }
    return true;
  }
  std::string names;
  for (BlockArgument each : leaves.arguments) {
    auto text = function.getArgAttrOfType<StringAttr>(each.getArgNumber(),
                                                      "dalbit.name");
    names += (names.empty() ? "'" : ", '") + (text ? text.str() : "") + "'";
  }
  argument = leaves.arguments.front();
  auto type = rankedType(argument);
  const Dims *dims = shapes.dims(argument);
  bool known = leaves.arguments.size() == 1 && type && dims &&
               isa<IntegerType>(type.getElementType());
  bool isFlags = known && dims->size() == 2 && dims->back() == keys;
  if (known && isFlags && readMask(numbers, less))
    return true;
  auto more = known && !isFlags ? readInput(numbers) : std::nullopt;
  if (more) {
    int64_t all = less + *more;
    auto other = function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(),
                                                        LessName);
    if ((other && other.getInt() != all) ||
        llvm::any_of(inputs, [&](const Input &input) {
          return input.argument == argument && input.less != all;
        }))
      return fail(isTotal, "is computed from " + names +
                               ", which is another number of keys elsewhere");
    inputs.push_back({argument, all, isTotal});
    return true;
  }
  return fail(isTotal, "is computed from " + names +
                           ", but not as the ones of a mask of keys [B, " +
                           keys.str() + "] or a number for each sequence");
}

void KeyLengths::mark() {
  MLIRContext *context = function.getContext();
  for (const Input &input : inputs) {
    unsigned index = input.argument.getArgNumber();
    function.setArgAttr(
        index, LessName,
        IntegerAttr::get(IntegerType::get(context, 64), input.less));
    if (input.isTotal)
      function.setArgAttr(index, TotalName, UnitAttr::get(context));
  }
}

} // namespace dalbit::raise
