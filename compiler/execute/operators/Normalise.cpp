// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax and normalisations along a row.

#include "compiler/execute/operators/Norm.h"

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

#include "mlir/IR/BuiltinTypes.h"

#include <cmath>

namespace dalbit::execute {

NormResult normaliseRows(const Tensor &x, const Tensor *scale,
                         const Tensor *bias, int64_t axis, float epsilon,
                         bool centre) {
  axis = frontAxis(axis, x.rank());
  for (const Tensor *each : {&x, scale, bias})
    if (each && !isFloat(each->type()))
      throw Error("needs floats");
  Shape row(x.shape().drop_front(axis)), lead(x.shape());
  int64_t count = 1, rows = 1;
  for (int64_t i = 0; i < x.rank(); ++i) {
    (i < axis ? rows : count) *= x.dim(i);
    if (i >= axis)
      lead[i] = 1;
  }
  // stash_type 1: statistics in float. double inputs keep double.
  bool wide = x.type() == ElementType::F64;
  ElementType stash = wide ? ElementType::F64 : ElementType::F32;
  auto spread = [&](const Tensor *parameter) {
    return parameter ? broadcastTo(*parameter, row).cast(stash) : Tensor();
  };
  Tensor in = x.cast(stash), gamma = spread(scale), beta = spread(bias);
  NormResult result = {Tensor(stash, x.shape()), Tensor(stash, lead),
                       Tensor(stash, lead)};
  auto run = [&](auto tag) {
    using T = decltype(tag);
    for (int64_t r = 0; r < rows && count; ++r) {
      const T *from = in.data<T>() + r * count;
      T *to = result.output.data<T>() + r * count;
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < count && centre; ++i)
        sum += from[i];
      double middle = sum / double(count);
      for (int64_t i = 0; i < count; ++i)
        squares += (from[i] - middle) * (from[i] - middle);
      T inverse = T(1 / std::sqrt(squares / double(count) + double(epsilon)));
      result.mean.data<T>()[r] = T(middle);
      result.inverse.data<T>()[r] = inverse;
      for (int64_t i = 0; i < count; ++i)
        to[i] = (from[i] - T(middle)) * inverse *
                    (scale ? gamma.data<T>()[i] : T(1)) +
                (bias ? beta.data<T>()[i] : T(0));
    }
  };
  if (wide)
    run(double());
  else
    run(float());
  return result;
}

namespace {

/// Softmax of rows of \p count elements whose neighbours are \p step apart.
template <typename T>
void softmaxRow(const T *x, T *out, int64_t count, int64_t step, bool log) {
  using C = Compute<T>;
  C most = C(x[0]);
  for (int64_t i = 1; i < count; ++i)
    most = std::max(most, C(x[i * step]));
  C sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += std::exp(C(x[i * step]) - most);
  C logSum = std::log(sum);
  for (int64_t i = 0; i < count; ++i) {
    C shifted = C(x[i * step]) - most;
    out[i * step] = T(log ? shifted - logSum : std::exp(shifted) / sum);
  }
}

void softmax(Call &call, bool log) {
  const Tensor &x = call.input(0);
  if (!isFloat(x.type()))
    throw Error(std::string("not supported for elements of type ") +
                elementName(x.type()));
  int64_t axis = call.integer("axis");
  // A scalar is a row of one element.
  axis = x.rank() == 0 ? 0 : frontAxis(axis, x.rank());
  // Before version 13 all dimensions from the axis on are one row.
  bool flatten = call.integer("flatten") != 0;
  int64_t count = 1, step = 1, outer = 1;
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (i < axis)
      outer *= x.dim(i);
    else if (i == axis || flatten)
      count *= x.dim(i);
    else
      step *= x.dim(i);
  }
  Tensor out(x.type(), x.shape());
  if (out.count() == 0) {
    call.output(0, out);
    return;
  }
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    if constexpr (std::is_floating_point_v<Compute<T>>)
      for (int64_t o = 0; o < outer; ++o)
        for (int64_t s = 0; s < step; ++s) {
          int64_t at = o * count * step + s;
          softmaxRow(x.data<T>() + at, out.data<T>() + at, count, step, log);
        }
  });
  call.output(0, out);
}

void evalSoftmax(Call &call) { softmax(call, false); }
void evalLogSoftmax(Call &call) { softmax(call, true); }

void evalLayerNormalization(Call &call) {
  const Tensor &x = call.input(0);
  NormResult result =
      normaliseRows(x, &call.input(1), call.optional(2), call.integer("axis"),
                    call.number("epsilon"), /*centre=*/true);
  call.output(0, result.output.cast(x.type()));
  call.output(1, result.mean);
  call.output(2, result.inverse);
}

void evalRMSNormalization(Call &call) {
  const Tensor &x = call.input(0), &scale = call.input(1);
  NormResult result = normaliseRows(x, &scale, nullptr, call.integer("axis"),
                                    call.number("epsilon"), /*centre=*/false);
  call.output(0, result.output.cast(scale.type()));
  call.output(1, result.inverse);
}

mlir::Type rmsNormElement(llvm::ArrayRef<mlir::Type> inputs,
                          mlir::DictionaryAttr attributes, unsigned result) {
  if (result == 0)
    return elementOfSecond(inputs, attributes, result);
  return mlir::FloatType::getF32(attributes.getContext());
}

mlir::Type layerNormElement(llvm::ArrayRef<mlir::Type> inputs,
                            mlir::DictionaryAttr attributes, unsigned result) {
  mlir::Type element = elementOfFirst(inputs, attributes, result);
  if (!element || result == 0 || element.isF64())
    return element;
  return mlir::FloatType::getF32(element.getContext());
}

} // namespace

Rows normaliseOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "Softmax",
       {1, 11, 13},
       1,
       1,
       1,
       {{"axis", Kind::Int, "1", 1, 12}, {"axis", Kind::Int, "-1", 13}},
       elementOfFirst,
       evalSoftmax},
      {"",
       "LogSoftmax",
       {1, 11, 13},
       1,
       1,
       1,
       {{"axis", Kind::Int, "1", 1, 12}, {"axis", Kind::Int, "-1", 13}},
       elementOfFirst,
       evalLogSoftmax},
      {"",
       "LayerNormalization",
       {17},
       2,
       3,
       3,
       {{"axis", Kind::Int, "-1"},
        {"epsilon", Kind::Float, "1e-05"},
        {"stash_type", Kind::Int, "1"}},
       layerNormElement,
       evalLayerNormalization},
      {"",
       "RMSNormalization",
       {23},
       2,
       2,
       1,
       {{"axis", Kind::Int, "-1"},
        {"epsilon", Kind::Float, "1e-05"},
        {"stash_type", Kind::Int, "1"}},
       elementOfSecond,
       evalRMSNormalization},
      {"com.microsoft",
       "SimplifiedLayerNormalization",
       {1},
       2,
       2,
       2,
       {{"axis", Kind::Int, "-1"},
        {"epsilon", Kind::Float, "1e-05"},
        {"stash_type", Kind::Int, "1"}},
       rmsNormElement,
       evalRMSNormalization},
  };
}

} // namespace dalbit::execute
