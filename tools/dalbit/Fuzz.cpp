// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit fuzz: random programs on all engines, or one case from a file.

#include "simulator/fuzz/Campaign.h"
#include "simulator/fuzz/Shrink.h"
#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/MappedFile.h"
#include "support/Parallel.h"
#include "support/Progress.h"
#include "tools/dalbit/Commands.h"
#include "tools/dalbit/Destinations.h"
#include "tools/dalbit/TargetCheck.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace dalbit::tool {

namespace {

struct FuzzState {
  uint64_t programs = 100, seed = 1;
  std::string target = target::DefaultTarget, json, replay, cases = ".";
  bool first = false;
};

/// Candidates of which the smallest that still fails is written.
constexpr unsigned ShrinkTries = 3000;
/// A fault shows in many programs; some of them are enough.
constexpr size_t MostMismatches = 5;

void replay(const std::string &path) {
  MappedFile file(path);
  fuzz::Case input = fuzz::parse(
      std::string(reinterpret_cast<const char *>(file.data()), file.size()),
      path);
  std::fputs(fuzz::print(input).c_str(), stdout);
  fuzz::Outcome checked = fuzz::runChecked(input, nullptr);
  fuzz::Verdict verdict = fuzz::compare(input);
  if (!checked.message.empty())
    std::printf("; functional: %s\n", checked.message.c_str());
  if (!verdict.difference.empty())
    throw Error(path + ": " + verdict.difference);
  std::printf("; %s, %llu cycles, no difference\n", fuzz::name(verdict.ending),
              static_cast<unsigned long long>(verdict.cycles));
}

/// Shrinks the case (not if only the first is wanted) and writes it; returns
/// the file's name.
std::string writeCase(const FuzzState &state, const std::string &targetName,
                      const fuzz::Mismatch &mismatch) {
  // Of the same two engines, else it ends at another, simpler difference.
  std::string engines =
      mismatch.difference.substr(0, mismatch.difference.find(':') + 1);
  fuzz::Case small = fuzz::shrink(
      mismatch.input,
      [&](const fuzz::Case &input) {
        return fuzz::compare(input).difference.starts_with(engines);
      },
      state.first ? 0 : ShrinkTries);
  std::string path = state.cases + "/fuzz-" + targetName + "-" +
                     std::to_string(state.seed) + "-" +
                     std::to_string(mismatch.program) + ".s";
  writeFile(path, "; dalbit fuzz --target " + state.target + " --seed " +
                      std::to_string(state.seed) + ", program " +
                      std::to_string(mismatch.program) + "\n; " +
                      fuzz::compare(small).difference + "\n" +
                      fuzz::print(small));
  return path;
}

void writeJson(const FuzzState &state, const fuzz::Result &result,
               const std::vector<std::string> &files) {
  writeFile(state.json,
            nlohmann::json{{"target", state.target},
                           {"seed", state.seed},
                           {"programs", result.programs},
                           {"refused", result.refused},
                           {"mismatches", result.mismatches.size()},
                           {"cycles", result.cycles},
                           {"discarded", result.discarded},
                           {"cases", files},
                           {"coverage",
                            {{"instructions", result.coverage.instructions()},
                             {"modes", result.coverage.modes()}}}}
                    .dump(2) +
                "\n");
}

void run(const FuzzState &state) {
  if (!state.replay.empty())
    return replay(state.replay);
  checkDestinations({{"--json", state.json}, {"--cases", state.cases, true}},
                    {});
  target::Target target = checkedTarget(state.target);
  Progress progress("fuzz, programs", state.programs);
  fuzz::Result result = fuzz::runCampaign(
      target, state.seed, state.programs, state.first ? 1 : MostMismatches,
      availableCores(), [&](uint64_t done) { progress.update(done); });
  std::vector<std::string> files;
  for (const fuzz::Mismatch &mismatch : result.mismatches) {
    files.push_back(writeCase(state, target.name, mismatch));
    std::printf("%s: %s\n", files.back().c_str(), mismatch.difference.c_str());
  }
  std::printf("%llu programs on %s, seed %llu: %zu mismatches, %llu refused, "
              "%llu cycles\n",
              static_cast<unsigned long long>(result.programs),
              target.name.c_str(), static_cast<unsigned long long>(state.seed),
              result.mismatches.size(),
              static_cast<unsigned long long>(result.refused),
              static_cast<unsigned long long>(result.cycles));
  if (!state.json.empty())
    writeJson(state, result, files);
  if (!files.empty())
    throw Error("engines differ on " + std::to_string(files.size()) + " of " +
                    std::to_string(result.programs) + " programs",
                {"see dalbit fuzz --replay " + files[0]});
}

} // namespace

void addFuzz(CLI::App &app) {
  auto state = std::make_shared<FuzzState>();
  CLI::App *command = app.add_subcommand(
      "fuzz", "runs random programs on all engines and compares what they do");
  command->footer("Example:\n  dalbit fuzz --programs 1000 --seed 7 --target "
                  "nano --json fuzz.json");
  command->add_option("--programs", state->programs, "how many")
      ->check(CLI::Range(1, 100000000))
      ->capture_default_str();
  command->add_option("--seed", state->seed, "of the programs")
      ->capture_default_str();
  command
      ->add_option("--target", state->target,
                   "built-in target or TOML file (see: dalbit targets)")
      ->capture_default_str();
  command->add_option("--json", state->json, "result as JSON");
  command
      ->add_option("--cases", state->cases,
                   "directory for programs on which engines differ")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  command->add_flag("--first", state->first,
                    "stop at the first such program and leave it as it is");
  command->add_option("--replay", state->replay,
                      "print and run one of these files instead");
  command->callback([state] { run(*state); });
}

} // namespace dalbit::tool
