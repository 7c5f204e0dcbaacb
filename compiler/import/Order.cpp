// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of a graph's nodes. The standard wants them sorted; files that are
// not are common enough, so they are sorted here (Kahn's algorithm, lowest
// number first, which leaves a sorted file as it is).

#include "compiler/import/GraphImporter.h"

#include "support/Error.h"

#include "llvm/ADT/SmallVector.h"

#include <onnx/onnx_pb.h>

#include <queue>

namespace dalbit::import {

namespace {

/// Every name that \p node uses, those of its subgraphs included. A name that
/// a subgraph makes itself does no harm: it is not one of the outer graph's.
template <typename F> void forEachUse(const ::onnx::NodeProto &node, F use) {
  for (const std::string &name : node.input())
    use(name);
  for (const auto &attribute : node.attribute()) {
    auto visit = [&](const ::onnx::GraphProto &graph) {
      for (const auto &inner : graph.node())
        forEachUse(inner, use);
      for (const auto &output : graph.output())
        use(output.name());
    };
    if (attribute.has_g())
      visit(attribute.g());
    for (const auto &graph : attribute.graphs())
      visit(graph);
  }
}

} // namespace

llvm::SmallVector<int> sortedNodes(const ::onnx::GraphProto &graph) {
  int count = graph.node_size();
  llvm::StringMap<int> makers;
  for (int i = 0; i < count; ++i)
    for (const std::string &name : graph.node(i).output())
      if (!name.empty())
        makers.try_emplace(name, i);
  std::vector<llvm::SmallVector<int, 2>> users(count);
  std::vector<int> missing(count, 0);
  for (int i = 0; i < count; ++i) {
    auto use = [&](const std::string &name) {
      auto maker = makers.find(name);
      if (maker == makers.end())
        return;
      users[maker->second].push_back(i);
      ++missing[i];
    };
    forEachUse(graph.node(i), use);
  }
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < count; ++i)
    if (missing[i] == 0)
      ready.push(i);
  llvm::SmallVector<int> order;
  while (!ready.empty()) {
    int next = ready.top();
    ready.pop();
    order.push_back(next);
    for (int user : users[next])
      if (--missing[user] == 0)
        ready.push(user);
  }
  if (int(order.size()) == count)
    return order;
  for (int i = 0; i < count; ++i)
    if (missing[i] != 0) {
      const auto &node = graph.node(i);
      throw Error("node '" + node.name() + "' (" + node.op_type() +
                  "): the graph has a cycle through this node");
    }
  return order;
}

} // namespace dalbit::import
