# Headers, both libraries, the lab, a pkg-config file and a CMake package. The double build has names of its own throughout, so
# that both kinds can be installed side by side; the headers are the same text.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/${MLCORE_NAME})

install(DIRECTORY include/mlcore DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS mlcore EXPORT ${MLCORE_NAME}Targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS mlcore_static EXPORT ${MLCORE_NAME}StaticTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(MLCORE_EXAMPLES)
  install(TARGETS mlcore_lab RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
foreach(set Targets StaticTargets)
  install(EXPORT ${MLCORE_NAME}${set} NAMESPACE ${MLCORE_NAME}:: DESTINATION ${package_dir})
endforeach()

# The pkg-config file finds its prefix from its own place, so that `cmake --install --prefix` and moving both work.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
  set(pc_libdir ${CMAKE_INSTALL_LIBDIR})
else()
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
  set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
else()
  set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(pc_cflags "")
if(MLCORE_DOUBLE)
  set(pc_cflags " -DMLCORE_DOUBLE")
endif()
configure_file(cmake/mlcore.pc.in ${MLCORE_NAME}.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${MLCORE_NAME}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

configure_package_config_file(cmake/mlcoreConfig.cmake.in ${MLCORE_NAME}Config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 only the same minor version is compatible.
write_basic_package_version_file(${MLCORE_NAME}ConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${MLCORE_NAME}Config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/${MLCORE_NAME}ConfigVersion.cmake DESTINATION ${package_dir})
