// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that compute one element from one element.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Activations.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <cmath>

namespace dalbit::execute {

namespace {

[[noreturn]] void wrongElement(ElementType type) {
  throw Error(std::string("not supported for elements of type ") +
              elementName(type));
}

/// Applies \p f in float or double; integers are refused.
template <typename F> void mapFloat(Call &call, F f) {
  const Tensor &x = call.input(0);
  if (!isFloat(x.type()))
    wrongElement(x.type());
  Tensor out(x.type(), x.shape());
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    using C = Compute<T>;
    if constexpr (std::is_floating_point_v<C>) {
      const T *from = x.data<T>();
      T *to = out.data<T>();
      for (int64_t i = 0, n = x.count(); i < n; ++i)
        to[i] = T(f(C(from[i])));
    }
  });
  call.output(0, out);
}

/// Applies \p f to floats and integers alike.
template <typename F> void mapNumber(Call &call, F f) {
  const Tensor &x = call.input(0);
  if (x.type() == ElementType::Bool)
    wrongElement(x.type());
  Tensor out(x.type(), x.shape());
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    using C = Compute<T>;
    if constexpr (!std::is_same_v<T, bool>) {
      const T *from = x.data<T>();
      T *to = out.data<T>();
      for (int64_t i = 0, n = x.count(); i < n; ++i)
        to[i] = T(f(C(from[i])));
    }
  });
  call.output(0, out);
}

/// Float to bool.
template <typename F> void testFloat(Call &call, F f) {
  Tensor x = call.input(0).cast(ElementType::F64);
  Tensor out(ElementType::Bool, x.shape());
  for (int64_t i = 0, n = x.count(); i < n; ++i)
    out.data<bool>()[i] = f(x.data<double>()[i]);
  call.output(0, out);
}

void evalAbs(Call &call) {
  mapNumber(call, [](auto x) {
    using T = decltype(x);
    if constexpr (std::is_floating_point_v<T>) {
      return std::fabs(x);
    } else if constexpr (std::is_signed_v<T>) {
      // Unsigned, so that the most negative number stays itself.
      using U = std::make_unsigned_t<T>;
      return x < 0 ? T(U(0) - U(x)) : x;
    } else {
      return x;
    }
  });
}

void evalNeg(Call &call) {
  mapNumber(call, [](auto x) {
    using T = decltype(x);
    if constexpr (std::is_floating_point_v<T>) {
      return -x;
    } else {
      using U = std::make_unsigned_t<T>;
      return T(U(0) - U(x));
    }
  });
}

void evalSign(Call &call) {
  mapNumber(call, [](auto x) {
    using T = decltype(x);
    return T((x > T(0)) - (x < T(0)));
  });
}

void evalRelu(Call &call) {
  mapNumber(call, [](auto x) {
    using T = decltype(x);
    return x < T(0) ? T(0) : x; // NaN stays
  });
}

void evalSqrt(Call &call) {
  mapFloat(call, [](auto x) { return std::sqrt(x); });
}
void evalExp(Call &call) {
  mapFloat(call, [](auto x) { return std::exp(x); });
}
void evalLog(Call &call) {
  mapFloat(call, [](auto x) { return std::log(x); });
}
void evalSin(Call &call) {
  mapFloat(call, [](auto x) { return std::sin(x); });
}
void evalCos(Call &call) {
  mapFloat(call, [](auto x) { return std::cos(x); });
}
void evalTanh(Call &call) {
  mapFloat(call, [](auto x) { return std::tanh(x); });
}
void evalErf(Call &call) {
  mapFloat(call, [](auto x) { return std::erf(x); });
}
void evalFloor(Call &call) {
  mapFloat(call, [](auto x) { return std::floor(x); });
}
void evalCeil(Call &call) {
  mapFloat(call, [](auto x) { return std::ceil(x); });
}
void evalRound(Call &call) {
  // The default rounding mode: halves to even, as the standard wants.
  mapFloat(call, [](auto x) { return std::nearbyint(x); });
}
void evalAcos(Call &call) {
  mapFloat(call, [](auto x) { return std::acos(x); });
}
void evalAcosh(Call &call) {
  mapFloat(call, [](auto x) { return std::acosh(x); });
}
void evalAsin(Call &call) {
  mapFloat(call, [](auto x) { return std::asin(x); });
}
void evalAsinh(Call &call) {
  mapFloat(call, [](auto x) { return std::asinh(x); });
}
void evalAtan(Call &call) {
  mapFloat(call, [](auto x) { return std::atan(x); });
}
void evalAtanh(Call &call) {
  mapFloat(call, [](auto x) { return std::atanh(x); });
}
void evalCosh(Call &call) {
  mapFloat(call, [](auto x) { return std::cosh(x); });
}
void evalSinh(Call &call) {
  mapFloat(call, [](auto x) { return std::sinh(x); });
}
void evalTan(Call &call) {
  mapFloat(call, [](auto x) { return std::tan(x); });
}
void evalSoftsign(Call &call) {
  mapFloat(call, [](auto x) { return x / (decltype(x)(1) + std::fabs(x)); });
}
void evalReciprocal(Call &call) {
  mapFloat(call, [](auto x) { return decltype(x)(1) / x; });
}

void evalSigmoid(Call &call) {
  mapFloat(call, [](auto x) { return sigmoid(x); });
}

void evalSoftplus(Call &call) {
  mapFloat(call, [](auto x) { return softplus(x); });
}

void evalLeakyRelu(Call &call) {
  float alpha = call.number("alpha");
  mapFloat(call, [&](auto x) { return x < 0 ? decltype(x)(alpha) * x : x; });
}

void evalHardSwish(Call &call) {
  mapFloat(call, [](auto x) {
    using T = decltype(x);
    return x * std::max(T(0), std::min(T(1), x / T(6) + T(0.5)));
  });
}

void evalGelu(Call &call) {
  std::string kind = call.text("approximate");
  if (kind == "tanh")
    return mapFloat(call, [](auto x) { return geluTanh(x); });
  if (kind != "none")
    throw Error("attribute approximate=\"" + kind + "\" is not known",
                {"supported are \"none\" and \"tanh\""});
  mapFloat(call, [](auto x) { return gelu(x); });
}

void evalElu(Call &call) {
  float alpha = call.number("alpha");
  mapFloat(call, [&](auto x) {
    using T = decltype(x);
    return x < 0 ? T(alpha) * std::expm1(x) : x;
  });
}

void evalCelu(Call &call) {
  float alpha = call.number("alpha");
  mapFloat(call, [&](auto x) {
    using T = decltype(x);
    return std::max(x, T(0)) +
           std::min(T(0), T(alpha) * std::expm1(x / T(alpha)));
  });
}

void evalSelu(Call &call) {
  float alpha = call.number("alpha"), gamma = call.number("gamma");
  mapFloat(call, [&](auto x) {
    using T = decltype(x);
    return T(gamma) * (x > 0 ? x : T(alpha) * std::expm1(x));
  });
}

void evalHardSigmoid(Call &call) {
  float alpha = call.number("alpha"), beta = call.number("beta");
  mapFloat(call, [&](auto x) {
    using T = decltype(x);
    return std::clamp(T(alpha) * x + T(beta), T(0), T(1));
  });
}

void evalThresholdedRelu(Call &call) {
  float alpha = call.number("alpha");
  mapFloat(call,
           [&](auto x) { return x > decltype(x)(alpha) ? x : decltype(x)(0); });
}

void evalShrink(Call &call) {
  float bias = call.number("bias"), edge = call.number("lambd");
  mapNumber(call, [&](auto x) {
    using T = decltype(x);
    double value = double(x);
    return T(value < -edge ? value + bias : value > edge ? value - bias : 0);
  });
}

void evalMish(Call &call) {
  mapFloat(call, [](auto x) { return x * std::tanh(softplus(x)); });
}

void evalSwish(Call &call) {
  float alpha = call.number("alpha");
  mapFloat(call, [&](auto x) { return swish(x, decltype(x)(alpha)); });
}

void evalBitwiseNot(Call &call) {
  if (isFloat(call.input(0).type()))
    wrongElement(call.input(0).type());
  mapNumber(call, [](auto x) {
    using T = decltype(x);
    if constexpr (std::is_integral_v<T>)
      return T(~uint64_t(x));
    else
      return x;
  });
}

void evalNot(Call &call) {
  const Tensor &x = call.input(0);
  if (x.type() != ElementType::Bool)
    wrongElement(x.type());
  Tensor out(ElementType::Bool, x.shape());
  for (int64_t i = 0; i < x.count(); ++i)
    out.data<bool>()[i] = !x.data<bool>()[i];
  call.output(0, out);
}

void evalIsNaN(Call &call) {
  testFloat(call, [](double x) { return std::isnan(x); });
}

void evalIsInf(Call &call) {
  bool positive = call.integer("detect_positive") != 0;
  bool negative = call.integer("detect_negative") != 0;
  testFloat(call, [=](double x) {
    return std::isinf(x) && (x > 0 ? positive : negative);
  });
}

void evalCast(Call &call) {
  int64_t to = call.integer("to");
  std::optional<ElementType> type = elementOfOnnx(int(to));
  if (!type)
    throw Error("conversion to " + onnxElementName(int(to)) +
                " is not supported");
  call.output(0, call.input(0).cast(*type));
}

void evalCastLike(Call &call) {
  call.output(0, call.input(0).cast(call.input(1).type()));
}

void evalIdentity(Call &call) { call.output(0, call.input(0)); }

void evalDropout(Call &call) {
  // Inference: the mask, if anybody asks, keeps everything.
  if (const Tensor *training = call.optional(2);
      training && training->count() == 1 && training->integers()[0] != 0)
    throw Error("training mode is not supported");
  call.output(0, call.input(0));
  if (call.outputCount() < 2)
    return;
  Tensor mask(ElementType::Bool, call.input(0).shape());
  std::fill_n(mask.data<bool>(), mask.count(), true);
  call.output(1, mask);
}

mlir::Type castElement(llvm::ArrayRef<mlir::Type>,
                       mlir::DictionaryAttr attributes, unsigned) {
  return elementOfAttribute(attributes, "to");
}

mlir::Type dropoutElement(llvm::ArrayRef<mlir::Type> inputs,
                          mlir::DictionaryAttr attributes, unsigned result) {
  return result == 0 ? elementOfFirst(inputs, attributes, result)
                     : elementBool(inputs, attributes, result);
}

} // namespace

Rows unaryOperators() {
  auto row = [](const char *name, std::vector<int> since,
                void (*evaluate)(Call &)) {
    return Operator{"", name, std::move(since), 1,       1,
                    1,  {},   elementOfFirst,   evaluate};
  };
  using Kind = AttributeKind;
  auto withNumbers = [&](const char *name, std::vector<int> since,
                         std::vector<AttributeRow> attributes,
                         void (*evaluate)(Call &)) {
    Operator made = row(name, std::move(since), evaluate);
    made.attributes = std::move(attributes);
    return made;
  };
  return {
      withNumbers("Elu", {6, 22}, {{"alpha", Kind::Float, "1"}}, evalElu),
      withNumbers("Celu", {12}, {{"alpha", Kind::Float, "1"}}, evalCelu),
      withNumbers("Selu", {6, 22},
                  {{"alpha", Kind::Float, "1.67326319217681884765625"},
                   {"gamma", Kind::Float, "1.05070102214813232421875"}},
                  evalSelu),
      withNumbers("HardSigmoid", {6, 22},
                  {{"alpha", Kind::Float, "0.2"}, {"beta", Kind::Float, "0.5"}},
                  evalHardSigmoid),
      withNumbers("ThresholdedRelu", {10, 22}, {{"alpha", Kind::Float, "1"}},
                  evalThresholdedRelu),
      withNumbers("Shrink", {9},
                  {{"bias", Kind::Float, "0"}, {"lambd", Kind::Float, "0.5"}},
                  evalShrink),
      withNumbers("Swish", {24}, {{"alpha", Kind::Float, "1"}}, evalSwish),
      row("Abs", {6, 13}, evalAbs),
      row("Neg", {6, 13}, evalNeg),
      row("Sign", {9, 13}, evalSign),
      row("Relu", {6, 13, 14}, evalRelu),
      row("Sqrt", {6, 13}, evalSqrt),
      row("Exp", {6, 13}, evalExp),
      row("Log", {6, 13}, evalLog),
      row("Sin", {7, 22}, evalSin),
      row("Cos", {7, 22}, evalCos),
      row("Tanh", {6, 13}, evalTanh),
      row("Erf", {9, 13}, evalErf),
      row("Floor", {6, 13}, evalFloor),
      row("Ceil", {6, 13}, evalCeil),
      row("Round", {11, 22}, evalRound),
      row("Reciprocal", {6, 13}, evalReciprocal),
      row("Acos", {7, 22}, evalAcos),
      row("Acosh", {9, 22}, evalAcosh),
      row("Asin", {7, 22}, evalAsin),
      row("Asinh", {9, 22}, evalAsinh),
      row("Atan", {7, 22}, evalAtan),
      row("Atanh", {9, 22}, evalAtanh),
      row("Cosh", {9, 22}, evalCosh),
      row("Sinh", {9, 22}, evalSinh),
      row("Tan", {7, 22}, evalTan),
      row("Softsign", {1, 22}, evalSoftsign),
      row("Mish", {18, 22}, evalMish),
      row("BitwiseNot", {18}, evalBitwiseNot),
      row("Sigmoid", {6, 13}, evalSigmoid),
      row("Softplus", {1, 22}, evalSoftplus),
      row("HardSwish", {14, 22}, evalHardSwish),
      row("Identity", {1, 13, 14, 16, 19, 21, 23, 24, 25}, evalIdentity),
      row("Not", {1}, evalNot),
      {"",
       "LeakyRelu",
       {6, 16},
       1,
       1,
       1,
       {{"alpha", Kind::Float, "0.01"}},
       elementOfFirst,
       evalLeakyRelu},
      {"",
       "Gelu",
       {20},
       1,
       1,
       1,
       {{"approximate", Kind::String, "none"}},
       elementOfFirst,
       evalGelu},
      {"", "IsNaN", {9, 13, 20}, 1, 1, 1, {}, elementBool, evalIsNaN},
      {"",
       "IsInf",
       {10, 20},
       1,
       1,
       1,
       {{"detect_negative", Kind::Int, "1"},
        {"detect_positive", Kind::Int, "1"}},
       elementBool,
       evalIsInf},
      {"",
       "Cast",
       {6, 9, 13, 19, 21, 23, 24, 25},
       1,
       1,
       1,
       {{"to", Kind::Int},
        {"saturate", Kind::Int, "1", 19},
        {"round_mode", Kind::String, "up", 24}},
       castElement,
       evalCast},
      {"",
       "CastLike",
       {15, 19, 21, 23, 24, 25},
       2,
       2,
       1,
       {{"saturate", Kind::Int, "1", 19},
        {"round_mode", Kind::String, "up", 24}},
       elementOfSecond,
       evalCastLike},
      {"",
       "Dropout",
       {7, 10, 12, 13, 22},
       1,
       3,
       2,
       {{"ratio", Kind::Float, "0.5", 1, 11}, {"seed", Kind::Int, nullptr, 12}},
       dropoutElement,
       evalDropout},
  };
}

} // namespace dalbit::execute
