// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/report/Figures.h"
#include "simulator/report/RunReport.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <vector>

namespace dalbit::report {

namespace {

using energy::Band;

constexpr size_t MostLayers = 6;  ///< larger ones first, the rest summed up
constexpr size_t MostFigures = 3; ///< that make the band wide

/// Largest first; all past \p most in one line.
void addBreakdown(std::string &out, const char *title,
                  const energy::Breakdown &breakdown, double total,
                  size_t most) {
  std::vector<std::pair<std::string, Band>> parts(breakdown.begin(),
                                                  breakdown.end());
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto &a, const auto &b) {
                     return a.second.typical > b.second.typical;
                   });
  if (parts.size() > most + 1) {
    Band rest;
    for (size_t i = most; i < parts.size(); ++i) {
      rest.low += parts[i].second.low;
      rest.typical += parts[i].second.typical;
      rest.high += parts[i].second.high;
    }
    std::string name = fmt::format("{} more", parts.size() - most);
    parts.resize(most);
    parts.emplace_back(name, rest);
  }
  fmt::format_to(std::back_inserter(out), "{}\n", title);
  for (const auto &[name, band] : parts)
    fmt::format_to(std::back_inserter(out), "  {:<24.24} {:>5.1f} %  {}\n",
                   name, 100 * per(band.typical, total), bandText(band));
}

void addPhase(std::string &out, const char *phase, uint64_t tokens,
              uint64_t cycles, const energy::Bound &bound,
              const Timing &timing) {
  if (tokens == 0)
    return;
  double seconds = per(double(cycles), timing.clockMhz * 1e6);
  auto found = timing.energy.byPhase.find(phase);
  Band joule = found == timing.energy.byPhase.end() ? Band{} : found->second;
  auto count = double(tokens);
  fmt::format_to(std::back_inserter(out),
                 "{:<8} {} tokens, {} cycles, {}, {:.4g} tokens/s\n", phase,
                 tokens, cycles, engineering(seconds, "s"),
                 per(count, seconds));
  fmt::format_to(std::back_inserter(out), "  J per token {}\n",
                 bandText(joule, count));
  fmt::format_to(std::back_inserter(out),
                 "  lower bound {}, {:.2f} times that; {} at best\n",
                 engineering(per(bound.joule.typical, count), "J"),
                 per(joule.typical, bound.joule.typical),
                 engineering(bound.seconds, "s"));
}

void addTiming(std::string &out, const RunReport &report) {
  const Timing &timing = *report.timing;
  const energy::EnergyReport &energy = timing.energy;
  addPhase(out, "prefill", report.tokens.prefill, timing.cycles.prefill,
           timing.bound.prefill, timing);
  addPhase(out, "decode", report.tokens.decode, timing.cycles.decode,
           timing.bound.decode, timing);
  fmt::format_to(
      std::back_inserter(out),
      "total    {} cycles, {}; array {:.1f} %, DRAM {:.1f} % used\n",
      timing.totalCycles,
      engineering(per(double(timing.totalCycles), timing.clockMhz * 1e6), "s"),
      100 * timing.arrayUtilization, 100 * timing.dramUtilization);
  fmt::format_to(std::back_inserter(out), "energy   {}, {}\n",
                 bandText(energy.total), timing.technology);
  double total = energy.total.typical;
  addBreakdown(out, "by unit", energy.byUnit, total, 12);
  addBreakdown(out, "by layer", energy.byLayer, total, MostLayers);

  double width = energy.total.high - energy.total.low;
  std::string widest;
  for (size_t i = 0; i < std::min(MostFigures, energy.figures.size()); ++i) {
    const auto &[name, band] = energy.figures[i];
    widest += fmt::format("{}{} {:.0f} %", i ? ", " : "", name,
                          100 * per(band.high - band.low, width));
  }
  if (!widest.empty())
    fmt::format_to(std::back_inserter(out), "the band is wide by {}\n", widest);
}

void addLayers(std::string &out, const LayerSection &section) {
  size_t onRtl = 0, alone = 0;
  for (const LayerSection::Row &row : section.rows) {
    onRtl += row.isOnRtl;
    alone += row.parts != 0;
  }
  auto to = std::back_inserter(out);
  fmt::format_to(to,
                 "layers   step {} of 0 .. {} ({}): {} on rtl, {} on fast\n",
                 section.step, section.steps - 1, section.phase, onRtl,
                 section.rows.size() - onRtl);
  size_t shown = 0;
  for (const LayerSection::Row &row : section.rows) {
    if (!row.parts)
      continue;
    if (shown++ == MostLayers && alone > MostLayers + 1) {
      fmt::format_to(to, "  {} more, see --json\n", alone - MostLayers);
      break;
    }
    fmt::format_to(to,
                   "  {:>4} {:<24.24} {:<4} {} cycles alone, {} in the run\n",
                   row.layer, row.name, row.isOnRtl ? "rtl" : "fast", row.alone,
                   row.inRun);
  }
}

} // namespace

std::string toText(const RunReport &report) {
  std::string out =
      fmt::format("engine {}, target {}, {} prefill and {} decode tokens, "
                  "simulated in {}\n",
                  report.engine, report.target, report.tokens.prefill,
                  report.tokens.decode, engineering(report.hostSeconds, "s"));
  if (report.runTimeValues)
    fmt::format_to(std::back_inserter(out),
                   "timing only, run-time values are {}\n",
                   *report.runTimeValues);
  if (report.timing)
    addTiming(out, report);
  if (report.layers)
    addLayers(out, *report.layers);
  if (report.memorySha256)
    fmt::format_to(std::back_inserter(out), "memory   sha256 {}\n",
                   *report.memorySha256);
  return out;
}

} // namespace dalbit::report
