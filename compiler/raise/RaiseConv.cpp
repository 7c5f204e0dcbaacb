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

/// Columns of the longest window of a convolution in groups, which becomes one
/// product of all of its channels.
constexpr int64_t MostGroupColumns = 1 << 14;

/// A convolution with constant weights [O, C, k...]; those of groups have zeros
/// in between.
struct ConvMatch {
  Value x, result;
  Operation *clip = nullptr; ///< cuts x to a range with 0 in it
  RankedTensorType weightType;
  SmallVector<float> weight;
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

/// Makes the weight of \p groups groups, [O, C / groups, k], one of all
/// channels, [O, C, k]. Empty, or why it is not done.
static std::string joinGroups(ConvMatch &match, int64_t groups,
                              int64_t channels) {
  ArrayRef<int64_t> shape = match.weightType.getShape();
  int64_t outputs = shape[0], own = shape[1], size = shape.back();
  if (groups < 1 || shape.size() != 3 || outputs % groups != 0 ||
      channels % groups != 0 || channels / groups != own)
    return "it has " + std::to_string(groups) +
           " groups; known are groups of a convolution over time";
  if (size * channels > MostGroupColumns)
    return "as one product its " + std::to_string(groups) +
           " groups would take " + std::to_string(size * channels * outputs) +
           " MACs a row, " + std::to_string(groups) + " times their own, and " +
           std::to_string(size * channels) + " columns, of which " +
           std::to_string(MostGroupColumns) + " are possible";
  std::vector<float> all(size_t(outputs * channels * size));
  for (int64_t o = 0; o < outputs; ++o)
    std::copy_n(match.weight.begin() + o * own * size, own * size,
                all.begin() +
                    (o * channels + o / (outputs / groups) * own) * size);
  match.weight.assign(all.begin(), all.end());
  match.weightType = RankedTensorType::get({outputs, channels, size},
                                           match.weightType.getElementType());
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

static std::optional<ConvMatch> matchConv(onnx::NodeOp node,
                                          const SymbolicShapes &shapes) {
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
  if (!weight || !type || !isFloat32(match.x))
    return std::nullopt;
  match.weightType = cast<RankedTensorType>(weight.getType());
  int64_t spatial = match.weightType.getRank() - 2,
          groups = node.getOnnxInt("group").value_or(1);
  if (spatial < 1 || spatial > 2 || type.getRank() != spatial + 2)
    return std::nullopt;
  auto list = [&](StringRef name, int64_t size, int64_t fallback) {
    auto given = node.getOnnxInts(name);
    return given ? SmallVector<int64_t>(*given)
                 : SmallVector<int64_t>(size, fallback);
  };
  StringRef automatic = node.getOnnxString("auto_pad").value_or("NOTSET");
  if (automatic != "NOTSET" && automatic != "VALID")
    return std::nullopt;
  for (int64_t dilation : list("dilations", spatial, 1))
    if (dilation != 1)
      return std::nullopt;
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
  try {
    onnx::readWeight(weight, match.weight);
  } catch (const Error &) {
    return std::nullopt;
  }
  if (groups == 1)
    return match;
  std::string why = joinGroups(match, groups, staticDim(match.x, 1));
  if (why.empty())
    return match;
  node.setWhyAttr(StringAttr::get(node.getContext(), why));
  return std::nullopt;
}

/// Rows times the convolution's weight [K, O], given as element
/// \p source(k, o) of the file's.
static Value makeLinear(OpBuilder &builder, Location loc,
                        const ConvMatch &match, Value rows, int64_t depth,
                        llvm::function_ref<int64_t(int64_t, int64_t)> source,
                        SymbolicShapes &shapes) {
  int64_t outputs = match.weightType.getDimSize(0);
  std::vector<float> weight(static_cast<size_t>(depth * outputs));
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t o = 0; o < outputs; ++o)
      weight[static_cast<size_t>(k * outputs + o)] =
          match.weight[static_cast<size_t>(source(k, o))];
  auto constant = DenseElementsAttr::get(
      RankedTensorType::get({depth, outputs}, builder.getF32Type()),
      ArrayRef<float>(weight));
  Dims dims = *shapes.dims(rows);
  if (match.clip) {
    IRMapping map;
    map.map(match.x, rows);
    Operation *clip = builder.clone(*match.clip, map);
    clip->getResult(0).setType(rows.getType());
    rows = clip->getResult(0);
    shapes.setDims(rows, dims);
  }
  dims.back() = outputs;
  Value bias = match.bias ? makeConstant(builder, loc, match.bias) : Value();
  Value out = builder.create<nn::LinearOp>(
      loc, tensorType(dims, builder.getF32Type()), rows,
      makeConstant(builder, loc, constant), bias);
  shapes.setDims(out, dims);
  return out;
}

/// [B, C, H, W] with kernels as large as their strides: rows of patches.
static void raisePatches(onnx::NodeOp node, const ConvMatch &match,
                         SymbolicShapes &shapes) {
  const Dims dims = *shapes.dims(match.x);
  int64_t channels = match.weightType.getDimSize(1),
          outputs = match.weightType.getDimSize(0);
  int64_t kernel[2] = {match.weightType.getDimSize(2),
                       match.weightType.getDimSize(3)};
  int64_t count[2];
  for (int i : {0, 1}) {
    auto size = dims[2 + i].constant();
    if (!size || match.strides[i] != kernel[i] || match.before[i] ||
        match.after[i] || *size % kernel[i] != 0)
      return;
    count[i] = *size / kernel[i];
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
  Value out = makeLinear(
      builder, loc, match, rows, depth,
      [&](int64_t k, int64_t o) { return o * depth + k; }, shapes);
  out = makeTranspose(builder, out, {0, 2, 1}, shapes);
  out =
      makeReshape(builder, out, {dims[0], outputs, count[0], count[1]}, shapes);
  if (out && out.getType() == match.result.getType())
    Value(match.result).replaceAllUsesWith(out);
}

/// [B, C, T]: rows of windows over time.
static void raiseWindows(onnx::NodeOp node, const ConvMatch &match,
                         SymbolicShapes &shapes) {
  const Dims *result = shapes.dims(node->getResult(0));
  if (!result)
    return;
  int64_t channels = match.weightType.getDimSize(1),
          size = match.weightType.getDimSize(2);
  SymbolicExpr outRows = (*result)[2];
  OpBuilder builder(node);
  Location loc = node.getLoc();
  Value rows = makeTranspose(builder, match.x, {0, 2, 1}, shapes);
  if (size != 1 || match.strides[0] != 1 || match.before[0] || match.after[0]) {
    Dims dims = {(*shapes.dims(rows))[0], outRows, size * channels};
    rows = builder.create<nn::WindowsOp>(
        loc, tensorType(dims, builder.getF32Type()), rows, size,
        match.strides[0], match.before[0], match.after[0]);
    shapes.setDims(rows, dims);
  }
  // Column k * C + c of a window is channel c of its k-th row.
  Value out = makeLinear(
      builder, loc, match, rows, size * channels,
      [&](int64_t k, int64_t o) {
        return (o * channels + k % channels) * size + k / channels;
      },
      shapes);
  out = makeTranspose(builder, out, {0, 2, 1}, shapes);
  if (out.getType() == match.result.getType())
    Value(match.result).replaceAllUsesWith(out);
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
    auto match = matchConv(node, shapes);
    if (!match || !shapes.dims(match->x))
      continue;
    if (match->weightType.getRank() == 4)
      raisePatches(node, *match, shapes);
    else
      raiseWindows(node, *match, shapes);
  }
  eraseDead(function);
}

} // namespace dalbit::raise
