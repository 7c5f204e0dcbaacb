// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions of any number of dimensions: the windows as columns of a
// matrix, then one matrix product a group.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Matrix.h"
#include "compiler/execute/operators/Operator.h"
#include "compiler/execute/operators/Quantise.h"
#include "compiler/execute/operators/Window.h"

#include "support/Error.h"

namespace dalbit::execute {

namespace {

int64_t product(llvm::ArrayRef<int64_t> dims) {
  int64_t all = 1;
  for (int64_t dim : dims)
    all *= dim;
  return all;
}

/// The windows of \p channels images of \p size as [channels * kernel, output].
template <typename T>
void toColumns(const T *image, int64_t channels, llvm::ArrayRef<int64_t> size,
               const Window &window, T *columns) {
  Shape steps = denseSteps(size);
  int64_t pixels = product(size), count = product(window.output);
  for (int64_t c = 0; c < channels; ++c, image += pixels) {
    Shape tap(window.rank(), 0);
    do {
      Shape place(window.rank(), 0);
      for (int64_t i = 0; i < count; ++i) {
        int64_t at = 0;
        bool inside = true;
        for (int64_t d = 0; d < window.rank(); ++d) {
          int64_t x = place[d] * window.strides[d] +
                      tap[d] * window.dilations[d] - window.before[d];
          inside &= x >= 0 && x < size[d];
          at += x * steps[d];
        }
        *columns++ = inside ? image[at] : T(0);
        advance(place, window.output);
      }
    } while (advance(tap, window.kernel));
  }
}

/// x [N, C, ...] with w [M, C / group, kernel...] of one type, float or double.
Tensor convolve(Call &call, const Tensor &x, const Tensor &w) {
  int64_t groups = call.integer("group", 1);
  if (x.rank() < 3 || w.rank() != x.rank() || groups < 1 || x.dim(1) % groups ||
      w.dim(0) % groups || w.dim(1) != x.dim(1) / groups)
    throw Error("weights of shape " + shapeText(w.shape()) +
                " do not fit an input of shape " + shapeText(x.shape()) +
                " in " + std::to_string(groups) + " groups");
  llvm::ArrayRef<int64_t> size = x.shape().drop_front(2);
  llvm::ArrayRef<int64_t> kernel = w.shape().drop_front(2);
  if (call.has("kernel_shape") && call.integers("kernel_shape") != kernel)
    throw Error("attribute kernel_shape is not the shape of the weights");
  Window window = Window::of(call, size, kernel);
  Shape shape = {x.dim(0), w.dim(0)};
  shape.append(window.output);
  Tensor out(x.type(), shape);
  int64_t channels = x.dim(1) / groups, rows = w.dim(0) / groups;
  int64_t taps = channels * product(kernel), count = product(window.output);
  if (std::max({rows, taps, count}) > INT32_MAX)
    throw Error("a matrix dimension is beyond 2^31");
  Tensor columns(x.type(), {taps, count});
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>)
      for (int64_t n = 0; n < x.dim(0); ++n)
        for (int64_t g = 0; g < groups && count && rows; ++g) {
          int64_t block = n * groups + g;
          toColumns(x.data<T>() + block * channels * product(size), channels,
                    size, window, columns.data<T>());
          multiply(w.data<T>() + g * rows * taps, taps, columns.data<T>(),
                   count, out.data<T>() + block * rows * count, rows, count,
                   taps);
        }
  });
  return out;
}

/// \p bias [M] added to each channel of \p out [N, M, ...], as \p T.
template <typename T> void addBias(Tensor &out, const Tensor &bias) {
  if (bias.rank() != 1 || bias.dim(0) != out.dim(1))
    throw Error("a bias of shape " + shapeText(bias.shape()) +
                " does not fit " + std::to_string(out.dim(1)) + " channels");
  int64_t pixels = product(out.shape().drop_front(2));
  for (int64_t i = 0; i < out.count(); ++i)
    out.data<T>()[i] += bias.data<T>()[i / pixels % out.dim(1)];
}

void evalConv(Call &call) {
  const Tensor &x = call.input(0);
  if (!isFloat(x.type()))
    throw Error(std::string("not supported for elements of type ") +
                elementName(x.type()));
  bool wide = x.type() == ElementType::F64;
  ElementType type = wide ? ElementType::F64 : ElementType::F32;
  Tensor out = convolve(call, x.cast(type), call.input(1).cast(type));
  if (const Tensor *bias = call.optional(2)) {
    if (wide)
      addBias<double>(out, bias->cast(type));
    else
      addBias<float>(out, bias->cast(type));
  }
  call.output(0, out.cast(x.type()));
}

/// Zero points of weights: one, or one an output channel.
Tensor byChannel(const Tensor &parameter, int64_t rank) {
  if (parameter.count() == 1)
    return parameter.reshaped({});
  Shape shape(rank, 1);
  shape[0] = parameter.count();
  return parameter.reshaped(shape);
}

Tensor convolveCodes(Call &call, const Tensor &x, const Tensor *zeroX,
                     const Tensor &w, const Tensor *zeroW) {
  Tensor shiftX = zeroX ? byChannel(*zeroX, x.rank()) : Tensor();
  Tensor shiftW = zeroW ? byChannel(*zeroW, w.rank()) : Tensor();
  return convolve(call, centred(x, zeroX ? &shiftX : nullptr),
                  centred(w, zeroW ? &shiftW : nullptr));
}

void evalConvInteger(Call &call) {
  call.output(0, convolveCodes(call, call.input(0), call.optional(2),
                               call.input(1), call.optional(3))
                     .cast(ElementType::I32));
}

void evalQLinearConv(Call &call) {
  const Tensor &zeroX = call.input(2), &zeroW = call.input(5);
  Tensor sums =
      convolveCodes(call, call.input(0), &zeroX, call.input(3), &zeroW);
  if (const Tensor *bias = call.optional(8))
    addBias<double>(sums, bias->cast(ElementType::F64));
  Tensor scaleW = call.input(4);
  float scaleX = call.input(1).cast(ElementType::F32).data<float>()[0];
  float scaleY = call.input(6).cast(ElementType::F32).data<float>()[0];
  Tensor factor = Tensor(ElementType::F32, {scaleW.count()});
  Tensor weights = scaleW.cast(ElementType::F32);
  for (int64_t i = 0; i < factor.count(); ++i)
    factor.data<float>()[i] = scaleX * weights.data<float>()[i] / scaleY;
  if (factor.count() != 1 && factor.count() != sums.dim(1))
    throw Error("the scales of the weights do not fit the channels");
  Tensor scaled(ElementType::F32, sums.shape());
  int64_t pixels = product(sums.shape().drop_front(2));
  for (int64_t i = 0; i < sums.count(); ++i)
    scaled.data<float>()[i] =
        float(sums.data<double>()[i]) *
        factor
            .data<float>()[factor.count() == 1 ? 0 : i / pixels % sums.dim(1)];
  Tensor one = Tensor::scalar<float>(1);
  Tensor zero = call.input(7).reshaped({});
  call.output(0, quantise(scaled, one, &zero, zero.type()));
}

/// Where Conv takes an element from, ConvTranspose adds one to.
void evalConvTranspose(Call &call) {
  const Tensor &given = call.input(0);
  Tensor x = given.cast(ElementType::F64);
  Tensor w = call.input(1).cast(ElementType::F64);
  int64_t groups = call.integer("group", 1);
  if (x.rank() < 3 || w.rank() != x.rank() || groups < 1 ||
      w.dim(0) != x.dim(1) || x.dim(1) % groups)
    throw Error("weights of shape " + shapeText(w.shape()) +
                " do not fit an input of shape " + shapeText(x.shape()));
  size_t rank = size_t(x.rank()) - 2;
  llvm::ArrayRef<int64_t> size = x.shape().drop_front(2);
  llvm::ArrayRef<int64_t> kernel = w.shape().drop_front(2);
  auto list = [&](const char *name, size_t count, int64_t otherwise) {
    llvm::ArrayRef<int64_t> numbers = call.integers(name);
    if (!call.has(name))
      return Shape(count, otherwise);
    if (numbers.size() != count)
      throw Error(std::string("attribute ") + name + " has the wrong length");
    for (int64_t number : numbers)
      if (number < 0 || number > int64_t(1) << 31)
        throw Error(std::string("attribute ") + name + " is not valid");
    return Shape(numbers);
  };
  Shape strides = list("strides", rank, 1),
        dilations = list("dilations", rank, 1);
  Shape extra = list("output_padding", rank, 0);
  Shape pads = list("pads", 2 * rank, 0), wanted;
  if (call.has("output_shape")) {
    Shape all(call.integers("output_shape"));
    if (all.size() != rank && all.size() != rank + 2)
      throw Error("attribute output_shape has the wrong length");
    wanted.assign(all.end() - rank, all.end());
  }
  std::string automatic = call.text("auto_pad");
  Shape shape = {x.dim(0), w.dim(1) * groups}, output;
  for (size_t d = 0; d < rank; ++d) {
    int64_t reach = dilations[d] * (kernel[d] - 1) + 1;
    int64_t full = strides[d] * (size[d] - 1) + extra[d] + reach;
    bool same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
    if (!wanted.empty() || same) {
      int64_t target = wanted.empty() ? size[d] * strides[d] : wanted[d];
      int64_t total = std::max<int64_t>(0, full - target);
      // The odd element goes before unless the name says otherwise.
      bool lessBefore = automatic == "SAME_UPPER";
      pads[d] = lessBefore ? total / 2 : total - total / 2;
      pads[rank + d] = total - pads[d];
      output.push_back(target);
    } else {
      output.push_back(full - pads[d] - pads[rank + d]);
    }
  }
  shape.append(output);
  Tensor out(ElementType::F64, shape);
  std::fill_n(out.data<double>(), out.count(), 0.0);
  int64_t pixels = product(size), count = product(output),
          taps = product(kernel);
  int64_t channels = x.dim(1) / groups, maps = w.dim(1);
  Shape outSteps = denseSteps(output);
  for (int64_t n = 0; n < x.dim(0) && pixels && taps; ++n)
    for (int64_t c = 0; c < x.dim(1); ++c) {
      Shape place(rank, 0);
      for (int64_t i = 0; i < pixels; ++i, advance(place, size)) {
        double value = x.data<double>()[(n * x.dim(1) + c) * pixels + i];
        Shape tap(rank, 0);
        for (int64_t t = 0; t < taps; ++t, advance(tap, kernel)) {
          int64_t at = 0;
          bool inside = true;
          for (size_t d = 0; d < rank; ++d) {
            int64_t y = place[d] * strides[d] + tap[d] * dilations[d] - pads[d];
            inside &= y >= 0 && y < output[d];
            at += y * outSteps[d];
          }
          for (int64_t m = 0; m < maps && inside; ++m)
            out.data<double>()[(n * shape[1] + c / channels * maps + m) *
                                   count +
                               at] +=
                value * w.data<double>()[(c * maps + m) * taps + t];
        }
      }
    }
  if (const Tensor *bias = call.optional(2))
    addBias<double>(out, bias->cast(ElementType::F64));
  call.output(0, out.cast(given.type()));
}

mlir::Type elementInt32(llvm::ArrayRef<mlir::Type>,
                        mlir::DictionaryAttr attributes, unsigned) {
  return mlirOfElement(attributes.getContext(), ElementType::I32);
}

mlir::Type outputZeroElement(llvm::ArrayRef<mlir::Type> inputs,
                             mlir::DictionaryAttr, unsigned) {
  return inputs.size() > 7 ? inputs[7] : mlir::Type();
}

} // namespace

Rows convolutionOperators() {
  using Kind = AttributeKind;
  std::vector<AttributeRow> common = {{"auto_pad", Kind::String, "NOTSET"},
                                      {"dilations", Kind::Ints},
                                      {"group", Kind::Int, "1"},
                                      {"kernel_shape", Kind::Ints},
                                      {"pads", Kind::Ints},
                                      {"strides", Kind::Ints}};
  std::vector<AttributeRow> transposed = common;
  transposed.push_back({"output_padding", Kind::Ints});
  transposed.push_back({"output_shape", Kind::Ints});
  return {
      {"", "Conv", {1, 11, 22}, 2, 3, 1, common, elementOfFirst, evalConv},
      {"", "ConvInteger", {10}, 2, 4, 1, common, elementInt32, evalConvInteger},
      {"",
       "QLinearConv",
       {10},
       8,
       9,
       1,
       common,
       outputZeroElement,
       evalQLinearConv},
      {"",
       "ConvTranspose",
       {1, 11, 22},
       2,
       3,
       1,
       transposed,
       elementOfFirst,
       evalConvTranspose},
  };
}

} // namespace dalbit::execute
