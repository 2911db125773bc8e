// The module of one ISA level. Its name and level come from CMake; what it holds, from bind_*.cpp.

#include "bindings.hpp"

// Without the GIL as well: whatever calls share is const, atomic, or taken in turns (Turn).
PYBIND11_MODULE(NEARPLANE_MODULE, module, pybind11::mod_gil_not_used(),
                pybind11::multiple_interpreters::not_supported()) {
    module.doc() = "The core of nearplane, compiled for ISA level " NEARPLANE_LEVEL ".";
    nearplane::watch_for_fork();
    nearplane::bindings::bind_distances(module);
    nearplane::bindings::bind_encoder(module);
    nearplane::bindings::bind_features(module);
    nearplane::bindings::bind_info(module);
    nearplane::bindings::bind_kmeans(module);
    nearplane::bindings::bind_linear(module);
    nearplane::bindings::bind_search(module);
    nearplane::bindings::bind_trainer(module);
    nearplane::bindings::bind_visual_words(module);
}
