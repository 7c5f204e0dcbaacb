// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Resize: along one axis after the other, each output element a weighted sum
// of neighbours. Vision models resize their position embeddings so.

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/VisionAndSpeech.h"

#include "support/Error.h"

#include <cmath>

namespace dalbit::execute {

namespace {

struct Options {
  std::string mode, place, nearest;
  double cubic = -0.75, outside = 0;
  bool excludeOutside = false, antialias = false;
};

/// One axis: sizes, the exact scale, and the part of it to look at.
struct Axis {
  int64_t from, to;
  double scale, start = 0, end = 1;
};

/// Where output element \p x lies in the input.
double placeOf(const Options &options, const Axis &axis, double x) {
  double from = double(axis.from), to = axis.scale * from;
  if (options.place == "half_pixel")
    return (x + 0.5) / axis.scale - 0.5;
  if (options.place == "asymmetric")
    return x / axis.scale;
  if (options.place == "align_corners")
    return to == 1 ? 0 : x * (from - 1) / (to - 1);
  if (options.place == "pytorch_half_pixel")
    return to == 1 ? -0.5 : (x + 0.5) / axis.scale - 0.5;
  if (options.place == "half_pixel_symmetric")
    return from / 2 * (1 - double(axis.to) / to) + (x + 0.5) / axis.scale - 0.5;
  if (options.place == "tf_half_pixel_for_nn")
    return (x + 0.5) / axis.scale;
  if (options.place != "tf_crop_and_resize")
    throw Error("attribute coordinate_transformation_mode=\"" + options.place +
                "\" is not known");
  double part = axis.end - axis.start;
  return axis.start * (from - 1) +
         (to == 1 ? part * (from - 1) / 2 : x * part * (from - 1) / (to - 1));
}

double cubicWeight(double x, double a) {
  x = std::fabs(x);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/// Weights of the neighbours of a place \p ratio, in (0, 1], behind the left
/// one of the middle pair.
std::vector<double> weightsOf(const Options &options, double ratio,
                              double scale) {
  if (options.mode == "nearest") {
    bool right =
        ratio == 1 ||
        (options.nearest == "round_prefer_floor"  ? ratio > 0.5
         : options.nearest == "round_prefer_ceil" ? ratio >= 0.5
                                                  : options.nearest == "ceil");
    return {right ? 0.0 : 1.0, right ? 1.0 : 0.0};
  }
  bool cubic = options.mode == "cubic";
  scale = options.antialias ? std::min(scale, 1.0) : 1;
  int64_t reach = cubic ? 2 : 1;
  if (!(scale > 1e-6))
    throw Error("a scale is too small");
  auto first = int64_t(std::floor(-double(reach) / scale)) + 1;
  std::vector<double> weights;
  double sum = 0;
  for (int64_t i = first; i < 2 - first; ++i) {
    double x = (double(i) - ratio) * scale;
    double weight = cubic ? cubicWeight(x, options.cubic)
                          : std::clamp(1 - std::fabs(x), 0.0, 1.0);
    weights.push_back(weight);
    sum += weight;
  }
  for (double &weight : weights)
    weight /= sum;
  return weights;
}

Tensor along(const Tensor &x, int64_t dim, const Axis &axis,
             const Options &options) {
  Shape shape(x.shape());
  shape[dim] = axis.to;
  Tensor out(ElementType::F64, shape);
  int64_t outer = 1, inner = 1;
  for (int64_t d = 0; d < x.rank(); ++d)
    if (d != dim)
      (d < dim ? outer : inner) *= x.dim(d);
  if (axis.from == 0 && out.count())
    throw Error("an empty dimension cannot be resized");
  for (int64_t k = 0; k < axis.to; ++k) {
    double place = placeOf(options, axis, double(k));
    if (!(std::fabs(place) < 1e15))
      throw Error("the scales are not valid");
    bool beyond = options.place == "tf_crop_and_resize" &&
                  (place < 0 || place > double(axis.from - 1));
    double floor = std::floor(place);
    bool exact = floor == place;
    std::vector<double> weights =
        weightsOf(options, exact ? 1 : place - floor, axis.scale);
    // The pair around the place is in the middle; at an element itself the
    // element is the right one.
    auto count = int64_t(weights.size());
    int64_t start = int64_t(floor) - count / 2 + (exact ? 0 : 1);
    if (options.excludeOutside) {
      double sum = 0;
      for (int64_t i = 0; i < count; ++i) {
        if (start + i < 0 || start + i >= axis.from)
          weights[size_t(i)] = 0;
        sum += weights[size_t(i)];
      }
      for (double &weight : weights)
        weight /= sum == 0 ? 1 : sum;
    }
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) {
        double sum = 0;
        for (int64_t n = 0; n < count && !beyond; ++n) {
          int64_t at = std::clamp<int64_t>(start + n, 0, axis.from - 1);
          // Zero times infinity must stay nothing.
          if (weights[size_t(n)] != 0)
            sum += weights[size_t(n)] *
                   x.data<double>()[(o * axis.from + at) * inner + i];
        }
        out.data<double>()[(o * axis.to + k) * inner + i] =
            beyond ? options.outside : sum;
      }
  }
  return out;
}

void resize(Call &call, const Options &options,
            llvm::ArrayRef<std::optional<Axis>> axes) {
  const Tensor &given = call.input(0);
  if (options.mode != "nearest" && options.mode != "linear" &&
      options.mode != "cubic")
    throw Error("attribute mode=\"" + options.mode + "\" is not known");
  Tensor x = given.cast(ElementType::F64);
  for (auto [dim, axis] : llvm::enumerate(axes))
    if (axis && (axis->from != axis->to || axis->scale != 1 ||
                 options.place == "tf_crop_and_resize"))
      x = along(x, int64_t(dim), *axis, options);
  call.output(0, x.cast(given.type()));
}

std::vector<double> numbersOf(const Tensor *x) {
  if (!x)
    return {};
  Tensor wide = x->cast(ElementType::F64);
  return {wide.data<double>(), wide.data<double>() + wide.count()};
}

int64_t sizeOf(double size) {
  if (!(size >= 0 && size < 0x1p40))
    throw Error("the scales are not valid");
  return int64_t(size);
}

void evalResize(Call &call) {
  const Tensor &x = call.input(0);
  Options options{call.text("mode"),
                  call.text("coordinate_transformation_mode"),
                  call.text("nearest_mode"),
                  call.number("cubic_coeff_a"),
                  call.number("extrapolation_value"),
                  call.integer("exclude_outside") != 0,
                  call.integer("antialias") != 0};
  std::vector<double> region = numbersOf(call.optional(1)),
                      scales = numbersOf(call.optional(2)),
                      sizes = numbersOf(call.optional(3));
  llvm::SmallVector<int64_t> dims(call.integers("axes"));
  if (!call.has("axes"))
    for (int64_t d = 0; d < x.rank(); ++d)
      dims.push_back(d);
  size_t count = dims.size();
  bool bySize = !sizes.empty();
  if ((bySize ? sizes : scales).size() != count)
    throw Error("needs one scale or one size for each of " +
                std::to_string(count) + " axes");
  std::string policy = call.text("keep_aspect_ratio_policy");
  double common = 0;
  if (bySize && !policy.empty() && policy != "stretch")
    for (size_t i = 0; i < count; ++i) {
      double own = sizes[i] / double(x.dim(frontAxis(dims[i], x.rank())));
      common = i == 0                   ? own
               : policy == "not_larger" ? std::min(common, own)
                                        : std::max(common, own);
    }
  llvm::SmallVector<std::optional<Axis>> axes{size_t(x.rank())};
  for (size_t i = 0; i < count; ++i) {
    int64_t d = frontAxis(dims[i], x.rank()), from = x.dim(d);
    Axis axis{from, 0, 1};
    if (common > 0) {
      axis.scale = common;
      axis.to = sizeOf(std::floor(common * double(from) + 0.5));
    } else if (bySize) {
      axis.to = sizeOf(sizes[i]);
      axis.scale = from ? sizes[i] / double(from) : 1;
    } else {
      axis.scale = scales[i];
      axis.to = sizeOf(std::floor(scales[i] * double(from)));
    }
    if (axis.to > 0 && !(axis.scale > 0))
      throw Error("the scales are not valid");
    if (region.size() == 2 * count) {
      axis.start = region[i];
      axis.end = region[count + i];
    }
    axes[size_t(d)] = axis;
  }
  resize(call, options, axes);
}

} // namespace

Rows resizeOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "Resize",
       {10, 11, 13, 18, 19},
       1,
       4,
       1,
       {{"mode", Kind::String, "nearest"},
        {"coordinate_transformation_mode", Kind::String, "half_pixel", 11},
        {"cubic_coeff_a", Kind::Float, "-0.75", 11},
        {"exclude_outside", Kind::Int, "0", 11},
        {"extrapolation_value", Kind::Float, "0", 11},
        {"nearest_mode", Kind::String, "round_prefer_floor", 11},
        {"antialias", Kind::Int, "0", 18},
        {"axes", Kind::Ints, nullptr, 18},
        {"keep_aspect_ratio_policy", Kind::String, "stretch", 18}},
       elementOfFirst,
       evalResize},
      // The importer turns it into Resize's form.
      {"",
       "Upsample",
       {9, 10},
       2,
       2,
       1,
       {{"mode", Kind::String, "nearest"}},
       elementOfFirst,
       evalResize},
  };
}

} // namespace dalbit::execute
