# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How our own code is compiled. Third-party headers are system headers and stay silent.

option(DALBIT_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer on our code" OFF)
option(DALBIT_COVERAGE "gcov instrumentation on our code" OFF)

add_library(dalbit_options INTERFACE)
target_compile_options(dalbit_options INTERFACE -Wall -Wextra -Werror -Wno-unused-parameter
  # g++ 12 at -O3 warns falsely of "x" + std::to_string(..).
  -Wno-restrict)
if(DALBIT_SANITIZE)
  # MLIR is built without our vptr checks, so its casts would be reported falsely.
  target_compile_options(dalbit_options INTERFACE -fsanitize=address,undefined -fno-sanitize=vptr)
  target_link_options(dalbit_options INTERFACE -fsanitize=address,undefined)
endif()
if(DALBIT_COVERAGE)
  target_compile_options(dalbit_options INTERFACE --coverage)
  target_link_options(dalbit_options INTERFACE --coverage)
endif()

# dalbit_library(NAME [UNITY] SOURCES... LINK libraries...)
# A static library of one folder. UNITY joins its files into one translation unit: for folders whose
# time is spent in MLIR's headers.
function(dalbit_library name)
  cmake_parse_arguments(ARG "UNITY" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE dalbit_options)
  if(ARG_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
endfunction()

function(dalbit_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} dalbit_options)
  if(DALBIT_SANITIZE)
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/support/SanitizerDefaults.cpp)
  endif()
endfunction()
