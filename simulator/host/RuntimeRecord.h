// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The run-time values that steer programs (T11), start by start: words of
// scalar loads and indices of gathers, each in program order, and the tokens
// that the host has chosen. A run without data needs nothing else of the data
// to take the same time. The file is described in docs/records.md.

#pragma once

#include "isa/Isa.h"
#include "support/Sha256.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace dalbit::binary {
struct Program;
}

namespace dalbit::host {

struct Start;

struct RuntimeValues {
  uint32_t pc = 0; ///< of the start, with its arguments
  std::array<uint32_t, isa::Arguments> arguments{};
  std::vector<uint32_t> loads, indices;
  bool operator==(const RuntimeValues &) const = default;
};

struct RuntimeRecord {
  Sha256::Digest program{}; ///< programDigest()
  std::vector<RuntimeValues> starts;
  std::vector<int32_t> tokens;
  bool operator==(const RuntimeRecord &) const = default;
};

/// Of all that steers a program but its data: target, code and regions.
/// Weights are left out, so that a program without them can replay.
Sha256::Digest programDigest(const binary::Program &program);

/// Writes the record; the file is there whole or not at all. Throws Error.
void writeRecord(const RuntimeRecord &record, const std::string &path);
/// Throws Error that names \p path if it is no record, damaged, or one of
/// another program than \p program.
RuntimeRecord readRecord(const std::string &path,
                         const binary::Program &program);

/// Reads a record start by start in a later run. Throws Error if that runs
/// otherwise than what was recorded.
class Replay {
public:
  /// \p record outlives it.
  explicit Replay(const RuntimeRecord &record) : record(record) {}

  void begin(const Start &start);
  uint32_t load() { return next(&RuntimeValues::loads, loadAt, "scalar load"); }
  uint32_t index() { return next(&RuntimeValues::indices, indexAt, "index"); }

private:
  uint32_t next(std::vector<uint32_t> RuntimeValues::*list, size_t &at,
                const char *what);

  const RuntimeRecord &record;
  size_t started = 0, loadAt = 0, indexAt = 0;
};

} // namespace dalbit::host
