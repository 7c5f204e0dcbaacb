// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit: compiles ONNX transformers for the NPU, runs them and reports cycles
// and energy. Exit status: 0 done, 1 an error in the input, 2 a wrong command
// line.

#include "support/Error.h"
#include "tools/dalbit/Commands.h"

#include <csignal>
#include <cstdio>
#include <new>

using namespace dalbit;

int main(int argc, char **argv) {
  // A file that may not grow is an error of the write, not the end of us.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app{"Compiles ONNX transformers to NPU binaries, runs them and "
               "reports cycles and joules."};
  app.name("dalbit");
  app.set_version_flag("--version", "dalbit " DALBIT_VERSION);
  app.require_subcommand(1);
  app.failure_message([](const CLI::App *failed, const CLI::Error &error) {
    return "error: " + std::string(error.what()) + "\nnote: see " +
           failed->get_name() + " --help\n";
  });
  tool::addCompile(app);
  tool::addRun(app);
  tool::addCompare(app);
  tool::addEval(app);
  tool::addVerify(app);
  tool::addInspect(app);
  tool::addTargets(app);
  tool::addFuzz(app);
  tool::addDram(app);
  // CLI11 says only that there is none.
  bool isKnown = argc < 2 || argv[1][0] == '-';
  std::string commands;
  for (const CLI::App *command : app.get_subcommands({})) {
    isKnown = isKnown || command->check_name(argv[1]);
    commands += (commands.empty() ? "" : ", ") + command->get_name();
  }
  if (!isKnown) {
    std::fprintf(stderr, "error: '%s' is no command\nnote: known are %s\n",
                 argv[1], commands.c_str());
    return 2;
  }
  try {
    app.parse(argc, argv);
    if (std::fflush(stdout) || std::ferror(stdout))
      throw Error("the standard output cannot be written",
                  {"is the disk full, or the reader gone?"});
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const Error &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    for (const std::string &note : error.notes)
      std::fprintf(stderr, "note: %s\n", note.c_str());
    return 1;
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "error: out of memory\n");
    return 1;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
