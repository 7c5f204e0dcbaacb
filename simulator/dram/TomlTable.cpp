// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/TomlTable.h"

#include "support/Error.h"

#include <fmt/format.h>
#include <toml++/toml.h>

namespace dalbit::dram {

struct TomlTable::Document {
  std::string origin;
  toml::table root;
};

namespace {
const toml::table &asTable(const void *node) {
  return *static_cast<const toml::table *>(node);
}
} // namespace

TomlTable TomlTable::parse(const std::string &text, const std::string &origin) {
  auto document = std::make_shared<Document>();
  document->origin = origin;
  try {
    document->root = toml::parse(text, origin);
  } catch (const toml::parse_error &error) {
    std::string what(error.description());
    if (!what.empty() && what[0] >= 'A' && what[0] <= 'Z')
      what[0] = char(what[0] - 'A' + 'a');
    throw Error(
        fmt::format("{}:{}: {}", origin, error.source().begin.line, what));
  }
  const toml::table *root = &document->root;
  return TomlTable(std::move(document), root, "");
}

void TomlTable::fail(const std::string &key, const std::string &what) const {
  const toml::table &table = asTable(node);
  const toml::node *value = table.get(key);
  auto line = value ? value->source().begin.line : table.source().begin.line;
  throw Error(
      fmt::format("{}:{}: {}{} {}", document->origin, line, path, key, what));
}

bool TomlTable::has(const std::string &key) const {
  return asTable(node).contains(key);
}

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::string> result;
  for (const auto &[key, value] : asTable(node))
    result.emplace_back(key.str());
  return result;
}

/// The toml::node of \p key, which must be there.
const void *TomlTable::find(const std::string &key) {
  seen.insert(key);
  const toml::node *value = asTable(node).get(key);
  if (!value)
    fail(key, "is missing");
  return value;
}

double TomlTable::number(const std::string &key) {
  auto value = static_cast<const toml::node *>(find(key))->value<double>();
  if (!value)
    fail(key, "is not a number");
  if (!(*value >= 0 && *value < 1e18))
    fail(key, "is negative or not finite");
  return *value;
}

int64_t TomlTable::integer(const std::string &key, int64_t least,
                           int64_t most) {
  auto *value = static_cast<const toml::node *>(find(key))->as_integer();
  if (!value)
    fail(key, "is not an integer");
  if (value->get() < least || value->get() > most)
    fail(key,
         fmt::format("is {}, outside {} to {}", value->get(), least, most));
  return value->get();
}

int64_t TomlTable::integerOr(const std::string &key, int64_t otherwise) {
  return has(key) ? integer(key, 0) : otherwise;
}

bool TomlTable::booleanOr(const std::string &key, bool otherwise) {
  if (!has(key))
    return otherwise;
  auto *value = static_cast<const toml::node *>(find(key))->as_boolean();
  if (!value)
    fail(key, "is not true or false");
  return value->get();
}

std::string TomlTable::string(const std::string &key) {
  auto *value = static_cast<const toml::node *>(find(key))->as_string();
  if (!value)
    fail(key, "is not a string");
  return value->get();
}

std::vector<std::string> TomlTable::strings(const std::string &key) {
  std::vector<std::string> result;
  auto *array = static_cast<const toml::node *>(find(key))->as_array();
  if (!array)
    fail(key, "is not a list of strings");
  for (const toml::node &entry : *array) {
    if (!entry.is_string())
      fail(key, "is not a list of strings");
    result.push_back(entry.as_string()->get());
  }
  return result;
}

namespace {
/// The numbers of \p node; empty if it is no list of numbers of 0 or more.
std::vector<double> readNumbers(const toml::node &node) {
  std::vector<double> result;
  if (const toml::array *array = node.as_array())
    for (const toml::node &entry : *array) {
      auto value = entry.value<double>();
      if (!value || !(*value >= 0 && *value < 1e18))
        return {};
      result.push_back(*value);
    }
  return result;
}
} // namespace

std::vector<double> TomlTable::numbers(const std::string &key, size_t count) {
  std::vector<double> result =
      readNumbers(*static_cast<const toml::node *>(find(key)));
  if (result.size() != count)
    fail(key, fmt::format("is not a list of {} numbers of 0 or more", count));
  return result;
}

std::vector<std::vector<double>> TomlTable::rows(const std::string &key,
                                                 size_t columns) {
  std::vector<std::vector<double>> result;
  auto *array = static_cast<const toml::node *>(find(key))->as_array();
  if (!array)
    fail(key, "is not a list of rows");
  for (const toml::node &entry : *array) {
    result.push_back(readNumbers(entry));
    if (result.back().size() != columns)
      fail(key, fmt::format("has a row that is not {} numbers of 0 or more",
                            columns));
  }
  return result;
}

TomlTable TomlTable::table(const std::string &key) {
  auto *value = static_cast<const toml::node *>(find(key))->as_table();
  if (!value)
    fail(key, "is not a table");
  return TomlTable(document, value, path + key + ".");
}

std::vector<TomlTable> TomlTable::tables(const std::string &key) {
  std::vector<TomlTable> result;
  if (!has(key))
    return result;
  auto *array = static_cast<const toml::node *>(find(key))->as_array();
  if (!array)
    fail(key, "is not a list of tables");
  for (const toml::node &entry : *array) {
    if (!entry.is_table())
      fail(key, "is not a list of tables");
    result.push_back(TomlTable(document, entry.as_table(), path + key + "."));
  }
  return result;
}

void TomlTable::finish() const {
  for (const auto &[key, value] : asTable(node))
    if (!seen.contains(std::string(key.str())))
      fail(std::string(key.str()), "is not a known key");
}

} // namespace dalbit::dram
