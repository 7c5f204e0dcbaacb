// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where two engines that know time differ in what they tell of a start.

#pragma once

#include "simulator/host/Engine.h"

namespace dalbit::host {

/// "tag 5, matrix.busy: 12 against 13": the first of all counters, of their
/// split over the tags and of the DRAM's; empty if all are equal.
std::string difference(const StepResult &a, const StepResult &b);

} // namespace dalbit::host
