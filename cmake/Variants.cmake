# Kernels for several CPUs. A build for the machine at hand (MLCORE_NATIVE) has no use for this, nor has any CPU but x86-64.
#
# A package must run on old CPUs and be fast on new ones. So the kernels are compiled once for each of MLCORE_X86_LEVELS, the same
# text each time: a header that stands before it renames every function that headers of kernels declare, mlk_gemm to mlk_gemm_v3,
# and thus a variant calls nothing but itself. The plain names, which the rest of the library calls, are jumps to the variant that was
# picked before main: dispatch.c.in.
set(MLCORE_X86_LEVELS "2;3;4" CACHE STRING "Where MLCORE_NATIVE is OFF: levels of x86-64 the kernels are compiled for, rising; empty: the compiler's own")

set(MLCORE_VARIANTS "")
if(MLCORE_X86_LEVELS AND NOT MLCORE_NATIVE)
  if(NOT MLCORE_X86_LEVELS MATCHES "^(2(;3)?(;4)?|3(;4)?|4)$")
    message(FATAL_ERROR "MLCORE_X86_LEVELS is '${MLCORE_X86_LEVELS}': some of 2, 3 and 4 are wanted, rising, such as '2;3;4'")
  endif()
  include(CheckCSourceCompiles)
  check_c_source_compiles("
    #if !defined(__x86_64__) || defined(__ILP32__) || !defined(__ELF__)
    #error
    #endif
    int main(void) { return 0; }" MLCORE_X86_64_ELF)
  if(MLCORE_X86_64_ELF)
    set(MLCORE_VARIANTS ${MLCORE_X86_LEVELS})
    foreach(level ${MLCORE_VARIANTS})
      check_c_compiler_flag(-march=x86-64-v${level} MLCORE_HAS_X86_64_V${level})
      if(NOT MLCORE_HAS_X86_64_V${level})
        message(FATAL_ERROR "the compiler does not know -march=x86-64-v${level}: take ${level} out of MLCORE_X86_LEVELS")
      endif()
    endforeach()
  endif()
endif()

# The functions that headers of lib/ declare, once macros are expanded. New ones are seen when a header changes. A form that this does
# not understand does not link: a function that is missed is defined once a level, one too many is not defined.
function(mlcore_functions_of result)
  list(TRANSFORM ARGN REPLACE "(.+)" "#include \"\\1\"\n" OUTPUT_VARIABLE text)
  list(JOIN text "" text)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/variants/headers.c CONTENT "${text}")
  set(flags ${CMAKE_C_FLAGS})
  separate_arguments(flags)
  if(MLCORE_DOUBLE)
    list(APPEND flags -DMLCORE_DOUBLE)
  endif()
  execute_process(COMMAND ${CMAKE_C_COMPILER} ${flags} -std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude -Ilib -E -P
    ${CMAKE_CURRENT_BINARY_DIR}/variants/headers.c
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE text RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "the headers of the kernels could not be read")
  endif()
  # What is in braces and brackets goes, from inside out. ; is the end of an item to CMake, and [ ] guard it: others stand for them.
  string(REGEX REPLACE "[][]" " " text "${text}")
  string(REPLACE ";" "@" text "${text}")
  foreach(inside "{[^{}]*}" "\\([^()]*\\)")
    set(before "")
    while(NOT text STREQUAL before)
      set(before "${text}")
      string(REGEX REPLACE "${inside}" "%" text "${text}")
    endwhile()
  endforeach()
  # name% is a function; a body behind that ends it as a semicolon does.
  string(REGEX REPLACE "%[ \n]*%" "%@" text "${text}")
  string(REGEX MATCHALL "[^@]+@" declarations "${text}")
  list(FILTER declarations EXCLUDE REGEX "^[ \n]*(static|typedef|struct|enum|union) ")
  string(REGEX MATCHALL "[ *\n]ml[ki]_[a-z0-9_]+[,%@]" names "${declarations}")
  list(TRANSFORM names REPLACE "[^a-z0-9_]" "")
  list(REMOVE_DUPLICATES names)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARGN})
  set(${result} ${names} PARENT_SCOPE)
endfunction()

# mlcore_variants(result target "names" sources...): object libraries, one a level and one of the jumps; result: all of them.
function(mlcore_variants result target names)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/variants)
  list(LENGTH names count)
  set(declarations "")
  set(rows "")
  set(jumps "")
  set(libraries ${target}_dispatch)
  set(at 0)
  foreach(name ${names})
    string(APPEND jumps "JUMP(${name}, ${at})\n")
    math(EXPR at "${at} + 1")
  endforeach()
  foreach(level ${MLCORE_VARIANTS})
    set(renames ${names})
    list(TRANSFORM renames REPLACE "(.+)" "#define \\1 \\1_v${level}\n")
    list(JOIN renames "" renames)
    file(CONFIGURE OUTPUT ${folder}/${target}_v${level}.h CONTENT "${renames}")
    set(variant ${names})
    list(TRANSFORM variant APPEND "_v${level}")
    list(JOIN variant ",\n    " variant)
    string(APPEND declarations "extern function ${variant};\n")
    string(APPEND rows "    {${variant}},\n")
    add_library(${target}_v${level} OBJECT ${ARGN})
    target_compile_options(${target}_v${level} PRIVATE -march=x86-64-v${level} -include ${folder}/${target}_v${level}.h)
    list(APPEND libraries ${target}_v${level})
  endforeach()
  configure_file(cmake/dispatch.c.in ${folder}/${target}_dispatch.c @ONLY)
  add_library(${target}_dispatch OBJECT ${folder}/${target}_dispatch.c)
  # A linker that optimises across files does not look into assembly.
  target_compile_options(${target}_dispatch PRIVATE -fno-lto)
  set(${result} ${libraries} PARENT_SCOPE)
endfunction()
