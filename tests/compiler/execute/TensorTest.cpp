// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/execute/Tensor.h"
#include "compiler/execute/ElementTypes.h"
#include "compiler/execute/TensorFile.h"
#include "support/Error.h"
#include "tests/compiler/import/ModelBuilder.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace dalbit;
using namespace dalbit::execute;
using dalbit::test::TemporaryFolder;

TEST_CASE("half precision rounds to nearest even in all its ranges",
          "[execute]") {
  CHECK(Half(1.0f).bits == 0x3c00);
  CHECK(Half(-0.0f).bits == 0x8000);
  CHECK(Half(65504.0f).bits == 0x7bff);
  CHECK(Half(65519.99f).bits == 0x7bff);
  CHECK(Half(65520.0f).bits == 0x7c00);
  CHECK(Half(0x1p-24f).bits == 0x0001);
  CHECK(Half(0x1p-25f).bits == 0x0000);
  CHECK(Half(0x1.8p-24f).bits == 0x0002);
  CHECK(Half(1 + 0x1p-11f).bits == 0x3c00);
  CHECK(Half(1 + 0x1.8p-10f).bits == 0x3c02);
  CHECK(std::isnan(float(Half(NAN))));
  // Every half is its own nearest half.
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    Half half;
    half.bits = uint16_t(bits);
    if (float value = float(half); value == value && Half(value).bits != bits)
      FAIL("half " << bits << " becomes " << Half(value).bits);
  }
}

TEST_CASE("bfloat16 rounds to nearest even", "[execute]") {
  CHECK(BFloat16(1.0f).bits == 0x3f80);
  CHECK(BFloat16(1 + 0x1p-8f).bits == 0x3f80);
  CHECK(BFloat16(1 + 0x1.8p-7f).bits == 0x3fc0 - 0x3e);
  CHECK(std::isnan(float(BFloat16(NAN))));
}

TEST_CASE("floats outside an integer's range become its limits", "[execute]") {
  Tensor x = Tensor::of<float>({5}, {2.9f, -2.9f, 1e30f, -1e30f, NAN});
  Tensor y = x.cast(ElementType::I64);
  CHECK(y.values<int64_t>() ==
        llvm::ArrayRef<int64_t>({2, -2, INT64_MAX, INT64_MIN, INT64_MIN}));
  CHECK(x.cast(ElementType::Bool).values<bool>()[4]);
}

TEST_CASE("every element type is written to .npy and read back", "[execute]") {
  TemporaryFolder folder;
  Tensor numbers = Tensor::of<float>({2, 1, 3}, {0, 1, 2, 3, 4, 5});
  for (int i = 0; i <= int(ElementType::Bool); ++i) {
    auto type = ElementType(i);
    INFO(elementName(type));
    Tensor written = numbers.cast(type);
    writeNpy(folder.file("t.npy"), written);
    Tensor read = readTensorFile(folder.file("t.npy")).tensor;
    CHECK(read.shape() == written.shape());
    CHECK(read.type() == (type == ElementType::BF16 ? ElementType::F32 : type));
    CHECK(read.cast(ElementType::F32).values<float>() ==
          written.cast(ElementType::F32).values<float>());
  }
  for (const Shape &shape : {Shape{}, Shape{1}, Shape{2, 0}}) {
    Tensor tensor(ElementType::I32, shape);
    std::fill_n(tensor.data<int32_t>(), tensor.count(), 7);
    writeNpy(folder.file("s.npy"), tensor);
    CHECK(readTensorFile(folder.file("s.npy")).tensor.shape() ==
          llvm::ArrayRef<int64_t>(shape));
  }
}

TEST_CASE("a .npy file in Fortran order is read", "[execute]") {
  TemporaryFolder folder;
  std::string header =
      "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + char(118) + '\0';
  bytes += header;
  for (char c : {0, 3, 1, 4, 2, 5})
    bytes += {c, '\0'};
  Tensor read = readTensorFile(folder.write("f.npy", bytes)).tensor;
  CHECK(read.values<int16_t>() == llvm::ArrayRef<int16_t>({0, 1, 2, 3, 4, 5}));
}

TEST_CASE("a .pb file carries its tensor's name", "[execute]") {
  TemporaryFolder folder;
  ::onnx::TensorProto proto;
  proto.set_name("input_ids");
  proto.set_data_type(::onnx::TensorProto::INT64);
  proto.add_dims(2);
  proto.add_int64_data(5);
  proto.add_int64_data(-6);
  TensorFile file =
      readTensorFile(folder.write("x.pb", proto.SerializeAsString()));
  CHECK(file.name == "input_ids");
  CHECK(file.tensor.values<int64_t>() == llvm::ArrayRef<int64_t>({5, -6}));
}

TEST_CASE("damaged tensor files are refused with their name", "[execute]") {
  TemporaryFolder folder;
  writeNpy(folder.file("t.npy"), Tensor::of<float>({3}, {1, 2, 3}));
  std::string good(140, '\0');
  {
    FILE *file = fopen(folder.file("t.npy").c_str(), "rb");
    REQUIRE(file);
    REQUIRE(fread(good.data(), 1, good.size(), file) == good.size());
    fclose(file);
  }
  for (size_t length = 0; length < good.size(); ++length) {
    INFO(length);
    CHECK_THROWS_WITH(
        readTensorFile(folder.write("cut.npy", good.substr(0, length))),
        Catch::Contains("cut.npy"));
  }
  CHECK_THROWS_WITH(readTensorFile(folder.write("x.pb", "\x08\xff")),
                    Catch::Contains("neither"));
  CHECK_THROWS_WITH(readTensorFile(folder.file("none")),
                    Catch::Contains("cannot open"));
}
