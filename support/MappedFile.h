// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file mapped read-only into memory: model files of gigabytes cost neither
// time nor memory until a byte is touched.
//
// Promises: the bytes stay valid and at the same address as long as the object
// lives; an empty file has size 0 and a null address. Left out: noticing that
// somebody truncates the file meanwhile (the system raises SIGBUS then).

#pragma once

#include <cstddef>
#include <string>

namespace dalbit {

class MappedFile {
public:
  /// Throws Error if \p path is not a readable regular file.
  explicit MappedFile(const std::string &path);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const char *data() const { return bytes; }
  size_t size() const { return count; }
  const std::string &path() const { return name; }

private:
  std::string name;
  const char *bytes = nullptr;
  size_t count = 0;
};

} // namespace dalbit
