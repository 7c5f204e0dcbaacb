// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

namespace dalbit::nn {

/// On an nn.linear whose weight has a single 1 in each column or none: it moves
/// columns and is not to cost accuracy, so its rows have 16 bits, its
/// weights 8.
inline constexpr const char *MovesColumns = "dalbit.moves_columns";

} // namespace dalbit::nn
