// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit compare: the same work for several models, targets and prompts, each
// on a core of its own; a line each, and their reports as JSON.

#include "isa/binary/Binary.h"
#include "simulator/report/CompareText.h"
#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/Parallel.h"
#include "support/Progress.h"
#include "tools/dalbit/Commands.h"
#include "tools/dalbit/Destinations.h"
#include "tools/dalbit/Model.h"
#include "tools/dalbit/Prompts.h"
#include "tools/dalbit/Reports.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <mutex>

namespace dalbit::tool {

namespace {

struct CompareState {
  ModelOptions model;
  std::vector<std::string> files, targets, prompts;
  std::string json;
  int64_t generate = 16;
};

/// A file for a target.
struct Design {
  std::string file;
  ModelOptions options;
  binary::Program program;
  std::unique_ptr<Model> first; ///< with an engine that is built

  /// Names of two files may be the same.
  std::optional<std::string> targetFile() const {
    const std::string &target = options.compile.target;
    if (binary::isBinary(file) || target::builtinText(target))
      return std::nullopt;
    return target;
  }
};

std::vector<Design> designsOf(const CompareState &state) {
  std::vector<Design> designs;
  for (const std::string &file : state.files) {
    if (binary::isBinary(file)) {
      if (!state.targets.empty())
        throw Error(file + ": is compiled already; --targets has no effect on "
                           "it",
                    {"give the ONNX model instead"});
      designs.push_back({file, state.model, {}, {}});
      continue;
    }
    std::vector<std::string> targets = state.targets;
    if (targets.empty())
      targets.push_back(target::DefaultTarget);
    for (const std::string &target : targets) {
      designs.push_back({file, state.model, {}, {}});
      designs.back().options.compile.target = target;
    }
  }
  return designs;
}

/// Text or seeded tokens continued, or a model once that does neither.
report::RunReport runOne(Model &model, const std::string &file,
                         const CompareState &state, const std::string *prompt) {
  const ModelOptions &options = state.model;
  if (!model.continuesText()) {
    if (prompt)
      throw Error("the model does not continue text", {"leave --prompt out"});
    std::vector<NamedTensor> inputs;
    for (const host::HostTensor &input : model.seededInputs({}, options.seed))
      inputs.push_back({input.name, toTensor(input)});
    model.runTensors(inputs);
    return makeReport(model, options.engine, std::nullopt);
  }
  std::unique_ptr<tokenizer::Tokenizer> tokenizer;
  if (prompt)
    tokenizer = tokenizerOf(model, file);
  std::vector<int32_t> ids =
      prompt ? tokenizer->encode(*prompt)
             : seededTokens(model, options.seed, defaultPrompt(model));
  if (ids.empty())
    throw Error("the prompt is empty");
  if (ids.size() + size_t(state.generate) - 1 > model.context())
    throw Error("prompt and generated tokens need " +
                    std::to_string(ids.size() + size_t(state.generate) - 1) +
                    " positions, the context has " +
                    std::to_string(model.context()),
                {"shorten --generate or the prompt"});
  model.reset();
  std::string text;
  host::generate(model.language(), ids, uint64_t(state.generate),
                 /*allRows=*/false, [&](int32_t token) {
                   if (tokenizer && !options.timingOnly)
                     text += tokenizer->bytesOf(token);
                 });
  return makeReport(model, options.engine,
                    tokenizer && !options.timingOnly ? std::optional(text)
                                                     : std::nullopt);
}

void compare(const CompareState &state) {
  if (state.model.timingOnly && state.model.engine != "fast")
    throw Error("--timing-only is an option of the fast engine",
                {"add --engine fast"});
  checkDestinations({{"--json", state.json}}, state.files);
  for (const std::string &file : state.files)
    checkResults(state.model.compile, file);
  std::vector<Design> designs = designsOf(state);
  unsigned cores = availableCores();
  parallelFor(cores, designs.size(), [&](size_t i) {
    Design &design = designs[i];
    bool isBinary = binary::isBinary(design.file);
    try {
      design.program =
          isBinary ? binary::readBinary(design.file)
                   : Compiler().compile(design.file, design.options.compile);
      design.first = makeNpuModel(design.program, design.options);
    } catch (const Error &error) {
      if (isBinary)
        throw;
      throw Error("target " + design.options.compile.target + ": " +
                      error.what(),
                  error.notes);
    }
  });
  size_t prompts = std::max<size_t>(state.prompts.size(), 1);
  std::vector<report::RunReport> reports(designs.size() * prompts);
  Progress progress("compare", reports.size());
  uint64_t done = 0;
  std::mutex shown;
  parallelFor(cores, reports.size(), [&](size_t i) {
    Design &design = designs[i / prompts];
    std::unique_ptr<Model> model =
        i % prompts == 0 ? std::move(design.first)
                         : makeNpuModel(design.program, design.options);
    reports[i] =
        runOne(*model, design.file, state,
               state.prompts.empty() ? nullptr : &state.prompts[i % prompts]);
    std::lock_guard lock(shown);
    progress.update(++done);
  });
  std::vector<report::Compared> rows;
  for (size_t i = 0; i < reports.size(); ++i)
    rows.push_back(
        {state.files.size() > 1 ? designs[i / prompts].file : "",
         state.prompts.size() > 1 ? state.prompts[i % prompts] : "",
         designs[i / prompts].targetFile().value_or(reports[i].target),
         reports[i]});
  std::fputs(report::compareText(rows).c_str(), stdout);
  if (state.json.empty())
    return;
  nlohmann::json runs = nlohmann::json::array();
  for (size_t i = 0; i < reports.size(); ++i) {
    nlohmann::json run = nlohmann::json::parse(report::toJson(reports[i]));
    run["file"] = designs[i / prompts].file;
    if (std::optional<std::string> file = designs[i / prompts].targetFile())
      run["target_file"] = *file;
    if (!state.prompts.empty())
      run["prompt"] = state.prompts[i % prompts];
    runs.push_back(run);
  }
  nlohmann::json all = {{"schema", report::Schema}, {"runs", runs}};
  writeFile(state.json,
            all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                "\n");
}

} // namespace

void addCompare(CLI::App &app) {
  auto state = std::make_shared<CompareState>();
  state->model.engine = "fast";
  CLI::App *command = app.add_subcommand(
      "compare", "the same work on several models, targets and prompts");
  command->footer("Example:\n  dalbit compare tiny-gpt.onnx --targets "
                  "nano,edge,mine.toml --generate 32");
  command->add_option("files", state->files, "ONNX models or binaries")
      ->required();
  command
      ->add_option("--targets", state->targets,
                   "built-in targets or TOML files, as nano,edge")
      ->delimiter(',');
  command
      ->add_option("--prompt", state->prompts,
                   "text to continue; once for each run")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--generate", state->generate, "tokens to generate")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--engine", state->model.engine, "fast or rtl")
      ->check(CLI::IsMember({"fast", "rtl"}))
      ->capture_default_str();
  command
      ->add_option("--weights", state->model.compile.weights,
                   "weight form: w8 or w4")
      ->capture_default_str();
  addResultsOption(*command, state->model.compile);
  command
      ->add_option("--seed", state->model.seed,
                   "of the tokens that are taken when no prompt is given")
      ->capture_default_str();
  command->add_flag("--timing-only", state->model.timingOnly,
                    "cycles and energy without data (fast engine)");
  command->add_option("--json", state->json, "all reports as JSON");
  command->callback([state] { compare(*state); });
}

} // namespace dalbit::tool
