// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a DMA instruction copies, as a list of rows, and random instructions.
// From isa/npu.td, not from the rtl.

#ifndef DALBIT_TESTS_RTL_DMA_DMAMODEL_H
#define DALBIT_TESTS_RTL_DMA_DMAMODEL_H

#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace dalbit::bench {

constexpr unsigned portBytes = RTL_PortBytes;
constexpr unsigned axiBytes = RTL_AxiBytes;
constexpr uint32_t spmBytes = 65536; // of the bench's scratchpad
constexpr uint64_t dramBase = 0x12345000, dramBytes = 1 << 20;

enum Errors { none = 0, address = 3, axiRead = 4, axiWrite = 5, config = 7 };

struct Config {
  uint32_t region = 0, dramOffset = 0, spm = 0, bytes = 0, rows = 1, planes = 1;
  uint32_t dramRowStride = 0, dramPlaneStride = 0;
  uint32_t spmRowStride = 0, spmPlaneStride = 0;
  uint32_t gather = 0, index = 0;

  template <typename Wide> void pack(Wide &wide) const {
    uint8_t *bits = reinterpret_cast<uint8_t *>(&wide);
    std::memset(bits, 0, 32);
    unsigned at = 0;
    auto put = [&](uint32_t value, unsigned width) {
      for (unsigned i = 0; i < width; ++i, ++at)
        bits[at / 8] |= (value >> i & 1) << at % 8;
    };
    put(region, 3);
    put(dramOffset, 32);
    put(spm, 24);
    put(bytes, 24);
    put(rows, 16);
    put(planes, 16);
    put(dramRowStride, 32);
    put(dramPlaneStride, 32);
    put(spmRowStride, 24);
    put(spmPlaneStride, 24);
    put(gather, 1);
    put(index, 24);
  }
};

struct Row {
  uint64_t dram;
  uint32_t spm;
};

/// The rows in order; \p scratchpad holds the index list of a gather.
inline std::vector<Row> rowsOf(const Config &config, uint64_t base,
                               const std::vector<uint8_t> &scratchpad) {
  std::vector<Row> rows;
  if (config.bytes == 0)
    return rows;
  for (uint32_t plane = 0; plane < config.planes; ++plane)
    for (uint32_t row = 0; row < config.rows; ++row) {
      uint32_t number = row;
      if (config.gather) {
        uint32_t place = config.index + 4 * row;
        number = 0;
        if (place < scratchpad.size())
          std::memcpy(&number, &scratchpad[place], 4);
      }
      uint32_t offset = config.dramOffset + plane * config.dramPlaneStride +
                        number * config.dramRowStride;
      uint32_t spm = config.spm + plane * config.spmPlaneStride +
                     row * config.spmRowStride;
      rows.push_back({base + offset, spm & 0xffffff});
    }
  return rows;
}

/// Bursts of a row: cut at multiples of 1 KiB of the DRAM address.
inline unsigned burstsOf(const Row &row, uint32_t bytes) {
  return (row.dram + bytes - 1) / 1024 - row.dram / 1024 + 1;
}

/// Beats of a row, over all its bursts.
inline unsigned beatsOf(const Row &row, uint32_t bytes) {
  return (row.dram + bytes - 1) / axiBytes - row.dram / axiBytes + 1;
}

class Generator {
public:
  explicit Generator(uint32_t seed) : random(seed) {}

  uint32_t below(uint32_t limit) { return random() % limit; }

  /// A legal instruction inside the bench's memories. Its scratchpad rows lie
  /// in [spmFrom, spmFrom + 8192) and do not overlap each other.
  Config legal(uint64_t base, uint32_t spmFrom, bool gather) {
    Config config;
    config.gather = gather;
    config.rows = 1 + below(8);
    config.planes = gather ? 1 : 1 + below(3);
    uint32_t room = 8192 / (config.rows * config.planes) / 128 * 128;
    config.bytes = 4 * (1 + below((room - 128) / 4));
    if (below(3) == 0)
      config.bytes = 4 * (1 + below(20));
    uint32_t phase = 4 * below(axiBytes / 4);
    config.dramOffset = below(4096) / axiBytes * axiBytes + phase;
    config.spm = spmFrom + (base + config.dramOffset) % axiBytes;
    uint32_t step = gather ? 0 : below(axiBytes / 4) * 4;
    config.spmRowStride = (config.bytes + step + 127) / 128 * 128;
    config.spmRowStride -= step;
    uint32_t planeBytes = config.spmRowStride * config.rows;
    config.spmPlaneStride = planeBytes;
    config.dramRowStride = 2048 * below(8) + config.spmRowStride % axiBytes;
    if (gather)
      config.dramRowStride = axiBytes * (1 + below(40));
    config.dramPlaneStride = 65536 + planeBytes % axiBytes;
    return config;
  }

  /// The same with no effect or not allowed; \p error is what it raises.
  Config odd(Config config, bool canGather, unsigned &error) {
    error = none;
    switch (below(canGather ? 9 : 7)) {
    case 0:
      config.bytes = 0;
      return config;
    case 1:
      config.rows = 0;
      return config;
    case 2:
      config.planes = 0;
      config.bytes += 2; // not looked at
      return config;
    case 3:
      config.bytes += 2;
      break;
    case 4:
      config.spm ^= 4;
      break;
    case 5:
      config.rows = 2;
      config.dramRowStride ^= 4;
      break;
    case 6:
      if (!canGather) {
        config.gather = 1;
        break;
      }
      config.planes = 3;
      config.dramPlaneStride ^= 4;
      break;
    case 7:
      config.gather = 1;
      config.planes = 1;
      config.rows = 1;
      config.dramRowStride = 4;
      break;
    default:
      config.gather = 1;
      config.planes = 1;
      config.rows = 1;
      config.dramRowStride = axiBytes;
      config.index = 6;
      error = address;
      return config;
    }
    error = config.bytes == 0 ? none : bench::config;
    return config;
  }

  std::mt19937 random;
};

} // namespace dalbit::bench

#endif
