// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the shared object of a hardware configuration: Verilator, then g++. Kept in a cache under a key
// of everything that enters it, the processor's model included.

#pragma once

#include "isa/target/Target.h"

#include <string>

namespace dalbit::verilated {

/// Path of the shared object; builds it if the cache ($DALBIT_CACHE, $XDG_CACHE_HOME/dalbit or
/// ~/.cache/dalbit) has none. Throws Error with the tools' last words.
std::string sharedObjectFor(const target::Target &target);

} // namespace dalbit::verilated
