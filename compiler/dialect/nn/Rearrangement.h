// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sizes of a rearrangement (nn.rearrange, qnn.import, qnn.export): a shape,
// its view, the order of the view's dimensions, the result's shape. One walk
// for types, where sizes may be open, and for tensors.

#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace dalbit::nn {

struct Rearrangement {
  /// Sizes of the view, -1 replaced by the size of its dimension.
  llvm::SmallVector<int64_t> view;
  llvm::SmallVector<int64_t> order;
  llvm::SmallVector<int64_t> out; ///< shape of the result

  /// Nothing if \p view does not cut \p in, \p order is no permutation, or
  /// \p out does not join the ordered sizes. Open sizes of \p out are taken
  /// from \p in.
  static std::optional<Rearrangement> of(llvm::ArrayRef<int64_t> in,
                                         llvm::ArrayRef<int64_t> view,
                                         llvm::ArrayRef<int64_t> order,
                                         llvm::ArrayRef<int64_t> out) {
    Rearrangement result;
    result.order.assign(order.begin(), order.end());
    llvm::SmallVector<int64_t> sorted(order);
    llvm::sort(sorted);
    if (view.size() != order.size() ||
        !llvm::equal(sorted, llvm::seq<int64_t>(0, sorted.size())))
      return std::nullopt;
    size_t next = 0;
    for (int64_t size : in) {
      // Sizes of 1 that stand before a dimension add one.
      for (; next < view.size() && view[next] == 1 && size != 1; ++next)
        result.view.push_back(1);
      if (next < view.size() && view[next] == -1) {
        result.view.push_back(size);
        ++next;
        continue;
      }
      int64_t product = 1;
      do {
        if (next == view.size() || view[next] <= 0)
          return std::nullopt;
        product *= view[next];
        result.view.push_back(view[next++]);
      } while (product < size);
      // An open size has to be left whole.
      if (product != size)
        return std::nullopt;
    }
    // Sizes of 1 at the end of a view belong to the last dimension.
    for (; next < view.size(); ++next) {
      if (view[next] != 1)
        return std::nullopt;
      result.view.push_back(1);
    }
    next = 0;
    for (int64_t size : out) {
      if (next == order.size())
        return std::nullopt;
      int64_t product = result.view[order[next++]];
      while (!mlir::ShapedType::isDynamic(size) &&
             !mlir::ShapedType::isDynamic(product) && product < size &&
             next < order.size())
        product *= result.view[order[next++]];
      if (!mlir::ShapedType::isDynamic(size) &&
          !mlir::ShapedType::isDynamic(product) && product != size)
        return std::nullopt;
      result.out.push_back(product);
    }
    while (next < order.size() && result.view[order[next]] == 1)
      ++next;
    if (next != order.size())
      return std::nullopt;
    return result;
  }
};

} // namespace dalbit::nn
