// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Energy per event of a technology: low, typical, high in picojoules at the
// nominal voltage, a table of memories and leakage. Read from TOML; the files
// in simulator/energy/technologies are built in and name the source of each
// figure.

#pragma once

#include "simulator/dram/DramParameters.h"

#include <map>
#include <string>
#include <vector>

namespace dalbit::energy {

using dram::Band;

/// The technology that is taken if none is named.
inline constexpr const char *DefaultTechnology = "n22";

struct Event {
  Band pj;
  std::string what, source;
};

/// A memory macro. Two ports: one reads, one writes.
struct Memory {
  double kib = 0, bits = 0, ports = 0;
  double readPj = 0, writePj = 0, leakageMw = 0, areaMm2 = 0;
};

struct Technology {
  std::string name;
  double nodeNm = 0;
  double voltage = 0; ///< nominal
  Band logicLeakageMwPerMm2;
  double arrayPositionUm2 = 0, vectorLaneUm2 = 0, otherUm2 = 0;
  Band sramEnergy, sramLeakage; ///< factors on the memories' figures
  std::vector<Memory> memories;
  std::map<std::string, Event> events;

  /// A memory of \p kib that delivers \p bits an access, put together from the
  /// table: wider accesses take several macros side by side, larger ones
  /// several behind each other of which one is accessed; sizes between two rows
  /// are interpolated.
  Memory memory(double kib, double bits, int ports) const;
};

std::vector<std::string> technologyNames();

/// A built-in technology by name, or a TOML file by path. Throws Error.
Technology loadTechnology(const std::string &nameOrPath);

/// \p origin names the text in errors. Every event that EventRules.h uses must
/// be there, and no other.
Technology parseTechnology(const std::string &text, const std::string &origin);

} // namespace dalbit::energy
