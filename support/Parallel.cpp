// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "support/Parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include <sched.h>

namespace dalbit {

unsigned availableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return std::max(std::thread::hardware_concurrency(), 1u);
  return unsigned(std::max(CPU_COUNT(&set), 1));
}

void parallelFor(unsigned threads, size_t count,
                 const std::function<void(size_t)> &work) {
  if (threads <= 1 || count <= 1) {
    for (size_t i = 0; i < count; ++i)
      work(i);
    return;
  }
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  size_t failed = count;
  auto worker = [&] {
    for (size_t i; (i = next++) < count;)
      try {
        work(i);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (i < failed) {
          failed = i;
          failure = std::current_exception();
        }
        next = count;
      }
  };
  {
    std::vector<std::jthread> pool;
    for (unsigned t = 0; t < std::min<size_t>(threads, count); ++t)
      pool.emplace_back(worker);
  }
  if (failure)
    std::rethrow_exception(failure);
}

} // namespace dalbit
