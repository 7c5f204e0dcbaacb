// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Catch2's main, apart from the tests: it takes most of the time to compile.

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
