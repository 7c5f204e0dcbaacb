// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/binary/Validate.h"

#include "isa/binary/Expression.h"
#include "isa/binary/Layout.h"
#include "isa/binary/Tables.h"
#include "isa/target/Target.h"
#include "support/Error.h"

#include <algorithm>
#include <set>

namespace dalbit::binary {
namespace {

constexpr unsigned MaxRank = 8;
constexpr int64_t MaxColumn = 1 << 20;
constexpr size_t MaxTargetText = size_t(1) << 20;
constexpr uint32_t MaxContext = 1u << 24, MaxBatch = 1u << 16;

class ProgramCheck {
public:
  ProgramCheck(const Program &program, const std::string &source)
      : program(program), source(source) {}

  void run() {
    checkRegions();
    validateCode(program.code, source);
    checkLimits();
    checkEntries();
    for (const Tensor &tensor : program.tensors)
      checkTensor(tensor);
    checkLayers();
    checkFacts(program.model, source);
  }

private:
  [[noreturn]] void fail(const std::string &text) {
    throw Error(source + ": " + text);
  }
  void require(bool holds, const std::string &text) {
    if (!holds)
      fail(text);
  }

  const RegionEntry &region(isa::Region kind, const std::string &user) {
    if (const RegionEntry *entry = findRegion(program, kind))
      return *entry;
    fail(user + ": there is no region " + isa::regions()[unsigned(kind)].name);
  }

  void checkContents(isa::Region kind, uint64_t size) {
    const RegionEntry *entry = findRegion(program, kind);
    std::string text = std::string("region ") +
                       isa::regions()[unsigned(kind)].name + " has " +
                       std::to_string(entry ? entry->size : 0) +
                       " bytes, its contents " + std::to_string(size);
    require((entry ? entry->size : 0) == size, text);
  }

  void checkRegions() {
    require(program.target.size() <= MaxTargetText,
            "target: is longer than 1 MiB");
    target::Target target =
        target::parseTarget(program.target, source + ": target");
    std::set<isa::Region> kinds;
    for (const RegionEntry &entry : program.regions) {
      require(unsigned(entry.kind) < isa::RegionCount, "unknown region");
      std::string name = isa::regions()[unsigned(entry.kind)].name;
      require(kinds.insert(entry.kind).second,
              "region " + name + " is there twice");
      // Also keeps the sum in place() from overflowing.
      require(entry.size <= target.dramBytes(),
              "region " + name + " of " + std::to_string(entry.size) +
                  " bytes is larger than the DRAM of target '" + target.name +
                  "' (" + std::to_string(target.dramCapacityMib) + " MiB)");
    }
    require(place(program).end <= target.dramBytes(),
            "the regions need " + std::to_string(place(program).end) +
                " bytes, the DRAM of target '" + target.name + "' has " +
                std::to_string(target.dramBytes()));
    checkContents(isa::Region::Code, program.code.size() * 8);
    checkContents(isa::Region::Const, program.constants.size());
    checkContents(isa::Region::Weights, program.weights.size());
  }

  void checkLimits() {
    const Limits &limits = program.limits;
    require(limits.tokens >= 1 && limits.tokens <= limits.context &&
                limits.context <= MaxContext,
            "limits: " + std::to_string(limits.tokens) + " tokens in " +
                std::to_string(limits.context) + " of context");
    require(limits.batch >= 1 && limits.batch <= MaxBatch,
            "limits: batch " + std::to_string(limits.batch));
  }

  void checkEntries() {
    require(!program.entries.empty(), "there is no entry point");
    std::set<std::string> names;
    for (const EntryPoint &entry : program.entries) {
      std::string prefix = "entry '" + entry.name + "': ";
      require(!entry.name.empty() && names.insert(entry.name).second,
              prefix + "no name, or used twice");
      require(entry.pc < program.code.size(), prefix + "pc " +
                                                  std::to_string(entry.pc) +
                                                  " is outside the code");
      require(entry.arguments.size() <= isa::Arguments,
              prefix + std::to_string(entry.arguments.size()) +
                  " arguments, at most " + std::to_string(isa::Arguments));
      std::set<std::string> arguments;
      for (const std::string &argument : entry.arguments)
        require(!argument.empty() && arguments.insert(argument).second,
                prefix + "argument '" + argument + "': no name, or used twice");
    }
  }

  /// Checks that rows of \p strides with elements of \p bytes lie in the region
  /// for every corner.
  void checkExtents(const std::string &prefix, isa::Region kind,
                    uint64_t offset, const std::vector<int64_t> &strides,
                    const std::vector<std::vector<int64_t>> &shapes,
                    unsigned bytes) {
    uint64_t size = region(kind, prefix).size;
    require(offset <= size, prefix + ": begins past its region");
    for (int64_t stride : strides)
      require(stride >= 0 && uint64_t(stride) <= size,
              prefix + ": stride " + std::to_string(stride) +
                  " is negative or larger than its region");
    for (const std::vector<int64_t> &shape : shapes) {
      bool empty = false;
      // Sizes are at most 2^40, strides and offsets as well, and ranks 8.
      __int128 end = offset + bytes;
      for (size_t i = 0; i < strides.size(); ++i) {
        empty |= shape[i] == 0;
        end += __int128(shape[i] - 1) * strides[i];
      }
      require(empty || end <= size, prefix + ": ends past its region");
    }
  }

  using Shapes = std::vector<std::vector<int64_t>>;

  void checkColumns(const std::string &prefix, const Tensor &tensor,
                    const Shapes &shapes) {
    if (tensor.columns.empty())
      return;
    int64_t count = int64_t(tensor.columns.size()), size = 0;
    for (const std::vector<int64_t> &shape : shapes) {
      size = shape.empty() ? 0 : shape.back();
      int64_t rows = 1;
      for (size_t i = 0; i + 1 < shape.size(); ++i)
        rows *= shape[i];
      require(size > 0 && count % size == 0 && rows % (count / size) == 0,
              prefix + ": " + std::to_string(count) +
                  " columns do not fit its shape");
    }
    std::set<int64_t> places;
    for (int64_t i = 0; i < count; ++i) {
      if (i % size == 0)
        places.clear();
      int64_t column = tensor.columns[size_t(i)];
      require(column >= 0 && column <= MaxColumn &&
                  places.insert(column).second,
              prefix + ": column " + std::to_string(column) +
                  " is no place or used twice");
    }
  }

  /// The shapes as the strides see them.
  static Shapes storedShapes(const Tensor &tensor, Shapes shapes) {
    if (!tensor.columns.empty())
      for (std::vector<int64_t> &shape : shapes)
        shape.back() =
            *std::max_element(tensor.columns.begin(), tensor.columns.end()) + 1;
    return shapes;
  }

  /// Of what the host chooses of a result; how many there are is seen when
  /// they are chosen.
  void checkTopK(const std::string &prefix, const Tensor &tensor) {
    const Tensor *from = findTensor(program, tensor.source);
    bool fits = from && !isTopK(from->role) &&
                (from->kind == TensorKind::Output ||
                 from->kind == TensorKind::Logits) &&
                from->shape.size() >= 1;
    require(fits, prefix + ": source '" + tensor.source +
                      "' is no result to choose from");
    require(tensor.kind == TensorKind::Output && tensor.limit >= 1 &&
                tensor.limit <= MaxContext &&
                (tensor.fill == 0 || tensor.fill == 1) &&
                ((tensor.shape.size() == from->shape.size() &&
                  tensor.shape.back() == std::to_string(tensor.limit)) ||
                 (tensor.limit == 1 &&
                  tensor.shape.size() + 1 == from->shape.size())),
            prefix + ": is no " + std::to_string(tensor.limit) +
                " of each row of '" + tensor.source + "'");
  }

  void checkSource(const std::string &prefix, const Tensor &tensor) {
    if (isTopK(tensor.role))
      return checkTopK(prefix, tensor);
    if (tensor.source.empty())
      return;
    const Tensor *mask = findTensor(program, tensor.source);
    bool counts =
        mask && (mask->role == Role::Mask || mask->role == Role::Tokens ||
                 mask->role == Role::Types);
    require(tensor.role == Role::Positions && counts &&
                mask->shape.size() == 2 && tensor.shape.size() == 2 &&
                tensor.fill >= 0,
            prefix + ": source '" + tensor.source +
                "' has no keys to count positions from");
  }

  void checkTensor(const Tensor &tensor) {
    std::string prefix = "tensor '" + tensor.name + "'";
    require(!tensor.name.empty() && tensors.insert(tensor.name).second,
            prefix + ": no name, or used twice");
    size_t rank = tensor.shape.size(),
           viewRank = tensor.view.empty() ? rank : tensor.view.size();
    require(rank <= MaxRank && viewRank <= MaxRank,
            prefix + ": more than 8 dimensions");
    require(tensor.strides.size() == viewRank,
            prefix + ": " + std::to_string(tensor.strides.size()) +
                " strides for " + std::to_string(viewRank) + " dimensions");
    require(tensor.view.empty() || tensor.columns.empty(),
            prefix + ": both a view and columns");
    require(tensor.onnxShape.empty() || tensor.onnxShape.size() == rank,
            prefix + ": shape and ONNX shape differ in rank");
    Shapes shapes, views;
    auto sizes = [&](const std::vector<std::string> &dimensions,
                     const Symbols &symbols, __int128 &count) {
      std::vector<int64_t> shape;
      count = 1;
      for (const std::string &dimension : dimensions) {
        std::optional<int64_t> value = evaluate(dimension, symbols);
        require(value.has_value(), prefix + ": '" + dimension + "' is no size");
        shape.push_back(*value);
        count *= *value;
        require(count <= __int128(1) << 62, prefix + ": too many elements");
      }
      return shape;
    };
    for (const Symbols &symbols : corners(program.limits)) {
      __int128 count, viewed;
      shapes.push_back(sizes(tensor.shape, symbols, count));
      views.push_back(tensor.view.empty()
                          ? shapes.back()
                          : sizes(tensor.view, symbols, viewed));
      // Of numbers of keys the host makes the keys.
      bool counts = tensor.scale == ScaleKind::Counted && rank == 1;
      require(counts ? views.back().size() == 2
                     : tensor.view.empty() || viewed == count,
              prefix + ": view has another number of elements");
      require(!counts || shapes.back()[0] >= views.back()[0],
              prefix + ": fewer numbers of keys than sequences");
    }
    require(tensor.scale != ScaleKind::Counted ||
                (tensor.role == Role::Mask && (rank == 1 || rank == 2)),
            prefix + ": only a mask of one or two dimensions is counted");
    checkColumns(prefix, tensor, shapes);
    checkExtents(prefix, tensor.region, tensor.offset, tensor.strides,
                 storedShapes(tensor, views), elementBytes(tensor.type));
    checkSource(prefix, tensor);
    require(tensor.fractionBits >= 0 && tensor.fractionBits <= 31,
            prefix + ": " + std::to_string(tensor.fractionBits) +
                " fraction bits");
    if (tensor.scale == ScaleKind::Row) {
      require(rank >= 1 && tensor.view.empty() &&
                  tensor.scaleStrides.size() == rank - 1,
              prefix + ": " + std::to_string(tensor.scaleStrides.size()) +
                  " scale strides for " + std::to_string(rank) +
                  " dimensions, one less is needed");
      for (std::vector<int64_t> &shape : shapes)
        if (shape.back() > 0)
          shape.pop_back();
        else
          shape.assign(rank - 1, 0);
      checkExtents(prefix + ": scales", tensor.scaleRegion, tensor.scaleOffset,
                   tensor.scaleStrides, shapes, 4);
    }
    if (tensor.alias.empty())
      return;
    const Tensor *other = findTensor(program, tensor.alias);
    require(other && other != &tensor,
            prefix + ": alias '" + tensor.alias + "' is no other tensor");
    require(other->region == tensor.region && other->offset == tensor.offset,
            prefix + ": lies elsewhere than its alias '" + tensor.alias + "'");
  }

  void checkLayers() {
    std::set<uint32_t> tags;
    for (const Layer &layer : program.layers) {
      std::string prefix = "layer '" + layer.name + "': ";
      require(layer.tag < 256 && tags.insert(layer.tag).second,
              prefix + "tag " + std::to_string(layer.tag) +
                  " is above 255 or used twice");
      require(layer.first <= layer.last && layer.last <= program.code.size(),
              prefix + "instructions " + std::to_string(layer.first) + " .. " +
                  std::to_string(layer.last) + " are outside the code");
    }
  }

  const Program &program;
  const std::string &source;
  std::set<std::string> tensors;
};

} // namespace

void validate(const Program &program, const std::string &source) {
  ProgramCheck(program, source).run();
}

} // namespace dalbit::binary
