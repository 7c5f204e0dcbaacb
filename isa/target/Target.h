// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A target: the sizes of one NPU and its memory, as compiler, engines and rtl
// use them. One TOML file each; the keys are in docs/targets.md, which is made
// from the same table as the loader (isa/target/Schema.h).
//
// A Target that load or parse returned is complete and consistent: sizes are
// powers of two where the rtl needs it and fit each other. Left out: timing of
// the DRAM device (simulator/dram) and energy (simulator/energy), which are
// named here only.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dalbit::target {

/// Where the keys of a target stand in its file, for messages about what only a
/// later part finds wrong with a value.
struct Origin {
  std::string source;               ///< empty: not from a file
  std::map<std::string, int> lines; ///< by path, "clock.mhz"

  /// "mine.toml:30: " for "clock.mhz"; "mine.toml: " for a key without a line.
  std::string place(const std::string &path) const;
  /// Two files that say the same are the same target.
  bool operator==(const Origin &) const { return true; }
};

struct Target {
  std::string name, description;
  int outputs = 0;            ///< N
  int lanes = 0;              ///< K
  int accumulatorEntries = 0; ///< of N int32
  int vectorLanes = 0;        ///< L
  int rowScalars = 0;
  int scratchpadKib = 0;
  int banks = 0;
  int portBytes = 0; ///< P
  int axiBytes = 0;
  std::string dramDevice;
  int dramCapacityMib = 0;
  int clockMhz = 0;
  std::string technology;
  Origin origin;

  uint32_t scratchpadBytes() const { return uint32_t(scratchpadKib) * 1024; }
  uint32_t bankBytes() const { return scratchpadBytes() / uint32_t(banks); }
  uint64_t dramBytes() const { return uint64_t(dramCapacityMib) << 20; }
  /// Weights that the fill port brings in a cycle, at 4 or 8 bits each.
  int fillWeights(int bits) const { return portBytes * 8 / bits; }

  bool operator==(const Target &) const = default;
};

/// The target that is taken if none is named.
inline constexpr const char *DefaultTarget = "edge";

/// Names of the built-in targets, smallest first.
std::vector<std::string> builtinTargets();
/// The text of a built-in target's file with its comments; null if there is
/// none of that name.
const char *builtinText(std::string_view name);

/// A built-in target by its name or a TOML file by its path. Throws Error.
Target loadTarget(const std::string &nameOrPath);
/// Reads TOML; \p source is what messages call it. Throws Error with the line.
Target parseTarget(std::string_view toml, const std::string &source);

/// The target as TOML; parseTarget() reads it back.
std::string printToml(const Target &target);

/// Parameters of the rtl's top module, for Verilator's -G options.
std::vector<std::pair<std::string, int64_t>>
verilatorParameters(const Target &target);

/// docs/targets.md.
std::string printManual();

} // namespace dalbit::target
