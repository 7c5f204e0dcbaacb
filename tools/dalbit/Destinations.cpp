// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/Destinations.h"

#include "support/AtomicFile.h"
#include "support/Error.h"

#include <filesystem>

namespace fs = std::filesystem;

namespace dalbit::tool {

namespace {

/// Whether both end at one file or folder, there already or not. Devices and
/// pipes take what several write.
bool isSame(const std::string &a, const std::string &b) {
  std::error_code error;
  fs::path x = followLinks(a), y = followLinks(b);
  if (fs::exists(x, error) && !fs::is_regular_file(x, error) &&
      !fs::is_directory(x, error))
    return false;
  auto whole = [&](const fs::path &path) {
    return fs::weakly_canonical(fs::absolute(path, error), error);
  };
  return fs::equivalent(x, y, error) || whole(x) == whole(y);
}

} // namespace

void checkDestinations(const std::vector<Destination> &destinations,
                       const std::vector<std::string> &read) {
  for (size_t i = 0; i < destinations.size(); ++i) {
    const Destination &one = destinations[i];
    if (one.path.empty())
      continue;
    for (const std::string &file : read)
      if (!file.empty() && isSame(one.path, file))
        throw Error(std::string(one.option) + " " + one.path +
                        ": is a file that this command reads",
                    {"give " + std::string(one.option) + " another name"});
    for (size_t other = 0; other < i; ++other)
      if (!destinations[other].path.empty() &&
          isSame(one.path, destinations[other].path))
        throw Error(std::string(destinations[other].option) + " and " +
                        one.option + " both write " + one.path,
                    {"give one of them another name"});
    one.isFolder ? requireWritableFolder(one.path) : requireWritable(one.path);
  }
}

} // namespace dalbit::tool
