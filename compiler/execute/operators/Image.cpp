// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moving elements between depth and space, cutting out the middle, turning
// sequences round, and the identity matrix.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/VisionAndSpeech.h"

#include "support/Error.h"

#include <cstring>

namespace dalbit::execute {

namespace {

int64_t blockOf(Call &call) {
  int64_t block = call.integer("blocksize");
  if (block < 1 || block > 1 << 20 || call.input(0).rank() != 4)
    throw Error("needs an input [N, C, H, W] and a positive blocksize");
  return block;
}

void evalDepthToSpace(Call &call) {
  const Tensor &x = call.input(0);
  int64_t block = blockOf(call);
  int64_t n = x.dim(0), c = x.dim(1) / (block * block), h = x.dim(2),
          w = x.dim(3);
  if (x.dim(1) % (block * block))
    throw Error(std::to_string(x.dim(1)) + " channels do not make blocks of " +
                std::to_string(block * block));
  bool columns = call.text("mode") == "CRD";
  Tensor split = columns ? x.reshaped({n, c, block, block, h, w})
                         : x.reshaped({n, block, block, c, h, w});
  Tensor moved = columns ? permute(split, {0, 1, 4, 2, 5, 3})
                         : permute(split, {0, 3, 4, 1, 5, 2});
  call.output(0, moved.reshaped({n, c, h * block, w * block}));
}

void evalSpaceToDepth(Call &call) {
  const Tensor &x = call.input(0);
  int64_t block = blockOf(call);
  int64_t n = x.dim(0), c = x.dim(1), h = x.dim(2) / block,
          w = x.dim(3) / block;
  if (x.dim(2) % block || x.dim(3) % block)
    throw Error("an image of shape " + shapeText(x.shape()) +
                " does not make blocks of " + std::to_string(block));
  Tensor split = x.reshaped({n, c, h, block, w, block});
  call.output(0, permute(split, {0, 3, 5, 1, 2, 4})
                     .reshaped({n, c * block * block, h, w}));
}

void evalEyeLike(Call &call) {
  const Tensor &x = call.input(0);
  if (x.rank() != 2)
    throw Error("needs a matrix");
  ElementType type = call.resultElement(0).value_or(x.type());
  Tensor out(type, x.shape());
  int64_t rows = x.dim(0), columns = x.dim(1);
  int64_t k = std::clamp<int64_t>(call.integer("k"), -rows, columns);
  dispatch(type, [&](auto tag) {
    using T = decltype(tag);
    for (int64_t i = 0; i < out.count(); ++i)
      out.data<T>()[i] =
          i % columns - i / columns == k ? T(Compute<T>(1)) : T();
  });
  call.output(0, out);
}

void evalCenterCropPad(Call &call) {
  Tensor x = call.input(0);
  llvm::SmallVector<int64_t> sizes = call.input(1).integers(),
                             axes(call.integers("axes"));
  if (!call.has("axes"))
    for (int64_t d = 0; d < x.rank(); ++d)
      axes.push_back(d);
  if (axes.size() != sizes.size())
    throw Error("needs one size an axis");
  for (auto [axis, wanted] : llvm::zip(axes, sizes)) {
    int64_t d = frontAxis(axis, x.rank()), size = x.dim(d);
    if (wanted < 0)
      throw Error("a size is negative");
    if (wanted <= size) {
      x = narrow(x, d, (size - wanted) / 2, wanted);
      continue;
    }
    auto zeros = [&](int64_t count) {
      Shape shape(x.shape());
      shape[d] = count;
      Tensor filler(x.type(), shape);
      std::memset(filler.raw(), 0, size_t(filler.byteCount()));
      return filler;
    };
    int64_t before = (wanted - size) / 2;
    x = concatenate({zeros(before), x, zeros(wanted - size - before)}, d);
  }
  call.output(0, x);
}

void evalReverseSequence(Call &call) {
  const Tensor &x = call.input(0);
  int64_t batch = call.integer("batch_axis"), time = call.integer("time_axis");
  llvm::SmallVector<int64_t> lengths = call.input(1).integers();
  if (batch + time != 1 || batch < 0 || time < 0 || x.rank() < 2 ||
      int64_t(lengths.size()) != x.dim(batch))
    throw Error("needs one length a sequence, axes 0 and 1");
  Tensor out(x.type(), x.shape());
  int64_t inner = elementSize(x.type());
  for (int64_t dim : x.shape().drop_front(2))
    inner *= dim;
  for (int64_t i = 0; i < x.dim(0); ++i)
    for (int64_t j = 0; j < x.dim(1); ++j) {
      int64_t b = batch == 0 ? i : j, t = batch == 0 ? j : i;
      int64_t length = lengths[b];
      if (length < 0 || length > x.dim(time))
        throw Error("a length of " + std::to_string(length) +
                    " is outside the sequence");
      int64_t from = t < length ? length - 1 - t : t;
      int64_t place = batch == 0 ? i * x.dim(1) + from : from * x.dim(1) + j;
      std::memcpy(static_cast<char *>(out.raw()) + (i * x.dim(1) + j) * inner,
                  static_cast<const char *>(x.raw()) + place * inner,
                  size_t(inner));
    }
  call.output(0, out);
}

mlir::Type eyeElement(llvm::ArrayRef<mlir::Type> inputs,
                      mlir::DictionaryAttr attributes, unsigned result) {
  if (mlir::Type type = elementOfAttribute(attributes, "dtype"))
    return type;
  return elementOfFirst(inputs, attributes, result);
}

} // namespace

Rows imageOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "DepthToSpace",
       {1, 11, 13},
       1,
       1,
       1,
       {{"blocksize", Kind::Int}, {"mode", Kind::String, "DCR", 11}},
       elementOfFirst,
       evalDepthToSpace},
      {"",
       "SpaceToDepth",
       {1, 13},
       1,
       1,
       1,
       {{"blocksize", Kind::Int}},
       elementOfFirst,
       evalSpaceToDepth},
      {"",
       "EyeLike",
       {9, 22},
       1,
       1,
       1,
       {{"dtype", Kind::Int}, {"k", Kind::Int, "0"}},
       eyeElement,
       evalEyeLike},
      {"",
       "CenterCropPad",
       {18},
       2,
       2,
       1,
       {{"axes", Kind::Ints}},
       elementOfFirst,
       evalCenterCropPad},
      {"",
       "ReverseSequence",
       {10},
       2,
       2,
       1,
       {{"batch_axis", Kind::Int, "1"}, {"time_axis", Kind::Int, "0"}},
       elementOfFirst,
       evalReverseSequence},
  };
}

} // namespace dalbit::execute
