// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From what a model run counted to the report that people read.

#pragma once

#include "simulator/report/RunReport.h"
#include "tools/dalbit/Model.h"

#include <optional>

namespace dalbit::tool {

/// Energy, bound and utilisation in the target's technology if the engine knows
/// time.
report::RunReport makeReport(const Model &model, const std::string &engine,
                             const std::optional<std::string> &text);

/// Warns on stderr of layers whose values did not fit int32: the hardware cuts
/// them without a word.
void warnOfSaturation(const Model &model);

report::LayerSection layerSection(const binary::Program &program,
                                  const layers::Sample &sample);

} // namespace dalbit::tool
