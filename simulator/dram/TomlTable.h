// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One table of a TOML file, read strictly: a missing key, a wrong type, a value
// out of range and a key nobody asked for throw Error with file, line and key.
// For the parameter files of simulator/dram and simulator/energy. It keeps
// toml++ out of their headers' users.

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace dalbit::dram {

class TomlTable {
public:
  /// Parses \p text; \p origin names it in errors.
  static TomlTable parse(const std::string &text, const std::string &origin);

  bool has(const std::string &key) const;
  /// The keys in alphabetical order.
  std::vector<std::string> keys() const;

  double number(const std::string &key);
  int64_t integer(const std::string &key, int64_t least,
                  int64_t most = std::numeric_limits<int32_t>::max());
  int64_t integerOr(const std::string &key, int64_t otherwise);
  bool booleanOr(const std::string &key, bool otherwise);
  std::string string(const std::string &key);
  std::vector<std::string> strings(const std::string &key);
  /// Exactly \p count numbers of 0 or more.
  std::vector<double> numbers(const std::string &key, size_t count);
  /// A list of lists of exactly \p columns numbers.
  std::vector<std::vector<double>> rows(const std::string &key, size_t columns);
  TomlTable table(const std::string &key);
  /// An array of tables; absent is empty.
  std::vector<TomlTable> tables(const std::string &key);

  /// Fails if a key has not been read.
  void finish() const;

  /// Throws Error "<file>:<line>: <table>.<key> <what>".
  [[noreturn]] void fail(const std::string &key, const std::string &what) const;

private:
  struct Document;
  TomlTable(std::shared_ptr<const Document> document, const void *node,
            std::string path)
      : document(std::move(document)), node(node), path(std::move(path)) {}

  const void *find(const std::string &key);

  std::shared_ptr<const Document> document;
  const void *node; ///< toml::table of the document
  std::string path;
  std::set<std::string> seen;
};

} // namespace dalbit::dram
