// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit compile: ONNX model to NPU binary, or the text of a step between.

#include "isa/binary/Binary.h"
#include "support/Error.h"
#include "tools/dalbit/Commands.h"
#include "tools/dalbit/Destinations.h"
#include "tools/dalbit/Explain.h"

#include <cstdio>

namespace dalbit::tool {

void addCompileOptions(CLI::App &command, CompileOptions &options) {
  command
      .add_option("--target", options.target,
                  "built-in target or TOML file (see: dalbit targets)")
      ->capture_default_str();
  command.add_option("--weights", options.weights, "weight form: w8 or w4")
      ->capture_default_str();
  command
      .add_option("--int16", options.int16,
                  "linear layers whose rows have 16 bits instead of 8, by "
                  "node name; verify --cases tries which ones gain")
      ->delimiter(',')
      ->type_name("NODE,...");
  command
      .add_option("--max-context", options.maxContext,
                  "largest number of positions (default: the position table's "
                  "size, else 2048)")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20));
  command
      .add_option("--max-batch", options.maxBatch,
                  "largest number of sequences at once (default: 4, or 1 where "
                  "their caches would fill an eighth of the DRAM)")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 16));
  command
      .add_option("--shape", options.shapes,
                  "dimensions of an input: numbers or B, T, P, P+T")
      ->type_name("NAME=DIMS");
  command
      .add_option("--set", options.values,
                  "value of an input that steers shapes")
      ->type_name("NAME=VALUE");
  addResultsOption(command, options);
}

void addResultsOption(CLI::App &command, CompileOptions &options) {
  command
      .add_option("--results", options.results,
                  "results of the graph to keep, with what they need "
                  "(default: all)")
      ->delimiter(',')
      ->type_name("NAME,...");
}

[[noreturn]] static void refuseOnBinary(const std::string &file,
                                        const std::string &name) {
  std::string own =
      target::parseTarget(binary::readBinary(file).target, file).name;
  throw Error(file + ": is compiled already, for " + own + "; " + name +
                  " has no effect on it",
              {"compile the model again with " + name});
}

void checkResults(const CompileOptions &options, const std::string &file) {
  if (!options.results.empty() && binary::isBinary(file))
    refuseOnBinary(file, "--results");
}

void checkCompileOptions(const CLI::App &command, const std::string &file) {
  if (!binary::isBinary(file))
    return;
  for (const char *name : {"--target", "--weights", "--int16", "--max-context",
                           "--max-batch", "--shape", "--set", "--results"}) {
    const CLI::Option *option = command.get_option(name);
    if (option->count() == 0)
      continue;
    if (option->get_name() == "--target" &&
        option->as<std::string>() ==
            target::parseTarget(binary::readBinary(file).target, file).name)
      continue;
    refuseOnBinary(file, name);
  }
}

void addCompile(CLI::App &app) {
  struct State {
    CompileOptions options;
    std::string model, output;
    bool explain = false;
  };
  auto state = std::make_shared<State>();
  CLI::App *command =
      app.add_subcommand("compile", "makes an NPU binary from an ONNX model");
  command->footer(
      "Example:\n  dalbit compile tiny-gpt.onnx -o tiny-gpt.dbn --target edge");
  command->add_option("model", state->model, "ONNX model")->required();
  command->add_option("-o,--output", state->output, "binary to write");
  command
      ->add_option("--emit", state->options.emit,
                   "print this step instead: onnx, nn, qnn, npu, asm")
      ->check(CLI::IsMember({"onnx", "nn", "qnn", "npu", "asm"}));
  command
      ->add_flag("--explain", state->explain,
                 "print operators found, raised, lowered and refused, and what "
                 "a token costs; -o may be left out")
      ->excludes("--emit");
  addCompileOptions(*command, state->options);
  command->callback([state] {
    checkDestinations({{"-o", state->output}}, {state->model});
    if (state->explain) {
      std::optional<binary::Program> program =
          explain(state->model, state->options);
      if (!program)
        throw Error(state->model + ": does not compile for " +
                    state->options.target);
      if (!state->output.empty())
        binary::writeBinary(*program, state->output);
      return;
    }
    if (state->options.emit.empty() && state->output.empty())
      throw Error("compile needs an output file",
                  {"add -o FILE.dbn, --emit to look at a step, or --explain"});
    Compiler compiler;
    std::string text;
    binary::Program program =
        compiler.compile(state->model, state->options, &text);
    if (!state->options.emit.empty()) {
      std::fwrite(text.data(), 1, text.size(), stdout);
      return;
    }
    binary::writeBinary(program, state->output);
  });
}

} // namespace dalbit::tool
