// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/AtomicFile.h"

#include "support/Error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace dalbit {

AtomicFile::AtomicFile(std::string given) : path(std::move(given)) {
  std::error_code error;
  if (std::filesystem::is_symlink(path, error)) {
    // A link to nothing yet names the file that is to be made.
    std::filesystem::path target =
        std::filesystem::weakly_canonical(path, error);
    if (!error)
      path = target.string();
  }
  struct stat status;
  isDevice = stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  if (isDevice && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    fail("cannot be written");
  }
  temporary = isDevice ? std::filesystem::temp_directory_path(error).string() +
                             "/dalbit.XXXXXX"
                       : path + ".XXXXXX";
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

void AtomicFile::copyToDevice() {
  int device = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (device < 0)
    fail("cannot be written");
  std::vector<char> buffer(1 << 20);
  for (size_t offset = 0; offset < count;) {
    ssize_t held = pread(descriptor, buffer.data(), buffer.size(),
                         static_cast<off_t>(offset));
    ssize_t written = held > 0 ? ::write(device, buffer.data(), held) : -1;
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0) {
      int reason = errno;
      close(device);
      errno = reason;
      fail("cannot be written");
    }
    offset += written;
  }
  if (close(device))
    fail("cannot be written");
}

void AtomicFile::commit() {
  if (isDevice)
    return copyToDevice();
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
