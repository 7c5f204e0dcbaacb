// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention and RotaryEmbedding of the standard (from 23 on) and of
// onnxruntime's com.microsoft domain. All compute in float.

#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/operators/AttentionCore.h"
#include "compiler/execute/operators/Broadcast.h"
#include "compiler/execute/operators/Layout.h"
#include "compiler/execute/operators/Matrix.h"
#include "compiler/execute/operators/Operator.h"
#include "compiler/execute/operators/Quantise.h"

#include "support/Error.h"

#include "mlir/IR/BuiltinTypes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace dalbit::execute {

namespace {

constexpr float hidden = -std::numeric_limits<float>::infinity();

Tensor inFloat(const Tensor &x) {
  if (!isFloat(x.type()))
    throw Error(std::string("not supported for elements of type ") +
                elementName(x.type()));
  return x.cast(ElementType::F32);
}

/// Tables of numbers for masks, [B|1, H|1, S, T].
class Bias {
public:
  explicit Bias(Shape shape) : sum(ElementType::F32, shape) {
    std::fill_n(sum.data<float>(), sum.count(), 0.0f);
  }
  /// Adds \p more, which broadcasts to the table after growing it.
  void add(const Tensor &more) {
    Tensor out(ElementType::F32, broadcastShape({sum.shape(), more.shape()}));
    broadcastBinary<float, float, float>(
        sum, more, out, [](float a, float b) { return a + b; });
    sum = out;
  }
  /// Adds \p penalty where visible(batch, query, key) is false.
  template <typename F> void hide(int64_t batches, float penalty, F visible) {
    int64_t rows = sum.dim(2), keys = sum.dim(3);
    Tensor more(ElementType::F32, {batches, 1, rows, keys});
    float *to = more.data<float>();
    for (int64_t b = 0; b < batches; ++b)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < keys; ++j)
          *to++ = visible(b, i, j) ? 0 : penalty;
    add(more);
  }

  Tensor sum;
};

float scaleOr(Call &call, int64_t depth) {
  float given = call.number("scale");
  return given != 0 ? given : 1 / std::sqrt(float(depth));
}

/// A mask of the standard's operator as numbers, its last dimension filled up
/// to \p keys with hidden ones.
Tensor maskNumbers(const Tensor &mask, int64_t keys) {
  bool flags = mask.type() == ElementType::Bool;
  Tensor numbers =
      flags ? Tensor(ElementType::F32, mask.shape()) : inFloat(mask);
  for (int64_t i = 0; i < mask.count() && flags; ++i)
    numbers.data<float>()[i] = mask.data<bool>()[i] ? 0 : hidden;
  if (mask.rank() == 0)
    return numbers.reshaped({1, 1});
  int64_t last = mask.rank() - 1, missing = keys - mask.dim(last);
  if (missing > 0 && mask.dim(last) != 1) {
    Shape shape(mask.shape());
    shape[last] = missing;
    Tensor filler(ElementType::F32, shape);
    std::fill_n(filler.data<float>(), filler.count(), hidden);
    numbers = concatenate({numbers, filler}, last);
  }
  return numbers;
}

void evalAttention(Call &call) {
  const Tensor &given = call.input(0);
  bool packed = given.rank() == 3;
  int64_t heads = call.integer("q_num_heads"),
          groups = call.integer("kv_num_heads");
  auto split = [&](const Tensor &x, int64_t count) {
    return packed ? splitHeads(inFloat(x), count) : inFloat(x);
  };
  AttentionParts parts;
  parts.query = split(given, heads);
  parts.key = split(call.input(1), groups);
  parts.value = split(call.input(2), groups);
  const Tensor *pastKey = call.optional(4), *pastValue = call.optional(5);
  const Tensor *valid = call.optional(6);
  if ((pastKey == nullptr) != (pastValue == nullptr) || (pastKey && valid))
    throw Error("past_key and past_value go together, without "
                "nonpad_kv_seqlen");
  if (parts.query.rank() != 4 || parts.key.rank() != 4)
    throw Error("needs tensors of rank 3 or 4");
  int64_t past = 0;
  if (pastKey) {
    past = pastKey->rank() == 4 ? pastKey->dim(2) : 0;
    parts.key = concatenate({inFloat(*pastKey), parts.key}, 2);
    parts.value = concatenate({inFloat(*pastValue), parts.value}, 2);
  }
  int64_t batch = parts.query.dim(0), rows = parts.query.dim(2);
  int64_t keys = parts.key.dim(2);
  llvm::SmallVector<int64_t> lengths;
  if (valid) {
    lengths = valid->integers();
    if (int64_t(lengths.size()) != batch)
      throw Error("needs one length a sequence in nonpad_kv_seqlen");
  }
  Bias bias({1, 1, rows, keys});
  if (const Tensor *mask = call.optional(3))
    bias.add(maskNumbers(*mask, keys));
  // How many keys stand before the first query.
  auto offset = [&](int64_t b) { return valid ? lengths[b] - rows : past; };
  int64_t ownBatches = valid ? batch : 1;
  if (call.integer("is_causal") != 0)
    bias.hide(ownBatches, hidden, [&](int64_t b, int64_t i, int64_t j) {
      return j <= i + offset(b);
    });
  int64_t left = call.integer("left_window_size", -1);
  int64_t right = call.integer("right_window_size", -1);
  if (left >= 0 || right >= 0)
    bias.hide(ownBatches, hidden, [&](int64_t b, int64_t i, int64_t j) {
      int64_t behind = i + offset(b) - j;
      return (left < 0 || behind <= left) && (right < 0 || -behind <= right);
    });
  if (valid)
    bias.hide(batch, hidden,
              [&](int64_t b, int64_t, int64_t j) { return j < lengths[b]; });
  parts.bias = bias.sum;
  parts.scale = scaleOr(call, parts.query.dim(3));
  parts.softcap = call.number("softcap");
  parts.keep =
      call.outputCount() > 3 ? int(call.integer("qk_matmul_output_mode")) : -1;
  parts.run();
  call.output(
      0, (packed ? mergeHeads(parts.output) : parts.output).cast(given.type()));
  call.output(1, parts.key.cast(call.input(1).type()));
  call.output(2, parts.value.cast(call.input(2).type()));
  if (parts.keep >= 0)
    call.output(3, parts.scores.cast(given.type()));
}

/// Positions [B, S] from a tensor of that shape or one start for all.
Tensor positionRows(const Tensor *given, int64_t batch, int64_t length) {
  Tensor rows(ElementType::I64, {batch, length});
  llvm::SmallVector<int64_t> numbers;
  if (given)
    numbers = given->integers();
  bool each = int64_t(numbers.size()) == batch * length && given->rank() == 2;
  if (given && !each && numbers.size() != 1)
    throw Error("positions of shape " + shapeText(given->shape()) +
                " do not fit");
  for (int64_t i = 0; i < rows.count(); ++i)
    rows.data<int64_t>()[i] =
        each ? numbers[i] : (given ? numbers[0] : 0) + i % length;
  return rows;
}

void rotaryEmbedding(Call &call, const Tensor &given, Tensor cos, Tensor sin,
                     const Tensor *positions, int64_t heads) {
  bool packed = given.rank() == 3;
  Tensor x = packed ? splitHeads(inFloat(given), heads) : inFloat(given);
  if (x.rank() != 4)
    throw Error("needs a tensor of rank 3 or 4");
  int64_t batch = x.dim(0), length = x.dim(2);
  Tensor rows;
  if (cos.rank() == 3) {
    // A row of its own for each position: [B, S, R].
    rows = Tensor(ElementType::I64, {batch, length});
    if (cos.dim(0) * cos.dim(1) < batch * length && cos.dim(0) != 1)
      throw Error("cosines of shape " + shapeText(cos.shape()) + " do not fit");
    for (int64_t i = 0; i < rows.count(); ++i)
      rows.data<int64_t>()[i] = cos.dim(0) == 1 ? i % length : i;
    cos = cos.reshaped({cos.dim(0) * cos.dim(1), cos.dim(2)});
    sin = sin.reshaped(cos.shape());
  } else {
    rows = positionRows(positions, batch, length);
  }
  Tensor out = rotate(x, inFloat(cos), inFloat(sin), rows,
                      call.integer("interleaved") != 0);
  call.output(0, (packed ? mergeHeads(out) : out).cast(given.type()));
}

void evalRotaryEmbedding(Call &call) {
  rotaryEmbedding(call, call.input(0), call.input(1), call.input(2),
                  call.optional(3), call.integer("num_heads"));
}

/// com.microsoft: positions second; heads as wide as the tables unless told.
void evalRotaryEmbeddingFused(Call &call) {
  const Tensor &x = call.input(0), &cos = call.input(2);
  int64_t heads = call.integer("num_heads");
  if (x.rank() == 3 && call.integer("rotary_embedding_dim") == 0) {
    if (cos.rank() != 2 || cos.dim(1) == 0 || x.dim(2) % (2 * cos.dim(1)))
      throw Error("cosines of shape " + shapeText(cos.shape()) + " do not fit");
    heads = x.dim(2) / (2 * cos.dim(1));
  }
  rotaryEmbedding(call, x, cos, call.input(3), &call.input(1), heads);
}

/// Adds what a com.microsoft key mask hides: lengths [B], perhaps with where
/// the sequences lie packed [3B+2], ends and starts [2B], or flags [B, T], [B,
/// S, T], [B, 1, M, M].
void addKeyMask(Bias &bias, const Tensor &mask, int64_t batch, int64_t past,
                float penalty) {
  llvm::SmallVector<int64_t> numbers = mask.integers();
  int64_t rows = bias.sum.dim(2), keys = bias.sum.dim(3);
  if (mask.rank() == 1) {
    if (mask.dim(0) != batch && mask.dim(0) != 2 * batch &&
        mask.dim(0) != 3 * batch + 2)
      throw Error("a mask of shape " + shapeText(mask.shape()) +
                  " is not supported");
    bool starts = mask.dim(0) == 2 * batch;
    bias.hide(batch, penalty, [&](int64_t b, int64_t, int64_t j) {
      return j < numbers[b] && (!starts || j >= numbers[batch + b]);
    });
    return;
  }
  Shape shape(mask.shape());
  bool square = mask.rank() == 4 && shape[0] == batch && shape[1] == 1 &&
                shape[2] == shape[3] && shape[2] >= keys;
  bool flat = mask.rank() == 2 && shape == Shape({batch, keys});
  bool full = mask.rank() == 3 && shape == Shape({batch, rows, keys});
  if (!square && !flat && !full)
    throw Error("a mask of shape " + shapeText(shape) + " does not fit " +
                std::to_string(rows) + " queries and " + std::to_string(keys) +
                " keys");
  bias.hide(batch, penalty, [&](int64_t b, int64_t i, int64_t j) {
    int64_t side = square ? shape[2] : 0;
    return numbers[flat   ? b * keys + j
                   : full ? (b * rows + i) * keys + j
                          : (b * side + past + i) * side + j] != 0;
  });
}

void addCausal(Bias &bias, int64_t past) {
  bias.hide(1, std::numeric_limits<float>::lowest(),
            [&](int64_t, int64_t i, int64_t j) { return j <= past + i; });
}

/// Attention of \p all [B, S, 3E], queries, keys and values side by side, whose
/// widths \p sizes may give; past [2, B, H, P, D]. Results have type \p type.
void attendProjected(Call &call, const Tensor &all, const Tensor *mask,
                     const Tensor *cache, const Tensor *more,
                     ElementType type) {
  int64_t heads = call.integer("num_heads"), width = all.dim(2);
  llvm::ArrayRef<int64_t> sizes = call.integers("qkv_hidden_sizes");
  int64_t third = width / 3;
  Shape widths = sizes.size() == 3 ? Shape(sizes) : Shape{third, third, third};
  for (int64_t each : widths)
    if (each < 0 || each > width)
      throw Error("qkv_hidden_sizes do not fit the weights");
  if (widths[0] + widths[1] + widths[2] != width)
    throw Error("qkv_hidden_sizes do not fit the weights");
  if (call.integer("do_rotary") != 0)
    throw Error("do_rotary is not supported in this operator");
  AttentionParts parts;
  parts.query = splitHeads(narrow(all, 2, 0, widths[0]), heads);
  parts.key = splitHeads(narrow(all, 2, widths[0], widths[1]), heads);
  parts.value =
      splitHeads(narrow(all, 2, widths[0] + widths[1], widths[2]), heads);
  int64_t past = 0;
  if (cache) {
    if (cache->rank() != 5 || cache->dim(0) != 2)
      throw Error("needs a past [2, B, H, P, D]");
    past = cache->dim(3);
    parts.key = concatenate({inFloat(pick(*cache, 0, 0)), parts.key}, 2);
    parts.value = concatenate({inFloat(pick(*cache, 0, 1)), parts.value}, 2);
  }
  Bias bias({1, 1, all.dim(1), parts.key.dim(2)});
  if (mask)
    addKeyMask(bias, *mask, all.dim(0), past,
               call.number("mask_filter_value", -10000));
  if (call.integer("unidirectional") != 0)
    addCausal(bias, past);
  if (more)
    bias.add(inFloat(*more));
  parts.bias = bias.sum;
  parts.scale = scaleOr(call, parts.query.dim(3));
  parts.run();
  call.output(0, mergeHeads(parts.output).cast(type));
  if (call.outputCount() > 1)
    call.output(1, stack({parts.key, parts.value}, 0).cast(type));
}

Tensor plusRow(const Tensor &x, const Tensor *bias) {
  if (!bias)
    return x;
  Tensor sum(ElementType::F32, x.shape());
  broadcastBinary<float, float, float>(
      x, broadcastTo(inFloat(*bias), x.shape()), sum,
      [](float a, float b) { return a + b; });
  return sum;
}

void requireProjection(const Tensor &x, const Tensor &weights) {
  if (x.rank() != 3 || weights.rank() != 2)
    throw Error("needs an input [B, S, E] and weights [E, 3E]");
}

/// com.microsoft.Attention: the projection is part of it.
void evalFusedAttention(Call &call) {
  const Tensor &x = call.input(0), &weights = call.input(1);
  requireProjection(x, weights);
  Tensor all = plusRow(matMul(inFloat(x), inFloat(weights)), call.optional(2));
  attendProjected(call, all, call.optional(3), call.optional(4),
                  call.optional(5), x.type());
}

/// The same with a projection of codes.
void evalQAttention(Call &call) {
  const Tensor &x = call.input(0), &weights = call.input(1);
  requireProjection(x, weights);
  if (call.input(3).count() != 1)
    throw Error("the input has one scale");
  Tensor sums =
      matMul(centred(x, call.optional(6)), centred(weights, call.optional(7)));
  float scale = inFloat(call.input(3)).data<float>()[0];
  Tensor scales = inFloat(call.input(4)), all(ElementType::F32, sums.shape());
  int64_t width = weights.dim(1);
  if (scales.count() != 1 && scales.count() != width)
    throw Error("the scales of the weights do not fit");
  for (int64_t i = 0; i < all.count(); ++i)
    all.data<float>()[i] =
        float(sums.data<double>()[i]) * scale *
        scales.data<float>()[scales.count() == 1 ? 0 : i % width];
  attendProjected(call, plusRow(all, call.optional(2)), call.optional(5),
                  call.optional(8), nullptr, ElementType::F32);
}

/// A key or value [B, T, H * D], or [B, H, T, D] as it stands in a cache.
Tensor headsOf(const Tensor &x, int64_t heads) {
  return x.rank() == 4 ? inFloat(x) : splitHeads(inFloat(x), heads);
}

Tensor plusBias(const Tensor &x, const Tensor &bias, int64_t from) {
  int64_t heads = x.dim(1), depth = x.dim(3);
  Tensor part = narrow(bias, 0, from, heads * depth);
  Tensor more = part.reshaped({heads, 1, depth});
  Tensor out(ElementType::F32, x.shape());
  broadcastBinary<float, float, float>(x, more, out,
                                       [](float a, float b) { return a + b; });
  return out;
}

void evalMultiHeadAttention(Call &call) {
  const Tensor &given = call.input(0);
  int64_t heads = call.integer("num_heads");
  const Tensor *key = call.optional(1), *value = call.optional(2);
  AttentionParts parts;
  bool cached = false;
  if (given.rank() == 5) {
    // Packed [B, S, H, 3, D].
    Tensor all = permute(inFloat(given), {3, 0, 2, 1, 4});
    if (all.dim(0) != 3)
      throw Error("needs query, key and value in a packed input");
    parts.query = pick(all, 0, 0);
    parts.key = pick(all, 0, 1);
    parts.value = pick(all, 0, 2);
  } else {
    parts.query = splitHeads(inFloat(given), heads);
    if (!key)
      throw Error("needs keys");
    if (key->rank() == 5) {
      Tensor all = permute(inFloat(*key), {3, 0, 2, 1, 4});
      if (all.dim(0) != 2)
        throw Error("needs key and value in a packed key");
      parts.key = pick(all, 0, 0);
      parts.value = pick(all, 0, 1);
    } else {
      if (!value)
        throw Error("needs values");
      cached = key->rank() == 4;
      parts.key = headsOf(*key, heads);
      parts.value = headsOf(*value, heads);
    }
  }
  if (const Tensor *bias = call.optional(3)) {
    Tensor all = inFloat(*bias);
    int64_t width = heads * parts.query.dim(3);
    parts.query = plusBias(parts.query, all, 0);
    // Keys of a cross cache have theirs already.
    if (!cached) {
      parts.key = plusBias(parts.key, all, width);
      parts.value = plusBias(parts.value, all, 2 * width);
    }
  }
  int64_t past = 0;
  if (const Tensor *cache = call.optional(6)) {
    past = cache->rank() == 4 ? cache->dim(2) : 0;
    parts.key = concatenate({inFloat(*cache), parts.key}, 2);
    parts.value = concatenate({inFloat(call.input(7)), parts.value}, 2);
  }
  int64_t batch = parts.query.dim(0);
  Bias bias({1, 1, parts.query.dim(2), parts.key.dim(2)});
  if (const Tensor *mask = call.optional(4))
    addKeyMask(bias, *mask, batch, past,
               call.number("mask_filter_value", -10000));
  if (call.integer("unidirectional") != 0)
    addCausal(bias, past);
  if (const Tensor *more = call.optional(5))
    bias.add(inFloat(*more));
  parts.bias = bias.sum;
  parts.scale = scaleOr(call, parts.query.dim(3));
  parts.keep = call.outputCount() > 3 ? 2 : -1;
  parts.run();
  call.output(0, mergeHeads(parts.output).cast(given.type()));
  call.output(1, parts.key.cast(given.type()));
  call.output(2, parts.value.cast(given.type()));
  if (parts.keep >= 0)
    call.output(3, parts.scores.cast(given.type()));
}

/// The cache after \p fresh [B, G, S, D] came behind the first starts[b] rows
/// of \p past; \p length rows, or as many as the past had room for.
Tensor grownCache(const Tensor *past, const Tensor &fresh,
                  llvm::ArrayRef<int64_t> starts, int64_t length) {
  int64_t room = past && past->rank() == 4 ? past->dim(2) : 0;
  int64_t groups = fresh.dim(1), rows = fresh.dim(2), depth = fresh.dim(3);
  length = std::max(length, room);
  if (past && (past->rank() != 4 || past->dim(0) != fresh.dim(0) ||
               past->dim(1) != groups || past->dim(3) != depth))
    throw Error("a past of shape " + shapeText(past->shape()) +
                " does not fit new rows of shape " + shapeText(fresh.shape()));
  Tensor old = past ? inFloat(*past) : Tensor();
  Tensor out(ElementType::F32, {fresh.dim(0), groups, length, depth});
  std::fill_n(out.data<float>(), out.count(), 0.0f);
  for (int64_t b = 0; b < fresh.dim(0); ++b)
    for (int64_t g = 0; g < groups; ++g) {
      int64_t at = b * groups + g, start = starts[b];
      if (start < 0 || start > room || start + rows > length)
        throw Error("seqlens_k does not fit the cache");
      float *to = out.data<float>() + at * length * depth;
      if (past)
        std::copy_n(old.data<float>() + at * room * depth, start * depth, to);
      std::copy_n(fresh.data<float>() + at * rows * depth, rows * depth,
                  to + start * depth);
    }
  return out;
}

/// How keys or values of a cache are stored as codes: real = code * scale, with
/// one scale or one for each of G * D columns.
class CacheCodes {
public:
  CacheCodes(const Tensor &scales, int64_t bits, int64_t groups, int64_t depth)
      : scales(inFloat(scales)), bits(bits), depth(depth) {
    if (bits != 8 && bits != 4)
      throw Error("kv_cache_bit_width is " + std::to_string(bits) +
                  ", known are 4 and 8");
    if (scales.count() != 1 && scales.count() != groups * depth)
      throw Error("needs one scale of the cache or one for each of " +
                  std::to_string(groups * depth) + " columns, has " +
                  std::to_string(scales.count()));
  }

  /// Codes [B, G, S, D], or [B, G, S, D / 2] with two in a byte, the low one
  /// first and 8 more than it is.
  Tensor real(const Tensor &stored) const {
    if (stored.rank() != 4 || stored.dim(3) != width())
      throw Error("a past of shape " + shapeText(stored.shape()) +
                  " has no rows of " + std::to_string(width()) + " bytes");
    llvm::SmallVector<int64_t> bytes = stored.integers();
    Tensor out(ElementType::F32,
               {stored.dim(0), stored.dim(1), stored.dim(2), depth});
    for (int64_t i = 0; i < out.count(); ++i) {
      int64_t row = i / depth, column = i % depth;
      int64_t code =
          bits == 8
              ? bytes[i]
              : (bytes[row * width() + column / 2] >> (column % 2 * 4) & 15) -
                    8;
      out.data<float>()[i] = float(code) * scaleAt(out, i);
    }
    return out;
  }

  /// \p x, [B, G, S, D], as it is stored.
  Tensor stored(const Tensor &x) const {
    Tensor out(bits == 8 ? ElementType::I8 : ElementType::U8,
               {x.dim(0), x.dim(1), x.dim(2), width()});
    if (bits == 4)
      std::fill_n(out.data<uint8_t>(), out.count(), 0);
    for (int64_t i = 0; i < x.count(); ++i) {
      int64_t top = bits == 8 ? 127 : 7;
      int64_t code = std::clamp<int64_t>(
          std::llrint(x.data<float>()[i] / scaleAt(x, i)), -top - 1, top);
      if (bits == 8)
        out.data<int8_t>()[i] = int8_t(code);
      else
        out.data<uint8_t>()[i / depth * width() + i % depth / 2] |=
            uint8_t((code + 8) << (i % depth % 2 * 4));
    }
    return out;
  }

private:
  int64_t width() const { return bits == 8 ? depth : (depth + 1) / 2; }
  float scaleAt(const Tensor &x, int64_t index) const {
    int64_t group = index / (x.dim(2) * depth) % x.dim(1);
    return scales
        .data<float>()[scales.count() == 1 ? 0 : group * depth + index % depth];
  }

  Tensor scales;
  int64_t bits, depth;
};

bool isCodes(llvm::StringRef type) { return !type.empty() && type != "NONE"; }

std::optional<CacheCodes> codesOf(Call &call, llvm::StringRef type,
                                  unsigned scales, const Tensor &rows) {
  if (!isCodes(call.text(type)))
    return std::nullopt;
  return CacheCodes(call.input(scales), call.integer("kv_cache_bit_width"),
                    rows.dim(1), rows.dim(3));
}

/// Rows \p fresh behind those of \p past, which may be \p codes.
Tensor grownCodes(const std::optional<CacheCodes> &codes, const Tensor *past,
                  const Tensor &fresh, llvm::ArrayRef<int64_t> starts,
                  int64_t length) {
  if (!codes)
    return grownCache(past, fresh, starts, length);
  Tensor old = past ? codes->real(*past) : Tensor();
  return grownCache(past ? &old : nullptr, codes->real(codes->stored(fresh)),
                    starts, length);
}

void evalGroupQueryAttention(Call &call) {
  const Tensor &given = call.input(0);
  int64_t heads = call.integer("num_heads"),
          groups = call.integer("kv_num_heads");
  if (given.rank() != 3 || heads < 1 || groups < 1)
    throw Error("needs a query [B, S, H * D]");
  AttentionParts parts;
  if (const Tensor *key = call.optional(1)) {
    parts.query = splitHeads(inFloat(given), heads);
    parts.key = splitHeads(inFloat(*key), groups);
    parts.value = splitHeads(inFloat(call.input(2)), groups);
  } else {
    Tensor all = splitHeads(inFloat(given), heads + 2 * groups);
    parts.query = narrow(all, 1, 0, heads);
    parts.key = narrow(all, 1, heads, groups);
    parts.value = narrow(all, 1, heads + groups, groups);
  }
  int64_t batch = given.dim(0), rows = given.dim(1);
  for (const Tensor *each : {&parts.key, &parts.value})
    if (each->dim(0) != batch || each->dim(2) != rows)
      throw Error("query, keys and values differ in batch or length");
  llvm::SmallVector<int64_t> last = call.input(5).integers();
  llvm::SmallVector<int64_t> totals = call.input(6).integers();
  if (int64_t(last.size()) != batch || totals.size() != 1)
    throw Error("needs one number a sequence in seqlens_k, one in "
                "total_sequence_length");
  int64_t total = totals[0];
  const Tensor *pastKey = call.optional(3);
  int64_t room = pastKey && pastKey->rank() == 4 ? pastKey->dim(2) : 0;
  if (total < rows || total > room + rows)
    throw Error("total_sequence_length is " + std::to_string(total) +
                "; with " + std::to_string(room) + " keys of the past and " +
                std::to_string(rows) + " new ones it is " +
                std::to_string(rows) + " .. " + std::to_string(room + rows));
  // A first prompt may be filled up at its end; later steps are exact.
  bool prompt = rows == total;
  int64_t least = prompt ? 0 : rows - 1;
  llvm::SmallVector<int64_t> starts;
  for (int64_t number : last) {
    if (number < least || number >= total)
      throw Error("seqlens_k has " + std::to_string(number) +
                  "; with a total_sequence_length of " + std::to_string(total) +
                  " it is " + std::to_string(least) + " .. " +
                  std::to_string(total - 1));
    starts.push_back(prompt ? 0 : number + 1 - rows);
  }
  if (call.integer("do_rotary") != 0) {
    Tensor positions(ElementType::I64, {batch, rows});
    if (const Tensor *own = call.optional(9))
      positions = positionRows(own, batch, rows);
    else
      for (int64_t i = 0; i < positions.count(); ++i)
        positions.data<int64_t>()[i] = starts[i / rows] + i % rows;
    Tensor cos = inFloat(call.input(7)), sin = inFloat(call.input(8));
    bool interleaved = call.integer("rotary_interleaved") != 0;
    parts.query = rotate(parts.query, cos, sin, positions, interleaved);
    parts.key = rotate(parts.key, cos, sin, positions, interleaved);
  }
  auto keyCodes = codesOf(call, "k_quant_type", 12, parts.key),
       valueCodes = codesOf(call, "v_quant_type", 13, parts.value);
  parts.key = grownCodes(keyCodes, call.optional(3), parts.key, starts, total);
  parts.value =
      grownCodes(valueCodes, call.optional(4), parts.value, starts, total);
  Bias bias({1, 1, rows, parts.key.dim(2)});
  int64_t window = call.integer("local_window_size", -1);
  bias.hide(batch, hidden, [&](int64_t b, int64_t i, int64_t j) {
    int64_t own = starts[b] + i;
    return j <= own && (window <= 0 || j > own - window);
  });
  if (const Tensor *more = call.optional(10))
    bias.add(maskNumbers(*more, parts.key.dim(2)));
  parts.bias = bias.sum;
  parts.scale = scaleOr(call, parts.query.dim(3));
  parts.softcap = call.number("softcap");
  if (const Tensor *sink = call.optional(11))
    parts.sink = inFloat(*sink);
  else if (call.integer("smooth_softmax") > 0) {
    parts.sink = Tensor(ElementType::F32, {heads});
    std::fill_n(parts.sink->data<float>(), heads, 0.0f);
  }
  parts.run();
  call.output(0, mergeHeads(parts.output).cast(given.type()));
  call.output(1, keyCodes ? keyCodes->stored(parts.key)
                          : parts.key.cast(given.type()));
  call.output(2, valueCodes ? valueCodes->stored(parts.value)
                            : parts.value.cast(given.type()));
}

/// Of GroupQueryAttention: its caches may be codes.
mlir::Type elementOfCache(llvm::ArrayRef<mlir::Type> inputs,
                          mlir::DictionaryAttr attributes, unsigned result) {
  auto type = attributes.getAs<mlir::StringAttr>(result == 1 ? "k_quant_type"
                                                             : "v_quant_type");
  if ((result != 1 && result != 2) || !type || !isCodes(type.getValue()))
    return inputs[0];
  auto bits = attributes.getAs<mlir::IntegerAttr>("kv_cache_bit_width");
  return mlirOfElement(attributes.getContext(), bits && bits.getInt() == 4
                                                    ? ElementType::U8
                                                    : ElementType::I8);
}

mlir::Type elementOfThird(llvm::ArrayRef<mlir::Type> inputs,
                          mlir::DictionaryAttr attributes, unsigned) {
  if (inputs.size() > 2 && inputs[2])
    return inputs[2];
  return mlirOfElement(attributes.getContext(), ElementType::F32);
}

} // namespace

Rows attentionOperators() {
  using Kind = AttributeKind;
  const char *microsoft = "com.microsoft";
  return {
      {"",
       "Attention",
       {23, 24, 25},
       3,
       7,
       4,
       {{"is_causal", Kind::Int, "0"},
        {"kv_num_heads", Kind::Int},
        {"q_num_heads", Kind::Int},
        {"qk_matmul_output_mode", Kind::Int, "0"},
        {"scale", Kind::Float},
        {"softcap", Kind::Float, "0"},
        {"softmax_precision", Kind::Int},
        {"left_window_size", Kind::Int, "-1", 25},
        {"right_window_size", Kind::Int, "-1", 25}},
       elementOfFirst,
       evalAttention},
      {"",
       "RotaryEmbedding",
       {23},
       3,
       4,
       1,
       {{"interleaved", Kind::Int, "0"},
        {"num_heads", Kind::Int},
        {"rotary_embedding_dim", Kind::Int, "0"}},
       elementOfFirst,
       evalRotaryEmbedding},
      {microsoft,
       "RotaryEmbedding",
       {1},
       4,
       4,
       1,
       {{"interleaved", Kind::Int, "0"},
        {"num_heads", Kind::Int, "0"},
        {"rotary_embedding_dim", Kind::Int, "0"},
        {"scale", Kind::Float, "1"},
        {"is_packed_batching", Kind::Int, "0"}},
       elementOfFirst,
       evalRotaryEmbeddingFused},
      {microsoft,
       "Attention",
       {1},
       2,
       7,
       2,
       {{"num_heads", Kind::Int},
        {"unidirectional", Kind::Int, "0"},
        {"qkv_hidden_sizes", Kind::Ints},
        {"past_present_share_buffer", Kind::Int},
        {"do_rotary", Kind::Int, "0"},
        {"rotary_embedding_dim", Kind::Int},
        {"mask_filter_value", Kind::Float, "-10000"},
        {"scale", Kind::Float}},
       elementOfFirst,
       evalFusedAttention},
      {microsoft,
       "QAttention",
       {1},
       5,
       9,
       2,
       {{"num_heads", Kind::Int},
        {"unidirectional", Kind::Int, "0"},
        {"past_present_share_buffer", Kind::Int},
        {"do_rotary", Kind::Int, "0"},
        {"mask_filter_value", Kind::Float, "-10000"},
        {"scale", Kind::Float}},
       elementOfThird,
       evalQAttention},
      {microsoft,
       "MultiHeadAttention",
       {1},
       1,
       8,
       4,
       {{"num_heads", Kind::Int},
        {"unidirectional", Kind::Int, "0"},
        {"mask_filter_value", Kind::Float, "-10000"},
        {"scale", Kind::Float}},
       elementOfFirst,
       evalMultiHeadAttention},
      {microsoft,
       "GroupQueryAttention",
       {1},
       1,
       14,
       4,
       {{"num_heads", Kind::Int},
        {"kv_num_heads", Kind::Int},
        {"scale", Kind::Float},
        {"softcap", Kind::Float, "0"},
        {"local_window_size", Kind::Int, "-1"},
        {"do_rotary", Kind::Int, "0"},
        {"rotary_interleaved", Kind::Int, "0"},
        {"smooth_softmax", Kind::Int, "-1"},
        {"qk_output", Kind::Int, "0"},
        {"k_quant_type", Kind::String, "NONE"},
        {"v_quant_type", Kind::String, "NONE"},
        {"kv_cache_bit_width", Kind::Int, "0"}},
       elementOfCache,
       evalGroupQueryAttention},
  };
}

} // namespace dalbit::execute
