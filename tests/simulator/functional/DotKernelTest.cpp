// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every dot kernel that this processor supports against the exact sums, as
// 64-bit integers cut to 32 (no library is the reference: some saturate).

#include "simulator/functional/dot/Kernel.h"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

namespace dalbit::functional::test {

namespace {

struct Problem {
  int64_t rows, channels, lanes;
  bool clear;
};

using Bytes = std::vector<int8_t>;

/// \p weights are [channels][lanes], \p activations [rows][lanes].
void check(const DotKernel &kernel, const Problem &p, const Bytes &activations,
           const Bytes &weights) {
  std::vector<uint8_t> packed(weights.size());
  for (int64_t lane = 0; lane < p.lanes; ++lane)
    for (int64_t i = 0; i < p.channels; ++i)
      packed[size_t((lane / LaneGroup * p.channels + i) * LaneGroup +
                    lane % LaneGroup)] =
          uint8_t(weights[size_t(i * p.lanes + lane)]) ^ kernel.flip;
  // Rows stand in memory in reverse, so that no stride can be assumed.
  std::vector<const int8_t *> rows;
  for (int64_t row = 0; row < p.rows; ++row)
    rows.push_back(&activations[size_t((p.rows - 1 - row) * p.lanes)]);
  constexpr int32_t Before = 0x7fffff00, Guard = 12345;
  int64_t stride = p.channels + 3;
  std::vector<int32_t> sums(size_t(p.rows * stride), Before);
  for (int64_t row = 0; row < p.rows; ++row)
    for (int64_t i = p.channels; i < stride; ++i)
      sums[size_t(row * stride + i)] = Guard;
  kernel.multiply({rows.data(), p.rows, packed.data(), p.channels, p.lanes,
                   sums.data(), stride, p.clear});
  INFO(kernel.name << ", rows " << p.rows << ", channels " << p.channels
                   << ", lanes " << p.lanes << ", clear " << p.clear);
  for (int64_t row = 0; row < p.rows; ++row)
    for (int64_t i = 0; i < stride; ++i) {
      int64_t expected = Guard;
      if (i < p.channels) {
        expected = p.clear ? 0 : Before;
        for (int64_t lane = 0; lane < p.lanes; ++lane)
          expected += rows[size_t(row)][lane] *
                      int64_t(weights[size_t(i * p.lanes + lane)]);
      }
      if (sums[size_t(row * stride + i)] != int32_t(uint32_t(expected)))
        FAIL("row " << row << ", channel " << i);
    }
}

} // namespace

TEST_CASE("dot kernels give the exact sums", "[matrix]") {
  std::mt19937 random(11);
  for (const DotKernel &kernel : dotKernels())
    for (int64_t rows : {1, 2, 3, 4, 5, 8, 11})
      for (int64_t channels : {16, 32, 48, 64})
        for (int64_t lanes : {4, 8, 36, 64, 100, 516, 1100}) {
          if (!kernel.isSupported())
            continue;
          Bytes activations(size_t(rows * lanes)),
              weights(size_t(channels * lanes));
          for (Bytes *bytes : {&activations, &weights})
            for (int8_t &byte : *bytes)
              byte = int8_t(random());
          check(kernel, {rows, channels, lanes, random() % 2 == 0}, activations,
                weights);
        }
}

TEST_CASE("the largest products do not saturate", "[matrix]") {
  for (const DotKernel &kernel : dotKernels())
    for (int activation : {-128, 127})
      for (int weight : {-128, 127})
        if (kernel.isSupported())
          check(kernel, {9, 32, 1024, true},
                Bytes(size_t(9 * 1024), int8_t(activation)),
                Bytes(size_t(32 * 1024), int8_t(weight)));
}

TEST_CASE("the slowest dot kernel runs anywhere", "[matrix]") {
  CHECK(dotKernels().back().isSupported());
  CHECK(dotKernel().isSupported());
}

} // namespace dalbit::functional::test
