// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/schedule/Stages.h"

#include <map>

using namespace mlir;

namespace dalbit::schedule {

/// T where the file fixes it and attention has as many queries; else dynamic.
static int64_t attendingTokensOf(func::FuncOp function) {
  auto sizes = function->getAttrOfType<DictionaryAttr>("dalbit.sizes");
  auto tokens = sizes ? sizes.getAs<IntegerAttr>("T") : IntegerAttr();
  bool grows = false;
  function.walk([&](qnn::AttentionOp op) {
    grows |= tokens &&
             cast<RankedTensorType>(op.getQuery().getType()).getDimSize(1) ==
                 tokens.getInt();
  });
  return grows ? tokens.getInt() : ShapedType::kDynamic;
}

/// Rows of a value where \p fixedTokens rows stand for any number.
static int64_t rowsWith(int64_t fixedTokens, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() < 3)
    return 1;
  int64_t rows = type.getDimSize(1);
  return ShapedType::isDynamic(rows) || rows == fixedTokens ? TokenRows : rows;
}

bool isPlace(Value value) {
  return llvm::isa_and_nonnull<qnn::ImportOp, qnn::PositionsOp, qnn::SliceOp,
                               qnn::ConcatOp, qnn::WindowsOp>(
      value.getDefiningOp());
}

/// What the host does.
static bool isBorder(Operation *op) {
  return llvm::isa<qnn::ImportCacheOp, qnn::ExportCacheOp, qnn::StackCachesOp,
                   qnn::ImportMaskOp, qnn::ImportScoresOp, qnn::MaskPositionsOp,
                   qnn::EmptyOp, qnn::TopKOp, func::ReturnOp>(op);
}

static bool isRowValue(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && (type.getElementType().isInteger(32) ||
                  type.getElementType().isInteger(8));
}

static bool isDecodableWith(int64_t fixedTokens, func::FuncOp function) {
  bool decodable = false;
  for (Operation &op : function.getBody().front()) {
    if (auto attention = dyn_cast<qnn::AttentionOp>(op))
      decodable |= rowsWith(fixedTokens, attention.getOut()) == TokenRows;
    // Ids alone: without attention every token is computed by itself.
    if (llvm::isa<qnn::EmbeddingOp>(op))
      decodable |= rowsWith(fixedTokens, op.getResult(0)) == TokenRows;
    if (auto heads = dyn_cast<qnn::HeadsOp>(op)) {
      bool tokens = rowsWith(fixedTokens, heads.getX()) == TokenRows;
      if (tokens && !heads.getPastCodes())
        return false;
      decodable |= tokens;
    }
    if (llvm::isa<qnn::SliceOp, qnn::ConcatOp, qnn::WindowsOp, qnn::PickOp,
                  qnn::TokenMaxOp>(op))
      for (Value operand : op.getOperands())
        if (isRowValue(operand) && rowsWith(fixedTokens, operand) == TokenRows)
          return false;
    if (llvm::isa<qnn::ImportOp>(op) &&
        rowsWith(fixedTokens, op.getResult(0)) == TokenRows)
      return false;
  }
  return decodable;
}

int64_t fixedTokensOf(func::FuncOp function) {
  int64_t tokens = attendingTokensOf(function);
  return isDecodableWith(tokens, function) ? tokens : ShapedType::kDynamic;
}

int64_t rowsOf(func::FuncOp function, Value value) {
  return rowsWith(fixedTokensOf(function), value);
}

bool isDecodable(func::FuncOp function) {
  return isDecodableWith(attendingTokensOf(function), function);
}

namespace {

class StageBuilder {
public:
  StageBuilder(func::FuncOp function, bool decode)
      : function(function), decode(decode) {}

  FailureOr<SmallVector<Stage>> run();

private:
  int64_t rowsOfOp(Operation *op) {
    // Codes of keys have their heads in between.
    if (auto heads = dyn_cast<qnn::HeadsOp>(op))
      return rowsOf(function, heads.getX());
    if (auto output = dyn_cast<qnn::DequantizeOp>(op))
      return rowsOf(function, output.getX());
    // One row comes of all.
    if (auto largest = dyn_cast<qnn::TokenMaxOp>(op))
      return rowsOf(function, largest.getX());
    return rowsOf(function, op->getResult(0));
  }
  /// Whether \p op takes operand \p index row by row, from its own stage.
  bool isRowByRow(Operation *op, unsigned index) {
    if (isPlace(op->getResults().empty() ? Value() : op->getResult(0)) ||
        llvm::isa<qnn::PickOp>(op) ||
        llvm::isa_and_nonnull<qnn::TokenMaxOp>(
            op->getOperand(index).getDefiningOp()))
      return false;
    if (llvm::isa<qnn::AttendOp>(op))
      return index == 0;
    if (llvm::isa<qnn::AttentionOp>(op))
      return index < 3;
    // One row for all.
    return !llvm::isa<qnn::AddOp>(op) ||
           rowsOf(function, op->getOperand(index)) == rowsOfOp(op);
  }
  /// The stage level from which \p value can be taken from memory.
  int64_t readyLevel(Value value) const {
    Operation *op = value.getDefiningOp();
    auto found = levels.find(op);
    if (found == levels.end())
      return 0;
    return isPlace(value) ? found->second : found->second + 1;
  }
  void setLevel(Operation *op);
  void addLoads(Stage &stage, Operation *op);
  LogicalResult checkCodes(const Stage &stage, Operation *op);

  func::FuncOp function;
  bool decode;
  llvm::DenseMap<Operation *, int64_t> levels;
  std::map<int64_t, Value> windows; ///< that a level has
};

} // namespace

void StageBuilder::setLevel(Operation *op) {
  int64_t level = 0;
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    Operation *source = operand.getDefiningOp();
    if (!source || !levels.contains(source))
      continue;
    bool sameStage = isRowByRow(op, unsigned(index)) && !isPlace(operand);
    level = std::max(level,
                     sameStage ? levels.lookup(source) : readyLevel(operand));
    // A place that is put together with others is copied before.
    if (llvm::isa<qnn::ConcatOp>(op) && isPlace(operand))
      level = std::max(level, readyLevel(operand) + 1);
  }
  // A stage loads the rows of all its places at once, and windows are long:
  // those of several (parts of a convolution) come one after the other.
  for (Value operand : op->getOperands())
    if (operand.getDefiningOp<qnn::WindowsOp>())
      while (windows.try_emplace(level, operand).first->second != operand)
        ++level;
  levels[op] = level;
}

/// Fills loads for operands that do not come from the stage itself.
void StageBuilder::addLoads(Stage &stage, Operation *op) {
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    if (llvm::isa<qnn::AttendOp>(op) && index > 0)
      break; // caches and masks have their own ways
    if (llvm::isa<qnn::AttentionOp>(op) && index > 2)
      break;
    if (llvm::isa<qnn::TokenMaxOp>(op) && index > 0)
      break;
    if (llvm::isa<qnn::PickOp>(op) || !isRowValue(operand))
      continue;
    Operation *source = operand.getDefiningOp();
    if (source && !isBorder(source) && !stage.contains(source))
      stage.loads.insert(operand);
  }
}

LogicalResult StageBuilder::checkCodes(const Stage &stage, Operation *op) {
  for (Value operand : op->getOperands())
    if (auto quantize = operand.getDefiningOp<qnn::QuantizeOp>();
        quantize && !stage.contains(quantize))
      return op->emitError()
             << "quantised rows are used after all rows of the sequence were "
                "needed in between; the NPU has no place for them";
  return success();
}

FailureOr<SmallVector<Stage>> StageBuilder::run() {
  std::map<std::pair<int64_t, int64_t>, Stage> stages;
  // Quantised rows are made where they are used first: their level is that of
  // their first user, which comes later in the order.
  SmallVector<Operation *> order;
  for (Operation &op : function.getBody().front())
    if (!isBorder(&op))
      order.push_back(&op);
  for (Operation *op : order) {
    bool skipped =
        decode &&
        !isPlace(op->getResults().empty() ? Value() : op->getResult(0)) &&
        rowsOfOp(op) != TokenRows;
    if (!skipped)
      setLevel(op);
  }
  for (Operation *op : llvm::reverse(order))
    if (llvm::isa<qnn::QuantizeOp>(op) && levels.contains(op)) {
      int64_t first = INT64_MAX;
      for (Operation *user : op->getUsers())
        if (auto found = levels.find(user); found != levels.end())
          first = std::min(first, found->second);
      if (first != INT64_MAX)
        levels[op] = std::max(levels[op], first);
    }
  for (Operation *op : order) {
    if (!levels.contains(op) ||
        isPlace(op->getResults().empty() ? Value() : op->getResult(0)))
      continue;
    Stage &stage = stages[{levels.lookup(op), rowsOfOp(op)}];
    stage.rows = rowsOfOp(op);
    stage.ops.push_back(op);
  }
  // Parts of a concatenation that no stage makes are copied.
  function.walk([&](qnn::ConcatOp op) {
    for (Value part : op.getParts()) {
      Operation *source = part.getDefiningOp();
      if (!isPlace(part) || (decode && rowsOf(function, part) != TokenRows))
        continue;
      int64_t rows = rowsOf(function, part);
      Stage &stage = stages[{levels.lookup(source), rows}];
      stage.rows = rows;
      stage.loads.insert(part);
      stage.stores.insert(part);
    }
  });
  for (auto &[key, stage] : stages) {
    for (Operation *op : stage.ops) {
      if (failed(checkCodes(stage, op)))
        return failure();
      addLoads(stage, op);
    }
  }
  // Everything that somebody loads, or that a place is made of, is stored.
  auto isNeeded = [&](Value value, const Stage &own) {
    for (Operation *user : value.getUsers()) {
      if (isPlace(user->getResults().empty() ? Value() : user->getResult(0)) ||
          llvm::isa<qnn::PickOp>(user))
        return true;
      for (auto &[key, other] : stages)
        if (&other != &own && other.contains(user) &&
            other.loads.contains(value))
          return true;
    }
    return false;
  };
  SmallVector<Stage> result;
  for (auto &[key, stage] : stages) {
    for (Operation *op : stage.ops)
      for (Value value : op->getResults())
        if (!llvm::isa<qnn::HeadsOp, qnn::QuantizeOp, qnn::DequantizeOp>(op) &&
            value == op->getResult(0) && isNeeded(value, stage))
          stage.stores.insert(value);
    result.push_back(std::move(stage));
  }
  return result;
}

FailureOr<SmallVector<Stage>> stagesOf(func::FuncOp function, bool decode) {
  return StageBuilder(function, decode).run();
}

} // namespace dalbit::schedule
