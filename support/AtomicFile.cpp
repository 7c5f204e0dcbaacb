// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/AtomicFile.h"

#include "support/Error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dalbit {

AtomicFile::AtomicFile(std::string path) : path(std::move(path)) {
  temporary = this->path + ".XXXXXX";
  descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) {
    temporary.clear();
    fail("cannot be written");
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

void AtomicFile::write(const void *data, size_t size) {
  rewrite(count, data, size);
  count += size;
}

void AtomicFile::rewrite(size_t offset, const void *data, size_t size) {
  const char *bytes = static_cast<const char *>(data);
  while (size) {
    // Linux writes at most 2 GiB at once.
    ssize_t done = pwrite(descriptor, bytes, std::min<size_t>(size, 1 << 30),
                          static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      fail("cannot be written");
    bytes += done;
    offset += done;
    size -= done;
  }
}

void AtomicFile::commit() {
  // mkostemp makes files that only their owner reads.
  mode_t mask = umask(0);
  umask(mask);
  fchmod(descriptor, 0666 & ~mask);
  int failed = close(descriptor);
  descriptor = -1;
  if (failed)
    fail("cannot be written");
  if (rename(temporary.c_str(), path.c_str()))
    fail("cannot be put in place");
  temporary.clear();
}

void AtomicFile::fail(const char *action) {
  int reason = errno;
  throw Error(path + ": " + action + ": " + std::strerror(reason));
}

void writeFile(const std::string &path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

} // namespace dalbit
