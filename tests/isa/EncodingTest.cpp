// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/Isa.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

#include <random>

using namespace dalbit::isa;

namespace {

std::mt19937_64 random64(1);

/// A random word with the opcode, whose field and value are legal if it is a
/// set.
uint64_t randomWord(const InstructionInfo &info) {
  uint64_t word = uint64_t(info.opcode) << 56 |
                  (random64() & info.mask & ~(uint64_t(0xff) << 56));
  for (const OperandInfo &operand : info.operands) {
    if (operand.kind != OperandKind::Field)
      continue;
    unsigned unit = word >> (operand.lsb + FieldIndexBits) & 3;
    unsigned index = random64() % fields(Unit(unit)).size();
    const FieldInfo &field = fields(Unit(unit))[index];
    uint32_t value = uint32_t(word);
    if (!fits(field, value))
      value = field.isSigned ? uint32_t(int32_t(value) >> (32 - field.width))
                             : value >> (32 - field.width);
    word &= ~(uint64_t((1u << FieldIndexBits) - 1) << operand.lsb);
    word = (word & ~uint64_t(0xffffffff)) | uint64_t(index) << operand.lsb;
    word |= value;
  }
  return word;
}

} // namespace

TEST_CASE("every instruction survives decode and encode") {
  for (const InstructionInfo &info : instructions())
    for (int i = 0; i < 300; ++i) {
      uint64_t word = randomWord(info);
      Decoded decoded = decode(word);
      INFO(info.mnemonic << ": " << decoded.error);
      REQUIRE(decoded);
      REQUIRE(decoded.instruction.opcode == info.opcode);
      REQUIRE(encode(decoded.instruction) == word);
    }
}

TEST_CASE("every instruction survives print and parse") {
  for (const InstructionInfo &info : instructions())
    for (int i = 0; i < 300; ++i) {
      Instruction instruction = decode(randomWord(info)).instruction;
      std::string text = print(instruction);
      Decoded parsed = parse(text);
      INFO(text << ": " << parsed.error);
      REQUIRE(parsed);
      REQUIRE(parsed.instruction == instruction);
    }
}

TEST_CASE("every field can be set to its limits and not past them") {
  for (unsigned unit = 0; unit < UnitCount; ++unit)
    for (unsigned index = 0; index < fields(Unit(unit)).size(); ++index) {
      const FieldInfo &field = fields(Unit(unit))[index];
      INFO(units()[unit].name << "." << field.name);
      int64_t low = field.isSigned ? -(int64_t(1) << (field.width - 1)) : 0;
      int64_t high = low + (int64_t(1) << field.width) - 1;
      for (int64_t value : {low, high}) {
        Instruction set = makeSetI(Unit(unit), index, int32_t(value));
        Decoded decoded = decode(encode(set));
        CHECK(decoded);
        CHECK(decoded.instruction == set);
        CHECK(parse(print(set)).instruction == set);
      }
      if (field.width == 32)
        continue;
      for (int64_t value : {low - 1, high + 1}) {
        CHECK_FALSE(decode(encode(makeSetI(Unit(unit), index, value))));
        CHECK_FALSE(parse(std::string("set ") + units()[unit].name + "." +
                          field.name + ", " + std::to_string(value)));
      }
    }
}

TEST_CASE("every unknown opcode is refused") {
  unsigned known = 0;
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    bool legal = findInstruction(Opcode(opcode)) != nullptr;
    known += legal;
    if (!legal)
      CHECK_FALSE(decode(uint64_t(opcode) << 56));
  }
  CHECK(known == instructions().size());
  CHECK_FALSE(decode(0));
}

TEST_CASE("every bit outside the operands is refused") {
  for (const InstructionInfo &info : instructions()) {
    uint64_t word = randomWord(info);
    for (unsigned bit = 0; bit < 56; ++bit)
      if (!(info.mask >> bit & 1)) {
        INFO(info.mnemonic << " bit " << bit);
        CHECK_FALSE(decode(word | uint64_t(1) << bit));
      }
  }
}

TEST_CASE("every field that a unit does not have is refused") {
  for (unsigned unit = 0; unit < UnitCount; ++unit)
    for (unsigned index = fields(Unit(unit)).size();
         index < 1u << FieldIndexBits; ++index) {
      CHECK_FALSE(decode(encode(makeSetI(Unit(unit), index, 0))));
      CHECK_FALSE(decode(encode(makeSetR(Unit(unit), index, 1, 0))));
    }
}

TEST_CASE("assembly reads as the manual says") {
  CHECK(print(makeSetI(Unit::Matrix, unsigned(MatrixField::K), 64)) ==
        "set matrix.k, 64");
  CHECK(print(makeSetI(Unit::Matrix, unsigned(MatrixField::WForm),
                       int(MatrixWForm::W4))) == "set matrix.w_form, w4");
  CHECK(print(makeSetR(Unit::DmaIn, unsigned(DmaField::Bytes), 3, -5)) ==
        "setr dma_in.bytes, r3, -5");
  CHECK(print(makeGo(Unit::Vector, 3, 4)) ==
        "go vector, wait 0x0003, signal 0x0004");
  CHECK(print(makeSemWait(0x8001)) == "sem.wait 0x8001");
  CHECK(print(makeBne(1, 2, -7)) == "bne r1, r2, -7");
  CHECK(print(makeLoop(4, 12)) == "loop r4, +12");
  CHECK(print(makeTag(0x105)) == "tag 0x105");
  CHECK(parse("  set  matrix.k ,64 ; a comment").instruction.imm == 64);
  CHECK(parse("li r1, 0xffffffff").instruction.imm == -1);
}

TEST_CASE("bad assembly is refused with its reason") {
  auto reason = [](const char *text) { return parse(text).error; };
  CHECK(reason("mov r1, r2") == "unknown instruction 'mov'");
  CHECK(reason("") == "unknown instruction ''");
  CHECK(reason("li r1") == "li takes 2 operands, not 1");
  CHECK(reason("li r32, 1") == "li: 'r32' is no a");
  CHECK(reason("li r1, 4294967296") == "li: '4294967296' is no imm");
  CHECK(reason("li r1, 1x") == "li: '1x' is no imm");
  CHECK(reason("set matrix.kk, 1") == "set: 'matrix.kk' is no field");
  CHECK(reason("set matrix.rows, 4096") ==
        "value 4096 does not fit matrix.rows (12 bits)");
  CHECK(reason("go vector, 1, 2") == "go: operand 2 begins with 'wait'");
  CHECK(reason("sem.wait 0x10000") == "sem.wait: '0x10000' is no wait");
}

TEST_CASE("a text of several lines becomes words") {
  std::vector<uint64_t> words = assemble("li r1, 5\n\n ; comment\nhalt", "a");
  CHECK(words ==
        std::vector<uint64_t>{encode(makeLi(1, 5)), encode(makeHalt())});
  CHECK_THROWS_WITH(assemble("nop\nnope\n", "a.s"),
                    "a.s:2: unknown instruction 'nope'");
}

TEST_CASE("setField does what set does and pack puts it in its place") {
  VectorConfiguration vector;
  CHECK(setField(vector, unsigned(VectorField::Op), 3));
  CHECK(vector.op == VectorOp::Store);
  CHECK(setField(vector, unsigned(VectorField::Scale1Adjust), uint32_t(-128)));
  CHECK(vector.scale1Adjust == -128);
  CHECK_FALSE(setField(vector, unsigned(VectorField::Scale1Adjust), 128));
  CHECK(vector.scale1Adjust == -128);
  CHECK_FALSE(setField(vector, fields(Unit::Vector).size(), 0));
  CHECK(getField(vector, unsigned(VectorField::Scale1Adjust)) == -128);

  // Each field alone, all ones, covers just its bits: together all bits.
  std::array<uint32_t, (VectorConfiguration::Bits + 31) / 32> all{};
  unsigned bits = 0;
  for (unsigned i = 0; i < fields(Unit::Vector).size(); ++i) {
    const FieldInfo &field = fields(Unit::Vector)[i];
    CHECK(field.lsb == bits);
    bits += field.width;
    VectorConfiguration one;
    uint32_t ones =
        field.isSigned || field.width == 32 ? ~0u : (1u << field.width) - 1;
    REQUIRE(setField(one, i, ones));
    auto packed = pack(one);
    for (unsigned bit = 0; bit < VectorConfiguration::Bits; ++bit) {
      bool expected = bit >= field.lsb && bit < field.lsb + field.width;
      REQUIRE((packed[bit / 32] >> bit % 32 & 1) == expected);
    }
    for (size_t word = 0; word < all.size(); ++word)
      all[word] |= packed[word];
  }
  CHECK(bits == VectorConfiguration::Bits);
  CHECK(all.front() == ~0u);
}

TEST_CASE("counters add up by name") {
  Counters sum, more;
  more.matrix.macsW8 = 3;
  more.dmaOut.bytes = 5;
  sum += more;
  sum += more;
  uint64_t total = 0;
  for (unsigned i = 0; i < CounterCount; ++i) {
    std::string name = counters()[i].name;
    total += counter(sum, i);
    if (name == "matrix.macs_w8")
      CHECK(counter(sum, i) == 6);
    if (name == "dma_out.bytes")
      CHECK(counter(sum, i) == 10);
  }
  CHECK(total == 16);
}
