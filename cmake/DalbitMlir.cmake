# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Debian's MLIR 19, linked statically: a tool starts in 10..20 ms that way, against 110..150 ms with
# libLLVM.so (docs/decisions/0001-static-mlir.md).

find_package(MLIR 19.1 REQUIRED CONFIG HINTS /usr/lib/llvm-19/lib/cmake/mlir)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})

# LLVMSupport names zstd's shared library, which Debian's config does not define.
if(NOT TARGET zstd::libzstd_shared)
  add_library(zstd::libzstd_shared SHARED IMPORTED)
  find_library(ZSTD_SO NAMES zstd libzstd.so.1 REQUIRED)
  set_target_properties(zstd::libzstd_shared PROPERTIES IMPORTED_LOCATION ${ZSTD_SO})
endif()

# The archives' interfaces name "LLVM", that is libLLVM.so; point them to the archive.
foreach(target ${MLIR_EXPORTED_TARGETS})
  if(TARGET ${target})
    get_target_property(libs ${target} INTERFACE_LINK_LIBRARIES)
    if(libs)
      list(TRANSFORM libs REPLACE "^LLVM$" "LLVMSupport")
      set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${libs}")
    endif()
  endif()
endforeach()

# NEW writes depfiles with doubled paths, and every build reruns all tablegen steps.
cmake_policy(SET CMP0116 OLD)
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})

# dalbit_tablegen(TARGET file.td -gen-x=out.inc ...): mlir-tblgen outputs beside the source's place in
# the build tree, and a target that stands for all of them.
function(dalbit_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(TABLEGEN_OUTPUT)
  foreach(rule ${ARGN})
    string(REGEX MATCH "^(.*)=([^=]*)$" _ ${rule})
    string(REPLACE "|" ";" flags ${CMAKE_MATCH_1})
    mlir_tablegen(${CMAKE_MATCH_2} ${flags} -I ${CMAKE_SOURCE_DIR})
  endforeach()
  add_public_tablegen_target(${target})
endfunction()
