// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/nn/Kernels.h"

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/execute/nn/Attention.h"
#include "compiler/execute/nn/Decoder.h"
#include "compiler/execute/nn/Experts.h"
#include "compiler/execute/nn/Tokens.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Matrix.h"

#include "support/Error.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <cstring>

using namespace mlir;

namespace dalbit::execute {

namespace {

using Inputs = llvm::ArrayRef<const Tensor *>;

template <typename F> Tensor map(const Tensor &x, F f) {
  Tensor out(ElementType::F32, x.shape());
  const float *from = x.data<float>();
  float *to = out.data<float>();
  for (int64_t i = 0, n = x.count(); i < n; ++i)
    to[i] = f(from[i]);
  return out;
}

template <typename F> Tensor combine(const Tensor &a, const Tensor &b, F f) {
  Tensor out(ElementType::F32, broadcastShape({a.shape(), b.shape()}));
  broadcastBinary<float, float, float>(a, b, out, f);
  return out;
}

float sigmoid(float x) {
  // exp of a negative number only: no overflow.
  float e = std::exp(-std::fabs(x));
  return (x >= 0 ? 1.0f : e) / (1.0f + e);
}

Tensor positionIds(const Symbols *symbols) {
  if (!symbols)
    throw Error("the position of the new tokens is not known here");
  Tensor out(ElementType::I64, {1, symbols->tokens});
  for (int64_t t = 0; t < symbols->tokens; ++t)
    out.data<int64_t>()[t] = symbols->past + t;
  return out;
}

Tensor embedding(const Tensor &table, const Tensor &ids) {
  int64_t rows = table.dim(0), width = table.dim(1);
  Shape shape(ids.shape());
  shape.push_back(width);
  Tensor out(ElementType::F32, shape);
  float *to = out.data<float>();
  for (int64_t id : ids.integers()) {
    if (id < 0 || id >= rows)
      throw Error("id " + std::to_string(id) + " is outside the table of " +
                  std::to_string(rows) + " rows");
    std::memcpy(to, table.data<float>() + id * width, width * sizeof(float));
    to += width;
  }
  return out;
}

Tensor layerNorm(const Tensor &x, const Tensor &gamma, const Tensor *beta,
                 float epsilon, int64_t groups) {
  int64_t width = x.dim(x.rank() - 1) / groups, numbers = gamma.count();
  Tensor out(ElementType::F32, x.shape());
  for (int64_t at = 0; at < x.count(); at += width) {
    const float *from = x.data<float>() + at;
    float *to = out.data<float>() + at;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < width; ++i)
      sum += from[i];
    double mean = sum / double(width);
    for (int64_t i = 0; i < width; ++i)
      squares += (from[i] - mean) * (from[i] - mean);
    float middle = float(mean);
    float scale =
        float(1 / std::sqrt(squares / double(width) + double(epsilon)));
    for (int64_t i = 0; i < width; ++i) {
      int64_t own = (at + i) % numbers;
      to[i] = (from[i] - middle) * scale * gamma.data<float>()[own] +
              (beta ? beta->data<float>()[own] : 0.0f);
    }
  }
  return out;
}

Tensor linear(const Tensor &x, const Tensor &weight, const Tensor *bias) {
  int64_t inner = weight.dim(0), width = weight.dim(1);
  int64_t rows = inner ? x.count() / inner : 0;
  Shape shape(x.shape());
  shape.back() = width;
  Tensor out(ElementType::F32, shape);
  float *to = out.data<float>();
  multiply(x.data<float>(), inner, false, weight.data<float>(), width, false,
           to, width, rows, width, inner);
  if (bias) {
    const float *add = bias->data<float>();
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t i = 0; i < width; ++i)
        to[r * width + i] += add[i];
  }
  return out;
}

Tensor gelu(const Tensor &x, StringRef approximate) {
  if (approximate == "tanh")
    return map(x, [](float v) {
      // sqrt(2 / pi)
      float inner = 0.7978845608028654f * (v + 0.044715f * v * v * v);
      return 0.5f * v * (1.0f + std::tanh(inner));
    });
  if (approximate == "sigmoid")
    return map(x, [](float v) { return v * sigmoid(1.702f * v); });
  return map(x, [](float v) {
    return 0.5f * v * (1.0f + std::erf(v * 0.7071067811865476f));
  });
}

Tensor keyMask(nn::KeyMaskOp op, const Tensor &mask, const Symbols *symbols) {
  auto sizeOr = [&](int64_t dim, int64_t open) {
    int64_t size = op.getOut().getType().getDimSize(dim);
    return ShapedType::isDynamic(size) ? open : size;
  };
  bool isFlags = mask.rank() == 2, inverted = op.getInverted();
  float hidden = op.getHidden().convertToFloat();
  if (!isFlags && !symbols)
    throw Error("the number of keys is not known here");
  int64_t batch = sizeOr(0, mask.dim(0)),
          keys = sizeOr(1, isFlags ? mask.dim(1)
                                   : symbols->past + symbols->tokens);
  Tensor out(ElementType::F32, {batch, keys});
  std::fill_n(out.data<float>(), out.count(), 0.0f);
  if (!isFlags || op.getCounted()) {
    for (auto [i, visible] : llvm::enumerate(countedKeys(mask, batch, keys)))
      if (!visible)
        out.data<float>()[i] = hidden;
    return out;
  }
  Tensor nonzero = mask.cast(ElementType::Bool);
  int64_t columns = mask.dim(1);
  for (int64_t i = 0; i < mask.count(); ++i)
    if (nonzero.data<bool>()[i] == inverted)
      out.data<float>()[i / columns * keys + i % columns] = hidden;
  return out;
}

std::vector<Tensor> attentionOf(nn::AttentionOp op, Inputs inputs) {
  AttentionInputs call;
  call.query = inputs[0];
  call.key = inputs[1];
  call.value = inputs[2];
  size_t next = 3;
  if (op.getPastKey()) {
    call.pastKey = inputs[next++];
    call.pastValue = inputs[next++];
  }
  if (op.getKeyMask())
    call.keyMask = inputs[next++];
  if (op.getBias())
    call.bias = inputs[next++];
  if (op.getSinks())
    call.sinks = inputs[next++];
  if (op.getBiasOrigin())
    call.biasOrigin = int64_t(*op.getBiasOrigin());
  call.heads = int64_t(op.getHeads());
  call.kvHeads = int64_t(op.getKvHeads());
  call.causal = op.getCausal();
  call.scale = op.getScale().convertToFloat();
  call.hiddenScore = op.getHiddenScore().convertToFloat();
  call.window = op.getWindow().value_or(0);
  call.softcap = op.getSoftcap().convertToFloat();
  return attention(call);
}

const Tensor *optional(Inputs inputs, size_t index) {
  return index < inputs.size() ? inputs[index] : nullptr;
}

} // namespace

std::optional<std::vector<Tensor>> runNN(Operation *op, Inputs inputs,
                                         const Symbols *symbols) {
  using Results = std::optional<std::vector<Tensor>>;
  auto one = [](Tensor tensor) { return Results({std::move(tensor)}); };
  return llvm::TypeSwitch<Operation *, Results>(op)
      .Case([&](nn::PositionIdsOp) { return one(positionIds(symbols)); })
      .Case([&](nn::EmbeddingOp) {
        return one(embedding(*inputs[0], *inputs[1]));
      })
      .Case([&](nn::AddOp) {
        return one(combine(*inputs[0], *inputs[1],
                           [](float a, float b) { return a + b; }));
      })
      .Case([&](nn::MulOp) {
        return one(combine(*inputs[0], *inputs[1],
                           [](float a, float b) { return a * b; }));
      })
      .Case([&](nn::ScaleOp scale) {
        float factor = scale.getFactor().convertToFloat();
        return one(map(*inputs[0], [=](float x) { return x * factor; }));
      })
      .Case([&](nn::ReluOp) {
        return one(map(*inputs[0], [](float x) { return x < 0 ? 0.0f : x; }));
      })
      .Case([&](nn::ClipOp clip) {
        float low = clip.getLow().convertToFloat(),
              high = clip.getHigh().convertToFloat();
        return one(map(*inputs[0], [=](float x) {
          return std::min(std::max(x, low), high);
        }));
      })
      .Case([&](nn::TanhOp) {
        return one(map(*inputs[0], [](float x) { return std::tanh(x); }));
      })
      .Case([&](nn::SigmoidOp) { return one(map(*inputs[0], sigmoid)); })
      .Case([&](nn::SiluOp) {
        return one(map(*inputs[0], [](float x) { return x * sigmoid(x); }));
      })
      .Case([&](nn::GeluOp gelu_) {
        return one(gelu(*inputs[0], gelu_.getApproximate()));
      })
      .Case([&](nn::LayerNormOp norm) {
        return one(layerNorm(*inputs[0], *inputs[1], optional(inputs, 2),
                             norm.getEpsilon().convertToFloat(),
                             int64_t(norm.getGroups())));
      })
      .Case([&](nn::RMSNormOp norm) {
        return one(rmsNorm(*inputs[0], *inputs[1],
                           norm.getEpsilon().convertToFloat(),
                           int64_t(norm.getGroups())));
      })
      .Case([&](nn::RotaryOp op) {
        return one(rotary(*inputs[0], *inputs[1], *inputs[2], *inputs[3],
                          int64_t(op.getHeads()), op.getInterleaved()));
      })
      .Case([&](nn::MaskPositionsOp op) {
        int64_t tokens = op.getIds().getType().getDimSize(1);
        if (ShapedType::isDynamic(tokens) && !symbols)
          throw Error("the number of new tokens is not known here");
        return one(maskPositions(
            *inputs[0],
            ShapedType::isDynamic(tokens) ? symbols->tokens : tokens,
            int64_t(op.getFill()), int64_t(op.getHidden())));
      })
      .Case([&](nn::LinearOp) {
        return one(linear(*inputs[0], *inputs[1], optional(inputs, 2)));
      })
      .Case([&](nn::KeyMaskOp mask) {
        return one(keyMask(mask, *inputs[0], symbols));
      })
      .Case([&](nn::CachedAttentionOp op) {
        // The new rows are none.
        Tensor none(ElementType::F32,
                    {inputs[0]->dim(0), 0, inputs[0]->dim(2)});
        AttentionInputs call;
        call.query = inputs[0];
        call.key = call.value = &none;
        call.pastKey = inputs[1];
        call.pastValue = inputs[2];
        call.keyMask = optional(inputs, 3);
        call.heads = call.kvHeads = int64_t(op.getHeads());
        call.scale = op.getScale().convertToFloat();
        return one(attention(call)[0]);
      })
      .Case([&](nn::AttentionWeightsOp op) {
        AttentionInputs call;
        call.query = inputs[0];
        call.key = inputs[1];
        call.keyMask = optional(inputs, 2);
        call.heads = call.kvHeads = int64_t(op.getHeads());
        call.scale = op.getScale().convertToFloat();
        return one(attentionWeights(call));
      })
      .Case([&](nn::RearrangeOp op) {
        return one(rearrange(*inputs[0], op.getView(), op.getOrder(),
                             op.getOut().getType().getShape()));
      })
      .Case([&](nn::SliceOp op) {
        RankedTensorType type = op.getOut().getType();
        bool keep = type.getRank() == 3;
        int64_t count = keep ? type.getDimSize(1) : 1;
        int64_t first = int64_t(op.getFirst());
        if (ShapedType::isDynamic(count))
          count = first < 0 ? -first : inputs[0]->dim(1) - first;
        return one(sliceTokens<float>(*inputs[0], first, count, keep));
      })
      .Case([&](nn::SoftmaxOp op) {
        // All are kept.
        int64_t cols = inputs[0]->shape().back();
        return one(route(*inputs[0], cols, false));
      })
      .Case([&](nn::RouteOp op) {
        return one(
            route(*inputs[0], int64_t(op.getChosen()), op.getNormalised()));
      })
      .Case([&](nn::WeighOp op) {
        return one(weigh(*inputs[0], *inputs[1], int64_t(op.getExpert())));
      })
      .Case([&](nn::CachePartOp op) {
        return one(cachePart(*inputs[0], op.getAt()));
      })
      .Case([&](nn::StackCachesOp op) {
        return one(stackCaches(inputs, op.getOut().getType().getShape()));
      })
      .Case([&](nn::PickOp op) {
        return one(pickToken<float>(*inputs[0], *inputs[1], op.getTokenRule()));
      })
      .Case([&](nn::TokenMaxOp op) {
        return one(
            tokenMax<float>(*inputs[0], op.getMask() ? inputs[1] : nullptr));
      })
      .Case([&](nn::TopKOp op) {
        auto [values, indices] =
            topK(*inputs[0], int64_t(op.getK()), op.getSmallest(),
                 op.getIndices().getType());
        return Results(std::vector<Tensor>{values, indices});
      })
      .Case([&](nn::ConcatOp op) {
        int64_t batch = cast<ShapedType>(op.getOut().getType()).getDimSize(0);
        if (ShapedType::isDynamic(batch))
          batch = symbols ? symbols->batch : 1;
        return one(concatTokens<float>(inputs, batch));
      })
      .Case([&](nn::WindowsOp op) {
        int64_t size = op.getSize(), stride = op.getStride(),
                before = op.getBefore();
        int64_t rows =
            (inputs[0]->dim(1) + before + int64_t(op.getAfter()) - size) /
                stride +
            1;
        return one(tokenWindows<float>(*inputs[0], size, stride, before, rows));
      })
      .Case([&](nn::AttentionOp attention) {
        return Results(attentionOf(attention, inputs));
      })
      .Default([](Operation *) { return Results(); });
}

} // namespace dalbit::execute
