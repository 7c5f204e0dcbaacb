// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Memory.h"
#include "support/Error.h"
#include "support/Sha256.h"

#include <catch2/catch.hpp>

namespace dalbit::host {

using isa::Region;

namespace {
binary::Program program() {
  binary::Program program;
  program.code = {0x0102030405060708};
  program.constants = binary::Bytes(std::vector<uint8_t>(5000, 7));
  program.regions = {{Region::Code, 8},
                     {Region::Const, 5000},
                     {Region::Output, 10},
                     {Region::Input, 20},
                     {Region::Kv, 30}};
  return program;
}
} // namespace

TEST_CASE("regions lie in the table's order at multiples of 4096", "[memory]") {
  Memory memory(1 << 20);
  memory.load(program());
  CHECK(memory.placement().base[unsigned(Region::Const)] == 4096);
  CHECK(memory.placement().base[unsigned(Region::Output)] == 12288);
  CHECK(memory.placement().base[unsigned(Region::Kv)] == 20480);
  CHECK(memory.data()[0] == 8);
  CHECK(memory.data()[4096 + 4999] == 7);
  CHECK(memory.data()[4096 + 5000] == 0);
}

TEST_CASE("a program larger than the DRAM is refused", "[memory]") {
  Memory memory(16384);
  CHECK_THROWS_WITH(
      memory.load(program()),
      "the program needs 20510 bytes of DRAM, the target has 16384");
}

TEST_CASE("a region moves past all others", "[memory]") {
  Memory memory(1 << 20);
  memory.load(program());
  memory.move(Region::Code, 5000, 1 << 16);
  CHECK(memory.placement().base[unsigned(Region::Code)] == 1 << 16);
  CHECK(memory.placement().size[unsigned(Region::Code)] == 5000);
  CHECK(memory.placement().base[unsigned(Region::Const)] == 4096);
  CHECK(memory.placement().end == (1 << 16) + 5000);
  memory.place(program());
  CHECK(memory.placement().base[unsigned(Region::Code)] == 0);
  CHECK_THROWS_WITH(memory.move(Region::Code, 1 << 20, 1 << 16),
                    "the target's DRAM of 1048576 bytes has no room for "
                    "1048576 more behind the program's regions");
}

TEST_CASE("untouched capacity costs nothing", "[memory]") {
  Memory memory(uint64_t(64) << 30);
  memory.data()[(uint64_t(64) << 30) - 1] = 3;
  CHECK(memory.data()[(uint64_t(64) << 30) - 1] == 3);
}

TEST_CASE("clear makes zero what a program writes and nothing else",
          "[memory]") {
  Memory memory(1 << 20);
  memory.load(program());
  for (Region kind : {Region::Output, Region::Input, Region::Kv})
    memory.region(kind)[9] = 1;
  memory.clear();
  for (Region kind : {Region::Output, Region::Input, Region::Kv})
    CHECK(memory.region(kind)[9] == 0);
  CHECK(memory.data()[4096] == 7);
}

TEST_CASE("the digest covers output and kv in the table's order", "[memory]") {
  Memory memory(1 << 20);
  binary::Program p = program();
  memory.load(p);
  memory.region(Region::Output)[0] = 1;
  memory.region(Region::Kv)[29] = 2;
  memory.region(Region::Input)[0] = 3; // not covered
  std::vector<uint8_t> bytes(40);
  bytes[0] = 1;
  bytes[39] = 2;
  Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  CHECK(memory.digest(p) == hex(hash.finish()));
}

} // namespace dalbit::host
