// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the shared object of a hardware configuration on demand: Verilator on
// rtl/ with the target's parameters, then clang++-19 or g++ on its output and
// Harness.cpp.
//
// Objects are kept in $DALBIT_CACHE, else $XDG_CACHE_HOME/dalbit, else
// ~/.cache/dalbit, under a key of everything that enters them: the sources,
// the parameters, the flags, the tools' versions and the processor, as they are
// compiled for it alone. A build happens in a folder of its own and is renamed
// when whole, so several processes may build at once. Old objects stay; they
// may be removed at any time.

#pragma once

#include "isa/target/Target.h"

#include <string>

namespace dalbit::verilated {

/// Path of the target's shared object. Throws Error with the first that a
/// tool says is wrong and the path of its log, which stays in the cache.
std::string sharedObjectFor(const target::Target &target);

} // namespace dalbit::verilated
