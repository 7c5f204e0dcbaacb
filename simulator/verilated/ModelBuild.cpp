// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/verilated/ModelBuild.h"

#include "simulator/verilated/ModelNames.h"
#include "support/AtomicFile.h"
#include "support/Error.h"
#include "support/Sha256.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;

namespace dalbit::verilated {

namespace {

// No assertions of the rtl: its benches have them on. Loops stay rolled where
// compilers vectorise them.
constexpr const char *Verilate =
    "verilator --cc --top-module npu_top -O3 --x-assign fast --x-initial fast "
    "--unroll-count 8";
constexpr const char *CompilerFlags =
    " -std=c++20 -O3 -march=native -fPIC -fvisibility=hidden -w";
constexpr const char *HarnessFiles[] = {
    "AxiStalls.h", "Harness.cpp", "HarnessApi.h", "observed.vlt", "shim.h"};

/// Where sources are: beside an installed program, else in the source and build
/// trees.
struct Places {
  fs::path rtl, package, harness;
};

Places findPlaces() {
  fs::path bin = fs::read_symlink("/proc/self/exe").parent_path();
  fs::path share = bin.parent_path() / "share/dalbit";
  if (fs::exists(share / "rtl/npu_top.sv"))
    return {share / "rtl", share / "rtl/npu_pkg.sv", share / "harness"};
  return {DALBIT_SOURCE_RTL, DALBIT_NPU_PACKAGE, DALBIT_SOURCE_HARNESS};
}

std::string readText(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error(path.string() + ": cannot be read",
                {"the rtl engine needs the sources of the NPU beside it"});
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Packages first, as modules use them.
std::vector<fs::path> rtlFiles(const fs::path &rtl) {
  std::vector<fs::path> files;
  for (const auto &entry : fs::recursive_directory_iterator(rtl))
    if (entry.path().extension() == ".sv" &&
        entry.path().filename() != "npu_pkg.sv")
      files.push_back(entry.path());
  auto rank = [](const fs::path &path) {
    bool isPackage = path.stem().string().ends_with("_pkg");
    return std::pair(!isPackage, path);
  };
  std::sort(files.begin(), files.end(),
            [&](const auto &a, const auto &b) { return rank(a) < rank(b); });
  return files;
}

std::string quoted(const fs::path &path) {
  std::string text = "'";
  for (char c : path.string())
    text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string outputOf(const std::string &command) {
  std::string text;
  FILE *pipe = popen(("{ " + command + "; } 2>/dev/null").c_str(), "r");
  if (!pipe)
    return text;
  char buffer[256];
  while (std::fgets(buffer, sizeof buffer, pipe))
    text += buffer;
  pclose(pipe);
  return text;
}

/// clang 19 makes models that run 1.1 to 1.4 times as fast as those of g++ 12.
std::string findCompiler() {
  return outputOf("clang++-19 --version").empty() ? "g++" : "clang++-19";
}

/// Name and features of the first processor.
std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  std::string text;
  for (std::string line; std::getline(file, line) && !line.empty();)
    if (line.starts_with("model name") || line.starts_with("flags"))
      text += line;
  return text;
}

fs::path cacheFolder() {
  auto variable = [](const char *name) {
    const char *value = std::getenv(name);
    return value && *value ? value : nullptr;
  };
  if (const char *own = variable("DALBIT_CACHE"))
    return own;
  if (const char *xdg = variable("XDG_CACHE_HOME"))
    return fs::path(xdg) / "dalbit";
  if (const char *home = variable("HOME"))
    return fs::path(home) / ".cache/dalbit";
  return "/tmp/dalbit-cache";
}

/// The first line of a log that says what is wrong, else the last one.
std::string causeIn(const fs::path &log) {
  std::istringstream text(readText(log));
  std::string last;
  for (std::string line; std::getline(text, line);) {
    if (line.empty())
      continue;
    last = line.substr(0, 200);
    if (line.starts_with("%Error") || line.find(" error: ") != line.npos ||
        line.find("not found") != line.npos)
      break;
  }
  return last;
}

/// Runs in a folder that goes away with the build; if it fails, the log stays
/// beside it.
void runTool(const std::string &command, const std::string &name,
             const fs::path &log) {
  std::string whole =
      "{ " + command + "\n} >" + quoted(log) + " 2>&1 </dev/null";
  if (std::system(whole.c_str()) == 0)
    return;
  fs::path kept =
      log.parent_path().parent_path() / ("failed-" + log.filename().string());
  std::error_code ignored;
  fs::copy_file(log, kept, fs::copy_options::overwrite_existing, ignored);
  throw Error("the rtl cannot be built: " + name + " fails",
              {causeIn(log), "the whole log: " + kept.string(),
               "the rtl engine needs verilator 5.006 and g++ or clang++-19 in "
               "the path"});
}

class Build {
public:
  explicit Build(const target::Target &target)
      : target(target), place(findPlaces()), files(rtlFiles(place.rtl)),
        compiler(findCompiler()) {
    for (const auto &[name, value] : target::verilatorParameters(target))
      parameters += " -G" + name + "=" + std::to_string(value);
  }

  std::string key() const;
  /// Leaves npu.so in \p folder.
  fs::path build(const fs::path &folder) const;

private:
  const target::Target &target;
  Places place;
  std::vector<fs::path> files;
  std::string compiler, parameters;
};

std::string Build::key() const {
  Sha256 hash;
  auto add = [&](const std::string &text) {
    hash.update(text.data(), text.size());
  };
  for (const fs::path &file : files)
    add(readText(file));
  for (const char *name : HarnessFiles)
    add(readText(place.harness / name));
  add(readText(place.package));
  add(readText(place.rtl / "common/assert.svh"));
  add(parameters + Verilate + CompilerFlags + processor());
  add(outputOf("verilator --version; " + compiler + " --version"));
  return hex(hash.finish()).substr(0, 24);
}

fs::path Build::build(const fs::path &folder) const {
  std::string list = " " + quoted(place.harness / "observed.vlt") + " " +
                     quoted(place.package);
  for (const fs::path &file : files)
    list += " " + quoted(file);
  runTool(Verilate + (" --Mdir " + quoted(folder)) + " -I" +
              quoted(place.rtl / "common") + parameters + list,
          "verilator", folder / "verilator.log");
  std::string names = modelNames(readText(folder / "Vnpu_top___024root.h"));
  names += "#define DALBIT_AXI_BYTES " + std::to_string(target.axiBytes) + "\n";
  writeFile((folder / "names.h").string(), names);
  // All of the model as one file.
  runTool("make -s VM_PARALLEL_BUILDS=0 -C " + quoted(folder) +
              " -f Vnpu_top.mk Vnpu_top__ALL.cpp",
          "make", folder / "make.log");

  std::string root = outputOf("verilator --getenv VERILATOR_ROOT");
  root.erase(std::find(root.begin(), root.end(), '\n'), root.end());
  fs::path library = fs::path(root) / "include";
  auto object = [&](const fs::path &source, const char *name) {
    return compiler + CompilerFlags + " -I" + quoted(folder) + " -isystem " +
           quoted(library) + " -isystem " + quoted(library / "vltstd") + " -I" +
           quoted(place.harness) + " -include " +
           quoted(place.harness / "shim.h") + " -c " + quoted(source) + " -o " +
           quoted(folder / name);
  };
  // The model beside everything else: it takes as long.
  runTool("( " + object(place.harness / "Harness.cpp", "harness.o") + " && " +
              object(library / "verilated.cpp", "verilated.o") + " && " +
              object(library / "verilated_threads.cpp", "threads.o") +
              " ) &\nothers=$!\n" +
              object(folder / "Vnpu_top__ALL.cpp", "model.o") +
              " && wait $others",
          compiler, folder / "compile.log");
  fs::path fresh = folder / "npu.so";
  std::string objects;
  for (const char *name : {"harness.o", "verilated.o", "threads.o", "model.o"})
    objects += " " + quoted(folder / name);
  runTool(compiler + " -shared -Wl,-Bsymbolic -o " + quoted(fresh) + objects +
              " -lpthread",
          compiler, folder / "link.log");
  return fresh;
}

} // namespace

std::string sharedObjectFor(const target::Target &target) {
  fs::path cache = cacheFolder();
  // Sources and tools are asked once in a process: that takes longer than a
  // short program.
  static std::mutex mutex;
  static std::map<std::string, fs::path> known;
  std::string name = cache.string() + "\n" + target.name;
  for (const auto &[parameter, value] : target::verilatorParameters(target))
    name += "\n" + parameter + "=" + std::to_string(value);
  std::lock_guard lock(mutex);
  if (auto found = known.find(name);
      found != known.end() && fs::exists(found->second))
    return found->second.string();

  Build build(target);
  std::string key = build.key();
  fs::path object = cache / (target.name + "-" + key + ".so");
  known[name] = object;
  if (fs::exists(object))
    return object.string();

  fs::path folder = cache / ("build-" + key + "-" + std::to_string(getpid()));
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error(folder.string() + ": " + error.message(),
                {"set DALBIT_CACHE to a folder that can be written"});
  struct Remove {
    fs::path path;
    ~Remove() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  } remove{folder};
  if (isatty(STDERR_FILENO))
    std::fprintf(stderr, "note: building the rtl of target %s, once\n",
                 target.name.c_str());
  fs::rename(build.build(folder), object);
  return object.string();
}

} // namespace dalbit::verilated
