#pragma once
// Constructors of classes for Python that may run out of memory at any point.

#include <memory>
#include <utility>

#include "bindings.hpp"

namespace nearplane::bindings {

/// py::init leaves it to pybind11's dispatcher to enter the object into the table of instances, and
/// there nothing catches what the table throws: without memory for an entry, the process would end.
/// Here it is entered by the constructor itself, and if that fails no object is left behind.
template <class Class, class... Args, class... Extra>
void def_safe_constructor(py::class_<Class>& type, Class (*make)(Args...), const Extra&... extra) {
    type.def(
        "__init__",
        [make](py::detail::value_and_holder& object, Args... args) {
            auto value = std::make_unique<Class>(make(std::forward<Args>(args)...));
            object.value_ptr() = value.get();
            try {
                object.type->init_instance(object.inst, &value);
            } catch (...) {
                object.value_ptr() = nullptr;
                throw;
            }
        },
        py::detail::is_new_style_constructor(), extra...);
}

/// Lets Python construct a Class by `make`, a function or a lambda without captures, as
/// `type.def(py::init(make), extra...)` does.
template <class Class, class Make, class... Extra>
void def_constructor(py::class_<Class>& type, const Make& make, const Extra&... extra) {
    // A cast, and not +[] at each lambda: MSVC has a pointer for each calling convention.
    def_safe_constructor(type, static_cast<py::detail::function_signature_t<Make>*>(make),
                         extra...);
}

}  // namespace nearplane::bindings
