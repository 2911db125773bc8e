#pragma once
// A test framework of the size that these tests need. The usual ones are a download, or a package
// that not every machine has, for what are two macros and a list: with this one, a compiler and
// Eigen are enough to test the core anywhere.
//
//     TEST(search, finds_itself) { CHECK(...); }
//
// Checks count, and may be made by any thread; one that fails is printed, and the test goes on.

#include <string>

namespace nearplane::testing {

struct Registration {
    Registration(const char* suite, const char* name, void (*run)());
};

void count_check();
void fail(const char* text, const char* file, int line, const std::string& detail);

}  // namespace nearplane::testing

#define TEST(suite, name)                                                          \
    static void suite##_##name();                                                  \
    static const ::nearplane::testing::Registration suite##_##name##_registration( \
        #suite, #name, &suite##_##name);                                           \
    static void suite##_##name()

#define CHECK(condition) CHECK_IN(condition, std::string())

/// With what tells this check from others of the same line; it is made only if the check fails.
#define CHECK_IN(condition, detail)       \
    (::nearplane::testing::count_check(), \
     static_cast<bool>(condition)         \
         ? static_cast<void>(0)           \
         : ::nearplane::testing::fail(#condition, __FILE__, __LINE__, detail))

#define CHECK_THROWS(Error, expression)                                       \
    do {                                                                      \
        bool has_thrown = false;                                              \
        try {                                                                 \
            expression;                                                       \
        } catch (const Error&) {                                              \
            has_thrown = true;                                                \
        }                                                                     \
        CHECK_IN(has_thrown, std::string("no " #Error " from " #expression)); \
    } while (false)
