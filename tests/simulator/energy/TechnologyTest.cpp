// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/energy/Technology.h"
#include "simulator/energy/EventRules.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

using namespace dalbit::energy;

namespace {

/// A whole technology file with easy figures; \p extra goes to the end.
std::string plain(const std::string &extra = "", const std::string &skip = "") {
  std::string text = "node_nm = 22\nvoltage = 0.8\n"
                     "logic_leakage_mw_per_mm2 = [1, 2, 3]\n"
                     "array_position_um2 = 100\nvector_lane_um2 = 100\n"
                     "other_um2 = 100\n"
                     "sram_energy = [0.5, 1, 2]\nsram_leakage = [0.5, 1, 2]\n"
                     "sram = [\n  [16, 512, 1, 10, 20, 1, 0.1],\n"
                     "  [64, 512, 1, 30, 40, 3, 0.3],\n"
                     "  [16, 1024, 2, 32, 64, 2, 0.2],\n]\n";
  for (const std::string &event : technologyEvents())
    if (event != skip)
      text += "[[event]]\nname = \"" + event +
              "\"\npj = [1, 2, 4]\nwhat = \"w\"\nsource = \"s\"\n";
  return text + extra;
}

} // namespace

TEST_CASE("the built-in technologies read and get cheaper with the node",
          "[energy]") {
  CHECK(technologyNames() == std::vector<std::string>{"n22", "n45", "n7"});
  Technology n45 = loadTechnology("n45"), n22 = loadTechnology("n22"),
             n7 = loadTechnology("n7");
  for (const auto &[name, event] : n22.events) {
    INFO(name);
    CHECK(n45.events.at(name).pj.typical > event.pj.typical);
    CHECK(event.pj.typical > n7.events.at(name).pj.typical);
    CHECK(event.pj.low < event.pj.typical);
    CHECK(event.pj.typical < event.pj.high);
    CHECK_FALSE(event.source.empty());
  }
}

TEST_CASE("a memory size of the table is taken as it stands", "[energy]") {
  Memory bank = loadTechnology("n22").memory(64, 512, 1);
  CHECK(bank.readPj == Approx(14.2));
  CHECK(bank.writePj == Approx(24.3));
  CHECK(bank.leakageMw == Approx(0.68));
}

TEST_CASE("memories between, beside and behind rows are put together",
          "[energy]") {
  Technology technology = parseTechnology(plain(), "t");
  CHECK(technology.memory(32, 512, 1).readPj == Approx(20)); // half way
  Memory large = technology.memory(128, 512, 1);             // 2 x 64
  CHECK(large.readPj == Approx(30));
  CHECK(large.leakageMw == Approx(6));
  Memory wide = technology.memory(32, 1024, 1); // two of 16 KiB side by side
  CHECK(wide.readPj == Approx(20));
  CHECK(wide.areaMm2 == Approx(0.2));
  CHECK(technology.memory(4, 512, 1).readPj == Approx(10));  // the smallest
  CHECK(technology.memory(16, 512, 2).readPj == Approx(16)); // half the width
}

TEST_CASE("bad technology files are refused with file, line and key",
          "[energy]") {
  CHECK_NOTHROW(parseTechnology(plain(), "t"));
  CHECK_THROWS_WITH(parseTechnology(plain("", "mac_w8"), "t"),
                    Catch::Contains("event has none named \"mac_w8\""));
  CHECK_THROWS_WITH(
      parseTechnology(plain("[[event]]\nname = \"mac_w9\"\npj = [1, 2, 3]\n"),
                      "t"),
      Catch::Contains("\"mac_w9\" is not a known event"));
  CHECK_THROWS_WITH(
      parseTechnology(plain("[[event]]\nname = \"mac_w8\"\npj = [1, 2, 3]\n"),
                      "t"),
      Catch::Contains("stands twice"));
  CHECK_THROWS_WITH(parseTechnology("node_nm = 22\n", "t"),
                    Catch::StartsWith("t:1: voltage is missing"));
  CHECK_THROWS_WITH(loadTechnology("n3"), Catch::Contains("'n3' is not known"));
  CHECK_THROWS_AS(loadTechnology("/nowhere/t.toml"), dalbit::Error);
}
