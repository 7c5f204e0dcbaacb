// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IEEE half precision and bfloat16 as bits with conversions. Arithmetic is
// done in float by whoever computes. float to 16 bits rounds to nearest even;
// NaN stays NaN, overflow becomes infinity. Formulas: IEEE 754-2019, 3.4.

#pragma once

#include <bit>
#include <cstdint>

namespace dalbit::onnx {

struct Half {
  uint16_t bits = 0;

  Half() = default;
  explicit Half(float value) : bits(encode(value)) {}
  explicit operator float() const {
    uint32_t sign = uint32_t(bits & 0x8000) << 16;
    uint32_t exponent = (bits >> 10) & 0x1f, mantissa = bits & 0x3ff;
    if (exponent == 0) {
      float value = float(mantissa) * 0x1p-24f;
      return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | sign);
    }
    uint32_t wide = exponent == 0x1f ? 0xff : exponent + 112;
    return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
  }
  explicit operator int64_t() const { return int64_t(float(*this)); }

private:
  static uint16_t encode(float value) {
    uint32_t word = std::bit_cast<uint32_t>(value);
    uint16_t sign = uint16_t(word >> 16 & 0x8000);
    uint32_t magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000)
      return sign | 0x7e00;
    if (magnitude >= 0x477ff000) // rounds to 65536 or more
      return sign | 0x7c00;
    if (magnitude < 0x38800000) { // below 2^-14: a multiple of 2^-24
      float scaled = std::bit_cast<float>(magnitude) * 0x1p24f;
      // Adding and subtracting 2^23 rounds to an integer, ties to even.
      float rounded = (scaled + 0x1p23f) - 0x1p23f;
      return sign | uint16_t(rounded);
    }
    uint32_t even = magnitude >> 13 & 1;
    return sign | uint16_t((magnitude + 0xfff + even - (112u << 23)) >> 13);
  }
};

struct BFloat16 {
  uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(float value) {
    uint32_t word = std::bit_cast<uint32_t>(value);
    if ((word & 0x7fffffff) > 0x7f800000)
      bits = uint16_t(word >> 16) | 0x40;
    else
      bits = uint16_t((word + 0x7fff + (word >> 16 & 1)) >> 16);
  }
  explicit operator float() const {
    return std::bit_cast<float>(uint32_t(bits) << 16);
  }
  explicit operator int64_t() const { return int64_t(float(*this)); }
};

} // namespace dalbit::onnx
