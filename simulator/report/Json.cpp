// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/report/RunReport.h"

#include <nlohmann/json.hpp>

namespace dalbit::report {

namespace {

using Json = nlohmann::ordered_json;

double per(double value, double count) { return count > 0 ? value / count : 0; }

Json typical(const energy::Breakdown &breakdown) {
  Json result = Json::object();
  for (const auto &[name, band] : breakdown)
    result[name] = band.typical;
  return result;
}

double phaseJoule(const energy::EnergyReport &energy, const char *phase) {
  auto found = energy.byPhase.find(phase);
  return found == energy.byPhase.end() ? 0 : found->second.typical;
}

Json perToken(double prefill, double decode, const RunReport &report) {
  return {{"prefill", per(prefill, double(report.tokens.prefill))},
          {"decode", per(decode, double(report.tokens.decode))}};
}

void addTiming(Json &json, const RunReport &report) {
  const Timing &timing = *report.timing;
  double hertz = timing.clockMhz * 1e6;
  json["technology"] = timing.technology;
  json["cycles"] = {{"total", timing.totalCycles},
                    {"prefill", timing.cycles.prefill},
                    {"decode", timing.cycles.decode}};
  json["simulated_seconds"] = per(double(timing.totalCycles), hertz);
  json["tokens_per_second"] = {
      {"prefill", per(double(report.tokens.prefill) * hertz,
                      double(timing.cycles.prefill))},
      {"decode", per(double(report.tokens.decode) * hertz,
                     double(timing.cycles.decode))}};

  const energy::EnergyReport &energy = timing.energy;
  double prefill = phaseJoule(energy, "prefill");
  double decode = phaseJoule(energy, "decode");
  Json &joule = json["energy_j"];
  joule["total"] = energy.total.typical;
  joule["low"] = energy.total.low;
  joule["high"] = energy.total.high;
  joule["per_token"] = perToken(prefill, decode, report);
  joule["by_unit"] = typical(energy.byUnit);
  joule["by_layer"] = typical(energy.byLayer);
  joule["by_phase"] = {{"prefill", prefill}, {"decode", decode}};

  const PerPhase<energy::Bound> &bound = timing.bound;
  Json &least = json["bound_j"];
  least["total"] = bound.prefill.joule.typical + bound.decode.joule.typical;
  least["low"] = bound.prefill.joule.low + bound.decode.joule.low;
  least["high"] = bound.prefill.joule.high + bound.decode.joule.high;
  least["per_token"] =
      perToken(bound.prefill.joule.typical, bound.decode.joule.typical, report);
  json["utilization"] = {{"array", timing.arrayUtilization},
                         {"dram", timing.dramUtilization}};
}

void addLayers(Json &json, const LayerSection &section) {
  json = {{"step", section.step},   {"steps", section.steps},
          {"phase", section.phase}, {"rtl", Json::array()},
          {"fast", Json::array()},  {"cycles", Json::array()}};
  for (const LayerSection::Row &row : section.rows) {
    const char *engine = row.isOnRtl ? "rtl" : "fast";
    json[engine].push_back(row.name);
    Json entry = {{"layer", row.layer},
                  {"name", row.name},
                  {"engine", engine},
                  {"in_run", row.inRun},
                  {"parts", row.parts}};
    if (row.parts)
      entry["alone"] = row.alone;
    json["cycles"].push_back(std::move(entry));
  }
}

} // namespace

double dramUtilization(uint64_t usefulBytes, uint64_t cycles, double clockMhz,
                       double streamGbPerSecond) {
  double seconds = per(double(cycles), clockMhz * 1e6);
  return per(double(usefulBytes), seconds * streamGbPerSecond * 1e9);
}

std::string toJson(const RunReport &report) {
  Json json;
  json["schema"] = Schema;
  json["engine"] = report.engine;
  json["target"] = report.target;
  json["tokens"] = {{"prefill", report.tokens.prefill},
                    {"decode", report.tokens.decode}};
  json["host_seconds"] = report.hostSeconds;
  if (report.timing)
    addTiming(json, report);
  json["counters"] = report.counters;
  if (report.runTimeValues)
    json["run_time_values"] = *report.runTimeValues;
  if (report.text)
    json["text"] = *report.text;
  if (report.memorySha256)
    json["memory_sha256"] = *report.memorySha256;
  if (report.layers)
    addLayers(json["layers"], *report.layers);
  return json.dump(2, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace) +
         "\n";
}

} // namespace dalbit::report
