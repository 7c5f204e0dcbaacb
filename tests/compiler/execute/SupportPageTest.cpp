// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/operators/SupportPage.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

TEST_CASE("docs/onnx-support.md lists the operators of the table",
          "[execute]") {
  const char *path = DALBIT_SOURCE_DIR "/docs/onnx-support.md";
  if (std::getenv("DALBIT_UPDATE"))
    std::ofstream(path) << dalbit::execute::supportPage();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  INFO("to renew the page: DALBIT_UPDATE=1 ctest -R execute");
  CHECK(text.str() == dalbit::execute::supportPage());
}
