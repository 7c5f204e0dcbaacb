// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Independent pieces of work on the cores that there are.

#pragma once

#include <cstddef>
#include <functional>

namespace dalbit {

/// Cores of this machine that the process may use, at least 1.
unsigned availableCores();

/// Calls work(0) .. work(count - 1), each once, on up to \p threads threads in
/// no order; with one thread in order on the caller's. Returns when all have
/// ended. Of exceptions the one of the lowest number is thrown; no further work
/// begins after one.
void parallelFor(unsigned threads, size_t count,
                 const std::function<void(size_t)> &work);

} // namespace dalbit
