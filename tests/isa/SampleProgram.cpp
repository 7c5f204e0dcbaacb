// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/isa/SampleProgram.h"

#include "isa/target/Target.h"

#include <numeric>

namespace dalbit::binary {

Program sampleProgram() {
  using namespace isa;
  Program program;
  for (const Instruction &instruction :
       {makeTag(0), makeLi(9, 3), makeNop(), makeNop(), makeLoop(9, 3),
        makeSetI(Unit::Matrix, uint8_t(MatrixField::K), 64),
        makeGo(Unit::Matrix, 0, 0), makeNop(), makeNop(), makeHalt()})
    program.code.push_back(encode(instruction));
  std::vector<uint8_t> constants(300), weights(5000);
  std::iota(constants.begin(), constants.end(), 0);
  std::iota(weights.begin(), weights.end(), 7);
  program.constants = Bytes(constants);
  program.weights = Bytes(weights);
  program.limits = {16, 64, 1};

  // Two heads of 32: codes for 64 positions, then their scales.
  constexpr uint64_t codes = 2 * 64 * 32, scales = 2 * 64 * 4;
  program.regions = {{Region::Code, program.code.size() * 8},
                     {Region::Const, constants.size()},
                     {Region::Weights, weights.size()},
                     {Region::Kv, codes + scales},
                     {Region::Input, 64},
                     {Region::Workspace, 1 << 20}};
  program.entries = {{"prefill", 0, {"tokens", "position"}},
                     {"decode", 4, {"tokens", "position"}}};

  Tensor tokens;
  tokens.name = "tokens";
  tokens.role = Role::Tokens;
  tokens.onnxType = "int64";
  tokens.shape = {"B", "T"};
  tokens.onnxShape = {"batch", "sequence"};
  tokens.strides = {64, 4};
  tokens.limit = 50257;
  Tensor image;
  image.name = "image";
  image.onnxType = "float";
  image.shape = {"3", "4"};
  image.view = {"3", "2", "2"};
  image.strides = {8, 24, 4};
  image.scale = ScaleKind::Fixed;
  image.fractionBits = 16;
  Tensor present;
  present.name = "present";
  present.kind = TensorKind::Present;
  present.type = ElementType::I8;
  present.onnxType = "float";
  present.shape = {"B", "2", "P+T", "32"};
  present.region = Region::Kv;
  present.strides = {0, 64 * 32, 32, 1};
  present.scale = ScaleKind::Row;
  present.scaleOffset = codes;
  present.scaleStrides = {0, 64 * 4, 4};
  Tensor past = present;
  past.name = "past";
  past.kind = TensorKind::Past;
  past.shape[2] = "P";
  past.alias = "present";
  program.tensors = {tokens, present, past, image};

  program.layers = {{0, "embedding", "embedding", {"/wte/Gather"}, 0, 4, 0, 0},
                    {1, "h.0", "linear", {"/h.0/MatMul", "x"}, 4, 9, 5000, 64}};
  program.target = target::builtinText("edge");
  program.model = R"({"max_context": 64, "tokenizer": "bytes"})";
  return program;
}

} // namespace dalbit::binary
