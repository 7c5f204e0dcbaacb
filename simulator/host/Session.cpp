// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/host/Session.h"

#include "isa/binary/Expression.h"
#include "support/Error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace dalbit::host {

namespace {

/// Added to the score of a hidden key: far below every score, far from
/// overflow.
constexpr int32_t HiddenScore = -(1 << 29);

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : ",") + std::to_string(size);
  return "[" + text + "]";
}

/// The pair nearest to a positive number (A3, A9).
uint32_t pairWord(double value) {
  if (value == 0)
    return 0;
  int exponent;
  long mantissa = std::lround(std::frexp(value, &exponent) * 32768);
  int shift = 15 - exponent;
  if (mantissa == 32768) {
    mantissa = 16384;
    --shift;
  }
  if (shift > 127)
    return 0;
  return uint32_t(mantissa) | uint32_t(uint8_t(std::max(shift, -128))) << 16;
}

double pairValue(uint32_t word) {
  return std::ldexp(double(int16_t(word & 0xffff)),
                    -int(int8_t(word >> 16 & 0xff)));
}

} // namespace

Session::Session(const binary::Program &program, Memory &memory, Engine &engine)
    : program(program), memory(memory), engine(engine) {
  words = nlohmann::json::parse(program.model).value("vocabulary", int64_t(0));
  memory.load(program);
}

uint8_t *Session::at(isa::Region region, uint64_t offset) const {
  return memory.region(region) + offset;
}

void Session::reset() {
  for (const binary::RegionEntry &entry : program.regions)
    if (entry.kind != isa::Region::Code && entry.kind != isa::Region::Const &&
        entry.kind != isa::Region::Weights)
      std::memset(memory.region(entry.kind), 0, entry.size);
  past = tokens = 0;
  batch = 1;
}

void Session::setPosition(uint32_t position) {
  if (position >= context())
    throw Error("position " + std::to_string(position) +
                " is past the context of " + std::to_string(context()));
  past = position;
}

const binary::Tensor *Session::idsTensor() const {
  for (const binary::Tensor &tensor : program.tensors)
    if (tensor.kind == binary::TensorKind::Input && tensor.offset == 0)
      return &tensor;
  throw Error("the program has no token input");
}

const binary::Tensor *Session::find(binary::TensorKind kind) const {
  for (const binary::Tensor &tensor : program.tensors)
    if (tensor.kind == kind)
      return &tensor;
  return nullptr;
}

std::vector<int64_t> Session::shapeOf(const binary::Tensor &tensor,
                                      uint32_t position) const {
  return binary::shapeOf(tensor, {tokens, position, batch});
}

void Session::writeIds(std::span<const int32_t> ids) {
  const binary::Tensor *tensor = idsTensor();
  for (uint32_t b = 0; b < batch; ++b)
    for (uint32_t t = 0; t < tokens; ++t) {
      int32_t id = ids[b * tokens + t];
      if (id < 0 || id >= words)
        throw Error("token " + std::to_string(t) + " is " + std::to_string(id) +
                    ", outside the vocabulary of " + std::to_string(words));
      std::memcpy(at(tensor->region,
                     tensor->offset + b * uint64_t(tensor->strides[0]) + t * 4),
                  &id, 4);
    }
}

void Session::writeMask(const binary::Tensor &tensor, const HostTensor *mask) {
  uint32_t keys = past + tokens;
  for (uint32_t b = 0; b < batch; ++b)
    for (uint32_t s = 0; s < keys; ++s) {
      int32_t value =
          !mask || mask->values[b * keys + s] != 0 ? 0 : HiddenScore;
      std::memcpy(at(tensor.region,
                     tensor.offset + b * uint64_t(tensor.strides[0]) + s * 4),
                  &value, 4);
    }
}

void Session::importCache(const binary::Tensor &tensor,
                          const HostTensor &cache) {
  int64_t heads = cache.shape[1], keys = cache.shape[2], size = cache.shape[3];
  const double *x = cache.values.data();
  for (int64_t b = 0; b < cache.shape[0]; ++b)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t p = 0; p < keys; ++p, x += size) {
        double maximum = 0;
        for (int64_t i = 0; i < size; ++i)
          maximum = std::max(maximum, std::fabs(x[i]));
        uint32_t scale = pairWord(maximum / 127);
        double step = pairValue(scale);
        uint8_t *codes =
            at(tensor.region, tensor.offset + uint64_t(b * tensor.strides[0] +
                                                       h * tensor.strides[1] +
                                                       p * tensor.strides[2]));
        for (int64_t i = 0; i < size; ++i)
          codes[i] =
              uint8_t(int8_t(step == 0 ? 0
                                       : std::clamp(std::nearbyint(x[i] / step),
                                                    -128.0, 127.0)));
        std::memcpy(
            at(tensor.scaleRegion,
               tensor.scaleOffset + uint64_t(b * tensor.scaleStrides[0] +
                                             h * tensor.scaleStrides[1] +
                                             p * tensor.scaleStrides[2])),
            &scale, 4);
      }
}

HostTensor Session::exportCache(const binary::Tensor &tensor) const {
  // "P+T" of the table, with the position before the last step.
  HostTensor cache{
      tensor.name, tensor.onnxType, shapeOf(tensor, past - tokens), {}};
  for (int64_t b = 0; b < cache.shape[0]; ++b)
    for (int64_t h = 0; h < cache.shape[1]; ++h)
      for (int64_t p = 0; p < cache.shape[2]; ++p) {
        uint32_t scale;
        std::memcpy(
            &scale,
            at(tensor.scaleRegion,
               tensor.scaleOffset + uint64_t(b * tensor.scaleStrides[0] +
                                             h * tensor.scaleStrides[1] +
                                             p * tensor.scaleStrides[2])),
            4);
        const uint8_t *codes =
            at(tensor.region, tensor.offset + uint64_t(b * tensor.strides[0] +
                                                       h * tensor.strides[1] +
                                                       p * tensor.strides[2]));
        for (int64_t i = 0; i < cache.shape[3]; ++i)
          cache.values.push_back(float(int8_t(codes[i]) * pairValue(scale)));
      }
  return cache;
}

HostTensor Session::readLogits(const binary::Tensor &tensor) const {
  HostTensor logits{
      tensor.name, tensor.onnxType, shapeOf(tensor, past - tokens), {}};
  for (uint32_t b = 0; b < batch; ++b)
    for (uint32_t t = 0; t < tokens; ++t)
      for (float value : this->logits(b, t))
        logits.values.push_back(value);
  return logits;
}

std::vector<float> Session::logits(uint32_t sequence, uint32_t row) const {
  const binary::Tensor *tensor = find(binary::TensorKind::Logits);
  if (!tensor)
    throw Error("the program has no logits");
  int64_t count = shapeOf(*tensor, past - tokens).back();
  const uint8_t *bytes = at(
      tensor->region, tensor->offset + sequence * uint64_t(tensor->strides[0]) +
                          row * uint64_t(tensor->strides[1]));
  std::vector<float> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    int32_t value;
    std::memcpy(&value, bytes + i * 4, 4);
    values[size_t(i)] = float(std::ldexp(double(value), -tensor->fractionBits));
  }
  return values;
}

StepResult Session::start(bool allRows) {
  const binary::EntryPoint *entry = binary::findEntry(
      program, tokens == 1 && binary::findEntry(program, "decode") ? "decode"
                                                                   : "prefill");
  if (!entry)
    throw Error("the program has no entry point for " + std::to_string(tokens) +
                " tokens");
  Start start;
  start.pc = entry->pc;
  for (size_t i = 0; i < entry->arguments.size() && i < start.arguments.size();
       ++i) {
    const std::string &name = entry->arguments[i];
    start.arguments[i] = name == "tokens"     ? tokens
                         : name == "position" ? past
                         : name == "batch"    ? batch
                                              : allRows;
  }
  // Every loop turn covers at least one token of one sequence.
  start.bound = uint64_t(program.code.size() + 16) * (tokens + 1) * batch;
  StepResult result = engine.run(start);
  past += tokens;
  return result;
}

StepResult Session::step(std::span<const int32_t> ids, uint32_t sequences,
                         bool allRows) {
  batch = sequences;
  tokens = uint32_t(ids.size() / std::max(1u, sequences));
  if (tokens == 0)
    throw Error("there is no token to run");
  if (batch > program.limits.batch)
    throw Error("batch " + std::to_string(batch) + " is above the program's " +
                std::to_string(program.limits.batch));
  if (past + tokens > context())
    throw Error(std::to_string(past + tokens) +
                    " positions are more than the context of " +
                    std::to_string(context()),
                {"compile with a larger --max-context"});
  writeIds(ids);
  for (const binary::Tensor &tensor : program.tensors)
    if (tensor.kind == binary::TensorKind::Input && &tensor != idsTensor())
      writeMask(tensor, nullptr);
  return start(allRows);
}

std::vector<HostTensor> Session::outputs() const {
  std::vector<HostTensor> result;
  for (const binary::Tensor &tensor : program.tensors) {
    if (tensor.kind == binary::TensorKind::Logits)
      result.push_back(readLogits(tensor));
    if (tensor.kind == binary::TensorKind::Present)
      result.push_back(exportCache(tensor));
  }
  return result;
}

StepResult Session::runOnce(const std::vector<HostTensor> &inputs,
                            std::vector<HostTensor> &results) {
  auto given = [&](const std::string &name) -> const HostTensor * {
    for (const HostTensor &input : inputs)
      if (input.name == name)
        return &input;
    return nullptr;
  };
  for (const HostTensor &input : inputs)
    if (!binary::findTensor(program, input.name))
      throw Error("the model has no input '" + input.name + "'");
  const binary::Tensor *idsInfo = idsTensor();
  const HostTensor *ids = given(idsInfo->name);
  if (!ids || ids->shape.size() != 2)
    throw Error("input '" + idsInfo->name + "' [batch, tokens] is missing");
  reset();
  batch = uint32_t(ids->shape[0]);
  tokens = uint32_t(ids->shape[1]);
  for (const binary::Tensor &tensor : program.tensors)
    if (tensor.kind == binary::TensorKind::Past)
      if (const HostTensor *cache = given(tensor.name)) {
        if (cache->shape.size() != 4)
          throw Error("input '" + tensor.name + "' has shape " +
                      shapeText(cache->shape) + ", not [B,H,P,d]");
        past = uint32_t(cache->shape[2]);
      }
  if (tokens == 0 || batch == 0)
    throw Error("input '" + idsInfo->name + "' is empty");
  if (batch > program.limits.batch)
    throw Error("batch " + std::to_string(batch) + " is above the program's " +
                std::to_string(program.limits.batch));
  if (past + tokens > context())
    throw Error(std::to_string(past + tokens) +
                " positions are more than the context of " +
                std::to_string(context()));
  for (const binary::Tensor &tensor : program.tensors) {
    bool isInput = tensor.kind == binary::TensorKind::Input ||
                   tensor.kind == binary::TensorKind::Past;
    const HostTensor *input = isInput ? given(tensor.name) : nullptr;
    if (!isInput)
      continue;
    if (input && input->shape != shapeOf(tensor, past))
      throw Error("input '" + tensor.name + "' has shape " +
                  shapeText(input->shape) + ", expected " +
                  shapeText(shapeOf(tensor, past)));
    if (tensor.kind == binary::TensorKind::Past && input)
      importCache(tensor, *input);
    else if (tensor.kind == binary::TensorKind::Past && past)
      throw Error("input '" + tensor.name + "' is missing");
    else if (&tensor != idsInfo && tensor.kind == binary::TensorKind::Input)
      writeMask(tensor, input);
  }
  std::vector<int32_t> numbers(ids->values.begin(), ids->values.end());
  writeIds(numbers);
  StepResult result = start(/*allRows=*/true);
  results = outputs();
  return result;
}

} // namespace dalbit::host
