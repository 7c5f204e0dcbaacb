// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions of transformers' stems: patches of an image (kernel = stride)
// and windows over time, as linear layers on rows that are cut so.

#include "compiler/raise/Passes.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/Moves.h"
#include "support/Error.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dalbit::raise {

#define GEN_PASS_DEF_RAISECONV
#include "compiler/raise/Passes.h.inc"

namespace {

/// Columns of the longest window of a convolution in groups that becomes one
/// product of all channels, and of each part where it is cut: what fits the
/// scratchpad of `nano` with the rows around it.
constexpr int64_t MostGroupColumns = 12 << 10;

/// Each part moves columns in and out, over all channels: more of them save no
/// products.
constexpr int64_t MostParts = 16;

/// A convolution with constant weights [O, C / parts, k...]; those of groups
/// have zeros in between.
struct ConvMatch {
  Value x, result;
  Operation *clip = nullptr; ///< cuts x to a range with 0 in it
  RankedTensorType weightType;
  SmallVector<float> weight;
  int64_t parts = 1; ///< of channels, each with its own windows
  TypedAttr bias;
  SmallVector<int64_t> strides, before, after;
};

class RaiseConvPass : public impl::RaiseConvBase<RaiseConvPass> {
public:
  void runOnOperation() override;
};

} // namespace

/// \p value as a number for each of \p channels channels that stand before \p
/// spatial dimensions; null if it is anything else.
static TypedAttr channelBias(Value value, int64_t channels, int64_t spatial) {
  TypedAttr constant = constantOf(value);
  RankedTensorType type = rankedType(value);
  if (!constant || !type || type.getRank() < spatial + 1 ||
      type.getRank() > spatial + 2 || type.getNumElements() != channels ||
      type.getDimSize(type.getRank() - spatial - 1) != channels)
    return {};
  return vectorConstant(constant);
}

/// Joins groups, [O, C / groups, k], to as few parts as can be, each one
/// product of its channels, [O, C / parts, k]. Empty, or why it is not done.
static std::string joinGroups(ConvMatch &match, int64_t groups,
                              int64_t channels) {
  ArrayRef<int64_t> shape = match.weightType.getShape();
  int64_t outputs = shape[0], own = shape[1], size = shape.back();
  std::string has = "it has " + std::to_string(groups) + " groups";
  if (shape.size() != 3)
    return has + "; known are groups of a convolution over time";
  if (channels < 0)
    return has + ", and its number of channels is open";
  if (groups < 1 || outputs % groups != 0 || channels % groups != 0 ||
      channels / groups != own)
    return has + " of " + std::to_string(own) + " channels for " +
           std::to_string(channels) + " channels in, " +
           std::to_string(outputs) + " out";
  // One product where it can be; else as many as pay, as zeros cost MACs.
  int64_t parts = 1;
  if (size * channels > MostGroupColumns)
    for (parts = std::min(groups, MostParts); groups % parts != 0;)
      --parts;
  int64_t wide = channels / parts;
  if (size * wide > MostGroupColumns)
    return has + "; its windows have " + std::to_string(size * channels) +
           " columns, in " + std::to_string(parts) +
           (parts == 1 ? " part " : " parts ") + std::to_string(size * wide) +
           " each, of which " + std::to_string(MostGroupColumns) +
           " are possible";
  std::vector<float> all(size_t(outputs * wide * size));
  for (int64_t o = 0; o < outputs; ++o)
    std::copy_n(match.weight.begin() + o * own * size, own * size,
                all.begin() +
                    (o * wide + o / (outputs / groups) * own % wide) * size);
  match.weight.assign(all.begin(), all.end());
  match.weightType = RankedTensorType::get({outputs, wide, size},
                                           match.weightType.getElementType());
  match.parts = parts;
  return "";
}

/// The Clip that makes \p value, if zeros that are put around it pass it.
static onnx::NodeOp clipOf(Value value) {
  onnx::NodeOp node = nodeOf(value, "Clip");
  if (!node || !hasInput(node, 1) || !hasInput(node, 2))
    return {};
  auto low = scalarOf(node.getInputs()[1]),
       high = scalarOf(node.getInputs()[2]);
  return low && high && *low <= 0 && *high >= 0 ? node : onnx::NodeOp();
}

/// Takes a Slice that keeps a stretch of the windows (the last one of an even
/// kernel goes, so that there are as many as before) as windows that are put
/// elsewhere. Whether there was one.
static bool takeSlice(ConvMatch &match, const SymbolicShapes &shapes) {
  auto slice = nodeOf(shapes.soleReader(match.result), "Slice");
  const Dims *dims = shapes.dims(match.result);
  if (!slice || slice.getInputs()[0] != match.result || !dims ||
      dims->size() != 3 || !hasInput(slice, 1) || !hasInput(slice, 2) ||
      !hasInput(slice, 3))
    return false;
  const Contents *starts = shapes.contents(slice.getInputs()[1]),
                 *ends = shapes.contents(slice.getInputs()[2]);
  auto axes = integersOf(slice.getInputs()[3]),
       steps = hasInput(slice, 4) ? integersOf(slice.getInputs()[4])
                                  : std::optional(SmallVector<int64_t>{1});
  if (!starts || !ends || starts->elements.size() != 1 ||
      ends->elements.size() != 1 || !axes || axes->size() != 1 ||
      normaliseAxis(axes->front(), 3) != 2 || !steps || steps->size() != 1 ||
      steps->front() != 1)
    return false;
  SymbolicExpr size = (*dims)[2];
  auto range = sliceRange(starts->elements[0], ends->elements[0], 1, size);
  if (!range)
    return false;
  auto first = range->start.constant(),
       last = (size - range->start - range->count).constant();
  if (!first || !last || *first < 0 || *last < 0)
    return false;
  int64_t before = match.before[0] - *first * match.strides[0],
          after = match.after[0] - *last * match.strides[0];
  if (before < 0 || after < 0)
    return false;
  match.before[0] = before;
  match.after[0] = after;
  match.result = slice->getResult(0);
  return true;
}

/// Zeros around each dimension as `auto_pad` wants them, as many windows as
/// strides. False if they depend on a size that is open.
static bool padAlike(ConvMatch &match, const SymbolicShapes &shapes,
                     bool moreAfter) {
  const Dims *dims = shapes.dims(match.x);
  for (auto [i, stride] : llvm::enumerate(match.strides)) {
    int64_t kernel = match.weightType.getDimSize(2 + i), rest = stride;
    if (stride != 1) {
      auto size = dims ? (*dims)[2 + i].constant() : std::nullopt;
      if (!size)
        return false;
      rest = *size % stride == 0 ? stride : *size % stride;
    }
    int64_t zeros = std::max<int64_t>(kernel - rest, 0);
    match.before[i] = moreAfter ? zeros / 2 : zeros - zeros / 2;
    match.after[i] = zeros - match.before[i];
  }
  return true;
}

/// The convolution of \p node, or none and, where there is something to say,
/// \p why.
static std::optional<ConvMatch>
matchConv(onnx::NodeOp node, const SymbolicShapes &shapes, std::string &why) {
  ConvMatch match;
  match.x = node.getInputs()[0];
  // An image is no rows yet; they are cut to the range once they are.
  if (onnx::NodeOp clip = clipOf(match.x)) {
    match.clip = clip;
    match.x = clip.getInputs()[0];
  }
  match.result = node->getResult(0);
  TypedAttr weight = constantOf(node.getInputs()[1]);
  weight = weight ? floatConstant(weight) : weight;
  RankedTensorType type = rankedType(match.x);
  if (!weight || !type || !isFloat32(match.x)) {
    if (!weight)
      why = "its weights are no constant";
    return std::nullopt;
  }
  match.weightType = cast<RankedTensorType>(weight.getType());
  int64_t spatial = match.weightType.getRank() - 2,
          groups = node.getOnnxInt("group").value_or(1);
  if (spatial < 1 || spatial > 2 || type.getRank() != spatial + 2) {
    why = "known are convolutions over time and patches of images";
    return std::nullopt;
  }
  auto list = [&](StringRef name, int64_t size, int64_t fallback) {
    auto given = node.getOnnxInts(name);
    return given ? SmallVector<int64_t>(*given)
                 : SmallVector<int64_t>(size, fallback);
  };
  for (int64_t dilation : list("dilations", spatial, 1))
    if (dilation != 1) {
      why = "its kernel has holes (dilations)";
      return std::nullopt;
    }
  match.strides = list("strides", spatial, 1);
  SmallVector<int64_t> pads = list("pads", 2 * spatial, 0);
  // Lists of another length, sizes that are none: the file breaks the standard.
  if (int64_t(match.strides.size()) != spatial ||
      int64_t(pads.size()) != 2 * spatial ||
      llvm::any_of(match.strides, [](int64_t s) { return s <= 0; }) ||
      llvm::is_contained(match.weightType.getShape(), 0) ||
      (groups == 1 && staticDim(match.x, 1) != match.weightType.getDimSize(1)))
    return std::nullopt;
  match.before.assign(pads.begin(), pads.begin() + spatial);
  match.after.assign(pads.begin() + spatial, pads.end());
  StringRef automatic = node.getOnnxString("auto_pad").value_or("NOTSET");
  if (automatic == "VALID")
    match.before.assign(spatial, 0), match.after.assign(spatial, 0);
  else if (automatic.starts_with("SAME") &&
           !padAlike(match, shapes, automatic == "SAME_UPPER")) {
    why = "its padding (auto_pad) depends on sizes that are open; fix them "
          "with --shape";
    return std::nullopt;
  }
  if (hasInput(node, 2)) {
    match.bias = constantOf(node.getInputs()[2]);
    match.bias = match.bias ? vectorConstant(match.bias) : match.bias;
    if (!match.bias)
      return std::nullopt;
  } else if (auto add = nodeOf(shapes.soleReader(match.result), "Add")) {
    // Convolutions on integers have their bias behind them.
    Value other = add.getInputs()[add.getInputs()[0] == match.result ? 1 : 0];
    match.bias = channelBias(other, match.weightType.getDimSize(0), spatial);
    if (match.bias)
      match.result = add->getResult(0);
  }
  if (match.bias && cast<ShapedType>(match.bias.getType()).getNumElements() !=
                        match.weightType.getDimSize(0))
    return std::nullopt;
  while (spatial == 1 && takeSlice(match, shapes)) {
  }
  try {
    onnx::readWeight(weight, match.weight);
  } catch (const Error &) {
    return std::nullopt;
  }
  if (groups == 1)
    return match;
  why = joinGroups(match, groups, staticDim(match.x, 1));
  return why.empty() ? std::optional(match) : std::nullopt;
}

/// Rows times a weight [K, N] whose elements are \p element(k, n).
static Value makeProduct(OpBuilder &builder, Location loc, Value rows,
                         int64_t depth, int64_t outputs,
                         llvm::function_ref<float(int64_t, int64_t)> element,
                         Value bias, SymbolicShapes &shapes) {
  std::vector<float> weight(static_cast<size_t>(depth * outputs));
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t o = 0; o < outputs; ++o)
      weight[static_cast<size_t>(k * outputs + o)] = element(k, o);
  auto constant = DenseElementsAttr::get(
      RankedTensorType::get({depth, outputs}, builder.getF32Type()),
      ArrayRef<float>(weight));
  Dims dims = *shapes.dims(rows);
  dims.back() = outputs;
  Value out = builder.create<nn::LinearOp>(
      loc, tensorType(dims, builder.getF32Type()), rows,
      makeConstant(builder, loc, constant), bias);
  shapes.setDims(out, dims);
  return out;
}

/// \p rows cut as the convolution's input is, if it is.
static Value cut(OpBuilder &builder, const ConvMatch &match, Value rows,
                 SymbolicShapes &shapes) {
  if (!match.clip)
    return rows;
  Dims dims = *shapes.dims(rows);
  IRMapping map;
  map.map(match.x, rows);
  Value out = builder.clone(*match.clip, map)->getResult(0);
  out.setType(rows.getType());
  shapes.setDims(out, dims);
  return out;
}

/// [B, C, H, W] with kernels as large as their strides: rows of patches. Why it
/// is not done, or empty.
static std::string raisePatches(onnx::NodeOp node, const ConvMatch &match,
                                SymbolicShapes &shapes) {
  const Dims dims = *shapes.dims(match.x);
  int64_t channels = match.weightType.getDimSize(1),
          outputs = match.weightType.getDimSize(0);
  int64_t kernel[2] = {match.weightType.getDimSize(2),
                       match.weightType.getDimSize(3)};
  int64_t count[2];
  for (int i : {0, 1}) {
    auto size = dims[2 + i].constant();
    if (match.strides[i] != kernel[i] || match.before[i] || match.after[i])
      return "known are patches of images: kernels as large as their strides, "
             "without padding";
    if (!size)
      return "the size of the image is open; fix it with --shape";
    if (*size < kernel[i])
      return "the image is smaller than its kernel";
    count[i] = *size / kernel[i];
    if (*size % kernel[i] != 0)
      return "the image is no whole number of patches: " +
             std::to_string(*size) + " by " + std::to_string(kernel[i]);
  }
  OpBuilder builder(node);
  Location loc = node.getLoc();
  int64_t depth = channels * kernel[0] * kernel[1];
  Dims rowDims = {dims[0], count[0] * count[1], depth};
  Value rows = builder.create<nn::RearrangeOp>(
      loc, tensorType(rowDims, builder.getF32Type()), match.x,
      ArrayRef<int64_t>{-1, channels, count[0], kernel[0], count[1], kernel[1]},
      ArrayRef<int64_t>{0, 2, 4, 1, 3, 5});
  shapes.setDims(rows, rowDims);
  Value bias = match.bias ? makeConstant(builder, loc, match.bias) : Value();
  Value out = makeProduct(
      builder, loc, cut(builder, match, rows, shapes), depth, outputs,
      [&](int64_t k, int64_t o) {
        return match.weight[static_cast<size_t>(o * depth + k)];
      },
      bias, shapes);
  out = makeTranspose(builder, out, {0, 2, 1}, shapes);
  out =
      makeReshape(builder, out, {dims[0], outputs, count[0], count[1]}, shapes);
  if (out && out.getType() == match.result.getType())
    Value(match.result).replaceAllUsesWith(out);
  return "";
}

/// Rows of windows over time of \p rows, times the weights of \p count outputs
/// from \p first.
static Value makeWindows(OpBuilder &builder, Location loc,
                         const ConvMatch &match, Value rows, int64_t first,
                         int64_t count, SymbolicShapes &shapes) {
  int64_t channels = match.weightType.getDimSize(1),
          size = match.weightType.getDimSize(2);
  if (size != 1 || match.strides[0] != 1 || match.before[0] || match.after[0]) {
    Dims dims = {(*shapes.dims(rows))[0], (*shapes.dims(match.result))[2],
                 size * channels};
    rows = builder.create<nn::WindowsOp>(
        loc, tensorType(dims, builder.getF32Type()), rows, size,
        match.strides[0], match.before[0], match.after[0]);
    shapes.setDims(rows, dims);
  }
  rows = cut(builder, match, rows, shapes);
  Value bias;
  if (match.bias)
    bias =
        makeConstant(builder, loc, sliceConstant(match.bias, 0, first, count));
  // Column k * C + c of a window is channel c of its k-th row.
  return makeProduct(
      builder, loc, rows, size * channels, count,
      [&](int64_t k, int64_t o) {
        return match.weight[static_cast<size_t>(
            ((first + o) * channels + k % channels) * size + k / channels)];
      },
      bias, shapes);
}

/// [B, C, T]: rows of windows over time. Where they are cut in parts, each has
/// windows of its own channels only: windows of all would be as many times as
/// long, and their products mostly zeros. The parts' columns are moved to and
/// from their places by products with ones, whose rows have 16 bits. Why it is
/// not done, or empty.
static std::string raiseWindows(onnx::NodeOp node, const ConvMatch &match,
                                SymbolicShapes &shapes) {
  if (!shapes.dims(match.result))
    return "the number of its windows is open; fix the sizes of the inputs "
           "with --shape";
  OpBuilder builder(node);
  Location loc = node.getLoc();
  Value rows = makeTranspose(builder, match.x, {0, 2, 1}, shapes), out;
  int64_t wide = match.weightType.getDimSize(1),
          outputs = match.weightType.getDimSize(0),
          count = outputs / match.parts;
  for (int64_t part = 0; part < match.parts; ++part) {
    Value own = rows;
    if (match.parts > 1)
      own = makeColumns(
          builder, loc, rows, wide, [&](int64_t n) { return part * wide + n; },
          shapes);
    Value made =
        makeWindows(builder, loc, match, own, part * count, count, shapes);
    if (match.parts > 1)
      made = makeColumns(
          builder, loc, made, outputs,
          [&](int64_t n) { return n / count == part ? n % count : -1; },
          shapes);
    if (!out) {
      out = made;
      continue;
    }
    out = builder.create<nn::AddOp>(loc, made.getType(), out, made);
    shapes.setDims(out, *shapes.dims(made));
  }
  out = makeTranspose(builder, out, {0, 2, 1}, shapes);
  if (out.getType() == match.result.getType())
    Value(match.result).replaceAllUsesWith(out);
  return "";
}

void RaiseConvPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isDeclaration())
    return;
  SymbolicShapes shapes(function);
  SmallVector<onnx::NodeOp> nodes(function.getOps<onnx::NodeOp>());
  for (onnx::NodeOp node : nodes) {
    if (!node.isOnnx("Conv"))
      continue;
    std::string why;
    auto match = matchConv(node, shapes, why);
    if (match && !shapes.dims(match->x))
      why = "the sizes of its input are open; fix them with --shape";
    else if (match)
      why = match->weightType.getRank() == 4
                ? raisePatches(node, *match, shapes)
                : raiseWindows(node, *match, shapes);
    if (!why.empty())
      node.setWhyAttr(StringAttr::get(&getContext(), why));
  }
  eraseDead(function);
}

} // namespace dalbit::raise
