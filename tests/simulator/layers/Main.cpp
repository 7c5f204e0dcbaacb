// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Catch2's main, alone in a file because it is slow to compile.

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
