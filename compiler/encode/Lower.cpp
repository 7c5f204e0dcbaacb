// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/encode/Lower.h"

#include "compiler/dialect/npu/NPUOps.h"
#include "compiler/encode/LocaliseScalars.h"
#include "compiler/encode/Relevance.h"
#include "compiler/schedule/Access.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <bitset>
#include <map>

using namespace mlir;

namespace dalbit::encode {

namespace {

class Lowering {
public:
  Lowering(func::FuncOp function, std::vector<LoweredInstruction> &code)
      : function(function), code(code) {}

  LogicalResult run();
  /// The operation for which there was no register.
  Operation *crowded = nullptr;

private:
  LogicalResult block(Block &block);
  LogicalResult scalar(Operation *op);
  LogicalResult loop(scf::ForOp op);
  LogicalResult job(npu::Job job);
  void barrier(npu::BarrierOp op);

  void put(const isa::Instruction &instruction) {
    code.push_back({instruction, tag});
  }
  FailureOr<uint8_t> allocate(Operation *user);
  void release(uint8_t reg) { used.reset(reg); }
  /// The register of a value; constants get one for the moment (released by the
  /// caller).
  FailureOr<uint8_t> registerOf(Value value, Operation *user, bool &temporary);
  std::optional<int64_t> constant(Value value) {
    IntegerAttr attr;
    if (matchPattern(value, m_Constant(&attr)))
      return attr.getValue().getSExtValue();
    return std::nullopt;
  }
  void countUses();
  /// Frees the registers of values whose last use \p op is.
  void expire(Operation *op);
  LogicalResult set(isa::Unit unit, unsigned field, ArrayRef<Value> values,
                    int64_t constant, Operation *user);

  func::FuncOp function;
  std::vector<LoweredInstruction> &code;
  int32_t tag = 0, emittedTag = 0;
  std::bitset<isa::Registers> used;
  llvm::DenseMap<Value, uint8_t> registers;
  llvm::DenseMap<Operation *, SmallVector<Value>> lastUses;
  /// What each unit's fields hold: run-time parts and constant.
  using Held = std::pair<SmallVector<Value, 2>, int64_t>;
  std::map<std::pair<unsigned, unsigned>, Held> held;
  /// Units with jobs since the last barrier.
  std::bitset<npu::UnitCount> active;
};

FailureOr<uint8_t> Lowering::allocate(Operation *user) {
  for (unsigned r = 1; r < isa::Registers; ++r)
    if (!used[r]) {
      used.set(r);
      return uint8_t(r);
    }
  crowded = user;
  return failure();
}

FailureOr<uint8_t> Lowering::registerOf(Value value, Operation *user,
                                        bool &temporary) {
  temporary = false;
  if (auto number = constant(value)) {
    if (*number == 0)
      return uint8_t(0);
    FailureOr<uint8_t> reg = allocate(user);
    if (failed(reg))
      return failure();
    put(isa::makeLi(*reg, int32_t(*number)));
    temporary = true;
    return reg;
  }
  return registers.lookup(value);
}

/// The last use of a value is the last operation of the value's own block that
/// contains a use.
void Lowering::countUses() {
  auto note = [&](Value value) {
    Operation *last = nullptr;
    for (Operation *user : value.getUsers()) {
      Operation *ancestor =
          value.getParentBlock()->findAncestorOpInBlock(*user);
      if (!last || last->isBeforeInBlock(ancestor))
        last = ancestor;
    }
    if (last)
      lastUses[last].push_back(value);
  };
  function.walk([&](Block *block) {
    for (Value argument : block->getArguments())
      note(argument);
    for (Operation &op : *block)
      for (Value result : op.getResults())
        note(result);
  });
}

void Lowering::expire(Operation *op) {
  for (Value value : lastUses.lookup(op))
    if (auto found = registers.find(value); found != registers.end()) {
      // A field that was set from a register that changes owner no longer holds
      // that value.
      release(found->second);
      registers.erase(found);
    }
}

LogicalResult Lowering::scalar(Operation *op) {
  if (llvm::isa<arith::ConstantOp>(op))
    return success();
  Value a = op->getOperand(0), b = op->getOperand(1);
  if (constant(a) && op->hasTrait<OpTrait::IsCommutative>())
    std::swap(a, b);
  std::optional<int64_t> immediate = constant(b);
  bool temporaryA = false, temporaryB = false;
  FailureOr<uint8_t> ra = registerOf(a, op, temporaryA);
  FailureOr<uint8_t> rb = uint8_t(0);
  bool needsRegister = !immediate;
  if (needsRegister)
    rb = registerOf(b, op, temporaryB);
  if (failed(ra) || failed(rb))
    return failure();
  FailureOr<uint8_t> result = allocate(op);
  if (failed(result))
    return failure();
  auto both = [&](auto withImmediate, auto withRegister) {
    put(immediate ? withImmediate(*result, *ra, int32_t(*immediate))
                  : withRegister(*result, *ra, *rb));
    return success();
  };
  LogicalResult ok =
      llvm::TypeSwitch<Operation *, LogicalResult>(op)
          .Case(
              [&](arith::AddIOp) { return both(isa::makeAddI, isa::makeAdd); })
          .Case(
              [&](arith::MulIOp) { return both(isa::makeMulI, isa::makeMul); })
          .Case(
              [&](arith::MinSIOp) { return both(isa::makeMinI, isa::makeMin); })
          .Case(
              [&](arith::MaxSIOp) { return both(isa::makeMaxI, isa::makeMax); })
          .Case([&](arith::SubIOp) {
            return both([](uint8_t d, uint8_t s,
                           int32_t i) { return isa::makeAddI(d, s, -i); },
                        isa::makeSub);
          })
          .Case([&](arith::ShRUIOp) {
            if (!immediate)
              return LogicalResult(op->emitError()
                                   << "shifts by a run-time amount");
            put(isa::makeSrlI(*result, *ra, int32_t(*immediate)));
            return success();
          })
          .Case([&](arith::AndIOp) {
            if (!immediate)
              return LogicalResult(op->emitError()
                                   << "masks with a run-time value");
            put(isa::makeAndI(*result, *ra, int32_t(*immediate)));
            return success();
          })
          .Default([](Operation *o) {
            return o->emitError() << "has no scalar instruction";
          });
  registers[op->getResult(0)] = *result;
  if (temporaryA)
    release(*ra);
  if (temporaryB)
    release(*rb);
  return ok;
}

LogicalResult Lowering::set(isa::Unit unit, unsigned field,
                            ArrayRef<Value> values, int64_t number,
                            Operation *user) {
  Held wanted{SmallVector<Value, 2>(values), number};
  auto [entry, isNew] = held.try_emplace({unsigned(unit), field}, wanted);
  if (!isNew && entry->second == wanted)
    return success();
  entry->second = wanted;
  if (values.empty()) {
    put(isa::makeSetI(unit, uint8_t(field), int32_t(number)));
    return success();
  }
  uint8_t reg = registers.lookup(values[0]);
  if (values.size() == 1) {
    put(isa::makeSetR(unit, uint8_t(field), reg, int32_t(number)));
    return success();
  }
  FailureOr<uint8_t> sum = allocate(user);
  if (failed(sum))
    return failure();
  put(isa::makeAdd(*sum, reg, registers.lookup(values[1])));
  for (Value more : values.drop_front(2))
    put(isa::makeAdd(*sum, *sum, registers.lookup(more)));
  put(isa::makeSetR(unit, uint8_t(field), *sum, int32_t(number)));
  release(*sum);
  return success();
}

LogicalResult Lowering::job(npu::Job job) {
  Operation *op = job.getOperation();
  isa::Unit unit = isa::Unit(npu::getUnit(op));
  tag = job.getTag();
  if (tag != emittedTag) {
    put(isa::makeTag(uint32_t(tag)));
    emittedTag = tag;
  }
  auto valueOf = [&](StringRef name) -> std::optional<int64_t> {
    auto number = job.getFields().getAs<IntegerAttr>(name);
    if (!number || job.getBases().get(name) ||
        llvm::is_contained(job.getDynamicFields().getAsValueRange<StringAttr>(),
                           name))
      return std::nullopt;
    return number.getInt();
  };
  for (NamedAttribute entry : job.getFields()) {
    StringRef name = entry.getName();
    if (!hasEffect(unit, name, valueOf))
      continue;
    int64_t number = cast<IntegerAttr>(entry.getValue()).getInt();
    if (auto base = job.getBases().getAs<IntegerAttr>(name)) {
      int64_t index = base.getInt();
      int64_t reads = int64_t(job.getReads().size());
      Value buffer = index < reads ? job.getReads()[index]
                                   : job.getWrites()[index - reads];
      number += int64_t(*buffer.getDefiningOp<npu::BufferOp>().getAddress());
    }
    SmallVector<Value, 2> values;
    for (auto [attr, value] :
         llvm::zip(job.getDynamicFields(), job.getDynamic())) {
      if (cast<StringAttr>(attr).getValue() != name)
        continue;
      if (auto folded = constant(value))
        number += *folded;
      else
        values.push_back(value);
    }
    if (failed(set(unit, unsigned(isa::findField(unit, name.str())), values,
                   number, op)))
      return failure();
  }
  put(isa::makeGo(unit, uint16_t(job.getWait()), uint16_t(job.getSignal())));
  active.set(unsigned(unit));
  return success();
}

void Lowering::barrier(npu::BarrierOp op) {
  for (size_t i = 0; i < active.count(); ++i)
    put(isa::makeSemWait(1u << schedule::BarrierSemaphore));
  active.reset();
}

LogicalResult Lowering::loop(scf::ForOp op) {
  bool temporary;
  FailureOr<uint8_t> count = registerOf(op.getUpperBound(), op, temporary);
  if (failed(count))
    return failure();
  FailureOr<uint8_t> counter = allocate(op);
  if (failed(counter))
    return failure();
  registers[op.getInductionVar()] = *counter;
  // The body increments first, so that its length is known whatever ends it.
  put(isa::makeLi(*counter, -1));
  size_t head = code.size();
  put(isa::makeLoop(*count, 0));
  put(isa::makeAddI(*counter, *counter, 1));
  held.clear();
  emittedTag = -1;
  // The induction variable lives to the end of the body.
  for (auto &[user, values] : lastUses)
    llvm::erase(values, op.getInductionVar());
  if (failed(block(*op.getBody())))
    return failure();
  code[head].instruction.target = int32_t(code.size() - head - 1);
  held.clear();
  emittedTag = -1;
  registers.erase(op.getInductionVar());
  release(*counter);
  if (temporary)
    release(*count);
  return success();
}

LogicalResult Lowering::block(Block &block) {
  for (Operation &op : block) {
    LogicalResult ok =
        llvm::TypeSwitch<Operation *, LogicalResult>(&op)
            .Case([&](npu::BufferOp) { return success(); })
            .Case([&](npu::BarrierOp o) { return barrier(o), success(); })
            .Case([&](scf::ForOp o) { return loop(o); })
            .Case<scf::YieldOp>([](Operation *) { return success(); })
            .Case([&](func::ReturnOp) {
              put(isa::makeHalt());
              return success();
            })
            .Default([&](Operation *o) {
              if (auto unitJob = dyn_cast<npu::Job>(o))
                return job(unitJob);
              return scalar(o);
            });
    if (failed(ok))
      return failure();
    expire(&op);
  }
  return success();
}

LogicalResult Lowering::run() {
  used.set(0);
  unsigned next = 1;
  for (Value argument : function.getArguments()) {
    registers[argument] = uint8_t(next);
    used.set(next++);
  }
  countUses();
  return block(function.getBody().front());
}

} // namespace

/// Operations over which a scalar may wait in a register, tried in turn.
constexpr int64_t Distances[] = {INT64_MAX, 64, 16, 4};

LogicalResult lower(func::FuncOp function,
                    std::vector<LoweredInstruction> &code) {
  Operation *crowded = nullptr;
  for (int64_t distance : Distances) {
    if (distance != INT64_MAX)
      localiseScalars(function, distance);
    std::vector<LoweredInstruction> lowered;
    Lowering lowering(function, lowered);
    if (succeeded(lowering.run())) {
      code.insert(code.end(), lowered.begin(), lowered.end());
      return success();
    }
    crowded = lowering.crowded;
    if (!crowded)
      return failure(); // another error, which has been told
  }
  return crowded->emitError()
         << "needs more than " << isa::Registers - 1 << " scalar registers";
}

} // namespace dalbit::encode
