// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit targets: the built-in targets, or the TOML of one.

#include "tools/dalbit/Commands.h"
#include "tools/dalbit/TargetCheck.h"

#include <cstdio>

namespace dalbit::tool {

void addTargets(CLI::App &app) {
  auto name = std::make_shared<std::string>();
  CLI::App *command =
      app.add_subcommand("targets", "lists the targets, or prints one as TOML");
  command->footer("Example:\n  dalbit targets edge > mine.toml");
  command->add_option("name", *name, "target to print");
  command->callback([name] {
    if (name->empty()) {
      for (const std::string &known : target::builtinTargets())
        std::printf("%-8s %s\n", known.c_str(),
                    target::loadTarget(known).description.c_str());
      return;
    }
    if (const char *text = target::builtinText(*name))
      std::fputs(text, stdout);
    else
      std::fputs(target::printToml(checkedTarget(*name)).c_str(), stdout);
  });
}

} // namespace dalbit::tool
