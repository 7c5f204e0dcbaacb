// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "simulator/fuzz/Coverage.h"

namespace dalbit::fuzz {

namespace {

std::string modeName(isa::Unit unit, const isa::FieldInfo &field,
                     const isa::ChoiceInfo &choice) {
  return std::string(isa::units()[unsigned(unit)].name) + "." + field.name +
         "." + choice.name;
}

/// Modes that are never used, or refused: no program can show them.
bool isPossible(isa::Unit unit, const isa::FieldInfo &field,
                const isa::ChoiceInfo &choice) {
  std::string name = modeName(unit, field, choice);
  for (const char *never :
       {"dma_out.gather.on", "vector.a_type.none", "vector.b_type.none",
        "vector.c_type.none", "vector.reduce_by.inner", "vector.reduce_by.one"})
    if (name == never)
      return false;
  return true;
}

/// Whether the field decides something in this go.
bool matters(isa::Unit unit, std::string_view field,
             const isa::Configurations &fields) {
  const isa::VectorConfiguration &v = fields.vector;
  if (unit == isa::Unit::Matrix)
    return field != "w_group" || fields.matrix.wForm == isa::MatrixWForm::W4;
  if (unit != isa::Unit::Vector || field == "op")
    return true;
  bool isScalar = v.op == isa::VectorOp::Scalar;
  if (field == "scalar_op")
    return isScalar || v.op == isa::VectorOp::Store;
  if (field == "scale1_by" && v.op == isa::VectorOp::Store)
    return true;
  if (field == "scale1_by" || field == "scale2_by" || field == "reduce_by")
    if (isScalar)
      return true;
  if (v.op != isa::VectorOp::Stream)
    return false;
  auto uses = [&](isa::ScaleSource source) {
    return v.scale1 == source || v.scale2 == source;
  };
  if (field == "a_type")
    return v.source == isa::VectorSource::Spm || v.addC == isa::VectorAddC::A;
  if (field == "b_type")
    return uses(isa::ScaleSource::B) || v.multiply == isa::VectorMultiply::B;
  if (field == "c_type")
    return v.add == isa::VectorAdd::C || v.addC == isa::VectorAddC::C;
  if (field == "scale1_by")
    return v.scale1 == isa::ScaleSource::Row;
  if (field == "scale2_by")
    return v.scale2 == isa::ScaleSource::Row;
  if (field == "add_by")
    return v.add == isa::VectorAdd::Row;
  if (field == "add_negate")
    return v.add != isa::VectorAdd::None;
  if (field == "reduce_by")
    return v.reduce != isa::VectorReduce::None;
  if (field == "square_by")
    return v.reduce == isa::VectorReduce::Sumsq;
  return true;
}

} // namespace

void Coverage::instruction(uint32_t pc, const isa::Instruction &instruction) {
  ++opcodes[instruction.opcode];
}

void Coverage::go(uint32_t pc, const isa::Instruction &go,
                  const isa::Configurations &configurations) {
  ++opcodes[go.opcode];
  std::span<const isa::FieldInfo> fields = isa::fields(go.unit);
  for (unsigned f = 0; f < fields.size(); ++f) {
    if (fields[f].choices.empty() ||
        !matters(go.unit, fields[f].name, configurations))
      continue;
    int64_t value = configurations.get(go.unit, f);
    for (const isa::ChoiceInfo &choice : fields[f].choices)
      if (choice.value == value)
        ++seen[modeName(go.unit, fields[f], choice)];
  }
}

Coverage &Coverage::operator+=(const Coverage &other) {
  for (const auto &[opcode, count] : other.opcodes)
    opcodes[opcode] += count;
  for (const auto &[mode, count] : other.seen)
    seen[mode] += count;
  return *this;
}

std::map<std::string, uint64_t> Coverage::instructions() const {
  std::map<std::string, uint64_t> result;
  for (const isa::InstructionInfo &info : isa::instructions()) {
    auto found = opcodes.find(info.opcode);
    result[info.mnemonic] = found == opcodes.end() ? 0 : found->second;
  }
  return result;
}

std::map<std::string, uint64_t> Coverage::modes() const {
  std::map<std::string, uint64_t> result = seen;
  for (unsigned u = 0; u < isa::UnitCount; ++u)
    for (const isa::FieldInfo &field : isa::fields(isa::Unit(u)))
      for (const isa::ChoiceInfo &choice : field.choices)
        if (isPossible(isa::Unit(u), field, choice))
          result.try_emplace(modeName(isa::Unit(u), field, choice), 0);
  return result;
}

} // namespace dalbit::fuzz
