// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/report/CompareText.h"
#include "simulator/report/RunReport.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace dalbit;
using namespace dalbit::report;
using nlohmann::json;

namespace {

RunReport timedRun() {
  energy::EnergyModel model(energy::loadTechnology("n22"),
                            {32, 32, 512, 16, 1024, 16, 64, 800},
                            dram::loadDevice("lpddr5-6400-2x16", 4096));
  energy::RunActivity activity;
  for (const char *phase : {"prefill", "decode"}) {
    energy::PhaseActivity &part = activity.phases[phase];
    for (int layer = 0; layer < 20; ++layer) {
      energy::Counters &counters =
          part.layers["/transformer/h." + std::to_string(layer) + "/mlp"];
      counters["matrix.macs_w8"] = 1'234'567u * unsigned(layer + 1);
      counters["dram.reads"] = 3'333u * unsigned(layer + 7);
      counters["vector.load_ops"] = 777;
      for (const auto &[name, value] : counters)
        part.total[name] += value;
    }
    part.total["cycles"] = 1'000'003;
    part.total["dram.open_cycles"] = 2'000'000;
  }
  RunReport report;
  report.engine = "fast";
  report.target = "edge";
  report.tokens = {20, 12};
  report.hostSeconds = 0.25;
  report.timing.emplace();
  Timing &timing = *report.timing;
  timing.cycles = {1'000'003, 1'000'003};
  timing.totalCycles = 2'000'006;
  timing.clockMhz = 800;
  timing.technology = "n22";
  timing.energy = model.energy(activity);
  timing.bound.prefill = model.bound({1'000'000, 0, 50'000'000, 0, 0});
  timing.bound.decode = model.bound({2'000'000, 64, 10'000'000, 0, 0});
  timing.arrayUtilization = 0.125;
  timing.dramUtilization = 0.5;
  report.counters = {{"cycles", 2'000'006}, {"matrix.macs_w8", 42}};
  report.text = "안녕";
  report.memorySha256 = std::string(64, 'a');
  return report;
}

double sum(const json &object) {
  double result = 0;
  for (const auto &[name, value] : object.items())
    result += value.get<double>();
  return result;
}

} // namespace

TEST_CASE("the JSON has exactly the names that scripts rely on", "[report]") {
  json read = json::parse(toJson(timedRun()));
  std::vector<std::string> names;
  for (const auto &[name, value] : read.items())
    names.push_back(name);
  CHECK(names == std::vector<std::string>{
                     "bound_j", "counters", "cycles", "energy_j", "engine",
                     "host_seconds", "memory_sha256", "schema",
                     "simulated_seconds", "target", "technology", "text",
                     "tokens", "tokens_per_second", "utilization"});
  CHECK(read["tokens"] == json{{"prefill", 20}, {"decode", 12}});
  CHECK(read["cycles"] == json{{"total", 2'000'006},
                               {"prefill", 1'000'003},
                               {"decode", 1'000'003}});
  CHECK(read["simulated_seconds"].get<double>() == Approx(2'000'006 / 800e6));
  CHECK(read["tokens_per_second"]["decode"].get<double>() ==
        Approx(12 * 800e6 / 1'000'003));
  CHECK(read["utilization"] == json{{"array", 0.125}, {"dram", 0.5}});
  CHECK(read["counters"]["matrix.macs_w8"] == 42);
  CHECK(read["text"] == "안녕");
}

TEST_CASE("every breakdown that is read back sums to the total", "[report]") {
  json energy = json::parse(toJson(timedRun()))["energy_j"];
  double total = energy["total"].get<double>();
  REQUIRE(total > 0);
  for (const char *name : {"by_unit", "by_layer", "by_phase"}) {
    INFO(name);
    CHECK(sum(energy[name]) == Approx(total).epsilon(1e-9));
  }
  CHECK(energy["by_layer"].size() == 20);
  CHECK(energy["per_token"]["decode"].get<double>() ==
        Approx(energy["by_phase"]["decode"].get<double>() / 12));
  CHECK(energy["low"].get<double>() < total);
  CHECK(energy["high"].get<double>() > total);
}

TEST_CASE("the bound is given in total and per token", "[report]") {
  json read = json::parse(toJson(timedRun()));
  const json &bound = read["bound_j"];
  double perToken = bound["per_token"]["prefill"].get<double>() * 20 +
                    bound["per_token"]["decode"].get<double>() * 12;
  CHECK(bound["total"].get<double>() == Approx(perToken));
  CHECK(bound["total"] < read["energy_j"]["total"]);
}

TEST_CASE("bytes that are no UTF-8 become U+FFFD", "[report]") {
  RunReport report = timedRun();
  // A lone continuation, a cut sequence before an ASCII byte, a cut one at the
  // end: one replacement each.
  report.text = std::string("a\x80z\xed\x95!\xec\x95");
  json read = json::parse(toJson(report));
  CHECK(read["text"] == "a\uFFFDz\uFFFD!\uFFFD");
}

TEST_CASE("a run without time has no cycles, rates, energy or bound",
          "[report]") {
  RunReport report = timedRun();
  report.engine = "functional";
  report.timing.reset();
  report.text.reset();
  json read = json::parse(toJson(report));
  for (const char *name : {"cycles", "energy_j", "bound_j", "utilization",
                           "tokens_per_second", "simulated_seconds", "text"})
    CHECK_FALSE(read.contains(name));
  CHECK(read["memory_sha256"].get<std::string>().size() == 64);
  CHECK(toText(report).find("cycles") == std::string::npos);
}

TEST_CASE("layers that have run alone stand beside the whole run", "[report]") {
  RunReport report = timedRun();
  LayerSection section{2, 3, "decode", {}};
  section.rows.push_back({0, "embed", false, 10, 0, 0});
  section.rows.push_back({1, "norm", true, 231, 2, 3052});
  report.layers = section;
  json read = json::parse(toJson(report))["layers"];
  CHECK(read == json{{"step", 2},
                     {"steps", 3},
                     {"phase", "decode"},
                     {"rtl", {"norm"}},
                     {"fast", {"embed"}},
                     {"cycles",
                      {{{"layer", 0},
                        {"name", "embed"},
                        {"engine", "fast"},
                        {"in_run", 10},
                        {"parts", 0}},
                       {{"layer", 1},
                        {"name", "norm"},
                        {"engine", "rtl"},
                        {"in_run", 231},
                        {"parts", 2},
                        {"alone", 3052}}}}});
  std::string text = toText(report);
  CHECK(
      text.find("layers   step 2 of 0 .. 2 (decode): 1 on rtl, 1 on fast\n") !=
      std::string::npos);
  CHECK(text.find("rtl  3052 cycles alone, 231 in the run\n") !=
        std::string::npos);
  CHECK(text.find("embed ") == std::string::npos);
  // One screen also with many.
  for (uint32_t i = 2; i < 100; ++i)
    report.layers->rows.push_back({i, "layer", true, 1, 1, 1});
  text = toText(report);
  CHECK(std::count(text.begin(), text.end(), '\n') <= 40);
  CHECK(text.find("  93 more, see --json\n") != std::string::npos);
}

TEST_CASE("a phase without tokens has rates and energies of zero", "[report]") {
  RunReport report = timedRun();
  report.tokens.decode = 0;
  json read = json::parse(toJson(report));
  CHECK(read["tokens_per_second"]["decode"] == 0.0);
  CHECK(read["energy_j"]["per_token"]["decode"] == 0.0);
}

TEST_CASE("the text fits one screen and names band, bound and what is doubtful",
          "[report]") {
  std::string text = toText(timedRun());
  INFO(text);
  CHECK(std::count(text.begin(), text.end(), '\n') <= 40);
  size_t start = 0;
  while (start < text.size()) {
    size_t end = text.find('\n', start);
    CHECK(end - start <= 80);
    start = end + 1;
  }
  for (const char *word :
       {"tokens/s", "J per token", "lower bound", "by unit", "by layer",
        "14 more", "the band is wide by", "DRAM read current"})
    CHECK(text.find(word) != std::string::npos);
}

TEST_CASE("DRAM utilisation is useful bytes over what a stream would move (C7)",
          "[report]") {
  // 1 ms at 800 MHz, 20 GB/s: 20 MB would fit.
  CHECK(dramUtilization(10'000'000, 800'000, 800, 20) == Approx(0.5));
  CHECK(dramUtilization(10, 0, 800, 20) == 0);
}

TEST_CASE("runs stand side by side, what all share is left out", "[report]") {
  RunReport prefill = timedRun();
  prefill.tokens.decode = 0;
  prefill.target = "nano";
  std::string text =
      compareText({{"", "a", "edge", timedRun()},
                   {"", "a prompt of more than\n24 bytes", "nano", prefill}});
  INFO(text);
  CHECK(text.find("file") == std::string::npos);
  CHECK(text.find("\na                         edge") != std::string::npos);
  CHECK(text.find("\na prompt of more than ..  nano") != std::string::npos);
  // 12 decode tokens of the one, 20 of the prefill of the other.
  CHECK(text.find(" 83334 ") != std::string::npos);
  CHECK(text.find(" 50000 ") != std::string::npos);
  std::string korean =
      compareText({{"", "x", "edge", timedRun()},
                   {"", "가나다라마바사아자차카", "edge", timedRun()}});
  CHECK(korean.find("가나다라마바사..") != std::string::npos);
}
