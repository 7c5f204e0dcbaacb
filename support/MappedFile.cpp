// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/MappedFile.h"

#include "support/Error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dalbit {

/// With its article.
static const char *kindOf(mode_t mode) {
  return S_ISDIR(mode)    ? "a folder"
         : S_ISFIFO(mode) ? "a pipe"
         : S_ISSOCK(mode) ? "a socket"
                          : "a device";
}

MappedFile::MappedFile(const std::string &path) : name(path) {
  auto fail = [&](const char *what) -> Error {
    return Error(path + ": " + what + ": " + std::strerror(errno));
  };
  // O_NONBLOCK: opening a FIFO would wait for a writer.
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    throw fail("cannot open the file");
  struct stat status;
  if (::fstat(file, &status) != 0) {
    Error error = fail("cannot read the file");
    ::close(file);
    throw error;
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(file);
    throw Error(path + ": is " + kindOf(status.st_mode) +
                ", a regular file is needed");
  }
  count = static_cast<size_t>(status.st_size);
  if (count == 0) {
    ::close(file);
    return;
  }
  void *address =
      ::mmap(nullptr, count, PROT_READ, MAP_PRIVATE, file, /*offset=*/0);
  if (address == MAP_FAILED) {
    Error error = fail("cannot map the file");
    ::close(file);
    throw error;
  }
  // The mapping keeps the file alive.
  ::close(file);
  bytes = static_cast<const char *>(address);
}

MappedFile::~MappedFile() {
  if (bytes)
    ::munmap(const_cast<char *>(bytes), count);
}

} // namespace dalbit
