// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// QuantizeLinear, DequantizeLinear and their relatives.

#include "compiler/execute/operators/Quantise.h"

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

#include "mlir/IR/BuiltinTypes.h"

#include <cmath>

namespace dalbit::execute {

namespace {

struct Range {
  double least, most;
};

Range rangeOf(ElementType type) {
  switch (type) {
  case ElementType::I4:
    return {-8, 7};
  case ElementType::U4:
    return {0, 15};
  case ElementType::I8:
    return {-128, 127};
  case ElementType::U8:
    return {0, 255};
  case ElementType::I16:
    return {-32768, 32767};
  case ElementType::U16:
    return {0, 65535};
  case ElementType::I32:
    return {-2147483648.0, 2147483647.0};
  default:
    throw Error(std::string("cannot quantise to ") + elementName(type));
  }
}

/// Calls body(n, first element and step of x, scale and zero) for rows of x.
template <typename Body>
void forEachScaled(const Tensor &x, const Tensor &scale, const Tensor &zero,
                   Body body) {
  Shape shape(x.shape());
  for (const Tensor *each : {&scale, &zero})
    if (broadcastShape({shape, each->shape()}) != shape)
      throw Error("a scale or zero point of shape " + shapeText(each->shape()) +
                  " does not fit shape " + shapeText(shape));
  forEachRow<3>(shape,
                {denseSteps(shape), broadcastSteps(scale.shape(), shape),
                 broadcastSteps(zero.shape(), shape)},
                body);
}

Tensor zeroOr(const Tensor *zero) {
  return zero ? zero->cast(ElementType::F64) : Tensor::scalar<double>(0);
}

} // namespace

Tensor quantise(const Tensor &x, const Tensor &scale, const Tensor *zero,
                ElementType type) {
  Range range = rangeOf(type);
  Tensor from = x.cast(ElementType::F32), by = scale.cast(ElementType::F32);
  Tensor shift = zeroOr(zero), codes(ElementType::F32, x.shape());
  bool narrowScale =
      scale.type() == ElementType::F16 || scale.type() == ElementType::BF16;
  float *to = codes.data<float>();
  const float *p = from.data<float>(), *s = by.data<float>();
  const double *z = shift.data<double>();
  forEachScaled(
      from, by, shift,
      [&](int64_t n, std::array<int64_t, 3> at, std::array<int64_t, 3> step) {
        for (int64_t i = 0; i < n; ++i)
          to[at[0] + i * step[0]] =
              p[at[0] + i * step[0]] / s[at[1] + i * step[1]];
      });
  if (narrowScale) {
    codes = codes.cast(scale.type()).cast(ElementType::F32);
    to = codes.data<float>();
  }
  Tensor out(storedAs(type), x.shape());
  dispatch(out.type(), [&](auto tag) {
    using T = decltype(tag);
    forEachScaled(
        from, by, shift,
        [&](int64_t n, std::array<int64_t, 3> at, std::array<int64_t, 3> step) {
          T *result = out.data<T>();
          for (int64_t i = 0; i < n; ++i) {
            int64_t here = at[0] + i * step[0];
            double code =
                std::nearbyint(double(to[here])) + z[at[2] + i * step[2]];
            // NaN has no code; it becomes the least one.
            code =
                code > range.least ? std::min(code, range.most) : range.least;
            result[here] = T(code);
          }
        });
  });
  return out.cast(type);
}

Tensor dequantise(const Tensor &x, const Tensor &scale, const Tensor *zero,
                  ElementType type) {
  if (isFloat(x.type()))
    throw Error("integers are needed to dequantise");
  Tensor from = x.cast(ElementType::F64), by = scale.cast(ElementType::F32);
  Tensor shift = zeroOr(zero), out(ElementType::F32, x.shape());
  forEachScaled(
      from, by, shift,
      [&](int64_t n, std::array<int64_t, 3> at, std::array<int64_t, 3> step) {
        for (int64_t i = 0; i < n; ++i) {
          int64_t here = at[0] + i * step[0];
          out.data<float>()[here] =
              float(from.data<double>()[here] -
                    shift.data<double>()[at[2] + i * step[2]]) *
              by.data<float>()[at[1] + i * step[1]];
        }
      });
  return out.cast(type);
}

Tensor centred(const Tensor &x, const Tensor *zero) {
  Tensor wide = x.cast(ElementType::F64);
  if (!zero)
    return wide;
  Tensor shift = zero->cast(ElementType::F64);
  if (broadcastShape({wide.shape(), shift.shape()}) != Shape(wide.shape()))
    throw Error("a zero point of shape " + shapeText(shift.shape()) +
                " does not fit shape " + shapeText(wide.shape()));
  Tensor out(ElementType::F64, wide.shape());
  broadcastBinary<double, double, double>(
      wide, shift, out, [](double a, double b) { return a - b; });
  return out;
}

Tensor alongAxis(const Tensor &parameter, llvm::ArrayRef<int64_t> shape,
                 int64_t axis, int64_t block) {
  int64_t rank = int64_t(shape.size());
  if (parameter.count() == 1 && parameter.rank() <= 1)
    return parameter.reshaped({});
  axis = frontAxis(axis, rank);
  if (parameter.rank() == 1 && block == 0) {
    Shape aligned(rank, 1);
    aligned[axis] = parameter.dim(0);
    return parameter.reshaped(aligned);
  }
  if (parameter.rank() != rank)
    throw Error("a scale or zero point of shape " +
                shapeText(parameter.shape()) + " does not fit shape " +
                shapeText(shape));
  if (block <= 0)
    return parameter;
  // Each parameter block times, the last ones cut off.
  int64_t blocks = parameter.dim(axis), size = shape[axis];
  if (size > 0 && blocks != (size - 1) / block + 1)
    throw Error(std::to_string(blocks) + " blocks of " + std::to_string(block) +
                " do not fit a dimension of " + std::to_string(size));
  Shape steps = denseSteps(parameter.shape()), spread(parameter.shape());
  spread.insert(spread.begin() + axis + 1, std::min(block, size));
  steps.insert(steps.begin() + axis + 1, 0);
  Tensor repeated = gatherStrided(parameter, spread, 0, steps);
  Shape flat(parameter.shape());
  flat[axis] = blocks * std::min(block, size);
  repeated = repeated.reshaped(flat);
  if (flat[axis] == size)
    return repeated;
  Shape cut = flat;
  cut[axis] = size;
  return gatherStrided(repeated, cut, 0, denseSteps(flat));
}

DynamicCodes quantiseDynamically(const Tensor &x) {
  if (x.type() != ElementType::F32)
    throw Error("needs float");
  float least = 0, most = 0;
  for (float value : x.values<float>()) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  float scale = (most == least ? 1.0f : most - least) / 255.0f;
  float zero = std::nearbyint(std::clamp(0.0f - least / scale, 0.0f, 255.0f));
  DynamicCodes result;
  result.scale = Tensor::scalar(scale);
  result.zero = Tensor::scalar(uint8_t(zero));
  result.codes = quantise(x, result.scale, &result.zero, ElementType::U8);
  return result;
}

namespace {

ElementType resultType(Call &call, ElementType otherwise) {
  return call.resultElement(0).value_or(otherwise);
}

void evalQuantize(Call &call) {
  const Tensor &x = call.input(0), *zero = call.optional(2);
  int64_t axis = call.integer("axis", 1), block = call.integer("block_size");
  Tensor scale = alongAxis(call.input(1), x.shape(), axis, block), shift;
  if (zero)
    shift = alongAxis(*zero, x.shape(), axis, block);
  call.output(0, quantise(x, scale, zero ? &shift : nullptr,
                          resultType(call, ElementType::U8)));
}

void evalDequantize(Call &call) {
  const Tensor &x = call.input(0), *zero = call.optional(2);
  int64_t axis = call.integer("axis", 1), block = call.integer("block_size");
  Tensor scale = alongAxis(call.input(1), x.shape(), axis, block), shift;
  if (zero)
    shift = alongAxis(*zero, x.shape(), axis, block);
  call.output(0, dequantise(x, scale, zero ? &shift : nullptr,
                            resultType(call, call.input(1).type())));
}

void evalDynamicQuantize(Call &call) {
  DynamicCodes result = quantiseDynamically(call.input(0));
  call.output(0, result.codes);
  call.output(1, result.scale);
  call.output(2, result.zero);
}

mlir::Type quantizedElement(llvm::ArrayRef<mlir::Type> inputs,
                            mlir::DictionaryAttr attributes, unsigned) {
  if (mlir::Type type = elementOfAttribute(attributes, "output_dtype"))
    return type;
  if (inputs.size() > 2 && inputs[2])
    return inputs[2];
  return mlirOfElement(attributes.getContext(), ElementType::U8);
}

mlir::Type dequantizedElement(llvm::ArrayRef<mlir::Type> inputs,
                              mlir::DictionaryAttr attributes,
                              unsigned result) {
  if (mlir::Type type = elementOfAttribute(attributes, "output_dtype"))
    return type;
  return elementOfSecond(inputs, attributes, result);
}

mlir::Type dynamicElement(llvm::ArrayRef<mlir::Type>,
                          mlir::DictionaryAttr attributes, unsigned result) {
  return mlirOfElement(attributes.getContext(),
                       result == 1 ? ElementType::F32 : ElementType::U8);
}

} // namespace

Rows quantiseOperators() {
  using Kind = AttributeKind;
  const char *microsoft = "com.microsoft";
  return {
      {"",
       "QuantizeLinear",
       {10, 13, 19, 21, 23, 24, 25},
       2,
       3,
       1,
       {{"axis", Kind::Int, "1", 13},
        {"saturate", Kind::Int, "1", 19},
        {"block_size", Kind::Int, "0", 21},
        {"output_dtype", Kind::Int, "0", 21},
        {"precision", Kind::Int, "0", 23}},
       quantizedElement,
       evalQuantize},
      {"",
       "DequantizeLinear",
       {10, 13, 19, 21, 23, 24, 25},
       2,
       3,
       1,
       {{"axis", Kind::Int, "1", 13},
        {"block_size", Kind::Int, "0", 21},
        {"output_dtype", Kind::Int, "0", 23}},
       dequantizedElement,
       evalDequantize},
      {"",
       "DynamicQuantizeLinear",
       {11},
       1,
       1,
       3,
       {},
       dynamicElement,
       evalDynamicQuantize},
      {microsoft,
       "QuantizeLinear",
       {1},
       2,
       3,
       1,
       {{"axis", Kind::Int, "1"}, {"block_size", Kind::Int, "0"}},
       quantizedElement,
       evalQuantize},
      {microsoft,
       "DequantizeLinear",
       {1},
       2,
       3,
       1,
       {{"axis", Kind::Int, "1"}, {"block_size", Kind::Int, "0"}},
       dequantizedElement,
       evalDequantize},
  };
}

} // namespace dalbit::execute
