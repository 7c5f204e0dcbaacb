// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/target/Schema.h"

#include "isa/Isa.h"
#include "support/Error.h"

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

void require(bool holds, const std::string &source, const std::string &text) {
  if (!holds)
    throw Error(source + ": " + text, {"docs/targets.md lists every key"});
}

std::string is(const char *path, int value) {
  return std::string(path) + " = " + std::to_string(value);
}

} // namespace

std::string Key::path() const {
  return *section ? std::string(section) + "." + name : name;
}

std::span<const Key> keys() { return table; }

void checkTarget(const Target &target, const std::string &source) {
  std::string port = is("scratchpad.port_bytes", target.portBytes);
  require(target.axiBytes <= target.portBytes, source,
          is("axi.bytes", target.axiBytes) + " is wider than " + port);
  require(target.vectorLanes <= target.outputs, source,
          is("vector.lanes", target.vectorLanes) + " are more than " +
              is("array.outputs", target.outputs) +
              ", the width of an accumulator entry");
  require(target.bankBytes() >= isa::BurstBytes, source,
          is("scratchpad.banks", target.banks) + " of " +
              is("scratchpad.kib", target.scratchpadKib) +
              " are smaller than a burst of " +
              std::to_string(isa::BurstBytes) + " bytes each");
}

} // namespace dalbit::target
