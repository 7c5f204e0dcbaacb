// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit dram: the DRAM model alone, under a trace of requests.

#include "simulator/dram/Trace.h"
#include "support/AtomicFile.h"
#include "support/Error.h"
#include "tools/dalbit/Commands.h"
#include "tools/dalbit/Destinations.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace dalbit::tool {

namespace {

const std::map<std::string, dram::RefreshMode> RefreshModes = {
    {"all-bank", dram::RefreshMode::AllBank},
    {"per-bank", dram::RefreshMode::PerBank},
    {"none", dram::RefreshMode::None}};

nlohmann::ordered_json commandsOf(const dram::DramCounters &counters) {
  return {{"activate", counters.activates},
          {"precharge", counters.precharges},
          {"precharge_all", counters.prechargeAlls},
          {"read", counters.reads},
          {"write", counters.writes},
          {"refresh", counters.refreshes},
          {"refresh_bank", counters.bankRefreshes},
          {"cas_sync", counters.casSyncs}};
}

void print(const dram::DramParameters &device,
           const dram::TraceResult &result) {
  const dram::DramCounters &counters = result.counters;
  auto number = [](uint64_t value) {
    return static_cast<unsigned long long>(value);
  };
  std::printf("%llu requests on %s\n", number(result.requests),
              device.name.c_str());
  std::printf("time          %.2f us, %.2f GB/s, %.1f %% of the pins' rate\n",
              result.totalNs * 1e-3, result.bandwidthGbPerSecond,
              100 * result.bandwidthGbPerSecond / device.peakGbPerSecond());
  if (counters.reads != 0)
    std::printf("read latency  %.2f ns on average, 99 %% below %.2f ns\n",
                result.readLatencyAverageNs, result.readLatencyP99Ns);
  std::printf("rows          %.2f %% of the bursts without an activate\n",
              100 * result.rowHitRate);
  std::printf("commands      %llu activates, %llu reads, %llu writes, %llu "
              "refreshes\n",
              number(counters.activates), number(counters.reads),
              number(counters.writes),
              number(counters.refreshes + counters.bankRefreshes));
  std::printf("energy        %.2f pJ/bit, data-sheet currents, without the "
              "host's PHY\n",
              result.pjPerBit);
}

} // namespace

void addDram(CLI::App &app) {
  struct State {
    std::string trace, device, refresh = "all-bank", json;
    uint32_t window = 16;
  };
  auto state = std::make_shared<State>();
  CLI::App *command = app.add_subcommand(
      "dram", "the DRAM model alone, under a trace of requests");
  command->footer("A trace has a request of 64 bytes a line, EARLIEST_NS R|W "
                  "HEXADDRESS.\nExample:\n  dalbit dram trace.txt.gz --device "
                  "lpddr5-6400-x32 --window 16");
  command->add_option("trace", state->trace, "text file, or the same gzipped")
      ->required();
  command->add_option("--device", state->device, "built-in device or TOML file")
      ->required();
  command
      ->add_option("--window", state->window,
                   "requests that may be outstanding, at most 1024")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--refresh", state->refresh, "all-bank, per-bank or none")
      ->check(CLI::IsMember({"all-bank", "per-bank", "none"}))
      ->capture_default_str();
  command->add_option("--json", state->json, "result as JSON");
  command->callback([state] {
    checkDestinations({{"--json", state->json}}, {state->trace});
    dram::DramParameters device = dram::loadDevice(state->device);
    device.refresh = RefreshModes.at(state->refresh);
    if (device.refresh == dram::RefreshMode::PerBank &&
        device.timing.bankRefreshInterval == 0)
      throw Error("DRAM device " + device.name + " has no per-bank refresh",
                  {"use --refresh all-bank or none"});
    std::vector<dram::TraceRequest> requests =
        dram::readTraceFile(state->trace, device);
    if (requests.empty())
      throw Error(state->trace + ": has no requests",
                  {"a request is a line 'EARLIEST_NS R|W HEXADDRESS'"});
    dram::TraceResult result = dram::runTrace(device, requests, state->window);
    if (!state->json.empty()) {
      nlohmann::ordered_json json = {
          {"device", device.name},
          {"window", state->window},
          {"refresh", state->refresh},
          {"requests", result.requests},
          {"total_ns", result.totalNs},
          {"bandwidth_gb_s", result.bandwidthGbPerSecond},
          {"rd_lat_avg_ns", result.readLatencyAverageNs},
          {"rd_lat_p99_ns", result.readLatencyP99Ns},
          {"row_hit_rate", result.rowHitRate},
          {"commands", commandsOf(result.counters)},
          {"pj_per_bit", result.pjPerBit}};
      writeFile(state->json, json.dump(2) + "\n");
    }
    print(device, result);
  });
}

} // namespace dalbit::tool
