// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/VerilatedBuild.h"

#include "isa/Isa.h"
#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/Sha256.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;

namespace dalbit::verilated {

namespace {

/// Where rtl and harness are: beside an installed program, else in the source and build trees.
struct Places {
  fs::path rtl, package, harness;
};

Places places() {
  fs::path share = fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share/dalbit";
  if (fs::exists(share / "rtl/npu_top.sv"))
    return {share / "rtl", share / "rtl/npu_pkg.sv", share / "harness"};
  return {DALBIT_SOURCE_RTL, DALBIT_NPU_PACKAGE, DALBIT_SOURCE_HARNESS};
}

std::string readText(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error(path.string() + ": cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Packages first, as a module may use them.
std::vector<fs::path> sources(const fs::path &rtl) {
  std::vector<fs::path> files;
  for (const fs::directory_entry &entry : fs::recursive_directory_iterator(rtl))
    if (entry.path().extension() == ".sv" && entry.path().filename() != "npu_pkg.sv")
      files.push_back(entry.path());
  auto isPackage = [](const fs::path &path) { return path.stem().string().ends_with("_pkg"); };
  std::sort(files.begin(), files.end(), [&](const fs::path &a, const fs::path &b) {
    return std::pair(!isPackage(a), a) < std::pair(!isPackage(b), b);
  });
  return files;
}

std::string output(const std::string &command) {
  std::string text;
  if (FILE *pipe = popen(command.c_str(), "r")) {
    char buffer[256];
    while (std::fgets(buffer, sizeof buffer, pipe))
      text += buffer;
    pclose(pipe);
  }
  return text;
}

std::string processorModel() {
  std::ifstream file("/proc/cpuinfo");
  std::string text;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name") || line.starts_with("flags")) {
      text += line;
      if (line.starts_with("flags"))
        break;
    }
  return text;
}

fs::path cacheFolder() {
  if (const char *own = std::getenv("DALBIT_CACHE"))
    return own;
  if (const char *xdg = std::getenv("XDG_CACHE_HOME"))
    return fs::path(xdg) / "dalbit";
  const char *home = std::getenv("HOME");
  return fs::path(home ? home : "/tmp") / ".cache/dalbit";
}

void runTool(const std::string &command, const fs::path &log) {
  std::string whole = "{ " + command + "; } >" + log.string() + " 2>&1 </dev/null";
  if (std::system(whole.c_str()) == 0)
    return;
  std::string text = readText(log);
  if (text.size() > 600)
    text = text.substr(text.size() - 600);
  throw Error("the rtl cannot be built: " + command.substr(0, command.find(' ')) + " fails", {text});
}

/// Tables of the model's public signals, from Verilator's own header.
void writeTables(const fs::path &folder) {
  std::string header = readText(folder / "Vnpu_top___024root.h");
  std::string counters, tags, waits;
  std::regex signal("(?:CData|SData|IData|QData)/\\*[0-9:]+\\*/ (npu_top__DOT__\\w+?)(cnt_(\\w+)_q|tag_q|need_o);");
  for (std::sregex_iterator it(header.begin(), header.end(), signal), end; it != end; ++it) {
    std::string path = (*it)[1], leaf = (*it)[2], name = (*it)[3];
    std::string unit;
    unsigned number = 0;
    for (const isa::UnitInfo &info : isa::units()) {
      std::string dispatch = std::string("i_") + info.name + "_dispatch__DOT__", own = std::string("npu_top__DOT__i_") + info.name + "__DOT__";
      if (path.find(dispatch) != std::string::npos || path.starts_with(own)) {
        unit = info.name;
        if (leaf == "tag_q" && path.find(dispatch) != std::string::npos)
          tags += "DALBIT_TAG(" + std::to_string(number) + ", " + path + leaf + ")\n";
        if (leaf == "need_o")
          waits += "DALBIT_WAITS(" + std::to_string(number) + ", " + path + ")\n";
      }
      ++number;
    }
    if (name.empty())
      continue;
    if (unit.empty() && path.find("i_sequencer__DOT__") != std::string::npos)
      unit = "sequencer";
    std::string full = unit.empty() ? name : unit + "." + name;
    counters += "DALBIT_COUNTER(\"" + full + "\", " + path + leaf + ")\n";
  }
  for (const isa::CounterInfo &info : isa::counters())
    if (counters.find(std::string("\"") + info.name + "\"") == std::string::npos)
      throw Error(std::string("the rtl has no counter ") + info.name);
  writeFile((folder / "counters.inc").string(), counters);
  writeFile((folder / "tags.inc").string(), tags);
  writeFile((folder / "waits.inc").string(), waits);
}

} // namespace

std::string sharedObjectFor(const target::Target &target) {
  Places place = places();
  std::vector<fs::path> files = sources(place.rtl);
  std::string parameters;
  for (const auto &[name, value] : target::verilatorParameters(target))
    parameters += " -G" + name + "=" + std::to_string(value);
  const std::string verilate = "verilator --cc --top-module npu_top -O3 --x-assign fast --x-initial fast --unroll-count 8";
  const std::string compile = "g++ -std=c++20 -O3 -march=native -fPIC -fvisibility=hidden -w";

  Sha256 hash;
  auto add = [&](const std::string &text) { hash.update(text.data(), text.size()); };
  for (const fs::path &file : files)
    add(readText(file));
  for (const char *name : {"Harness.cpp", "HarnessApi.h", "shim.h"})
    add(readText(place.harness / name));
  add(readText(place.package));
  add(readText(place.rtl / "common/assert.svh"));
  add(parameters + verilate + compile + processorModel());
  add(output("verilator --version; g++ --version"));
  std::string key = hex(hash.finish()).substr(0, 24);
  fs::path cache = cacheFolder();
  fs::path object = cache / (target.name + "-" + key + ".so");
  if (fs::exists(object))
    return object.string();

  std::fprintf(stderr, "note: building the rtl of target %s, once\n", target.name.c_str());
  std::error_code error;
  fs::create_directories(cache, error);
  if (error)
    throw Error(cache.string() + ": " + error.message(), {"set DALBIT_CACHE to a folder that can be written"});
  fs::path folder = cache / ("build-" + key + "-" + std::to_string(getpid()));
  fs::create_directories(folder);
  struct Remove {
    fs::path path;
    ~Remove() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  } remove{folder};

  std::string list;
  for (const fs::path &file : files)
    list += " " + file.string();
  runTool(verilate + " --Mdir " + folder.string() + " -I" + (place.rtl / "common").string() + parameters + " " +
              place.package.string() + list,
          folder / "verilator.log");
  writeTables(folder);
  runTool("make -s VM_PARALLEL_BUILDS=0 -C " + folder.string() + " -f Vnpu_top.mk Vnpu_top__ALL.cpp",
          folder / "make.log");
  std::string root = "/usr/share/verilator/include";
  std::string include = " -I" + folder.string() + " -isystem " + root + " -isystem " + root + "/vltstd -I" +
                        place.harness.string() + " -include " + (place.harness / "shim.h").string();
  std::string registers;
  for (const isa::NameInfo &info : isa::registers()) {
    std::string upper = info.name;
    std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
    registers += " -DDALBIT_REG_" + upper + "=" + std::to_string(info.value);
  }
  registers += " -DDALBIT_AXI_BYTES=" + std::to_string(target.axiBytes);
  auto unit = [&](const std::string &source, const std::string &name) {
    return compile + include + registers + " -c " + source + " -o " + (folder / name).string();
  };
  // The model and the rest at the same time.
  runTool("(" + unit((place.harness / "Harness.cpp").string(), "harness.o") + " && " +
              unit(root + "/verilated.cpp", "verilated.o") + " && " +
              unit(root + "/verilated_threads.cpp", "threads.o") + ") & first=$!; " +
              unit((folder / "Vnpu_top__ALL.cpp").string(), "model.o") + " && wait $first",
          folder / "compile.log");
  fs::path fresh = folder / "npu.so";
  runTool("g++ -shared -Wl,-Bsymbolic -o " + fresh.string() + " " + (folder / "harness.o").string() + " " +
              (folder / "verilated.o").string() + " " + (folder / "threads.o").string() + " " +
              (folder / "model.o").string() + " -lpthread",
          folder / "link.log");
  fs::rename(fresh, object);
  return object.string();
}

} // namespace dalbit::verilated
