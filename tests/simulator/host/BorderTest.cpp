// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Border.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <random>

namespace dalbit::host {

namespace {

using binary::ElementType;
using binary::ScaleKind;

/// A memory whose kv region has room for everything here.
struct Place {
  Place() {
    binary::Program program;
    program.regions = {{isa::Region::Kv, 1 << 16}};
    memory.load(program);
  }
  /// Cache [1, 2 heads, P, 3] with rows of 4 bytes; scales behind.
  binary::Tensor cache() {
    binary::Tensor tensor;
    tensor.type = ElementType::I8;
    tensor.onnxType = "float";
    tensor.region = isa::Region::Kv;
    tensor.strides = {0, 64, 4, 1};
    tensor.scale = ScaleKind::Row;
    tensor.scaleOffset = 1024;
    tensor.scaleStrides = {0, 32, 4};
    return tensor;
  }
  template <typename T> T at(uint64_t offset) {
    T value;
    std::memcpy(&value, memory.region(isa::Region::Kv) + offset, sizeof value);
    return value;
  }
  Memory memory{1 << 20};
};

} // namespace

TEST_CASE("a pair is the nearest 15-bit mantissa (S1)", "[border]") {
  CHECK(toPair(1) == (16384u | 14u << 16));
  CHECK(toPair(0) == 0);
  CHECK(toPair(0.75) == (24576u | 15u << 16));
  CHECK(toPair(65535) == (16384u | uint32_t(uint8_t(-2)) << 16));
  CHECK(fromPair(toPair(0.75)) == 0.75);
  CHECK(toPair(std::ldexp(1.0, -120)) == 0);
  CHECK(fromPair(toPair(std::ldexp(1.0, 200))) == std::ldexp(32767.0, 128));
}

TEST_CASE("a cache row is codes and the pair of its maximum / 127 (A9)",
          "[border]") {
  Place place;
  writeTensor(place.memory, place.cache(), {1, 2, 1, 3},
              {127, -63.5, 0.5, 0, 0, 0});
  CHECK(place.at<uint32_t>(1024) == (16384u | 14u << 16)); // 1
  CHECK(place.at<int8_t>(0) == 127);
  CHECK(place.at<int8_t>(1) == -64); // the even neighbour
  CHECK(place.at<int8_t>(2) == 0);
  CHECK(place.at<uint32_t>(1024 + 32) == 0);
  CHECK(place.at<int8_t>(64) == 0);
}

TEST_CASE("a cache goes out and in again unchanged (A9)", "[border]") {
  Place place;
  std::mt19937 random(3);
  std::vector<int64_t> shape = {1, 2, 7, 3};
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values(42);
    for (double &value : values)
      value = float(std::ldexp(int32_t(random()), int(random() % 30) - 40));
    writeTensor(place.memory, place.cache(), shape, values);
    const uint8_t *kv = place.memory.region(isa::Region::Kv);
    std::vector<uint8_t> before(kv, kv + 2048);
    HostTensor out = readTensor(place.memory, place.cache(), shape);
    for (size_t i = 0; i < values.size(); ++i)
      REQUIRE(out.values[i] == double(float(out.values[i])));
    place.memory.clear();
    writeTensor(place.memory, place.cache(), shape, out.values);
    REQUIRE(std::vector<uint8_t>(kv, kv + 2048) == before);
  }
}

TEST_CASE("columns of a row lie where the tensor says", "[border]") {
  Place place;
  binary::Tensor cache = place.cache();
  cache.columns = {3, 0, 1};
  writeTensor(place.memory, cache, {1, 2, 1, 3}, {127, 1, -2, 0, 0, 0});
  CHECK(place.at<int8_t>(3) == 127);
  CHECK(place.at<int8_t>(0) == 1);
  CHECK(place.at<int8_t>(1) == -2);
  CHECK(place.at<int8_t>(2) == 0);
  CHECK(readTensor(place.memory, cache, {1, 2, 1, 3}).values ==
        std::vector<double>{127, 1, -2, 0, 0, 0});
}

TEST_CASE("caches that are one tensor have their own columns", "[border]") {
  Place place;
  binary::Tensor cache;
  cache.onnxType = "float";
  cache.type = binary::ElementType::I8;
  cache.region = cache.scaleRegion = isa::Region::Kv;
  cache.strides = {16, 4, 1};
  cache.scale = ScaleKind::Row;
  cache.scaleOffset = 64;
  cache.scaleStrides = {8, 4};
  cache.columns = {1, 0, 0, 1};
  std::vector<double> values = {127, 1, 127, 2, 127, 3, 127, 4};
  writeTensor(place.memory, cache, {2, 2, 2}, values);
  CHECK(place.at<int8_t>(0) == 1);
  CHECK(place.at<int8_t>(5) == 127);
  CHECK(place.at<int8_t>(16) == 127);
  CHECK(place.at<int8_t>(21) == 4);
  CHECK(readTensor(place.memory, cache, {2, 2, 2}).values == values);
}

TEST_CASE("fixed point rounds, saturates and comes back", "[border]") {
  Place place;
  binary::Tensor tensor;
  tensor.onnxType = "float";
  tensor.region = isa::Region::Kv;
  tensor.strides = {8};
  tensor.scale = ScaleKind::Fixed;
  tensor.fractionBits = 4;
  writeTensor(place.memory, tensor, {3}, {1.03, -2.5, 1e20});
  CHECK(place.at<int32_t>(0) == 16);
  CHECK(place.at<int32_t>(8) == -40);
  CHECK(place.at<int32_t>(16) == INT32_MAX);
  CHECK(readTensor(place.memory, tensor, {2}).values ==
        std::vector<double>{1, -2.5});
}

TEST_CASE("integers stay as they are", "[border]") {
  Place place;
  binary::Tensor tensor;
  tensor.region = isa::Region::Kv;
  tensor.strides = {100, 4};
  writeTensor(place.memory, tensor, {2, 2}, {1, -2, 3, 2000000001});
  CHECK(place.at<int32_t>(104) == 2000000001);
  CHECK(readTensor(place.memory, tensor, {2, 2}).values ==
        std::vector<double>{1, -2, 3, 2000000001});
  CHECK(readTensor(place.memory, tensor, {2, 0}).values.empty());
}

} // namespace dalbit::host
