// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit run: a model on one of the engines, with text, tensors or seeded
// tokens as input.

#include "isa/binary/Binary.h"
#include "simulator/host/Utf8.h"
#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/Progress.h"
#include "tools/dalbit/Commands.h"
#include "tools/dalbit/Destinations.h"
#include "tools/dalbit/HostTensors.h"
#include "tools/dalbit/Model.h"
#include "tools/dalbit/Prompts.h"
#include "tools/dalbit/Reports.h"
#include "tools/dalbit/Specialise.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <sstream>

namespace dalbit::tool {

namespace {

struct RunState {
  ModelOptions model;
  std::string file, prompt, tokens, output, json, record, kv = "zero";
  std::vector<std::string> inputs;
  bool hasPrompt = false, hasTokens = false;
  int64_t generate = 0;
  uint32_t position = 0;
  LayerOptions layers;
};

/// \p tokenizer may be null unless there is a prompt.
std::vector<int32_t> promptTokens(const RunState &state, const Model &model,
                                  const tokenizer::Tokenizer *tokenizer) {
  std::vector<int32_t> ids;
  if (state.hasPrompt) {
    ids = tokenizer->encode(state.prompt);
  } else if (state.hasTokens) {
    std::stringstream stream(state.tokens);
    for (std::string part; std::getline(stream, part, ',');) {
      int32_t id = 0;
      const char *end = part.data() + part.size();
      auto [stop, error] = std::from_chars(part.data(), end, id);
      if (error != std::errc() || stop != end)
        throw Error("--tokens " + state.tokens + ": '" + part +
                        "' is not a whole number",
                    {"write token ids as 12,7,..."});
      ids.push_back(id);
    }
  } else {
    // Past a position nothing is prefilled.
    ids = seededTokens(model, state.model.seed,
                       state.position ? 1 : defaultPrompt(model));
  }
  if (ids.empty())
    throw Error("the prompt is empty");
  return ids;
}

CacheSource cacheSource(const RunState &state) {
  if (state.kv == "zero")
    return {};
  if (state.kv == "seed")
    return {state.model.seed, {}};
  return {std::nullopt, state.kv};
}

/// Null if ids are what the run shows: the model says nothing, or nothing that
/// is known, and no prompt asks for it. Throws Error if one does.
std::unique_ptr<tokenizer::Tokenizer> textTokenizer(const RunState &state,
                                                    const Model &model) {
  if (state.hasPrompt)
    return tokenizerOf(model, state.file);
  try {
    return model.tokenizer();
  } catch (const Error &) {
    return nullptr;
  }
}

void show(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// Runs a model once whose user gives no tensors; says on the terminal which
/// inputs are seeded.
std::vector<NamedTensor> runSeeded(const RunState &state, Model &model) {
  if (state.generate > 1 || state.position)
    throw Error(state.file + ": the model does not continue text",
                {"leave --generate and --position out; without inputs it runs "
                 "once on seeded ones"});
  std::vector<int32_t> ids;
  if (state.hasPrompt || state.hasTokens)
    ids = promptTokens(state, model, textTokenizer(state, model).get());
  std::vector<NamedTensor> inputs;
  for (const host::HostTensor &input :
       model.seededInputs(ids, state.model.seed)) {
    inputs.push_back({input.name, toTensor(input)});
    if (!std::equal(ids.begin(), ids.end(), input.values.begin(),
                    input.values.end()))
      std::fprintf(stderr, "note: input '%s' %s is seeded\n",
                   input.name.c_str(), host::shapeText(input.shape).c_str());
  }
  return model.runTensors(inputs);
}

/// Neither a report nor files.
bool showsNothing(const RunState &state) {
  return (state.model.engine == "functional" ||
          state.model.engine == "float") &&
         state.output.empty() && state.json.empty();
}

/// A line for each output, for a run that shows nothing else: it was computed,
/// and what to add to see more.
void showOutputs(const std::vector<NamedTensor> &outputs) {
  for (const NamedTensor &output : outputs) {
    host::HostTensor tensor = toHost(output.name, output.tensor);
    std::printf("output '%s' %s %s", tensor.name.c_str(), tensor.type.c_str(),
                host::shapeText(tensor.shape).c_str());
    if (!tensor.values.empty()) {
      auto [least, most] =
          std::minmax_element(tensor.values.begin(), tensor.values.end());
      std::printf(", %.6g .. %.6g", *least, *most);
    }
    std::printf("\n");
  }
  std::fprintf(stderr, "note: --output DIR writes them as .npy files; --engine "
                       "fast or rtl tells cycles and energy\n");
}

/// Prefill, then one decode step for each further token (M5). Returns the text
/// that the model wrote, or its token ids; none if nothing is computed.
std::optional<std::string> generate(RunState &state, Model &model,
                                    std::vector<NamedTensor> &outputs) {
  std::unique_ptr<tokenizer::Tokenizer> tokenizer = textTokenizer(state, model);
  std::vector<int32_t> ids = promptTokens(state, model, tokenizer.get());
  int64_t wanted = std::max<int64_t>(state.generate, 1);
  bool all = !state.output.empty();
  if (state.position + ids.size() + size_t(wanted) - 1 > model.context())
    throw Error(
        "prompt and generated tokens need " +
            std::to_string(state.position + ids.size() + size_t(wanted) - 1) +
            " positions, the context has " + std::to_string(model.context()),
        {"shorten the prompt or --generate, or compile with a larger "
         "--max-context"});
  model.reset();
  if (state.position)
    model.setPosition(state.position, cacheSource(state));
  // A prompt may end inside a character that the model completes.
  host::Utf8Stream terminal;
  bool isShown = !state.model.timingOnly;
  if (isShown)
    show(terminal.put(state.prompt));
  std::string text;
  int32_t last = 0;
  Progress progress("decode", uint64_t(wanted));
  uint64_t done = 0;
  auto rows = host::generate(
      model.language(), ids, uint64_t(wanted), all, [&](int32_t token) {
        progress.update(++done);
        last = token;
        if (!state.generate || !isShown)
          return;
        std::string part = tokenizer
                               ? tokenizer->bytesOf(token)
                               : (done > 1 ? "," : "") + std::to_string(token);
        show(terminal.put(part));
        text += part;
      });
  if (!isShown)
    return std::nullopt;
  show(terminal.finish());
  if (state.hasPrompt || state.generate)
    std::printf("\n");
  if (!state.generate && showsNothing(state))
    std::printf("next token %d\n", last);
  if (all) {
    host::HostTensor logits{
        model.logitsName(),
        "float",
        {1, int64_t(rows.size()), int64_t(rows.back().size())},
        {}};
    for (const std::vector<float> &row : rows)
      logits.values.insert(logits.values.end(), row.begin(), row.end());
    outputs.push_back({logits.name, toTensor(logits)});
    for (const host::HostTensor &tensor : model.cacheOutputs())
      outputs.push_back({tensor.name, toTensor(tensor)});
  }
  return host::printable(text);
}

/// Options that need each other or exclude each other beyond what their list
/// says.
void checkOptions(const RunState &state) {
  const ModelOptions &model = state.model;
  if (model.timingOnly && model.engine != "fast")
    throw Error("--timing-only is an option of the fast engine, not of '" +
                    model.engine + "'",
                {"add --engine fast"});
  if (!model.replay.empty() && !model.timingOnly)
    throw Error("--replay needs --timing-only: a run with data computes its "
                "own values",
                {"add --engine fast --timing-only, or leave --replay out"});
  if (model.timingOnly && !state.output.empty())
    throw Error("--timing-only computes no --output",
                {"leave one of them out"});
  if (model.timingOnly && model.records)
    throw Error("--timing-only has no run-time values to --record",
                {"record a run of functional, fast or rtl"});
  if (model.engine == "float" && model.records)
    throw Error("--record writes what steers an NPU program; the float engine "
                "has none",
                {"use --engine functional, fast or rtl"});
  if (model.frequency && model.engine != "fast" && model.engine != "rtl")
    throw Error("--frequency changes how long a run takes; the " +
                    model.engine + " engine has no time",
                {"use --engine fast or rtl, or leave it out"});
  if (model.layers && model.engine != "fast" && model.engine != "rtl")
    throw Error("--from-layer compares engines that know time, '" +
                    model.engine + "' does not",
                {"use --engine rtl or fast"});
  if (model.layers && model.timingOnly)
    throw Error("--from-layer needs data, --timing-only has none",
                {"leave one of them out"});
  if (state.kv != "zero" && !state.position)
    throw Error("--kv " + state.kv + " needs --position",
                {"give the number of positions in the cache"});
}

void run(RunState &state) {
  state.model.records = !state.record.empty();
  checkOptions(state);
  std::vector<std::string> read = {state.file, state.model.replay};
  for (const std::string &input : state.inputs)
    read.push_back(input.substr(input.find('=') + 1));
  checkDestinations({{"--json", state.json},
                     {"--record", state.record},
                     {"--output", state.output, true}},
                    read);
  std::vector<NamedTensor> inputs = readTensors(state.inputs);
  if (state.model.engine != "float" && !binary::isBinary(state.file))
    specialise(state.file, state.model.compile, inputs);
  std::unique_ptr<Model> model = openModel(state.file, state.model);
  std::vector<NamedTensor> outputs;
  std::optional<std::string> text;
  if (!inputs.empty() || !model->hasInputs())
    outputs = model->runTensors(conformed(inputs, model->inputTypes()));
  else if (!model->continuesText())
    outputs = runSeeded(state, *model);
  else
    text = generate(state, *model, outputs);
  warnOfSaturation(*model);
  std::optional<layers::Sample> sample = model->sampleLayers();
  if (!state.output.empty())
    writeOutputs(state.output, outputs);
  if (!state.record.empty())
    host::writeRecord(*model->record(), state.record);
  report::RunReport report = makeReport(*model, state.model.engine, text);
  if (sample)
    report.layers = layerSection(*model->program(), *sample);
  if (report.timing)
    std::fputs(report::toText(report).c_str(), stdout);
  if (!state.json.empty())
    writeFile(state.json, report::toJson(report));
  if (!text && showsNothing(state))
    showOutputs(outputs);
}

} // namespace

void addRun(CLI::App &app) {
  auto state = std::make_shared<RunState>();
  CLI::App *command =
      app.add_subcommand("run", "runs a binary or an ONNX model");
  command->footer("Example:\n  dalbit run tiny-gpt.dbn --engine rtl --prompt "
                  "'In the ' --generate 32");
  command->add_option("file", state->file, "binary or ONNX model")->required();
  command
      ->add_option("--engine", state->model.engine,
                   "functional, fast, rtl or float")
      ->check(CLI::IsMember({"functional", "fast", "rtl", "float"}))
      ->capture_default_str();
  CLI::Option *input =
      command
          ->add_option("--input", state->inputs,
                       "tensor of a model input, .npy or TensorProto .pb")
          ->type_name("NAME=FILE");
  CLI::Option *prompt = command->add_option_function<std::string>(
      "--prompt",
      [state](const std::string &text) {
        state->prompt = text;
        state->hasPrompt = true;
      },
      "text to continue");
  CLI::Option *tokens = command->add_option_function<std::string>(
      "--tokens",
      [state](const std::string &text) {
        state->tokens = text;
        state->hasTokens = true;
      },
      "token ids to continue, as 12,7,...");
  CLI::Option *count =
      command->add_option("--generate", state->generate, "tokens to generate")
          ->check(CLI::Range(1, 1 << 20));
  CLI::Option *position = command->add_option("--position", state->position,
                                              "start here without prefilling");
  prompt->excludes(tokens);
  for (CLI::Option *other : {prompt, tokens, count, position})
    input->excludes(other);
  command
      ->add_option("--kv", state->kv,
                   "cache before --position: zero, seed, or a folder of .npy "
                   "files as --output writes")
      ->capture_default_str();
  command
      ->add_option("--seed", state->model.seed,
                   "of the tokens that are taken when none are given, and of "
                   "what steers --timing-only without --replay")
      ->capture_default_str();
  command->add_option("--output", state->output,
                      "directory for one .npy a model output");
  command->add_option("--json", state->json, "report as JSON");
  command
      ->add_option("--frequency", state->model.frequency,
                   "NPU clock in MHz instead of the target's")
      ->check(CLI::Range(1, 4000));
  command->add_flag("--ignore-checksum", state->model.ignoreChecksum,
                    "run a binary whose checksum is wrong");
  command->add_flag("--timing-only", state->model.timingOnly,
                    "cycles and energy without data (fast engine)");
  command->add_option("--record", state->record,
                      "write what steers the program at run time");
  command->add_option("--replay", state->model.replay,
                      "record that steers a run with --timing-only");
  CLI::Option *fromLayer = command->add_option(
      "--from-layer", state->layers.from,
      "run this layer of a step alone too, from the state at its begin: on rtl "
      "and fast, or fast only (numbers: dalbit inspect)");
  command
      ->add_option("--layers", state->layers.count,
                   "how many layers from --from-layer on")
      ->needs(fromLayer)
      ->capture_default_str();
  command
      ->add_option("--step", state->layers.step,
                   "step whose layers --from-layer means, 0 is the first start "
                   "of the program; the last one if not given")
      ->needs(fromLayer);
  addCompileOptions(*command, state->model.compile);
  command->callback([state, command, fromLayer] {
    if (*fromLayer)
      state->model.layers = state->layers;
    checkCompileOptions(*command, state->file);
    run(*state);
  });
}

} // namespace dalbit::tool
