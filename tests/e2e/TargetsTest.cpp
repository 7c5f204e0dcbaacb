// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Targets of other sizes than the built-in ones: whatever the schema allows
// compiles and gives the same logits (A1).

#include "tests/e2e/Compiled.h"

#include "isa/target/Schema.h"
#include "support/AtomicFile.h"
#include "support/Error.h"

#include <filesystem>

using namespace dalbit;
using namespace dalbit::test;

namespace {

/// nano with other arrays; false if the schema does not allow them together.
bool allows(target::Target target) {
  try {
    target::checkTarget(target, "test");
  } catch (const Error &) {
    return false;
  }
  return true;
}

std::string tomlOf(const target::Target &target) {
  std::string text, section;
  for (const target::Key &key : target::keys()) {
    if (section != key.section)
      text += "[" + (section = key.section) + "]\n";
    text += std::string(key.name) + " = " +
            (key.string ? "\"" + target.*key.string + "\""
                        : std::to_string(target.*key.number)) +
            "\n";
  }
  return text;
}

} // namespace

TEST_CASE("targets of all array sizes give the same logits", "[e2e]") {
  SmallGpt model;
  model.layers = 1;
  std::vector<int64_t> ids = someIds(11, model.vocabulary);
  std::string path = (std::filesystem::temp_directory_path() /
                      ("dalbit-target-" + std::to_string(getpid()) + ".toml"))
                         .string();
  unsigned tried = 0;
  for (int outputs : {8, 16, 64})
    for (int lanes : {8, 64})
      for (int vectorLanes : {4, 32, 64})
        for (int port : {64, 128})
          for (int axi : {16, 64}) {
            target::Target target = target::loadTarget("nano");
            target.outputs = outputs;
            target.lanes = lanes;
            target.vectorLanes = vectorLanes;
            target.portBytes = port;
            target.axiBytes = axi;
            target.scratchpadKib = 1024;
            if (!allows(target))
              continue;
            CAPTURE(outputs, lanes, vectorLanes, port, axi);
            writeFile(path, tomlOf(target));
            Compiled c(model, path);
            c.session->reset();
            CHECK(npuLogits(c, ids, 1) == c.integerLogits(ids, 1));
            ++tried;
          }
  std::filesystem::remove(path);
  CHECK(tried > 20);
}
