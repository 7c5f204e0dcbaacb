// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/AtomicFile.h"

#include "support/Error.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace dalbit {

namespace fs = std::filesystem;

/// N of /proc/self/fd/N, else -1.
static int openDescriptor(const std::string &path) {
  std::string_view text = path, folder = "/proc/self/fd/";
  int number = -1;
  if (text.starts_with(folder) && text.size() > folder.size()) {
    text.remove_prefix(folder.size());
    const char *end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end)
      return -1;
  }
  return number;
}

std::string followLinks(const std::string &path) {
  constexpr int MostLinks = 40; // as the system
  fs::path at = path;
  for (int i = 0; i < MostLinks; ++i) {
    std::error_code error;
    // What a number of ours is cannot always be named: a pipe, a lost file.
    fs::path folder = at.parent_path(), real = fs::canonical(folder, error);
    fs::path self = fs::canonical("/proc/self/fd", error);
    if (!real.empty() && real == self)
      return "/proc/self/fd/" + at.filename().string();
    error.clear();
    fs::path next = fs::read_symlink(at, error);
    if (error)
      return at.string();
    at = next.is_absolute() ? next : folder / next;
  }
  throw Error(path + ": cannot be written: " + std::strerror(ELOOP));
}

/// The nearest folder above \p path; "." for a plain name.
static fs::path folderOf(const fs::path &path) {
  fs::path folder = path.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

[[noreturn]] static void refuse(const std::string &path, int reason) {
  throw Error(path + ": cannot be written: " + std::strerror(reason));
}

static void requireFolder(const fs::path &folder, const std::string &path) {
  struct stat status;
  if (stat(folder.c_str(), &status) != 0)
    throw Error(path + ": cannot be written: there is no folder '" +
                    folder.string() + "'",
                {"make it first"});
  if (!S_ISDIR(status.st_mode))
    throw Error(path + ": cannot be written: '" + folder.string() +
                "' is no folder");
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    throw Error(path + ": cannot be written: folder '" + folder.string() +
                "': " + std::strerror(errno));
}

void requireWritable(const std::string &given) {
  std::string path = followLinks(given);
  if (openDescriptor(path) >= 0)
    return;
  struct stat status;
  bool exists = stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode))
    refuse(given, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    if (access(path.c_str(), W_OK) != 0)
      refuse(given, errno);
    return;
  }
  requireFolder(folderOf(path), given);
}

void requireWritableFolder(const std::string &given) {
  fs::path folder = given;
  std::error_code error;
  while (!fs::exists(folder, error) && folderOf(folder) != folder) {
    if (fs::is_symlink(folder, error))
      throw Error(given + ": cannot be written: '" + folder.string() +
                  "' is a link to nothing");
    folder = folderOf(folder);
  }
  requireFolder(folder, given);
}

AtomicFile::AtomicFile(std::string given) : path(followLinks(given)) {
  opened = openDescriptor(path);
  struct stat status;
  isDevice = opened >= 0 ||
             (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode));
  if (opened >= 0)
    path = given;
  else if (isDevice && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    fail("cannot be written");
  }
  std::error_code error;
  temporary = isDevice
                  ? fs::temp_directory_path(error).string() + "/dalbit.XXXXXX"
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
  // Behind what is in the buffers of this process already.
  std::fflush(nullptr);
  int device =
      opened >= 0 ? dup(opened) : open(path.c_str(), O_WRONLY | O_CLOEXEC);
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
