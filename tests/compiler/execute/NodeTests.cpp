// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ONNX standard's own node tests on the float executor.
//
// usage: dalbit-node-tests FOLDER SKIP
// FOLDER holds a folder a test: model.onnx and test_data_set_K with
// input_I.pb and output_I.pb. SKIP has a line a test that need not pass, its
// name and the reason; one that passes all the same is a failure, so that the
// list stays true. Types, shapes, integers and where numbers are not finite
// must be equal; floats may differ by 1e-3 of the largest one, or of 1.

#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/TensorFile.h"
#include "compiler/import/Import.h"
#include "support/Error.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace dalbit {

using execute::ElementType;
using execute::Tensor;

namespace {

std::vector<fs::path> sorted(const fs::path &folder, const std::string &start) {
  std::vector<fs::path> found;
  for (const auto &entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().rfind(start, 0) == 0)
      found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

/// input_0.pb, input_1.pb ... of \p set; the numbers have no leading zeros.
std::vector<execute::TensorFile> tensors(const fs::path &set,
                                         const std::string &start) {
  std::vector<execute::TensorFile> found;
  for (int i = 0;; ++i) {
    fs::path path = set / (start + std::to_string(i) + ".pb");
    if (!fs::exists(path))
      return found;
    found.push_back(execute::readTensorFile(path.string()));
  }
}

void compare(const std::string &name, const Tensor &want, const Tensor &got) {
  auto fail = [&](const std::string &what) {
    throw Error("output '" + name + "': " + what);
  };
  if (got.isSequence() || got.type() != want.type())
    fail(std::string("is ") + elementName(got.type()) + ", expected " +
         elementName(want.type()));
  if (got.shape() != want.shape())
    fail("shape " + execute::shapeText(got.shape()) + ", expected " +
         execute::shapeText(want.shape()));
  Tensor x = want.cast(ElementType::F64), y = got.cast(ElementType::F64);
  double largest = 1;
  for (double value : x.values<double>())
    if (std::isfinite(value))
      largest = std::max(largest, std::fabs(value));
  double most = isFloat(want.type()) ? 1e-3 * largest : 0;
  for (int64_t i = 0; i < x.count(); ++i) {
    double a = x.data<double>()[i], b = y.data<double>()[i];
    if (std::isfinite(a) != std::isfinite(b) ||
        (std::isfinite(a) && !(std::fabs(a - b) <= most)))
      fail("element " + std::to_string(i) + " is " + std::to_string(b) +
           ", expected " + std::to_string(a));
  }
}

/// Throws dalbit::Error unless the test passes.
void run(const fs::path &folder) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string message;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return mlir::success();
  });
  auto module = import::importOnnx(context, (folder / "model.onnx").string());
  if (failed(module))
    throw Error(message);
  execute::FloatExecutor executor(**module);
  int compared = 0;
  for (const fs::path &set : sorted(folder, "test_data_set_")) {
    std::map<std::string, Tensor> given;
    for (execute::TensorFile &file : tensors(set, "input_"))
      given[file.name] = file.tensor;
    std::vector<Tensor> inputs;
    for (const execute::Port &port : executor.inputs()) {
      if (!given.count(port.name))
        throw Error("no data for input '" + port.name + "'");
      inputs.push_back(given[port.name]);
    }
    std::vector<Tensor> outputs = executor.run(inputs);
    for (execute::TensorFile &file : tensors(set, "output_"))
      for (size_t i = 0; i < outputs.size(); ++i)
        if (executor.outputs()[i].name == file.name) {
          compare(file.name, file.tensor, outputs[i]);
          ++compared;
        }
  }
  if (!compared)
    throw Error("no output was compared");
}

std::set<std::string> readSkips(const char *path) {
  std::ifstream file(path);
  if (!file)
    throw Error(std::string(path) + ": cannot open");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    std::stringstream text(line);
    std::string name, reason;
    if (!(text >> name) || name[0] == '#')
      continue;
    if (!(text >> reason))
      throw Error(std::string(path) + ": " + name + " has no reason");
    names.insert(name);
  }
  return names;
}

int runAll(const char *folder, const char *skipFile) {
  std::set<std::string> skips = readSkips(skipFile);
  int passed = 0, total = 0, skipped = 0, wrong = 0;
  for (const fs::path &test : sorted(folder, "test_")) {
    std::string name = test.filename().string(), failure;
    ++total;
    try {
      run(test);
    } catch (const Error &error) {
      failure = error.what();
    }
    bool listed = skips.erase(name) != 0;
    passed += failure.empty();
    skipped += listed && !failure.empty();
    if (failure.empty() == listed) {
      ++wrong;
      std::printf("%s: %s\n", name.c_str(),
                  listed ? "listed as not supported, but passes"
                         : failure.c_str());
    }
  }
  for (const std::string &name : skips) {
    ++wrong;
    std::printf("%s: listed as not supported, but there is no such test\n",
                name.c_str());
  }
  std::printf("%d of %d node tests pass, %d are listed as not supported\n",
              passed, total, skipped);
  return wrong || !total;
}

} // namespace

} // namespace dalbit

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: dalbit-node-tests FOLDER SKIP\n");
    return 2;
  }
  try {
    return dalbit::runAll(argv[1], argv[2]);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
