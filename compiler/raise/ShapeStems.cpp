// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes of what stands at a model's two ends: convolutions, padding, arg-maxima
// and the tokens they pick. Source: the standard's operator pages.

#include "compiler/raise/Graph.h"
#include "compiler/raise/SymbolicShapes.h"

using namespace mlir;

namespace dalbit::raise {

static const Dims *inputDims(onnx::NodeOp node, const SymbolicShapes &shapes,
                             unsigned index) {
  return hasInput(node, index) ? shapes.dims(node.getInputs()[index]) : nullptr;
}

static std::optional<Dims> convDims(onnx::NodeOp node,
                                    const SymbolicShapes &shapes) {
  const Dims *x = inputDims(node, shapes, 0), *w = inputDims(node, shapes, 1);
  if (!x || !w || x->size() < 3 || w->size() != x->size())
    return std::nullopt;
  StringRef automatic = node.getOnnxString("auto_pad").value_or("NOTSET");
  bool isSame = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  if (!isSame && automatic != "NOTSET" && automatic != "VALID")
    return std::nullopt;
  size_t spatial = x->size() - 2;
  auto strides = node.getOnnxInts("strides"), pads = node.getOnnxInts("pads"),
       dilations = node.getOnnxInts("dilations");
  if ((strides && strides->size() != spatial) ||
      (dilations && dilations->size() != spatial) ||
      (pads && pads->size() != 2 * spatial))
    return std::nullopt;
  Dims dims = {(*x)[0], (*w)[0]};
  for (size_t i = 0; i < spatial; ++i) {
    auto kernel = (*w)[2 + i].constant();
    int64_t stride = strides ? (*strides)[i] : 1;
    if (!kernel || stride <= 0)
      return std::nullopt;
    // As many windows as strides, the last one cut.
    if (isSame) {
      auto size = (*x)[2 + i].constant();
      if (!size && stride != 1)
        return std::nullopt;
      dims.push_back(size ? SymbolicExpr((*size + stride - 1) / stride)
                          : (*x)[2 + i]);
      continue;
    }
    int64_t added = pads ? (*pads)[i] + (*pads)[spatial + i] : 0;
    SymbolicExpr reach =
        (*x)[2 + i] + SymbolicExpr(added) -
        SymbolicExpr((dilations ? (*dilations)[i] : 1) * (*kernel - 1)) -
        SymbolicExpr(1);
    auto number = reach.constant();
    if (number && *number >= 0)
      dims.push_back(*number / stride + 1);
    else if (stride == 1 && !number)
      dims.push_back(reach + SymbolicExpr(1));
    else
      return std::nullopt;
  }
  return dims;
}

static std::optional<Dims> padDims(onnx::NodeOp node,
                                   const SymbolicShapes &shapes) {
  const Dims *x = inputDims(node, shapes, 0);
  const Contents *pads =
      hasInput(node, 1) ? shapes.contents(node.getInputs()[1]) : nullptr;
  if (!x || !pads || hasInput(node, 3) ||
      pads->elements.size() != 2 * x->size())
    return std::nullopt;
  Dims dims = *x;
  for (size_t i = 0; i < dims.size(); ++i)
    dims[i] = dims[i] + pads->elements[i] + pads->elements[dims.size() + i];
  return dims;
}

static std::optional<Dims> gatherNDDims(onnx::NodeOp node,
                                        const SymbolicShapes &shapes) {
  const Dims *x = inputDims(node, shapes, 0), *at = inputDims(node, shapes, 1);
  if (!x || !at || at->empty())
    return std::nullopt;
  auto depth = at->back().constant();
  int64_t batch = node.getOnnxInt("batch_dims").value_or(0);
  if (!depth || *depth < 0 || batch < 0 ||
      batch + *depth > static_cast<int64_t>(x->size()))
    return std::nullopt;
  Dims dims(at->begin(), at->end() - 1);
  dims.append(x->begin() + batch + *depth, x->end());
  return dims;
}

static std::optional<Dims> argDims(onnx::NodeOp node,
                                   const SymbolicShapes &shapes) {
  const Dims *x = inputDims(node, shapes, 0);
  if (!x)
    return std::nullopt;
  int64_t axis = normaliseAxis(node.getOnnxInt("axis").value_or(0), x->size());
  if (axis < 0)
    return std::nullopt;
  Dims dims = *x;
  if (node.getOnnxInt("keepdims").value_or(1) != 0)
    dims[axis] = 1;
  else
    dims.erase(dims.begin() + axis);
  return dims;
}

/// One element a channel.
static std::optional<Dims> globalPoolDims(onnx::NodeOp node,
                                          const SymbolicShapes &shapes) {
  const Dims *x = inputDims(node, shapes, 0);
  if (!x || x->size() < 2)
    return std::nullopt;
  Dims dims(x->size(), SymbolicExpr(1));
  dims[0] = (*x)[0], dims[1] = (*x)[1];
  return dims;
}

std::optional<Dims> stemDims(onnx::NodeOp node, const SymbolicShapes &shapes) {
  StringRef type = node.getOpType();
  if (type == "Conv")
    return convDims(node, shapes);
  if (type == "Pad")
    return padDims(node, shapes);
  if (type == "GatherND")
    return gatherNDDims(node, shapes);
  if (type == "ArgMax" || type == "ArgMin")
    return argDims(node, shapes);
  if (type == "GlobalAveragePool" || type == "GlobalMaxPool")
    return globalPoolDims(node, shapes);
  return std::nullopt;
}

} // namespace dalbit::raise
