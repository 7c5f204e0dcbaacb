# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Verilated models as C++ libraries, and unit benches on top of them.
#
# Verilator runs at build time, by a custom command: npu_pkg.sv is itself a
# build product, and Verilator's own verilate() would want it at configure time.

get_filename_component(DALBIT_RTL_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
set(DALBIT_VERILATOR_INCLUDE /usr/share/verilator/include CACHE PATH
    "Verilator's C++ headers and run-time library")
set(DALBIT_RTL_OPTIONS -O3 -march=native CACHE STRING
    "how models are compiled (Debian's default of -Os is three times slower)")
find_program(VERILATOR verilator)
set(DALBIT_RTL_PACKAGE ${CMAKE_BINARY_DIR}/rtl/npu_pkg.sv)
set(DALBIT_RTL_SHIM ${DALBIT_RTL_ROOT}/simulator/verilated/shim.h)

# Verilator's run-time library, once for all models.
function(dalbit_verilated_runtime)
  if(TARGET dalbit_verilated_runtime)
    return()
  endif()
  find_package(Threads REQUIRED)
  add_library(dalbit_verilated_runtime STATIC
    ${DALBIT_VERILATOR_INCLUDE}/verilated.cpp
    ${DALBIT_VERILATOR_INCLUDE}/verilated_threads.cpp)
  target_include_directories(dalbit_verilated_runtime SYSTEM PUBLIC
    ${DALBIT_VERILATOR_INCLUDE} ${DALBIT_VERILATOR_INCLUDE}/vltstd)
  target_compile_definitions(dalbit_verilated_runtime PUBLIC
    VM_COVERAGE=0 VM_SC=0 VM_TRACE=0 VM_TRACE_FST=0 VM_TRACE_VCD=0)
  target_compile_options(dalbit_verilated_runtime PRIVATE
    ${DALBIT_RTL_OPTIONS} -w)
  target_link_libraries(dalbit_verilated_runtime PUBLIC Threads::Threads)
endfunction()

# dalbit_verilated_model(NAME TOP module SOURCES files... [PREFIX V<TOP>]
#                        [PARAMS -GN=16 ...] [FLAGS verilator flags...])
# Static library NAME with the class and header PREFIX. Every SOURCES file is
# relative to the source root and compiled after the generated package. All
# warnings are errors. Assertions are on unless FLAGS has --no-assert.
function(dalbit_verilated_model name)
  cmake_parse_arguments(ARG "" "TOP;PREFIX" "SOURCES;PARAMS;FLAGS" ${ARGN})
  if(NOT ARG_PREFIX)
    set(ARG_PREFIX V${ARG_TOP})
  endif()
  dalbit_verilated_runtime()
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${name}.verilated)
  set(all ${dir}/${ARG_PREFIX}__ALL.cpp)
  list(TRANSFORM ARG_SOURCES PREPEND ${DALBIT_RTL_ROOT}/)
  set(flags ${ARG_FLAGS})
  if("--no-assert" IN_LIST flags)
    list(REMOVE_ITEM flags --no-assert)
  else()
    list(APPEND flags --assert)
  endif()
  if(TARGET npu_pkg_sv)
    set(package_target npu_pkg_sv)
  endif()
  file(GLOB headers CONFIGURE_DEPENDS ${DALBIT_RTL_ROOT}/rtl/common/*.svh)
  # The last step lets Verilator's own makefile join its files into one. Ninja
  # must know the headers, or it keeps objects that saw the old ones.
  add_custom_command(
    OUTPUT ${all} ${dir}/${ARG_PREFIX}.h ${dir}/${ARG_PREFIX}___024root.h
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${dir}
    COMMAND ${VERILATOR} --cc -Wall --top-module ${ARG_TOP}
            --prefix ${ARG_PREFIX} --Mdir ${dir}
            -I${DALBIT_RTL_ROOT}/rtl/common ${flags} ${ARG_PARAMS}
            ${DALBIT_RTL_PACKAGE} ${ARG_SOURCES}
    COMMAND make -s VM_PARALLEL_BUILDS=0 -C ${dir} -f ${ARG_PREFIX}.mk ${ARG_PREFIX}__ALL.cpp
    DEPENDS ${ARG_SOURCES} ${headers} ${DALBIT_RTL_PACKAGE} ${package_target}
    COMMENT "Verilating ${name}" VERBATIM)
  add_library(${name} STATIC ${all})
  target_include_directories(${name} SYSTEM PUBLIC ${dir})
  target_compile_options(${name} PRIVATE ${DALBIT_RTL_OPTIONS} -w)
  if(EXISTS ${DALBIT_RTL_SHIM})
    target_compile_options(${name} PRIVATE -include ${DALBIT_RTL_SHIM})
  endif()
  target_link_libraries(${name} PUBLIC dalbit_verilated_runtime)
endfunction()

# dalbit_rtl_bench(NAME TOP module SOURCES files... [PARAMS -GN=16 ...]
#                  [FLAGS verilator flags...] BENCH x.cpp...)
# A Catch2 program NAME over the model of TOP, registered as a test. The bench
# includes "V<TOP>.h"; PARAMS also reach it as macros (RTL_N=16).
function(dalbit_rtl_bench name)
  cmake_parse_arguments(ARG "" "TOP" "SOURCES;PARAMS;FLAGS;BENCH" ${ARGN})
  dalbit_verilated_model(${name}_model TOP ${ARG_TOP} SOURCES ${ARG_SOURCES}
    PARAMS ${ARG_PARAMS} FLAGS ${ARG_FLAGS})
  add_executable(${name} ${ARG_BENCH})
  target_link_libraries(${name} PRIVATE ${name}_model dalbit_options)
  foreach(param ${ARG_PARAMS})
    string(REGEX REPLACE "^-G" "RTL_" macro ${param})
    target_compile_definitions(${name} PRIVATE ${macro})
  endforeach()
  target_compile_options(${name} PRIVATE -O2)
  add_test(NAME rtl.${name} COMMAND ${name})
endfunction()
