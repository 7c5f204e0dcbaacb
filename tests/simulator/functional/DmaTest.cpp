// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/simulator/functional/Bench.h"

#include <catch2/catch.hpp>

namespace dalbit::functional::test {

using isa::ErrorCode;

namespace {

/// A bench whose input region holds byte i at i, modulo 251. Nano's bus is 16
/// bytes wide.
struct DmaBench : Bench {
  DmaBench() {
    binary::Program program;
    program.regions = {{isa::Region::Kv, 100}, {isa::Region::Input, 65536}};
    memory.load(program);
    for (int i = 0; i < 65536; ++i)
      memory.region(isa::Region::Input)[i] = uint8_t(i % 251);
  }
  ErrorCode run(const isa::DmaConfiguration &c, bool out = false) {
    return faultOf([&] { executeDma(machine, c, out); });
  }
};

isa::DmaConfiguration copy(uint32_t bytes, uint32_t rows = 1,
                           uint32_t planes = 1) {
  isa::DmaConfiguration c;
  c.region = unsigned(isa::Region::Input);
  c.bytes = bytes;
  c.rows = rows;
  c.planes = planes;
  return c;
}

} // namespace

TEST_CASE("dma_in copies planes of rows", "[dma]") {
  DmaBench bench;
  isa::DmaConfiguration c = copy(8, 3, 2);
  c.dramOffset = 20;
  c.dramRowStride = 32;
  c.dramPlaneStride = 1024;
  c.spmAddr = 4;
  c.spmRowStride = 16;
  c.spmPlaneStride = 64;
  REQUIRE(bench.run(c) == ErrorCode::None);
  for (int plane = 0; plane < 2; ++plane)
    for (int row = 0; row < 3; ++row)
      for (int i = 0; i < 8; ++i)
        CHECK(bench.machine.spm[size_t(4 + plane * 64 + row * 16 + i)] ==
              (20 + plane * 1024 + row * 32 + i) % 251);
  CHECK(bench.machine.spm[12] == 0); // between rows
}

TEST_CASE("dma_out copies back", "[dma]") {
  DmaBench bench;
  bench.put<uint8_t>(16, {1, 2, 3, 4});
  bench.put<uint8_t>(48, {5, 6, 7, 8});
  isa::DmaConfiguration c = copy(4, 2);
  c.region = unsigned(isa::Region::Kv);
  c.spmAddr = 16;
  c.spmRowStride = 32;
  c.dramRowStride = 16;
  REQUIRE(bench.run(c, /*out=*/true) == ErrorCode::None);
  const uint8_t *kv = bench.memory.region(isa::Region::Kv);
  CHECK(std::vector<uint8_t>(kv, kv + 4) == std::vector<uint8_t>{1, 2, 3, 4});
  CHECK(kv[4] == 0);
  CHECK(std::vector<uint8_t>(kv + 16, kv + 20) ==
        std::vector<uint8_t>{5, 6, 7, 8});
}

TEST_CASE("a gather takes its rows from an index list", "[dma]") {
  DmaBench bench;
  bench.put<uint32_t>(1024, {3, 0, 3});
  isa::DmaConfiguration c = copy(4, 3);
  c.gather = isa::DmaGather::On;
  c.indexAddr = 1024;
  c.dramRowStride = 64;
  c.spmRowStride = 16;
  REQUIRE(bench.run(c) == ErrorCode::None);
  CHECK(bench.machine.spm[0] == 192);
  CHECK(bench.machine.spm[16] == 0);
  CHECK(bench.machine.spm[32] == 192);
}

TEST_CASE("a negative stride is one modulo 2^32 and 2^24", "[dma]") {
  DmaBench bench;
  isa::DmaConfiguration c = copy(4, 2);
  c.dramOffset = 64;
  c.dramRowStride = uint32_t(-64);
  c.spmAddr = 64;
  c.spmRowStride = (1 << 24) - 64;
  REQUIRE(bench.run(c) == ErrorCode::None);
  CHECK(bench.machine.spm[64] == 64);
  CHECK(bench.machine.spm[1] == 1);
}

TEST_CASE("copies that the unit does not allow are refused", "[dma]") {
  DmaBench bench;
  auto code = [&](auto change, bool out = false) {
    isa::DmaConfiguration c = copy(16, 2);
    c.spmRowStride = c.dramRowStride = 16;
    change(c);
    return bench.run(c, out);
  };
  CHECK(code([](auto &) {}) == ErrorCode::None);
  CHECK(code([](auto &c) { c.bytes = 6; }) == ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) { c.dramOffset = 4; }) == ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) { c.dramRowStride = 20; }) ==
        ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) { c.dramPlaneStride = 4; }) == ErrorCode::None);
  auto gather = [](auto &c) {
    c.gather = isa::DmaGather::On;
    c.indexAddr = 1024; // zeros
  };
  CHECK(code(gather) == ErrorCode::None);
  CHECK(code(gather, /*out=*/true) == ErrorCode::IllegalConfig);
  CHECK(code([&](auto &c) {
          gather(c);
          c.planes = 2;
        }) == ErrorCode::IllegalConfig);
  CHECK(code([&](auto &c) {
          gather(c);
          c.dramRowStride = c.spmRowStride = 8; // not whole beats
        }) == ErrorCode::IllegalConfig);
  CHECK(code([&](auto &c) {
          gather(c);
          c.indexAddr = 2;
        }) == ErrorCode::Address);
  CHECK(code([](auto &c) { c.spmAddr = 256 * 1024 - 16; }) ==
        ErrorCode::Address);
  CHECK(code([](auto &c) { c.dramOffset = 1 << 20; }) == ErrorCode::AxiRead);
  CHECK(code([](auto &c) { c.dramOffset = 1 << 20; }, /*out=*/true) ==
        ErrorCode::AxiWrite);
  CHECK(code([](auto &c) {
          c.rows = 0;
          c.bytes = 6;
        }) == ErrorCode::None);
}

} // namespace dalbit::functional::test
