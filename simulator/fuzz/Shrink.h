// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes a case on which engines differ small: instructions are left out (with
// the targets of branches and loops set right), loops shortened, fields and
// immediates brought near 0, DRAM timings and stalls taken away. A step is kept
// if the case still makes sense (no race, an end) and engines still differ; in
// what they differ may change.

#pragma once

#include "simulator/fuzz/Case.h"

#include <functional>

namespace dalbit::fuzz {

/// Whether engines differ on a case that makes sense.
using Differs = std::function<bool(const Case &input)>;

/// Tries at most \p tries cases.
Case shrink(const Case &input, const Differs &differs, unsigned tries);

/// The case without instructions [first, first + count); a target inside goes
/// to what follows. A loop whose body is gone goes too.
Case without(const Case &input, size_t first, size_t count);

} // namespace dalbit::fuzz
