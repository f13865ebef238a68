# Unit tests (label unit), the examples for a moment (label example), and the library as others meet it (label tree).
enable_testing()
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# Tests ask for more memory than there is: under a sanitizer too that must be NULL, not the end.
set(sanitizer_env "ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1" "TSAN_OPTIONS=allocator_may_return_null=1:halt_on_error=1"
  "UBSAN_OPTIONS=print_stacktrace=1")

file(GLOB TESTS CONFIGURE_DEPENDS tests/test_*.c tests/embed/test_*.c)
file(GLOB SUPPORT CONFIGURE_DEPENDS tests/support/*.c)
if(TESTS)
  add_library(test_support OBJECT ${SUPPORT})
  target_include_directories(test_support PUBLIC lib tests)
  # Tests are plain loops over small arrays; and gcc 12 for arm64 breaks down over some of them when it vectorises.
  target_compile_options(test_support PUBLIC -fno-tree-vectorize)
  target_compile_definitions(test_support PUBLIC _POSIX_C_SOURCE=200809L
    MLCORE_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
  if(MLCORE_ZIP_FOUND)
    target_compile_definitions(test_support PUBLIC MLCORE_ZIP)
  endif()
  target_link_libraries(test_support PUBLIC mlcore_static ${MLCORE_LINK} PkgConfig::CMOCKA)
endif()
foreach(source ${TESTS})
  get_filename_component(test ${source} NAME_WE)
  add_executable(${test} ${source} $<TARGET_OBJECTS:test_support>)
  target_link_libraries(${test} PRIVATE test_support)
  add_test(NAME ${test} COMMAND ${test})
  set_tests_properties(${test} PROPERTIES LABELS unit TIMEOUT 600 ENVIRONMENT "${sanitizer_env}")
endforeach()

# The library inside a C++ program, where there is a C++ compiler.
if(NOT CMAKE_CROSSCOMPILING)
  include(CheckLanguage)
  check_language(CXX)
endif()
if(CMAKE_CXX_COMPILER)
  enable_language(CXX)
  add_executable(test_embed_cpp tests/embed/test_embed_cpp.cpp)
  set_target_properties(test_embed_cpp PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_link_libraries(test_embed_cpp PRIVATE mlcore_static ${MLCORE_LINK})
  add_test(NAME test_embed_cpp COMMAND test_embed_cpp)
  set_tests_properties(test_embed_cpp PROPERTIES LABELS unit TIMEOUT 600 ENVIRONMENT "${sanitizer_env}")
endif()

# A script is a test: 0 passed, 77 skipped. It finds the programs in MLCORE_BUILD and the sources in MLCORE_SOURCE.
function(mlcore_script_test name label script)
  add_test(NAME ${name} COMMAND sh ${script})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 600 SKIP_RETURN_CODE 77 ENVIRONMENT
    "MLCORE_BUILD=${CMAKE_CURRENT_BINARY_DIR};MLCORE_SOURCE=${CMAKE_CURRENT_SOURCE_DIR};CC=${CMAKE_C_COMPILER};CMAKE_GENERATOR=${CMAKE_GENERATOR}")
endfunction()

if(MLCORE_EXAMPLES)
  file(GLOB SCRIPTS CONFIGURE_DEPENDS tests/examples/*.sh)
  foreach(script ${SCRIPTS})
    get_filename_component(test ${script} NAME_WE)
    mlcore_script_test(example_${test} example ${script})
  endforeach()
endif()
# A library under a sanitizer or a counter is not one that others link.
if(NOT MLCORE_SANITIZE AND NOT MLCORE_COVERAGE AND NOT CMAKE_CROSSCOMPILING)
  foreach(script arch pages report consumer/headers consumer/installed consumer/from_python)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/tests/${script}.sh)
      get_filename_component(test ${script} NAME)
      mlcore_script_test(tree_${test} tree ${CMAKE_CURRENT_SOURCE_DIR}/tests/${script}.sh)
    endif()
  endforeach()
endif()
if(MLCORE_VARIANTS AND NOT MLCORE_SANITIZE AND NOT MLCORE_COVERAGE)
  mlcore_script_test(tree_variants tree ${CMAKE_CURRENT_SOURCE_DIR}/tests/variants.sh)
endif()
