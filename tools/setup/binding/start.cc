// What this project does while TensorFlow's library starts. Linked into the binding.

#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// 1. Quiet. TensorFlow announces its use of oneDNN from a static initializer, before it reads TF_CPP_MIN_LOG_LEVEL; so no
// environment variable hides that line and the warning that comes with it. The binding is linked with `-z initfirst`: this
// constructor runs before those of TensorFlow's libraries, and sets the level in time.
//
// The functions are absl's (absl/log/globals.h, absl/log/internal/globals.h), exported by libtensorflow_framework.
// Where another build of the library lacks them, its messages are simply shown.

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
  // Without this the first error would come with a warning about absl's initialization.
  if (absl::log_internal::SetInitialized) absl::log_internal::SetInitialized();
}

// 2. Small. To link a library of 800 MB, the system reads its symbols and relocations, and its initializers touch code all
// over it: 240 MB stay resident that nobody needs again. They are given back. Whatever is used after all comes from the
// file, or rather from the system's cache of it. Mappings with a page of their own (relocated data) are left alone.

static void give_back_start_pages() {
  std::FILE* mappings = std::fopen("/proc/self/smaps", "r");
  if (!mappings) return;
  char line[4096];
  std::uintptr_t start = 0, end = 0;
  bool candidate = false;
  while (std::fgets(line, sizeof line, mappings)) {
    unsigned long first, last, kilobytes;
    char permissions[5];
    if (std::sscanf(line, "%lx-%lx %4s", &first, &last, permissions) == 3) {
      start = first;
      end = last;
      candidate = permissions[1] == '-' && std::strstr(line, "/libtensorflow");
    } else if (candidate && std::sscanf(line, "Anonymous: %lu kB", &kilobytes) == 1 && kilobytes == 0) {
      madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
    }
  }
  std::fclose(mappings);
}

// 3. Flat. glibc gives threads up to 8 heaps for each core, and each heap keeps the most that it has ever held: on 2 cores
// a tiny detector that is evaluated every 50 steps grows from 470 MB (private) to 520 over 7000 steps, though no more of it
// is in use. Threads that start from here on share the heaps that are there: 470 MB, for good, and steps take the same
// time. glibc settles the number when it makes the ninth, so whoever wants this loads the binding before libvips.

__attribute__((constructor)) static void share_heaps() {
  if (!std::getenv("MALLOC_ARENA_MAX")) mallopt(M_ARENA_MAX, 2);
}

// Called by the binding when TensorFlow's context is there.
void on_library_loaded() { give_back_start_pages(); }

// 4. Known. Set-up takes a binding that was compiled elsewhere only if it is of the same sources, which this says of it.

#define TEXT_OF(value) TEXT(value)
#define TEXT(value) #value
extern "C" __attribute__((visibility("default"), used)) const char faster_rcnn_binding_sources[] =
    "faster-rcnn binding sources " TEXT_OF(BINDING_SOURCES);
