// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers as people read them.

#pragma once

#include "simulator/energy/EnergyModel.h"

#include <string>

namespace dalbit::report {

/// \p value / \p count, 0 for a count of 0.
double per(double value, double count);

/// Three digits with a prefix: "1.23 mJ".
std::string engineering(double value, const char *unit);

/// "1.23 mJ (0.9 mJ .. 2 mJ)", each over \p divide.
std::string bandText(const energy::Band &band, double divide = 1);

} // namespace dalbit::report
