// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mutated models through import, raising and the float executor.
//
// usage: dalbit-mutate-onnx COUNT SECONDS SEED SOURCE...
// COUNT mutants, at most SECONDS, of the sources in turn: an ONNX file, or the
// files named model.onnx below a folder (those below 1 MiB). Each is refused
// with a message or runs; a crash, a hang (60 s of processor time) or more than
// 512 MiB of tensors is a failure. The mutant at work lies in a file that is
// named first and stays behind if the process dies.
//
// usage: dalbit-mutate-onnx --as-is FILE...
// The files as they are, to see again what a mutant did.

#include "tests/compiler/import/ModelBuilder.h"
#include "tests/compiler/import/Mutator.h"

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/FloatExecutor.h"
#include "compiler/raise/Raise.h"
#include "support/Error.h"

#include "mlir/IR/Diagnostics.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/time.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace dalbit::test {

namespace {

using execute::Tensor;

std::string contentOf(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Zeros for every input; open dimensions are 2, absurd ones end the run.
std::vector<Tensor> zeros(const execute::FloatExecutor &executor) {
  std::vector<Tensor> inputs;
  for (const execute::Port &port : executor.inputs()) {
    auto type = mlir::cast<mlir::TensorType>(port.type);
    llvm::SmallVector<int64_t> shape = {2};
    if (type.hasRank()) {
      shape.assign(type.getShape().begin(), type.getShape().end());
      for (int64_t &dim : shape)
        dim = mlir::ShapedType::isDynamic(dim) ? 2 : dim;
    }
    auto element = execute::elementOfMlir(type.getElementType());
    Tensor input(element.value_or(execute::ElementType::F32), shape);
    std::memset(input.raw(), 0, size_t(input.byteCount()));
    inputs.push_back(input);
  }
  return inputs;
}

enum class Outcome { Refused, Imported, Ran };

Outcome tryModel(const std::string &path) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Imported imported = importFile(context, path);
  if (!imported.module) {
    if (imported.error.empty())
      throw Error("refused without a message");
    return Outcome::Refused;
  }
  Outcome outcome = Outcome::Imported;
  try {
    execute::FloatExecutor executor(*imported.module);
    executor.run(zeros(executor));
    outcome = Outcome::Ran;
  } catch (const Error &) {
  }
  context.getDiagEngine().registerHandler(
      [](mlir::Diagnostic &) { return mlir::success(); });
  raise::RaiseOptions options;
  options.report = false;
  (void)raise::raiseToNN(*imported.module, options);
  return outcome;
}

std::vector<fs::path> filesOf(const fs::path &source) {
  if (!fs::is_directory(source))
    return {source};
  std::vector<fs::path> files;
  for (const auto &entry : fs::recursive_directory_iterator(source))
    if (entry.path().filename() == "model.onnx" && entry.file_size() < 1 << 20)
      files.push_back(entry.path());
  if (files.empty())
    throw Error(source.string() + ": no model.onnx below 1 MiB");
  std::sort(files.begin(), files.end());
  return files;
}

/// Ends the process with a word and, under sanitizers, a stack.
void reportHang(int) {
  static const char message[] = "the mutant hangs\n";
  (void)!write(STDERR_FILENO, message, sizeof message - 1);
  abort();
}

/// tryModel within a limit of processor time, whatever else the machine does.
Outcome tryInTime(const std::string &path) {
  constexpr int Seconds = 60;
  itimerval limit = {{0, 0}, {Seconds, 0}}, none = {};
  setitimer(ITIMER_PROF, &limit, nullptr);
  Outcome outcome = tryModel(path);
  setitimer(ITIMER_PROF, &none, nullptr);
  return outcome;
}

int replay(const std::vector<std::string> &files) {
  static const char *const outcomes[] = {"refused", "imported", "ran"};
  for (const std::string &file : files)
    std::printf("%s: %s\n", file.c_str(), outcomes[int(tryInTime(file))]);
  return 0;
}

int fuzz(int64_t count, double seconds, uint64_t seed,
         const std::vector<std::vector<fs::path>> &sources) {
  TemporaryFolder work;
  std::string path = work.file("mutant.onnx");
  std::printf("mutants in %s\n", path.c_str());
  std::fflush(stdout);
  auto start = std::chrono::steady_clock::now();
  int64_t tried = 0, ran = 0, imported = 0;
  std::mt19937_64 random(seed);
  for (; tried < count; ++tried) {
    std::chrono::duration<double> passed =
        std::chrono::steady_clock::now() - start;
    if (passed.count() > seconds)
      break;
    const std::vector<fs::path> &files =
        sources[size_t(tried) % sources.size()];
    ::onnx::ModelProto model;
    if (!model.ParseFromString(contentOf(files[random() % files.size()])))
      continue;
    Mutator(random()).mutate(model);
    work.write("mutant.onnx", model.SerializeAsString());
    Outcome outcome = tryInTime(path);
    imported += outcome != Outcome::Refused;
    ran += outcome == Outcome::Ran;
  }
  std::printf("%lld mutants: %lld imported, %lld ran, no crash, no hang\n",
              static_cast<long long>(tried), static_cast<long long>(imported),
              static_cast<long long>(ran));
  // A mutator that breaks every model tests the parser only, one that breaks
  // none tests nothing.
  return tried < 20 || imported == 0 || imported == tried;
}

} // namespace

} // namespace dalbit::test

int main(int argc, char **argv) {
  bool asIs = argc > 2 && std::strcmp(argv[1], "--as-is") == 0;
  if (!asIs && argc < 5) {
    std::fprintf(stderr,
                 "usage: dalbit-mutate-onnx COUNT SECONDS SEED SOURCE...\n"
                 "       dalbit-mutate-onnx --as-is FILE...\n");
    return 2;
  }
  dalbit::execute::limitTensorMemory(int64_t(1) << 29);
  std::signal(SIGPROF, dalbit::test::reportHang);
  try {
    if (asIs)
      return dalbit::test::replay({argv + 2, argv + argc});
    std::vector<std::vector<fs::path>> sources;
    for (int i = 4; i < argc; ++i)
      sources.push_back(dalbit::test::filesOf(argv[i]));
    return dalbit::test::fuzz(std::atoll(argv[1]), std::atof(argv[2]),
                              std::strtoull(argv[3], nullptr, 10), sources);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
