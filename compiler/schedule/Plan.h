// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What both entry points (prefill, decode) share: the geometry of the model on
// the machine, the places of all data in the DRAM regions, and the stream of
// weights in the order of use.

#pragma once

#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/quantise/Weights.h"
#include "compiler/schedule/Machine.h"
#include "compiler/schedule/Places.h"
#include "compiler/schedule/Stages.h"
#include "isa/binary/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

#include <array>
#include <functional>
#include <memory>

namespace dalbit::schedule {

struct Options {
  Machine machine;
  int64_t maxContext = 0; ///< largest P + T
  int64_t maxBatch = 1;
};

/// A slot's worth of the weight stream: a block of `channels` x `depth`
/// weights; the last block along K carries the pairs and biases of its channels
/// behind the tiles.
struct WeightChunk {
  int64_t offset = 0;             ///< in region weights
  int64_t bytes = 0;              ///< in the slot
  int64_t channels = 0;           ///< padded to whole n-tiles
  int64_t firstLane = 0;          ///< along K
  int64_t depth = 0;              ///< lanes along K
  bool first = true, last = true; ///< along K
  int64_t pairOffset = 0;         ///< in the chunk: channel pairs, then biases
  int64_t biasOffset = 0;
  int64_t tiles = 0; ///< bytes of the tiles
  /// Of a part of a row's chunk: where its own pairs are in region weights, and
  /// bytes from them to its biases. 0: the chunk lies there as in the slot.
  int64_t pairs = 0, pairsToBiases = 0;
};

/// A linear layer cut into chunks, channels outermost.
struct LinearPlan {
  std::vector<WeightChunk> chunks;
  /// For blocks of one row, whose sums leave room for more channels: as they
  /// lie in region weights, each one or several of the others.
  std::vector<WeightChunk> decodeChunks;
  int64_t k = 0, n = 0; ///< padded sizes as the array sees them
  int64_t inner = 0;    ///< fraction bits after the first scale
  quantise::WeightForm form = quantise::WeightForm::W8;
};

struct NormPlan {
  int64_t offset = 0; ///< in region const: gamma pairs, then betas
  int64_t betaOffset = 0, bytes = 0;
  quantise::QuantisedNorm numbers;
};

/// A norm of each head of queries or keys. Its constants, of one head or of
/// each: gammas, then betas, then which of the columns are real.
struct HeadNormPlan {
  quantise::QuantisedNorm numbers;
  bool isCentred = false; ///< qnn.layer_norm
  int64_t size = 0;       ///< columns of a head as stored
  int64_t group = 0;      ///< heads computed together
  int64_t offset = 0;     ///< behind what is loaded with it
  int64_t stride = 0;     ///< bytes to the next head's; 0: all have the same
  /// Bytes behind the gammas; 0: there are none.
  int64_t betaOffset = 0, realOffset = 0;
  int64_t bytes = 0;
};

/// How a query, key or value comes about: a linear layer, perhaps normalised by
/// heads, perhaps turned by positions. All of it is done beside the attention.
struct Projection {
  qnn::LinearOp linear;
  mlir::Operation *norm = nullptr; ///< qnn.rms_norm or qnn.layer_norm
  qnn::RotaryOp rotary;
};

/// Numbers that are added to the scores of each head (Bias.cpp).
struct BiasPlan {
  int64_t offset = 0;     ///< in region const
  int64_t headStride = 0; ///< bytes from head to head; 0: there is none
  int64_t words = 0;      ///< of a beat
  /// By distance: bytes from copy to copy, else 0; the word of distance 0 for
  /// position 0.
  int64_t copyStride = 0, origin = 0;
  /// By query: bytes from row to row; position of the first one.
  int64_t rowStride = 0, before = 0;

  /// Rows in the scratchpad of a block of \p rows.
  int64_t rowsFor(int64_t rows) const {
    return copyStride && rows > 1 ? roundUp(rows + words - 1, words) : rows;
  }
};

/// One attention operation: query heads in groups that are computed together,
/// key/value heads in groups that share a slot of the cache ring. Heads that
/// share a key head are rows of one product.
struct AttentionPlan {
  int64_t heads = 0, kvHeads = 0;        ///< real ones
  int64_t size = 0;                      ///< real columns of a head
  int64_t paddedSize = 0;                ///< columns as stored: a multiple of n
  int64_t group = 0;                     ///< query heads computed together
  int64_t kvGroup = 0;                   ///< key/value heads of a slot
  int64_t keyChunk = 0;                  ///< keys of one matrix job
  int64_t maxKeys = 0;                   ///< most keys
  int64_t context = 0;                   ///< keys there is room for, padded
  std::array<Projection, 3> projections; ///< query, key, value
  std::array<LinearPlan, 3> linears;     ///< chunks in groups of heads
  std::array<HeadNormPlan, 2> headNorms; ///< query, key
  int64_t headNormBytes = 0;             ///< of both together
  /// Head norms, then sinks, in region const.
  int64_t constantsOffset = 0, constantsBytes = 0;
  /// Bytes from one head's sink to the next; 0: there are none.
  int64_t sinkStride = 0;
  /// Real column in each stored column of queries and keys; -1 is padding.
  std::vector<int64_t> keyOrder;
  int64_t keyCodes = 0, valueCodes = 0, keyScales = 0,
          valueScales = 0; ///< offsets in region kv
  quantise::AttentionNumbers numbers;
  quantise::Table softcap; ///< no words: scores are not capped
  BiasPlan bias;

  int64_t slots() const { return kvHeads / kvGroup; }
  int64_t groupsPerSlot() const { return heads / slots() / group; }
  bool sharesKeys() const { return heads != kvHeads; }
  /// Keys and values of \p some heads, with their scales.
  int64_t cacheBytes(int64_t some) const {
    return 2 * some * context * (paddedSize + 4);
  }
  int64_t cacheBytes() const { return cacheBytes(kvGroup); }
  /// Of a group's scores for a block of \p rows, with what is made of them.
  int64_t scoreBytes(int64_t rows) const { return group * rows * context * 6; }
  /// Of a group's bias for a block of \p rows.
  int64_t biasBytes(int64_t rows) const {
    return bias.headStride ? group * bias.rowsFor(rows) * context * 4 : 0;
  }
};

/// Cosines and sines by position, in region const.
struct RotaryPlan {
  int64_t offset = 0, rows = 0;
  int64_t stride = 0; ///< bytes of a row: `half` cosines, `half` sines, int16
  int64_t half = 0;   ///< columns of half a head
};

/// How much is computed at a time.
struct Grain {
  int64_t block; ///< rows of a prefill block
  int64_t heads; ///< most heads of an attention
  /// Caches of a slot are at most one of so many parts of the scratchpad.
  int64_t cacheParts;
};

/// Everything of a model that does not depend on the entry point.
struct Plan {
  Options options;
  Grain grain;
  int64_t context = 0; ///< maxContext
  int64_t paddedContext = 0;
  llvm::DenseMap<mlir::Operation *, LinearPlan> linears;
  llvm::DenseMap<mlir::Operation *, NormPlan> norms;
  /// Those of single heads have their place there, too.
  llvm::DenseMap<mlir::Operation *, HeadNormPlan> headNorms;
  llvm::DenseMap<mlir::Operation *, AttentionPlan> attentions;
  /// The same for blocks of one row, which have room for more heads at a time;
  /// caches and weights lie where they lie.
  llvm::DenseMap<mlir::Operation *, AttentionPlan> decodeAttentions;
  llvm::DenseMap<mlir::Operation *, int64_t>
      tables; ///< embeddings: offset in region const
  int64_t exponentialTable = 0;
  llvm::DenseMap<mlir::Operation *, int64_t> gateTables;
  llvm::DenseMap<mlir::Operation *, RotaryPlan> rotaries;
  /// Linear layers, norms and rotary embeddings that are scheduled with the
  /// attention that grows with its cache.
  llvm::DenseSet<mlir::Operation *> inAttention;
  /// Attention over complete keys; projections are layers of their own.
  llvm::DenseMap<mlir::Operation *, AttentionPlan> attends, decodeAttends;
  /// Codes of keys and values, by the value of the codes.
  llvm::DenseMap<mlir::Value, CachePlace> caches;
  /// Where a value's rows are loaded from, and all places they are stored to.
  llvm::DenseMap<mlir::Value, Place> places;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Place, 1>> stores;
  /// What the host writes as integers: ids, positions, masks.
  llvm::MapVector<mlir::Value, Place> inputs;
  llvm::DenseMap<mlir::Operation *, Place> outputs; ///< by qnn.dequantize
  llvm::SmallVector<Stage> prefill, decode; ///< decode is empty if impossible
  int64_t constBytes = 0, weightBytes = 0, kvBytesPerSequence = 0;
  int64_t inputBytes = 0, outputBytes = 0, workspaceBytes = 0;
  /// Of all data in DRAM, code left out.
  int64_t bytes() const {
    return constBytes + weightBytes + kvBytesPerSequence * options.maxBatch +
           inputBytes + outputBytes + workspaceBytes;
  }
  /// Writes the contents of const and weights; kept apart so that a trial plan
  /// costs nothing.
  std::vector<std::function<void(std::vector<uint8_t> &constants,
                                 std::vector<uint8_t> &weights)>>
      fills;

  /// Most rows of a stage, and of one block of it.
  int64_t mostRows(int64_t rows) const {
    return rows == TokenRows ? context : rows;
  }
  int64_t blockRows(int64_t rows) const {
    return std::min(grain.block, mostRows(rows));
  }

  /// Tag and name of each operation of the function; tag 0 is what belongs to
  /// none.
  llvm::MapVector<mlir::Operation *, int32_t> tags;
};

/// Linear layers in integers, each made once however many plans are tried and
/// however many parts they cut it into.
class QuantisedWeights {
public:
  std::shared_ptr<const quantise::QuantisedLinear> of(qnn::LinearOp op);

private:
  llvm::DenseMap<mlir::Operation *,
                 std::shared_ptr<const quantise::QuantisedLinear>>
      linears;
};

/// Lays out \p function with as much at a time as \p grain says. Fails with an
/// error on operations that the schedules do not cover.
mlir::FailureOr<Plan> makePlan(mlir::func::FuncOp function,
                               const Options &options, const Grain &grain,
                               QuantisedWeights &weights);

/// What is behind \p value, if each step has one user; no linear layer if
/// there is something else behind it.
Projection projectionOf(mlir::Value value);

/// The weight form of a linear operation.
quantise::WeightForm formOf(qnn::LinearOp op);

} // namespace dalbit::schedule
