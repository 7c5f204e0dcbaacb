// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// "did you mean": the known name nearest to one that is not known.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dalbit {

/// The name with the fewest edits (insert, delete, replace, swap of
/// neighbours), the first of several; empty if all need more than a third of
/// the word's length, at least two.
std::string nearest(std::string_view word,
                    const std::vector<std::string> &names);

/// The notes of an Error about an unknown name: "did you mean 'k'?", or all the
/// names if none is near.
std::vector<std::string> suggest(std::string_view word,
                                 const std::vector<std::string> &names);

} // namespace dalbit
