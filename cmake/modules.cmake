# What a folder becomes. Sources are found by name, so that adding a file needs no edit here.
#
#   src/<name>/*.cc        -> library quorate_<name> (header-only folders become INTERFACE)
#   src/<name>/*_test.cc   -> executable <name>_test, its tests known to ctest one by one
#   src/cli/main.cc        -> the binary, build/quorate
#   tests/core_*.cc        -> executable `core_tests`, linked with the core alone
#   tests/node_*.cc        -> executable `node_tests`, the runtime on real threads
#   tests/wal_*.cc         -> executable `wal_tests`, the log on simulated disks
#   tests/*.cc             -> executable `tests`, the others, linked with every module
#   bench/*.cc             -> one executable each, bench_<stem>

set_property(GLOBAL PROPERTY QUORATE_MODULES "")
set_property(GLOBAL PROPERTY QUORATE_THREAD_TESTS "")

# quorate_module(<folder> [DEPS <folder>...] [LINK <target>...] [THREADS])
# THREADS marks the folder's tests as using threads: they run under ThreadSanitizer as well.
function(quorate_module folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "THREADS" "" "DEPS;LINK")
  string(REPLACE "/" "_" name "${folder}")
  set(dir "${CMAKE_SOURCE_DIR}/src/${folder}")
  file(GLOB sources CONFIGURE_DEPENDS "${dir}/*.cc")
  file(GLOB headers CONFIGURE_DEPENDS "${dir}/*.h")
  if(NOT sources AND NOT headers)
    return()
  endif()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/cli/main)\\.cc$")

  set(library "quorate_${name}")
  set(scope PUBLIC)
  if(sources)
    add_library(${library} STATIC ${sources})
  else()
    set(scope INTERFACE)
    add_library(${library} INTERFACE)
  endif()
  target_include_directories(${library} ${scope} "${CMAKE_SOURCE_DIR}/src"
                                                 "${CMAKE_SOURCE_DIR}/include")
  foreach(dep IN LISTS arg_DEPS)
    string(REPLACE "/" "_" dep "${dep}")
    if(TARGET quorate_${dep})
      target_link_libraries(${library} ${scope} quorate_${dep})
    endif()
  endforeach()
  target_link_libraries(${library} ${scope} ${arg_LINK})
  set_property(GLOBAL APPEND PROPERTY QUORATE_MODULES ${library})

  if(tests AND QUORATE_HAVE_TESTS)
    set(threads "")
    if(arg_THREADS)
      set(threads THREADS)
    endif()
    quorate_test(${name}_test ${threads} SOURCES ${tests} LINK ${library})
  endif()
endfunction()

# quorate_test(<target> SOURCES <file>... LINK <target>... [THREADS])
# Each test of the executable is a ctest test of its own, so a crash is one failure, not silence.
# The tests share one precompiled header of the test libraries, a third of what compiling a test
# takes; the modules have none, so that each source says what it includes. In a release the tests
# alone are not optimized: what they call is, and of compiling them it is another third.
function(quorate_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "THREADS" "" "SOURCES;LINK")
  if(NOT TARGET quorate_test_headers)
    file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/test_headers.cc" CONTENT "")
    add_library(quorate_test_headers OBJECT "${CMAKE_BINARY_DIR}/test_headers.cc")
    target_link_libraries(quorate_test_headers PRIVATE GTest::gmock rapidcheck Threads::Threads)
    target_precompile_headers(quorate_test_headers PRIVATE
      <gmock/gmock.h> <gtest/gtest.h> <rapidcheck.h>)
    target_compile_options(quorate_test_headers PRIVATE $<$<CONFIG:Release>:-O0>)
  endif()
  add_executable(${target} ${arg_SOURCES})
  target_precompile_headers(${target} REUSE_FROM quorate_test_headers)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)
  target_link_libraries(${target} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main
                                          rapidcheck)
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  target_compile_definitions(${target} PRIVATE QUORATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set(labels unit)
  if(arg_THREADS)
    set(labels threads)
    set_property(GLOBAL APPEND PROPERTY QUORATE_THREAD_TESTS ${target})
  endif()
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" PROPERTIES LABELS ${labels} TIMEOUT 600)
endfunction()

function(quorate_binary)
  if(NOT TARGET quorate_cli)
    return()
  endif()
  add_executable(quorate "${CMAKE_SOURCE_DIR}/src/cli/main.cc")
  target_link_libraries(quorate PRIVATE quorate_cli)
  set_target_properties(quorate PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  target_compile_definitions(quorate PRIVATE QUORATE_VERSION="${PROJECT_VERSION}")
  get_target_property(kind quorate_cli TYPE)
  if(kind STREQUAL "STATIC_LIBRARY")
    target_compile_definitions(quorate_cli PRIVATE QUORATE_VERSION="${PROJECT_VERSION}")
  endif()
endfunction()

function(quorate_higher_tests)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/*.cc")
  set(core ${sources})
  list(FILTER core INCLUDE REGEX "/core_[^/]*$")
  list(FILTER sources EXCLUDE REGEX "/core_[^/]*$")
  set(wal ${sources})
  list(FILTER wal INCLUDE REGEX "/wal_[^/]*$")
  list(FILTER sources EXCLUDE REGEX "/wal_[^/]*$")
  if(wal AND QUORATE_HAVE_TESTS)
    quorate_test(wal_tests SOURCES ${wal} LINK quorate_wal quorate_sim_env quorate_env_posix)
  endif()
  set(node ${sources})
  list(FILTER node INCLUDE REGEX "/node_[^/]*$")
  list(FILTER sources EXCLUDE REGEX "/node_[^/]*$")
  if(node AND QUORATE_HAVE_TESTS)
    quorate_test(node_tests THREADS SOURCES ${node} LINK quorate_sim_runtime quorate_env_posix)
  endif()
  if(core AND QUORATE_HAVE_TESTS)
    quorate_test(core_tests SOURCES ${core} LINK quorate_raft)
  endif()
  if(sources AND QUORATE_HAVE_TESTS)
    get_property(modules GLOBAL PROPERTY QUORATE_MODULES)
    quorate_test(tests SOURCES ${sources} LINK ${modules})
  endif()
endfunction()

function(quorate_benchmarks)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.cc")
  if(NOT QUORATE_HAVE_BENCH)
    return()
  endif()
  get_property(modules GLOBAL PROPERTY QUORATE_MODULES)
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM stem)
    add_executable(bench_${stem} "${source}")
    target_link_libraries(bench_${stem} PRIVATE ${modules} benchmark::benchmark
                                                benchmark::benchmark_main)
    set_target_properties(bench_${stem} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  endforeach()
endfunction()

# The target `thread_tests` builds what ThreadSanitizer runs. Without such tests there is none.
function(quorate_thread_tests)
  get_property(targets GLOBAL PROPERTY QUORATE_THREAD_TESTS)
  if(targets)
    add_custom_target(thread_tests DEPENDS ${targets})
  endif()
endfunction()
