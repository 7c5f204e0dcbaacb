// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/schedule/Planner.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/quantise/Decoder.h"
#include "compiler/quantise/LinearWeights.h"

#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cstring>

using namespace mlir;

namespace dalbit::schedule {

quantise::WeightForm formOf(qnn::LinearOp op) {
  return op.getForm() == "w4" ? quantise::WeightForm::W4
                              : quantise::WeightForm::W8;
}

Projection projectionOf(Value value) {
  Projection projection;
  auto take = [&]<typename Op>(Op &step) {
    step = value.hasOneUse() ? value.getDefiningOp<Op>() : Op();
    return step;
  };
  if (take(projection.rotary))
    value = projection.rotary.getX();
  if (Operation *norm = value.getDefiningOp();
      value.hasOneUse() && qnn::groupsOf(norm) > 0) {
    projection.norm = norm;
    value = norm->getOperand(0);
  }
  take(projection.linear);
  return projection;
}

/// padded index -> index in the model, -1 where the padding is.
std::vector<int64_t> identityMap(int64_t size, int64_t padded) {
  std::vector<int64_t> map(padded, -1);
  for (int64_t i = 0; i < size; ++i)
    map[i] = i;
  return map;
}

std::vector<int64_t> headMap(int64_t heads, int64_t size,
                             ArrayRef<int64_t> order) {
  std::vector<int64_t> map;
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t column : order)
      map.push_back(column < 0 ? -1 : h * size + column);
  return map;
}

std::vector<int64_t> rotaryOrder(qnn::RotaryOp op, int64_t size, int64_t half) {
  int64_t pairs = cast<ShapedType>(op.getCos().getType()).getDimSize(1);
  std::vector<int64_t> order(2 * half, -1);
  for (int64_t i = 0; i < pairs; ++i) {
    order[i] = op.getInterleaved() ? 2 * i : i;
    order[half + i] = op.getInterleaved() ? 2 * i + 1 : i + pairs;
  }
  int64_t rest = size - 2 * pairs, first = (rest + 1) / 2;
  for (int64_t i = 0; i < rest; ++i)
    order[i < first ? pairs + i : half + pairs + i - first] = 2 * pairs + i;
  return order;
}

static void putWord(std::vector<uint8_t> &bytes, int64_t at, uint32_t word) {
  std::memcpy(&bytes[at], &word, 4);
}

int64_t Planner::table(TypedAttr values, int64_t fraction) {
  auto type = cast<RankedTensorType>(values.getType());
  int64_t rows = type.getDimSize(0), cols = type.getDimSize(1);
  int64_t stride = machine().rowBytes(cols);
  int64_t at = placeConst(rows * stride);
  plan.fills.push_back([=](std::vector<uint8_t> &constants,
                           std::vector<uint8_t> &) {
    SmallVector<float> floats;
    onnx::readWeight(values, floats);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c)
        putWord(
            constants, at + r * stride + c * 4,
            uint32_t(quantise::toFixed(floats[r * cols + c], int(fraction))));
  });
  return at;
}

int64_t Planner::piecewise(const quantise::Table &table) {
  int64_t at = placeConst(1024);
  plan.fills.push_back(
      [at, words = table.words](std::vector<uint8_t> &constants,
                                std::vector<uint8_t> &) {
        std::memcpy(&constants[at], words.data(), 1024);
      });
  return at;
}

void Planner::norm(Operation *op, TypedAttr gammas, TypedAttr betas,
                   bool hasBeta, double epsilon, int64_t fraction) {
  SmallVector<float> gamma, beta;
  onnx::readWeight(gammas, gamma);
  if (betas)
    onnx::readWeight(betas, beta);
  NormPlan norm;
  norm.numbers = quantise::quantiseNorm(gamma, beta, float(epsilon),
                                        int(fraction), int64_t(gamma.size()));
  int64_t half = roundUp(int64_t(gamma.size()) * 4, machine().alignment());
  norm.betaOffset = half;
  norm.bytes = hasBeta ? 2 * half : half;
  norm.offset = placeConst(norm.bytes);
  plan.fills.push_back([at = norm.offset, half, numbers = norm.numbers,
                        hasBeta](std::vector<uint8_t> &constants, auto &) {
    for (size_t i = 0; i < numbers.gamma.size(); ++i) {
      putWord(constants, at + int64_t(i) * 4, numbers.gamma[i].word());
      if (hasBeta)
        putWord(constants, at + half + int64_t(i) * 4,
                uint32_t(numbers.beta[i]));
    }
  });
  plan.norms[op] = std::move(norm);
}

/// Constants of the norms of a query's or key's heads, in the stored order, and
/// behind them the sinks.
void Planner::constants(AttentionPlan &a, TypedAttr sinks) {
  for (int i = 0; i < 2; ++i) {
    Operation *norm = a.projections[i].norm;
    if (!norm)
      continue;
    a.headNorms[i] = headNormPlan(norm, i ? a.kvHeads : a.heads, a.keyOrder);
    a.headNorms[i].offset = a.headNormBytes;
    a.headNormBytes += a.headNorms[i].bytes;
  }
  int64_t words = sinks ? a.heads * machine().alignment() : 0;
  a.constantsBytes = a.headNormBytes + words;
  if (a.constantsBytes)
    a.constantsOffset = placeConst(a.constantsBytes);
  this->sinks(sinks, a);
  for (int i = 0; i < 2; ++i)
    if (a.projections[i].norm)
      fillHeadNorm(a.headNorms[i], a.keyOrder,
                   a.constantsOffset + a.headNorms[i].offset);
}

/// Heads that are turned in rows of their own, not beside an attention.
LogicalResult Planner::turnedHeads(qnn::RotaryOp op) {
  int64_t heads = op.getHeads(), size = lastDimension(op.getX()) / heads,
          half = paddedHead(size) / 2;
  std::vector<int64_t> order = rotaryOrder(op, size, half);
  if (headOrder(op.getX(), heads) != order)
    return op.emitError() << "rotary embeddings are scheduled for queries and "
                             "keys of a linear layer only";
  columns[op.getOut()] = headMap(heads, size, order);
  return rotary(op, half);
}

LogicalResult Planner::rotary(qnn::RotaryOp op, int64_t half) {
  auto type = cast<ShapedType>(op.getCos().getType());
  int64_t positions = op.getIds() ? plan.context : rows(op.getX());
  RotaryPlan rotary;
  rotary.rows = type.getDimSize(0);
  rotary.half = half;
  rotary.stride = roundUp(4 * half, machine().axiBytes);
  if (rotary.rows < positions)
    return op.emitError() << "the rotary table has " << rotary.rows
                          << " positions, fewer than the context of "
                          << positions;
  for (auto &[other, known] : plan.rotaries) {
    auto same = cast<qnn::RotaryOp>(other);
    if (same.getCos() == op.getCos() && same.getSin() == op.getSin() &&
        known.half == half) {
      plan.rotaries[op] = RotaryPlan(known);
      return success();
    }
  }
  rotary.offset = placeConst(rotary.rows * rotary.stride);
  plan.fills.push_back(
      [rotary, pairs = type.getDimSize(1), cos = op.getCos(),
       sin = op.getSin()](std::vector<uint8_t> &constants, auto &) {
        SmallVector<float> c, s;
        onnx::readWeight(cos, c);
        onnx::readWeight(sin, s);
        for (int64_t p = 0; p < rotary.rows; ++p) {
          int64_t at = rotary.offset + p * rotary.stride;
          for (int64_t i = 0; i < rotary.half; ++i) {
            bool turns = i < pairs;
            int16_t factors[] = {
                quantise::rotaryFactor(turns ? c[p * pairs + i] : 1),
                quantise::rotaryFactor(turns ? s[p * pairs + i] : 0)};
            std::memcpy(&constants[at + 2 * i], &factors[0], 2);
            std::memcpy(&constants[at + 2 * (rotary.half + i)], &factors[1], 2);
          }
        }
      });
  plan.rotaries[op] = rotary;
  return success();
}

/// A quarter of the scratchpad is the ring of the weight stream, in four slots
/// of whole banks where that fits.
int64_t Planner::slotBytes() const {
  return machine().spmBytes / SlotsOfScratchpad;
}

/// The group of 4-bit weights, in the model's order, to which the lanes of the
/// padded group around
/// \p lane belong: -1 if they are all padding, -2 if they belong to several.
static int64_t modelGroup(ArrayRef<int64_t> lanes, int64_t lane) {
  int64_t first = lane / quantise::W4Group * quantise::W4Group, group = -1;
  for (int64_t i = first;
       i < first + quantise::W4Group && i < int64_t(lanes.size()); ++i) {
    if (lanes[i] < 0)
      continue;
    int64_t own = lanes[i] / quantise::W4Group;
    if (group >= 0 && group != own)
      return -2;
    group = own;
  }
  return group;
}

/// Appends the tiles of one chunk (w8, w4: docs/arithmetic.md A14), its pairs
/// and its biases.
static void packChunk(const quantise::QuantisedLinear &q,
                      const Machine &machine, const WeightChunk &chunk,
                      ArrayRef<int64_t> channels, ArrayRef<int64_t> lanes,
                      int64_t firstChannel, uint8_t *out) {
  int64_t tilesN = chunk.channels / machine.n;
  auto channelAt = [&](int64_t i) {
    int64_t c = firstChannel + i;
    return c < int64_t(channels.size()) ? channels[c] : -1;
  };
  auto laneAt = [&](int64_t i) {
    int64_t l = chunk.firstLane + i;
    return i < chunk.depth && l < int64_t(lanes.size()) ? lanes[l] : -1;
  };
  int64_t cursor = 0;
  if (q.form == quantise::WeightForm::W8) {
    int64_t tilesK = roundUp(chunk.depth, machine.k) / machine.k;
    for (int64_t tn = 0; tn < tilesN; ++tn)
      for (int64_t tk = 0; tk < tilesK; ++tk)
        for (int64_t n = 0; n < machine.n; ++n)
          for (int64_t k = 0; k < machine.k; ++k, ++cursor) {
            int64_t c = channelAt(tn * machine.n + n),
                    l = laneAt(tk * machine.k + k);
            out[cursor] = c < 0 || l < 0 ? 0 : uint8_t(q.codes[c * q.k + l]);
          }
  } else {
    int64_t tilesK = roundUp(chunk.depth, quantise::W4Group) / machine.k;
    int64_t tilesPerGroup = quantise::W4Group / machine.k;
    int64_t perWord = machine.portBytes / machine.n, groupIndex = 0,
            headerAt = 0;
    int64_t groups = (q.k + quantise::W4Group - 1) / quantise::W4Group;
    for (int64_t tn = 0; tn < tilesN; ++tn)
      for (int64_t tk = 0; tk < tilesK; ++tk) {
        // The group of a tile's lanes in the model; -1 if all of them are
        // padding.
        int64_t group = modelGroup(lanes, chunk.firstLane + tk * machine.k);
        auto header = [&](int64_t c) -> uint8_t {
          return c < 0 || group < 0 ? 0 : q.headers[c * groups + group];
        };
        if (tk % tilesPerGroup == 0) {
          if (groupIndex % perWord == 0) {
            headerAt = cursor;
            std::memset(out + cursor, 0, machine.portBytes);
            cursor += machine.portBytes;
          }
          for (int64_t n = 0; n < machine.n; ++n)
            out[headerAt + (groupIndex % perWord) * machine.n + n] =
                header(channelAt(tn * machine.n + n));
          ++groupIndex;
        }
        for (int64_t n = 0; n < machine.n; ++n)
          for (int64_t k = 0; k < machine.k; k += 2, ++cursor) {
            int64_t c = channelAt(tn * machine.n + n);
            uint8_t byte = 0;
            for (int64_t i = 0; i < 2; ++i) {
              int64_t l = laneAt(tk * machine.k + k + i);
              // Padding lanes hold the group's zero.
              uint8_t nibble = c < 0    ? 0
                               : l >= 0 ? q.nibbles[c * q.k + l]
                                        : header(c) & 15;
              byte |= uint8_t(nibble << (4 * i));
            }
            out[cursor] = byte;
          }
      }
  }
  if (!chunk.last)
    return;
  for (int64_t i = 0; i < chunk.channels; ++i) {
    int64_t c = channelAt(i);
    uint32_t pair = c < 0 ? 0 : q.channels[c].word(),
             bias = c < 0 ? 0 : uint32_t(q.bias[c]);
    std::memcpy(out + chunk.pairOffset + i * 4, &pair, 4);
    std::memcpy(out + chunk.biasOffset + i * 4, &bias, 4);
  }
}

static int64_t tileBytes(const Machine &machine, quantise::WeightForm form,
                         int64_t tilesN, int64_t depth) {
  if (form == quantise::WeightForm::W8)
    return tilesN * roundUp(depth, machine.k) * machine.n;
  int64_t padded = roundUp(depth, quantise::W4Group);
  int64_t groups = tilesN * (padded / quantise::W4Group);
  int64_t perWord = machine.portBytes / machine.n;
  return tilesN * padded * machine.n / 2 +
         roundUp(groups, perWord) / perWord * machine.portBytes;
}

/// Whether \p tilesN n-tiles of \p depth lanes end with a whole word of
/// headers, so that what follows them can be read without them.
static bool endsHeaderWord(const Machine &m, quantise::WeightForm form,
                           int64_t tilesN, int64_t depth) {
  int64_t headers =
      tilesN * (roundUp(depth, quantise::W4Group) / quantise::W4Group);
  return form == quantise::WeightForm::W8 || headers % (m.portBytes / m.n) == 0;
}

/// Lanes in which a chunk's depth is cut. Groups of 4-bit weights follow the
/// model's lanes, so a chunk may not begin inside one.
static int64_t depthStep(const Machine &m, quantise::WeightForm form) {
  return form == quantise::WeightForm::W4
             ? std::max<int64_t>(m.k, quantise::W4Group)
             : m.k;
}

std::shared_ptr<const quantise::QuantisedLinear>
QuantisedWeights::of(qnn::LinearOp op) {
  std::shared_ptr<const quantise::QuantisedLinear> &made = linears[op];
  if (!made)
    made = std::make_shared<const quantise::QuantisedLinear>(
        quantise::quantiseLinear(
            op.getWeight(), op.getBias().value_or(TypedAttr()), formOf(op)));
  return made;
}

/// Cuts \p op into chunks: of at most \p channelsPerChunk channels for a block,
/// of at most \p channelsPerDecodeChunk for a row. Every \p unit channels
/// (those of the heads of a group) a new chunk of a block begins.
LinearPlan Planner::linear(qnn::LinearOp op, std::vector<int64_t> channels,
                           std::vector<int64_t> lanes, int64_t channelsPerChunk,
                           int64_t channelsPerDecodeChunk, int64_t unit) {
  const Machine &m = machine();
  LinearPlan linear;
  linear.form = formOf(op);
  linear.n = int64_t(channels.size());
  linear.k = int64_t(lanes.size());

  auto q = weights.of(op);
  linear.inner = q->inner;

  int64_t step = depthStep(m, linear.form), room = slotBytes();
  int64_t depth = linear.k;
  while (tileBytes(m, linear.form, 1, depth) + m.n * 8 > room)
    depth = roundUp(depth / 2, step);
  auto fits = [&](int64_t count) {
    return tileBytes(m, linear.form, count / m.n, depth) + count * 8 <= room;
  };
  int64_t perChunk = channelsPerChunk;
  if (depth < linear.k)
    perChunk = m.n;
  while (perChunk > m.n && !fits(perChunk))
    perChunk -= m.n;

  // A row's chunk is whole chunks of a block, whose tiles and pairs can be
  // loaded by themselves.
  int64_t perDecodeChunk = perChunk;
  bool isWhole = depth == linear.k && m.n * 4 % m.axiBytes == 0 &&
                 unit % perChunk == 0 &&
                 endsHeaderWord(m, linear.form, perChunk / m.n, depth);
  if (isWhole && !plan.decode.empty())
    while (perDecodeChunk + perChunk <= channelsPerDecodeChunk &&
           fits(perDecodeChunk + perChunk))
      perDecodeChunk += perChunk;

  auto layOut = [&](WeightChunk &chunk) {
    chunk.tiles = tileBytes(m, linear.form, chunk.channels / m.n, chunk.depth);
    chunk.pairOffset = roundUp(chunk.tiles, m.alignment());
    chunk.biasOffset = chunk.pairOffset + chunk.channels * 4;
    chunk.bytes =
        chunk.last ? chunk.biasOffset + chunk.channels * 4 : chunk.tiles;
  };
  // A layer of many channels has many chunks: they share what is as long.
  auto maps = std::make_shared<
      const std::pair<std::vector<int64_t>, std::vector<int64_t>>>(
      std::move(channels), std::move(lanes));
  int64_t stride = perDecodeChunk == perChunk ? unit : linear.n;
  for (int64_t from = 0; from < linear.n; from += stride) {
    int64_t to = std::min(from + stride, linear.n);
    for (int64_t first = from; first < to; first += perDecodeChunk)
      for (int64_t lane = 0; lane < linear.k; lane += depth) {
        WeightChunk chunk;
        chunk.channels = std::min(perDecodeChunk, roundUp(to - first, m.n));
        chunk.firstLane = lane;
        chunk.depth = std::min(depth, linear.k - lane);
        chunk.first = lane == 0;
        chunk.last = lane + depth >= linear.k;
        chunk.offset = plan.weightBytes;
        layOut(chunk);
        plan.weightBytes += roundUp(chunk.bytes, m.dramAlignment());
        linear.decodeChunks.push_back(chunk);
        for (int64_t done = 0; done < chunk.channels; done += perChunk) {
          WeightChunk part = chunk;
          part.channels = std::min(perChunk, chunk.channels - done);
          part.offset += tileBytes(m, linear.form, done / m.n, depth);
          layOut(part);
          if (part.channels != chunk.channels) {
            part.pairs = chunk.offset + chunk.pairOffset + done * 4;
            part.pairsToBiases = chunk.channels * 4;
          }
          linear.chunks.push_back(part);
        }
        plan.fills.push_back(
            [q, m, chunk, maps, first](auto &, std::vector<uint8_t> &weights) {
              packChunk(*q, m, chunk, maps->first, maps->second, first,
                        &weights[chunk.offset]);
            });
      }
  }
  return linear;
}

std::vector<int64_t> Planner::lanesOf(Value codes) {
  auto quantize = codes.getDefiningOp<qnn::QuantizeOp>();
  if (quantize)
    if (auto found = columns.find(quantize.getX()); found != columns.end())
      return found->second;
  int64_t size = lastDimension(codes);
  return identityMap(size, size);
}

/// \p a where a row is alone: as many of its groups at a time as there is room
/// for, as long as caches can still be loaded one ahead.
AttentionPlan Planner::forDecode(const AttentionPlan &a) const {
  const Machine &m = machine();
  int64_t most = a.sharesKeys() ? a.heads / a.kvHeads : a.heads;
  AttentionPlan row = a;
  auto take = [&](int64_t group) {
    row.group = group;
    row.kvGroup = a.sharesKeys() ? 1 : group;
    Shortage shortage(m);
    shortage.accumulators(2 * group * (a.paddedSize / m.n));
    shortage.scratchpad(std::max(8 * row.cacheBytes(), 4 * row.biasBytes(1)));
    // Scores, or no more of them than a block of rows has.
    if (group > a.group * plan.grain.block)
      shortage.scratchpad(4 * row.scoreBytes(1));
    shortage.rowScalars(group * 12);
    return shortage.none();
  };
  for (int64_t group = std::min(most, std::max(a.group, plan.grain.heads));
       group >= a.group; --group)
    if (most % group == 0 && group % a.group == 0 &&
        (take(group) || group == a.group))
      break;
  row.keyChunk =
      std::min(m.accEntries / 2 / row.group * m.n, roundUp(a.maxKeys, m.n));
  return row;
}

LogicalResult Planner::attention(qnn::AttentionOp op) {
  const Machine &m = machine();
  AttentionPlan a;
  a.heads = op.getHeads();
  a.kvHeads = op.getKvHeads();
  int64_t repeat = a.heads / a.kvHeads;
  a.size = lastDimension(op.getQuery()) / a.heads;
  a.projections = {projectionOf(op.getQuery()), projectionOf(op.getKey()),
                   projectionOf(op.getValue())};
  for (const Projection &projection : a.projections)
    if (!projection.linear)
      return op.emitError() << "queries, keys and values must each come from "
                               "a linear layer of their own";
  for (int i = 0; i < 2; ++i)
    if (Operation *norm = a.projections[i].norm;
        norm && qnn::groupsOf(norm) != (i ? a.kvHeads : a.heads))
      return norm->emitError() << "the norm of queries or keys is not one of "
                                  "each head";
  for (Projection &projection : a.projections)
    if (failed(tileFits(projection.linear)))
      return failure();
  const Projection &value = a.projections[2];
  qnn::RotaryOp turn = a.projections[1].rotary,
                queryTurn = a.projections[0].rotary;
  auto pairsOf = [](qnn::RotaryOp rotary) {
    return cast<ShapedType>(rotary.getCos().getType()).getDimSize(1);
  };
  if (value.norm || value.rotary ||
      (turn && queryTurn &&
       (turn.getInterleaved() != queryTurn.getInterleaved() ||
        pairsOf(turn) != pairsOf(queryTurn))))
    return op.emitError() << "queries and keys are turned by different "
                             "columns, or values are";
  // One of them may have been turned before; its columns follow the other's.
  qnn::RotaryOp either = turn ? turn : queryTurn;
  // Half a head begins at a whole beat of the vector unit.
  a.paddedSize = roundUp(
      a.size, std::max({m.n, m.k, m.axiBytes, either ? 2 * m.lanes : 0}));
  a.maxKeys = plan.context;
  a.context = plan.paddedContext;
  std::vector<int64_t> plain = identityMap(a.size, a.paddedSize);
  a.keyOrder = either ? rotaryOrder(either, a.size, a.paddedSize / 2) : plain;
  a.numbers =
      quantise::attentionNumbers(a.size, op.getScale().convertToDouble());
  if (op.getSoftcap().convertToDouble() > 0)
    a.softcap = quantise::softcapTable(op.getSoftcap().convertToDouble());
  constants(a, op.getSinks().value_or(TypedAttr()));
  bool grows = rowsOf(function, op.getQuery()) == TokenRows || op.getPastKey();
  int64_t rows = plan.mostRows(rowsOf(function, op.getQuery()));
  if (failed(bias(op, op.getBias().value_or(TypedAttr()), op.getBiasOrigin(),
                  rows, grows ? plan.context : rows, /*causal=*/true, a)))
    return failure();
  for (qnn::RotaryOp rotary : {queryTurn, turn})
    if (rotary && failed(this->rotary(rotary, a.paddedSize / 2)))
      return failure();

  // Heads computed together: their projections fit a half of the accumulators
  // and one slot, if those of one head do, their scores another half, their
  // caches a part of the scratchpad.
  int64_t half = m.accEntries / 2;
  int64_t headTiles = a.paddedSize / m.n;
  qnn::LinearOp q = a.projections[0].linear;
  int64_t lanes = int64_t(lanesOf(q.getCodes()).size());
  auto shortage = [&](int64_t group, int64_t kvGroup) {
    Shortage shortage(m);
    shortage.accumulators(2 * group * headTiles * plan.grain.block);
    auto weights = [&](int64_t group) {
      return tileBytes(m, formOf(q), group * headTiles, lanes) +
             group * a.paddedSize * 8;
    };
    if (weights(1) <= slotBytes())
      shortage.scratchpad(SlotsOfScratchpad * weights(group));
    shortage.scratchpad(std::max(plan.grain.cacheParts * a.cacheBytes(kvGroup),
                                 4 * a.biasBytes(plan.grain.block)));
    shortage.rowScalars(group * plan.grain.block * 12);
    return shortage;
  };
  // Query heads that share a key head go with it; else a group has as many of
  // both.
  int64_t most = repeat > 1 ? repeat : a.heads;
  auto kvGroupOf = [&](int64_t group) { return repeat > 1 ? 1 : group; };
  for (a.group = std::min(most, plan.grain.heads); a.group > 1; --a.group)
    if (most % a.group == 0 && shortage(a.group, kvGroupOf(a.group)).none())
      break;
  a.kvGroup = kvGroupOf(a.group);
  if (Shortage least = shortage(1, 1); a.group == 1 && !least.none())
    return op.emitError() << "one head of " << a.size << " columns over "
                          << plan.context << " keys does not fit the target: "
                          << least.message();
  a.keyChunk = std::min(half / (a.group * plan.grain.block) * m.n,
                        roundUp(plan.context, m.n));
  AttentionPlan row = forDecode(a);

  // The stream's order is the order of use of a row: keys and values of a slot,
  // the queries of its groups, then the next slot. A block takes parts of it.
  auto stream = [&](int i, int64_t first, int64_t count, int64_t ofBlock,
                    ArrayRef<int64_t> order) {
    std::vector<int64_t> all =
        headMap(i == 0 ? a.heads : a.kvHeads, a.size, order);
    std::vector<int64_t> part(all.begin() + first * a.paddedSize,
                              all.begin() + (first + count) * a.paddedSize);
    qnn::LinearOp linearOp = a.projections[i].linear;
    LinearPlan made = linear(linearOp, part, lanesOf(linearOp.getCodes()),
                             ofBlock * a.paddedSize, count * a.paddedSize,
                             ofBlock * a.paddedSize);
    LinearPlan &whole = a.linears[i];
    made.chunks.insert(made.chunks.begin(), whole.chunks.begin(),
                       whole.chunks.end());
    made.decodeChunks.insert(made.decodeChunks.begin(),
                             whole.decodeChunks.begin(),
                             whole.decodeChunks.end());
    whole = std::move(made);
  };
  for (int64_t slot = 0; slot < row.slots(); ++slot) {
    int64_t keys = slot * row.kvGroup, queries = keys * repeat;
    stream(1, keys, row.kvGroup, a.kvGroup, a.keyOrder);
    stream(2, keys, row.kvGroup, a.kvGroup, plain);
    for (int64_t h = 0; h < row.kvGroup * repeat; h += row.group)
      stream(0, queries + h, row.group, a.group, a.keyOrder);
  }
  cacheRegions(a);
  columns[op.getOut()] = headMap(a.heads, a.size, plain);
  if (!a.softcap.words.empty())
    plan.gateTables[op] = piecewise(a.softcap);
  plan.decodeAttentions[op] = forDecode(a);
  plan.attentions[op] = std::move(a);
  return success();
}

void Planner::cacheRegions(AttentionPlan &a) {
  auto place = [&](int64_t bytes) {
    int64_t at = roundUp(plan.kvBytesPerSequence, machine().dramAlignment());
    plan.kvBytesPerSequence = at + bytes;
    return at;
  };
  a.keyCodes = place(a.kvHeads * plan.paddedContext * a.paddedSize);
  a.keyScales = place(a.kvHeads * plan.paddedContext * 4);
  a.valueCodes = place(a.kvHeads * plan.paddedContext * a.paddedSize);
  a.valueScales = place(a.kvHeads * plan.paddedContext * 4);
}

LogicalResult Planner::tileFits(qnn::LinearOp op) const {
  const Machine &m = machine();
  Shortage shortage(m);
  shortage.scratchpad(
      SlotsOfScratchpad *
      (tileBytes(m, formOf(op), 1, depthStep(m, formOf(op))) + m.n * 8));
  if (!shortage.none())
    return op.emitError() << "one tile of weights does not fit the target: "
                          << shortage.message();
  return success();
}

LogicalResult Planner::linear(qnn::LinearOp op) {
  if (plan.inAttention.contains(op))
    return success(); // planned with its attention
  std::vector<int64_t> lanes = lanesOf(op.getCodes());
  if (formOf(op) == quantise::WeightForm::W4)
    for (size_t lane = 0; lane < lanes.size(); lane += quantise::W4Group)
      if (modelGroup(lanes, int64_t(lane)) == -2)
        return op.emitError() << "padded heads split the groups of 4-bit "
                                 "weights on this target; use --weights w8";
  if (failed(tileFits(op)))
    return failure();
  const Machine &m = machine();
  int64_t n = lastDimension(op.getOut());
  std::vector<int64_t> channels = headColumns(op.getOut());
  if (channels.empty())
    channels = identityMap(n, n);
  else
    columns[op.getOut()] = channels;
  int64_t block = plan.blockRows(rowsOf(function, op.getOut()));
  auto most = [&](int64_t rows) {
    return std::max<int64_t>(m.accEntries / 2 / rows, 1) * m.n;
  };
  int64_t all = roundUp(int64_t(channels.size()), most(block));
  plan.linears[op] =
      linear(op, std::move(channels), lanes, most(block), most(1), all);
  return success();
}

FailureOr<Plan> Planner::run() {
  function.walk([&](qnn::AttentionOp op) {
    int64_t rows =
        cast<RankedTensorType>(op.getQuery().getType()).getDimSize(1);
    plan.context = std::max(plan.context, rows);
  });
  plan.paddedContext = roundUp(plan.context, 64);
  FailureOr<SmallVector<Stage>> prefill = stagesOf(function, false);
  if (failed(prefill))
    return failure();
  plan.prefill = std::move(*prefill);
  if (isDecodable(function)) {
    FailureOr<SmallVector<Stage>> decode = stagesOf(function, true);
    if (failed(decode))
      return failure();
    plan.decode = std::move(*decode);
  }
  if (failed(inputs()))
    return failure();
  int64_t tag = 0; ///< operations that have one
  function.walk([&](qnn::AttentionOp op) {
    for (Value operand : {op.getQuery(), op.getKey(), op.getValue()}) {
      Projection projection = projectionOf(operand);
      if (!projection.linear)
        continue;
      plan.inAttention.insert(projection.linear);
      if (projection.norm)
        plan.inAttention.insert(projection.norm);
      if (projection.rotary)
        plan.inAttention.insert(projection.rotary);
    }
  });
  // Where there are more operations than tags, neighbours share one.
  constexpr int64_t Tags = 255;
  int64_t count =
      int64_t(function.getBody().front().getOperations().size()) - 1;
  for (Operation &op : function.getBody().front()) {
    if (auto linear = dyn_cast<qnn::LinearOp>(op);
        linear && formOf(linear) == quantise::WeightForm::W4 &&
        machine().k > quantise::W4Group)
      return op.emitError()
             << "the target's array takes " << machine().k
             << " lanes at a time, more than the " << quantise::W4Group
             << " of a group of 4-bit weights; use --weights w8 "
                "or a target of fewer lanes";
    LogicalResult ok =
        llvm::TypeSwitch<Operation *, LogicalResult>(&op)
            .Case([&](qnn::EmbeddingOp o) {
              plan.tables[o] = table(o.getTable(), o.getFraction());
              return success();
            })
            .Case([&](qnn::PositionsOp o) { return positions(o); })
            .Case([&](qnn::LayerNormOp o) {
              if (plan.inAttention.contains(o))
                return success();
              if (o.getGroups() != 1)
                return headNorm(o);
              norm(o, o.getGamma(), o.getBeta().value_or(TypedAttr()), true,
                   o.getEpsilon().convertToDouble(), o.getFraction());
              return success();
            })
            .Case([&](qnn::RMSNormOp o) {
              if (plan.inAttention.contains(o))
                return success();
              if (o.getGroups() != 1)
                return headNorm(o);
              norm(o, o.getGamma(), TypedAttr(), false,
                   o.getEpsilon().convertToDouble(), o.getFraction());
              return success();
            })
            .Case([&](qnn::RotaryOp o) {
              return plan.inAttention.contains(o) ? success() : turnedHeads(o);
            })
            .Case([&](qnn::GateOp o) {
              plan.gateTables[o] =
                  piecewise(*quantise::tableOf(o.getFunction().str()));
              return success();
            })
            .Case([&](qnn::TableOp o) {
              plan.gateTables[o] =
                  piecewise(*quantise::tableOf(o.getFunction().str()));
              return success();
            })
            .Case([&](qnn::BoundOp o) {
              // Padding columns of heads are 0 and stay 0.
              if (auto found = columns.find(o.getX()); found != columns.end()) {
                std::vector<int64_t> same = found->second;
                columns[o.getOut()] = std::move(same);
              }
              plan.gateTables[o] = piecewise(
                  *quantise::tableOf(o.getUpper() ? "negative" : "relu"));
              return success();
            })
            .Case([&](qnn::TokenMaxOp o) {
              if (auto found = columns.find(o.getX()); found != columns.end()) {
                std::vector<int64_t> same = found->second;
                columns[o.getOut()] = std::move(same);
              }
              plan.gateTables[o] = piecewise(*quantise::tableOf("relu"));
              return success();
            })
            .Case([&](qnn::RouteOp o) {
              route(o);
              return success();
            })
            .Case([&](qnn::PickOp o) {
              pick(o);
              return success();
            })
            .Case([&](qnn::AttentionOp o) { return attention(o); })
            .Case([&](qnn::HeadsOp o) { return heads(o); })
            .Case([&](qnn::AttendOp o) { return attend(o); })
            .Case([&](qnn::LinearOp o) { return linear(o); })
            .Case<qnn::ImportOp, qnn::SliceOp, qnn::ConcatOp, qnn::WindowsOp>(
                [&](auto o) { return place(o.getOut()); })
            .Default([](Operation *) { return success(); });
    if (failed(ok))
      return failure();
    if (!op.hasTrait<OpTrait::IsTerminator>())
      plan.tags[&op] = int32_t(1 + (count <= Tags ? tag : tag * Tags / count));
    ++tag;
  }
  plan.exponentialTable = piecewise(quantise::exponentialTable());
  if (failed(places()) || failed(outputs()))
    return failure();
  plan.kvBytesPerSequence =
      roundUp(plan.kvBytesPerSequence, machine().dramAlignment());
  return std::move(plan);
}

FailureOr<Plan> makePlan(func::FuncOp function, const Options &options,
                         const Grain &grain, QuantisedWeights &weights) {
  return Planner(function, options, grain, weights).run();
}

} // namespace dalbit::schedule
