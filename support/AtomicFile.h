// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file that appears whole or not at all: it is written under a temporary name
// in the same directory, and commit() renames it.
//
// Promises: an existing file of that name stays untouched until commit();
// without commit() nothing is left, whatever happens but the death of the
// process. A full disk and every other failure throw Error with the file's name
// and the system's reason. A symbolic link stays, the file it names is
// replaced (or made); a device or pipe stays as well and gets the bytes at
// commit(), and so does what this process has open already, as /dev/stdout.
// Left out: syncing the directory.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dalbit {

class AtomicFile {
public:
  /// Throws Error if the directory is not writable.
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  void write(const void *data, size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Replaces bytes that have been written.
  void rewrite(size_t offset, const void *data, size_t size);
  /// Bytes written.
  size_t size() const { return count; }
  /// Closes and renames; nothing may be written after it.
  void commit();

private:
  [[noreturn]] void fail(const char *action);
  void copyToDevice();

  std::string path, temporary;
  bool isDevice = false; ///< there already and no regular file
  int opened = -1;       ///< of /dev/stdout and its like: ours, not to close
  int descriptor = -1;
  size_t count = 0;
};

/// The file that \p path names in the end, through links that may name none
/// yet; /dev/stdout and its like end at /proc/self/fd/N. Throws Error if they
/// go round.
std::string followLinks(const std::string &path);

/// Throws Error if \p path cannot become a file for an obvious reason: no such
/// folder, a folder itself, no permission. Makes nothing.
void requireWritable(const std::string &path);
/// The same for a folder of files, which may be made with its parents.
void requireWritableFolder(const std::string &path);

/// Writes a whole text file.
void writeFile(const std::string &path, std::string_view text);

} // namespace dalbit
