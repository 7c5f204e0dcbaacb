// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Damage to a model that keeps it a valid protobuf message: what random bytes
// never reach behind the parser.

#pragma once

#include <onnx/onnx_pb.h>

#include <random>
#include <string>
#include <vector>

namespace dalbit::test {

class Mutator {
public:
  explicit Mutator(uint64_t seed) : random(seed) {}

  /// Changes one to four places of \p model: counts, dimensions, names, types,
  /// attribute values, raw data; or drops, repeats and swaps parts.
  void mutate(::onnx::ModelProto &model);

private:
  struct Place {
    google::protobuf::Message *message;
    const google::protobuf::FieldDescriptor *field;
  };

  /// Every field that is set, in the whole tree; names and strings apart.
  void collect(google::protobuf::Message &message);
  void change(const Place &place);
  void changeRepeated(const Place &place);
  void changeSingle(const Place &place);
  int64_t number(int64_t old);
  std::string text(const std::string &old);

  template <typename T> const T &any(const std::vector<T> &list) {
    return list[random() % list.size()];
  }

  std::mt19937_64 random;
  std::vector<Place> places;
  std::vector<std::string> names;
};

} // namespace dalbit::test
