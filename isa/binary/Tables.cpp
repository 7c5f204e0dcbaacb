// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "isa/binary/Tables.h"

#include "isa/binary/Json.h"

namespace dalbit::binary {
namespace {

using nlohmann::json;

const char *regionName(isa::Region region) {
  return isa::regions()[unsigned(region)].name;
}

isa::Region regionOf(JsonObject &object, const char *key) {
  return object.choice<isa::Region>(
      key, isa::RegionCount, [](unsigned i) { return isa::regions()[i].name; });
}

/// Names that come from ONNX files may be no UTF-8; such bytes become U+FFFD.
std::string text(const json &value) {
  return value.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

/// Calls read(object) for each element of a list.
template <typename Read>
void readList(const json &list, const std::string &source, Read read) {
  if (!list.is_array())
    throw Error(source + ": is no list");
  for (size_t i = 0; i < list.size(); ++i) {
    JsonObject object(list[i], source + ": element " + std::to_string(i));
    read(object);
    object.finish();
  }
}

} // namespace

std::string printRegions(const Program &program) {
  json list = json::array();
  for (const RegionEntry &region : program.regions)
    list.push_back({{"kind", regionName(region.kind)}, {"size", region.size}});
  return text(list);
}

void readRegions(std::string_view text, const std::string &source,
                 Program &program) {
  readList(parseJson(text, source), source, [&](JsonObject &object) {
    RegionEntry region;
    region.kind = regionOf(object, "kind");
    region.size = object.integer<uint64_t>("size");
    program.regions.push_back(region);
  });
}

std::string printEntries(const Program &program) {
  json list = json::array();
  for (const EntryPoint &entry : program.entries)
    list.push_back({{"name", entry.name},
                    {"pc", entry.pc},
                    {"arguments", entry.arguments}});
  const Limits &limits = program.limits;
  return text({{"limits",
                {{"tokens", limits.tokens},
                 {"context", limits.context},
                 {"batch", limits.batch}}},
               {"entries", list}});
}

void readEntries(std::string_view text, const std::string &source,
                 Program &program) {
  json root = parseJson(text, source);
  JsonObject object(root, source);
  JsonObject limits(object.get("limits"), source + ": limits");
  program.limits.tokens = limits.integer<uint32_t>("tokens");
  program.limits.context = limits.integer<uint32_t>("context");
  program.limits.batch = limits.integer<uint32_t>("batch");
  limits.finish();
  readList(object.array("entries"), source, [&](JsonObject &element) {
    EntryPoint entry;
    entry.name = element.string("name");
    entry.pc = element.integer<uint32_t>("pc");
    entry.arguments = element.strings("arguments");
    program.entries.push_back(entry);
  });
  object.finish();
}

std::string printTensors(const Program &program) {
  json list = json::array();
  for (const Tensor &tensor : program.tensors)
    list.push_back({{"name", tensor.name},
                    {"kind", name(tensor.kind)},
                    {"type", name(tensor.type)},
                    {"onnx_type", tensor.onnxType},
                    {"shape", tensor.shape},
                    {"onnx_shape", tensor.onnxShape},
                    {"view", tensor.view},
                    {"region", regionName(tensor.region)},
                    {"offset", tensor.offset},
                    {"strides", tensor.strides},
                    {"scale", name(tensor.scale)},
                    {"fraction_bits", tensor.fractionBits},
                    {"scale_region", regionName(tensor.scaleRegion)},
                    {"scale_offset", tensor.scaleOffset},
                    {"scale_strides", tensor.scaleStrides},
                    {"columns", tensor.columns},
                    {"role", name(tensor.role)},
                    {"limit", tensor.limit},
                    {"source", tensor.source},
                    {"fill", tensor.fill},
                    {"hidden", tensor.hidden},
                    {"alias", tensor.alias}});
  return text(list);
}

void readTensors(std::string_view text, const std::string &source,
                 Program &program) {
  readList(parseJson(text, source), source, [&](JsonObject &object) {
    Tensor tensor;
    tensor.name = object.string("name");
    tensor.kind = object.choice<TensorKind>(
        "kind", 5, [](unsigned i) { return name(TensorKind(i)); });
    tensor.type = object.choice<ElementType>(
        "type", 3, [](unsigned i) { return name(ElementType(i)); });
    tensor.onnxType = object.string("onnx_type");
    tensor.shape = object.strings("shape");
    tensor.onnxShape = object.strings("onnx_shape");
    tensor.view = object.strings("view");
    tensor.region = regionOf(object, "region");
    tensor.offset = object.integer<uint64_t>("offset");
    tensor.strides = object.integers("strides");
    tensor.scale = object.choice<ScaleKind>(
        "scale", ScaleKinds, [](unsigned i) { return name(ScaleKind(i)); });
    tensor.fractionBits = object.integer<int>("fraction_bits");
    tensor.scaleRegion = regionOf(object, "scale_region");
    tensor.scaleOffset = object.integer<uint64_t>("scale_offset");
    tensor.scaleStrides = object.integers("scale_strides");
    tensor.columns = object.integers("columns");
    tensor.role = object.choice<Role>("role", Roles,
                                      [](unsigned i) { return name(Role(i)); });
    tensor.limit = object.integer<uint64_t>("limit");
    tensor.source = object.string("source");
    tensor.fill = object.integer<int64_t>("fill");
    tensor.hidden = object.integer<int64_t>("hidden");
    tensor.alias = object.string("alias");
    program.tensors.push_back(tensor);
  });
}

std::string printLayers(const Program &program) {
  json list = json::array();
  for (const Layer &layer : program.layers)
    list.push_back({{"tag", layer.tag},
                    {"name", layer.name},
                    {"kind", layer.kind},
                    {"nodes", layer.nodes},
                    {"first", layer.first},
                    {"last", layer.last},
                    {"weight_bytes", layer.weightBytes},
                    {"macs_per_token", layer.macsPerToken}});
  return text(list);
}

void readLayers(std::string_view text, const std::string &source,
                Program &program) {
  readList(parseJson(text, source), source, [&](JsonObject &object) {
    Layer layer;
    layer.tag = object.integer<uint32_t>("tag");
    layer.name = object.string("name");
    layer.kind = object.string("kind");
    layer.nodes = object.strings("nodes");
    layer.first = object.integer<uint32_t>("first");
    layer.last = object.integer<uint32_t>("last");
    layer.weightBytes = object.integer<uint64_t>("weight_bytes");
    layer.macsPerToken = object.integer<uint64_t>("macs_per_token");
    program.layers.push_back(layer);
  });
}

void checkFacts(std::string_view text, const std::string &source) {
  std::string place = source + ": model facts";
  nlohmann::json value = parseJson(text, place);
  if (!value.is_object())
    throw Error(place + ": are no JSON object");
}

} // namespace dalbit::binary
