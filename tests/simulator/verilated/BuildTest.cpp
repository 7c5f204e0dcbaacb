// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/Isa.h"
#include "simulator/verilated/ModelBuild.h"
#include "simulator/verilated/ModelNames.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace fs = std::filesystem;

namespace dalbit::verilated::test {

namespace {

/// Sets a variable of the environment for a scope.
class Environment {
public:
  Environment(const char *name, const std::string &value) : name(name) {
    if (const char *old = std::getenv(name)) {
      had = true;
      before = old;
    }
    setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (had)
      setenv(name, before.c_str(), 1);
    else
      unsetenv(name);
  }

private:
  const char *name;
  bool had = false;
  std::string before;
};

/// A folder that goes away.
struct Folder {
  fs::path path = fs::temp_directory_path() /
                  ("dalbit-verilated-" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

/// What Verilator writes for the signals that are needed, but for \p absent.
std::string header(const std::string &absent = "") {
  std::string text;
  auto add = [&](const std::string &member) {
    if (member != absent)
      text += "        QData/*63:0*/ npu_top__DOT__" + member + ";\n";
  };
  for (const isa::CounterInfo &info : isa::counters()) {
    std::string name = info.name, unit = info.unit;
    std::string leaf = unit.empty() ? name : name.substr(unit.size() + 1);
    add((unit.empty() ? "i_control__DOT__" : "i_" + unit + "__DOT__") + "cnt_" +
        leaf + "_q");
  }
  for (const isa::UnitInfo &unit : isa::units())
    for (const char *part :
         {"tag_q", "note_mem", "head_q", "count_q", "listed_q"})
      add(std::string("i_control__DOT__i_") + unit.name + "_dispatch__DOT__" +
          part);
  add("i_control__DOT__i_semaphores__DOT__count_q");
  add("i_control__DOT__i_sequencer__DOT__pc");
  for (const char *port : {"index_", "scalar_"})
    for (const char *part : {"rvalid", "addr", "rdata"})
      add(std::string(port) + part);
  return text;
}

} // namespace

TEST_CASE("a built model is found again", "[build]") {
  target::Target target = target::loadTarget("nano");
  std::string path = sharedObjectFor(target);
  auto built = fs::last_write_time(path);
  CHECK(sharedObjectFor(target) == path);
  CHECK(fs::last_write_time(path) == built);
}

TEST_CASE("another size is another model", "[build]") {
  // The cache holds a file under the name that nano has, and no tools.
  Folder folder;
  target::Target target = target::loadTarget("nano");
  std::string name = fs::path(sharedObjectFor(target)).filename();
  Environment cache("DALBIT_CACHE", folder.path);
  std::ofstream(folder.path / name) << "not read here";
  CHECK(sharedObjectFor(target) == (folder.path / name).string());
  target.accumulatorEntries *= 2;
  // It would have to be built: the folder for that is no folder.
  Environment elsewhere("DALBIT_CACHE", folder.path / name);
  CHECK_THROWS_AS(sharedObjectFor(target), Error);
}

TEST_CASE("a tool that fails is a short error, its log stays", "[build]") {
  Folder folder;
  std::ofstream(folder.path / "verilator")
      << "#!/bin/sh\ncase $1 in --version) echo 5;; *) echo reading; "
         "echo '%Error: broken tool'; seq 100; exit 3;; esac\n";
  fs::permissions(folder.path / "verilator", fs::perms::owner_all);
  Environment cache("DALBIT_CACHE", folder.path / "cache");
  Environment path("PATH", folder.path.string() + ":" + std::getenv("PATH"));
  try {
    sharedObjectFor(target::loadTarget("nano"));
    FAIL("no error");
  } catch (const Error &error) {
    CHECK(error.what() ==
          std::string("the rtl cannot be built: verilator fails"));
    REQUIRE(error.notes.size() == 3);
    CHECK(error.notes[0] == "%Error: broken tool");
    fs::path log = folder.path / "cache/failed-verilator.log";
    CHECK(error.notes[1] == "the whole log: " + log.string());
    std::ifstream file(log);
    std::string text(std::istreambuf_iterator<char>(file), {});
    CHECK(text.starts_with("reading\n%Error: broken tool\n1\n"));
    CHECK(text.ends_with("100\n"));
    fs::remove(log);
  }
  CHECK(fs::is_empty(folder.path / "cache"));
}

TEST_CASE("counters are found under the names of the instruction set",
          "[build]") {
  std::string names = modelNames(header());
  CHECK(names.find("X(\"matrix.macs_w8\", "
                   "npu_top__DOT__i_matrix__DOT__cnt_macs_w8_q)") !=
        std::string::npos);
  CHECK(names.find("X(\"cycles\", ") != std::string::npos);
  CHECK(names.find("X(3, npu_top__DOT__i_control__DOT__i_vector_dispatch"
                   "__DOT__)") != std::string::npos);
  CHECK(names.find("DALBIT_SCALAR(part) npu_top__DOT__scalar_##part") !=
        std::string::npos);
}

TEST_CASE("a signal that the rtl lacks is an error", "[build]") {
  CHECK_THROWS_WITH(modelNames(header("i_matrix__DOT__cnt_macs_w8_q")),
                    "the rtl has no counter matrix.macs_w8");
  CHECK_THROWS_WITH(modelNames(header("i_control__DOT__i_sequencer__DOT__pc")),
                    Catch::StartsWith("the Verilated rtl has no signal"));
  CHECK_THROWS_WITH(modelNames(header("index_rdata")),
                    "the Verilated rtl has no signal npu_top__DOT__index_"
                    "rdata");
}

} // namespace dalbit::verilated::test
