// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Layout.h"

#include "compiler/raise/Graph.h"

using namespace mlir;

namespace dalbit::raise {

Atoms canonical(ArrayRef<Atom> atoms) {
  Atoms result;
  for (const Atom &atom : atoms) {
    if (atom.size == SymbolicExpr(1))
      continue;
    if (!result.empty() && result.back().dim == atom.dim && atom.dim >= 0 &&
        result.back().stride == atom.stride * atom.size) {
      result.back().stride = atom.stride;
      result.back().size = result.back().size * atom.size;
      continue;
    }
    result.push_back(atom);
  }
  return result;
}

SmallVector<Atoms, 4> canonical(ArrayRef<Atoms> axes) {
  SmallVector<Atoms, 4> result;
  for (const Atoms &atoms : axes)
    result.push_back(canonical(ArrayRef<Atom>(atoms)));
  return result;
}

SmallVector<Atoms, 4> identityAxes(const Dims &dims) {
  SmallVector<Atoms, 4> axes;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    Atom atom{static_cast<int64_t>(i), 1, dim};
    axes.push_back(canonical(ArrayRef<Atom>(atom)));
  }
  return axes;
}

/// Deals the atoms out to dimensions of the sizes \p dims, splitting where a
/// boundary falls inside an atom.
static bool regroup(SmallVectorImpl<Atoms> &axes, const Dims &dims) {
  Atoms all;
  for (const Atoms &atoms : axes)
    all.append(atoms);
  SmallVector<Atoms, 4> result;
  size_t next = 0;
  for (const SymbolicExpr &dim : dims) {
    Atoms taken;
    SymbolicExpr rest = dim;
    while (rest != SymbolicExpr(1)) {
      if (next == all.size())
        return false;
      Atom &atom = all[next];
      if (auto quotient = rest.divideExactly(atom.size)) {
        taken.push_back(atom);
        rest = *quotient;
        ++next;
        continue;
      }
      auto inner = atom.size.divideExactly(rest);
      if (!inner)
        return false;
      taken.push_back({atom.dim, atom.stride * *inner, rest});
      atom.size = *inner;
      rest = SymbolicExpr(1);
    }
    result.push_back(taken);
  }
  if (next != all.size())
    return false;
  axes.assign(result.begin(), result.end());
  return true;
}

bool applyMove(onnx::NodeOp node, const SymbolicShapes &shapes,
               SmallVectorImpl<Atoms> &axes) {
  StringRef type = node.getOpType();
  const Dims *dims = shapes.dims(node->getResult(0));
  if (!dims)
    return false;
  if (type == "Transpose") {
    auto order = node.getOnnxInts("perm");
    SmallVector<Atoms, 4> result;
    if (order && order->size() != axes.size())
      return false;
    for (size_t i = 0; i < axes.size(); ++i)
      result.push_back(axes[order ? (*order)[i] : axes.size() - 1 - i]);
    axes.assign(result.begin(), result.end());
    return true;
  }
  if (type == "Expand") {
    const Dims *before = shapes.dims(node.getInputs()[0]);
    if (!before || before->size() > dims->size())
      return false;
    size_t added = dims->size() - before->size();
    axes.insert(axes.begin(), added, Atoms());
    for (size_t i = 0; i < dims->size(); ++i) {
      SymbolicExpr old = i < added ? SymbolicExpr(1) : (*before)[i - added];
      if (old == (*dims)[i])
        continue;
      if (old != SymbolicExpr(1))
        return false;
      axes[i] = {Atom{-1, 0, (*dims)[i]}};
    }
    return true;
  }
  if (type == "Reshape" || type == "Squeeze" || type == "Unsqueeze" ||
      type == "Flatten")
    return regroup(axes, *dims);
  return false;
}

/// The operand of a product with one number, and the number.
static Value scaledOperand(onnx::NodeOp node, double &factor) {
  StringRef type = node.getOpType();
  if (type == "Mul")
    for (unsigned i : {0u, 1u})
      if (auto number = scalarOf(node.getInputs()[i])) {
        factor = *number;
        return node.getInputs()[1 - i];
      }
  if (type == "Div")
    if (auto number = scalarOf(node.getInputs()[1]); number && *number != 0) {
      factor = 1 / *number;
      return node.getInputs()[0];
    }
  return {};
}

std::optional<Layout> traceLayout(Value value, const SymbolicShapes &shapes,
                                  bool factors) {
  // Walk back, then replay the moves on the base's own axes.
  SmallVector<onnx::NodeOp> moves;
  Layout layout;
  layout.base = value;
  while (onnx::NodeOp node = nodeOf(layout.base)) {
    double factor = 1;
    if (factors)
      if (Value operand = scaledOperand(node, factor)) {
        if (!shapes.sameDims(operand, layout.base))
          break;
        layout.factor *= factor;
        layout.base = operand;
        continue;
      }
    if (!llvm::is_contained({"Reshape", "Transpose", "Squeeze", "Unsqueeze",
                             "Flatten", "Expand"},
                            node.getOpType()))
      break;
    moves.push_back(node);
    layout.base = node.getInputs()[0];
  }
  const Dims *dims = shapes.dims(layout.base);
  if (!dims)
    return std::nullopt;
  layout.axes = identityAxes(*dims);
  for (onnx::NodeOp node : llvm::reverse(moves))
    if (!applyMove(node, shapes, layout.axes))
      return std::nullopt;
  return layout;
}

} // namespace dalbit::raise
