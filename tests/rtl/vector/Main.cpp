// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Catch's main, compiled once for all benches of the vector unit.

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
