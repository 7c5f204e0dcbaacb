// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk from [nn] to [qnn]: each operation of a function in order, with the
// integer form of every value made so far. One family of operations a file.

#pragma once

#include "compiler/dialect/nn/NNOps.h"
#include "compiler/dialect/qnn/QNNOps.h"
#include "compiler/quantise/NNToQNN.h"
#include "compiler/quantise/Weights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace dalbit::quantise {

class Converter {
public:
  Converter(mlir::func::FuncOp function, const Options &options)
      : function(function), options(options), builder(function.getContext()) {}

  mlir::LogicalResult run();

private:
  mlir::LogicalResult convert(mlir::Operation *op);
  mlir::LogicalResult embedding(nn::EmbeddingOp op);
  mlir::LogicalResult add(nn::AddOp op);
  mlir::LogicalResult norm(nn::LayerNormOp op);
  mlir::LogicalResult linear(nn::LinearOp op);
  mlir::LogicalResult gelu(nn::GeluOp op);
  void separateProjections();
  bool isCausal(nn::AttentionOp op);
  mlir::LogicalResult attention(nn::AttentionOp op);
  mlir::LogicalResult results(mlir::func::ReturnOp op);
  mlir::LogicalResult topK(mlir::func::ReturnOp op,
                           llvm::MutableArrayRef<mlir::Value> operands);

  // ConvertElementwise.cpp
  mlir::LogicalResult gate(mlir::Value x, mlir::Value out,
                           llvm::StringRef function);
  mlir::LogicalResult table(mlir::Value x, mlir::Value out,
                            llvm::StringRef function);
  mlir::LogicalResult scale(nn::ScaleOp op);
  mlir::LogicalResult clip(nn::ClipOp op);
  // ConvertTokens.cpp
  mlir::LogicalResult rearrange(nn::RearrangeOp op);
  mlir::LogicalResult slice(nn::SliceOp op);
  mlir::LogicalResult pick(nn::PickOp op);
  mlir::LogicalResult tokenMax(nn::TokenMaxOp op);
  mlir::LogicalResult concat(nn::ConcatOp op);
  mlir::LogicalResult windows(nn::WindowsOp op);
  // ConvertAttend.cpp
  mlir::LogicalResult attend(nn::AttentionOp op);
  mlir::LogicalResult cachedAttention(nn::CachedAttentionOp op);
  mlir::LogicalResult attentionWeights(nn::AttentionWeightsOp op);
  mlir::FailureOr<mlir::Value> maskOf(mlir::Value mask, mlir::Operation *user);
  void setHeads(mlir::Value out, mlir::Value made, bool isKnown);
  void setAttended(mlir::Value out, mlir::Value made);
  void setTurned(mlir::Value out, mlir::Value made);
  template <typename Op>
  void attendTo(Op op, mlir::Value query,
                std::pair<mlir::Value, mlir::Value> keys,
                std::pair<mlir::Value, mlir::Value> values, mlir::Value mask,
                mlir::IntegerAttr window = {}, mlir::TypedAttr bias = {},
                mlir::IntegerAttr biasOrigin = {}, mlir::TypedAttr sinks = {});
  /// What is added to the scores or stands beside them, as the NPU has it.
  mlir::LogicalResult checkNumbers(nn::AttentionOp op);
  mlir::TypedAttr sinksOf(nn::AttentionOp op);
  void heads(mlir::Value x, mlir::Value present, int64_t heads,
             mlir::Value past);
  // ConvertExperts.cpp
  mlir::LogicalResult softmax(nn::SoftmaxOp op);
  mlir::LogicalResult route(nn::RouteOp op);
  mlir::LogicalResult weigh(nn::WeighOp op);
  // ConvertDecoder.cpp
  mlir::LogicalResult rmsNorm(nn::RMSNormOp op);
  mlir::LogicalResult rotary(nn::RotaryOp op);
  mlir::LogicalResult product(nn::MulOp op);
  bool isFixedOrder(mlir::Value ids);
  mlir::FailureOr<mlir::Value> positionsOf(mlir::Value ids,
                                           mlir::Operation *user);

  mlir::RankedTensorType withElement(mlir::Value value, mlir::Type element) {
    return mlir::RankedTensorType::get(
        mlir::cast<mlir::RankedTensorType>(value.getType()).getShape(),
        element);
  }
  mlir::RankedTensorType fixedLike(mlir::Value value) {
    return withElement(value, builder.getI32Type());
  }
  mlir::RankedTensorType rowsOf(mlir::Value value) {
    auto type = mlir::cast<mlir::RankedTensorType>(value.getType());
    return mlir::RankedTensorType::get(type.getShape().drop_back(),
                                       builder.getI32Type());
  }
  mlir::TypedAttr constantOf(mlir::Value value);
  /// Whether \p value, cut to a range or not, goes into products only.
  static bool onlyBecomesCodes(mlir::Value value);
  /// With \p isWide in 16 bits (A2).
  qnn::QuantizeOp codesOf(mlir::Value fixed, int64_t fraction,
                          mlir::Value rowScales = {}, bool isWide = false);
  static bool isGivenCache(mlir::Value past);
  mlir::Value exported(mlir::Value value, mlir::Location loc);
  std::pair<mlir::Value, mlir::Value> cacheOf(mlir::Value past);
  mlir::FailureOr<mlir::Value> fixedOf(mlir::Value value,
                                       mlir::Operation *user);
  /// The same with ResidualFraction bits, whatever it has.
  mlir::FailureOr<mlir::Value> residualOf(mlir::Value value,
                                          mlir::Operation *user);
  mlir::Value withFraction(mlir::Value fixed, int64_t from, int64_t to);
  void set(mlir::Value value, mlir::Value made,
           int64_t fraction = ResidualFraction) {
    fixed[value] = {made, fraction};
  }

  mlir::func::FuncOp function;
  const Options &options;
  mlir::OpBuilder builder;
  /// Integer form of each float value, with its fraction bits.
  llvm::DenseMap<mlir::Value, std::pair<mlir::Value, int64_t>> fixed;
  /// Products: ResidualFraction bits with a scale a row.
  llvm::DenseMap<mlir::Value, std::pair<mlir::Value, mlir::Value>> scaled;
  llvm::DenseMap<mlir::Value, std::pair<mlir::Value, mlir::Value>> caches;
  /// By integer value; those of 16 bits apart.
  llvm::DenseMap<mlir::Value, qnn::QuantizeOp> codes, wideCodes;
};

} // namespace dalbit::quantise
