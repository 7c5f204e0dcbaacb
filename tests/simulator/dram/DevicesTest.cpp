// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/dram/CommandEnergy.h"
#include "simulator/dram/DramParameters.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

using namespace dalbit::dram;

namespace {
std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}
} // namespace

TEST_CASE("every built-in device reads and moves its rated bandwidth",
          "[dram]") {
  struct Rated {
    const char *name;
    double gbPerSecond;
    uint64_t gib;
  };
  const Rated rated[] = {
      {"ddr4-3200-x64", 25.6, 8},         {"hbm2-2000-2pc", 32, 1},
      {"hbm2-2000-x128", 32, 1},          {"lpddr4x-4266-x16", 8.53, 1},
      {"lpddr4x-4266-x16-16gb", 8.53, 2}, {"lpddr4-3200-x16", 6.4, 1},
      {"lpddr4-3200-x32", 12.8, 2},       {"lpddr5-6400-2x16", 25.6, 2},
      {"lpddr5-6400-2x16-16gb", 25.6, 4}, {"lpddr5-6400-x16", 12.8, 1},
      {"lpddr5-6400-x32", 25.6, 2},       {"lpddr5x-8533-4x16", 68.27, 16},
  };
  CHECK(deviceNames().size() == std::size(rated));
  for (const Rated &expected : rated) {
    INFO(expected.name);
    DramParameters device = loadDevice(expected.name);
    CHECK(device.peakGbPerSecond() ==
          Approx(expected.gbPerSecond).epsilon(1e-3));
    CHECK(device.capacityBytes == expected.gib << 30);
  }
}

TEST_CASE("a stream's read energy is the data sheet's pJ per bit", "[dram]") {
  // (IDD4R - IDD3N) over the supplies, divided by the rate.
  auto perBit = [](const char *name, double joule) {
    return joule / (loadDevice(name).burstBytes * 8) * 1e12;
  };
  CommandEnergy lpddr4(loadDevice("lpddr4-3200-x16"), Level::DataSheet);
  CHECK(perBit("lpddr4-3200-x16", lpddr4.readCore) ==
        Approx(2.632).epsilon(.001));
  CHECK(perBit("lpddr4-3200-x16", lpddr4.readIo) ==
        Approx(1.603).epsilon(.001));
  CommandEnergy lpddr5(loadDevice("lpddr5-6400-x16"), Level::DataSheet);
  CHECK(perBit("lpddr5-6400-x16", lpddr5.readCore) ==
        Approx(3.29).epsilon(.001));
  CHECK(perBit("lpddr5-6400-x16", lpddr5.readIo) ==
        Approx(0.464).epsilon(.001));
  CHECK(lpddr5.activate == Approx(1.111e-9).epsilon(.03));
  CommandEnergy lpddr5x(loadDevice("lpddr5x-8533-4x16"), Level::DataSheet);
  CHECK(perBit("lpddr5x-8533-4x16", lpddr5x.readCore) ==
        Approx(3.291).epsilon(.001));
  CommandEnergy ddr4(loadDevice("ddr4-3200-x64"), Level::DataSheet);
  CHECK(perBit("ddr4-3200-x64", ddr4.readCore) == Approx(5.437).epsilon(.001));
}

TEST_CASE("low, typical and high energies are in order", "[dram]") {
  for (const std::string &name : deviceNames()) {
    INFO(name);
    DramParameters device = loadDevice(name);
    CommandEnergy low(device, Level::Low), typical(device, Level::Typical),
        high(device, Level::High);
    CHECK(low.readCore < typical.readCore);
    CHECK(typical.readCore < high.readCore);
    CHECK(low.hostPhy < typical.hostPhy);
    CHECK(typical.hostPhy < high.hostPhy);
    CHECK(low.openWatt < high.openWatt);
  }
}

TEST_CASE("a target's capacity picks the variant with larger dies", "[dram]") {
  DramParameters edge = loadDevice("lpddr5-6400-2x16", 4096);
  CHECK(edge.name == "lpddr5-6400-2x16-16gb");
  CHECK(edge.timing.refreshToActivate == 224);
  DramParameters small = loadDevice("lpddr5-6400-2x16", 512);
  CHECK(small.timing.refreshToActivate == 168);
  CHECK(small.capacityBytes == uint64_t(512) << 20);
  DramParameters large = loadDevice("lpddr4x-4266-x16", 2048);
  CHECK(large.timing.refreshToActivate == 810);
  CHECK_THROWS_WITH(loadDevice("lpddr4-3200-x16", 2048),
                    Catch::Contains("has 1024 MiB, the target wants 2048"));
}

TEST_CASE("bad device files are refused with file, line and key", "[dram]") {
  std::string good = deviceText("lpddr5-6400-x16");
  CHECK_NOTHROW(parseDevice(good, "d.toml"));
  auto refuses = [&](const char *from, const char *to, const char *message) {
    CHECK_THROWS_WITH(parseDevice(replaced(good, from, to), "d.toml"),
                      Catch::StartsWith("d.toml:") && Catch::Contains(message));
  };
  refuses("activate_to_column = 15", "tRCD = 15",
          "timing.activate_to_column is missing");
  refuses("four_activates = 16", "four_activates = 16\nextra = 1",
          "timing.extra is not a known key");
  refuses("read_latency = 19", "read_latency = 0", "outside 1 to");
  refuses("clock_ns = 1.25", "clock_ns = \"fast\"", "is not a number");
  refuses("\"row 15\"", "\"row 14\"", "do not span capacity_mib");
  refuses("\"bank 2\"", "\"rank 2\"", "field rank is not one of");
  refuses("\"group 2\"", "\"bank 2\"", "stands twice");
  refuses("\"burst 5\"", "\"burst 4\"", "spans burst_bytes");
  refuses("banks = 2", "banks = 3", "is not a power of two");
  refuses("to_refresh = 72", "to_refresh = 400", "is above the interval");
  refuses("\"row 15\"]", "\"row 15\"]\nbank_xor_row = 1", "bank_xor_row");
  refuses("standard =", "standard", "d.toml");
  refuses("read = [0.45, 0.6, 1.0]", "read = [0.7, 0.6, 1.0]", "ascending");
  CHECK_THROWS_WITH(loadDevice("lpddr9"),
                    Catch::Contains("'lpddr9' is not known"));
  CHECK_THROWS_WITH(loadDevice("/nowhere/x.toml"),
                    Catch::Contains("/nowhere/x.toml: cannot open"));
}
