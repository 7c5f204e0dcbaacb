// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/target/Schema.h"

#include "isa/Isa.h"
#include "support/Error.h"

#include <algorithm>

namespace dalbit::target {
namespace {

constexpr Key number(const char *section, const char *name, const char *unit,
                     int Target::*member, int low, int high, bool powerOfTwo,
                     const char *parameter, int scale, const char *text) {
  return {section, name, unit,       text,      member, nullptr,
          low,     high, powerOfTwo, parameter, scale};
}

constexpr Key string(const char *section, const char *name,
                     std::string Target::*member, const char *text) {
  return {section, name, "", text, nullptr, member, 0, 0, false, nullptr, 0};
}

// Limits come from the widths of the fields in isa/npu.td: 12 bits for
// accumulator entries and row scalars, 24 for scratchpad addresses; those of
// the arrays are what tests/e2e/TargetsTest.cpp tries.
constexpr Key table[] = {
    string("", "name", &Target::name, "what reports call the target"),
    string("", "description", &Target::description, "one line for people"),
    number("array", "outputs", "", &Target::outputs, 8, 64, true, "N", 1,
           "N: output channels side by side"),
    number("array", "lanes", "", &Target::lanes, 8, 64, true, "K", 1,
           "K: int8 products summed for each output and cycle"),
    number("accumulator", "entries", "", &Target::accumulatorEntries, 16, 4096,
           true, "AccEntries", 1, "entries of N int32, in two halves"),
    number("vector", "lanes", "", &Target::vectorLanes, 4, 64, true, "Lanes", 1,
           "L: int32 lanes"),
    number("vector", "row_scalars", "", &Target::rowScalars, 16, 4096, true,
           "RowScalars", 1, "entries of the row scalar memory"),
    number("scratchpad", "kib", "KiB", &Target::scratchpadKib, 16, 16384, true,
           "SpmBytes", 1024, "all banks together"),
    number("scratchpad", "banks", "", &Target::banks, 2, 64, true, "Banks", 1,
           "equal banks, chosen by the highest address bits"),
    number("scratchpad", "port_bytes", "bytes", &Target::portBytes, 64, 128,
           true, "PortBytes", 1,
           "P: width of a scratchpad port; the fill brings P 8-bit or 2 P "
           "4-bit weights a cycle"),
    number("axi", "bytes", "bytes", &Target::axiBytes, 16, 128, true,
           "AxiBytes", 1, "width of the data bus to the DRAM"),
    string("dram", "device", &Target::dramDevice,
           "name of a device file of simulator/dram (timing, channels)"),
    number("dram", "capacity_mib", "MiB", &Target::dramCapacityMib, 1, 1 << 20,
           false, nullptr, 0, "all devices together"),
    number("clock", "mhz", "MHz", &Target::clockMhz, 1, 10000, false, nullptr,
           0, "clock of the NPU; --frequency of a run replaces it"),
    string("technology", "default", &Target::technology,
           "technology of reports: n7, n22, n45, or the path of a file like "
           "those of simulator/energy/technologies"),
};

std::string is(const char *path, int value) {
  return std::string(path) + " = " + std::to_string(value);
}

/// A name is part of file names.
bool isName(const std::string &name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return uint8_t(c) >= ' ' && c != 0x7f && c != '/';
         });
}

constexpr Rule ruleTable[] = {
    {"name",
     "`name` has 1 to 64 bytes, no `/` and no control character, and does not "
     "begin with a dot: files are named after it.",
     [](const Target &t) { return isName(t.name); },
     [](const Target &t) {
       return "name = \"" + t.name +
              "\" is no name for files: 1 to 64 bytes without / and control "
              "characters, not beginning with a dot";
     }},
    {"array.lanes",
     "`array.outputs` · `array.lanes` is at least 2 · `scratchpad.port_bytes`: "
     "the rtl's fill brings no more weights at once than a tile has.",
     [](const Target &t) { return t.outputs * t.lanes >= t.fillWeights(4); },
     [](const Target &t) {
       return is("array.lanes", t.lanes) + " and " +
              is("array.outputs", t.outputs) + " make a tile of " +
              std::to_string(t.outputs * t.lanes) +
              " weights, fewer than the " + std::to_string(t.fillWeights(4)) +
              " of a 4-bit word at " + is("scratchpad.port_bytes", t.portBytes);
     }},
    {"axi.bytes", "`axi.bytes` is at most `scratchpad.port_bytes`.",
     [](const Target &t) { return t.axiBytes <= t.portBytes; },
     [](const Target &t) {
       return is("axi.bytes", t.axiBytes) + " is wider than " +
              is("scratchpad.port_bytes", t.portBytes);
     }},
    {"accumulator.entries",
     "`accumulator.entries` is at least `axi.bytes` / 2: a block of rows "
     "begins at a whole word of token ids and fits a half.",
     [](const Target &t) { return t.accumulatorEntries >= t.axiBytes / 2; },
     [](const Target &t) {
       return is("accumulator.entries", t.accumulatorEntries) +
              " are fewer than half of " + is("axi.bytes", t.axiBytes);
     }},
    {"vector.lanes",
     "`vector.lanes` is at most `scratchpad.port_bytes` / 2: a beat of int16 "
     "comes in one word.",
     [](const Target &t) { return t.vectorLanes <= t.portBytes / 2; },
     [](const Target &t) {
       return is("vector.lanes", t.vectorLanes) + " of int16 are wider than " +
              is("scratchpad.port_bytes", t.portBytes);
     }},
    {"vector.lanes", "`vector.lanes` is at most `array.outputs`.",
     [](const Target &t) { return t.vectorLanes <= t.outputs; },
     [](const Target &t) {
       return is("vector.lanes", t.vectorLanes) + " are more than " +
              is("array.outputs", t.outputs) +
              ", the width of an accumulator entry";
     }},
    {"scratchpad.banks",
     "A bank, `scratchpad.kib` / `scratchpad.banks`, holds at least 1024 "
     "bytes.",
     [](const Target &t) { return t.bankBytes() >= isa::BurstBytes; },
     [](const Target &t) {
       return is("scratchpad.banks", t.banks) + " of " +
              is("scratchpad.kib", t.scratchpadKib) +
              " are smaller than a burst of " +
              std::to_string(isa::BurstBytes) + " bytes each";
     }},
};

} // namespace

std::string Key::path() const {
  return *section ? std::string(section) + "." + name : name;
}

std::span<const Key> keys() { return table; }

std::span<const Rule> rules() { return ruleTable; }

std::string Origin::place(const std::string &path) const {
  if (source.empty())
    return "";
  auto line = lines.find(path);
  return line == lines.end()
             ? source + ": "
             : source + ":" + std::to_string(line->second) + ": ";
}

void checkTarget(const Target &target) {
  for (const Rule &rule : rules())
    if (!rule.holds(target))
      throw Error(target.origin.place(rule.path) + rule.failure(target),
                  {"docs/targets.md lists every key"});
}

} // namespace dalbit::target
