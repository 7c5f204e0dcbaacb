// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/TextFile.h"

#include "support/Error.h"
#include "support/MappedFile.h"

namespace dalbit {

std::string readTextFile(const std::string &path) {
  constexpr size_t Most = 1 << 20;
  MappedFile file(path);
  if (file.size() > Most)
    throw Error(path + ": has " + std::to_string(file.size()) +
                " bytes, more than the " + std::to_string(Most) +
                " that such a text may have");
  return file.size() ? std::string(file.data(), file.size()) : std::string();
}

} // namespace dalbit
