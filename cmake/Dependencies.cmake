# What the library links: zlib, jansson, threads, and a CBLAS and libzip where there are some. Sets
#   MLCORE_LINK          what to link
#   MLCORE_BLAS_FOUND    whether a CBLAS is among it
#   MLCORE_ZIP_FOUND     whether libzip is
#   MLCORE_PC_REQUIRES   pkg-config modules for Requires.private
#   MLCORE_PC_LIBS       flags for Libs.private, of what has no module
include(CheckCSourceCompiles)

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(MLCORE_JANSSON REQUIRED IMPORTED_TARGET jansson)

set(MLCORE_LINK Threads::Threads ZLIB::ZLIB PkgConfig::MLCORE_JANSSON m)
set(MLCORE_PC_REQUIRES jansson)
set(MLCORE_PC_LIBS "-lm -pthread")
pkg_check_modules(MLCORE_ZLIB_PC QUIET zlib)
if(MLCORE_ZLIB_PC_FOUND)
  string(APPEND MLCORE_PC_REQUIRES ", zlib")
else()
  string(APPEND MLCORE_PC_LIBS " -lz")
endif()

# Whether <cblas.h> and cblas_sgemm are to be had with these; the answer goes to the variable `result`.
function(mlcore_try_cblas result include libraries)
  set(CMAKE_REQUIRED_INCLUDES ${include})
  set(CMAKE_REQUIRED_LIBRARIES ${libraries} m)
  check_c_source_compiles("#include <cblas.h>
    int main(void) { float a = 1, c = 0;
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, 1, 1, 1, &a, 1, &a, 1, 0, &c, 1); return c != 1; }"
    ${result})
endfunction()

set(MLCORE_BLAS_FOUND FALSE)
set(MLCORE_BLAS_MODULE "")
set(MLCORE_BLAS_LIBRARY "")
if(MLCORE_BLAS)
  # OpenBLAS first, then BLIS, then whatever else speaks CBLAS.
  foreach(module openblas blis cblas blas)
    if(NOT MLCORE_BLAS_FOUND)
      string(TOUPPER ${module} tag)
      pkg_check_modules(MLCORE_${tag} QUIET IMPORTED_TARGET ${module})
      if(MLCORE_${tag}_FOUND)
        mlcore_try_cblas(MLCORE_${tag}_WORKS "" PkgConfig::MLCORE_${tag})
        if(MLCORE_${tag}_WORKS)
          set(MLCORE_BLAS_FOUND TRUE)
          set(MLCORE_BLAS_MODULE ${module})
          list(APPEND MLCORE_LINK PkgConfig::MLCORE_${tag})
          # Its flags, not its name: some .pc files ask for a Fortran runtime that no function used here needs.
          string(REPLACE ";" " " flags "${MLCORE_${tag}_LDFLAGS}")
          string(APPEND MLCORE_PC_LIBS " ${flags}")
          if(module STREQUAL "openblas" AND NOT APPLE)
            # The library refers to these weakly; a static link would leave them out.
            string(APPEND MLCORE_PC_LIBS " -Wl,-u,openblas_set_num_threads -Wl,-u,openblas_get_config")
          endif()
        endif()
      endif()
    endif()
  endforeach()
  if(NOT MLCORE_BLAS_FOUND)
    find_path(MLCORE_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas blis)
    find_library(MLCORE_CBLAS_LIBRARY NAMES openblas blis cblas blas)
    if(MLCORE_CBLAS_INCLUDE AND MLCORE_CBLAS_LIBRARY)
      mlcore_try_cblas(MLCORE_CBLAS_WORKS ${MLCORE_CBLAS_INCLUDE} ${MLCORE_CBLAS_LIBRARY})
      if(MLCORE_CBLAS_WORKS)
        set(MLCORE_BLAS_FOUND TRUE)
        set(MLCORE_BLAS_LIBRARY ${MLCORE_CBLAS_LIBRARY})
        list(APPEND MLCORE_LINK ${MLCORE_CBLAS_LIBRARY})
        string(APPEND MLCORE_PC_LIBS " ${MLCORE_CBLAS_LIBRARY}")
        include_directories(SYSTEM ${MLCORE_CBLAS_INCLUDE})
      endif()
    endif()
  endif()
endif()

if(MLCORE_BLAS_FOUND)
  message(STATUS "BLAS: ${MLCORE_BLAS_MODULE}${MLCORE_BLAS_LIBRARY}")
else()
  message(STATUS "BLAS: none, the library's own gemm")
endif()

set(MLCORE_ZIP_FOUND FALSE)
if(MLCORE_ZIP)
  pkg_check_modules(MLCORE_LIBZIP QUIET IMPORTED_TARGET libzip)
  if(MLCORE_LIBZIP_FOUND)
    set(MLCORE_ZIP_FOUND TRUE)
    list(APPEND MLCORE_LINK PkgConfig::MLCORE_LIBZIP)
    # Its flags, not its name: Debian's module asks for bzip2 and OpenSSL, but its package does not bring their -dev ones.
    string(REPLACE ";" " " flags "${MLCORE_LIBZIP_LDFLAGS}")
    string(APPEND MLCORE_PC_LIBS " ${flags}")
  endif()
endif()

if(MLCORE_ZIP_FOUND)
  message(STATUS "zip: libzip ${MLCORE_LIBZIP_VERSION}")
else()
  message(STATUS "zip: none, .npz is not read")
endif()
