// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Session.h"

#include "isa/binary/Expression.h"
#include "simulator/host/TopK.h"
#include "support/Error.h"
#include "support/KeyLengths.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <random>

namespace dalbit::host {

namespace {

using binary::Role;
using binary::TensorKind;

const HostTensor *find(const std::vector<HostTensor> &list,
                       const std::string &name) {
  auto found =
      std::find_if(list.begin(), list.end(), [&](const HostTensor &tensor) {
        return tensor.name == name;
      });
  return found == list.end() ? nullptr : &*found;
}

/// The size that a model fixes, if \p dimension is a number.
std::optional<int64_t> fixedSize(const std::string &dimension) {
  int64_t size = 0;
  const char *end = dimension.data() + dimension.size();
  auto [stop, error] = std::from_chars(dimension.data(), end, size);
  if (error != std::errc() || stop != end || size < 0)
    return std::nullopt;
  return size;
}

int64_t countOf(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// What a user gives: positions that the host counts itself are none.
bool isInput(const binary::Tensor &tensor) {
  return (tensor.kind == TensorKind::Input && tensor.source.empty()) ||
         tensor.kind == TensorKind::Past;
}

/// Of a mask that is counted, a flag for each of the keys [batch, keys].
std::vector<double> countedKeys(const HostTensor &mask, int64_t batch,
                                int64_t keys) {
  bool isFlags = mask.shape.size() == 2;
  std::vector<double> flags;
  for (int64_t b = 0; b < batch; ++b) {
    const double *own = mask.values.data() + b * (isFlags ? keys : 1);
    double first = 0,
           end = isFlags ? double(std::count(own, own + keys, 1.0)) : *own;
    if (!isFlags && mask.shape[0] == 2 * batch)
      first = own[batch];
    for (int64_t s = 0; s < keys; ++s)
      flags.push_back(double(s) >= first && double(s) < end);
  }
  return flags;
}

/// An input that the program has no place for: nothing reads it.
bool isUnread(const binary::Tensor &tensor) {
  return isInput(tensor) &&
         std::all_of(tensor.strides.begin(), tensor.strides.end(),
                     [](int64_t stride) { return stride == 0; });
}

} // namespace

Session::Session(const binary::Program &program, Memory &memory, Engine &engine)
    : program(program), memory(memory), engine(engine) {
  nlohmann::json facts = nlohmann::json::parse(program.model);
  words = facts.value("vocabulary", int64_t(0));
  rounds = facts.value("rounds", uint64_t(0));
  for (const binary::Tensor &tensor : program.tensors) {
    if (tensor.role == Role::Tokens && !ids)
      ids = &tensor;
    if (tensor.role == Role::Mask)
      masks.push_back(&tensor);
    if (tensor.role == Role::Positions || tensor.role == Role::Types)
      positions.push_back({&tensor, {}});
  }
  if (engine.hasData())
    memory.load(program);
  else
    memory.place(program);
  reset();
}

void Session::write(const binary::Tensor &tensor,
                    const std::vector<int64_t> &shape,
                    const std::vector<double> &values) {
  if (engine.hasData())
    writeTensor(memory, tensor, shape, values);
}

void Session::reset() {
  if (engine.hasData())
    memory.clear();
  past = before = tokens = 0;
  batch = 1;
  rows.clear();
}

void Session::setPosition(uint32_t position) {
  if (position >= context())
    throw Error("position " + std::to_string(position) +
                    " is past the context of " + std::to_string(context()),
                {"compile with a larger --max-context"});
  past = position;
}

const binary::Tensor *Session::logitsTensor() const {
  for (const binary::Tensor &tensor : program.tensors)
    if (tensor.kind == TensorKind::Logits)
      return &tensor;
  return nullptr;
}

std::vector<int64_t> Session::shapeNow(const binary::Tensor &tensor) const {
  return binary::shapeOf(tensor, {tokens, before, batch});
}

void Session::checkSizes() const {
  if (tokens == 0 || batch == 0)
    throw Error("there is no token to run");
  if (batch > program.limits.batch)
    throw Error("batch " + std::to_string(batch) + " is above the program's " +
                    std::to_string(program.limits.batch),
                {"compile with --max-batch " + std::to_string(batch)});
  if (uint64_t(before) + tokens > context())
    throw Error(std::to_string(uint64_t(before) + tokens) +
                    " positions are more than the context of " +
                    std::to_string(context()),
                {"compile with a larger --max-context"});
}

void Session::checkId(int64_t index, double id) const {
  if (id >= 0 && id == std::floor(id) && (words == 0 || id < double(words)))
    return;
  nlohmann::json number = id; // the shortest text
  if (id == std::floor(id) && std::fabs(id) < 1e18)
    number = int64_t(id);
  throw Error("input '" + ids->name + "': element " +
              shapeText({index / tokens, index % tokens}) + " is " +
              number.dump() + ", outside the vocabulary of " +
              std::to_string(words));
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

StepResult Session::start(uint32_t count, bool allRows) {
  // Only a first start computes what does not depend on the new tokens (keys of
  // an encoder's output).
  const binary::EntryPoint *entry =
      count == 1 && past > 0 ? binary::findEntry(program, "decode") : nullptr;
  if (!entry)
    entry = binary::findEntry(program, "prefill");
  if (!entry)
    throw Error("the program has no entry point for " + std::to_string(count) +
                " tokens");
  Start start;
  start.pc = entry->pc;
  for (size_t i = 0; i < entry->arguments.size(); ++i) {
    const std::string &name = entry->arguments[i];
    uint32_t &value = start.arguments.at(i);
    if (name == "tokens")
      value = count;
    else if (name == "position")
      value = past;
    else if (name == "batch")
      value = batch;
    else if (name == "all_rows")
      value = allRows;
    else
      throw Error("entry point '" + entry->name + "' has the argument '" +
                      name + "', which this version does not know",
                  {"known are tokens, position, batch and all_rows"});
  }
  // Every round of a loop covers at least one token of one sequence, or rows of
  // a number that the model fixes.
  start.bound =
      uint64_t(program.code.size() + 16) * (count + 1 + rounds) * batch;
  auto begun = std::chrono::steady_clock::now();
  StepResult result = engine.run(start);
  result.hostSeconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun)
          .count();
  past += count;
  return result;
}

void Session::keepLogits(uint32_t first, uint32_t count, bool allRows) {
  const binary::Tensor *tensor = logitsTensor();
  if (!tensor || !engine.hasData())
    return;
  std::vector<int64_t> shape =
      binary::shapeOf(*tensor, {count, past - count, batch});
  if (shape.size() < 2)
    throw Error("output '" + tensor->name + "' has the shape " +
                shapeText(shape) + "; logits have rows and a vocabulary");
  binary::Tensor row = *tensor;
  row.strides = {tensor->strides.back()};
  for (uint32_t b = 0; b < batch; ++b)
    for (uint32_t t = allRows ? 0 : count - 1; t < count; ++t) {
      // [batch, vocabulary] has the last row only.
      row.offset = tensor->offset + b * uint64_t(tensor->strides[0]);
      if (shape.size() > 2)
        row.offset += t * uint64_t(tensor->strides[shape.size() - 2]);
      HostTensor values = readTensor(memory, row, {shape.back()});
      rows[b * tokens + first + t].assign(values.values.begin(),
                                          values.values.end());
    }
}

StepResult Session::runTokens(std::span<const int32_t> all, bool allRows) {
  rows.assign(size_t(batch) * tokens, {});
  StepResult total;
  uint32_t most = std::max(program.limits.tokens, 1u);
  for (uint32_t first = 0; first < tokens; first += most) {
    uint32_t count = std::min(most, tokens - first);
    if (ids) {
      std::vector<double> part;
      std::vector<int64_t> shape = binary::shapeOf(*ids, {count, past, batch});
      if (all.size() == size_t(countOf(shape)))
        part.assign(all.begin(), all.end());
      else
        for (uint32_t b = 0; b < batch; ++b)
          for (uint32_t t = 0; t < count; ++t)
            part.push_back(all[size_t(b) * tokens + first + t]);
      if (part.size() != size_t(countOf(shape)))
        throw Error("input '" + ids->name + "' has the shape " +
                        shapeText(shape) + " and no place for " +
                        std::to_string(count) + " tokens",
                    {"give the model's inputs with --input NAME=FILE"});
      write(*ids, shape, part);
    }
    writePositions(first, count);
    bool isLast = first + count == tokens;
    total += start(count, allRows);
    if (allRows || isLast)
      keepLogits(first, count, allRows);
  }
  return total;
}

StepResult Session::step(std::span<const int32_t> tokenIds, uint32_t sequences,
                         bool allRows) {
  if (!ids || !logitsTensor())
    throw Error("the model does not continue text",
                {"give its inputs with --input NAME=FILE, or none"});
  before = past;
  batch = sequences;
  tokens = sequences ? uint32_t(tokenIds.size() / sequences) : 0;
  checkSizes();
  for (size_t i = 0; i < tokenIds.size(); ++i)
    checkId(int64_t(i), tokenIds[i]);
  writeMasks({});
  findPositions({});
  return runTokens(tokenIds, allRows);
}

const std::vector<float> &Session::logits(uint32_t sequence,
                                          uint32_t row) const {
  size_t index = size_t(sequence) * tokens + row;
  if (index >= rows.size() || rows[index].empty())
    throw Error("the last step has not computed row " + std::to_string(row) +
                " of logits");
  return rows[index];
}

//===----------------------------------------------------------------------===//
// Tensors by name
//===----------------------------------------------------------------------===//

void Session::writeMasks(const std::vector<HostTensor> &given) {
  for (const binary::Tensor *mask : masks) {
    std::vector<int64_t> view = binary::viewOf(*mask, {tokens, before, batch});
    if (const HostTensor *input = find(given, mask->name)) {
      bool counts = mask->scale == binary::ScaleKind::Counted;
      write(*mask, view,
            counts ? countedKeys(*input, view[0], view[1]) : input->values);
      continue;
    }
    // A mask that is not given hides nothing.
    binary::Tensor none = *mask;
    none.scale = binary::ScaleKind::None;
    write(none, view, std::vector<double>(size_t(countOf(view)), 0));
  }
}

void Session::findPositions(const std::vector<HostTensor> &given) {
  for (Positions &list : positions) {
    const HostTensor *input = find(given, list.tensor->name);
    const HostTensor *mask = find(given, list.tensor->source);
    list.values.clear();
    if (input) {
      list.values = input->values;
      continue;
    }
    if (list.tensor->role == Role::Types) {
      list.values.assign(size_t(countOf(shapeNow(*list.tensor))), 0);
      continue;
    }
    std::vector<int64_t> shape = shapeNow(*list.tensor);
    int64_t rows = shape.back();
    int64_t columns = mask ? mask->shape.back() : before + rows;
    for (int64_t b = 0; b < shape.front(); ++b) {
      int64_t seen = mask ? 0 : before;
      for (int64_t s = seen; s < columns; ++s) {
        bool shown = !mask || mask->values[size_t(b * columns + s)] !=
                                  double(list.tensor->hidden);
        if (s >= columns - rows)
          list.values.push_back(shown ? double(seen)
                                      : double(list.tensor->fill));
        seen += shown;
      }
    }
  }
}

void Session::writePositions(uint32_t first, uint32_t count) {
  for (const Positions &list : positions) {
    std::vector<int64_t> shape =
        binary::shapeOf(*list.tensor, {count, past, batch});
    std::vector<double> part;
    if (list.values.size() == size_t(countOf(shape)))
      part = list.values; // all of them, or rows of a fixed number
    else
      for (int64_t b = 0; b < shape.front(); ++b)
        for (uint32_t t = 0; t < count; ++t)
          part.push_back(list.values[size_t(b) * tokens + first + t]);
    write(*list.tensor, shape, part);
  }
}

void Session::checkLimit(const binary::Tensor &tensor,
                         const HostTensor &input) const {
  if (&tensor == ids || tensor.limit == 0)
    return;
  for (size_t i = 0; i < input.values.size(); ++i) {
    double value = input.values[i];
    if (value < 0 || value != std::floor(value) ||
        value >= double(tensor.limit))
      throw Error("input '" + tensor.name + "': element " + std::to_string(i) +
                  " is " + nlohmann::json(value).dump() + ", outside 0 .. " +
                  std::to_string(tensor.limit - 1));
  }
}

void Session::bindSymbols(const std::vector<HostTensor> &inputs) {
  tokens = batch = 1;
  before = 0;
  for (const binary::Tensor &tensor : program.tensors) {
    const HostTensor *input =
        isInput(tensor) ? find(inputs, tensor.name) : nullptr;
    if (!input || isUnread(tensor))
      continue;
    for (size_t i = 0; i < std::min(tensor.shape.size(), input->shape.size());
         ++i) {
      uint32_t size = uint32_t(std::min<int64_t>(input->shape[i], UINT32_MAX));
      if (tensor.shape[i] == "T")
        tokens = size;
      if (tensor.shape[i] == "P")
        before = size;
      if (tensor.shape[i] == "B")
        batch = size;
    }
  }
}

void Session::checkInputs(const std::vector<HostTensor> &inputs) const {
  for (const HostTensor &input : inputs) {
    const binary::Tensor *tensor = binary::findTensor(program, input.name);
    if (!tensor || !isInput(*tensor)) {
      std::string known;
      for (const binary::Tensor &other : program.tensors)
        if (isInput(other))
          known += (known.empty() ? "" : ", ") + other.name;
      throw Error("the model has no input '" + input.name + "'",
                  {"its inputs are " + known});
    }
    bool isLengths = binary::isLengths(tensor->role);
    if (isUnread(*tensor) && !isLengths)
      continue;
    std::vector<int64_t> expected = shapeNow(*tensor);
    // What the model fixes stays so, though the program could do others (M2).
    for (size_t i = 0; i < std::min(tensor->onnxShape.size(), expected.size());
         ++i)
      if (std::optional<int64_t> size = fixedSize(tensor->onnxShape[i]))
        expected[i] = *size;
    if (input.shape != expected)
      throw Error("input '" + input.name + "' has shape " +
                  shapeText(input.shape) + ", expected " + shapeText(expected));
    if (isLengths) {
      checkKeyLengths(tensor->name, input.values, before, tokens, tensor->fill,
                      tensor->role == Role::Total);
      continue;
    }
    checkLimit(*tensor, input);
    bool isScore = tensor->scale == binary::ScaleKind::Score;
    std::optional<double> limit = borderLimit(*tensor);
    bool counts = tensor->scale == binary::ScaleKind::Counted,
         isNumber = counts && input.shape.size() == 1,
         isFlag = tensor->scale == binary::ScaleKind::Visible ||
                  tensor->scale == binary::ScaleKind::Hidden ||
                  (counts && !isNumber);
    for (size_t i = 0; i < input.values.size(); ++i)
      if (isScore ? std::isnan(input.values[i])
                  : !std::isfinite(input.values[i]))
        throw Error("input '" + input.name + "': value " + std::to_string(i) +
                    " is not finite");
      else if (isFlag && input.values[i] != 0 && input.values[i] != 1)
        throw Error("input '" + input.name + "': value " + std::to_string(i) +
                    " is " + nlohmann::json(input.values[i]).dump() +
                    "; a mask has 0 and 1");
      else if (isNumber && (input.values[i] < 0 ||
                            input.values[i] != std::floor(input.values[i])))
        throw Error("input '" + input.name + "': value " + std::to_string(i) +
                    " is " + nlohmann::json(input.values[i]).dump() +
                    ", which is no number of keys");
      else if (limit && std::fabs(input.values[i]) >= *limit)
        throw Error("input '" + input.name + "': value " + std::to_string(i) +
                        " is " + nlohmann::json(input.values[i]).dump() +
                        "; the NPU takes numbers up to " +
                        nlohmann::json(std::floor(*limit)).dump() + " here",
                    {"scale this input and what reads it; --engine float "
                     "takes all numbers"});
  }
  for (const binary::Tensor &tensor : program.tensors)
    if (isInput(tensor) && !isOptional(tensor, before) &&
        !find(inputs, tensor.name))
      throw Error("input '" + tensor.name + "' " + shapeText(shapeNow(tensor)) +
                      " is missing",
                  {"add --input " + tensor.name + "=FILE"});
}

/// A mask hides nothing, positions go on and an empty cache has nothing unless
/// given.
bool Session::isOptional(const binary::Tensor &tensor,
                         uint32_t position) const {
  return tensor.role == Role::Mask || tensor.role == Role::Positions ||
         tensor.role == Role::Types || isUnread(tensor) ||
         (tensor.kind == TensorKind::Past && position == 0);
}

bool Session::continuesText() const {
  return ids && logitsTensor() &&
         std::none_of(program.tensors.begin(), program.tensors.end(),
                      [&](const binary::Tensor &tensor) {
                        return &tensor != ids && isInput(tensor) &&
                               !isOptional(tensor, 0);
                      });
}

std::vector<HostTensor> Session::seededInputs(std::span<const int32_t> given,
                                              uint64_t seed) const {
  if (!ids && !given.empty())
    throw Error("the model reads no token ids",
                {"give its inputs with --input NAME=FILE, or none"});
  binary::Symbols sizes{int64_t(given.size()), 0, 1};
  if (given.empty())
    sizes.tokens = std::min<int64_t>(16, context() / 2 + 1);
  for (const binary::Tensor &tensor : program.tensors)
    for (size_t i = 0; isInput(tensor) && i < tensor.onnxShape.size(); ++i)
      if (std::optional<int64_t> size = fixedSize(tensor.onnxShape[i])) {
        if (tensor.shape[i] == "T" && given.empty())
          sizes.tokens = *size;
        if (tensor.shape[i] == "P")
          sizes.position = *size;
        if (tensor.shape[i] == "B")
          sizes.batch = *size;
      }
  std::mt19937_64 random(seed);
  std::vector<HostTensor> inputs;
  for (const binary::Tensor &tensor : program.tensors) {
    if (!isInput(tensor) || isOptional(tensor, uint32_t(sizes.position)))
      continue;
    HostTensor input{
        tensor.name, tensor.onnxType, binary::shapeOf(tensor, sizes), {}};
    bool isTokens = &tensor == ids;
    uint64_t limit = isTokens && words ? uint64_t(words) : tensor.limit;
    for (int64_t i = 0; i < countOf(input.shape); ++i)
      input.values.push_back(
          isTokens && !given.empty() ? double(given[size_t(i) % given.size()])
          : limit                    ? double(random() % limit)
                  : float(double(random() % 2001) / 1000 - 1));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

void Session::importPast(const std::vector<HostTensor> &caches) {
  reset();
  bindSymbols(caches);
  tokens = 0;
  for (const HostTensor &cache : caches) {
    const binary::Tensor *tensor = binary::findTensor(program, cache.name);
    if (!tensor || tensor->kind != TensorKind::Past)
      throw Error("the model has no cache input '" + cache.name + "'");
    std::vector<int64_t> expected = shapeNow(*tensor);
    if (cache.shape != expected)
      throw Error("cache '" + cache.name + "' has shape " +
                  shapeText(cache.shape) + ", expected " + shapeText(expected));
    if (before >= context() || batch > program.limits.batch)
      throw Error("cache '" + cache.name + "' of shape " +
                  shapeText(cache.shape) + " is larger than the program's " +
                  std::to_string(program.limits.batch) + " × " +
                  std::to_string(context()) + " positions");
    write(*tensor, cache.shape, cache.values);
  }
  past = before;
}

StepResult Session::runOnce(const std::vector<HostTensor> &inputs,
                            std::vector<HostTensor> &results) {
  reset();
  bindSymbols(inputs);
  checkInputs(inputs);
  checkSizes();
  std::vector<int32_t> numbers;
  for (const HostTensor &input : inputs) {
    const binary::Tensor &tensor = *binary::findTensor(program, input.name);
    if (&tensor == ids) {
      for (size_t i = 0; i < input.values.size(); ++i) {
        checkId(int64_t(i), input.values[i]);
        numbers.push_back(int32_t(input.values[i]));
      }
    } else if (tensor.role == Role::None && !isUnread(tensor)) {
      write(tensor, binary::viewOf(tensor, {tokens, before, batch}),
            input.values);
    }
  }
  writeMasks(inputs);
  findPositions(inputs);
  past = before;
  StepResult result = runTokens(numbers, /*allRows=*/true);
  results = outputs();
  return result;
}

uint64_t Session::lastTokens() const {
  if (logitsTensor())
    return uint64_t(batch) * tokens;
  for (const binary::Tensor &tensor : program.tensors)
    if (tensor.kind == TensorKind::Output && !binary::isTopK(tensor.role)) {
      std::vector<int64_t> shape = shapeNow(tensor);
      if (!shape.empty())
        shape.pop_back();
      return uint64_t(countOf(shape));
    }
  return uint64_t(batch) * tokens;
}

std::vector<HostTensor> Session::outputs() const {
  std::vector<HostTensor> result;
  if (!engine.hasData())
    return result;
  for (const binary::Tensor &tensor : program.tensors) {
    if (isInput(tensor) || tensor.kind == TensorKind::Input ||
        binary::isTopK(tensor.role))
      continue;
    std::vector<int64_t> shape = shapeNow(tensor);
    if (tensor.kind != TensorKind::Logits) {
      result.push_back(readTensor(
          memory, tensor, binary::viewOf(tensor, {tokens, before, batch})));
      result.back().shape = shape;
      continue;
    }
    HostTensor logits{tensor.name, tensor.onnxType, shape, {}};
    size_t size = size_t(shape.back());
    bool hasRows = shape.size() > 2;
    for (size_t i = hasRows ? 0 : tokens - 1; i < rows.size();
         i += hasRows ? 1 : tokens) {
      if (rows[i].empty())
        logits.values.resize(logits.values.size() + size);
      else
        logits.values.insert(logits.values.end(), rows[i].begin(),
                             rows[i].end());
    }
    result.push_back(std::move(logits));
  }
  size_t computed = result.size();
  for (const binary::Tensor &tensor : program.tensors)
    for (size_t i = 0; binary::isTopK(tensor.role) && i < computed; ++i)
      if (result[i].name == tensor.source)
        result.push_back(topKOf(result[i], tensor));
  return result;
}

} // namespace dalbit::host
