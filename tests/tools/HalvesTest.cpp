// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// dalbit verify of a graph of halves, whose inputs and results the raised graph
// has as floats: the chain holds without inputs from a file.
//
// usage: dalbit-halves-test DALBIT

#include "tests/compiler/import/ModelBuilder.h"

#include <cstdlib>
#include <string>
#include <vector>

using namespace dalbit;
using namespace dalbit::test;

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  constexpr int64_t size = 16;
  std::vector<float> numbers;
  for (int64_t i = 0; i < size * size; ++i)
    numbers.push_back(float(i * 37 % 101 - 50) / 128);
  ModelBuilder model(17);
  model.input("x", {"batch", "sequence", std::to_string(size)},
              ::onnx::TensorProto::FLOAT16);
  model.initializer("w", execute::Tensor::of<float>({size, size}, numbers)
                             .cast(execute::ElementType::F16));
  model.node("MatMul", {"x", "w"}, {"h"});
  model.node("Relu", {"h"}, {"r"});
  model.node("MatMul", {"r", "w"}, {"y"});
  model.output("y");
  model.model.mutable_graph()
      ->mutable_output(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->set_elem_type(::onnx::TensorProto::FLOAT16);
  TemporaryFolder folder;
  std::string path = folder.write("halves.onnx", model.bytes());
  std::string command =
      std::string(argv[1]) + " verify " + path + " --target nano --no-rtl";
  return std::system(command.c_str()) == 0 ? 0 : 1;
}
