// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that only move elements: reshape, transpose, cut, join, repeat.

#include "compiler/execute/operators/Layout.h"

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

#include <cstring>

namespace dalbit::execute {

Tensor concatenate(llvm::ArrayRef<Tensor> parts, int64_t axis) {
  if (parts.empty())
    throw Error("nothing to join");
  const Tensor &first = parts[0];
  axis = frontAxis(axis, first.rank());
  Shape shape(first.shape());
  shape[axis] = 0;
  for (auto [i, x] : llvm::enumerate(parts)) {
    bool fits = x.rank() == first.rank() && x.type() == first.type();
    for (int64_t d = 0; d < first.rank() && fits; ++d)
      fits = d == axis || x.dim(d) == first.dim(d);
    if (!fits)
      throw Error("input " + std::to_string(i) + " is " +
                  elementName(x.type()) + shapeText(x.shape()) +
                  " and cannot be joined to " + elementName(first.type()) +
                  shapeText(first.shape()) + " along axis " +
                  std::to_string(axis));
    shape[axis] += x.dim(axis);
  }
  Tensor out(first.type(), shape);
  int64_t outer = 1;
  for (int64_t i = 0; i < axis; ++i)
    outer *= shape[i];
  if (out.count() == 0)
    return out;
  int64_t row = out.byteCount() / outer, at = 0;
  char *to = static_cast<char *>(out.raw());
  for (const Tensor &x : parts) {
    int64_t bytes = x.byteCount() / outer;
    for (int64_t r = 0; r < outer && bytes; ++r)
      std::memcpy(to + r * row + at,
                  static_cast<const char *>(x.raw()) + r * bytes, bytes);
    at += bytes;
  }
  return out;
}

Tensor stack(llvm::ArrayRef<Tensor> parts, int64_t axis) {
  if (parts.empty())
    throw Error("nothing to stack");
  axis = frontAxis(axis, parts[0].rank() + 1);
  llvm::SmallVector<Tensor> raised;
  for (const Tensor &part : parts) {
    Shape shape(part.shape());
    if (axis > part.rank())
      throw Error("tensors of different ranks cannot be stacked");
    shape.insert(shape.begin() + axis, 1);
    raised.push_back(part.reshaped(shape));
  }
  return concatenate(raised, axis);
}

Tensor permute(const Tensor &tensor, llvm::ArrayRef<int64_t> order) {
  Shape dense = denseSteps(tensor.shape()), shape, steps;
  for (int64_t from : order) {
    shape.push_back(tensor.dim(from));
    steps.push_back(dense[from]);
  }
  return gatherStrided(tensor, shape, 0, steps);
}

Tensor narrow(const Tensor &tensor, int64_t axis, int64_t start,
              int64_t count) {
  if (axis < 0 || axis >= tensor.rank())
    throw Error("a tensor of shape " + shapeText(tensor.shape()) +
                " has no dimension " + std::to_string(axis));
  if (start < 0 || count < 0 || start > tensor.dim(axis) - count)
    throw Error("a part [" + std::to_string(start) + ", +" +
                std::to_string(count) + ") leaves dimension " +
                std::to_string(axis) + " of shape " +
                shapeText(tensor.shape()));
  Shape steps = denseSteps(tensor.shape()), shape(tensor.shape());
  shape[axis] = count;
  return gatherStrided(tensor, shape, start * steps[axis], steps);
}

Tensor pick(const Tensor &tensor, int64_t axis, int64_t index) {
  Tensor part = narrow(tensor, axis, index, 1);
  Shape shape(part.shape());
  shape.erase(shape.begin() + axis);
  return part.reshaped(shape);
}

Tensor splitHeads(const Tensor &tensor, int64_t heads) {
  if (tensor.rank() != 3 || heads <= 0 || tensor.dim(2) % heads)
    throw Error("shape " + shapeText(tensor.shape()) + " is not made of " +
                std::to_string(heads) + " heads");
  Tensor split = tensor.reshaped(
      {tensor.dim(0), tensor.dim(1), heads, tensor.dim(2) / heads});
  return permute(split, {0, 2, 1, 3});
}

Tensor mergeHeads(const Tensor &tensor) {
  Tensor rows = permute(tensor, {0, 2, 1, 3});
  return rows.reshaped({rows.dim(0), rows.dim(1), rows.dim(2) * rows.dim(3)});
}

namespace {

void evalReshape(Call &call) {
  const Tensor &x = call.input(0);
  llvm::SmallVector<int64_t> wanted = call.input(1).integers();
  bool allowZero = call.integer("allowzero") != 0;
  Shape shape;
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < wanted.size(); ++i) {
    int64_t dim = wanted[i];
    if (dim == 0 && !allowZero) {
      if (int64_t(i) >= x.rank())
        throw Error("shape entry " + std::to_string(i) +
                    " is 0 (copy) but the input has rank " +
                    std::to_string(x.rank()));
      dim = x.dim(i);
    }
    if (dim < -1 || (dim == -1 && open >= 0))
      throw Error("shape " + shapeText(wanted) + " is not valid");
    if (dim == -1)
      open = int64_t(i);
    else if (__builtin_mul_overflow(known, dim, &known))
      throw Error("shape " + shapeText(wanted) + " is too large");
    shape.push_back(dim);
  }
  if (open >= 0) {
    if (known == 0 || x.count() % known != 0)
      throw Error("shape " + shapeText(x.shape()) + " cannot be reshaped to " +
                  shapeText(wanted));
    shape[open] = x.count() / known;
  } else if (known != x.count()) {
    throw Error("shape " + shapeText(x.shape()) + " cannot be reshaped to " +
                shapeText(wanted));
  }
  call.output(0, x.reshaped(shape));
}

void evalTranspose(Call &call) {
  const Tensor &x = call.input(0);
  llvm::SmallVector<int64_t> order(call.integers("perm"));
  if (!call.has("perm"))
    for (int64_t i = x.rank(); i-- > 0;)
      order.push_back(i);
  Shape steps = denseSteps(x.shape()), shape, picked;
  llvm::SmallVector<bool> seen(x.rank(), false);
  for (int64_t from : order) {
    if (from < 0 || from >= x.rank() || seen[from] ||
        int64_t(order.size()) != x.rank())
      throw Error("perm " + shapeText(order) + " is no permutation of rank " +
                  std::to_string(x.rank()));
    seen[from] = true;
    shape.push_back(x.dim(from));
    picked.push_back(steps[from]);
  }
  call.output(0, gatherStrided(x, shape, 0, picked));
}

void evalSqueeze(Call &call) {
  const Tensor &x = call.input(0);
  llvm::SmallVector<bool> drop(x.rank(), false);
  if (auto axes = call.list("axes", 1)) {
    for (int64_t axis : *axes) {
      axis = frontAxis(axis, x.rank());
      if (x.dim(axis) != 1)
        throw Error("dimension " + std::to_string(axis) + " of shape " +
                    shapeText(x.shape()) + " is not 1");
      drop[axis] = true;
    }
  } else {
    for (int64_t i = 0; i < x.rank(); ++i)
      drop[i] = x.dim(i) == 1;
  }
  Shape shape;
  for (int64_t i = 0; i < x.rank(); ++i)
    if (!drop[i])
      shape.push_back(x.dim(i));
  call.output(0, x.reshaped(shape));
}

void evalUnsqueeze(Call &call) {
  const Tensor &x = call.input(0);
  auto axes = call.list("axes", 1);
  if (!axes)
    throw Error("needs axes");
  int64_t rank = x.rank() + int64_t(axes->size());
  llvm::SmallVector<bool> fresh(rank, false);
  for (int64_t axis : *axes) {
    axis = frontAxis(axis, rank);
    if (fresh[axis])
      throw Error("axes " + shapeText(*axes) + " name a dimension twice");
    fresh[axis] = true;
  }
  Shape shape;
  int64_t next = 0;
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(fresh[i] ? 1 : x.dim(next++));
  call.output(0, x.reshaped(shape));
}

void evalFlatten(Call &call) {
  const Tensor &x = call.input(0);
  int64_t axis = call.integer("axis");
  if (axis != x.rank())
    axis = frontAxis(axis, x.rank());
  int64_t rows = 1, columns = 1;
  for (int64_t i = 0; i < x.rank(); ++i)
    (i < axis ? rows : columns) *= x.dim(i);
  call.output(0, x.reshaped({rows, columns}));
}

void evalConcat(Call &call) {
  llvm::SmallVector<Tensor> parts;
  for (unsigned i = 0; i < call.inputCount(); ++i)
    parts.push_back(call.input(i));
  call.output(0, concatenate(parts, call.integer("axis")));
}

void evalSlice(Call &call) {
  const Tensor &x = call.input(0);
  llvm::SmallVector<int64_t> starts = call.input(1).integers();
  llvm::SmallVector<int64_t> ends = call.input(2).integers();
  llvm::SmallVector<int64_t> axes, strides;
  if (const Tensor *given = call.optional(3))
    axes = given->integers();
  else
    for (size_t i = 0; i < starts.size(); ++i)
      axes.push_back(int64_t(i));
  if (const Tensor *given = call.optional(4))
    strides = given->integers();
  else
    strides.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      strides.size() != starts.size())
    throw Error("starts, ends, axes and steps differ in length");
  Shape shape(x.shape()), steps = denseSteps(x.shape());
  int64_t from = 0;
  llvm::SmallVector<bool> seen(x.rank(), false);
  for (size_t i = 0; i < starts.size(); ++i) {
    int64_t axis = frontAxis(axes[i], x.rank()), step = strides[i];
    if (step == 0 || seen[axis])
      throw Error(step == 0 ? "a step is 0" : "an axis is named twice");
    seen[axis] = true;
    int64_t size = x.dim(axis), start = starts[i], end = ends[i];
    // The standard: negative counts from the end, then clamp to what the
    // direction can reach. Additions cannot overflow: the sign differs.
    start = start < 0 ? start + size : start;
    end = end < 0 ? end + size : end;
    int64_t count;
    if (step > 0) {
      start = std::clamp<int64_t>(start, 0, size);
      end = std::clamp<int64_t>(end, 0, size);
      count = end > start ? (end - start - 1) / step + 1 : 0;
    } else {
      start =
          std::clamp<int64_t>(start, std::min<int64_t>(0, size - 1), size - 1);
      end = std::clamp<int64_t>(end, -1, size - 1);
      // Not (-step): the most negative number has no opposite.
      count = start > end ? (end - start + 1) / step + 1 : 0;
    }
    shape[axis] = count;
    if (count == 0)
      continue;
    from += start * steps[axis];
    steps[axis] = count > 1 ? steps[axis] * step : 0;
  }
  for (int64_t dim : shape)
    if (dim == 0)
      from = 0;
  call.output(0, gatherStrided(x, shape, from, steps));
}

void evalSplit(Call &call) {
  const Tensor &x = call.input(0);
  int64_t axis = frontAxis(call.integer("axis"), x.rank());
  int64_t size = x.dim(axis), parts = call.outputCount();
  llvm::SmallVector<int64_t> sizes;
  if (auto given = call.list("split", 1)) {
    sizes = *given;
  } else {
    if (call.has("num_outputs") && call.integer("num_outputs") != parts)
      throw Error("num_outputs is not the number of outputs");
    // From version 18 the last part may be smaller.
    int64_t each = (size + parts - 1) / parts;
    for (int64_t i = 0, left = size; i < parts; ++i, left -= sizes.back())
      sizes.push_back(std::min(each, left));
  }
  int64_t total = 0;
  for (int64_t part : sizes)
    total += part < 0 ? size + 1 : part;
  if (total != size || int64_t(sizes.size()) != parts)
    throw Error("sizes " + shapeText(sizes) + " do not split a dimension of " +
                std::to_string(size) + " into " + std::to_string(parts) +
                " parts");
  Shape steps = denseSteps(x.shape()), shape(x.shape());
  int64_t from = 0;
  for (int64_t i = 0; i < parts; ++i) {
    shape[axis] = sizes[i];
    call.output(unsigned(i), gatherStrided(x, shape, from, steps));
    from += sizes[i] * steps[axis];
  }
}

void evalExpand(Call &call) {
  const Tensor &x = call.input(0);
  llvm::SmallVector<int64_t> wanted = call.input(1).integers();
  call.output(0, broadcastTo(x, broadcastShape({x.shape(), wanted})));
}

void evalTile(Call &call) {
  const Tensor &x = call.input(0);
  llvm::SmallVector<int64_t> repeats = call.input(1).integers();
  if (int64_t(repeats.size()) != x.rank())
    throw Error("needs one repeat per dimension");
  // Each dimension as (repeat, size) of a strided view.
  Shape shape, viewShape, steps, dense = denseSteps(x.shape());
  for (int64_t i = 0; i < x.rank(); ++i) {
    int64_t size;
    if (repeats[i] < 0 || __builtin_mul_overflow(x.dim(i), repeats[i], &size))
      throw Error("repeats " + shapeText(repeats) + " are not valid");
    shape.push_back(size);
    viewShape.append({repeats[i], x.dim(i)});
    steps.append({0, dense[i]});
  }
  call.output(0, gatherStrided(x, viewShape, 0, steps).reshaped(shape));
}

void evalTrilu(Call &call) {
  const Tensor &x = call.input(0);
  const Tensor *diagonal = call.optional(1);
  int64_t k = diagonal && diagonal->count() ? diagonal->integers()[0] : 0;
  bool upper = call.integer("upper") != 0;
  if (x.rank() < 2)
    throw Error("needs a matrix, found rank " + std::to_string(x.rank()));
  int64_t rows = x.dim(x.rank() - 2), columns = x.dim(x.rank() - 1);
  // Beyond the matrix all values of k mean the same.
  k = std::clamp<int64_t>(k, -rows - 1, columns + 1);
  Tensor out(x.type(), x.shape());
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    const T *from = x.data<T>();
    T *to = out.data<T>();
    int64_t matrix = rows * columns;
    for (int64_t i = 0, n = x.count(); i < n; ++i) {
      int64_t row = i % matrix / columns, column = i % columns;
      bool keep = upper ? column - row >= k : column - row <= k;
      to[i] = keep ? from[i] : T();
    }
  });
  call.output(0, out);
}

/// Where element \p i of a padded dimension comes from; -1 for the constant.
int64_t paddedFrom(int64_t i, int64_t size, const std::string &mode) {
  if (i >= 0 && i < size)
    return i;
  if (mode == "edge")
    return i < 0 ? 0 : size - 1;
  if (mode == "wrap")
    return ((i % size) + size) % size;
  if (mode != "reflect")
    return -1;
  if (size == 1)
    return 0;
  int64_t period = 2 * (size - 1);
  int64_t at = ((i % period) + period) % period;
  return at < size ? at : period - at;
}

void evalPad(Call &call) {
  const Tensor &x = call.input(0);
  std::string mode = call.text("mode");
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      mode != "wrap")
    throw Error("attribute mode=\"" + mode + "\" is not known");
  llvm::SmallVector<int64_t> pads = call.input(1).integers(), axes;
  if (const Tensor *given = call.optional(3))
    axes = given->integers();
  else
    for (int64_t i = 0; i < x.rank(); ++i)
      axes.push_back(i);
  if (pads.size() != 2 * axes.size())
    throw Error("needs two pads per axis");
  Shape shape(x.shape()), before(x.rank(), 0), dense = denseSteps(x.shape());
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = frontAxis(axes[i], x.rank()), grown;
    if (__builtin_add_overflow(pads[i], pads[axes.size() + i], &grown) ||
        __builtin_add_overflow(grown, x.dim(axis), &grown) || grown < 0)
      throw Error("pads " + shapeText(pads) + " are not valid");
    before[axis] = pads[i];
    shape[axis] = grown;
    if (x.dim(axis) == 0 && grown > 0 && mode != "constant")
      throw Error("an empty dimension can only be padded with a constant");
  }
  Tensor out(x.type(), shape);
  // Per dimension the source index of every position, so that the loop over
  // elements only adds.
  llvm::SmallVector<llvm::SmallVector<int64_t>> sources(x.rank());
  for (int64_t d = 0; d < x.rank(); ++d)
    for (int64_t i = 0; i < shape[d]; ++i)
      sources[d].push_back(paddedFrom(i - before[d], x.dim(d), mode));
  const Tensor *fill = call.optional(2);
  if (fill && fill->count() && fill->type() != x.type())
    throw Error("the value to pad with has another type than the input");
  dispatch(x.type(), [&](auto tag) {
    using T = decltype(tag);
    T value = fill && fill->count() ? *fill->data<T>() : T();
    Shape index(x.rank(), 0);
    for (int64_t i = 0, n = out.count(); i < n; ++i) {
      int64_t at = 0;
      bool inside = true;
      for (int64_t d = 0; d < x.rank(); ++d) {
        int64_t from = sources[d][index[d]];
        inside &= from >= 0;
        at += from * dense[d];
      }
      out.data<T>()[i] = inside ? x.data<T>()[at] : value;
      for (int64_t d = x.rank(); d-- > 0 && ++index[d] == shape[d];)
        index[d] = 0;
    }
  });
  call.output(0, out);
}

} // namespace

Rows layoutOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "Reshape",
       {5, 13, 14, 19, 21, 23, 24, 25},
       2,
       2,
       1,
       {{"allowzero", Kind::Int, "0", 14}},
       elementOfFirst,
       evalReshape},
      {"",
       "Transpose",
       {1, 13, 21, 23, 24, 25},
       1,
       1,
       1,
       {{"perm", Kind::Ints}},
       elementOfFirst,
       evalTranspose},
      {"",
       "Squeeze",
       {1, 11, 13, 21, 23, 24, 25},
       1,
       2,
       1,
       {{"axes", Kind::Ints, nullptr, 1, 12}},
       elementOfFirst,
       evalSqueeze},
      {"",
       "Unsqueeze",
       {1, 11, 13, 21, 23, 24, 25},
       1,
       2,
       1,
       {{"axes", Kind::Ints, nullptr, 1, 12}},
       elementOfFirst,
       evalUnsqueeze},
      {"",
       "Flatten",
       {1, 9, 11, 13, 21, 23, 24, 25},
       1,
       1,
       1,
       {{"axis", Kind::Int, "1"}},
       elementOfFirst,
       evalFlatten},
      {"",
       "Concat",
       {4, 11, 13},
       1,
       anyNumber,
       1,
       {{"axis", Kind::Int}},
       elementOfFirst,
       evalConcat},
      {"",
       "Slice",
       {1, 10, 11, 13},
       1,
       5,
       1,
       {{"axes", Kind::Ints, nullptr, 1, 9},
        {"starts", Kind::Ints, nullptr, 1, 9},
        {"ends", Kind::Ints, nullptr, 1, 9}},
       elementOfFirst,
       evalSlice},
      {"",
       "Split",
       {2, 11, 13, 18},
       1,
       2,
       anyNumber,
       {{"axis", Kind::Int, "0"},
        {"split", Kind::Ints, nullptr, 1, 12},
        {"num_outputs", Kind::Int, nullptr, 18}},
       elementOfFirst,
       evalSplit},
      {"", "Expand", {8, 13}, 2, 2, 1, {}, elementOfFirst, evalExpand},
      {"", "Tile", {6, 13}, 2, 2, 1, {}, elementOfFirst, evalTile},
      {"",
       "Trilu",
       {14},
       1,
       2,
       1,
       {{"upper", Kind::Int, "1"}},
       elementOfFirst,
       evalTrilu},
      {"",
       "Pad",
       {2, 11, 13, 18, 19, 21, 23, 24, 25},
       1,
       4,
       1,
       {{"mode", Kind::String, "constant"},
        {"pads", Kind::Ints, nullptr, 1, 10},
        {"value", Kind::Float, "0", 1, 10}},
       elementOfFirst,
       evalPad},
  };
}

} // namespace dalbit::execute
