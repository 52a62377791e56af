// Threads as this project starts them.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace quorate::env {

// With this name (at most 15 characters), and deaf to signals, which are the main thread's. Throws
// std::system_error where the system has no more threads.
std::thread start_thread(const std::string& name, std::function<void()> body);

}  // namespace quorate::env
