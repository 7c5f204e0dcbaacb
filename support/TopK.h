// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The largest numbers of a row, as the standard's TopK and ArgMax have them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace dalbit {

/// Columns of the \p k first of \p row in the order of \p before, a strict
/// order of numbers; of equal ones the lower column comes first. k is at most
/// the row's length.
template <typename T, typename Before>
std::vector<int64_t> topColumns(std::span<const T> row, int64_t k,
                                Before before) {
  std::vector<int64_t> columns(row.size());
  std::iota(columns.begin(), columns.end(), 0);
  std::partial_sort(columns.begin(), columns.begin() + k, columns.end(),
                    [&](int64_t a, int64_t b) {
                      if (before(row[size_t(a)], row[size_t(b)]))
                        return true;
                      return !before(row[size_t(b)], row[size_t(a)]) && a < b;
                    });
  columns.resize(size_t(k));
  return columns;
}

} // namespace dalbit
