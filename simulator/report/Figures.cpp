// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/report/Figures.h"

#include <cmath>
#include <fmt/format.h>

namespace dalbit::report {

double per(double value, double count) { return count > 0 ? value / count : 0; }

std::string engineering(double value, const char *unit) {
  static constexpr struct {
    double scale;
    const char *prefix;
  } Steps[] = {{1e9, "G"},  {1e6, "M"},  {1e3, "k"},  {1, ""},
               {1e-3, "m"}, {1e-6, "u"}, {1e-9, "n"}, {1e-12, "p"}};
  if (value == 0)
    return fmt::format("0 {}", unit);
  for (const auto &step : Steps)
    // 999.6 would round to four digits.
    if (std::abs(value) >= step.scale * 0.9995 || &step == &Steps[7]) {
      double shown = value / step.scale;
      int decimals = shown < 9.995 ? 2 : shown < 99.95 ? 1 : 0;
      return fmt::format("{:.{}f} {}{}", shown, decimals, step.prefix, unit);
    }
  return {};
}

std::string bandText(const energy::Band &band, double divide) {
  return fmt::format("{} ({} .. {})",
                     engineering(per(band.typical, divide), "J"),
                     engineering(per(band.low, divide), "J"),
                     engineering(per(band.high, divide), "J"));
}

} // namespace dalbit::report
