// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A session on an engine that records its starts and does a little by hand: the
// logits of token t are t * 2^-1 and -t * 2^-1.

#include "simulator/host/Session.h"
#include "support/Error.h"

#include <catch2/catch.hpp>

#include <cstring>

namespace dalbit::host {

namespace {

using binary::ElementType;
using binary::ScaleKind;
using binary::TensorKind;
using isa::Region;

constexpr uint32_t Context = 16, MostTokens = 4, Batch = 2;

/// ids [B,T], mask [B,P+T], past and present [B,1,..,2], logits [B,T,2].
binary::Program program() {
  binary::Program program;
  program.code.resize(10);
  program.limits = {MostTokens, Context, Batch};
  program.regions = {{Region::Code, 80},
                     {Region::Kv, Batch * Context * 8},
                     {Region::Input, 1024},
                     {Region::Output, 1024}};
  std::vector<std::string> arguments = {"tokens", "position", "batch",
                                        "all_rows"};
  program.entries = {{"prefill", 3, arguments}, {"decode", 7, arguments}};
  program.model = R"({"vocabulary": 100})";

  binary::Tensor mask;
  mask.name = "mask";
  mask.role = binary::Role::Mask;
  mask.onnxType = "int64";
  mask.shape = {"B", "P+T"};
  mask.offset = 512;
  mask.strides = {128, 4};
  binary::Tensor ids = mask;
  mask.scale = ScaleKind::Visible;
  ids.name = "ids";
  ids.role = binary::Role::Tokens;
  ids.shape = {"B", "T"};
  ids.offset = 0;
  ids.strides = {64, 4};
  binary::Tensor past;
  past.name = "past";
  past.kind = TensorKind::Past;
  past.type = ElementType::I8;
  past.onnxType = "float";
  past.shape = {"B", "1", "P", "2"};
  past.region = Region::Kv;
  past.strides = {Context * 8, 0, 4, 1};
  past.scale = ScaleKind::Row;
  past.scaleOffset = Context * 4;
  past.scaleStrides = {Context * 8, 0, 4};
  binary::Tensor present = past;
  present.name = "present";
  present.kind = TensorKind::Present;
  present.shape[2] = "P+T";
  present.alias = "past";
  binary::Tensor logits;
  logits.name = "logits";
  logits.kind = TensorKind::Logits;
  logits.onnxType = "float";
  logits.shape = {"B", "T", "2"};
  logits.region = Region::Output;
  logits.strides = {256, 16, 4};
  logits.scale = ScaleKind::Fixed;
  logits.fractionBits = 1;
  program.tensors = {mask, ids, past, logits, present};
  return program;
}

struct Recorder : Engine {
  explicit Recorder(Memory &memory) : memory(memory) {}

  StepResult run(const Start &start) override {
    starts.push_back(start);
    auto [tokens, position, batch, allRows, a, b, c, d] = start.arguments;
    for (uint32_t s = 0; s < batch; ++s) {
      for (uint32_t t = allRows ? 0 : tokens - 1; t < tokens; ++t) {
        int32_t id = word(Region::Input, s * 64 + t * 4);
        int32_t row[2] = {id, -id};
        std::memcpy(memory.region(Region::Output) + s * 256 + t * 16, row, 8);
      }
      masks.push_back("");
      for (uint32_t key = 0; key < position + tokens; ++key)
        masks.back() +=
            word(Region::Input, 512 + s * 128 + key * 4) == 0 ? 'x' : '-';
    }
    StepResult result;
    result.counters.sequencer.instructions = 1;
    result.byTag[5].sequencer.instructions = 1;
    return result;
  }
  int32_t word(Region region, uint64_t offset) {
    int32_t value;
    std::memcpy(&value, memory.region(region) + offset, 4);
    return value;
  }

  Memory &memory;
  std::vector<Start> starts;
  std::vector<std::string> masks;
};

struct Bench {
  binary::Program code = program();
  Memory memory{1 << 20};
  Recorder engine{memory};
  Session session{code, memory, engine};
};

using Ids = std::vector<int32_t>;
using Row = std::vector<float>;

HostTensor idsTensor(std::vector<int64_t> shape, std::vector<double> values) {
  return {"ids", "int64", std::move(shape), std::move(values)};
}

} // namespace

TEST_CASE("a step passes T, P, B and the rows that are wanted by name",
          "[session]") {
  Bench bench;
  bench.session.step(Ids{1, 2, 3}, 1, /*allRows=*/false);
  bench.session.step(Ids{4}, 1, /*allRows=*/true);
  CHECK(bench.engine.starts[0].pc == 3);
  CHECK(bench.engine.starts[0].arguments ==
        std::array<uint32_t, 8>{3, 0, 1, 0, 0, 0, 0, 0});
  CHECK(bench.engine.starts[1].pc == 7); // decode
  CHECK(bench.engine.starts[1].arguments ==
        std::array<uint32_t, 8>{1, 3, 1, 1, 0, 0, 0, 0});
  CHECK(bench.session.position() == 4);
}

TEST_CASE("logits are integers times a power of two", "[session]") {
  Bench bench;
  bench.session.step(Ids{1, 2, 30, 40}, 2, /*allRows=*/true);
  CHECK(bench.session.logits(0, 1) == Row{1, -1});
  CHECK(bench.session.logits(1, 0) == Row{15, -15});
  bench.session.step(Ids{5, 7}, 1, /*allRows=*/false);
  CHECK(bench.session.logits(0, 1) == Row{3.5, -3.5});
  CHECK_THROWS_AS(bench.session.logits(0, 0), Error);
}

TEST_CASE("more tokens than a start takes are fed in several", "[session]") {
  Bench bench;
  Ids ids = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  StepResult result = bench.session.step(ids, 1, /*allRows=*/true);
  REQUIRE(bench.engine.starts.size() == 3);
  CHECK(bench.engine.starts[1].arguments[0] == 4);
  CHECK(bench.engine.starts[1].arguments[1] == 4);
  CHECK(bench.engine.starts[2].arguments[0] == 1);
  for (uint32_t row = 0; row < 9; ++row)
    CHECK(bench.session.logits(0, row)[0] == float(row + 1) / 2);
  CHECK(result.counters.sequencer.instructions == 3);
  CHECK(result.byTag[5].sequencer.instructions == 3);
  CHECK(bench.session.lastTokens() == 9);
}

TEST_CASE("sequences of a batch are split alike", "[session]") {
  Bench bench;
  bench.session.step(Ids{1, 2, 3, 4, 5, 11, 12, 13, 14, 15}, 2,
                     /*allRows=*/true);
  CHECK(bench.session.logits(0, 4)[0] == 2.5);
  CHECK(bench.session.logits(1, 0)[0] == 5.5);
  CHECK(bench.session.logits(1, 4)[0] == 7.5);
}

TEST_CASE("an id outside the vocabulary is named with its place", "[session]") {
  Bench bench;
  CHECK_THROWS_WITH(
      bench.session.step(Ids{1, 100}, 1, false),
      "input 'ids': element [0,1] is 100, outside the vocabulary of 100");
  CHECK_THROWS_WITH(
      bench.session.step(Ids{-1, 3}, 1, false),
      "input 'ids': element [0,0] is -1, outside the vocabulary of 100");
  CHECK(bench.engine.starts.empty());
}

TEST_CASE("positions past the context are refused", "[session]") {
  Bench bench;
  bench.session.step(Ids(16, 1), 1, false);
  CHECK_THROWS_WITH(bench.session.step(Ids{1}, 1, false),
                    "17 positions are more than the context of 16");
  CHECK_THROWS_AS(bench.session.setPosition(16), Error);
  CHECK_THROWS_WITH(bench.session.step(Ids(3, 1), 3, false),
                    "batch 3 is above the program's 2");
}

TEST_CASE("reset empties the cache and goes back to position 0", "[session]") {
  Bench bench;
  bench.session.step(Ids{1, 2}, 1, false);
  bench.memory.region(Region::Kv)[3] = 9;
  bench.session.reset();
  CHECK(bench.session.position() == 0);
  CHECK(bench.memory.region(Region::Kv)[3] == 0);
}

TEST_CASE("without a mask every key is visible", "[session]") {
  Bench bench;
  std::vector<HostTensor> outputs;
  bench.session.runOnce(
      {idsTensor({1, 2}, {3, 4}), {"mask", "int64", {1, 2}, {0, 1}}}, outputs);
  CHECK(bench.engine.masks.back() == "-x");
  CHECK(bench.engine.word(Region::Input, 512) == -(1 << 29));
  bench.session.step(Ids{5}, 1, false);
  CHECK(bench.engine.masks.back() == "xxx");
}

TEST_CASE("a counted mask and numbers of keys show the first ones",
          "[session]") {
  Bench bench;
  binary::Tensor &mask = bench.code.tensors.front();
  REQUIRE(mask.name == "mask");
  mask.scale = ScaleKind::Counted;
  auto run = [&](HostTensor given) {
    Session session(bench.code, bench.memory, bench.engine);
    std::vector<HostTensor> outputs;
    session.runOnce({idsTensor({2, 3}, {3, 4, 5, 6, 7, 8}), given}, outputs);
    std::string text;
    for (uint64_t b : {0, 1})
      for (uint64_t s : {0, 1, 2})
        text +=
            bench.engine.word(Region::Input, 512 + b * 128 + s * 4) ? '-' : 'x';
    return text;
  };
  CHECK(run({"mask", "int64", {2, 3}, {0, 1, 1, 1, 0, 0}}) == "xx-x--");
  CHECK_THROWS_WITH(run({"mask", "int64", {2, 3}, {0, 2, 1, 1, 0, 0}}),
                    Catch::Contains("a mask has 0 and 1"));
  mask.view = mask.shape;
  mask.shape = {"B"};
  CHECK(run({"mask", "int64", {2}, {3, 1}}) == "xxxx--");
  CHECK_THROWS_WITH(run({"mask", "int64", {2}, {3, -1}}),
                    Catch::Contains("value 1 is -1.0, which is no number of "
                                    "keys"));
  mask.shape = {"4"};
  CHECK(run({"mask", "int64", {4}, {3, 2, 1, 0}}) == "-xxxx-");
}

TEST_CASE("the host counts positions from a mask", "[session]") {
  Bench bench;
  binary::Tensor counted = bench.code.tensors[1];
  counted.name = "mask.positions";
  counted.role = binary::Role::Positions;
  counted.source = "mask";
  counted.fill = 1;
  counted.offset = 256;
  bench.code.tensors.push_back(counted);
  Session session(bench.code, bench.memory, bench.engine);
  std::vector<HostTensor> outputs;
  session.runOnce({idsTensor({2, 3}, {3, 4, 5, 6, 7, 8}),
                   {"mask", "int64", {2, 3}, {0, 1, 1, 1, 1, 1}}},
                  outputs);
  for (int i = 0; i < 3; ++i) {
    CHECK(bench.engine.word(Region::Input, 256 + i * 4) ==
          std::vector<int>{1, 0, 1}[i]);
    CHECK(bench.engine.word(Region::Input, 256 + 64 + i * 4) == i);
  }
  session.step(Ids{5}, 1, false);
  CHECK(bench.engine.word(Region::Input, 256) == 3);
}

TEST_CASE("a model runs once with inputs and outputs by name (M2)",
          "[session]") {
  Bench bench;
  std::vector<HostTensor> outputs;
  HostTensor past{"past", "float", {2, 1, 3, 2}, {}};
  for (int i = 0; i < 6; ++i) {
    past.values.push_back(127 * (i + 1));
    past.values.push_back(-(i + 1));
  }
  HostTensor mask{"mask", "int64", {2, 5}, {1, 1, 1, 1, 1, 0, 0, 1, 1, 1}};
  bench.session.runOnce({idsTensor({2, 2}, {1, 2, 3, 4}), mask, past}, outputs);
  CHECK(bench.engine.starts[0].arguments ==
        std::array<uint32_t, 8>{2, 3, 2, 1, 0, 0, 0, 0});
  CHECK(bench.engine.masks == std::vector<std::string>{"xxxxx", "--xxx"});
  REQUIRE(outputs.size() == 2);
  CHECK(outputs[0].name == "logits");
  CHECK(outputs[0].shape == std::vector<int64_t>{2, 2, 2});
  CHECK(outputs[0].values ==
        std::vector<double>{.5, -.5, 1, -1, 1.5, -1.5, 2, -2});
  CHECK(outputs[1].name == "present");
  CHECK(outputs[1].shape == std::vector<int64_t>{2, 1, 5, 2});
  // The past as it came in; the engine has written no new rows.
  std::vector<double> first(outputs[1].values.begin(),
                            outputs[1].values.begin() + 6);
  CHECK(first == std::vector<double>{127, -1, 254, -2, 381, -3});
}

TEST_CASE("a past of length 0 may be given or left out (M3)", "[session]") {
  Bench bench;
  std::vector<HostTensor> outputs;
  bench.session.runOnce({idsTensor({1, 1}, {1})}, outputs);
  bench.session.runOnce(
      {idsTensor({1, 1}, {1}), {"past", "float", {1, 1, 0, 2}, {}}}, outputs);
  CHECK(outputs[1].shape == std::vector<int64_t>{1, 1, 1, 2});
}

TEST_CASE("an input that nothing reads may have any size", "[session]") {
  binary::Program code = program();
  binary::Tensor dummy = code.tensors[1];
  dummy.name = "dummy";
  dummy.role = binary::Role::None;
  dummy.kind = TensorKind::Input;
  dummy.strides = {0, 0};
  code.tensors.push_back(dummy);
  Memory memory{1 << 20};
  Recorder engine{memory};
  Session session{code, memory, engine};
  std::vector<HostTensor> outputs;
  session.runOnce({idsTensor({1, 1}, {7}), {"dummy", "int64", {1, 9}, {9}}},
                  outputs);
  CHECK(outputs[0].values == std::vector<double>{3.5, -3.5});
  session.runOnce({idsTensor({1, 1}, {7})}, outputs);
  CHECK(outputs[0].values == std::vector<double>{3.5, -3.5});
}

TEST_CASE("numbers of keys are those that the past and the new tokens make",
          "[session]") {
  binary::Program code = program();
  binary::Tensor lengths = code.tensors[1];
  lengths.name = "last";
  lengths.role = binary::Role::Lengths;
  lengths.shape = {"B"};
  lengths.strides = {0};
  lengths.fill = 1;
  code.tensors.push_back(lengths);
  Memory memory{1 << 20};
  Recorder engine{memory};
  Session session{code, memory, engine};
  std::vector<HostTensor> outputs;
  auto run = [&](std::vector<double> numbers, int64_t past) {
    HostTensor cache{"past", "float", {2, 1, past, 2}, {}};
    cache.values.assign(size_t(past) * 4, 1);
    session.runOnce({idsTensor({2, 2}, {1, 2, 3, 4}),
                     cache,
                     {"last", "int64", {int64_t(numbers.size())}, numbers}},
                    outputs);
  };
  CHECK_NOTHROW(run({4, 4}, 3));
  // Prompts may be padded at their ends.
  CHECK_NOTHROW(run({0, 1}, 0));
  CHECK_THROWS_WITH(run({4, 3}, 3),
                    Catch::Contains("input 'last': element 1 is 3, expected 4: "
                                    "each sequence has the 3 keys of the past "
                                    "and the 2 new ones"));
  CHECK_THROWS_WITH(run({2, 1}, 0), Catch::Contains("element 0 is 2"));
  CHECK_THROWS_WITH(run({1, -1}, 0),
                    Catch::Contains("input 'last': element 1 is -1, expected 0 "
                                    ".. 1: there are 2 new keys and no past"));
  CHECK_THROWS_WITH(run({0.5, 1}, 0), Catch::Contains("element 0 is 0.5"));
  for (std::vector<double> numbers : {std::vector<double>{}, {4}, {4, 4, 4}})
    CHECK_THROWS_WITH(run(numbers, 3),
                      Catch::Contains("input 'last' has shape [" +
                                      std::to_string(numbers.size()) +
                                      "], expected [2]"));
}

TEST_CASE("the total number of keys counts the padding", "[session]") {
  binary::Program code = program();
  binary::Tensor total = code.tensors[1];
  total.name = "total";
  total.role = binary::Role::Total;
  total.shape = {};
  total.strides = {};
  code.tensors.push_back(total);
  Memory memory{1 << 20};
  Recorder engine{memory};
  Session session{code, memory, engine};
  std::vector<HostTensor> outputs;
  auto run = [&](double number) {
    session.runOnce({idsTensor({1, 2}, {1, 2}),
                     {"past", "float", {1, 1, 0, 2}, {}},
                     {"total", "int64", {}, {number}}},
                    outputs);
  };
  CHECK_NOTHROW(run(2));
  CHECK_THROWS_WITH(run(1), Catch::Contains("input 'total': the largest number "
                                            "is 1, expected 2: there are 2 new "
                                            "keys and no past"));
}

TEST_CASE("inputs that do not fit the model are named", "[session]") {
  Bench bench;
  std::vector<HostTensor> outputs;
  auto error = [&](std::vector<HostTensor> inputs) -> std::string {
    try {
      bench.session.runOnce(inputs, outputs);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  };
  HostTensor ids = idsTensor({1, 2}, {1, 2});
  CHECK(error({{"mask", "int64", {1, 1}, {1}}}) ==
        "input 'ids' [1,1] is missing");
  CHECK(error({ids, {"masc", "int64", {1, 2}, {1, 1}}}) ==
        "the model has no input 'masc'");
  CHECK(error({ids, {"mask", "int64", {1, 3}, {1, 1, 1}}}) ==
        "input 'mask' has shape [1,3], expected [1,2]");
  CHECK(error({idsTensor({1, 1}, {1.5})}) ==
        "input 'ids': element [0,0] is 1.5, outside the vocabulary of 100");
  CHECK(error({ids, {"past", "float", {1, 1, 1, 2}, {1, INFINITY}}}) ==
        "input 'past': value 1 is not finite");
  CHECK(error({ids, {"mask", "int64", {1, 2}, {1, 7}}}) ==
        "input 'mask': value 1 is 7.0; a mask has 0 and 1");
  CHECK(error({idsTensor({1, 0}, {})}) == "there is no token to run");
}

TEST_CASE("numbers that would saturate at the border are refused",
          "[session]") {
  binary::Program code = program();
  binary::Tensor features = code.tensors[1];
  features.name = "features";
  features.role = binary::Role::None;
  features.onnxType = "float";
  features.scale = binary::ScaleKind::Fixed;
  features.fractionBits = 16;
  features.shape = features.onnxShape = {"B", "2"};
  code.tensors.push_back(features);
  Memory memory{1 << 20};
  Recorder engine{memory};
  Session session(code, memory, engine);
  std::vector<HostTensor> outputs;
  HostTensor given{"features", "float", {1, 2}, {0, -32767.9}};
  CHECK_NOTHROW(session.runOnce({idsTensor({1, 1}, {1}), given}, outputs));
  given.values[1] = -32768.5;
  CHECK_THROWS_WITH(
      session.runOnce({idsTensor({1, 1}, {1}), given}, outputs),
      "input 'features': value 1 is -32768.5; the NPU takes numbers up to "
      "32767.0 here");
}

TEST_CASE("what a model needs is seeded where nobody gives it", "[session]") {
  binary::Program code = program();
  Memory memory{1 << 20};
  Recorder engine{memory};
  CHECK(Session(code, memory, engine).continuesText());
  // Features of a fixed size beside the tokens, as an encoder's states.
  binary::Tensor features = code.tensors[1];
  features.name = "features";
  features.role = binary::Role::None;
  features.onnxType = "float";
  features.shape = features.onnxShape = {"B", "3"};
  code.tensors.push_back(features);
  Session session(code, memory, engine);
  CHECK_FALSE(session.continuesText());
  auto inputs = session.seededInputs({}, 1);
  REQUIRE(inputs.size() == 2);
  CHECK(inputs[0].shape == std::vector<int64_t>{1, Context / 2 + 1});
  for (double id : inputs[0].values)
    CHECK((id >= 0 && id < 100));
  CHECK(inputs[1].shape == std::vector<int64_t>{1, 3});
  CHECK(inputs[1].values != session.seededInputs({}, 2)[1].values);
  inputs = session.seededInputs(Ids{5, 6}, 1);
  CHECK(inputs[0].values == std::vector<double>{5, 6});
  std::vector<HostTensor> outputs;
  session.runOnce(inputs, outputs);
  CHECK(outputs[0].values == std::vector<double>{2.5, -2.5, 3, -3});
  // A size that the model fixes is kept.
  code.tensors[1].onnxShape = {"batch", "4"};
  CHECK(session.seededInputs({}, 1)[0].shape == std::vector<int64_t>{1, 4});
}

TEST_CASE("tokens for a model that reads none are refused", "[session]") {
  binary::Program code = program();
  code.tensors[1].role = binary::Role::None;
  Memory memory{1 << 20};
  Recorder engine{memory};
  Session session(code, memory, engine);
  CHECK_FALSE(session.continuesText());
  CHECK_THROWS_WITH(session.seededInputs(Ids{1}, 1),
                    "the model reads no token ids");
  CHECK_THROWS_WITH(session.step(Ids{1}, 1, false),
                    "the model does not continue text");
}

TEST_CASE("a past can be imported before steps", "[session]") {
  Bench bench;
  bench.session.importPast(
      {{"past", "float", {1, 1, 5, 2}, std::vector<double>(10, 127)}});
  CHECK(bench.session.position() == 5);
  bench.session.step(Ids{1}, 1, false);
  CHECK(bench.engine.starts[0].arguments[1] == 5);
  CHECK(bench.session.outputs()[1].values[9] == 127);
  CHECK_THROWS_AS(
      bench.session.importPast(
          {{"past", "float", {1, 1, 5, 3}, std::vector<double>(15)}}),
      Error);
}

TEST_CASE("an argument that nobody knows is refused", "[session]") {
  Bench bench;
  bench.code.entries[0].arguments = {"tokens", "chips"};
  CHECK_THROWS_WITH(bench.session.step(Ids{1, 2}, 1, false),
                    Catch::Contains("'chips'"));
}

TEST_CASE("the host chooses of logits what TopK and ArgMax would",
          "[session]") {
  binary::Program code = program();
  binary::Tensor best;
  best.name = "best";
  best.kind = TensorKind::Output;
  best.onnxType = "int64";
  best.shape = {"B", "T"};
  best.strides = {0, 0};
  best.role = binary::Role::TopKIndices;
  best.limit = 1;
  best.source = "logits";
  binary::Tensor lowest = best;
  lowest.name = "lowest";
  lowest.onnxType = "float";
  lowest.shape = {"B", "T", "2"};
  lowest.strides = {0, 0, 0};
  lowest.role = binary::Role::TopKValues;
  lowest.limit = 2;
  lowest.fill = 1;
  // In front of what they are chosen from, as a model may have its results.
  code.tensors.insert(code.tensors.begin(), {best, lowest});
  Memory memory{1 << 20};
  Recorder engine{memory};
  Session session{code, memory, engine};
  session.step(Ids{1, 30}, 1, /*allRows=*/true);
  auto outputs = session.outputs();
  auto named = [&](const std::string &name) {
    return *std::find_if(outputs.begin(), outputs.end(),
                         [&](const HostTensor &t) { return t.name == name; });
  };
  CHECK(named("logits").values == std::vector<double>{0.5, -0.5, 15, -15});
  CHECK(named("best").shape == std::vector<int64_t>{1, 2});
  CHECK(named("best").values == std::vector<double>{0, 0});
  CHECK(named("lowest").shape == std::vector<int64_t>{1, 2, 2});
  CHECK(named("lowest").values == std::vector<double>{-0.5, 0.5, -15, 15});

  code.tensors[1].limit = 3;
  CHECK_THROWS_WITH(session.outputs(),
                    Catch::Contains("result 'lowest': there are 2 columns in a "
                                    "row of 'logits' to choose 3 from"));
}

} // namespace dalbit::host
