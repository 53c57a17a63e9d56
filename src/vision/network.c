/*
 * network.c - runs a model of TensorFlow Lite for one worker.
 *
 * It runs on one thread, so that workers share the cores fairly. XNNPACK's kernels for 8-bit
 * networks are some seven times as fast as the built-in ones, but TensorFlow Lite uses them only on
 * request. If they don't work (they read the processor's abilities from /sys), the built-in ones
 * run.
 */
#include "vision/network.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vision/tflite.h"

enum { FILE_MAX = 64 << 20 };

struct network {
    const struct tflite *tflite;
    void *mapped; /* the file, so that workers share its pages */
    size_t length;
    TfLiteModel *model;
    TfLiteDelegate *delegate;
    TfLiteInterpreter *interpreter;
    uint8_t *input;
    const TfLiteTensor *output[NETWORK_OUTPUTS];
};

static _Thread_local char network_fault[512];

static bool map_file(struct network *network, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0)
        return false;
    void *data = MAP_FAILED;
    if (fstat(descriptor, &status) == 0 && status.st_size > 0 && status.st_size <= FILE_MAX)
        data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (data == MAP_FAILED)
        return false;
    network->mapped = data;
    network->length = (size_t)status.st_size;
    return true;
}

static void drop_message(void *data, const char *format, va_list arguments)
{
    (void)data, (void)format, (void)arguments;
}

static void make_interpreter(struct network *network, bool quick)
{
    const struct tflite *tflite = network->tflite;
    TfLiteInterpreterOptions *options = tflite->InterpreterOptionsCreate();
    if (!options)
        return;
    tflite->InterpreterOptionsSetNumThreads(options, 1);
    tflite->InterpreterOptionsSetErrorReporter(options, drop_message, NULL);
    if (quick) {
        struct tflite_xnnpack_options quickly = {.num_threads = 1,
                                                 .flags = TFLITE_XNNPACK_DELEGATE_FLAG_QS8};
        network->delegate = tflite->XNNPackDelegateCreate(&quickly);
        if (network->delegate)
            tflite->InterpreterOptionsAddDelegate(options, network->delegate);
    }
    network->interpreter = tflite->InterpreterCreate(network->model, options);
    tflite->InterpreterOptionsDelete(options);
}

static void delete_interpreter(struct network *network)
{
    if (network->interpreter)
        network->tflite->InterpreterDelete(network->interpreter);
    if (network->delegate)
        network->tflite->XNNPackDelegateDelete(network->delegate);
    network->interpreter = NULL;
    network->delegate = NULL;
}

/* Finds the tensors and checks that they are the expected ones. */
static bool find_tensors(struct network *network, const struct network_shape *shape)
{
    const struct tflite *tflite = network->tflite;
    if (tflite->InterpreterAllocateTensors(network->interpreter) != kTfLiteOk ||
        tflite->InterpreterGetInputTensorCount(network->interpreter) != 1)
        return false;
    const TfLiteTensor *input = tflite->InterpreterGetInputTensor(network->interpreter, 0);
    if (tflite->TensorType(input) != kTfLiteUInt8 ||
        tflite->TensorByteSize(input) != shape->side * shape->side * 3)
        return false;
    network->input = tflite->TensorData(input);
    int32_t outputs = tflite->InterpreterGetOutputTensorCount(network->interpreter);
    for (int32_t i = 0; i < NETWORK_OUTPUTS && shape->output_bytes[i]; i++) {
        const TfLiteTensor *output =
            i < outputs ? tflite->InterpreterGetOutputTensor(network->interpreter, i) : NULL;
        if (!output || tflite->TensorType(output) != shape->output_type ||
            tflite->TensorByteSize(output) != shape->output_bytes[i])
            return false;
        network->output[i] = output;
    }
    return network->input;
}

static bool start_network(struct network *network, const struct network_shape *shape)
{
    network->model = network->tflite->ModelCreate(network->mapped, network->length);
    if (!network->model)
        return false;
    for (int quick = 1; quick >= 0; quick--) {
        make_interpreter(network, quick);
        if (network->interpreter && find_tensors(network, shape))
            return true;
        delete_interpreter(network);
    }
    return false;
}

static bool load_network(struct network *network, const char *folder,
                         const struct network_shape *shape, const char **why)
{
    char path[4096];
    *why = network_fault;
    int length = snprintf(path, sizeof path, "%s/%s", folder, shape->file);
    if (length < 0 || (size_t)length >= sizeof path || !map_file(network, path)) {
        snprintf(network_fault, sizeof network_fault, "%s isn't in %.300s", shape->file, folder);
        return false;
    }
    network->tflite = tflite_load(folder, why);
    if (!network->tflite)
        return false;
    tflite_hush();
    bool done = start_network(network, shape);
    tflite_hush_end();
    if (!done)
        snprintf(network_fault, sizeof network_fault,
                 "%s in %.300s isn't the model that it should be", shape->file, folder);
    *why = network_fault;
    return done;
}

bool network_open(struct network **network, const char *folder, const struct network_shape *shape,
                  const char **why)
{
    struct network *opened = calloc(1, sizeof *opened);
    *network = NULL;
    *why = "there is no memory for the models";
    if (!opened)
        return false;
    if (!load_network(opened, folder, shape, why)) {
        network_close(opened);
        return false;
    }
    *network = opened;
    return true;
}

dime_text network_file(const struct network *network)
{
    return (dime_text){network->mapped, network->length};
}

uint8_t *network_input(const struct network *network)
{
    return network->input;
}

bool network_run(const struct network *network)
{
    return network->tflite->InterpreterInvoke(network->interpreter) == kTfLiteOk;
}

const void *network_output(const struct network *network, size_t at)
{
    return network->tflite->TensorData(network->output[at]);
}

void network_close(struct network *network)
{
    if (!network)
        return;
    if (network->tflite) {
        delete_interpreter(network);
        network->tflite->ModelDelete(network->model);
    }
    if (network->mapped)
        munmap(network->mapped, network->length);
    free(network);
}
