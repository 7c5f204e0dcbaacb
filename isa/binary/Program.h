// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model in memory: what a .dbn file holds, and what the compiler
// hands to the writer and the engines get from the reader.
//
// Units: offsets, strides and sizes are bytes in DRAM; an instruction is an
// index into the code. The reader promises all that validate() checks
// (isa/binary/Validate.h), so an engine need not check it again. Left out: what
// the host does with the tensors (docs/binary.md says how their numbers are
// meant).

#pragma once

#include "isa/Isa.h"
#include "support/MappedFile.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace dalbit::binary {

/// Bytes of a read-only region: owned, or a view into a file that stays mapped
/// as long as a copy of this exists.
class Bytes {
public:
  Bytes() = default;
  Bytes(std::vector<uint8_t> owned)
      : owner(std::make_shared<std::vector<uint8_t>>(std::move(owned))),
        view(*std::static_pointer_cast<std::vector<uint8_t>>(owner)) {}
  Bytes(std::shared_ptr<void> owner, std::span<const uint8_t> view)
      : owner(std::move(owner)), view(view) {}

  std::span<const uint8_t> span() const { return view; }
  const uint8_t *data() const { return view.data(); }
  size_t size() const { return view.size(); }

private:
  std::shared_ptr<void> owner;
  std::span<const uint8_t> view;
};

/// A memory region of the program, by its kind; at most one of each. Code,
/// const and weights get their contents from the file, the others are zero at
/// the start. An engine places the regions in DRAM in the order of the table,
/// each aligned to 4096 bytes (isa/binary/Layout.h).
struct RegionEntry {
  isa::Region kind = isa::Region::Code;
  uint64_t size = 0;
  bool operator==(const RegionEntry &) const = default;
};

/// Where a program may be started. Arguments are the registers r1, r2, ... in
/// this order, each with the meaning that its name has: "tokens" (T),
/// "position" (P), "batch" (B), "rows_out" ...
struct EntryPoint {
  std::string name; ///< "prefill", "decode", "step"
  uint32_t pc = 0;
  std::vector<std::string> arguments;
  bool operator==(const EntryPoint &) const = default;
};

enum class TensorKind { Input, Output, Past, Present, Logits };

/// Element types in DRAM.
enum class ElementType { I8, I16, I32 };

/// What an integer input is.
enum class Role {
  None,      ///< not an integer input
  Tokens,    ///< token ids
  Positions, ///< positions P .. P+T-1, unless the host is told others
  Types,     ///< ids of another kind: 0 unless the host is told others
  Mask,      ///< 0: the key is hidden
  Lengths,   ///< numbers of keys, P + T less `fill`; less still if P is 0
  // Results that the host computes of `source`, another result:
  TopKValues,  ///< the largest `limit` of each row, smallest if `fill` is 1
  TopKIndices, ///< and their columns
  Total, ///< an integer input as lengths, whose largest is P + T less `fill`
};
constexpr unsigned Roles = 9;
constexpr bool isLengths(Role role) {
  return role == Role::Lengths || role == Role::Total;
}
constexpr bool isTopK(Role role) {
  return role == Role::TopKValues || role == Role::TopKIndices;
}

/// How numbers in DRAM stand for real ones (A9).
enum class ScaleKind {
  None,    ///< integers as they are: token ids, positions
  Fixed,   ///< real = integer * 2^-fractionBits
  Row,     ///< real = integer * pair of the row (A3's pairs, one 32-bit word)
  Visible, ///< mask: 0 where it is not 0, else -2^29 (added to scores)
  Hidden,  ///< mask: -2^29 where it is not 0, else 0
  Score,   ///< mask of numbers: as fixed, cut to +-2^29; infinities allowed
  Counted, ///< mask: as Visible of the first keys, as many as it has ones or as
           ///< a number of one dimension says; then the view has the keys
};
constexpr unsigned ScaleKinds = 7;

/// A tensor that the host reads or writes. shape has one expression for each
/// dimension: a number, or T, P, B and sums of products of them and numbers, as
/// "P+T" (isa/binary/Expression.h). strides are in bytes, one for each
/// dimension, not negative. With kind Row the scale of the row with indices (i0
/// .. in-2) is at scaleOffset + sum of i * scaleStrides; the last dimension is
/// the row. A view, if there is one, has the same elements in the same
/// row-major order cut into other dimensions; strides are then those of the
/// view.
struct Tensor {
  std::string name;
  TensorKind kind = TensorKind::Input;
  ElementType type = ElementType::I32;
  std::string onnxType; ///< "float", "float16", "int64", "int32", "bool" ...
  std::vector<std::string> shape;
  std::vector<std::string> onnxShape; ///< as the model names its dimensions
  std::vector<std::string> view;      ///< empty: the shape
  isa::Region region = isa::Region::Input;
  uint64_t offset = 0;
  std::vector<int64_t> strides;
  ScaleKind scale = ScaleKind::None;
  int fractionBits = 0;
  isa::Region scaleRegion = isa::Region::Kv;
  uint64_t scaleOffset = 0;
  std::vector<int64_t> scaleStrides;
  /// Where element i of a row is stored, in units of the last stride; empty:
  /// place i. (Rotary embeddings order the columns of keys.) Of caches that are
  /// one tensor, lists one behind the other, each for as many rows.
  std::vector<int64_t> columns;
  /// Inputs: what the integers are.
  Role role = Role::None;
  /// Inputs: elements are 0 .. limit - 1; 0: not checked. TopK: how many.
  uint64_t limit = 0;
  /// What the host counts positions from, a mask, or chooses from, a result;
  /// empty for all else.
  std::string source;
  /// The position of what the source hides; of lengths, by how much they are
  /// less than the keys; 1 if the smallest numbers are chosen.
  int64_t fill = 0;
  int64_t hidden = 0; ///< what the source holds where a key is hidden
  /// Name of the tensor in whose memory this one lies ("present" over "past"),
  /// or empty.
  std::string alias;
  bool operator==(const Tensor &) const = default;
};

/// A layer: what a tag stands for in reports.
struct Layer {
  uint32_t tag = 0; ///< 0..255, without the phase
  std::string name; ///< "h.3.attention"
  std::string kind; ///< "linear", "attention", "norm", "embedding" ...
  std::vector<std::string> nodes; ///< names of the ONNX nodes
  uint32_t first = 0, last = 0;   ///< instructions [first, last)
  uint64_t weightBytes = 0;       ///< read once a step
  uint64_t macsPerToken = 0;      ///< without attention's, which grow with P
  bool operator==(const Layer &) const = default;
};

/// Largest values of the symbols for which the program is made.
struct Limits {
  uint32_t tokens = 1;  ///< T of one start
  uint32_t context = 1; ///< P + T
  uint32_t batch = 1;   ///< B
  bool operator==(const Limits &) const = default;
};

struct Program {
  std::vector<uint64_t> code;
  Bytes constants; ///< contents of region const
  Bytes weights;   ///< contents of region weights
  std::vector<RegionEntry> regions;
  std::vector<EntryPoint> entries;
  std::vector<Tensor> tensors;
  std::vector<Layer> layers;
  Limits limits;
  std::string target; ///< TOML, complete: isa/target reads it
  /// Facts about the model as JSON: an object, its keys are in docs/binary.md.
  std::string model = "{}";
};

const char *name(TensorKind kind);
const char *name(ElementType type);
const char *name(ScaleKind kind);
const char *name(Role role);
unsigned elementBytes(ElementType type);

/// The region's entry, or null.
const RegionEntry *findRegion(const Program &program, isa::Region kind);
/// By name; null if there is none.
const Tensor *findTensor(const Program &program, const std::string &name);
const EntryPoint *findEntry(const Program &program, const std::string &name);

} // namespace dalbit::binary
