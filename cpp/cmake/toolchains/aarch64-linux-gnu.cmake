# Builds for 64-bit ARM on another Linux, and runs what was built by QEMU. On Debian and Ubuntu:
# apt-get install g++-aarch64-linux-gnu qemu-user-static

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L /usr/aarch64-linux-gnu)
# Programs are this machine's; libraries of ARM come with the compiler, Eigen has headers only.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
