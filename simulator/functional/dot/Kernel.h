// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inner loop of the matrix unit: int8 dot products of rows of activations
// with channels of weights, for the processor that runs. Every kernel gives the
// exact sums modulo 2^32 (A1); tests hold each against them.

#pragma once

#include <cstdint>
#include <span>

namespace dalbit::functional {

/// Weights of a packed panel lie as [lanes / 4][channels][4], so that a vector
/// has four neighbouring lanes of each of its channels.
inline constexpr int64_t LaneGroup = 4;
/// A panel has a multiple of so many channels.
inline constexpr int64_t ChannelBlock = 16;

struct DotOperands {
  const int8_t *const *activations; ///< a row of lanes each
  int64_t rows;
  const uint8_t *weights; ///< packed, each byte xor DotKernel::flip
  int64_t channels;       ///< a multiple of ChannelBlock
  int64_t lanes;          ///< a multiple of LaneGroup
  int32_t *sums;          ///< [rows][channels]
  int64_t sumStride;      ///< elements between rows
  bool clear;             ///< overwrite the sums instead of adding to them
};

struct DotKernel {
  const char *name;
  /// What the packed weights are xored with: 0x80 where the instruction takes
  /// one operand without sign, else 0.
  uint8_t flip;
  bool (*isSupported)();
  void (*multiply)(const DotOperands &);
};

/// All kernels of this build, the fastest first; the last is always supported.
std::span<const DotKernel> dotKernels();

/// The fastest that this processor supports.
const DotKernel &dotKernel();

} // namespace dalbit::functional
