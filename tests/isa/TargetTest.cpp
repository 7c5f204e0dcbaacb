// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/target/Target.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

#include <map>

using namespace dalbit;
using namespace dalbit::target;

namespace {

/// The edge target with a piece of its text replaced.
std::string edited(const std::string &from, const std::string &to) {
  std::string text = builtinText("edge");
  size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

struct Failure {
  std::string message, note;
};

Failure failure(const std::string &text) {
  try {
    parseTarget(text, "x.toml");
  } catch (const Error &error) {
    return {error.what(), error.notes.empty() ? "" : error.notes.front()};
  }
  return {};
}

} // namespace

TEST_CASE("the built-in targets have the sizes of the parameter table") {
  CHECK(builtinTargets() == std::vector<std::string>{"nano", "edge", "server"});
  Target edge = loadTarget("edge");
  CHECK(edge.name == "edge");
  std::map<std::string, int64_t> parameters;
  for (auto &[name, value] : verilatorParameters(edge))
    parameters[name] = value;
  CHECK(parameters == std::map<std::string, int64_t>{{"N", 32},
                                                     {"K", 32},
                                                     {"Lanes", 16},
                                                     {"PortBytes", 64},
                                                     {"AccEntries", 512},
                                                     {"RowScalars", 1024},
                                                     {"SpmBytes", 1 << 20},
                                                     {"Banks", 16},
                                                     {"AxiBytes", 32}});
  CHECK(edge.dramBytes() == uint64_t(4) << 30);
  CHECK(edge.bankBytes() == 65536);
  CHECK(edge.fillWeights(4) == 128);
}

TEST_CASE("a printed target reads back as itself") {
  for (const std::string &name : builtinTargets()) {
    Target target = loadTarget(name);
    target.description = "quotes \" and \\ and a tab\t";
    CHECK(parseTarget(printToml(target), "printed") == target);
  }
}

TEST_CASE("an unknown key is named with its line and the nearest one") {
  Failure key = failure(edited("row_scalars", "row_scalers"));
  CHECK(key.message == "x.toml:15: unknown key 'row_scalers' in [vector]");
  CHECK(key.note == "did you mean 'row_scalars'?");
  Failure section = failure(edited("[scratchpad]", "[scratchpda]"));
  CHECK(section.message == "x.toml:17: unknown section [scratchpda]");
  CHECK(section.note == "did you mean 'scratchpad'?");
}

TEST_CASE("bad values are refused with line and reason") {
  CHECK(failure(edited("outputs = 32", "outputs = 48")).message ==
        "x.toml:7: array.outputs = 48 is not a power of two");
  CHECK(failure(edited("outputs = 32", "outputs = 4096")).message ==
        "x.toml:7: array.outputs = 4096 is not in 8 .. 64");
  CHECK(failure(edited("outputs = 32", "outputs = \"32\"")).message ==
        "x.toml:7: array.outputs is not a whole number");
  CHECK(failure(edited("mhz = 800", "")).message ==
        "x.toml: key clock.mhz is missing");
  CHECK(failure(edited("bytes = 32", "bytes = 128")).message ==
        "x.toml:23: axi.bytes = 128 is wider than scratchpad.port_bytes = 64");
  CHECK(failure(edited("lanes = 16", "lanes = 64")).message ==
        "x.toml:14: vector.lanes = 64 of int16 are wider than "
        "scratchpad.port_bytes = 64");
  CHECK(failure(edited("outputs = 32", "outputs = 8")).message ==
        "x.toml:14: vector.lanes = 16 are more than array.outputs = 8, the "
        "width of an accumulator entry");
  CHECK(failure(edited("entries = 512", "entries = 16")).message == "");
  CHECK(failure(edited("bytes = 32", "bytes = 64")).message == "");
  CHECK(failure(edited("name = \"edge\"", "name = \"../edge\""))
            .message.find("x.toml:3: name = \"../edge\" is no name") == 0);
  CHECK(failure("name = ").message.find("x.toml:1: ") == 0);
  CHECK(failure("array = 3").message.find("x.toml") == 0);
}

TEST_CASE("an array whose tile is smaller than a word of weights is refused") {
  auto with = [](const char *outputs, const char *lanes, const char *port) {
    std::string text =
        edited("outputs = 32", std::string("outputs = ") + outputs);
    auto replace = [&](const std::string &from, const std::string &to) {
      text.replace(text.find(from), from.size(), to);
    };
    replace("lanes = 16 ", "lanes = 4 ");
    replace("lanes = 32", std::string("lanes = ") + lanes);
    replace("port_bytes = 64", std::string("port_bytes = ") + port);
    return failure(text).message;
  };
  CHECK(with("8", "8", "64") ==
        "x.toml:8: array.lanes = 8 and array.outputs = 8 make a tile of 64 "
        "weights, fewer than the 128 of a 4-bit word at scratchpad.port_bytes "
        "= 64");
  CHECK(with("16", "8", "128").find("x.toml:8: array.lanes = 8 and") == 0);
  CHECK(with("8", "16", "64") == "");
  CHECK(with("64", "64", "64") == "");
}

TEST_CASE("a target knows where its keys stand") {
  Target target = parseTarget(builtinText("edge"), "x.toml");
  CHECK(target.origin.place("array.lanes") == "x.toml:8: ");
  CHECK(target.origin.place("nothing") == "x.toml: ");
  CHECK(Target().origin.place("array.lanes") == "");
}

TEST_CASE("a target that is neither built in nor a file is an error") {
  CHECK_THROWS_WITH(loadTarget("egde"),
                    "target 'egde' is not known and no readable file");
  CHECK_THROWS_AS(loadTarget("/"), Error);
  try {
    loadTarget("egde");
  } catch (const Error &error) {
    CHECK(error.notes.front() == "did you mean 'edge'?");
  }
}
