// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// TOML to Target. All messages begin with file and line.

#include "isa/target/Builtin.h"
#include "isa/target/Schema.h"
#include "support/Error.h"
#include "support/Suggest.h"
#include "support/TextFile.h"

#include <algorithm>
#include <bit>
#include <filesystem>
#include <iterator>

#include <toml++/toml.h>

namespace dalbit::target {

namespace {

class Loader {
public:
  explicit Loader(const std::string &source) : source(source) {
    target.origin.source = source;
  }

  Target load(std::string_view text) {
    toml::table root;
    try {
      root = toml::parse(text, source);
    } catch (const toml::parse_error &error) {
      fail(error.source(), std::string(error.description()));
    }
    refuseUnknown(root, "");
    for (auto &&[name, node] : root)
      if (const toml::table *section = node.as_table())
        refuseUnknown(*section, std::string(name.str()));
    for (const Key &key : keys())
      read(root, key);
    checkTarget(target);
    return target;
  }

private:
  [[noreturn]] void
  fail(const toml::source_region &place, const std::string &text,
       std::vector<std::string> notes = {"docs/targets.md lists every key"}) {
    throw Error(source + ":" + std::to_string(place.begin.line) + ": " + text,
                std::move(notes));
  }

  /// \p section is empty for the top level.
  void refuseUnknown(const toml::table &table, const std::string &section) {
    std::vector<std::string> known;
    for (const Key &key : keys()) {
      if (section == key.section)
        known.push_back(key.name);
      if (section.empty() && *key.section &&
          std::find(known.begin(), known.end(), key.section) == known.end())
        known.push_back(key.section);
    }
    for (auto &&[name, node] : table) {
      std::string word(name.str());
      if (std::find(known.begin(), known.end(), word) != known.end())
        continue;
      std::string place = section.empty() ? "" : " in [" + section + "]";
      fail(name.source(),
           (node.is_table() ? "unknown section [" + word + "]"
                            : "unknown key '" + word + "'" + place),
           suggest(word, known));
    }
  }

  void read(const toml::table &root, const Key &key) {
    toml::node_view<const toml::node> node =
        *key.section ? root[key.section][key.name] : root[key.name];
    if (!node) {
      // A section written as `array = 3` is there, but no table.
      if (*key.section && root[key.section] && !root[key.section].is_table())
        fail(root[key.section].node()->source(),
             std::string(key.section) + " is not a section");
      throw Error(
          source + ": key " + key.path() + " is missing",
          {key.path() + ": " + key.text, "docs/targets.md lists every key"});
    }
    target.origin.lines[key.path()] = int(node.node()->source().begin.line);
    if (key.string) {
      const toml::value<std::string> *value = node.as_string();
      if (!value)
        fail(node.node()->source(), key.path() + " is not a string");
      target.*key.string = value->get();
      return;
    }
    const toml::value<int64_t> *value = node.as_integer();
    if (!value)
      fail(node.node()->source(), key.path() + " is not a whole number");
    int64_t number = value->get();
    if (number < key.low || number > key.high)
      fail(node.node()->source(), key.path() + " = " + std::to_string(number) +
                                      " is not in " + std::to_string(key.low) +
                                      " .. " + std::to_string(key.high));
    if (key.powerOfTwo && !std::has_single_bit(uint64_t(number)))
      fail(node.node()->source(), key.path() + " = " + std::to_string(number) +
                                      " is not a power of two");
    target.*key.number = int(number);
  }

  std::string source;
  Target target;
};

} // namespace

std::vector<std::string> builtinTargets() {
  std::vector<std::string> names;
  for (unsigned i = 0; i < builtinCount; ++i)
    names.push_back(builtinTable[i].name);
  return names;
}

const char *builtinText(std::string_view name) {
  for (unsigned i = 0; i < builtinCount; ++i)
    if (builtinTable[i].name == name)
      return builtinTable[i].text;
  return nullptr;
}

Target parseTarget(std::string_view toml, const std::string &source) {
  return Loader(source).load(toml);
}

Target loadTarget(const std::string &nameOrPath) {
  if (const char *text = builtinText(nameOrPath))
    return parseTarget(text, nameOrPath + ".toml");
  std::error_code error;
  if (!std::filesystem::exists(nameOrPath, error)) {
    std::vector<std::string> notes = suggest(nameOrPath, builtinTargets());
    notes.push_back("a target is a built-in name or the path of a TOML file");
    throw Error("target '" + nameOrPath + "' is not known and no readable file",
                std::move(notes));
  }
  std::string text = readTextFile(nameOrPath);
  if (text.empty())
    throw Error(nameOrPath + ": is empty",
                {"`dalbit targets edge > mine.toml` begins a target"});
  return parseTarget(text, nameOrPath);
}

} // namespace dalbit::target
