// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that people write by hand, read whole: targets, devices, technologies.

#pragma once

#include <string>

namespace dalbit {

/// All of \p path. Throws Error if it is no readable regular file, or larger
/// than anybody's description of hardware (1 MiB).
std::string readTextFile(const std::string &path);

} // namespace dalbit
