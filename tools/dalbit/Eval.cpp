// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit eval: bits per byte of a language model over a text (M6).

#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/MappedFile.h"
#include "support/Parallel.h"
#include "support/Progress.h"
#include "tools/dalbit/Commands.h"
#include "tools/dalbit/Destinations.h"
#include "tools/dalbit/Model.h"
#include "tools/dalbit/Prompts.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace dalbit::tool {

void addEval(CLI::App &app) {
  struct State {
    ModelOptions model;
    std::string file, text, json;
  };
  auto state = std::make_shared<State>();
  CLI::App *command = app.add_subcommand(
      "eval", "bits per byte of a language model over a text");
  command->footer("Example:\n  dalbit eval tiny-gpt.onnx --engine functional "
                  "--text heldout.txt");
  command->add_option("file", state->file, "binary or ONNX model")->required();
  command->add_option("--text", state->text, "text file")->required();
  command
      ->add_option("--engine", state->model.engine,
                   "functional, fast, rtl or float")
      ->check(CLI::IsMember({"functional", "fast", "rtl", "float"}))
      ->capture_default_str();
  command->add_option("--json", state->json, "result as JSON");
  addCompileOptions(*command, state->model.compile);
  command->callback([state, command] {
    checkCompileOptions(*command, state->file);
    checkDestinations({{"--json", state->json}}, {state->file, state->text});
    MappedFile text(state->text);
    if (text.size() < 2)
      throw Error(state->text + ": has fewer than two bytes");
    std::vector<std::unique_ptr<Model>> models;
    models.push_back(openModel(state->file, state->model));
    std::unique_ptr<tokenizer::Tokenizer> tokenizer =
        tokenizerOf(*models.front(), state->file);
    std::vector<int32_t> tokens = tokenizer->encode({text.data(), text.size()});
    // A window on each core; BLAS of the float engine takes them by itself.
    if (const binary::Program *program = models.front()->program()) {
      size_t windows =
          host::windowsOf(tokens.size(), models.front()->context());
      while (models.size() < std::min<size_t>(availableCores(), windows))
        models.push_back(makeNpuModel(*program, state->model));
    }
    std::vector<host::LanguageModel> copies;
    for (const std::unique_ptr<Model> &model : models)
      copies.push_back(model->language());
    Progress progress("eval", tokens.size());
    host::Evaluation result = host::evaluate(
        copies, tokens,
        [&](int32_t token) { return tokenizer->bytesOf(token).size(); },
        [&](uint64_t done) { progress.update(done); });
    std::printf("%.4f bits per byte over %llu bytes (%s)\n", result.bitsPerByte,
                static_cast<unsigned long long>(result.bytes),
                state->model.engine.c_str());
    if (!state->json.empty())
      writeFile(state->json,
                nlohmann::json{{"engine", state->model.engine},
                               {"bits_per_byte", result.bitsPerByte},
                               {"bytes", result.bytes}}
                        .dump(2) +
                    "\n");
  });
}

} // namespace dalbit::tool
