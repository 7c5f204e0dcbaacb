// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators with subgraphs. The importer takes the element types of their
// results from the subgraphs.

#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/Operator.h"

#include "support/Error.h"

namespace dalbit::execute {

namespace {

bool conditionOf(const Tensor &condition) {
  if (condition.type() != ElementType::Bool || condition.count() != 1)
    throw Error("the condition must be one bool");
  return *condition.data<bool>();
}

void evalIf(Call &call) {
  std::vector<Tensor> outputs =
      call.runBody(conditionOf(call.input(0)) ? 0 : 1, {});
  for (unsigned i = 0; i < outputs.size(); ++i)
    call.output(i, outputs[i]);
}

/// What the iterations gave for scan output \p index of the node, joined.
Tensor joined(Call &call, unsigned index, std::vector<Tensor> &parts,
              int64_t axis) {
  if (!parts.empty())
    return stack(parts, axis);
  // No iteration ever said a shape.
  return Tensor(call.resultElement(index).value_or(ElementType::F32), {0});
}

/// body(i, condition, carried...) gives (condition, carried..., scanned...).
void evalLoop(Call &call) {
  const Tensor *limit = call.optional(0), *condition = call.optional(1);
  int64_t most = INT64_MAX;
  if (limit) {
    if (limit->count() != 1)
      throw Error("the number of iterations must be one integer");
    most = limit->integers()[0];
  }
  bool more = !condition || conditionOf(*condition);
  std::vector<Tensor> carried;
  for (unsigned i = 2; i < call.inputCount(); ++i)
    carried.push_back(call.input(i));
  if (call.outputCount() < carried.size())
    throw Error("has fewer outputs than values that it carries");
  std::vector<std::vector<Tensor>> scanned(call.outputCount() - carried.size());
  for (int64_t i = 0; i < most && more; ++i) {
    std::vector<Tensor> inputs = {Tensor::scalar<int64_t>(i),
                                  Tensor::scalar(true)};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    std::vector<Tensor> results = call.runBody(0, inputs);
    if (results.size() < 1 + carried.size() + scanned.size())
      throw Error("the body gives fewer values than the loop");
    more = conditionOf(results[0]);
    for (size_t k = 0; k < carried.size(); ++k)
      carried[k] = results[1 + k];
    for (size_t k = 0; k < scanned.size(); ++k)
      scanned[k].push_back(results[1 + carried.size() + k]);
  }
  unsigned next = 0;
  for (const Tensor &value : carried)
    call.output(next++, value);
  for (std::vector<Tensor> &parts : scanned) {
    call.output(next, joined(call, next, parts, 0));
    ++next;
  }
}

int64_t entryOf(llvm::ArrayRef<int64_t> list, size_t index) {
  return index < list.size() ? list[index] : 0;
}

/// body(states..., elements...) gives (states..., elements...), over the
/// elements of the scanned inputs along their axes.
std::vector<Tensor> scan(Call &call, std::vector<Tensor> states,
                         llvm::ArrayRef<Tensor> scannedInputs) {
  size_t carried = states.size();
  llvm::ArrayRef<int64_t> axes = call.integers("scan_input_axes");
  llvm::ArrayRef<int64_t> backwards =
      call.has("directions") ? call.integers("directions")
                             : call.integers("scan_input_directions");
  if (call.outputCount() < carried)
    throw Error("has fewer outputs than states");
  std::vector<std::vector<Tensor>> parts(call.outputCount() - carried);
  int64_t length = -1;
  for (auto [k, x] : llvm::enumerate(scannedInputs)) {
    int64_t own = x.dim(frontAxis(entryOf(axes, k), x.rank()));
    if (length >= 0 && own != length)
      throw Error("the inputs to scan differ in length");
    length = own;
  }
  for (int64_t i = 0; i < length; ++i) {
    std::vector<Tensor> inputs = states;
    for (auto [k, x] : llvm::enumerate(scannedInputs))
      inputs.push_back(pick(x, frontAxis(entryOf(axes, k), x.rank()),
                            entryOf(backwards, k) ? length - 1 - i : i));
    std::vector<Tensor> results = call.runBody(0, inputs);
    if (results.size() < carried + parts.size())
      throw Error("the body gives fewer values than the scan");
    for (size_t k = 0; k < carried; ++k)
      states[k] = results[k];
    for (size_t k = 0; k < parts.size(); ++k)
      parts[k].push_back(results[carried + k]);
  }
  for (auto [k, list] : llvm::enumerate(parts)) {
    if (entryOf(call.integers("scan_output_directions"), k))
      std::reverse(list.begin(), list.end());
    states.push_back(joined(call, unsigned(carried + k), list,
                            entryOf(call.integers("scan_output_axes"), k)));
  }
  return states;
}

void evalScan(Call &call) {
  // Version 8 has the lengths of sequences first and scans each of a batch.
  bool batched = call.integer("batched") != 0;
  unsigned first = batched ? 1 : 0;
  int64_t count = call.integer("num_scan_inputs");
  int64_t states = int64_t(call.inputCount()) - int64_t(first) - count;
  if (count < 1 || states < 0)
    throw Error("num_scan_inputs is not valid");
  std::vector<Tensor> before, scanned;
  for (unsigned i = first; i < call.inputCount(); ++i)
    (int64_t(i - first) < states ? before : scanned).push_back(call.input(i));
  if (!batched) {
    std::vector<Tensor> results = scan(call, before, scanned);
    for (unsigned i = 0; i < results.size(); ++i)
      call.output(i, results[i]);
    return;
  }
  if (call.optional(0))
    throw Error("sequences of different lengths are not supported");
  std::vector<std::vector<Tensor>> rows(call.outputCount());
  if (scanned[0].rank() < 2)
    throw Error("the inputs to scan need a batch");
  for (int64_t b = 0; b < scanned[0].dim(0); ++b) {
    auto rowOf = [&](llvm::ArrayRef<Tensor> list) {
      std::vector<Tensor> row;
      for (const Tensor &x : list) {
        if (x.rank() == 0)
          throw Error("the inputs to scan need a batch");
        row.push_back(pick(x, 0, b));
      }
      return row;
    };
    std::vector<Tensor> results = scan(call, rowOf(before), rowOf(scanned));
    for (size_t i = 0; i < rows.size(); ++i)
      rows[i].push_back(results[i]);
  }
  for (unsigned i = 0; i < rows.size(); ++i)
    call.output(i, joined(call, i, rows[i], 0));
}

/// The body for each element of the sequences; tensors are the same each time.
void evalSequenceMap(Call &call) {
  size_t count = call.input(0).members().size();
  std::vector<std::vector<Tensor>> results(call.outputCount());
  for (size_t i = 0; i < count; ++i) {
    std::vector<Tensor> inputs;
    for (unsigned k = 0; k < call.inputCount(); ++k) {
      const Tensor &x = call.input(k);
      if (x.isSequence() && x.members().size() != count)
        throw Error("the sequences differ in length");
      inputs.push_back(x.isSequence() ? x.members()[i] : x);
    }
    std::vector<Tensor> one = call.runBody(0, inputs);
    if (one.size() < results.size())
      throw Error("the body gives fewer values than the node");
    for (size_t k = 0; k < results.size(); ++k)
      results[k].push_back(one[k]);
  }
  for (unsigned k = 0; k < results.size(); ++k)
    call.output(k, Tensor::sequence(std::move(results[k])));
}

mlir::Type unknownElement(llvm::ArrayRef<mlir::Type>, mlir::DictionaryAttr,
                          unsigned) {
  return {};
}

} // namespace

Rows controlOperators() {
  using Kind = AttributeKind;
  return {
      {"",
       "If",
       {1, 11, 13, 16, 19, 21, 23, 24, 25},
       1,
       1,
       anyNumber,
       {{"then_branch", Kind::Graph}, {"else_branch", Kind::Graph}},
       unknownElement,
       evalIf},
      {"",
       "Loop",
       {1, 11, 13, 16, 19, 21, 23, 24, 25},
       0,
       anyNumber,
       anyNumber,
       {{"body", Kind::Graph}},
       unknownElement,
       evalLoop},
      {"",
       "Scan",
       {8, 9, 11, 16, 19, 21, 23, 24, 25},
       0,
       anyNumber,
       anyNumber,
       {{"body", Kind::Graph},
        {"num_scan_inputs", Kind::Int},
        {"directions", Kind::Ints, nullptr, 8, 8},
        {"scan_input_axes", Kind::Ints, nullptr, 9},
        {"scan_input_directions", Kind::Ints, nullptr, 9},
        {"scan_output_axes", Kind::Ints, nullptr, 9},
        {"scan_output_directions", Kind::Ints, nullptr, 9}},
       unknownElement,
       evalScan},
      {"",
       "SequenceMap",
       {17},
       1,
       anyNumber,
       anyNumber,
       {{"body", Kind::Graph}},
       unknownElement,
       evalSequenceMap},
  };
}

} // namespace dalbit::execute
