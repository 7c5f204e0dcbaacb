// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the jobs of one entry point: the operations of a [qnn] function for
// one block of rows, in program order, with the loads of the weight stream
// placed ahead of their use.
//
// A block has `rows` tokens (1 in decode, a run-time number in prefill) at
// position `position`; everything else is fixed at compile time. Rounding,
// scales and stage order are those of the operations in QNNOps.td.

#pragma once

#include "compiler/schedule/JobBuilder.h"
#include "compiler/schedule/Loads.h"
#include "compiler/schedule/Plan.h"

#include <map>

namespace dalbit::schedule {

/// Rows of int32 in the scratchpad.
struct Rows {
  mlir::Value buffer;
  int64_t stride = 0; ///< bytes
  int64_t cols = 0;   ///< as the array sees them, heads padded
  Size start = 0;     ///< bytes to the first row in use
  mlir::Value absmax; ///< row scalars, if already known
};

/// Rows of int8 codes with their scales in row scalars; of 16 bits (A2) those
/// of the low bytes too.
struct CodeRows {
  mlir::Value buffer, scales, low, lowScales;
  int64_t stride = 0, cols = 0;
};

/// Rows of a few heads side by side, with the absolute maximum of each head of
/// each token once it is known.
struct HeadRows {
  Rows rows;
  int64_t heads = 0;
  mlir::Value absmax;
};

/// Where codes of heads and their scales go; strides in bytes from head to
/// head.
struct HeadTarget {
  mlir::Value codes;
  Size codesAt;
  int64_t codesStride = 0;
  mlir::Value scales;
  Size scalesAt;
  int64_t scalesStride = 0;
};

/// Codes or scales of heads in the scratchpad.
struct HeadSource {
  mlir::Value buffer;
  Size start;
  int64_t stride = 0; ///< bytes from head to head
};

/// A group of query heads whose attention is computed together.
struct Heads {
  int64_t first = 0; ///< of the group among all query heads
  mlir::Value queries, scales, slot;
  mlir::Value constants; ///< of the attention; null: it has none
};

/// Integers of an input in the scratchpad, one a row of the block. DMA keeps
/// their place in a beat: `before` of them are not the block's own.
struct InputWords {
  mlir::Value buffer;
  Size before = 0;
};

/// Run-time facts of a block.
struct Block {
  Size rows = 1;     ///< rows of this block
  Size position = 0; ///< of the first of them: P before the first new token
  Size first = 0;    ///< index of the first of them among those of the stage
  Size sequence = 0; ///< of the batch
  Size past = 0, tokens = 1; ///< P and T of this start
  Size headRows =
      1; ///< last rows for which logits are wanted; 0 skips the head
  Size headUsed = 1; ///< min(1, headRows)
  Size kv = 0;       ///< byte offset of this sequence's caches
};

/// What is added to scores.
struct MaskRows {
  mlir::Value buffer;
  int64_t stride = 0; ///< bytes from query to query, 0: the same for all
};

/// What is added to the scores of each head of a group.
struct BiasRows {
  mlir::Value buffer;                    ///< null: nothing
  Size start;                            ///< bytes to the block's first query
  int64_t headStride = 0, rowStride = 0; ///< bytes
};

/// What an attention sees and how its scores are made, for its softmax.
struct Scope {
  Size keys = 0;      ///< how many there are
  Size position = 0;  ///< of the block's first query among them
  bool causal = true; ///< the block's row t sees keys up to position + t
  /// Only those less than so many before, and unless causal behind; 0: all.
  int64_t window = 0;
  MaskRows mask;
  BiasRows bias;
  mlir::Value softcap; ///< table; null: scores are not capped
};

/// What is left of a softmax for attention weights.
struct Softmax {
  mlir::Value probabilities, total;
};

/// A pass over \p heads of \p size columns: its main operand is their int32.
void readHeads(Job &job, const HeadRows &heads, int64_t size);

class Emitter {
public:
  /// With \p decode, blocks have one row.
  Emitter(JobBuilder &jobs, const Plan &plan, bool decode);

  /// Loads the tables; once, before any block.
  void begin(mlir::func::FuncOp function);
  mlir::LogicalResult emitBlock(const Stage &stage, const Block &block);

private:
  const llvm::DenseMap<mlir::Operation *, AttentionPlan> &attentions() const {
    return decode ? plan.decodeAttentions : plan.attentions;
  }
  const llvm::DenseMap<mlir::Operation *, AttentionPlan> &attends() const {
    return decode ? plan.decodeAttends : plan.attends;
  }
  const std::vector<WeightChunk> &chunksOf(const LinearPlan &linear) const {
    return decode ? linear.decodeChunks : linear.chunks;
  }
  mlir::LogicalResult emit(mlir::Operation &op);
  void requestLoads(const Stage &stage);
  void requestNorm(int64_t offset, int64_t bytes);
  void requestCache(const AttentionPlan &a, int64_t index);
  /// Tag and place of the jobs that follow are those of \p op.
  void setTag(mlir::Operation *op);
  void request(Loads::Ring ring, std::function<void(mlir::Value slot)> load);
  void requestLinear(const LinearPlan &plan, size_t first, size_t count,
                     const Size &enable);

  // Emitter.cpp
  void embedding(qnn::EmbeddingOp op);
  void add(qnn::AddOp op);
  void rescale(qnn::RescaleOp op);
  void dequantize(qnn::DequantizeOp op);
  /// Brings \p columns from \p column on, which \p rows are, to the host.
  void takeOut(qnn::DequantizeOp op, const Rows &rows, int64_t column,
               int64_t columns);
  // Rows.cpp
  void norm(qnn::LayerNormOp op);
  void rmsNorm(qnn::RMSNormOp op);
  void quantize(qnn::QuantizeOp op);
  void linear(qnn::LinearOp op);
  void gate(qnn::GateOp op);
  void table(qnn::TableOp op);
  void bound(qnn::BoundOp op);
  Rows pass(mlir::Value x, llvm::StringRef label,
            const std::function<void(Job &job)> &finish);
  /// A pass over \p count rows.
  Job over(const Rows &x, const Size &count);
  /// Each row less its row scalar.
  static void subtract(Job &job, mlir::Value scalar);
  /// A reduction of each row; the job is complete with it.
  static void reduceRows(Job &job, int64_t kind, mlir::Value to);
  /// New rows as the job's result.
  Rows writeTo(Job &job, llvm::StringRef label, int64_t cols);
  // Softmax.cpp
  void softmax(qnn::SoftmaxOp op);
  // Products.cpp
  void product(qnn::ProductOp op);
  void applyScales(qnn::ApplyScalesOp op);
  // Projections.cpp
  HeadRows projection(const AttentionPlan &a, int which, int64_t index,
                      int64_t heads, mlir::Value constants);
  HeadRows turn(qnn::RotaryOp op, const HeadRows &heads);
  void headMaximum(HeadRows &heads, int64_t size);
  void loadRotaries(const Stage &stage);
  // HeadNorms.cpp
  /// The norm of each of \p heads, the first being \p first, to \p out; its
  /// constants are among \p constants.
  HeadRows headNorm(const HeadNormPlan &norm, HeadRows heads, int64_t first,
                    const Rows &out, mlir::Value constants);
  HeadRows centred(const HeadNormPlan &norm, const HeadRows &heads,
                   mlir::Value constants);
  void headNorms(mlir::Operation *op);
  // Attention.cpp
  mlir::LogicalResult attention(qnn::AttentionOp op);
  void cacheRows(const AttentionPlan &a, int64_t index, const HeadRows &source,
                 mlir::Value slot, int64_t codesInSlot, int64_t scalesInSlot,
                 int64_t codesInDram, int64_t scalesInDram);
  /// Quantises the block's rows of \p heads heads, whose absolute maxima are
  /// known; \p read sets the operand.
  void headCodes(llvm::function_ref<void(Job &)> read, int64_t heads,
                 int64_t padded, mlir::Value absmax, mlir::Value inverse,
                 mlir::Value scale, const HeadTarget &to);
  /// Writes the block's rows of keys (codes or scales) behind those in a cache;
  /// \p bytes of each head, \p stride from head to head there, \p at the place
  /// of the first row.
  void appendHeads(int64_t region, llvm::StringRef label, int64_t heads,
                   int64_t stride, const Size &bytes, const HeadSource &from,
                   int64_t offset, const Size &at);
  /// Codes and scales of a group's queries, whose absolute maxima are known.
  void queryCodes(const AttentionPlan &a, const Rows &rows, const Size &start,
                  mlir::Value absmax, Heads &group);
  Softmax softmaxGroup(const AttentionPlan &a, const Heads &group,
                       const Scope &scope, const Rows &out);
  // Sinks.cpp
  /// The exponentials of what \p pass reads less the maximum of its row,
  /// reduced to their \p sum; or those of a fraction of it more the maximum.
  static void exponentials(Job &pass, mlir::Value maximum, bool isDown,
                           mlir::Value sum);
  /// Adds the sinks of the group's heads to the sums \p total. The result is
  /// what the probabilities and their part of the sums were multiplied by.
  mlir::Value addSinks(const AttentionPlan &a, const Heads &group,
                       mlir::Value maximum, mlir::Value &total);
  // Experts.cpp
  void route(qnn::RouteOp op);
  void weigh(qnn::WeighOp op);
  // Bias.cpp
  /// Loads a group's bias for the block, whose first query is at \p position.
  void requestBias(const AttentionPlan &a, int64_t group, const Size &position,
                   const Size &keys);
  /// The next one that was requested; nothing without a bias.
  BiasRows takeBias(const AttentionPlan &a, const Size &position);
  void addToScores(Job &pass, const Scope &scope, int64_t firstKey);
  // Attend.cpp
  void heads(qnn::HeadsOp op);
  mlir::LogicalResult attend(qnn::AttendOp op);
  void addWeights(qnn::AttendOp op, const Softmax &softmax, const Size &keys,
                  Rows &sum);
  Size keysOf(qnn::AttendOp op);
  Size positionOf(qnn::AttendOp op);
  void requestCaches(qnn::AttendOp op);
  // Places.cpp
  Size placeOffset(const Place &place, const Size &row);
  Rows fetchRows(llvm::StringRef label, const Place &place, const Size &first,
                 const Size &count, mlir::Value indices = {});
  void loadRows(mlir::Value value);
  void storeRows(mlir::Value value);
  void loadMasks(const Stage &stage);
  InputWords loadInput(mlir::Value value, llvm::StringRef label,
                       const Size &first, const Size &count);

  // TokenMax.cpp
  void tokenMax(qnn::TokenMaxOp op);
  Rows hideRows(const Rows &rows, const InputWords &mask);
  Job larger(const Rows &a, const Rows &b, const Size &count);
  // Pick.cpp
  void pick(qnn::PickOp op);
  mlir::Value unequal(mlir::Value row, int64_t id, int64_t most,
                      const Size &count);
  mlir::Value rowBuffer(llvm::StringRef label, int64_t bytes);
  mlir::Value wordOf(mlir::Value scalar);
  mlir::Value numberBefore(mlir::Value number, const Size &last);

  mlir::Value scalars(llvm::StringRef label, int64_t perRow = 1);
  Rows makeRows(llvm::StringRef label, int64_t cols);
  CodeRows codes(const Rows &rows, int64_t fraction, const Size &count,
                 mlir::Value rowScales, bool isWide);
  /// Cuts the int16 of each element in two bytes.
  void splitBytes(mlir::Value wide, int64_t stride, const CodeRows &codes,
                  const Size &count);
  /// A scalar operation over rows0 x rows1 row scalars.
  Job scalarJob(llvm::StringRef op, int64_t rows0, const Size &rows1,
                mlir::Value x, mlir::Value result);
  Job stream(int64_t rows0, const Size &rows1, const Size &cols);
  void absoluteMaximum(Rows &rows, const Size &count);
  /// One product with its vector passes: \p finish completes the pass over the
  /// chunk's channels.
  void product(const LinearPlan &linear, size_t first, size_t count,
               const CodeRows &input, const Size &rows, const Size &inputStart,
               int64_t headColumns,
               const std::function<void(Job &pass, int64_t firstChannel,
                                        int64_t channels)> &finish);
  /// Whether a block whose first row is \p first may begin inside a beat of
  /// words, one a row: blocks of whole beats begin at one.
  bool beginsInside(const Size &first) const {
    return !first.isStatic() && blockRows * 4 % machine.axiBytes != 0;
  }
  /// The ids of this block, in the scratchpad.
  InputWords ids(mlir::Value input);
  /// Makes \p ids the rows that \p job gathers.
  void gather(Job &job, const InputWords &ids);
  mlir::Value nextAccumulator();
  void useTable(mlir::Value table);
  Size rowsOf(mlir::Value value) {
    return inHead.contains(value) ? block.headRows : block.rows;
  }

  /// Fraction bits as the passes' adjusts need them, words of pairs as
  /// immediates.
  static int64_t pairWord(quantise::Pair pair) {
    return pair.word() & 0xffffff;
  }

  JobBuilder &jobs;
  const Plan &plan;
  const Machine &machine;
  bool decode;
  int64_t blockRows = 1; ///< most rows of a block of this stage
  const Stage *stage = nullptr;
  Block block;
  Loads loads;
  mlir::Operation *loadUser = nullptr; ///< of the loads that are requested
  llvm::DenseMap<mlir::Value, Rows> values;
  llvm::DenseMap<mlir::Value, CodeRows> coded;
  llvm::DenseMap<mlir::Value, MaskRows> masks;
  llvm::DenseMap<mlir::Value, mlir::Value> rowScales; ///< of qnn.product
  llvm::DenseMap<mlir::Value, InputWords> idLists;
  /// Rows of rotary tables, by offset of the table and ids.
  std::map<std::pair<int64_t, void *>, mlir::Value> rotaries;
  llvm::DenseMap<mlir::Operation *, mlir::Value> gateTables;
  llvm::DenseSet<mlir::Value>
      inHead; ///< values of which only the head's rows exist
  llvm::DenseSet<mlir::Operation *>
      fused; ///< done in the pass of their producer
  llvm::SmallVector<mlir::Value> cacheSlots, accumulators;
  mlir::Value exponential, currentTable;
  unsigned nextHalf = 0;
};

} // namespace dalbit::schedule
