// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/energy/Technology.h"

#include "simulator/dram/TomlTable.h"
#include "simulator/energy/EventRules.h"
#include "support/Error.h"
#include "support/TextFile.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>

namespace dalbit::energy {

const std::map<std::string, std::string> &technologyTexts(); // generated

namespace {

Band readBand(dram::TomlTable &table, const char *key) {
  std::vector<double> values = table.numbers(key, 3);
  if (values[0] > values[1] || values[1] > values[2])
    table.fail(key, "wants low, typical and high in ascending order");
  return {values[0], values[1], values[2]};
}

} // namespace

Memory Technology::memory(double kib, double bits, int ports) const {
  // The widest rows that are not wider than an access; else the narrowest.
  double width = 0, narrowest = 0;
  for (const Memory &row : memories) {
    if (row.ports != ports)
      continue;
    if (row.bits <= bits)
      width = std::max(width, row.bits);
    if (narrowest == 0 || row.bits < narrowest)
      narrowest = row.bits;
  }
  if (width == 0)
    width = narrowest;
  std::vector<Memory> rows;
  for (const Memory &row : memories)
    if (row.ports == ports && row.bits == width)
      rows.push_back(row);
  std::sort(rows.begin(), rows.end(),
            [](const Memory &a, const Memory &b) { return a.kib < b.kib; });

  double beside = std::max(1.0, std::ceil(bits / width));
  double each = kib / beside;
  double behind = std::max(1.0, std::ceil(each / rows.back().kib));
  each /= behind;
  Memory result;
  if (each <= rows.front().kib) {
    result = rows.front();
  } else {
    size_t upper = 1;
    while (rows[upper].kib < each)
      ++upper;
    const Memory &low = rows[upper - 1], &high = rows[upper];
    double part = std::log2(each / low.kib) / std::log2(high.kib / low.kib);
    auto mix = [part](double a, double b) { return a + part * (b - a); };
    result.readPj = mix(low.readPj, high.readPj);
    result.writePj = mix(low.writePj, high.writePj);
    result.leakageMw = mix(low.leakageMw, high.leakageMw);
    result.areaMm2 = mix(low.areaMm2, high.areaMm2);
  }
  result.kib = kib;
  result.bits = bits;
  result.ports = ports;
  // An access narrower than the macro costs its share.
  double share = std::min(1.0, bits / width);
  result.readPj *= beside * share;
  result.writePj *= beside * share;
  result.leakageMw *= beside * behind;
  result.areaMm2 *= beside * behind;
  return result;
}

std::vector<std::string> technologyNames() {
  std::vector<std::string> names;
  for (const auto &[name, text] : technologyTexts())
    names.push_back(name);
  return names;
}

Technology loadTechnology(const std::string &nameOrPath) {
  auto found = technologyTexts().find(nameOrPath);
  if (found != technologyTexts().end()) {
    Technology technology = parseTechnology(found->second, nameOrPath);
    technology.name = nameOrPath;
    return technology;
  }
  if (nameOrPath.find('/') == std::string::npos &&
      !nameOrPath.ends_with(".toml"))
    throw Error(fmt::format("technology '{}' is not known", nameOrPath),
                {fmt::format("known are {}; a path to a TOML file works too",
                             fmt::join(technologyNames(), ", "))});
  return parseTechnology(readTextFile(nameOrPath), nameOrPath);
}

Technology parseTechnology(const std::string &text, const std::string &origin) {
  dram::TomlTable top = dram::TomlTable::parse(text, origin);
  Technology technology;
  technology.name = origin;
  technology.nodeNm = top.number("node_nm");
  technology.voltage = top.number("voltage");
  if (technology.voltage <= 0)
    top.fail("voltage", "is not above 0");
  technology.logicLeakageMwPerMm2 = readBand(top, "logic_leakage_mw_per_mm2");
  technology.arrayPositionUm2 = top.number("array_position_um2");
  technology.vectorLaneUm2 = top.number("vector_lane_um2");
  technology.otherUm2 = top.number("other_um2");
  technology.sramEnergy = readBand(top, "sram_energy");
  technology.sramLeakage = readBand(top, "sram_leakage");

  std::set<double> ports;
  for (const std::vector<double> &row : top.rows("sram", 7)) {
    technology.memories.push_back(
        {row[0], row[1], row[2], row[3], row[4], row[5], row[6]});
    if (row[0] <= 0 || row[1] <= 0)
      top.fail("sram", "has a row without size or width");
    ports.insert(row[2]);
  }
  if (ports != std::set<double>{1, 2})
    top.fail("sram", "wants rows of memories with one and with two ports");

  std::set<std::string> wanted;
  for (const std::string &name : technologyEvents())
    wanted.insert(name);
  for (dram::TomlTable &entry : top.tables("event")) {
    std::string name = entry.string("name");
    if (!wanted.contains(name))
      entry.fail("name", fmt::format("\"{}\" is not a known event", name));
    if (technology.events.contains(name))
      entry.fail("name", fmt::format("\"{}\" stands twice", name));
    Event &event = technology.events[name];
    event.pj = readBand(entry, "pj");
    event.what = entry.string("what");
    event.source = entry.string("source");
    entry.finish();
  }
  for (const std::string &name : wanted)
    if (!technology.events.contains(name))
      top.fail("event", fmt::format("has none named \"{}\"", name));
  top.finish();
  return technology;
}

} // namespace dalbit::energy
