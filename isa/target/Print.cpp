// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Target to TOML, to the rtl's parameters, and the table of keys to
// docs/targets.md.

#include "isa/target/Schema.h"

#include <cstring>
#include <sstream>

#include <toml++/toml.h>

namespace dalbit::target {
namespace {

/// A TOML string; toml++ escapes what needs it.
std::string quoted(const std::string &text) {
  std::ostringstream os;
  os << toml::toml_formatter(toml::value<std::string>(text),
                             toml::format_flags::none);
  return os.str();
}

std::string value(const Target &target, const Key &key) {
  return key.string ? quoted(target.*key.string)
                    : std::to_string(target.*key.number);
}

/// Text of a table's cell: what the number may be.
std::string range(const Key &key) {
  if (key.string)
    return "text";
  std::string text =
      std::to_string(key.low) + " .. " + std::to_string(key.high);
  return key.powerOfTwo ? text + ", a power of two" : text;
}

} // namespace

std::string printToml(const Target &target) {
  std::string text;
  const char *section = "";
  for (const Key &key : keys()) {
    if (std::strcmp(section, key.section)) {
      section = key.section;
      text += "\n[" + std::string(section) + "]\n";
    }
    text += std::string(key.name) + " = " + value(target, key) + "  # " +
            key.text + "\n";
  }
  return text;
}

std::vector<std::pair<std::string, int64_t>>
verilatorParameters(const Target &target) {
  std::vector<std::pair<std::string, int64_t>> list;
  for (const Key &key : keys())
    if (key.parameter)
      list.emplace_back(key.parameter, int64_t(target.*key.number) * key.scale);
  return list;
}

std::string printManual() {
  std::ostringstream os;
  os << R"(# Targets

<!-- Made from isa/target/Schema.cpp by dalbit-targets-manual: change it there. -->

A target is one NPU with its memory. Commands take the name of a built-in one or the path of a TOML
file (`--target edge`, `--target mine.toml`); `dalbit targets edge > mine.toml` begins a design. A
file has every key; one that is not known is an error.

| key | values | unit | meaning | rtl parameter |
| --- | --- | --- | --- | --- |
)";
  for (const Key &key : keys())
    os << "| `" << key.path() << "` | " << range(key) << " | " << key.unit
       << " | " << key.text << " | " << (key.parameter ? key.parameter : "")
       << " |\n";
  os << "\nA target with which a rule does not hold is refused:\n\n";
  for (const Rule &rule : rules())
    os << "- " << rule.text << "\n";
  os << R"(- `dram.capacity_mib` is at most what the device has (its variant of larger dies counts).
- `clock.mhz` and the DRAM's clock are in a ratio of integers up to 64, within 0.1 %: so between a
  64th and 64 times the DRAM's clock. A message names the nearest clocks that are.

## Built-in targets

| key |)";
  std::vector<Target> targets;
  for (const std::string &name : builtinTargets()) {
    targets.push_back(loadTarget(name));
    os << " " << name << " |";
  }
  os << "\n| --- |";
  for (size_t i = 0; i < targets.size(); ++i)
    os << " --- |";
  os << "\n";
  for (const Key &key : keys()) {
    if (key.string == &Target::name)
      continue;
    os << "| `" << key.path() << "` |";
    for (const Target &target : targets)
      os << " "
         << (key.string ? target.*key.string
                        : std::to_string(target.*key.number))
         << " |";
    os << "\n";
  }
  return os.str();
}

} // namespace dalbit::target
