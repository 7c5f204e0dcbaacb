// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dice of the fuzzer: the same numbers from the same seed on every machine.

#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace dalbit::fuzz {

class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}

  uint64_t word() { return engine(); }
  /// 0 to limit - 1; limit is at least 1.
  uint32_t below(uint32_t limit) { return uint32_t(engine() % limit); }
  /// low to high, both included.
  int32_t between(int32_t low, int32_t high) {
    return low + int32_t(below(uint32_t(high - low + 1)));
  }
  bool chance(unsigned percent) { return below(100) < percent; }
  /// Any width of number is equally likely.
  int32_t wide() { return int32_t(uint32_t(engine())) >> below(32); }
  template <typename T> const T &pick(const std::vector<T> &list) {
    return list[below(uint32_t(list.size()))];
  }
  template <typename E> E any(uint32_t count) { return E(below(count)); }
  template <typename T> void shuffle(std::vector<T> &list) {
    for (size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[below(uint32_t(i))]);
  }

private:
  std::mt19937_64 engine;
};

} // namespace dalbit::fuzz
