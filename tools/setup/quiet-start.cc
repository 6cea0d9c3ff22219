// TensorFlow announces its use of oneDNN from a static initialiser, before it reads TF_CPP_MIN_LOG_LEVEL; so no
// environment variable hides that line and the warning that comes with it. This file is linked into the binding with
// `-z initfirst`: its constructor runs before those of TensorFlow's libraries, and sets the level in time.
//
// The functions are absl's (absl/log/globals.h, absl/log/internal/globals.h), exported by libtensorflow_framework.
// Where another build of the library lacks them, its messages are simply shown.

#include <cstdlib>

namespace absl {
inline namespace lts_20250814 {
enum class LogSeverityAtLeast : int { kError = 2 };
__attribute__((weak)) void SetMinLogLevel(LogSeverityAtLeast level);
namespace log_internal {
__attribute__((weak)) void SetInitialized();
}
}  // namespace lts_20250814
}  // namespace absl

__attribute__((constructor)) static void quiet_start() {
  const char* wanted = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  const auto level = wanted ? static_cast<absl::LogSeverityAtLeast>(std::atoi(wanted))
                            : absl::LogSeverityAtLeast::kError;
  if (absl::SetMinLogLevel) absl::SetMinLogLevel(level);
  // Without this the first error would come with a warning about absl's initialisation.
  if (absl::log_internal::SetInitialized) absl::log_internal::SetInitialized();
}
