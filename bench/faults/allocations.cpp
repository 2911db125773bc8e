// Makes the i-th allocation fail, among those that code of watched files asks for, and of arrays.
//
// Preloaded, it takes the place of malloc, of its relatives and of operator new, and passes calls
// on to the C library's own. A call counts if its return address lies in a watched file, whatever
// thread it comes from; so neither Python's own objects nor those of OpenMP's runtime do. NumPy
// asks array_handler for the memory of arrays once it has been told to. Blocks that count are kept
// in a table until they are freed, by whomever, so that leaks are seen.

#include <link.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

struct Range {
    std::uintptr_t begin, end;
};

// What ctypes reads; the order is that of allocations.py.
enum Count { calls, failures, failures_on_workers, n_counts };

constexpr int most_ranges = 64;
// What is watched, and the order of allocations.py too: our modules, and the memory of arrays.
enum Group { none = -1, modules, arrays, n_groups };
Range ranges[most_ranges];
std::atomic<int> n_ranges{0};

std::atomic<bool> is_armed{false};
std::int64_t chosen = 0;  // fails, counted from 1
bool and_all_that_follow = false;
bool only_workers = false;
std::atomic<std::int64_t> counts[n_counts];
thread_local bool is_caller = false;

/// Whether the code at this address is of a watched file.
Group group_of(const void* address) {
    const auto place = reinterpret_cast<std::uintptr_t>(address);
    const int n = n_ranges.load(std::memory_order_acquire);
    for (int i = 0; i < n; ++i) {
        if (ranges[i].begin <= place && place < ranges[i].end) return modules;
    }
    return none;
}

bool must_fail(Group group) {
    if (group == none || !is_armed.load(std::memory_order_acquire)) return false;
    if (only_workers && is_caller) return false;
    const std::int64_t call = ++counts[calls];
    if (and_all_that_follow ? call < chosen : call != chosen) return false;
    ++counts[failures];
    if (!is_caller) ++counts[failures_on_workers];
    return true;
}

/// The blocks of watched files that live: open addressing, and a lock that is held for some steps.
class LiveBlocks {
public:
    void add(void* block, std::size_t size, Group group) {
        if (block == nullptr || group == none) return;
        const Lock lock(mutex_);
        if (n_used_ >= capacity / 2) std::abort();  // a leak that needs no counting
        std::size_t place = home(block);
        while (slots_[place].block != nullptr) place = next(place);
        slots_[place] = {block, size, group};
        ++n_used_;
        bytes_[group] += static_cast<std::int64_t>(size);
    }

    void remove(void* block) {
        if (n_used_.load(std::memory_order_relaxed) == 0) return;
        const Lock lock(mutex_);
        std::size_t place = home(block);
        while (slots_[place].block != block) {
            if (slots_[place].block == nullptr) return;
            place = next(place);
        }
        bytes_[slots_[place].group] -= static_cast<std::int64_t>(slots_[place].size);
        --n_used_;
        close_gap(place);
    }

    std::int64_t bytes(int group) {
        const Lock lock(mutex_);
        return bytes_[group];
    }

private:
    struct Slot {
        void* block;
        std::size_t size;
        Group group;
    };

    class Lock {
    public:
        explicit Lock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
        ~Lock() { pthread_mutex_unlock(&mutex_); }

    private:
        pthread_mutex_t& mutex_;
    };

    static constexpr std::size_t capacity = 1 << 20;

    static std::size_t home(const void* block) {
        const auto bits = reinterpret_cast<std::uintptr_t>(block) >> 4;
        return static_cast<std::size_t>(bits * 0x9E3779B97F4A7C15u >> 44);  // 20 bits are left
    }

    static std::size_t next(std::size_t place) { return (place + 1) % capacity; }

    /// Moves back the blocks behind `gap` that would no longer be found from their home.
    void close_gap(std::size_t gap) {
        slots_[gap] = {};
        for (std::size_t place = next(gap); slots_[place].block != nullptr; place = next(place)) {
            const std::size_t from_home = (place - home(slots_[place].block)) % capacity;
            if (from_home < (place - gap) % capacity) continue;
            slots_[gap] = slots_[place];
            slots_[place] = {};
            gap = place;
        }
    }

    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    Slot slots_[capacity] = {};
    std::atomic<std::size_t> n_used_{0};
    std::int64_t bytes_[n_groups] = {};
};

constinit LiveBlocks live{};

struct Search {
    const char* path;
    int found;
};

int watch_object(dl_phdr_info* object, std::size_t, void* data) {
    auto& search = *static_cast<Search*>(data);
    if (std::strcmp(object->dlpi_name, search.path) != 0) return 0;
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& part = object->dlpi_phdr[i];
        if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
        if (n_ranges == most_ranges) std::abort();
        const std::uintptr_t begin = object->dlpi_addr + part.p_vaddr;
        ranges[n_ranges] = {begin, begin + part.p_memsz};
        ++n_ranges;
        ++search.found;
    }
    return 0;
}

void* allocate(std::size_t size, Group group) {
    if (must_fail(group)) return nullptr;
    void* block = __libc_malloc(size);
    live.add(block, size, group);
    return block;
}

void* allocate_zeros(std::size_t n, std::size_t size, Group group) {
    if (must_fail(group)) return nullptr;
    void* block = __libc_calloc(n, size);
    live.add(block, n * size, group);
    return block;
}

void* allocate_aligned(std::size_t alignment, std::size_t size, Group group) {
    if (must_fail(group)) return nullptr;
    void* block = __libc_memalign(alignment, size);
    live.add(block, size, group);
    return block;
}

void* reallocate(void* old, std::size_t size, Group group) {
    if (must_fail(group)) return nullptr;
    if (old != nullptr) live.remove(old);
    void* block = __libc_realloc(old, size);
    live.add(block, size, group);
    return block;
}

void* or_no_memory(void* block) {
    if (block == nullptr) errno = ENOMEM;
    return block;
}

void* or_throw(void* block) {
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

void release(void* block) {
    if (block == nullptr) return;
    live.remove(block);
    __libc_free(block);
}

}  // namespace

/// What NumPy's PyDataMem_Handler is: numpy/ndarraytypes.h has it.
struct ArrayHandler {
    char name[127];
    std::uint8_t version;
    void* context;
    void* (*malloc)(void*, std::size_t);
    void* (*calloc)(void*, std::size_t, std::size_t);
    void* (*realloc)(void*, void*, std::size_t);
    void (*free)(void*, void*, std::size_t);
};

// The group of whoever has called the function in which this stands.
#define CALLER group_of(__builtin_return_address(0))

extern "C" {

ArrayHandler array_handler = {
    "failing_allocations",
    1,
    nullptr,
    [](void*, std::size_t size) { return allocate(size, arrays); },
    [](void*, std::size_t n, std::size_t size) { return allocate_zeros(n, size, arrays); },
    [](void*, void* old, std::size_t size) { return reallocate(old, size, arrays); },
    [](void*, void* block, std::size_t) { release(block); },
};

int allocations_watch(const char* path) {
    Search search{path, 0};
    dl_iterate_phdr(watch_object, &search);
    return search.found;
}

void allocations_arm(std::int64_t index, int all_that_follow, int workers_alone) {
    chosen = index;
    and_all_that_follow = all_that_follow != 0;
    only_workers = workers_alone != 0;
    is_caller = true;
    for (auto& count : counts) count = 0;
    is_armed = true;
}

void allocations_disarm() {
    is_armed = false;
}

std::int64_t allocations_count(int which) {
    return counts[which];
}

std::int64_t allocations_live_bytes(int group) {
    return live.bytes(group);
}

void* malloc(std::size_t size) noexcept {
    return or_no_memory(allocate(size, CALLER));
}

void* calloc(std::size_t n, std::size_t size) noexcept {
    return or_no_memory(allocate_zeros(n, size, CALLER));
}

void* realloc(void* old, std::size_t size) noexcept {
    return or_no_memory(reallocate(old, size, CALLER));
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
    return or_no_memory(allocate_aligned(alignment, size, CALLER));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    return or_no_memory(allocate_aligned(alignment, size, CALLER));
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept {
    void* block = allocate_aligned(alignment, size, CALLER);
    if (block == nullptr) return ENOMEM;
    *result = block;
    return 0;
}

void free(void* block) noexcept {
    release(block);
}

}  // extern "C"

using Alignment = std::align_val_t;
using Nothrow = std::nothrow_t;

void* operator new(std::size_t size) {
    return or_throw(allocate(size, CALLER));
}
void* operator new[](std::size_t size) {
    return or_throw(allocate(size, CALLER));
}
void* operator new(std::size_t size, const Nothrow&) noexcept {
    return allocate(size, CALLER);
}
void* operator new[](std::size_t size, const Nothrow&) noexcept {
    return allocate(size, CALLER);
}
void* operator new(std::size_t size, Alignment to) {
    return or_throw(allocate_aligned(static_cast<std::size_t>(to), size, CALLER));
}
void* operator new[](std::size_t size, Alignment to) {
    return or_throw(allocate_aligned(static_cast<std::size_t>(to), size, CALLER));
}
void* operator new(std::size_t size, Alignment to, const Nothrow&) noexcept {
    return allocate_aligned(static_cast<std::size_t>(to), size, CALLER);
}
void* operator new[](std::size_t size, Alignment to, const Nothrow&) noexcept {
    return allocate_aligned(static_cast<std::size_t>(to), size, CALLER);
}

void operator delete(void* block) noexcept {
    release(block);
}
void operator delete[](void* block) noexcept {
    release(block);
}
void operator delete(void* block, std::size_t) noexcept {
    release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    release(block);
}
void operator delete(void* block, const Nothrow&) noexcept {
    release(block);
}
void operator delete[](void* block, const Nothrow&) noexcept {
    release(block);
}
void operator delete(void* block, Alignment) noexcept {
    release(block);
}
void operator delete[](void* block, Alignment) noexcept {
    release(block);
}
void operator delete(void* block, std::size_t, Alignment) noexcept {
    release(block);
}
void operator delete[](void* block, std::size_t, Alignment) noexcept {
    release(block);
}
void operator delete(void* block, Alignment, const Nothrow&) noexcept {
    release(block);
}
void operator delete[](void* block, Alignment, const Nothrow&) noexcept {
    release(block);
}
