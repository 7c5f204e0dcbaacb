// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/Heads.h"

#include "compiler/raise/Graph.h"

using namespace mlir;

namespace dalbit::raise {

SmallVector<Atoms, 4> headAxes(const Dims &base, int64_t heads, int64_t size) {
  SmallVector<Atoms, 4> axes = {Atoms{{0, 1, base[0]}}, Atoms{{2, size, heads}},
                                Atoms{{1, 1, base[1]}}, Atoms{{2, 1, size}}};
  return canonical(ArrayRef<Atoms>(axes));
}

/// All axes but the last two as one list, then these two.
static SmallVector<Atoms, 4> matrixAxes(ArrayRef<Atoms> axes, bool transposed) {
  Atoms batch;
  for (const Atoms &atoms : axes.drop_back(2))
    batch.append(atoms);
  Atoms row = axes[axes.size() - 2], column = axes.back();
  if (transposed)
    std::swap(row, column);
  SmallVector<Atoms, 4> result = {batch, row, column};
  return canonical(ArrayRef<Atoms>(result));
}

/// Takes a last repeating atom (grouped queries) off the batch atoms.
static int64_t takeRepeat(Atoms &batch) {
  if (batch.empty() || batch.back().dim != -1)
    return 1;
  auto count = batch.back().size.constant();
  if (!count)
    return 1;
  batch.pop_back();
  return *count;
}

static SmallVector<Atoms, 4> joined(SmallVector<Atoms, 4> axes) {
  return matrixAxes(axes, false);
}

/// \p axes (batch, row, column) over base [B, T, heads * size]: how many heads.
static bool matchTokens(ArrayRef<Atoms> axes, const Dims &base, Heads &found) {
  if (base.size() != 3)
    return false;
  auto width = base[2].constant();
  int64_t size = 1;
  for (const Atom &atom : axes[2]) {
    auto count = atom.size.constant();
    if (!count || atom.dim != 2)
      return false;
    size *= *count;
  }
  if (!width || size <= 0 || *width % size != 0)
    return false;
  found.size = size;
  found.heads = *width / size;
  return ArrayRef<Atoms>(joined(headAxes(base, found.heads, size))) == axes;
}

static std::optional<Heads> matchNew(Value value, const SymbolicShapes &shapes,
                                     bool transposed, bool factors) {
  auto layout = traceLayout(value, shapes, factors);
  if (!layout || layout->axes.size() < 3)
    return std::nullopt;
  SmallVector<Atoms, 4> axes = matrixAxes(layout->axes, transposed);
  Heads found;
  found.repeat = takeRepeat(axes[0]);
  found.base = layout->base;
  found.factor = layout->factor;
  if (!isFloat32(found.base) || !rankedType(found.base) ||
      !matchTokens(axes, *shapes.dims(found.base), found))
    return std::nullopt;
  return found;
}

std::optional<Heads> matchHeads(Value operand, bool transposed,
                                const SymbolicShapes &shapes) {
  if (auto found = matchNew(operand, shapes, transposed, true))
    return found;
  auto layout = traceLayout(operand, shapes, true);
  if (!layout || layout->axes.size() < 3)
    return std::nullopt;
  auto concat = nodeOf(layout->base, "Concat");
  const Dims *dims = shapes.dims(layout->base);
  if (!concat || dims->size() != 4 || concat.getInputs().size() != 2 ||
      normaliseAxis(concat.getOnnxInt("axis").value_or(0), 4) != 2)
    return std::nullopt;
  SmallVector<Atoms, 4> axes = matrixAxes(layout->axes, transposed);
  int64_t repeat = takeRepeat(axes[0]);
  if (ArrayRef<Atoms>(joined(identityAxes(*dims))) != ArrayRef<Atoms>(axes))
    return std::nullopt;
  auto found = matchNew(concat.getInputs()[1], shapes, false, false);
  // Flattening batch and heads would make another cache than ours.
  if (!found || shapes.dims(concat.getInputs()[1])->size() != 4)
    return std::nullopt;
  found->copies = found->repeat;
  found->heads *= found->copies;
  found->past = concat.getInputs()[0];
  found->present = layout->base;
  found->repeat = repeat;
  found->factor = layout->factor;
  return found;
}

} // namespace dalbit::raise
