// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions along axes. Sums of 16-bit floats are taken in float, sums of
// float in float, of many terms pairwise enough for 1e-6: eight partial sums.

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

#include <cmath>
#include <limits>

namespace dalbit::execute {

namespace {

/// The axes to reduce, as flags. No axes: all, or none at all with
/// noop_with_empty_axes.
llvm::SmallVector<bool> reducedAxes(Call &call, int64_t rank) {
  auto axes = call.list("axes", 1);
  if (!axes || axes->empty())
    return llvm::SmallVector<bool>(rank,
                                   call.integer("noop_with_empty_axes") == 0);
  llvm::SmallVector<bool> reduced(rank, false);
  for (int64_t axis : *axes)
    reduced[frontAxis(axis, rank)] = true;
  return reduced;
}

Shape reducedShape(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<bool> reduced,
                   bool keep) {
  Shape result;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!reduced[i])
      result.push_back(shape[i]);
    else if (keep)
      result.push_back(1);
  }
  return result;
}

/// \p x with the reduced dimensions last, as [kept, reduced].
Tensor toRows(const Tensor &x, llvm::ArrayRef<bool> reduced) {
  Shape dense = denseSteps(x.shape()), shape, steps;
  int64_t kept = 1, taken = 1;
  for (bool want : {false, true})
    for (int64_t i = 0; i < x.rank(); ++i)
      if (reduced[i] == want) {
        shape.push_back(x.dim(i));
        steps.push_back(dense[i]);
        (want ? taken : kept) *= x.dim(i);
      }
  Tensor rows = steps == dense ? x : gatherStrided(x, shape, 0, steps);
  return rows.reshaped({kept, taken});
}

/// `combine(accumulator, element)` from \p begin, then `finish(acc, count)`.
template <typename Begin, typename Combine, typename Finish>
void reduce(Call &call, Begin begin, Combine combine, Finish finish) {
  const Tensor &x = call.input(0);
  llvm::SmallVector<bool> reduced = reducedAxes(call, x.rank());
  Tensor rows = toRows(x, reduced);
  Tensor out(x.type(),
             reducedShape(x.shape(), reduced, call.integer("keepdims") != 0));
  int64_t kept = rows.dim(0), taken = rows.dim(1);
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    using C = Compute<T>;
    const T *from = rows.data<T>();
    T *to = out.data<T>();
    for (int64_t r = 0; r < kept; ++r, from += taken) {
      constexpr int lanes = 8;
      C part[lanes];
      std::fill_n(part, lanes, begin(C()));
      int64_t i = 0;
      for (; i + lanes <= taken; i += lanes)
        for (int k = 0; k < lanes; ++k)
          part[k] = combine(part[k], C(from[i + k]), /*raw=*/true);
      for (; i < taken; ++i)
        part[0] = combine(part[0], C(from[i]), /*raw=*/true);
      for (int k = 1; k < lanes; ++k)
        part[0] = combine(part[0], part[k], /*raw=*/false);
      to[r] = T(finish(part[0], taken));
    }
  });
  call.output(0, out);
}

constexpr auto zero = [](auto c) { return decltype(c)(0); };
constexpr auto itself = [](auto sum, int64_t) { return sum; };
/// Wraps for integers; bool counts as any().
constexpr auto plus = [](auto a, auto b) {
  using T = decltype(a);
  if constexpr (std::is_floating_point_v<T>)
    return T(a + b);
  else
    return T(uint64_t(a) + uint64_t(b));
};
constexpr auto times = [](auto a, auto b) {
  using T = decltype(a);
  if constexpr (std::is_floating_point_v<T>)
    return T(a * b);
  else
    return T(uint64_t(a) * uint64_t(b));
};

void evalReduceSum(Call &call) {
  reduce(call, zero, [](auto a, auto b, bool) { return plus(a, b); }, itself);
}

void evalReduceMean(Call &call) {
  reduce(
      call, zero, [](auto a, auto b, bool) { return plus(a, b); },
      [](auto sum, int64_t n) {
        using T = decltype(sum);
        if constexpr (std::is_integral_v<T>)
          return n ? T(sum / T(n)) : T(0);
        else
          return T(sum / T(n));
      });
}

void evalReduceProd(Call &call) {
  reduce(
      call, [](auto c) { return decltype(c)(1); },
      [](auto a, auto b, bool) { return times(a, b); }, itself);
}

void evalReduceMax(Call &call) {
  reduce(
      call,
      [](auto c) {
        using T = decltype(c);
        return std::numeric_limits<T>::has_infinity
                   ? T(-std::numeric_limits<T>::infinity())
                   : std::numeric_limits<T>::lowest();
      },
      [](auto a, auto b, bool) { return b > a || b != b ? b : a; }, itself);
}

void evalReduceMin(Call &call) {
  reduce(
      call,
      [](auto c) {
        using T = decltype(c);
        return std::numeric_limits<T>::has_infinity
                   ? std::numeric_limits<T>::infinity()
                   : std::numeric_limits<T>::max();
      },
      [](auto a, auto b, bool) { return b < a || b != b ? b : a; }, itself);
}

void evalReduceSumSquare(Call &call) {
  reduce(
      call, zero,
      [](auto a, auto b, bool raw) { return plus(a, raw ? times(b, b) : b); },
      itself);
}

void evalReduceL2(Call &call) {
  reduce(
      call, zero,
      [](auto a, auto b, bool raw) { return plus(a, raw ? times(b, b) : b); },
      [](auto sum, int64_t) { return decltype(sum)(std::sqrt(sum)); });
}

void evalReduceL1(Call &call) {
  reduce(
      call, zero,
      [](auto a, auto b, bool) {
        using T = decltype(b);
        return plus(a, b < T(0) ? times(b, T(-1)) : b);
      },
      itself);
}

void evalReduceLogSum(Call &call) {
  reduce(
      call, zero, [](auto a, auto b, bool) { return plus(a, b); },
      [](auto sum, int64_t) { return decltype(sum)(std::log(sum)); });
}

void evalReduceLogSumExp(Call &call) {
  const Tensor &x = call.input(0);
  llvm::SmallVector<bool> reduced = reducedAxes(call, x.rank());
  Tensor rows = toRows(x, reduced).cast(ElementType::F64);
  Tensor out(ElementType::F64,
             reducedShape(x.shape(), reduced, call.integer("keepdims") != 0));
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (int64_t r = 0, taken = rows.dim(1); r < rows.dim(0); ++r) {
    const double *row = rows.data<double>() + r * taken;
    // The largest goes in front of the logarithm: no exponential overflows.
    double most = -infinity, sum = 0;
    for (int64_t i = 0; i < taken; ++i)
      most = std::max(most, row[i]);
    double base = std::isinf(most) ? 0 : most;
    for (int64_t i = 0; i < taken; ++i)
      sum += std::exp(row[i] - base);
    out.data<double>()[r] = std::log(sum) + base;
  }
  call.output(0, out.cast(x.type()));
}

/// Index of the first (or last) largest element, or smallest if \p sign < 0.
void evalArg(Call &call, int sign) {
  const Tensor &x = call.input(0);
  int64_t axis = frontAxis(call.integer("axis"), x.rank());
  bool lastWins = call.integer("select_last_index") != 0;
  llvm::SmallVector<bool> reduced(x.rank(), false);
  reduced[axis] = true;
  Tensor rows = toRows(x, reduced);
  Tensor out(ElementType::I64,
             reducedShape(x.shape(), reduced, call.integer("keepdims") != 0));
  int64_t taken = rows.dim(1);
  if (taken == 0 && out.count())
    throw Error("no index in an empty dimension");
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    using C = Compute<T>;
    for (int64_t r = 0; r < rows.dim(0); ++r) {
      const T *row = rows.data<T>() + r * taken;
      int64_t best = 0;
      for (int64_t i = 1; i < taken; ++i) {
        C a = C(row[i]), b = C(row[best]);
        if ((sign > 0 ? a > b : a < b) || (lastWins && a == b))
          best = i;
      }
      out.data<int64_t>()[r] = best;
    }
  });
  call.output(0, out);
}

void evalArgMax(Call &call) { evalArg(call, 1); }
void evalArgMin(Call &call) { evalArg(call, -1); }

} // namespace

Rows reduceOperators() {
  using Kind = AttributeKind;
  // \p inputFrom: the version whose axes are an input.
  auto row = [](const char *name, std::vector<int> since, int inputFrom,
                void (*evaluate)(Call &)) {
    return Operator{"",
                    name,
                    std::move(since),
                    1,
                    2,
                    1,
                    {{"axes", Kind::Ints, nullptr, 1, inputFrom - 1},
                     {"keepdims", Kind::Int, "1"},
                     {"noop_with_empty_axes", Kind::Int, "0", inputFrom}},
                    elementOfFirst,
                    evaluate};
  };
  auto arg = [](const char *name, void (*evaluate)(Call &)) {
    return Operator{"",
                    name,
                    {1, 11, 12, 13},
                    1,
                    1,
                    1,
                    {{"axis", Kind::Int, "0"},
                     {"keepdims", Kind::Int, "1"},
                     {"select_last_index", Kind::Int, "0", 12}},
                    elementInt64,
                    evaluate};
  };
  return {
      row("ReduceSum", {1, 11, 13}, 13, evalReduceSum),
      row("ReduceMean", {1, 11, 13, 18}, 18, evalReduceMean),
      row("ReduceProd", {1, 11, 13, 18}, 18, evalReduceProd),
      row("ReduceMax", {1, 11, 12, 13, 18, 20}, 18, evalReduceMax),
      row("ReduceMin", {1, 11, 12, 13, 18, 20}, 18, evalReduceMin),
      row("ReduceSumSquare", {1, 11, 13, 18}, 18, evalReduceSumSquare),
      row("ReduceL1", {1, 11, 13, 18}, 18, evalReduceL1),
      row("ReduceL2", {1, 11, 13, 18}, 18, evalReduceL2),
      row("ReduceLogSum", {1, 11, 13, 18}, 18, evalReduceLogSum),
      row("ReduceLogSumExp", {1, 11, 13, 18}, 18, evalReduceLogSumExp),
      arg("ArgMax", evalArgMax),
      arg("ArgMin", evalArgMin),
  };
}

} // namespace dalbit::execute
