// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Terms of an Einsum's equation, for the executor and for raising.

#pragma once

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace dalbit::execute {

/// \p term with names for the \p dims dimensions that its ellipsis, if it has
/// one, stands for: from the last on '0', '1' ..., as ellipses broadcast from
/// the right. No letters, so no clash. \p dims is at most 10.
std::string expandEllipsis(llvm::StringRef term, size_t dims);

/// How many dimensions the ellipsis of \p term stands for (0: it has none) in
/// a tensor of \p rank dimensions; nothing if the term does not fit it or they
/// are more than 10.
std::optional<size_t> ellipsisDims(llvm::StringRef term, size_t rank);

} // namespace dalbit::execute
