// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/DramParameters.h"

#include "simulator/dram/TomlTable.h"
#include "support/Error.h"
#include "support/TextFile.h"

#include <bit>
#include <fmt/format.h>
#include <map>
#include <sstream>

namespace dalbit::dram {

const std::map<std::string, std::string> &deviceTexts(); // generated

namespace {

/// "low, typical, high" of a band in ascending order.
Band readBand(TomlTable &table, const char *key) {
  std::vector<double> values = table.numbers(key, 3);
  if (values[0] > values[1] || values[1] > values[2])
    table.fail(key, "wants low, typical and high in ascending order");
  return {values[0], values[1], values[2]};
}

/// Fields from low to high address bits: "column 5", "channel 1", ...
void readMap(TomlTable &table, DramParameters &device) {
  unsigned shift = 0;
  std::map<std::string, AddressField *> fields = {{"channel", &device.channel},
                                                  {"group", &device.group},
                                                  {"bank", &device.bank},
                                                  {"row", &device.row}};
  for (const std::string &entry : table.strings("map")) {
    std::istringstream words(entry);
    std::string name;
    unsigned bits = 0;
    words >> name >> bits;
    if (bits == 0 || bits > 32)
      table.fail("map", fmt::format("entry \"{}\" is not \"FIELD BITS\" with 1 "
                                    "to 32 bits",
                                    entry));
    auto field = fields.find(name);
    if (field != fields.end()) {
      if (field->second->bits != 0)
        table.fail("map", fmt::format("field {} stands twice", name));
      *field->second = {shift, bits};
    } else if (name != "burst" && name != "column") {
      table.fail("map", fmt::format("field {} is not one of burst, column, "
                                    "channel, group, bank, row",
                                    name));
    } else if (name == "burst" &&
               (shift != 0 || uint64_t(1) << bits != device.burstBytes)) {
      table.fail("map", "burst comes first and spans burst_bytes");
    }
    shift += bits;
  }
  device.groups = 1u << device.group.bits;
  device.banksPerGroup = 1u << device.bank.bits;
  if (device.channels != 1u << device.channel.bits)
    table.fail("map", "the channel field does not span the channels");
  if (shift > 48 || uint64_t(1) << shift != device.capacityBytes)
    table.fail("map", fmt::format("{} bits do not span capacity_mib", shift));
}

void readTiming(TomlTable table, DramTiming &timing) {
  timing.activateToColumn = table.integer("activate_to_column", 1);
  timing.activateToPrecharge = table.integer("activate_to_precharge", 1);
  timing.activateToActivate = table.integer("activate_to_activate", 1);
  timing.prechargeToActivate = table.integer("precharge_to_activate", 1);
  timing.prechargeToPrecharge = table.integer("precharge_to_precharge", 1);
  timing.activateOtherGroup = table.integer("activate_other_group", 1);
  timing.activateSameGroup = table.integer("activate_same_group", 1);
  timing.fourActivates = table.integer("four_activates", 0);
  timing.columnOtherGroup = table.integer("column_other_group", 1);
  timing.columnSameGroup = table.integer("column_same_group", 1);
  timing.readToWrite = table.integer("read_to_write", 1);
  timing.writeToReadOtherGroup = table.integer("write_to_read_other_group", 1);
  timing.writeToReadSameGroup = table.integer("write_to_read_same_group", 1);
  timing.readToPrecharge = table.integer("read_to_precharge", 1);
  timing.writeToPrecharge = table.integer("write_to_precharge", 1);
  timing.readLatency = table.integer("read_latency", 1);
  timing.writeLatency = table.integer("write_latency", 1);
  timing.dataClockRead = table.integerOr("data_clock_read", 0);
  timing.dataClockWrite = table.integerOr("data_clock_write", 0);
  timing.secondActivateWithin = table.integerOr("second_activate_within", 0);
  table.finish();
}

void readBankRefresh(TomlTable table, DramParameters &device) {
  DramTiming &timing = device.timing;
  timing.bankRefreshInterval = table.integer("interval", 1);
  device.banksPerRefresh = uint32_t(table.integer("banks", 1, device.banks()));
  if (!std::has_single_bit(device.banksPerRefresh) || device.refreshSets() > 64)
    table.fail("banks", "is not a power of two, or leaves more than 64 sets");
  timing.bankPrechargeToRefresh = table.integer("precharge_to_refresh", 1);
  timing.bankRefreshToActivate = table.integer("to_activate", 1);
  timing.bankRefreshToRefresh = table.integer("to_refresh", 1);
  timing.bankRefreshActivateOther = table.integer("activate_other", 1);
  if (timing.bankRefreshToActivate >=
      timing.bankRefreshInterval * device.refreshSets())
    table.fail("to_activate", "is not below the time until the bank's next");
  if (timing.bankRefreshToRefresh > timing.bankRefreshInterval)
    table.fail("to_refresh", "is above the interval");
  table.finish();
}

void readRefresh(TomlTable table, DramParameters &device) {
  DramTiming &timing = device.timing;
  timing.refreshInterval = table.integer("interval", 1);
  timing.prechargeAllToRefresh = table.integer("precharge_all_to_refresh", 1);
  timing.refreshToActivate = table.integer("to_activate", 1);
  device.refreshStagger = table.integerOr("stagger", 0);
  if (timing.refreshToActivate >= timing.refreshInterval)
    table.fail("to_activate", "is not below the interval");
  if (table.has("per_bank"))
    readBankRefresh(table.table("per_bank"), device);
  table.finish();
}

void readCommandBus(TomlTable table, DramTiming &timing) {
  timing.activateSlots = int(table.integer("activate", 1, 7));
  timing.activateCommands = int(table.integerOr("activate_commands", 1));
  timing.columnSlots = int(table.integer("column", 1, 7));
  timing.prechargeSlots = int(table.integer("precharge", 1, 7));
  timing.separateColumnBus = table.booleanOr("separate_column_bus", false);
  timing.sharedCommandBus = table.booleanOr("shared_by_channels", false);
  if (timing.activateCommands != 1 &&
      (timing.activateCommands != 2 ||
       timing.secondActivateWithin < timing.activateSlots))
    table.fail("activate_commands",
               "is 1, or 2 with timing.second_activate_within");
  table.finish();
}

void readCurrents(TomlTable table, DramPower &power) {
  power.diesStandby = table.number("dies_standby");
  power.diesAccess = table.number("dies_access");
  power.activateCycleClocks = table.number("activate_cycle_clocks");
  power.activateActiveClocks = table.number("activate_active_clocks");
  power.burstClocks = table.number("burst_clocks");
  power.refreshClocks = table.number("refresh_clocks");
  for (TomlTable &rail : table.tables("rail")) {
    DramRail &read = power.rails.emplace_back();
    read.name = rail.string("name");
    read.volt = rail.number("volt");
    read.idd0 = rail.number("idd0");
    read.idd2n = rail.number("idd2n");
    read.idd3n = rail.number("idd3n");
    read.idd4r = rail.number("idd4r");
    read.idd4w = rail.number("idd4w");
    read.idd5 = rail.number("idd5");
    read.io = rail.booleanOr("io", false);
    rail.finish();
  }
  table.finish();
}

void readFactors(TomlTable table, DramPower &power) {
  power.activateFactor = readBand(table, "activate");
  power.readFactor = readBand(table, "read");
  power.writeFactor = readBand(table, "write");
  power.standbyFactor = readBand(table, "standby");
  power.refreshFactor = readBand(table, "refresh");
  power.ioFactor = readBand(table, "io");
  table.finish();
}

} // namespace

std::vector<std::string> deviceNames() {
  std::vector<std::string> names;
  for (const auto &[name, text] : deviceTexts())
    names.push_back(name);
  return names;
}

std::string deviceText(const std::string &name) {
  auto found = deviceTexts().find(name);
  if (found == deviceTexts().end())
    throw Error(fmt::format("DRAM device '{}' is not known", name),
                {fmt::format("known are {}; a path to a TOML file works too",
                             fmt::join(deviceNames(), ", "))});
  return found->second;
}

DramParameters loadDevice(const std::string &nameOrPath) {
  if (nameOrPath.find('/') == std::string::npos &&
      !nameOrPath.ends_with(".toml")) {
    DramParameters device = parseDevice(deviceText(nameOrPath), nameOrPath);
    device.name = nameOrPath;
    return device;
  }
  return parseDevice(readTextFile(nameOrPath), nameOrPath);
}

DramParameters loadDevice(const std::string &nameOrPath, uint64_t capacityMib) {
  DramParameters device = loadDevice(nameOrPath);
  uint64_t capacity = capacityMib << 20;
  if (capacity > device.capacityBytes)
    for (const std::string &name : deviceNames()) {
      if (!name.starts_with(nameOrPath + "-"))
        continue;
      device = loadDevice(name);
      if (capacity <= device.capacityBytes)
        break;
    }
  if (capacity == 0 || capacity > device.capacityBytes)
    throw Error(fmt::format("DRAM device {} has {} MiB, the target wants {}",
                            device.name, device.capacityBytes >> 20,
                            capacityMib));
  device.capacityBytes = capacity;
  return device;
}

DramParameters parseDevice(const std::string &text, const std::string &origin) {
  TomlTable top = TomlTable::parse(text, origin);
  DramParameters device;
  device.name = origin;
  device.standard = top.string("standard");
  device.clockNs = top.number("clock_ns");
  if (device.clockNs <= 0)
    top.fail("clock_ns", "is not above 0");

  TomlTable organisation = top.table("organisation");
  device.capacityBytes =
      uint64_t(organisation.integer("capacity_mib", 1, 1 << 24)) << 20;
  device.channels = uint32_t(organisation.integer("channels", 1, 64));
  device.widthBit = uint32_t(organisation.integer("width_bit", 1, 1024));
  device.burstBytes = uint32_t(organisation.integer("burst_bytes", 16, 64));
  if (!std::has_single_bit(device.burstBytes))
    organisation.fail("burst_bytes", "is not 16, 32 or 64");
  device.pageBytes = uint32_t(organisation.integer("page_bytes", 64, 1 << 20));
  readMap(organisation, device);
  device.bankXorRow = organisation.booleanOr("bank_xor_row", false);
  if (device.bankXorRow && device.row.bits < device.bank.bits)
    organisation.fail("bank_xor_row", "wants as many row bits as bank bits");
  organisation.finish();

  readTiming(top.table("timing"), device.timing);
  readRefresh(top.table("refresh"), device);
  readCommandBus(top.table("command_bus"), device.timing);
  readCurrents(top.table("current"), device.power);
  readFactors(top.table("factors"), device.power);
  TomlTable outside = top.table("outside_pj_per_bit");
  device.power.hostPhy = readBand(outside, "host_phy");
  device.power.termination = readBand(outside, "termination");
  outside.finish();
  top.finish();
  return device;
}

} // namespace dalbit::dram
