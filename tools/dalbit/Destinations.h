// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a command will write, looked at before it works: a run of an hour is
// not lost to a folder that is not there.

#pragma once

#include <string>
#include <vector>

namespace dalbit::tool {

struct Destination {
  const char *option; ///< as the command line has it
  std::string path;   ///< empty: not wanted
  bool isFolder = false;
};

/// Throws Error if one cannot be made, two are the same, or one is among the
/// files \p read.
void checkDestinations(const std::vector<Destination> &destinations,
                       const std::vector<std::string> &read);

} // namespace dalbit::tool
