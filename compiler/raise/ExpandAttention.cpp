// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/raise/ExpandAttention.h"

#include "compiler/raise/Graph.h"
#include "compiler/raise/NodeWriter.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace dalbit::raise {

namespace {

/// softmax(scale * q k^T, capped, + masks) v with everything that an operator
/// of attention may have. Values that are null are left out.
struct Attention {
  Value query, key, value;  // [B, H, T, d], [B, G, S, d]
  Value pastKey, pastValue; // [B, G, P, d]
  SmallVector<Value> added; // masks, broadcast to [B, H, T, S]
  int64_t heads = 0, groups = 0, size = 0;
  bool causal = false;
  float scale = 1, softcap = 0;
  Value presentKey, presentValue; // results
};

class AttentionWriter {
public:
  AttentionWriter(onnx::NodeOp node, const SymbolicShapes &shapes)
      : node(node), shapes(shapes), write(node) {}

  bool standard();
  bool multiHead();
  bool projected();
  bool rotary(bool isStandard);

private:
  Value input(unsigned index) {
    return hasInput(node, index) ? node.getInputs()[index] : Value();
  }
  /// False, and whoever refuses the node says \p why.
  bool stays(StringRef why) {
    node.setWhyAttr(write.builder.getStringAttr(why));
    return false;
  }
  bool isUsed(unsigned index) {
    return index < node->getNumResults() && !node->getResult(index).use_empty();
  }
  std::optional<int64_t> lastSize(Value value) {
    const Dims *dims = value ? shapes.dims(value) : nullptr;
    return dims && !dims->empty() ? dims->back().constant() : std::nullopt;
  }
  size_t rankOf(Value value) {
    const Dims *dims = value ? shapes.dims(value) : nullptr;
    return dims ? dims->size() : 0;
  }
  void replace(unsigned index, Value value) {
    if (isUsed(index))
      node->getResult(index).replaceAllUsesWith(value);
  }
  /// [B, T, H * d] to [B, H, T, d]; what has heads stays.
  Value split(Value value, int64_t heads, int64_t size) {
    if (rankOf(value) == 4)
      return value;
    return write("Transpose",
                 write("Reshape", {value, write.integers({0, 0, heads, size})}),
                 {write.list("perm", {0, 2, 1, 3})});
  }
  Value merge(Value value, int64_t width) {
    return write("Reshape",
                 {write("Transpose", value, {write.list("perm", {0, 2, 1, 3})}),
                  write.integers({0, 0, width})});
  }
  Value piece(Value value, int64_t index, int64_t width);
  Value half(Value both, unsigned index);
  void replaceBoth(unsigned index, const Attention &a);
  Value repeat(Value value, const Attention &a);
  Value hidden(Value flags, float penalty);
  std::string unreadNumbers(Value mask);
  Value numbersMask(Value mask, const Attention &a, float penalty);
  Value keyMask(Value mask, const Attention &a, float penalty);
  Value causal(Value scores, Value pastKey);
  Value attend(Attention &a);
  Value attendAsAsked(Attention &a, Value mask, Value more);

  onnx::NodeOp node;
  const SymbolicShapes &shapes;
  NodeWriter write;
};

} // namespace

/// Each of the key heads for several heads of queries.
Value AttentionWriter::repeat(Value value, const Attention &a) {
  if (a.groups == a.heads)
    return value;
  Value wide = write("Unsqueeze", value, {write.list("axes", {2})});
  wide =
      write("Expand", {wide, write.integers({1, 1, a.heads / a.groups, 1, 1})});
  return write("Reshape", {wide, write.integers({0, a.heads, -1, a.size})});
}

/// 0 where \p flags are true, \p penalty elsewhere.
Value AttentionWriter::hidden(Value flags, float penalty) {
  return write("Where", {flags, write.number(0.0f), write.number(penalty)});
}

/// Why the numbers of keys \p mask, [N], cannot be read; empty if they can.
/// Of no mask, and of others, nothing.
std::string AttentionWriter::unreadNumbers(Value mask) {
  if (!mask || rankOf(mask) != 1)
    return "";
  SymbolicExpr count = (*shapes.dims(mask))[0];
  const Dims *rows = shapes.dims(input(0));
  if (!rows || count == (*rows)[0])
    return "";
  auto batch = (*rows)[0].constant(), own = count.constant();
  if (!batch || !own)
    return "its mask has " + count.str() + " numbers for " + (*rows)[0].str() +
           " sequences; fix the number of sequences with --shape";
  if (*own == 2 * *batch || *own == 3 * *batch + 2)
    return "";
  return "its mask has " + count.str() + " numbers for " +
         std::to_string(*batch) +
         " sequences; known are one each, two each, and three each and two";
}

/// Shows of each sequence the keys before a number of \p mask, and with two
/// each those from the second on.
Value AttentionWriter::numbersMask(Value mask, const Attention &a,
                                   float penalty) {
  Type i64 = write.builder.getI64Type(), i1 = write.builder.getI1Type();
  Value end = write.sizeOf(a.key, 2);
  if (a.pastKey)
    end = write("Add", {write.sizeOf(a.pastKey, 2), end}, {}, i64);
  Value keys =
      write("Range", {write.number(int64_t(0)), end, write.number(int64_t(1))},
            {}, i64);
  Value numbers = write("Cast", mask, {write.attribute("to", 7)}, i64);
  const Dims &rows = *shapes.dims(input(0));
  auto count = (*shapes.dims(mask))[0].constant(), batch = rows[0].constant();
  auto part = [&](int64_t index) {
    Value own = numbers;
    if (count && batch && *count != *batch)
      own = write("Slice",
                  {numbers, write.integers({index * *batch}),
                   write.integers({(index + 1) * *batch}), write.integers({0})},
                  {}, i64);
    return write("Unsqueeze", own, {write.list("axes", {1, 2, 3})}, i64);
  };
  Value shown = write("Less", {keys, part(0)}, {}, i1);
  if (count && batch && *count == 2 * *batch)
    shown =
        write("And", {shown, write("GreaterOrEqual", {keys, part(1)}, {}, i1)},
              {}, i1);
  return hidden(shown, penalty);
}

/// A mask of keys, [B, S] of integers or numbers of them, as numbers to add.
Value AttentionWriter::keyMask(Value mask, const Attention &a, float penalty) {
  if (rankOf(mask) == 1)
    return numbersMask(mask, a, penalty);
  Value flags = write("Cast", mask, {write.attribute("to", 9)},
                      write.builder.getI1Type());
  return hidden(write("Unsqueeze", flags, {write.list("axes", {1, 2})},
                      write.builder.getI1Type()),
                penalty);
}

/// \p scores with the lowest float where key s is behind query t.
Value AttentionWriter::causal(Value scores, Value pastKey) {
  Type i64 = write.builder.getI64Type(), i1 = write.builder.getI1Type();
  Value shape = write("Shape", scores, {write.attribute("start", -2)}, i64);
  auto one = DenseElementsAttr::get(
      RankedTensorType::get({1}, write.builder.getF32Type()), 1.0f);
  Value ones = write("ConstantOfShape", shape,
                     {write.builder.getNamedAttr("value", one)});
  Value past = pastKey ? write.sizeOf(pastKey, 2) : write.number(int64_t(0));
  Value seen = write("Trilu", {ones, past}, {write.attribute("upper", 0)});
  Value isHidden = write("Equal", {seen, write.number(0.0f)}, {}, i1);
  return write(
      "Where",
      {isHidden, write.number(std::numeric_limits<float>::lowest()), scores});
}

/// With the attributes that onnxruntime's operators share; \p mask (of keys)
/// and \p more (numbers to add) may be null.
Value AttentionWriter::attendAsAsked(Attention &a, Value mask, Value more) {
  a.causal = node.getOnnxInt("unidirectional").value_or(0) != 0;
  a.scale = node.getOnnxFloat("scale").value_or(0);
  if (a.scale == 0)
    a.scale = 1 / std::sqrt(float(a.size));
  if (mask)
    a.added.push_back(keyMask(
        mask, a, node.getOnnxFloat("mask_filter_value").value_or(-10000)));
  if (more)
    a.added.push_back(more);
  return attend(a);
}

/// [B, T, H * d] as [B, H, T, d].
Value AttentionWriter::attend(Attention &a) {
  auto grown = [&](Value past, Value fresh) {
    return past ? write("Concat", {past, fresh}, {write.attribute("axis", 2)})
                : fresh;
  };
  a.presentKey = grown(a.pastKey, a.key);
  a.presentValue = grown(a.pastValue, a.value);
  Value turned = write("Transpose", repeat(a.presentKey, a),
                       {write.list("perm", {0, 1, 3, 2})});
  Value scores =
      write("Mul", {write("MatMul", {a.query, turned}), write.number(a.scale)});
  if (a.softcap > 0)
    scores = write(
        "Mul", {write("Tanh", write("Div", {scores, write.number(a.softcap)})),
                write.number(a.softcap)});
  if (a.causal)
    scores = causal(scores, a.pastKey);
  for (Value mask : a.added)
    scores = write("Add", {scores, mask});
  Value weights = write("Softmax", scores, {write.attribute("axis", -1)});
  return write("MatMul", {weights, repeat(a.presentValue, a)});
}

/// Attention of opset 23: query, key, value, mask, past key and value.
bool AttentionWriter::standard() {
  Attention a;
  Value q = input(0), k = input(1), v = input(2);
  size_t rank = rankOf(q);
  auto width = lastSize(q), keyWidth = lastSize(k);
  if ((rank != 3 && rank != 4) || rankOf(k) != rank || rankOf(v) != rank ||
      !width || !keyWidth || lastSize(v) != keyWidth ||
      node.getOnnxInt("left_window_size").value_or(-1) >= 0 ||
      node.getOnnxInt("right_window_size").value_or(-1) >= 0)
    return false;
  if (input(6))
    return stays("its cache is filled up to a number that comes at run time "
                 "(nonpad_kv_seqlen); export the model with a past that grows");
  if (isUsed(3))
    return stays("its scores are a result (qk_matmul_output)");
  auto headsOf = [&](Value value, StringRef name) -> int64_t {
    if (rank == 3)
      return node.getOnnxInt(name).value_or(0);
    return (*shapes.dims(value))[1].constant().value_or(0);
  };
  a.heads = headsOf(q, "q_num_heads");
  a.groups = headsOf(k, "kv_num_heads");
  if (a.heads <= 0 || a.groups <= 0 || a.heads % a.groups != 0 ||
      (rank == 3 && *width % a.heads != 0))
    return false;
  a.size = rank == 3 ? *width / a.heads : *width;
  a.query = split(q, a.heads, a.size);
  a.key = split(k, a.groups, a.size);
  a.value = split(v, a.groups, a.size);
  a.pastKey = input(4), a.pastValue = input(5);
  a.causal = node.getOnnxInt("is_causal").value_or(0) != 0;
  a.softcap = node.getOnnxFloat("softcap").value_or(0);
  a.scale = node.getOnnxFloat("scale").value_or(0);
  if (a.scale == 0)
    a.scale = 1 / std::sqrt(float(a.size));
  if (Value mask = input(3)) {
    bool flags = cast<ShapedType>(mask.getType()).getElementType().isInteger(1);
    a.added.push_back(flags ? hidden(mask, std::numeric_limits<float>::lowest())
                            : mask);
  }
  Value result = attend(a);
  replace(0, rank == 3 ? merge(result, a.heads * a.size) : result);
  replace(1, a.presentKey);
  replace(2, a.presentValue);
  return true;
}

/// Piece \p index of [B, T, H, pieces, d] as [B, T, H * d].
Value AttentionWriter::piece(Value value, int64_t index, int64_t width) {
  Value taken = write("Gather", {value, write.number(index)},
                      {write.attribute("axis", 3)});
  return write("Reshape", {taken, write.integers({0, 0, width})});
}

/// query, key, value, bias, mask of keys, numbers to add, past key and value.
/// Keys and values may come as one, queries with them.
bool AttentionWriter::multiHead() {
  Attention a;
  Value q = input(0), k = input(1), v = input(2);
  a.heads = a.groups = node.getOnnxInt("num_heads").value_or(0);
  Value packed = v ? Value() : k ? k : q;
  auto width = lastSize(q);
  if (packed && packed == q && width)
    width = *width * a.heads;
  if (!width || a.heads <= 0 || *width % a.heads != 0 || isUsed(3) ||
      rankOf(q) != (packed && packed == q ? 5u : 3u) ||
      (input(4) && rankOf(input(4)) != 2 && rankOf(input(4)) != 1))
    return false;
  if (std::string why = unreadNumbers(input(4)); !why.empty())
    return stays(why);
  a.size = *width / a.heads;
  bool cached = !packed && rankOf(k) == 4;
  if (packed) {
    const Dims *dims = shapes.dims(packed);
    int64_t pieces = k ? 2 : 3;
    if (!dims || dims->size() != 5 || (*dims)[2] != SymbolicExpr(a.heads) ||
        (*dims)[3] != SymbolicExpr(pieces) || dims->back() != a.size)
      return false;
    if (!k)
      q = piece(packed, 0, *width);
    k = piece(packed, pieces - 2, *width);
    v = piece(packed, pieces - 1, *width);
  } else if (!k || rankOf(k) != rankOf(v) || (rankOf(k) != 3 && !cached) ||
             lastSize(k) != (cached ? a.size : *width) ||
             lastSize(v) != lastSize(k)) {
    return false;
  }
  if (Value bias = input(3)) {
    TypedAttr all = constantOf(bias);
    all = all ? vectorConstant(all) : all;
    if (!all || cast<ShapedType>(all.getType()).getNumElements() != 3 * *width)
      return false;
    auto part = [&](Value x, int64_t index) {
      return write(
          "Add",
          {x, write.constant(sliceConstant(all, 0, index * *width, *width))});
    };
    q = part(q, 0);
    // Keys of a cross cache have theirs already.
    if (!cached)
      k = part(k, 1), v = part(v, 2);
  }
  a.query = split(q, a.heads, a.size);
  a.key = cached ? k : split(k, a.heads, a.size);
  a.value = cached ? v : split(v, a.heads, a.size);
  a.pastKey = input(6), a.pastValue = input(7);
  replace(0, merge(attendAsAsked(a, input(4), input(5)), *width));
  replace(1, a.presentKey);
  replace(2, a.presentValue);
  return true;
}

/// Keys (0) or values (1) of a past of both, [2, B, H, P, d], that the graph
/// puts together from two; null if they come as one.
Value AttentionWriter::half(Value both, unsigned index) {
  auto concat = nodeOf(both, "Concat");
  if (!concat || concat.getInputs().size() != 2 ||
      concat.getOnnxInt("axis").value_or(0) != 0)
    return {};
  auto unsqueeze = nodeOf(concat.getInputs()[index], "Unsqueeze");
  auto axes = unsqueeze ? unsqueeze.getOnnxInts("axes") : std::nullopt;
  return axes && axes->size() == 1 && axes->front() == 0 &&
                 rankOf(unsqueeze.getInputs()[0]) == 4
             ? unsqueeze.getInputs()[0]
             : Value();
}

/// Result \p index is keys and values as one; who takes one of them has it.
void AttentionWriter::replaceBoth(unsigned index, const Attention &a) {
  if (!isUsed(index))
    return;
  Value both = node->getResult(index);
  for (Operation *user : llvm::to_vector(both.getUsers())) {
    auto gather = nodeOf(user, "Gather");
    auto at = gather ? constantOf(gather.getInputs()[1]) : TypedAttr();
    if (!at || cast<ShapedType>(at.getType()).getRank() != 0 ||
        gather.getOnnxInt("axis").value_or(0) != 0)
      continue;
    user->getResult(0).replaceAllUsesWith(
        *scalarOf(gather.getInputs()[1]) == 0 ? a.presentKey : a.presentValue);
    user->erase();
  }
  if (!isUsed(index))
    return;
  auto first = write.list("axes", {0});
  replace(index, write("Concat",
                       {write("Unsqueeze", a.presentKey, first),
                        write("Unsqueeze", a.presentValue, first)},
                       {write.attribute("axis", 0)}));
}

/// com.microsoft.Attention: input, weights, bias, mask of keys, past, numbers
/// to add; the products are part of it.
bool AttentionWriter::projected() {
  Attention a;
  a.heads = a.groups = node.getOnnxInt("num_heads").value_or(0);
  auto width = lastSize(input(1));
  auto sizes = node.getOnnxInts("qkv_hidden_sizes");
  if (rankOf(input(0)) != 3 || !width || *width % 3 != 0 || a.heads <= 0 ||
      *width / 3 % a.heads != 0 ||
      (input(3) && rankOf(input(3)) != 2 && rankOf(input(3)) != 1) ||
      (sizes && !sizes->empty() &&
       llvm::any_of(*sizes, [&](int64_t s) { return s != *width / 3; })) ||
      node.getOnnxInt("do_rotary").value_or(0) != 0)
    return false;
  if (std::string why = unreadNumbers(input(3)); !why.empty())
    return stays(why);
  int64_t third = *width / 3;
  a.size = third / a.heads;
  Value all = write("MatMul", {input(0), input(1)});
  if (Value bias = input(2))
    all = write("Add", {all, bias});
  Type part = UnrankedTensorType::get(write.builder.getF32Type());
  auto cut = write.builder.create<onnx::NodeOp>(
      node.getLoc(), TypeRange{part, part, part},
      write.builder.getStringAttr("Split"), all,
      write.builder.getI64IntegerAttr(17), StringAttr(), node.getNodeNameAttr(),
      write.builder.getDictionaryAttr(
          {write.attribute("axis", 2),
           write.list("split", {third, third, third})}),
      0u);
  auto heads = [&](unsigned index) {
    Value piece = cut->getResult(index);
    return split(piece, a.heads, a.size);
  };
  a.query = heads(0), a.key = heads(1), a.value = heads(2);
  if (Value past = input(4)) {
    a.pastKey = half(past, 0), a.pastValue = half(past, 1);
    auto part = [&](int64_t index) {
      return write("Gather", {past, write.number(index)},
                   {write.attribute("axis", 0)});
    };
    if (!a.pastKey || !a.pastValue)
      a.pastKey = part(0), a.pastValue = part(1);
  }
  replace(0, merge(attendAsAsked(a, input(3), input(5)), third));
  replaceBoth(1, a);
  return true;
}

/// The standard's has x, cos, sin, positions; onnxruntime's x, positions, cos,
/// sin.
bool AttentionWriter::rotary(bool isStandard) {
  Value x = input(0), cos = input(isStandard ? 1 : 2),
        sin = input(isStandard ? 2 : 3), ids = input(isStandard ? 3 : 1);
  size_t rank = rankOf(x);
  auto width = lastSize(x), pairs = lastSize(cos);
  if ((rank != 3 && rank != 4) || !width || !pairs || *pairs <= 0 ||
      rankOf(sin) != rankOf(cos) || (ids && rankOf(ids) != 2) ||
      rankOf(cos) != (ids ? 2u : 3u) ||
      node.getOnnxFloat("scale").value_or(1) != 1)
    return false;
  int64_t heads = node.getOnnxInt("num_heads").value_or(0), size = *width;
  if (rank == 3) {
    bool partial = node.getOnnxInt("rotary_embedding_dim").value_or(0) > 0;
    if (!isStandard && !partial)
      heads = *width / (2 * *pairs);
    if (heads <= 0 || *width % heads != 0)
      return false;
    size = *width / heads;
    x = write("Reshape", {x, write.integers({0, 0, heads, size})});
  }
  if (2 * *pairs > size)
    return false;
  // [B, T, 1, r] beside [B, T, H, d], [B, 1, T, r] beside [B, H, T, d].
  auto angles = [&](Value table) {
    if (ids)
      table = write("Gather", {table, ids}, {write.attribute("axis", 0)});
    return write("Unsqueeze", table, {write.list("axes", {rank == 3 ? 2 : 1})});
  };
  Value c = angles(cos), s = angles(sin), a, b;
  bool interleaved = node.getOnnxInt("interleaved").value_or(0) != 0;
  int64_t r = *pairs;
  if (interleaved) {
    a = write.columns(x, 0, 2 * r, 2);
    b = write.columns(x, 1, 2 * r, 2);
  } else {
    a = write.columns(x, 0, r);
    b = write.columns(x, r, 2 * r);
  }
  Value left = write("Sub", {write("Mul", {a, c}), write("Mul", {b, s})});
  Value right = write("Add", {write("Mul", {b, c}), write("Mul", {a, s})});
  SmallVector<Value> parts = {left, right};
  if (interleaved) {
    for (Value &part : parts)
      part = write("Unsqueeze", part, {write.list("axes", {4})});
    Value pair = write("Concat", parts, {write.attribute("axis", 4)});
    parts = {write("Reshape", {pair, write.integers({0, 0, -1, 2 * r})})};
  }
  if (2 * r < size)
    parts.push_back(write.columns(x, 2 * r, size));
  Value result = parts.size() == 1
                     ? parts[0]
                     : write("Concat", parts, {write.attribute("axis", -1)});
  if (rank == 3)
    result = write("Reshape", {result, write.integers({0, 0, *width})});
  replace(0, result);
  return true;
}

bool expandAttention(onnx::NodeOp node, const SymbolicShapes &shapes) {
  AttentionWriter writer(node, shapes);
  StringRef type = node.getOpType();
  if (node.getDomain().empty()) {
    if (type == "Attention")
      return writer.standard();
    return type == "RotaryEmbedding" && writer.rotary(true);
  }
  if (node.getDomain() != "com.microsoft")
    return false;
  if (type == "MultiHeadAttention")
    return writer.multiHead();
  if (type == "Attention")
    return writer.projected();
  return type == "RotaryEmbedding" && writer.rotary(false);
}

} // namespace dalbit::raise
