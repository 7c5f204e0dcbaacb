// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/Int16Layers.h"

#include "compiler/execute/FloatExecutor.h"
#include "compiler/execute/integer/IntegerExecutor.h"
#include "tools/dalbit/LayerNoise.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace dalbit::tool {

namespace {

using Inputs = std::vector<execute::Tensor>;

/// Inputs beside the ones given. The noise of an output of few numbers, such as
/// three classes, is chance: over several inputs it is what to expect.
constexpr unsigned Variants = 8;

bool isFlags(const execute::Tensor &tensor) {
  llvm::SmallVector<int64_t> numbers = tensor.integers();
  return llvm::all_of(numbers, [](int64_t n) { return n == 0 || n == 1; });
}

/// \p inputs with the elements of each tensor in another order, so that ids are
/// ids and numbers have the same distribution; flags, such as those of a mask,
/// stay where they are.
Inputs shuffled(llvm::ArrayRef<execute::Tensor> inputs, unsigned seed) {
  std::mt19937 random(seed);
  Inputs result;
  for (const execute::Tensor &tensor : inputs) {
    if (!execute::isFloat(tensor.type()) && isFlags(tensor)) {
      result.push_back(tensor);
      continue;
    }
    // As doubles, which hold ids too, in memory of its own.
    execute::Tensor from = tensor.cast(execute::ElementType::F64);
    execute::Tensor mixed(execute::ElementType::F64, tensor.shape());
    double *to = mixed.data<double>();
    std::copy_n(from.data<double>(), from.count(), to);
    // Not std::shuffle, whose order is the library's own.
    for (int64_t i = mixed.count() - 1; i > 0; --i)
      std::swap(to[i], to[random() % uint64_t(i + 1)]);
    result.push_back(mixed.cast(tensor.type()));
  }
  return result;
}

} // namespace

Int16Layers chooseInt16(Compiler &compiler, mlir::ModuleOp raised,
                        const CompileOptions &options,
                        llvm::ArrayRef<execute::Tensor> inputs, int64_t past,
                        std::vector<std::string> nodes, double seconds) {
  std::vector<Inputs> samples = {Inputs(inputs.begin(), inputs.end())};
  for (unsigned seed = 1; seed <= Variants; ++seed)
    samples.push_back(shuffled(inputs, seed));
  std::vector<Inputs> references;
  execute::FloatExecutor floats(raised);
  for (const Inputs &sample : samples)
    references.push_back(floats.run(sample));
  auto worst = [&](const std::vector<std::string> &more) {
    mlir::OwningOpRef<mlir::ModuleOp> integer(raised.clone());
    CompileOptions with = options;
    with.int16.insert(with.int16.end(), more.begin(), more.end());
    compiler.quantise(*integer, with);
    std::vector<double> sums(references[0].size());
    for (size_t s = 0; s < samples.size(); ++s) {
      Inputs outputs = execute::runInteger(*integer, samples[s], past);
      for (size_t i = 0; i < outputs.size(); ++i)
        sums[i] += isFloat(references[s][i].type())
                       ? snr(references[s][i], outputs[i])
                       : 200; // what was chosen of another result
    }
    double result = 200;
    for (double sum : sums)
      result = std::min(result, sum / double(samples.size()));
    return result;
  };
  Int16Layers result;
  result.candidates = nodes.size();
  result.before = result.after = worst({});
  auto begin = std::chrono::steady_clock::now();
  auto hasTime = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         begin)
               .count() < seconds;
  };
  for (const std::string &node : nodes)
    if (hasTime())
      result.tried.push_back({node, worst({node}) - result.before});
  std::stable_sort(
      result.tried.begin(), result.tried.end(),
      [](const auto &a, const auto &b) { return a.gain > b.gain; });
  for (const Int16Layers::Layer &layer : result.tried) {
    if (layer.gain < Int16Layers::Least || !hasTime())
      break;
    std::vector<std::string> more = result.chosen;
    more.push_back(layer.node);
    double together = worst(more);
    if (together < result.after + Int16Layers::Least)
      continue;
    result.chosen = more;
    result.after = together;
  }
  return result;
}

} // namespace dalbit::tool
