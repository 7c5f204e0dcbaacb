// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/ExpandContrib.h"

#include "compiler/dialect/onnx/Weight.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/raise/Codes.h"
#include "compiler/raise/ExpandAttention.h"
#include "compiler/raise/Graph.h"
#include "compiler/raise/KeyLengths.h"
#include "compiler/raise/NodeWriter.h"
#include "support/Error.h"

#include <cmath>
#include <numeric>

using namespace mlir;

namespace dalbit::raise {

namespace {

/// Writes the words for one node.
class Expander {
public:
  Expander(onnx::NodeOp node, const SymbolicShapes &shapes)
      : node(node), shapes(shapes), write(node), builder(write.builder) {}

  /// False: nothing was written.
  bool run();

private:
  bool simplifiedNorm();
  bool skipNorm(bool simplified);
  bool gelu(StringRef approximate);
  bool fusedMatMul();
  bool fusedGemm();
  bool matMulNBits();
  bool gate(float alpha);
  bool castLike();
  bool embedLayerNorm();
  bool gatherBlocks();
  std::optional<Value> headSinks(int64_t heads);
  bool groupQueryAttention();
  bool biased(Value q, Value k, Value v, Value mask, float scale);
  /// False, and whoever refuses the node says \p why.
  bool stays(const Twine &why) {
    node.setWhyAttr(builder.getStringAttr(why));
    return false;
  }

  Value input(unsigned index) {
    return hasInput(node, index) ? node.getInputs()[index] : Value();
  }
  /// Constant input \p index as f32 vector of the nn dialect; null if it is
  /// none.
  Value vector(unsigned index);
  Value table(unsigned index);
  Value add(Value a, Value b) { return write("Add", {a, b}); }
  Value norm(Value x, bool simplified, unsigned gamma, unsigned beta);
  Value positions();
  Value positions(BlockArgument mask, const Dims &dims);
  bool replace(ArrayRef<Value> results);
  Type f32() { return Float32Type::get(node.getContext()); }
  /// The sizes of \p value if its last one is a number.
  std::optional<Dims> knownDims(Value value) const {
    const Dims *dims = value ? shapes.dims(value) : nullptr;
    return dims && !dims->empty() && dims->back().isConstant()
               ? std::optional<Dims>(*dims)
               : std::nullopt;
  }

  onnx::NodeOp node;
  const SymbolicShapes &shapes;
  NodeWriter write;
  OpBuilder &builder;
};

} // namespace

Value Expander::vector(unsigned index) {
  Value value = input(index);
  TypedAttr constant = value ? constantOf(value) : TypedAttr();
  constant = constant ? vectorConstant(constant) : constant;
  return constant ? makeConstant(builder, node.getLoc(), constant) : Value();
}

Value Expander::table(unsigned index) {
  Value value = input(index);
  TypedAttr constant = value ? constantOf(value) : TypedAttr();
  constant = constant ? floatConstant(constant) : constant;
  return constant && cast<RankedTensorType>(constant.getType()).getRank() == 2
             ? makeConstant(builder, node.getLoc(), constant)
             : Value();
}

/// Replaces the results that are there; null ones must have no use.
bool Expander::replace(ArrayRef<Value> results) {
  for (auto [index, result] : llvm::enumerate(node->getResults())) {
    Value value = index < results.size() ? results[index] : Value();
    if (value)
      result.replaceAllUsesWith(value);
  }
  return true;
}

Value Expander::norm(Value x, bool simplified, unsigned gamma, unsigned beta) {
  auto dims = knownDims(input(0));
  Value g = vector(gamma), b = hasInput(node, beta) ? vector(beta) : Value();
  if (!dims || !g || (hasInput(node, beta) && !b))
    return {};
  RankedTensorType type = tensorType(*dims, f32());
  FloatAttr epsilon = builder.getF32FloatAttr(
      node.getOnnxFloat("epsilon").value_or(simplified ? 1e-5f : 1e-12f));
  // Operations of nn have ranks: what Add gives is like the first input.
  if (isa<UnrankedTensorType>(x.getType()))
    x.setType(type);
  if (simplified)
    return builder.create<nn::RMSNormOp>(node.getLoc(), type, x, g, epsilon,
                                         builder.getI64IntegerAttr(1));
  return builder.create<nn::LayerNormOp>(node.getLoc(), type, x, g, b, epsilon,
                                         builder.getI64IntegerAttr(1));
}

bool Expander::simplifiedNorm() {
  auto dims = knownDims(input(0));
  int64_t axis = node.getOnnxInt("axis").value_or(-1);
  if (!dims || normaliseAxis(axis, dims->size()) != int64_t(dims->size()) - 1 ||
      (node->getNumResults() > 1 && !node->getResult(1).use_empty()))
    return false;
  Value y = norm(input(0), true, 1, ~0u);
  return y && replace({y});
}

/// Outputs: normalised, mean, inverse deviation, sum.
bool Expander::skipNorm(bool simplified) {
  for (unsigned i : {1u, 2u})
    if (node->getNumResults() > i && !node->getResult(i).use_empty())
      return false;
  if (!knownDims(input(0)) || !shapes.sameDims(input(0), input(1)))
    return false;
  unsigned bias = simplified ? 3 : 4;
  Value x = input(0), skip = input(1);
  // A bias belongs to the product that is one of the two.
  if (nodeOf(skip, "MatMul"))
    std::swap(x, skip);
  if (hasInput(node, bias))
    x = add(x, input(bias));
  Value sum = add(x, skip);
  Value y = simplified ? norm(sum, true, 2, ~0u) : norm(sum, false, 2, 3);
  return y && replace({y, Value(), Value(), sum});
}

bool Expander::gelu(StringRef approximate) {
  auto dims = knownDims(input(0));
  if (!dims)
    return false;
  RankedTensorType type = tensorType(*dims, f32());
  Value x = input(0);
  if (input(1)) {
    x = add(x, input(1));
    x.setType(type);
  }
  return replace({builder.create<nn::GeluOp>(
      node.getLoc(), type, x, builder.getStringAttr(approximate))});
}

bool Expander::fusedMatMul() {
  for (StringRef name : {"transBatchA", "transBatchB"})
    if (node.getOnnxInt(name).value_or(0) != 0)
      return false;
  Value operands[2];
  for (unsigned i : {0u, 1u}) {
    operands[i] = input(i);
    if (node.getOnnxInt(i == 0 ? "transA" : "transB").value_or(0) == 0)
      continue;
    const Dims *dims = shapes.dims(operands[i]);
    if (!dims || dims->size() < 2)
      return false;
    SmallVector<int64_t> order(dims->size());
    std::iota(order.begin(), order.end(), 0);
    std::swap(order.back(), order[order.size() - 2]);
    operands[i] = write(
        "Transpose", operands[i],
        builder.getNamedAttr("perm", builder.getDenseI64ArrayAttr(order)));
  }
  Value product = write("MatMul", {operands[0], operands[1]});
  float alpha = node.getOnnxFloat("alpha").value_or(1);
  if (alpha == 1)
    return replace({product});
  auto number = builder.create<onnx::ConstantOp>(
      node.getLoc(),
      DenseElementsAttr::get(RankedTensorType::get({}, f32()), alpha));
  return replace({write("Mul", {product, number.getResult()})});
}

/// A product and the function behind it; functions with numbers of their own
/// stay.
bool Expander::fusedGemm() {
  StringRef function = node.getOnnxString("activation").value_or("");
  if (!function.empty() &&
      !llvm::is_contained({"Relu", "Tanh", "Sigmoid"}, function))
    return false;
  auto number = [&](StringRef name) {
    float value = node.getOnnxFloat(name).value_or(1);
    return builder.getNamedAttr(name, builder.getF32FloatAttr(value));
  };
  auto flag = [&](StringRef name) {
    return write.attribute(name, node.getOnnxInt(name).value_or(0));
  };
  SmallVector<Value> operands = {input(0), input(1)};
  if (input(2))
    operands.push_back(input(2));
  Value y =
      write("Gemm", operands,
            {number("alpha"), number("beta"), flag("transA"), flag("transB")});
  return replace({function.empty() ? y : write(function, y)});
}

/// Codes of `bits` bits, low ones first, in blocks of a row that share a scale
/// and a zero point.
bool Expander::matMulNBits() {
  int64_t k = node.getOnnxInt("K").value_or(0),
          n = node.getOnnxInt("N").value_or(0),
          bits = node.getOnnxInt("bits").value_or(4),
          size = node.getOnnxInt("block_size").value_or(0);
  constexpr int64_t Most = 1 << 30; // products of them stay in 64 bits
  if (k <= 0 || n <= 0 || size <= 0 || k > Most || n > Most || size > Most ||
      (bits != 2 && bits != 4 && bits != 8) ||
      input(4)) // g_idx: rows in another order
    return false;
  int64_t blocks = (k + size - 1) / size, perByte = 8 / bits;
  int64_t blobBytes = (size + perByte - 1) / perByte;
  SmallVector<int64_t> codes, zeros;
  SmallVector<float> scales, floatZeros;
  try {
    TypedAttr b = constantOf(input(1)), s = constantOf(input(2));
    if (!b || !s)
      return false;
    onnx::readWeight(b, codes);
    onnx::readWeight(s, scales);
    if (input(3)) {
      TypedAttr z = constantOf(input(3));
      if (!z)
        return false;
      if (cast<ShapedType>(z.getType()).getElementType().isIntOrIndex())
        onnx::readWeight(z, zeros);
      else
        onnx::readWeight(z, floatZeros);
    }
  } catch (const Error &) {
    return false;
  }
  int64_t zeroBytes = (blocks + perByte - 1) / perByte;
  if (int64_t(codes.size()) != n * blocks * blobBytes ||
      int64_t(scales.size()) != n * blocks ||
      (!zeros.empty() && int64_t(zeros.size()) != n * zeroBytes) ||
      (!floatZeros.empty() && int64_t(floatZeros.size()) != n * blocks))
    return false;
  int64_t mask = (1 << bits) - 1;
  auto codeAt = [&](ArrayRef<int64_t> bytes, int64_t row, int64_t rowBytes,
                    int64_t index) {
    int64_t byte = bytes[row * rowBytes + index / perByte] & 255;
    return uint8_t((byte >> (index % perByte * bits)) & mask);
  };
  // [K, N] with a scale a block of rows, as MatMul has its weights.
  std::vector<uint8_t> unpacked(size_t(k * n)), points(size_t(blocks * n));
  std::vector<float> factors(size_t(blocks * n));
  for (int64_t c = 0; c < n; ++c) {
    for (int64_t i = 0; i < k; ++i)
      unpacked[size_t(i * n + c)] =
          codeAt(codes, c * blocks + i / size, blobBytes, i % size);
    for (int64_t block = 0; block < blocks; ++block) {
      factors[size_t(block * n + c)] = scales[c * blocks + block];
      points[size_t(block * n + c)] = zeros.empty()
                                          ? uint8_t(1 << (bits - 1))
                                          : codeAt(zeros, c, zeroBytes, block);
    }
  }
  Type byte = builder.getIntegerType(8, /*isSigned=*/false);
  auto bytes = [&](int64_t rows, ArrayRef<uint8_t> values) {
    return cast<TypedAttr>(Attribute(DenseElementsAttr::get(
        RankedTensorType::get({rows, n}, byte), values)));
  };
  TypedAttr table = DenseElementsAttr::get(
      RankedTensorType::get({blocks, n}, f32()), ArrayRef<float>(factors));
  TypedAttr weight =
      codesConstant(bytes(k, unpacked), table, bytes(blocks, points), 0, size);
  if (!floatZeros.empty()) {
    SmallVector<float> values;
    onnx::readWeight(codesConstant(bytes(k, unpacked), table, {}, 0, size),
                     values);
    for (int64_t i = 0; i < k * n; ++i) {
      int64_t row = i % n * blocks + i / n / size;
      values[i] -= floatZeros[row] * scales[row];
    }
    weight = DenseElementsAttr::get(RankedTensorType::get({k, n}, f32()),
                                    ArrayRef<float>(values));
  }
  auto constant = builder.create<onnx::ConstantOp>(node.getLoc(), weight);
  Value product = write("MatMul", {input(0), constant.getResult()});
  if (Value bias = input(5))
    product = add(product, bias);
  return replace({product});
}

/// P .. P+T-1, as a value of its own each time; equal ones are merged later.
Value Expander::positions() {
  auto function = node->getParentOfType<func::FuncOp>();
  return builder.create<nn::PositionIdsOp>(
      node.getLoc(),
      tensorType({1, sizeIn(function, Symbol::T)}, builder.getI64Type()));
}

/// Positions of the new tokens [B, T, ..] of \p dims, counted by \p mask.
Value Expander::positions(BlockArgument mask, const Dims &dims) {
  RankedTensorType type = tensorType({dims[0], dims[1]}, builder.getI64Type());
  return builder.create<nn::MaskPositionsOp>(node.getLoc(), type, mask,
                                             /*fill=*/0, /*hidden=*/0);
}

/// x * sigmoid(alpha x).
bool Expander::gate(float alpha) {
  Value x = input(0), inner = x;
  if (alpha != 1)
    inner = write("Mul", {x, write.number(alpha)});
  return replace({write("Mul", {x, write("Sigmoid", inner)})});
}

/// A Cast, so that what is cast depends on no other value; torchlib writes one
/// in front of every number.
bool Expander::castLike() {
  auto elementOf = [](Value value) {
    return cast<ShapedType>(value.getType()).getElementType();
  };
  Type element = elementOf(input(1));
  if (elementOf(input(0)) == element)
    return replace({input(0)});
  auto type = execute::elementOfMlir(element);
  return type &&
         replace({write("Cast", input(0),
                        {write.attribute("to", execute::onnxOfElement(*type))},
                        element)});
}

/// ids, segments, tables of words, positions and segments, gamma, beta, mask,
/// positions.
bool Expander::embedLayerNorm() {
  // The mask as the number of keys of each sequence.
  Value lengths;
  if (node->getNumResults() > 1 && !node->getResult(1).use_empty()) {
    if (!input(7))
      return stays("its mask_index is used, but it has no mask");
    lengths = write("ReduceSum", input(7),
                    {write.list("axes", {1}), write.attribute("keepdims", 0)},
                    cast<ShapedType>(input(7).getType()).getElementType());
  }
  for (unsigned i : {2u, 3u, 5u, 6u})
    if (!input(i))
      return false;
  Value ids = input(0), positions = input(8);
  Type i64 = builder.getI64Type();
  if (!positions)
    positions = write("Range",
                      {write.number(int64_t(0)), write.sizeOf(ids, 1),
                       write.number(int64_t(1))},
                      {}, i64);
  auto rows = [&](Value table, Value at) {
    return write("Gather", {table, at}, {write.attribute("axis", 0)});
  };
  Value sum = add(rows(input(2), ids), rows(input(3), positions));
  if (input(1) && input(4))
    sum = add(sum, rows(input(4), input(1)));
  float epsilon = node.getOnnxFloat("epsilon").value_or(1e-12f);
  Value y = write(
      "LayerNormalization", {sum, input(5), input(6)},
      {write.attribute("axis", -1),
       builder.getNamedAttr("epsilon", builder.getF32FloatAttr(epsilon))});
  return replace({y, lengths, sum});
}

/// Rows of a table of codes in blocks along the columns.
bool Expander::gatherBlocks() {
  TypedAttr data = constantOf(input(0)), scales = constantOf(input(2)),
            zeros = input(3) ? constantOf(input(3)) : TypedAttr();
  int64_t block = node.getOnnxInt("block_size").value_or(128),
          bits = node.getOnnxInt("bits").value_or(4);
  auto type =
      data ? dyn_cast<RankedTensorType>(data.getType()) : RankedTensorType();
  if (!type || !scales || (input(3) && !zeros) || type.getRank() != 2 ||
      normaliseAxis(node.getOnnxInt("gather_axis").value_or(0), 2) != 0 ||
      normaliseAxis(node.getOnnxInt("quantize_axis").value_or(1), 2) != 1 ||
      (bits != 4 && bits != 8))
    return false;
  Type byte = builder.getIntegerType(8, /*isSigned=*/false);
  bool packed = type.getElementType() == byte && bits == 4;
  // Two codes a byte, the low one first.
  auto unpacked = [&](TypedAttr value) -> TypedAttr {
    SmallVector<int64_t> bytes;
    onnx::readWeight(value, bytes);
    SmallVector<uint8_t> codes;
    for (int64_t each : bytes) {
      codes.push_back(uint8_t(each & 15));
      codes.push_back(uint8_t(each >> 4 & 15));
    }
    auto shape = cast<RankedTensorType>(value.getType()).getShape();
    return DenseElementsAttr::get(
        RankedTensorType::get({shape[0], shape[1] * 2}, byte),
        ArrayRef<uint8_t>(codes));
  };
  try {
    if (packed)
      data = unpacked(data);
    if (packed && zeros)
      zeros = unpacked(zeros);
    auto shape = cast<RankedTensorType>(scales.getType()).getShape();
    if (zeros && shape.size() == 2 &&
        cast<RankedTensorType>(zeros.getType()).getDimSize(1) == shape[1] + 1)
      zeros = sliceConstant(zeros, 1, 0, shape[1]);
    if (!zeros && type.getElementType().isUnsignedInteger())
      zeros = DenseElementsAttr::get(RankedTensorType::get(shape, byte),
                                     uint8_t(1 << (bits - 1)));
  } catch (const Error &) {
    return false;
  }
  TypedAttr table = codesConstant(data, scales, zeros, 1, block);
  return table && replace({write("Gather", {write.constant(table), input(1)},
                                 {write.attribute("axis", 0)})});
}

/// Numbers to add to the scores: as the standard's operator, whose graph says
/// what they do.
bool Expander::biased(Value q, Value k, Value v, Value mask, float scale) {
  Value added = input(10);
  if (mask) {
    Type i1 = builder.getI1Type();
    Value flags = write("Cast", mask, {write.attribute("to", 9)}, i1);
    flags = write("Unsqueeze", flags, {write.list("axes", {1, 2})}, i1);
    added =
        add(added, write("Where",
                         {flags, write.number(0.0f),
                          write.number(std::numeric_limits<float>::lowest())}));
  }
  Value none = builder.create<onnx::NoneOp>(
      node.getLoc(), NoneType::get(builder.getContext()));
  Type result = UnrankedTensorType::get(f32());
  auto number = [&](StringRef name, StringRef from) {
    return write.attribute(name, node.getOnnxInt(from).value_or(0));
  };
  auto attention = builder.create<onnx::NodeOp>(
      node.getLoc(), TypeRange{result, result, result},
      builder.getStringAttr("Attention"),
      ValueRange{q, k, v, added, input(3) ? input(3) : none,
                 input(4) ? input(4) : none},
      builder.getI64IntegerAttr(23), StringAttr(), node.getNodeNameAttr(),
      builder.getDictionaryAttr(
          {write.attribute("is_causal", 1), number("q_num_heads", "num_heads"),
           number("kv_num_heads", "kv_num_heads"),
           builder.getNamedAttr("scale", builder.getF32FloatAttr(scale)),
           builder.getNamedAttr(
               "softcap", builder.getF32FloatAttr(
                              node.getOnnxFloat("softcap").value_or(0)))}),
      0u);
  return replace({attention->getResult(0), attention->getResult(1),
                  attention->getResult(2)});
}

/// The sinks of a GroupQueryAttention, [heads]; null if it has none, nothing
/// if they are not known here, and whoever refuses the node says why.
std::optional<Value> Expander::headSinks(int64_t heads) {
  auto type = RankedTensorType::get({heads}, f32());
  if (input(11)) {
    Value sinks = vector(11);
    if (sinks && sinks.getType() == type)
      return sinks;
    const Dims *dims = constantOf(input(11)) ? shapes.dims(input(11)) : nullptr;
    std::string has;
    for (const SymbolicExpr &size : dims ? *dims : Dims())
      has += (has.empty() ? "" : ", ") + size.str();
    stays("its head_sink is " +
          (dims ? "of shape [" + has + "]" : std::string("no constant")) +
          "; it needs one number a head, [" + std::to_string(heads) + "]");
    return std::nullopt;
  }
  if (node.getOnnxInt("smooth_softmax").value_or(0) <= 0)
    return Value();
  return makeConstant(builder, node.getLoc(),
                      DenseElementsAttr::get(type, 0.0f));
}

/// query (or all three packed), key, value, past key and value, lengths of the
/// sequences less one, the longest, cosines, sines, positions, numbers to add.
bool Expander::groupQueryAttention() {
  int64_t heads = node.getOnnxInt("num_heads").value_or(0),
          kvHeads = node.getOnnxInt("kv_num_heads").value_or(0);
  auto dims = knownDims(input(0));
  bool packed = !input(1);
  auto sinks = headSinks(heads);
  if (!sinks)
    return false;
  for (unsigned i = 12; i < node.getInputs().size(); ++i)
    if (input(i))
      return stays("its cache is quantised (k_scale, v_scale), and the NPU "
                   "keeps int8 keys and values with scales of its own; export "
                   "the model with a cache of floats");
  if (node->getNumResults() > 3 && !node->getResult(3).use_empty())
    return stays("its scores are a result (qk_output)");
  for (unsigned i : {5u, 6u})
    if (!input(i))
      return stays(Twine("it has no ") +
                   (i == 5 ? "seqlens_k" : "total_sequence_length") +
                   ", which the operator requires: the number of keys, less "
                   "one in seqlens_k; export the model with both");
  if (!dims || dims->size() != 3)
    return stays("the sizes of its query are not known as [B, T, width]");
  if (heads <= 0 || kvHeads <= 0 || heads % kvHeads != 0)
    return stays("it has num_heads " + Twine(heads) + " and kv_num_heads " +
                 Twine(kvHeads));
  if (packed != !input(2))
    return stays(packed ? "it has a value without a key"
                        : "it has a key without a value");
  if (!input(3) != !input(4))
    return stays("it has a past key or value without the other");
  int64_t parts = packed ? heads + 2 * kvHeads : heads;
  int64_t width = *dims->back().constant();
  if (width % parts != 0)
    return stays("the " + Twine(width) + " columns of its query are not " +
                 Twine(parts) + " heads");
  int64_t size = width / parts;
  bool turns = node.getOnnxInt("do_rotary").value_or(0) != 0;
  Value cos = turns ? table(7) : Value(), sin = turns ? table(8) : Value();
  if (turns && (!cos || !sin))
    return stays(Twine("it turns by positions (do_rotary), but its ") +
                 (cos ? "sin_cache" : "cos_cache") + " is no constant matrix");
  Dims present = {(*dims)[0], kvHeads, (*dims)[1], size};
  if (input(3)) {
    const Dims *past = shapes.dims(input(3));
    if (!past || past->size() != 4)
      return stays("the sizes of its past are not known as [B, heads, P, "
                   "columns]");
    present[2] = present[2] + (*past)[2];
  }
  KeyLengths lengths(node->getParentOfType<func::FuncOp>(), present[2], shapes);
  if (!lengths.readLast(input(5)) || !lengths.readTotal(input(6)))
    return stays(lengths.why);
  Location loc = node.getLoc();
  auto wide = [&](int64_t columns) {
    Dims part = *dims;
    part.back() = columns;
    return tensorType(part, f32());
  };
  Value q = input(0), k = input(1), v = input(2);
  int64_t columns[] = {heads * size, kvHeads * size, kvHeads * size};
  if (packed) {
    SmallVector<NamedAttribute> attributes = {
        builder.getNamedAttr("axis", builder.getI64IntegerAttr(2)),
        builder.getNamedAttr("split", builder.getDenseI64ArrayAttr(columns))};
    auto split = builder.create<onnx::NodeOp>(
        loc, TypeRange{wide(columns[0]), wide(columns[1]), wide(columns[2])},
        builder.getStringAttr("Split"), input(0), builder.getI64IntegerAttr(17),
        StringAttr(), node.getNodeNameAttr(),
        builder.getDictionaryAttr(attributes), 0u);
    q = split->getResult(0), k = split->getResult(1), v = split->getResult(2);
  } else {
    auto kd = knownDims(k), vd = knownDims(v);
    if (!kd || !vd || kd->size() != 3 || vd->size() != 3 ||
        kd->back() != SymbolicExpr(columns[1]) || vd->back() != kd->back())
      return stays("its key and value are not [B, T, " + Twine(columns[1]) +
                   "], " + Twine(kvHeads) + " heads of " + Twine(size) +
                   " columns as its query has");
  }
  if (turns) {
    Value ids = input(9)       ? input(9)
                : lengths.mask ? positions(lengths.mask, *dims)
                               : positions();
    UnitAttr interleaved = node.getOnnxInt("rotary_interleaved").value_or(0)
                               ? builder.getUnitAttr()
                               : UnitAttr();
    q = builder.create<nn::RotaryOp>(loc, wide(columns[0]), q, cos, sin, ids,
                                     builder.getI64IntegerAttr(heads),
                                     interleaved);
    k = builder.create<nn::RotaryOp>(loc, wide(columns[1]), k, cos, sin, ids,
                                     builder.getI64IntegerAttr(kvHeads),
                                     interleaved);
  }
  lengths.mark();
  Value mask;
  if (lengths.mask)
    mask = builder.create<nn::KeyMaskOp>(
        loc, tensorType(*shapes.dims(lengths.mask), f32()), lengths.mask,
        APFloat(std::numeric_limits<float>::lowest()), false, false);
  float scale = node.getOnnxFloat("scale").value_or(0);
  if (scale == 0)
    scale = 1 / std::sqrt(float(size));
  int64_t window = node.getOnnxInt("local_window_size").value_or(-1);
  if (input(10))
    return window > 0 ? stays("it has both a window and attention_bias")
           : *sinks   ? stays("it has both sinks and attention_bias")
                      : biased(q, k, v, lengths.mask, scale);
  RankedTensorType cache = tensorType(present, f32());
  auto attention = builder.create<nn::AttentionOp>(
      loc, TypeRange{wide(columns[0]), cache, cache}, q, k, v, input(3),
      input(4), mask, /*bias=*/Value(), *sinks,
      builder.getI64IntegerAttr(heads), builder.getI64IntegerAttr(kvHeads),
      builder.getBoolAttr(true), builder.getF32FloatAttr(scale),
      builder.getF32FloatAttr(std::numeric_limits<float>::lowest()),
      window > 0 ? builder.getI64IntegerAttr(window) : IntegerAttr(),
      builder.getF32FloatAttr(node.getOnnxFloat("softcap").value_or(0)),
      /*bias_origin=*/IntegerAttr());
  return replace({attention.getOut(), attention.getPresentKey(),
                  attention.getPresentValue()});
}

bool Expander::run() {
  StringRef type = node.getOpType();
  // Exporters put this one into the standard's domain.
  if (type == "SimplifiedLayerNormalization")
    return simplifiedNorm();
  if (node.isOnnx("CastLike"))
    return castLike();
  if (node.isOnnx("TensorScatter"))
    return stays("it writes into a cache of a fixed length at a position that "
                 "comes at run time; export the model with a past that grows");
  if (node.isOnnx("Swish"))
    return gate(node.getOnnxFloat("alpha").value_or(1));
  if (node.getDomain() != "com.microsoft")
    return false;
  if (type == "SkipSimplifiedLayerNormalization")
    return skipNorm(true);
  if (type == "SkipLayerNormalization")
    return skipNorm(false);
  if (type == "FastGelu")
    return gelu("tanh");
  if (type == "Gelu" || type == "BiasGelu")
    return gelu("none");
  if (type == "FusedMatMul" || type == "TransposeMatMul")
    return fusedMatMul();
  if (type == "FusedGemm")
    return fusedGemm();
  if (type == "MatMulNBits")
    return matMulNBits();
  if (type == "QuickGelu")
    return gate(node.getOnnxFloat("alpha").value_or(1.702f));
  if (type == "EmbedLayerNormalization")
    return embedLayerNorm();
  if (type == "GatherBlockQuantized")
    return gatherBlocks();
  if (type == "GroupQueryAttention")
    return groupQueryAttention();
  return false;
}

Operation *expandContrib(onnx::NodeOp node, const SymbolicShapes &shapes) {
  Operation *before = node->getPrevNode();
  Block *block = node->getBlock();
  bool done = Expander(node, shapes).run() || expandAttention(node, shapes);
  if (!done) {
    // What was begun has no use; last first.
    while (node->getPrevNode() != before)
      node->getPrevNode()->erase();
    return nullptr;
  }
  Operation *first = before ? before->getNextNode() : &block->front();
  if (first == node)
    first = node->getNextNode();
  node->erase();
  return first;
}

} // namespace dalbit::raise
