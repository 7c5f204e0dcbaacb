// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pages that are made from tables are the ones that are checked in.

#include "isa/target/Target.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

namespace {
std::string contents(const std::string &path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
} // namespace

TEST_CASE("docs/isa.md is what isa/npu.td makes") {
  std::string made = contents(DALBIT_BINARY_DIR "/docs/isa.md");
  CHECK(made.size() > 1000);
  INFO("cp " DALBIT_BINARY_DIR "/docs/isa.md docs/ updates it");
  bool same = made == contents(DALBIT_SOURCE_DIR "/docs/isa.md");
  CHECK(same);
}

TEST_CASE("docs/targets.md is what isa/target makes") {
  INFO("cp " DALBIT_BINARY_DIR "/docs/targets.md docs/ updates it");
  bool same = dalbit::target::printManual() ==
              contents(DALBIT_SOURCE_DIR "/docs/targets.md");
  CHECK(same);
}
