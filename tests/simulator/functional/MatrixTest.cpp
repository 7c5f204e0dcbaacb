// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/rtl/matrix/MatrixModel.h"
#include "tests/simulator/functional/Bench.h"

#include <catch2/catch.hpp>

namespace dalbit::functional::test {

using isa::ErrorCode;
using isa::MatrixWForm;
using rtltest::Form;
using rtltest::MatrixJob;

namespace {

/// One row of activations at 0, one n-tile of weights at 1024.
isa::MatrixConfiguration product(uint32_t n, uint32_t k) {
  isa::MatrixConfiguration c;
  c.rows = 1;
  c.n = n;
  c.k = k;
  c.wAddr = 1024;
  return c;
}

isa::MatrixConfiguration configuration(const rtltest::MatrixConfig &m) {
  isa::MatrixConfiguration c;
  c.aAddr = uint32_t(m.aAddr);
  c.aRowStride = uint32_t(m.aRowStride);
  c.rows = uint32_t(m.rows);
  c.n = uint32_t(m.n);
  c.k = uint32_t(m.k);
  c.wAddr = uint32_t(m.wAddr);
  c.wRowStride = uint32_t(m.wRowStride);
  c.wForm = MatrixWForm(m.form);
  c.wGroup = isa::MatrixWGroup(m.group);
  c.accAddr = uint32_t(m.accAddr);
  c.accStride = uint32_t(m.accStride);
  c.accumulate = isa::MatrixAccumulate(m.add);
  return c;
}

/// Compares random jobs with the independent model on a target.
void compare(const std::string &name, int count,
             const DotKernel &kernel = dotKernel()) {
  target::Target target = target::loadTarget(name);
  host::Memory memory(4096);
  Machine machine(target, memory);
  machine.dot = &kernel;
  rtltest::MatrixSize size{target.outputs, target.lanes, target.portBytes,
                           target.accumulatorEntries};
  rtltest::Accumulator expected(size_t(size.entries),
                                std::vector<uint32_t>(size_t(size.n)));
  std::mt19937 random(7);
  auto below = [&](int limit) { return int(random() % unsigned(limit)); };
  for (int i = 0; i < count; ++i) {
    rtltest::MatrixConfig c;
    c.form = Form(below(4));
    c.rows = 1 + below(5);
    c.n = 1 + below(4 * size.n);
    c.k = 1 + below(5 * size.k);
    c.group = size.k > 32 ? 1 + below(2) : below(3);
    c.accStride = c.rows + below(3);
    c.accAddr = below(size.entries - 5 * (c.rows + 3));
    c.add = below(2);
    c.aAddr = size.k * below(8);
    c.aRowStride = (c.k + size.k - 1) / size.k * size.k + size.k * below(2);
    int unit = c.form == Form::Rows      ? size.k
               : c.form == Form::Columns ? size.n
                                         : size.port;
    c.wAddr = 32768 + unit * below(4);
    int width = c.form == Form::Rows ? c.k : c.n;
    c.wRowStride = (width + unit - 1) / unit * unit + unit * below(2);
    MatrixJob job(size, c);
    job.place(machine.spm, random);
    job.apply(expected);
    executeMatrix(machine, configuration(c));
    INFO("job " << i << ": form " << int(c.form) << ", n " << c.n << ", k "
                << c.k << ", rows " << c.rows << ", group " << c.group);
    for (int entry = 0; entry < size.entries; ++entry)
      for (int channel = 0; channel < size.n; ++channel)
        if (uint32_t(machine.acc[size_t(entry * size.n + channel)]) !=
            expected[size_t(entry)][size_t(channel)])
          FAIL("entry " << entry << ", channel " << channel);
  }
}

} // namespace

TEST_CASE("channels and lanes past the tails count as 0 (A11)", "[matrix]") {
  Bench bench;
  std::fill(bench.machine.spm.begin(), bench.machine.spm.end(), 0x55);
  std::fill(bench.machine.acc.begin(), bench.machine.acc.end(), 77);
  bench.put<int8_t>(0, {2, -3});
  bench.put<int8_t>(1024, {5, 7});       // channel 0
  bench.put<int8_t>(1024 + 16, {-1, 1}); // channel 1
  executeMatrix(bench.machine, product(2, 2));
  CHECK(bench.machine.acc[0] == -11);
  CHECK(bench.machine.acc[1] == -5);
  CHECK(bench.machine.acc[2] == 0);
  CHECK(bench.machine.acc[16] == 77); // the next entry
}

TEST_CASE("accumulate adds to the entry", "[matrix]") {
  Bench bench;
  bench.put<int8_t>(0, {2});
  bench.put<int8_t>(1024, {5});
  isa::MatrixConfiguration c = product(1, 1);
  c.accumulate = isa::MatrixAccumulate::Add;
  bench.machine.acc[0] = 100;
  bench.machine.acc[1] = 9;
  executeMatrix(bench.machine, c);
  CHECK(bench.machine.acc[0] == 110);
  CHECK(bench.machine.acc[1] == 9);
}

TEST_CASE("a 4-bit weight is (code - zero) * multiplier (A14)", "[matrix]") {
  Bench bench;
  bench.put<int8_t>(0, {1, 10});
  std::vector<uint8_t> headers(64, 0);
  headers[0] = 2 << 4 | 8; // multiplier 3, zero 8
  headers[1] = 15 << 4 | 0;
  bench.put(1024, headers);
  bench.put<uint8_t>(1024 + 64, {0x9f}); // codes 15, 9: 21 and 3
  bench.put<uint8_t>(1024 + 72, {0x0f}); // codes 15, 0: saturates at 127, and 0
  isa::MatrixConfiguration c = product(2, 2);
  c.wForm = MatrixWForm::W4;
  executeMatrix(bench.machine, c);
  CHECK(bench.machine.acc[0] == 21 + 30);
  CHECK(bench.machine.acc[1] == 127);
}

TEST_CASE("random products equal the independent model on nano", "[matrix]") {
  compare("nano", 400);
}

TEST_CASE("random products equal the independent model on edge", "[matrix]") {
  compare("edge", 200);
}

TEST_CASE("random products equal the independent model on server", "[matrix]") {
  compare("server", 80);
}

TEST_CASE("every dot kernel serves the matrix unit", "[matrix]") {
  for (const DotKernel &kernel : dotKernels())
    if (kernel.isSupported()) {
      INFO(kernel.name);
      compare("edge", 30, kernel);
    }
}

TEST_CASE("words past the last channel are not fetched", "[matrix]") {
  Bench bench;
  isa::MatrixConfiguration c = product(1, 16);
  c.wAddr = 256 * 1024 - 64;
  CHECK(faultOf([&] { executeMatrix(bench.machine, c); }) == ErrorCode::None);
  c.n = 5;
  CHECK(faultOf([&] { executeMatrix(bench.machine, c); }) ==
        ErrorCode::Address);
}

TEST_CASE("products that the unit does not allow are refused", "[matrix]") {
  Bench bench;
  auto code = [&](auto change) {
    isa::MatrixConfiguration c = product(16, 16);
    change(c);
    return faultOf([&] { executeMatrix(bench.machine, c); });
  };
  CHECK(code([](auto &) {}) == ErrorCode::None);
  CHECK(code([](auto &c) {
          c.wForm = MatrixWForm::W4;
          c.wGroup = isa::MatrixWGroup(3);
        }) == ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) {
          c.n = 17;
          c.rows = 2;
          c.accStride = 1;
        }) == ErrorCode::IllegalConfig);
  CHECK(code([](auto &c) { c.aAddr = 8; }) == ErrorCode::Address);
  CHECK(code([](auto &c) { c.aRowStride = 8; }) == ErrorCode::Address);
  CHECK(code([](auto &c) { c.wAddr = 32; }) == ErrorCode::Address);
  CHECK(code([](auto &c) {
          c.wForm = MatrixWForm::Rows;
          c.wRowStride = 8;
        }) == ErrorCode::Address);
  CHECK(code([](auto &c) { c.accAddr = 256; }) == ErrorCode::Address);
  CHECK(code([](auto &c) {
          c.accAddr = 4095;
          c.rows = 0;
        }) == ErrorCode::None);
}

} // namespace dalbit::functional::test
