// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/report/CompareText.h"

#include "simulator/report/Figures.h"

#include <algorithm>
#include <fmt/format.h>

namespace dalbit::report {

namespace {

constexpr size_t MostName = 24; ///< columns of a file's or prompt's name

/// The beginning of a prompt, the end of a path.
std::string shortened(std::string text, bool isPath) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return uint8_t(c) < ' '; }, ' ');
  if (text.size() <= MostName)
    return text;
  // Not inside a character of UTF-8.
  auto isInside = [&](size_t at) { return (uint8_t(text[at]) & 0xc0) == 0x80; };
  size_t cut = isPath ? text.size() - MostName + 2 : MostName - 2;
  while (cut > 0 && cut < text.size() && isInside(cut))
    isPath ? ++cut : --cut;
  return isPath ? ".." + text.substr(cut) : text.substr(0, cut) + "..";
}

std::vector<std::string> cellsOf(const Compared &run) {
  const RunReport &report = run.report;
  const Timing &timing = *report.timing;
  bool decodes = report.tokens.decode > 0;
  uint64_t tokens = decodes ? report.tokens.decode : report.tokens.prefill;
  uint64_t cycles = decodes ? timing.cycles.decode : timing.cycles.prefill;
  const energy::Bound &bound =
      decodes ? timing.bound.decode : timing.bound.prefill;
  auto phase = timing.energy.byPhase.find(decodes ? "decode" : "prefill");
  energy::Band joule =
      phase == timing.energy.byPhase.end() ? energy::Band{} : phase->second;
  double seconds = per(double(cycles), timing.clockMhz * 1e6);
  return {shortened(run.file, true),
          shortened(run.prompt, false),
          shortened(run.target, true),
          fmt::format("{}", timing.cycles.prefill),
          fmt::format("{:.0f}", per(double(cycles), double(tokens))),
          fmt::format("{:.4g}", per(double(tokens), seconds)),
          bandText(joule, double(tokens)),
          fmt::format("{:.2f}", per(joule.typical, bound.joule.typical)),
          fmt::format("{:.1f} %", 100 * timing.arrayUtilization),
          fmt::format("{:.1f} %", 100 * timing.dramUtilization)};
}

} // namespace

std::string compareText(const std::vector<Compared> &runs) {
  std::vector<std::vector<std::string>> lines = {
      {"file", "prompt", "target", "prefill cycles", "cycles/token", "tokens/s",
       "J/token", "x bound", "array", "DRAM"}};
  for (const Compared &run : runs)
    lines.push_back(cellsOf(run));
  std::string out;
  std::vector<size_t> widths(lines[0].size());
  std::vector<bool> isShown(lines[0].size());
  for (size_t c = 0; c < widths.size(); ++c)
    for (size_t l = 0; l < lines.size(); ++l) {
      widths[c] = std::max(widths[c], lines[l][c].size());
      isShown[c] = isShown[c] || (l > 0 && !lines[l][c].empty());
    }
  for (const std::vector<std::string> &line : lines) {
    std::string text;
    for (size_t c = 0; c < line.size(); ++c)
      if (isShown[c])
        // Names stand at the left, numbers at the right.
        text += c < 3 ? fmt::format("{:<{}}  ", line[c], widths[c])
                      : fmt::format("{:>{}}  ", line[c], widths[c]);
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

} // namespace dalbit::report
