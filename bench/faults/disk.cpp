// Makes the i-th call that changes a folder fail, or ends the process there.
//
// Preloaded, it takes the place of the C library's functions that open, write, sync, rename and
// close files. A call counts if its file lies in the watched folder, or is that folder.

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

// What disk.py asks for, in this order.
enum What { fail, fall_short, kill_before, kill_after };

char folder[PATH_MAX];
std::size_t folder_length = 0;
bool is_armed = false;
std::int64_t chosen = 0;  // counted from 1
What what = fail;
int error_number = 0;
std::int64_t n_calls = 0;
std::int64_t n_failures = 0;
char failed_call[32];

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool is_inside(const char* path) {
    return std::strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == '\0');
}

bool is_inside(int descriptor) {
    char link[64];
    char path[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return false;
    path[length] = '\0';
    return is_inside(path);
}

/// Whether this call is the chosen one; if it is to end the process before, it does.
template <class File>
bool is_chosen(const char* name, File file) {
    if (!is_armed || !is_inside(file)) return false;
    if (++n_calls != chosen) return false;
    ++n_failures;
    std::snprintf(failed_call, sizeof failed_call, "%s", name);
    if (what == kill_before) kill(getpid(), SIGKILL);
    return true;
}

int failure() {
    errno = error_number;
    return -1;
}

/// Calls `call`, unless it is the chosen one and must fail.
template <class File, class Call>
auto carry_out(const char* name, File file, Call call) -> decltype(call()) {
    const bool is_it = is_chosen(name, file);
    if (is_it && what == fail) return failure();
    const auto result = call();
    if (is_it && what == kill_after) kill(getpid(), SIGKILL);
    return result;
}

/// The same for what writes `size` bytes by call(bytes to write): a chosen one writes half of them.
template <class Call>
ssize_t carry_out_write(const char* name, int descriptor, std::size_t size, Call call) {
    const bool is_it = is_chosen(name, descriptor);
    if (is_it && what == fail) return failure();
    const ssize_t result = call(is_it ? (size + 1) / 2 : size);
    if (is_it && what == kill_after) kill(getpid(), SIGKILL);
    return result;
}

int open_as(const char* function, int at, const char* path, int flags, mode_t mode) {
    const auto call = [&] {
        return next<int (*)(int, const char*, int, mode_t)>(function)(at, path, flags, mode);
    };
    // What is only read may be read.
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) == 0) return call();
    return carry_out("open", path, call);
}

mode_t mode_of(int flags, va_list arguments) {
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

void disk_watch(const char* path) {
    std::snprintf(folder, sizeof folder, "%s", path);
    folder_length = std::strlen(folder);
}

void disk_arm(std::int64_t index, int how, int number) {
    chosen = index;
    what = static_cast<What>(how);
    error_number = number;
    n_calls = n_failures = 0;
    failed_call[0] = '\0';
    is_armed = true;
}

void disk_disarm() {
    is_armed = false;
}
std::int64_t disk_calls() {
    return n_calls;
}
std::int64_t disk_failures() {
    return n_failures;
}
const char* disk_failed_call() {
    return failed_call;
}

ssize_t write(int descriptor, const void* data, std::size_t size) {
    return carry_out_write("write", descriptor, size, [&](std::size_t n) {
        return next<ssize_t (*)(int, const void*, std::size_t)>("write")(descriptor, data, n);
    });
}

ssize_t pwrite64(int descriptor, const void* data, std::size_t size, off64_t place) {
    return carry_out_write("pwrite", descriptor, size, [&](std::size_t n) {
        return next<ssize_t (*)(int, const void*, std::size_t, off64_t)>("pwrite64")(
            descriptor, data, n, place);
    });
}

ssize_t pwrite(int descriptor, const void* data, std::size_t size, off_t place) {
    return pwrite64(descriptor, data, size, place);
}

ssize_t writev(int descriptor, const iovec* parts, int n_parts) {
    return carry_out("writev", descriptor, [&] {
        return next<ssize_t (*)(int, const iovec*, int)>("writev")(descriptor, parts, n_parts);
    });
}

int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_as("openat", AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_as("openat64", AT_FDCWD, path, flags, mode);
}

int openat(int at, const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_as("openat", at, path, flags, mode);
}

int openat64(int at, const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_as("openat64", at, path, flags, mode);
}

/// A descriptor is gone after a failed close, too. What was only read loses nothing when it is
/// closed, and is no call that fails.
int close(int descriptor) {
    const int flags = fcntl(descriptor, F_GETFL);
    const bool is_written = flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
    const bool is_it = is_written && is_chosen("close", descriptor);
    const int result = next<int (*)(int)>("close")(descriptor);
    if (is_it && what == kill_after) kill(getpid(), SIGKILL);
    return is_it && what == fail ? failure() : result;
}

int fsync(int descriptor) {
    return carry_out("fsync", descriptor, [&] { return next<int (*)(int)>("fsync")(descriptor); });
}

int fdatasync(int descriptor) {
    return carry_out("fdatasync", descriptor,
                     [&] { return next<int (*)(int)>("fdatasync")(descriptor); });
}

int ftruncate64(int descriptor, off64_t size) {
    return carry_out("ftruncate", descriptor,
                     [&] { return next<int (*)(int, off64_t)>("ftruncate64")(descriptor, size); });
}

int ftruncate(int descriptor, off_t size) {
    return ftruncate64(descriptor, size);
}

/// Returns the number of the error, unlike the others.
int posix_fallocate64(int descriptor, off64_t place, off64_t size) {
    const bool is_it = is_chosen("posix_fallocate", descriptor);
    if (is_it && what == fail) return error_number;
    const int result =
        next<int (*)(int, off64_t, off64_t)>("posix_fallocate64")(descriptor, place, size);
    if (is_it && what == kill_after) kill(getpid(), SIGKILL);
    return result;
}

int posix_fallocate(int descriptor, off_t place, off_t size) {
    return posix_fallocate64(descriptor, place, size);
}

int rename(const char* from, const char* to) {
    return carry_out("rename", to,
                     [&] { return next<int (*)(const char*, const char*)>("rename")(from, to); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
    return carry_out("renameat", to, [&] {
        return next<int (*)(int, const char*, int, const char*)>("renameat")(from_folder, from,
                                                                             to_folder, to);
    });
}

int chmod(const char* path, mode_t mode) {
    return carry_out("chmod", path,
                     [&] { return next<int (*)(const char*, mode_t)>("chmod")(path, mode); });
}

int mkdir(const char* path, mode_t mode) {
    return carry_out("mkdir", path,
                     [&] { return next<int (*)(const char*, mode_t)>("mkdir")(path, mode); });
}

/// There is one map at a time that is written.
int msync(void* begin, std::size_t size, int flags) {
    return carry_out("msync", folder, [&] {
        return next<int (*)(void*, std::size_t, int)>("msync")(begin, size, flags);
    });
}

}  // extern "C"
