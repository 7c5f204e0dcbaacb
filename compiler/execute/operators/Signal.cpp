// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Windows, Fourier transforms and mel weights: the ears of speech models.
// Transforms are sums over the signal, fine for the frames of a model's input.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/VisionAndSpeech.h"

#include "support/Error.h"

#include <cmath>
#include <numbers>

namespace dalbit::execute {

namespace {

constexpr double pi = std::numbers::pi;

int64_t oneInteger(const Tensor &x, const char *what) {
  if (x.count() != 1)
    throw Error(std::string(what) + " must be one integer");
  return x.integers()[0];
}

ElementType typeAttribute(Call &call, const char *name) {
  auto type = elementOfOnnx(int(call.integer(name, 1)));
  if (!type)
    throw Error(std::string("attribute ") + name + " is not supported");
  return *type;
}

/// f(2 pi i / period) for a window.
template <typename F> void window(Call &call, F f) {
  int64_t size = oneInteger(call.input(0), "the size");
  Tensor out(ElementType::F64, {size});
  double period = double(call.integer("periodic", 1) ? size : size - 1);
  for (int64_t i = 0; i < size; ++i)
    out.data<double>()[i] = f(size == 1 ? 0 : 2 * pi * double(i) / period);
  call.output(0, out.cast(typeAttribute(call, "output_datatype")));
}

void evalHann(Call &call) {
  window(call, [](double t) { return 0.5 - 0.5 * std::cos(t); });
}

void evalHamming(Call &call) {
  window(call,
         [](double t) { return 25.0 / 46.0 - 21.0 / 46.0 * std::cos(t); });
}

void evalBlackman(Call &call) {
  window(call, [](double t) {
    return 0.42 - 0.5 * std::cos(t) + 0.08 * std::cos(2 * t);
  });
}

struct Complex {
  double re = 0, im = 0;
};

/// Cosines and sines of the fractions of a circle.
struct Circle {
  explicit Circle(int64_t length) {
    for (int64_t i = 0; i < length; ++i) {
      double angle = 2 * pi * double(i) / double(length);
      points.push_back({std::cos(angle), std::sin(angle)});
    }
  }
  std::vector<Complex> points;
};

/// Sums over \p signal for frequencies [0, count) of a transform whose length
/// is the circle's.
void transform(llvm::ArrayRef<Complex> signal, const Circle &circle,
               bool inverse, llvm::MutableArrayRef<Complex> out) {
  size_t length = circle.points.size();
  for (size_t k = 0; k < out.size(); ++k) {
    Complex sum;
    for (size_t n = 0; n < signal.size(); ++n) {
      Complex point = circle.points[k * n % length];
      double c = point.re, s = inverse ? point.im : -point.im;
      sum.re += signal[n].re * c - signal[n].im * s;
      sum.im += signal[n].re * s + signal[n].im * c;
    }
    if (inverse)
      sum = {sum.re / double(length), sum.im / double(length)};
    out[k] = sum;
  }
}

void requireLength(int64_t length) {
  if (length < 1 || length > 1 << 16)
    throw Error("a transform of length " + std::to_string(length) +
                " is not supported");
}

void evalDFT(Call &call) {
  const Tensor &given = call.input(0);
  if (given.rank() < 2 || given.dim(given.rank() - 1) < 1 ||
      given.dim(given.rank() - 1) > 2)
    throw Error("needs a signal [..., 1] or [..., 2]");
  Tensor x = given.cast(ElementType::F64);
  int64_t axis = call.optional(2) ? oneInteger(call.input(2), "the axis")
                                  : call.integer("axis", -2);
  axis = frontAxis(axis, x.rank());
  if (axis == x.rank() - 1)
    throw Error("the last dimension holds the parts of numbers");
  bool inverse = call.integer("inverse") != 0;
  bool oneSided = call.integer("onesided") != 0;
  int64_t size = x.dim(axis);
  int64_t length = call.optional(1) ? oneInteger(call.input(1), "dft_length")
                   : inverse && oneSided ? 2 * (size - 1)
                                         : size;
  requireLength(length);
  int64_t parts = x.dim(x.rank() - 1);
  bool toReal = inverse && oneSided;
  int64_t count = oneSided && !inverse ? length / 2 + 1 : length;
  Shape shape(x.shape());
  shape[axis] = count;
  shape.back() = toReal ? 1 : 2;
  Tensor out(ElementType::F64, shape);
  int64_t outer = 1, inner = 1;
  for (int64_t d = 0; d < x.rank() - 1; ++d)
    if (d != axis)
      (d < axis ? outer : inner) *= x.dim(d);
  std::vector<Complex> results(static_cast<size_t>(count));
  Circle circle(length);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      // Cut to the length; what is missing is zero.
      std::vector<Complex> signal;
      for (int64_t n = 0; n < std::min(size, length); ++n) {
        const double *from =
            x.data<double>() + ((o * size + n) * inner + i) * parts;
        signal.push_back({from[0], parts == 2 ? from[1] : 0});
      }
      if (toReal) {
        // The other half is its mirror image, conjugated.
        signal.resize(size_t(length / 2 + 1));
        for (int64_t n = length / 2 + 1; n < length; ++n) {
          Complex twin = signal[size_t(length - n)];
          signal.push_back({twin.re, -twin.im});
        }
      }
      transform(signal, circle, inverse, results);
      for (int64_t k = 0; k < count; ++k) {
        double *to =
            out.data<double>() + ((o * count + k) * inner + i) * shape.back();
        to[0] = results[size_t(k)].re;
        if (!toReal)
          to[1] = results[size_t(k)].im;
      }
    }
  call.output(0, out.cast(given.type()));
}

void evalSTFT(Call &call) {
  const Tensor &given = call.input(0), *shape = call.optional(2);
  if (given.rank() < 2 || given.rank() > 3)
    throw Error("needs a signal [B, L, 1] or [B, L, 2]");
  Tensor x = given.cast(ElementType::F64);
  int64_t batch = x.dim(0), size = x.dim(1);
  int64_t parts = x.rank() == 3 ? x.dim(2) : 1;
  if (parts < 1 || parts > 2)
    throw Error("needs a signal [B, L, 1] or [B, L, 2]");
  int64_t step = oneInteger(call.input(1), "frame_step");
  int64_t length = call.optional(3) ? oneInteger(call.input(3), "frame_length")
                   : shape          ? shape->count()
                                    : size;
  requireLength(length);
  if (step < 1 || length > size || (shape && shape->count() != length))
    throw Error("frames of " + std::to_string(length) + " every " +
                std::to_string(step) + " do not fit a signal of " +
                std::to_string(size));
  Tensor weights = shape ? shape->cast(ElementType::F64) : Tensor();
  int64_t frames = (size - length) / step + 1;
  int64_t count = call.integer("onesided", 1) ? length / 2 + 1 : length;
  Tensor out(ElementType::F64, {batch, frames, count, 2});
  std::vector<Complex> signal(static_cast<size_t>(length)),
      results(static_cast<size_t>(count));
  Circle circle(length);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t f = 0; f < frames; ++f) {
      for (int64_t n = 0; n < length; ++n) {
        const double *from =
            x.data<double>() + (b * size + f * step + n) * parts;
        double weight = shape ? weights.data<double>()[n] : 1;
        signal[size_t(n)] = {from[0] * weight,
                             parts == 2 ? from[1] * weight : 0};
      }
      transform(signal, circle, false, results);
      for (int64_t k = 0; k < count; ++k) {
        double *to = out.data<double>() + ((b * frames + f) * count + k) * 2;
        to[0] = results[size_t(k)].re;
        to[1] = results[size_t(k)].im;
      }
    }
  call.output(0, out.cast(given.type()));
}

void evalMelWeightMatrix(Call &call) {
  int64_t bins = oneInteger(call.input(0), "num_mel_bins");
  int64_t length = oneInteger(call.input(1), "dft_length");
  int64_t rate = oneInteger(call.input(2), "sample_rate");
  requireLength(length);
  for (unsigned i : {3u, 4u})
    if (call.input(i).count() != 1)
      throw Error("an edge must be one number");
  double low = call.input(3).cast(ElementType::F64).data<double>()[0];
  double high = call.input(4).cast(ElementType::F64).data<double>()[0];
  if (bins < 0 || bins > 1 << 20 || rate < 1)
    throw Error("num_mel_bins or sample_rate is not valid");
  auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  double step = (mel(high) - mel(low)) / double(bins + 2);
  int64_t rows = length / 2 + 1;
  llvm::SmallVector<int64_t> edges;
  for (int64_t i = 0; i < bins + 2; ++i) {
    double hertz =
        700 * (std::pow(10, (double(i) * step + mel(low)) / 2595) - 1);
    double edge = std::floor(double(length + 1) * hertz / double(rate));
    if (!(edge >= 0 && edge < double(rows)))
      throw Error("a band lies outside the spectrum");
    edges.push_back(int64_t(edge));
  }
  Tensor out(ElementType::F64, {rows, bins});
  std::fill_n(out.data<double>(), out.count(), 0.0);
  for (int64_t i = 0; i < bins; ++i) {
    int64_t from = edges[i], middle = edges[i + 1], to = edges[i + 2];
    auto at = [&](int64_t row) -> double & {
      return out.data<double>()[row * bins + i];
    };
    if (middle == from)
      at(middle) = 1;
    else
      for (int64_t j = from; j <= middle; ++j)
        at(j) = double(j - from) / double(middle - from);
    for (int64_t j = middle; j < to; ++j)
      at(j) = double(to - j) / double(to - middle);
  }
  call.output(0, out.cast(typeAttribute(call, "output_datatype")));
}

mlir::Type windowElement(llvm::ArrayRef<mlir::Type>,
                         mlir::DictionaryAttr attributes, unsigned) {
  return elementOfAttribute(attributes, "output_datatype");
}

} // namespace

Rows signalOperators() {
  using Kind = AttributeKind;
  auto window = [](const char *name, void (*evaluate)(Call &)) {
    return Operator{
        "",
        name,
        {17},
        1,
        1,
        1,
        {{"output_datatype", Kind::Int, "1"}, {"periodic", Kind::Int, "1"}},
        windowElement,
        evaluate};
  };
  return {
      window("HannWindow", evalHann),
      window("HammingWindow", evalHamming),
      window("BlackmanWindow", evalBlackman),
      {"",
       "DFT",
       {17, 20},
       1,
       3,
       1,
       {{"axis", Kind::Int, "1", 17, 19},
        {"inverse", Kind::Int, "0"},
        {"onesided", Kind::Int, "0"}},
       elementOfFirst,
       evalDFT},
      {"",
       "STFT",
       {17},
       2,
       4,
       1,
       {{"onesided", Kind::Int, "1"}},
       elementOfFirst,
       evalSTFT},
      {"",
       "MelWeightMatrix",
       {17},
       5,
       5,
       1,
       {{"output_datatype", Kind::Int, "1"}},
       windowElement,
       evalMelWeightMatrix},
  };
}

} // namespace dalbit::execute
