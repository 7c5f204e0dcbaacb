// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/quantise/NNToQNN.h"

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/onnx/OnnxOps.h"
#include "compiler/dialect/onnx/Weight.h"
#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/quantise/Weights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace dalbit::quantise {

namespace {

class Converter {
public:
  Converter(func::FuncOp function, const Options &options)
      : function(function), options(options), builder(function.getContext()) {}

  LogicalResult run();

private:
  LogicalResult convert(Operation *op);
  LogicalResult embedding(nn::EmbeddingOp op);
  LogicalResult add(nn::AddOp op);
  LogicalResult norm(nn::LayerNormOp op);
  LogicalResult linear(nn::LinearOp op);
  LogicalResult gelu(nn::GeluOp op);
  LogicalResult attention(nn::AttentionOp op);
  LogicalResult results(func::ReturnOp op);

  RankedTensorType withElement(Value value, Type element) {
    return RankedTensorType::get(
        cast<RankedTensorType>(value.getType()).getShape(), element);
  }
  RankedTensorType fixedLike(Value value) {
    return withElement(value, builder.getI32Type());
  }
  RankedTensorType rowsOf(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return RankedTensorType::get(type.getShape().drop_back(),
                                 builder.getI32Type());
  }
  TypedAttr constantOf(Value value);
  std::pair<Value, Value> codesOf(Value fixed, int64_t fraction);
  std::pair<Value, Value> cacheOf(Value past);
  FailureOr<Value> fixedOf(Value value, Operation *user);

  func::FuncOp function;
  const Options &options;
  OpBuilder builder;
  /// Integer form of each float value, with its fraction bits.
  llvm::DenseMap<Value, std::pair<Value, int64_t>> fixed;
  llvm::DenseMap<Value, std::pair<Value, Value>> codes, caches;
};

TypedAttr Converter::constantOf(Value value) {
  auto constant =
      value ? value.getDefiningOp<nn::ConstantOp>() : nn::ConstantOp();
  return constant ? cast<TypedAttr>(constant.getValue()) : TypedAttr();
}

FailureOr<Value> Converter::fixedOf(Value value, Operation *user) {
  auto found = fixed.find(value);
  if (found != fixed.end())
    return found->second.first;
  auto type = cast<RankedTensorType>(value.getType());
  TypedAttr rows = constantOf(value);
  if (!rows || type.getRank() != 3 || type.getDimSize(0) != 1)
    return user->emitError()
           << "operand is not computed on the NPU: float graph inputs and "
              "constants are not supported here";
  // Positions of a graph that was exported at one fixed length.
  SmallVector<float> floats;
  onnx::readWeight(rows, floats);
  auto table = DenseElementsAttr::get(
      RankedTensorType::get(type.getShape().drop_front(), builder.getF32Type()),
      ArrayRef<float>(floats));
  Value out = builder.create<qnn::PositionsOp>(
      user->getLoc(), fixedLike(value), cast<TypedAttr>(Attribute(table)),
      builder.getI64IntegerAttr(ResidualFraction), builder.getUnitAttr());
  fixed[value] = {out, ResidualFraction};
  return out;
}

/// The codes of a row are made once, however many products use them.
std::pair<Value, Value> Converter::codesOf(Value value, int64_t fraction) {
  auto [entry, isNew] = codes.try_emplace(value);
  if (isNew) {
    auto op = builder.create<qnn::QuantizeOp>(
        value.getLoc(), withElement(value, builder.getI8Type()), rowsOf(value),
        value, fraction);
    entry->second = {op.getCodes(), op.getScales()};
  }
  return entry->second;
}

std::pair<Value, Value> Converter::cacheOf(Value past) {
  if (!past)
    return {};
  auto [entry, isNew] = caches.try_emplace(past);
  if (isNew) {
    auto op = builder.create<qnn::ImportCacheOp>(
        past.getLoc(), withElement(past, builder.getI8Type()), rowsOf(past),
        past);
    entry->second = {op.getCodes(), op.getScales()};
  }
  return entry->second;
}

LogicalResult Converter::embedding(nn::EmbeddingOp op) {
  TypedAttr table = constantOf(op.getTable());
  if (!table)
    return op.emitError() << "embedding table is not a constant";
  Value out;
  if (op.getIds().getDefiningOp<nn::PositionIdsOp>())
    out = builder.create<qnn::PositionsOp>(
        op.getLoc(), fixedLike(op.getOut()), table,
        builder.getI64IntegerAttr(ResidualFraction), UnitAttr());
  else if (llvm::isa<BlockArgument>(op.getIds()))
    out =
        builder.create<qnn::EmbeddingOp>(op.getLoc(), fixedLike(op.getOut()),
                                         op.getIds(), table, ResidualFraction);
  else
    return op.emitError() << "embedding ids are computed in the graph; only "
                             "graph inputs and positions "
                             "are supported";
  fixed[op.getOut()] = {out, ResidualFraction};
  return success();
}

LogicalResult Converter::add(nn::AddOp op) {
  FailureOr<Value> a = fixedOf(op.getA(), op), b = fixedOf(op.getB(), op);
  if (failed(a) || failed(b))
    return failure();
  int64_t fa = fixed[op.getA()].second, fb = fixed[op.getB()].second;
  if (fa != fb)
    return op.emitError() << "summands have " << fa << " and " << fb
                          << " fraction bits";
  // The operand that has the result's shape comes first.
  if (cast<ShapedType>(a->getType()).getShape() !=
      op.getOut().getType().getShape())
    std::swap(a, b);
  Value out =
      builder.create<qnn::AddOp>(op.getLoc(), fixedLike(op.getOut()), *a, *b);
  fixed[op.getOut()] = {out, fa};
  return success();
}

LogicalResult Converter::norm(nn::LayerNormOp op) {
  FailureOr<Value> x = fixedOf(op.getX(), op);
  TypedAttr gamma = constantOf(op.getGamma()), beta = constantOf(op.getBeta());
  if (failed(x))
    return failure();
  if (!gamma || (op.getBeta() && !beta))
    return op.emitError() << "gamma or beta is not a constant";
  if (fixed[op.getX()].second != ResidualFraction)
    return op.emitError() << "input of a normalisation is itself normalised; "
                             "not supported yet";
  SmallVector<float> g, b;
  onnx::readWeight(gamma, g);
  if (beta)
    onnx::readWeight(beta, b);
  int64_t fraction = normFraction(g, b);
  Value out = builder.create<qnn::LayerNormOp>(
      op.getLoc(), fixedLike(op.getOut()), *x, gamma, beta, op.getEpsilonAttr(),
      builder.getI64IntegerAttr(fraction));
  fixed[op.getOut()] = {out, fraction};
  return success();
}

LogicalResult Converter::linear(nn::LinearOp op) {
  FailureOr<Value> x = fixedOf(op.getX(), op);
  TypedAttr weight = constantOf(op.getWeight()),
            bias = constantOf(op.getBias());
  if (failed(x))
    return failure();
  if (!weight || (op.getBias() && !bias))
    return op.emitError() << "weight or bias is not a constant";
  auto [c, s] = codesOf(*x, fixed[op.getX()].second);
  Value out = builder.create<qnn::LinearOp>(
      op.getLoc(), fixedLike(op.getOut()), c, s, weight, bias,
      builder.getStringAttr(options.weights),
      builder.getI64IntegerAttr(ResidualFraction));
  fixed[op.getOut()] = {out, ResidualFraction};
  return success();
}

LogicalResult Converter::gelu(nn::GeluOp op) {
  FailureOr<Value> x = fixedOf(op.getX(), op);
  if (failed(x))
    return failure();
  if (fixed[op.getX()].second != ResidualFraction)
    return op.emitError() << "input of gelu is not in the residual format";
  Value out = builder.create<qnn::GateOp>(
      op.getLoc(), fixedLike(op.getOut()), *x,
      builder.getStringAttr(op.getApproximate() == "tanh" ? "gelu_tanh"
                                                          : "gelu_erf"));
  fixed[op.getOut()] = {out, ResidualFraction};
  return success();
}

LogicalResult Converter::attention(nn::AttentionOp op) {
  FailureOr<Value> q = fixedOf(op.getQuery(), op), k = fixedOf(op.getKey(), op),
                   v = fixedOf(op.getValue(), op);
  if (failed(q) || failed(k) || failed(v))
    return failure();
  Value mask;
  if (op.getKeyMask()) {
    auto source = op.getKeyMask().getDefiningOp<nn::KeyMaskOp>();
    if (!source || !llvm::isa<BlockArgument>(source.getMask()))
      return op.emitError() << "attention mask is not a graph input";
    auto [entry, isNew] = fixed.try_emplace(source.getOut());
    if (isNew)
      entry->second = {
          builder.create<qnn::ImportMaskOp>(
              source.getLoc(), fixedLike(source.getOut()), source.getMask()),
          ResidualFraction};
    mask = entry->second.first;
  }
  // One new token sees all keys, causal or not.
  bool causal = op.getCausal() || op.getQuery().getType().getDimSize(1) == 1;
  auto [pastKey, pastKeyScales] = cacheOf(op.getPastKey());
  auto [pastValue, pastValueScales] = cacheOf(op.getPastValue());
  Value presentKey = op.getPresentKey(), presentValue = op.getPresentValue();
  auto out = builder.create<qnn::AttentionOp>(
      op.getLoc(),
      TypeRange{
          fixedLike(op.getOut()), withElement(presentKey, builder.getI8Type()),
          rowsOf(presentKey), withElement(presentValue, builder.getI8Type()),
          rowsOf(presentValue)},
      *q, *k, *v, pastKey, pastKeyScales, pastValue, pastValueScales, mask,
      op.getHeadsAttr(), op.getKvHeadsAttr(), builder.getBoolAttr(causal),
      op.getScaleAttr());
  fixed[op.getOut()] = {out.getOut(), ResidualFraction};
  caches[presentKey] = {out.getPresentKey(), out.getPresentKeyScales()};
  caches[presentValue] = {out.getPresentValue(), out.getPresentValueScales()};
  return success();
}

LogicalResult Converter::results(func::ReturnOp op) {
  SmallVector<Value> operands;
  for (Value value : op.getOperands()) {
    if (auto found = caches.find(value); found != caches.end()) {
      operands.push_back(builder.create<qnn::ExportCacheOp>(
          op.getLoc(), value.getType(), found->second.first,
          found->second.second));
      continue;
    }
    FailureOr<Value> result = fixedOf(value, op);
    if (failed(result))
      return failure();
    operands.push_back(builder.create<qnn::DequantizeOp>(
        op.getLoc(), value.getType(), *result,
        builder.getI64IntegerAttr(fixed[value].second)));
  }
  builder.create<func::ReturnOp>(op.getLoc(), operands);
  return success();
}

LogicalResult Converter::convert(Operation *op) {
  builder.setInsertionPoint(op);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](nn::EmbeddingOp o) { return embedding(o); })
      .Case([&](nn::AddOp o) { return add(o); })
      .Case([&](nn::LayerNormOp o) { return norm(o); })
      .Case([&](nn::LinearOp o) { return linear(o); })
      .Case([&](nn::GeluOp o) { return gelu(o); })
      .Case([&](nn::AttentionOp o) { return attention(o); })
      .Case([&](func::ReturnOp o) { return results(o); })
      .Case<nn::ConstantOp, nn::PositionIdsOp, nn::KeyMaskOp, onnx::ConstantOp,
            onnx::NoneOp>(
          [](Operation *) { return success(); }) // taken up by their users
      .Default([](Operation *o) {
        InFlightDiagnostic error = o->emitError()
                                   << "the NPU cannot run this operation yet: ";
        if (auto type = o->getAttrOfType<StringAttr>("op_type"))
          error << type.getValue();
        else
          error << o->getName();
        return LogicalResult(error);
      });
}

LogicalResult Converter::run() {
  SmallVector<Operation *> old;
  for (Operation &op : function.getBody().front())
    old.push_back(&op);
  for (Operation *op : old)
    if (failed(convert(op)))
      return failure();
  for (Operation *op : llvm::reverse(old))
    op->erase();
  return success();
}

} // namespace

LogicalResult convertToQNN(ModuleOp module, const Options &options) {
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(Converter(function, options).run()))
      return failure();
  return success();
}

} // namespace dalbit::quantise
