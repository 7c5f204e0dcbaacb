// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalisations of images [N, C, ...] and along one axis.

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/VisionAndSpeech.h"

#include "support/Error.h"

#include <cmath>

namespace dalbit::execute {

namespace {

struct Images {
  Tensor values; // double
  int64_t count, channels, pixels;
};

Images imagesOf(Call &call) {
  const Tensor &x = call.input(0);
  if (x.rank() < 2 || !isFloat(x.type()))
    throw Error("needs floats [N, C, ...]");
  int64_t pixels = 1;
  for (int64_t dim : x.shape().drop_front(2))
    pixels *= dim;
  return {x.cast(ElementType::F64), x.dim(0), x.dim(1), pixels};
}

/// Input \p index as doubles, \p count of them.
Tensor parameters(Call &call, unsigned index, int64_t count) {
  const Tensor &x = call.input(index);
  if (x.count() != count)
    throw Error("input " + std::to_string(index) + " has " +
                std::to_string(x.count()) + " numbers for " +
                std::to_string(count) + " channels");
  return x.cast(ElementType::F64);
}

void evalBatchNormalization(Call &call) {
  if (call.integer("training_mode") != 0 || call.outputCount() > 1)
    throw Error("training mode is not supported");
  if (call.integer("spatial", 1) == 0)
    throw Error("spatial=0 is not supported");
  Images x = imagesOf(call);
  Tensor scale = parameters(call, 1, x.channels),
         bias = parameters(call, 2, x.channels),
         mean = parameters(call, 3, x.channels),
         variance = parameters(call, 4, x.channels);
  double epsilon = call.number("epsilon");
  Tensor out(ElementType::F64, x.values.shape());
  for (int64_t i = 0; i < out.count(); ++i) {
    int64_t c = i / x.pixels % x.channels;
    out.data<double>()[i] =
        (x.values.data<double>()[i] - mean.data<double>()[c]) /
            std::sqrt(variance.data<double>()[c] + epsilon) *
            scale.data<double>()[c] +
        bias.data<double>()[c];
  }
  call.output(0, out.cast(call.input(0).type()));
}

/// Each group of channels of an image to mean 0 and variance 1, then scale and
/// bias by channel (\p perGroup: by group).
void groupNorm(Call &call, int64_t groups, bool perGroup) {
  Images x = imagesOf(call);
  if (groups < 1 || x.channels % groups)
    throw Error(std::to_string(x.channels) + " channels do not make " +
                std::to_string(groups) + " groups");
  int64_t each = x.channels / groups, count = each * x.pixels;
  Tensor scale = parameters(call, 1, perGroup ? groups : x.channels),
         bias = parameters(call, 2, perGroup ? groups : x.channels);
  double epsilon = call.number("epsilon");
  Tensor out(ElementType::F64, x.values.shape());
  for (int64_t g = 0; g < x.count * groups && count; ++g) {
    const double *from = x.values.data<double>() + g * count;
    double *to = out.data<double>() + g * count, sum = 0, squares = 0;
    for (int64_t i = 0; i < count; ++i)
      sum += from[i];
    double mean = sum / double(count);
    for (int64_t i = 0; i < count; ++i)
      squares += (from[i] - mean) * (from[i] - mean);
    double inverse = 1 / std::sqrt(squares / double(count) + epsilon);
    for (int64_t i = 0; i < count; ++i) {
      int64_t c = perGroup ? g % groups : g % groups * each + i / x.pixels;
      to[i] = (from[i] - mean) * inverse * scale.data<double>()[c] +
              bias.data<double>()[c];
    }
  }
  call.output(0, out.cast(call.input(0).type()));
}

void evalInstanceNormalization(Call &call) {
  const Tensor &x = call.input(0);
  groupNorm(call, x.rank() > 1 ? x.dim(1) : 1, false);
}

void evalGroupNormalization(Call &call) {
  groupNorm(call, call.integer("num_groups"),
            call.integer("scale_by_group") != 0);
}

/// x / (bias + alpha / size * sum of squares of neighbouring channels)^beta
void evalLRN(Call &call) {
  Images x = imagesOf(call);
  int64_t size = call.integer("size");
  if (size < 1)
    throw Error("attribute size=" + std::to_string(size) + " is not valid");
  double alpha = call.number("alpha"), beta = call.number("beta");
  double bias = call.number("bias");
  size = std::min(size, 2 * x.channels + 1);
  int64_t before = (size - 1) / 2, behind = size - 1 - before;
  double share = alpha / double(call.integer("size"));
  Tensor out(ElementType::F64, x.values.shape());
  for (int64_t n = 0; n < x.count; ++n)
    for (int64_t c = 0; c < x.channels; ++c)
      for (int64_t p = 0; p < x.pixels; ++p) {
        auto at = [&](int64_t channel) {
          return (n * x.channels + channel) * x.pixels + p;
        };
        double squares = 0;
        for (int64_t k = std::max<int64_t>(0, c - before),
                     last = std::min(x.channels - 1, c + behind);
             k <= last; ++k)
          squares +=
              x.values.data<double>()[at(k)] * x.values.data<double>()[at(k)];
        out.data<double>()[at(c)] = x.values.data<double>()[at(c)] /
                                    std::pow(bias + share * squares, beta);
      }
  call.output(0, out.cast(call.input(0).type()));
}

/// Calls body(first element, step) for every row along \p axis.
template <typename Body>
void forEachLine(const Tensor &x, int64_t axis, Body body) {
  int64_t step = denseSteps(x.shape())[axis], size = x.dim(axis);
  for (int64_t o = 0, n = size * step > 0 ? x.count() / (size * step) : 0;
       o < n; ++o)
    for (int64_t s = 0; s < step; ++s)
      body(o * size * step + s, step);
}

void evalLpNormalization(Call &call) {
  Tensor x = call.input(0).cast(ElementType::F64);
  int64_t axis = frontAxis(call.integer("axis", -1), x.rank());
  int64_t p = call.integer("p", 2), size = x.dim(axis);
  if (p != 1 && p != 2)
    throw Error("attribute p=" + std::to_string(p) + " is not known");
  Tensor out(ElementType::F64, x.shape());
  forEachLine(x, axis, [&](int64_t at, int64_t step) {
    const double *from = x.data<double>() + at;
    double norm = 0;
    for (int64_t i = 0; i < size; ++i) {
      double value = from[i * step];
      norm += p == 1 ? std::fabs(value) : value * value;
    }
    norm = p == 1 ? norm : std::sqrt(norm);
    for (int64_t i = 0; i < size; ++i)
      out.data<double>()[at + i * step] = norm == 0 ? 0 : from[i * step] / norm;
  });
  call.output(0, out.cast(call.input(0).type()));
}

/// (x - mean) / deviation over the axes.
void evalMeanVariance(Call &call) {
  Tensor x = call.input(0).cast(ElementType::F64);
  llvm::SmallVector<int64_t> axes(call.integers("axes"));
  if (!call.has("axes"))
    axes = {0, 2, 3};
  Shape lead(x.shape());
  for (int64_t axis : axes)
    lead[frontAxis(axis, x.rank())] = 1;
  Tensor sums(ElementType::F64, lead), squares(ElementType::F64, lead);
  std::fill_n(sums.data<double>(), sums.count(), 0.0);
  std::fill_n(squares.data<double>(), sums.count(), 0.0);
  Shape shape(x.shape()), steps = broadcastSteps(lead, shape);
  auto forEach = [&](auto body) {
    forEachRow<2>(
        shape, {denseSteps(shape), steps},
        [&](int64_t n, std::array<int64_t, 2> at, std::array<int64_t, 2> step) {
          for (int64_t i = 0; i < n; ++i)
            body(x.data<double>()[at[0] + i * step[0]], at[0] + i * step[0],
                 at[1] + i * step[1]);
        });
  };
  double count = double(x.count()) / double(std::max<int64_t>(1, sums.count()));
  forEach([&](double value, int64_t, int64_t to) {
    sums.data<double>()[to] += value / count;
    squares.data<double>()[to] += value * value / count;
  });
  Tensor out(ElementType::F64, shape);
  forEach([&](double value, int64_t at, int64_t to) {
    double mean = sums.data<double>()[to];
    double variance = squares.data<double>()[to] - mean * mean;
    out.data<double>()[at] =
        (value - mean) / (std::sqrt(std::max(variance, 0.0)) + 1e-9);
  });
  call.output(0, out.cast(call.input(0).type()));
}

/// 1 where the first largest element of a row stands.
void evalHardmax(Call &call) {
  Tensor x = call.input(0).cast(ElementType::F64);
  int64_t axis = x.rank() ? frontAxis(call.integer("axis"), x.rank()) : 0;
  Shape shape(x.shape());
  if (call.integer("flatten") != 0) {
    Shape flat = {1, 1};
    for (int64_t i = 0; i < x.rank(); ++i)
      flat[i < axis ? 0 : 1] *= x.dim(i);
    x = x.reshaped(flat);
    axis = 1;
  }
  if (x.rank() == 0)
    x = x.reshaped({1});
  Tensor out(ElementType::F64, x.shape());
  std::fill_n(out.data<double>(), out.count(), 0.0);
  int64_t size = x.dim(axis);
  forEachLine(x, axis, [&](int64_t at, int64_t step) {
    int64_t best = 0;
    for (int64_t i = 1; i < size; ++i)
      if (x.data<double>()[at + i * step] > x.data<double>()[at + best * step])
        best = i;
    out.data<double>()[at + best * step] = 1;
  });
  call.output(0, out.reshaped(shape).cast(call.input(0).type()));
}

/// Running sums along an axis; integers wrap.
void evalCumSum(Call &call) {
  const Tensor &x = call.input(0);
  if (call.input(1).count() != 1)
    throw Error("the axis must be one integer");
  int64_t axis = frontAxis(call.input(1).integers()[0], x.rank());
  bool exclusive = call.integer("exclusive") != 0;
  bool reverse = call.integer("reverse") != 0;
  int64_t size = x.dim(axis);
  Tensor out(x.type(), x.shape());
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    using C = Compute<T>;
    forEachLine(x, axis, [&](int64_t at, int64_t step) {
      C sum = C(0);
      for (int64_t k = 0; k < size; ++k) {
        int64_t place = at + (reverse ? size - 1 - k : k) * step;
        C value = C(x.data<T>()[place]), next;
        if constexpr (std::is_integral_v<C>)
          next = C(uint64_t(sum) + uint64_t(value));
        else
          next = sum + value;
        out.data<T>()[place] = T(exclusive ? sum : next);
        sum = next;
      }
    });
  });
  call.output(0, out);
}

} // namespace

Rows channelNormOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "BatchNormalization",
       {7, 9, 14, 15},
       5,
       5,
       5,
       {{"epsilon", Kind::Float, "1e-05"},
        {"momentum", Kind::Float, "0.9"},
        {"spatial", Kind::Int, "1", 7, 8},
        {"training_mode", Kind::Int, "0", 14}},
       elementOfFirst,
       evalBatchNormalization},
      {"",
       "InstanceNormalization",
       {6, 22},
       3,
       3,
       1,
       {{"epsilon", Kind::Float, "1e-05"}},
       elementOfFirst,
       evalInstanceNormalization},
      {"",
       "GroupNormalization",
       {18, 21},
       3,
       3,
       1,
       {{"epsilon", Kind::Float, "1e-05"},
        {"num_groups", Kind::Int},
        {"stash_type", Kind::Int, "1", 21}},
       elementOfFirst,
       evalGroupNormalization},
      {"",
       "LRN",
       {1, 13},
       1,
       1,
       1,
       {{"alpha", Kind::Float, "0.0001"},
        {"beta", Kind::Float, "0.75"},
        {"bias", Kind::Float, "1"},
        {"size", Kind::Int}},
       elementOfFirst,
       evalLRN},
      {"",
       "LpNormalization",
       {1, 22},
       1,
       1,
       1,
       {{"axis", Kind::Int, "-1"}, {"p", Kind::Int, "2"}},
       elementOfFirst,
       evalLpNormalization},
      {"",
       "MeanVarianceNormalization",
       {9, 13},
       1,
       1,
       1,
       {{"axes", Kind::Ints}},
       elementOfFirst,
       evalMeanVariance},
      {"",
       "Hardmax",
       {1, 11, 13},
       1,
       1,
       1,
       {{"axis", Kind::Int, "1", 1, 12}, {"axis", Kind::Int, "-1", 13}},
       elementOfFirst,
       evalHardmax},
      {"",
       "CumSum",
       {11, 14},
       2,
       2,
       1,
       {{"exclusive", Kind::Int, "0"}, {"reverse", Kind::Int, "0"}},
       elementOfFirst,
       evalCumSum},
  };
}

} // namespace dalbit::execute
