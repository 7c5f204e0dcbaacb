// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/compiler/import/Mutator.h"

#include <limits>

namespace dalbit::test {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void Mutator::collect(Message &message) {
  const auto *reflection = message.GetReflection();
  std::vector<const FieldDescriptor *> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor *field : fields) {
    places.push_back({&message, field});
    bool isText = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!field->is_repeated()) {
      if (isMessage)
        collect(*reflection->MutableMessage(&message, field));
      else if (isText)
        names.push_back(reflection->GetString(message, field));
      continue;
    }
    for (int i = 0, n = reflection->FieldSize(message, field); i < n; ++i) {
      if (isMessage)
        collect(*reflection->MutableRepeatedMessage(&message, field, i));
      else if (isText)
        names.push_back(reflection->GetRepeatedString(message, field, i));
    }
  }
}

int64_t Mutator::number(int64_t old) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  constexpr int64_t least = std::numeric_limits<int64_t>::min();
  // A mutant of a mutant may have the least number: unsigned wraps.
  uint64_t bits = uint64_t(old);
  const int64_t choices[] = {0,
                             1,
                             -1,
                             2,
                             3,
                             7,
                             int64_t(bits + 1),
                             int64_t(bits - 1),
                             int64_t(0 - bits),
                             1 << 16,
                             1ll << 31,
                             1ll << 40,
                             1ll << 62,
                             most,
                             least,
                             int64_t(random())};
  return choices[random() % std::size(choices)];
}

std::string Mutator::text(const std::string &old) {
  switch (random() % 6) {
  case 0:
    return "";
  case 1:
    return old.substr(0, old.size() / 2);
  case 2:
    return old + old;
  case 3: {
    std::string bytes = old.empty() ? "x" : old;
    bytes[random() % bytes.size()] = char(random());
    return bytes;
  }
  default:
    return names.empty() ? "x" : any(names);
  }
}

void Mutator::changeRepeated(const Place &place) {
  const auto *reflection = place.message->GetReflection();
  Message &message = *place.message;
  const FieldDescriptor *field = place.field;
  int size = reflection->FieldSize(message, field);
  if (size == 0)
    return;
  int at = int(random() % uint64_t(size));
  switch (random() % 4) {
  case 0:
    reflection->RemoveLast(&message, field);
    return;
  case 1:
    reflection->SwapElements(&message, field, at, size - 1);
    return;
  default:
    break;
  }
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_MESSAGE: {
    // Once more, as a copy. Not without end, or the model would only grow.
    if (size > 200)
      return;
    Message *copy = reflection->AddMessage(&message, field);
    copy->CopyFrom(reflection->GetRepeatedMessage(message, field, at));
    return;
  }
  case FieldDescriptor::CPPTYPE_INT64:
    reflection->SetRepeatedInt64(
        &message, field, at,
        number(reflection->GetRepeatedInt64(message, field, at)));
    return;
  case FieldDescriptor::CPPTYPE_INT32:
    reflection->SetRepeatedInt32(
        &message, field, at,
        int32_t(number(reflection->GetRepeatedInt32(message, field, at))));
    return;
  case FieldDescriptor::CPPTYPE_FLOAT:
    reflection->SetRepeatedFloat(&message, field, at, float(number(1)));
    return;
  case FieldDescriptor::CPPTYPE_STRING:
    reflection->SetRepeatedString(
        &message, field, at,
        text(reflection->GetRepeatedString(message, field, at)));
    return;
  default:
    return;
  }
}

void Mutator::changeSingle(const Place &place) {
  const auto *reflection = place.message->GetReflection();
  Message &message = *place.message;
  const FieldDescriptor *field = place.field;
  if (random() % 8 == 0)
    return reflection->ClearField(&message, field);
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT64:
    return reflection->SetInt64(&message, field,
                                number(reflection->GetInt64(message, field)));
  case FieldDescriptor::CPPTYPE_INT32:
    // Element types and kinds of attributes: small numbers mean something.
    return reflection->SetInt32(&message, field, int32_t(random() % 27));
  case FieldDescriptor::CPPTYPE_ENUM:
    return reflection->SetEnumValue(&message, field, int(random() % 16));
  case FieldDescriptor::CPPTYPE_FLOAT: {
    const float choices[] = {0, -1, 1e38f,
                             std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::quiet_NaN()};
    return reflection->SetFloat(&message, field,
                                choices[random() % std::size(choices)]);
  }
  case FieldDescriptor::CPPTYPE_STRING:
    return reflection->SetString(&message, field,
                                 text(reflection->GetString(message, field)));
  default:
    return reflection->ClearField(&message, field);
  }
}

void Mutator::change(const Place &place) {
  if (place.field->is_repeated())
    changeRepeated(place);
  else
    changeSingle(place);
}

void Mutator::mutate(::onnx::ModelProto &model) {
  for (int i = 0, n = 1 + int(random() % 4); i < n; ++i) {
    // A change may have freed what was collected.
    places.clear();
    names.clear();
    collect(model);
    if (!places.empty())
      change(any(places));
  }
}

} // namespace dalbit::test
