// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `compile --explain`: what becomes of a model, on one screen.

#pragma once

#include "isa/binary/Program.h"
#include "tools/dalbit/Pipeline.h"

#include <optional>
#include <string>

namespace dalbit::tool {

/// What the host computes for \p tensor, which binary::isTopK(): "columns of
/// the 5 largest of each row of 'logits'".
std::string topKText(const binary::Tensor &tensor);

/// Prints operators found, raised, lowered and refused, and what a token costs
/// in products and bytes. The program if there is one; else the reason has been
/// printed too. Throws Error if the file cannot be imported at all.
std::optional<binary::Program> explain(const std::string &path,
                                       const CompileOptions &options);

} // namespace dalbit::tool
