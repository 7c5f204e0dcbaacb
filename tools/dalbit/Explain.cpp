// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/dalbit/Explain.h"

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "support/Error.h"
#include "tools/dalbit/OnnxFacts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace dalbit::tool {

namespace {

constexpr size_t MostPorts = 6, MostWords = 14;

/// What the graph consists of after raising.
struct Raised {
  std::map<std::string, int> raised;              ///< [nn] operations
  std::map<std::string, std::vector<std::string>> ///< by operator: nodes
      stayed;
  /// By reason that raising gave: nodes.
  std::map<std::string, std::vector<std::string>> reasons;
  int64_t attentionColumns = 0;    ///< of all attentions' queries
  int64_t experts = 0, chosen = 0; ///< of the largest router
};

Raised raisedFacts(mlir::ModuleOp module) {
  Raised facts;
  module.walk([&](mlir::Operation *op) {
    if (auto node = mlir::dyn_cast<onnx::NodeOp>(op)) {
      facts.stayed[node.getOpType().str()].push_back(node.getNodeName().str());
      if (std::optional<llvm::StringRef> why = node.getWhy())
        facts.reasons[why->str()].push_back(node.getNodeName().str());
    } else if (mlir::isa_and_nonnull<nn::NNDialect>(op->getDialect()) &&
               !mlir::isa<nn::ConstantOp>(op))
      ++facts.raised[op->getName().stripDialect().str()];
    if (auto route = mlir::dyn_cast<nn::RouteOp>(op))
      if (int64_t all = route.getLogits().getType().getShape().back();
          all > facts.experts) {
        facts.experts = all;
        facts.chosen = int64_t(route.getChosen());
      }
    if (auto attention = mlir::dyn_cast<nn::AttentionOp>(op))
      facts.attentionColumns +=
          mlir::cast<mlir::ShapedType>(attention.getQuery().getType())
              .getShape()
              .back();
  });
  return facts;
}

/// "4 Add, 2 Mul", the most frequent first.
std::string counts(const std::map<std::string, int> &words) {
  std::vector<std::pair<std::string, int>> sorted(words.begin(), words.end());
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const auto &a, const auto &b) { return a.second > b.second; });
  std::string text;
  for (size_t i = 0; i < std::min(sorted.size(), MostWords); ++i)
    text += (i ? ", " : "") + std::to_string(sorted[i].second) + " " +
            sorted[i].first;
  if (sorted.size() > MostWords)
    text +=
        " and " + std::to_string(sorted.size() - MostWords) + " other kinds";
  return text.empty() ? "nothing" : text;
}

/// 1234567 as "1.23 M".
std::string amount(double value) {
  const char *const units[] = {"", " k", " M", " G", " T"};
  unsigned unit = 0;
  for (; value >= 1000 && unit < 4; ++unit)
    value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit ? "%.3g%s" : "%.0f%s", value,
                units[unit]);
  return text;
}

/// 1234567 as "1.23 MB".
std::string bytes(double value) {
  return amount(value) + (value < 1000 ? " B" : "B");
}

void row(const char *what, const std::string &text) {
  std::printf("%-10s %s\n", what, text.c_str());
}

void showPorts(const char *what, const std::vector<OnnxFacts::Port> &ports) {
  for (size_t i = 0; i < std::min(ports.size(), MostPorts); ++i)
    row(i ? "" : what,
        ports[i].name + " " + listOf(ports[i].dims) + " " + ports[i].element);
  if (ports.size() > MostPorts)
    row("", "and " + std::to_string(ports.size() - MostPorts) +
                " more (dalbit inspect lists them)");
}

void showModel(const std::string &path, const OnnxFacts &facts) {
  std::string opsets;
  for (const auto &[domain, version] : facts.opsets)
    opsets +=
        (opsets.empty() ? "" : ", ") + domain + " " + std::to_string(version);
  row("model", path + ": " + std::to_string(facts.nodes) + " nodes (" + opsets +
                   "), " + amount(double(facts.elements)) + " constants, " +
                   bytes(double(facts.bytes)));
  showPorts("inputs", facts.inputs);
  showPorts("outputs", facts.outputs);
  row("found", counts(facts.operators));
}

void showRaised(const Raised &facts) {
  row("raised", counts(facts.raised));
  for (const auto &[type, nodes] : facts.stayed)
    row("stays", std::to_string(nodes.size()) + " " + type + ", such as '" +
                     nodes.front() + "'");
  for (const auto &[reason, nodes] : facts.reasons)
    row("because",
        reason + " ('" + nodes.front() + "'" +
            (nodes.size() > 1
                 ? " and " + std::to_string(nodes.size() - 1) + " more"
                 : "") +
            ")");
}

void showProgram(const binary::Program &program, const Raised &raised) {
  target::Target target = target::parseTarget(program.target, "binary");
  std::map<std::string, int> kinds;
  uint64_t weights = 0, products = 0, memory = 0;
  for (const binary::Layer &layer : program.layers) {
    ++kinds[layer.kind];
    weights += layer.weightBytes;
    products += layer.macsPerToken;
  }
  for (const binary::RegionEntry &region : program.regions)
    memory += region.size;
  nlohmann::json facts = nlohmann::json::parse(program.model);
  uint64_t cache = facts.value("kv_bytes_per_sequence", uint64_t(0)) /
                   std::max<uint64_t>(program.limits.context, 1);
  row("lowered",
      std::to_string(program.layers.size()) + " layers: " + counts(kinds));
  row("", std::to_string(program.code.size()) + " instructions for " +
              target.name + " (" + std::to_string(target.outputs) + " x " +
              std::to_string(target.lanes) + " array, " +
              std::to_string(target.scratchpadKib) + " KiB, " +
              target.dramDevice + ")");
  for (const binary::Tensor &tensor : program.tensors)
    if (binary::isTopK(tensor.role))
      row("on host", tensor.name + ": " + topKText(tensor));
  row("limits", "context " + std::to_string(program.limits.context) +
                    ", batch " + std::to_string(program.limits.batch) + "; " +
                    bytes(double(memory)) + " of " +
                    bytes(double(target.dramBytes())) + " DRAM");
  row("a token",
      amount(double(products)) + " MACs" +
          (raised.attentionColumns
               ? " and " + amount(double(2 * raised.attentionColumns)) +
                     " for each position before it"
               : ""));
  if (raised.experts > raised.chosen)
    row("", "of " + std::to_string(raised.experts) + " experts " +
                std::to_string(raised.chosen) +
                " count for a token; all are read and computed");
  row("a step", bytes(double(weights)) + " of weights" +
                    (cache ? " and " + bytes(double(cache)) +
                                 " of cache for each position before it"
                           : ""));
}

} // namespace

std::string topKText(const binary::Tensor &tensor) {
  bool isOne = tensor.limit == 1;
  std::string what = tensor.role == binary::Role::TopKValues ? "the "
                     : isOne                                 ? "column of the "
                             : "columns of the ";
  return what + (isOne ? "" : std::to_string(tensor.limit) + " ") +
         (tensor.fill == 1 ? "smallest" : "largest") + " of each row of '" +
         tensor.source + "'";
}

std::optional<binary::Program> explain(const std::string &path,
                                       const CompileOptions &options) {
  Compiler compiler;
  mlir::OwningOpRef<mlir::ModuleOp> module = compiler.import(path, options);
  showModel(path, onnxFacts(*module));
  try {
    compiler.raise(*module, options);
    Raised raised = raisedFacts(*module);
    showRaised(raised);
    binary::Program program = Compiler().compile(path, options);
    showProgram(program, raised);
    row("refused", "nothing");
    return program;
  } catch (const Error &error) {
    row("refused", error.what());
    for (const std::string &note : error.notes)
      if (note.find("compile --explain") == std::string::npos) // this is it
        row("", note);
    return std::nullopt;
  }
}

} // namespace dalbit::tool
