/*
 * tflite.c - TensorFlow Lite, loaded by dlopen rather than linked.
 *
 * The build needs neither the library nor its headers, which don't come from Debian. A program
 * starts without it and can say what is missing, and loads it only for the first picture. The
 * price is the table below, which repeats the prototypes of a version that a checksum pins.
 */
#include "vision/tflite.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_NAME "libtensorflowlite_c.so"

#define TFLITE_FUNCTION(name)                                                                      \
    {                                                                                              \
        "TfLite" #name, offsetof(struct tflite, name)                                              \
    }

static const struct {
    const char *name;
    size_t at;
} TFLITE_FUNCTIONS[] = {
    TFLITE_FUNCTION(Version),
    TFLITE_FUNCTION(ModelCreate),
    TFLITE_FUNCTION(ModelDelete),
    TFLITE_FUNCTION(InterpreterOptionsCreate),
    TFLITE_FUNCTION(InterpreterOptionsDelete),
    TFLITE_FUNCTION(InterpreterOptionsSetNumThreads),
    TFLITE_FUNCTION(InterpreterOptionsAddDelegate),
    TFLITE_FUNCTION(InterpreterOptionsSetErrorReporter),
    TFLITE_FUNCTION(InterpreterCreate),
    TFLITE_FUNCTION(InterpreterDelete),
    TFLITE_FUNCTION(InterpreterAllocateTensors),
    TFLITE_FUNCTION(InterpreterInvoke),
    TFLITE_FUNCTION(InterpreterGetInputTensorCount),
    TFLITE_FUNCTION(InterpreterGetInputTensor),
    TFLITE_FUNCTION(InterpreterGetOutputTensorCount),
    TFLITE_FUNCTION(InterpreterGetOutputTensor),
    TFLITE_FUNCTION(TensorType),
    TFLITE_FUNCTION(TensorByteSize),
    TFLITE_FUNCTION(TensorData),
    TFLITE_FUNCTION(XNNPackDelegateCreate),
    TFLITE_FUNCTION(XNNPackDelegateDelete),
};

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static struct tflite loaded;
static void *library; /* never closed: its threads and statics don't support that */
static _Thread_local char library_fault[512];

static bool find_functions(void *handle, struct tflite *tflite)
{
    for (size_t i = 0; i < sizeof TFLITE_FUNCTIONS / sizeof *TFLITE_FUNCTIONS; i++) {
        void *function = dlsym(handle, TFLITE_FUNCTIONS[i].name);
        if (!function)
            return false;
        memcpy((char *)tflite + TFLITE_FUNCTIONS[i].at, &function, sizeof function);
    }
    return true;
}

static void *open_library(const char *folder)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/" FILE_NAME, folder);
    if (length < 0 || (size_t)length >= sizeof path)
        return NULL;
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

const struct tflite *tflite_load(const char *folder, const char **why)
{
    pthread_mutex_lock(&loading);
    if (!library) {
        void *handle = open_library(folder);
        if (handle && find_functions(handle, &loaded)) {
            library = handle;
        } else {
            const char *error = dlerror();
            snprintf(library_fault, sizeof library_fault,
                     "TensorFlow Lite can't be loaded (%.300s)",
                     error ? error : "its path is too long");
        }
        if (handle && !library)
            dlclose(handle);
    }
    bool done = library != NULL;
    pthread_mutex_unlock(&loading);
    *why = library_fault;
    return done ? &loaded : NULL;
}

static _Thread_local bool hushed;

static ssize_t write_unless_hushed(void *unused, const char *data, size_t length)
{
    (void)unused;
    return hushed ? (ssize_t)length : write(STDERR_FILENO, data, length);
}

/*
 * glibc's stderr is a variable that may be set (its manual, section 12.2). It's set once, before
 * there are threads, so all later output goes to the same stream.
 */
__attribute__((constructor)) static void replace_stderr(void)
{
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_unless_hushed});
    if (!stream)
        return; /* then TensorFlow Lite's greeting is in the log, and nothing else is wrong */
    (void)setvbuf(stream, NULL, _IONBF, 0);
    stderr = stream;
}

void tflite_hush(void)
{
    hushed = true;
}

void tflite_hush_end(void)
{
    hushed = false;
}
