// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "simulator/report/RunReport.h"

#include <vector>

namespace dalbit::report {

/// A run among others.
struct Compared {
  std::string file, prompt; ///< empty if all are of one
  std::string target;       ///< name, or path of its file
  RunReport report;         ///< with time
};

/// A table with a line a run: cycles, tokens/s and joules of a decode step (of
/// the whole run a token, if there is none), and how far it is from the lower
/// bound (C5).
std::string compareText(const std::vector<Compared> &runs);

} // namespace dalbit::report
