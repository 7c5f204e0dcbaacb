// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes text of the nn dialect line by line, with seeded weights.

#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace dalbit::test {

class NNText {
public:
  explicit NNText(unsigned seed) : random(seed) {}

  std::string text;

  std::string fresh() { return "%v" + std::to_string(next++); }
  void line(const std::string &l) { text += "  " + l + "\n"; }
  std::string tensor(int cols) {
    return "tensor<?x?x" + std::to_string(cols) + "xf32>";
  }
  std::string typeOf(const std::vector<int> &shape) {
    std::string type = "tensor<";
    for (int size : shape)
      type += std::to_string(size) + "x";
    return type + "f32>";
  }
  std::string weight(const std::vector<int> &shape, float base = 0,
                     float spread = 0.15f) {
    size_t count = 1;
    for (int size : shape)
      count *= size_t(size);
    // The hexadecimal form of a dense attribute: the bytes of the floats.
    std::string hex = "0x";
    for (size_t i = 0; i < count; ++i) {
      float value = base + spread * (float(random() % 2001) / 1000 - 1);
      uint8_t bytes[4];
      std::memcpy(bytes, &value, 4);
      for (uint8_t byte : bytes) {
        hex += "0123456789ABCDEF"[byte >> 4];
        hex += "0123456789ABCDEF"[byte & 15];
      }
    }
    std::string name = fresh();
    line(name + " = nn.constant dense<\"" + hex + "\"> : " + typeOf(shape));
    return name;
  }
  std::string linear(const std::string &x, int k, int n) {
    std::string w = weight({k, n}), b = weight({n}), y = fresh();
    line(y + " = nn.linear " + x + ", " + w + ", " + b + " : (" + tensor(k) +
         ", " + typeOf({k, n}) + ", " + typeOf({n}) + ") -> " + tensor(n));
    return y;
  }

private:
  std::mt19937 random;
  int next = 0;
};

} // namespace dalbit::test
