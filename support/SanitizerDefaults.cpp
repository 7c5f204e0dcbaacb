// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What AddressSanitizer is told in every program of the dev preset. Debian's
// LLVM is built without it, so poisoning that LLVM's headers do in our code
// (BumpPtrAllocator) is never undone by the library and would be reported
// falsely.

extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}
