// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling over windows, and over everything.

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/VisionAndSpeech.h"
#include "compiler/execute/operators/Window.h"

#include "support/Error.h"

#include <cmath>

namespace dalbit::execute {

namespace {

int64_t product(llvm::ArrayRef<int64_t> dims) {
  int64_t all = 1;
  for (int64_t dim : dims)
    all *= dim;
  return all;
}

/// Calls body(image, output element, positions of the taps inside the image,
/// number of taps inside the padded image) for every window.
template <typename Body>
void forEachWindow(const Tensor &x, const Window &window, Body body) {
  llvm::ArrayRef<int64_t> size = x.shape().drop_front(2);
  Shape steps = denseSteps(size);
  int64_t images = x.dim(0) * x.dim(1), count = product(window.output);
  llvm::SmallVector<int64_t> taps;
  Shape place(window.rank(), 0);
  for (int64_t i = 0; i < count; ++i, advance(place, window.output)) {
    taps.clear();
    int64_t padded = 0;
    Shape tap(window.rank(), 0);
    do {
      int64_t at = 0;
      bool inside = true, near = true;
      for (int64_t d = 0; d < window.rank(); ++d) {
        int64_t p = place[d] * window.strides[d] +
                    tap[d] * window.dilations[d] - window.before[d];
        inside &= p >= 0 && p < size[d];
        near &= p < size[d] + window.behind[d];
        at += p * steps[d];
      }
      if (inside)
        taps.push_back(at);
      padded += near;
    } while (advance(tap, window.kernel));
    for (int64_t image = 0; image < images; ++image)
      body(image, image * count + i, taps, padded);
  }
}

struct Pooled {
  Window window;
  Tensor input, output;
  int64_t pixels;
};

/// The input in double, its windows, and an output that is not set yet.
Pooled begin(Call &call) {
  const Tensor &x = call.input(0);
  if (x.rank() < 3)
    throw Error("needs an input [N, C, ...], found rank " +
                std::to_string(x.rank()));
  llvm::ArrayRef<int64_t> size = x.shape().drop_front(2);
  Window window = Window::of(call, size, call.integers("kernel_shape"));
  // All taps of all windows: more would take hours.
  int64_t work = 1;
  bool tooLarge = false;
  for (const Shape *shape : {&window.kernel, &window.output})
    for (int64_t dim : *shape)
      tooLarge |= __builtin_mul_overflow(work, dim ? dim : 1, &work);
  if (tooLarge || work > int64_t(1) << 33)
    throw Error("the windows are too many or too large");
  Shape shape = {x.dim(0), x.dim(1)};
  shape.append(window.output);
  return {window, x.cast(ElementType::F64), Tensor(ElementType::F64, shape),
          product(size)};
}

void evalMaxPool(Call &call) {
  Pooled pool = begin(call);
  Tensor indices(ElementType::I64, pool.output.shape());
  llvm::ArrayRef<int64_t> size = pool.input.shape().drop_front(2);
  // Column-major places count with the first dimension fastest.
  bool columns = call.integer("storage_order") != 0;
  Shape steps = denseSteps(size);
  auto placeOf = [&](int64_t at) {
    if (!columns)
      return at;
    int64_t place = 0, step = 1;
    for (size_t d = 0; d < size.size(); ++d) {
      place += at / steps[d] % size[d] * step;
      step *= size[d];
    }
    return place;
  };
  forEachWindow(
      pool.input, pool.window,
      [&](int64_t image, int64_t to, llvm::ArrayRef<int64_t> taps, int64_t) {
        const double *from = pool.input.data<double>() + image * pool.pixels;
        if (taps.empty())
          throw Error("a window lies in the padding alone");
        int64_t best = taps[0];
        for (int64_t at : taps)
          if (from[at] > from[best] || from[at] != from[at])
            best = at;
        pool.output.data<double>()[to] = from[best];
        indices.data<int64_t>()[to] = image * pool.pixels + placeOf(best);
      });
  call.output(0, pool.output.cast(call.input(0).type()));
  call.output(1, indices);
}

void evalAveragePool(Call &call) {
  Pooled pool = begin(call);
  bool withPads = call.integer("count_include_pad") != 0;
  forEachWindow(pool.input, pool.window,
                [&](int64_t image, int64_t to, llvm::ArrayRef<int64_t> taps,
                    int64_t padded) {
                  const double *from =
                      pool.input.data<double>() + image * pool.pixels;
                  double sum = 0;
                  for (int64_t at : taps)
                    sum += from[at];
                  pool.output.data<double>()[to] =
                      sum / double(withPads ? padded : int64_t(taps.size()));
                });
  call.output(0, pool.output.cast(call.input(0).type()));
}

double power(double x, double p) { return std::pow(std::fabs(x), p); }

void evalLpPool(Call &call) {
  Pooled pool = begin(call);
  double p = double(call.integer("p", 2));
  forEachWindow(
      pool.input, pool.window,
      [&](int64_t image, int64_t to, llvm::ArrayRef<int64_t> taps, int64_t) {
        const double *from = pool.input.data<double>() + image * pool.pixels;
        double sum = 0;
        for (int64_t at : taps)
          sum += power(from[at], p);
        pool.output.data<double>()[to] = std::pow(sum, 1 / p);
      });
  call.output(0, pool.output.cast(call.input(0).type()));
}

/// One number for all pixels of a channel.
template <typename F> void global(Call &call, F f) {
  const Tensor &x = call.input(0);
  if (x.rank() < 2)
    throw Error("needs an input [N, C, ...]");
  Tensor in = x.cast(ElementType::F64);
  Shape shape(size_t(x.rank()), 1);
  shape[0] = x.dim(0);
  shape[1] = x.dim(1);
  int64_t pixels = product(x.shape().drop_front(2));
  if (pixels == 0)
    throw Error("an image has no pixels");
  Tensor out(ElementType::F64, shape);
  for (int64_t i = 0; i < out.count(); ++i)
    out.data<double>()[i] = f(
        llvm::ArrayRef<double>(in.data<double>() + i * pixels, size_t(pixels)));
  call.output(0, out.cast(x.type()));
}

void evalGlobalAveragePool(Call &call) {
  global(call, [](llvm::ArrayRef<double> values) {
    double sum = 0;
    for (double value : values)
      sum += value;
    return sum / double(values.size());
  });
}

void evalGlobalMaxPool(Call &call) {
  global(call, [](llvm::ArrayRef<double> values) {
    return *std::max_element(values.begin(), values.end());
  });
}

void evalGlobalLpPool(Call &call) {
  double p = double(call.integer("p", 2));
  global(call, [p](llvm::ArrayRef<double> values) {
    double sum = 0;
    for (double value : values)
      sum += power(value, p);
    return std::pow(sum, 1 / p);
  });
}

mlir::Type maxPoolElement(llvm::ArrayRef<mlir::Type> inputs,
                          mlir::DictionaryAttr attributes, unsigned result) {
  return result == 0 ? elementOfFirst(inputs, attributes, result)
                     : elementInt64(inputs, attributes, result);
}

} // namespace

Rows poolOperators() {
  using Kind = AttributeKind;
  auto attributes = [](std::vector<AttributeRow> more) {
    more.insert(more.end(), {{"auto_pad", Kind::String, "NOTSET"},
                             {"kernel_shape", Kind::Ints},
                             {"pads", Kind::Ints},
                             {"strides", Kind::Ints}});
    return more;
  };
  return {
      {"",
       "MaxPool",
       {1, 8, 10, 11, 12, 22},
       1,
       1,
       2,
       attributes({{"ceil_mode", Kind::Int, "0", 10},
                   {"dilations", Kind::Ints, nullptr, 10},
                   {"storage_order", Kind::Int, "0", 8}}),
       maxPoolElement,
       evalMaxPool},
      {"",
       "AveragePool",
       {1, 7, 10, 11, 19, 22},
       1,
       1,
       1,
       attributes({{"ceil_mode", Kind::Int, "0", 10},
                   {"count_include_pad", Kind::Int, "0", 7},
                   {"dilations", Kind::Ints, nullptr, 19}}),
       elementOfFirst,
       evalAveragePool},
      {"",
       "LpPool",
       {2, 11, 18, 22},
       1,
       1,
       1,
       attributes({{"p", Kind::Int, "2"},
                   {"ceil_mode", Kind::Int, "0", 18},
                   {"dilations", Kind::Ints, nullptr, 18}}),
       elementOfFirst,
       evalLpPool},
      {"",
       "GlobalAveragePool",
       {1, 22},
       1,
       1,
       1,
       {},
       elementOfFirst,
       evalGlobalAveragePool},
      {"",
       "GlobalMaxPool",
       {1, 22},
       1,
       1,
       1,
       {},
       elementOfFirst,
       evalGlobalMaxPool},
      {"",
       "GlobalLpPool",
       {2, 22},
       1,
       1,
       1,
       {{"p", Kind::Int, "2"}},
       elementOfFirst,
       evalGlobalLpPool},
  };
}

} // namespace dalbit::execute
