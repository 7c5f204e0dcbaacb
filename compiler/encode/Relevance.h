// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which configuration fields have an effect on an instruction. A field without
// one may hold anything that an earlier instruction left, so it costs no `set`.

#pragma once

#include "isa/Isa.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace dalbit::encode {

/// \p valueOf gives a field's value if it is known before the run. What the
/// unit only looks at for alignment counts as without effect: the compiler
/// leaves no unaligned value in such a field.
bool hasEffect(
    isa::Unit unit, llvm::StringRef field,
    llvm::function_ref<std::optional<int64_t>(llvm::StringRef)> valueOf);

} // namespace dalbit::encode
