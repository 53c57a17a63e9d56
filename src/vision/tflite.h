/*
 * tflite.h - TensorFlow Lite's C interface, loaded while the program runs.
 *
 * The names are those of TensorFlow Lite 2.9's headers tensorflow/lite/c/c_api.h and, for what
 * begins with XNNPack, tensorflow/lite/delegates/xnnpack/xnnpack_delegate.h, without their prefix.
 */
#ifndef DIME_VISION_TFLITE_H
#define DIME_VISION_TFLITE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

typedef struct TfLiteModel TfLiteModel;
typedef struct TfLiteInterpreterOptions TfLiteInterpreterOptions;
typedef struct TfLiteInterpreter TfLiteInterpreter;
typedef struct TfLiteDelegate TfLiteDelegate;
typedef struct TfLiteTensor TfLiteTensor;

enum { kTfLiteOk = 0 };                        /* TfLiteStatus */
enum { kTfLiteFloat32 = 1, kTfLiteUInt8 = 3 }; /* TfLiteType */
enum { TFLITE_XNNPACK_DELEGATE_FLAG_QS8 = 1 };

/* All versions of this struct begin so; the rest differs, and 0 is its default. */
struct tflite_xnnpack_options {
    int32_t num_threads;
    uint32_t flags;
    uint64_t rest[14];
};

struct tflite {
    const char *(*Version)(void);
    TfLiteModel *(*ModelCreate)(const void *data, size_t size);
    void (*ModelDelete)(TfLiteModel *model);
    TfLiteInterpreterOptions *(*InterpreterOptionsCreate)(void);
    void (*InterpreterOptionsDelete)(TfLiteInterpreterOptions *options);
    void (*InterpreterOptionsSetNumThreads)(TfLiteInterpreterOptions *options, int32_t threads);
    void (*InterpreterOptionsAddDelegate)(TfLiteInterpreterOptions *options,
                                          TfLiteDelegate *delegate);
    void (*InterpreterOptionsSetErrorReporter)(TfLiteInterpreterOptions *options,
                                               void (*reporter)(void *data, const char *format,
                                                                va_list arguments),
                                               void *data);
    TfLiteInterpreter *(*InterpreterCreate)(const TfLiteModel *model,
                                            const TfLiteInterpreterOptions *options);
    void (*InterpreterDelete)(TfLiteInterpreter *interpreter);
    int (*InterpreterAllocateTensors)(TfLiteInterpreter *interpreter);
    int (*InterpreterInvoke)(TfLiteInterpreter *interpreter);
    int32_t (*InterpreterGetInputTensorCount)(const TfLiteInterpreter *interpreter);
    TfLiteTensor *(*InterpreterGetInputTensor)(const TfLiteInterpreter *interpreter, int32_t at);
    int32_t (*InterpreterGetOutputTensorCount)(const TfLiteInterpreter *interpreter);
    const TfLiteTensor *(*InterpreterGetOutputTensor)(const TfLiteInterpreter *interpreter,
                                                      int32_t at);
    int (*TensorType)(const TfLiteTensor *tensor);
    size_t (*TensorByteSize)(const TfLiteTensor *tensor);
    void *(*TensorData)(const TfLiteTensor *tensor);
    TfLiteDelegate *(*XNNPackDelegateCreate)(const struct tflite_xnnpack_options *options);
    void (*XNNPackDelegateDelete)(TfLiteDelegate *delegate);
};

/*
 * Loads the library from FOLDER, once in a process; it stays until the process ends. NULL: it's
 * missing or can't be used, and *WHY is a sentence of the thread's.
 */
const struct tflite *tflite_load(const char *folder, const char **why);

/*
 * TensorFlow Lite greets on stderr, where only lines of JSON belong. What this thread writes to
 * stdio's stderr between these two calls is dropped; that of other threads isn't.
 */
void tflite_hush(void);
void tflite_hush_end(void);

#endif
