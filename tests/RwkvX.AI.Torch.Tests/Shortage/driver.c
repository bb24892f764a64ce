/* A CUDA driver, NVRTC and cuBLAS without a device, for tests of what happens when memory is short. Memory is the host's, so that copies copy.
 * A kernel does nothing, except that those that change states count in them, and that sampling chooses token 1.
 * fake_fail_at(n) lets the n-th call from now fail that takes memory or compiles; fake_alive() tells what is taken and not given back. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef uint64_t u64;
enum { OK = 0, OUT_OF_MEMORY = 2, BLAS_ALLOC_FAILED = 3, NVRTC_COMPILATION = 6, MOST_ARGUMENTS = 512 };
enum { CONTEXTS, MEMORY, RANGES, PIECES, HOST, STREAMS, EVENTS, GRAPHS, EXECUTABLES, MODULES, BLAS, PROGRAMS, KINDS };
static const char *names[] = { "contexts", "memory", "ranges", "pieces", "host", "streams", "events", "graphs", "executables", "modules", "blas", "programs" };

static int alive[KINDS], calls, fail_at;
static int fails(void) { return __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) == fail_at; }
#define TAKE(kind) do { if (fails()) return OUT_OF_MEMORY; __atomic_add_fetch(&alive[kind], 1, __ATOMIC_SEQ_CST); } while (0)
#define GIVE(kind) __atomic_sub_fetch(&alive[kind], 1, __ATOMIC_SEQ_CST)

void fake_fail_at(int n) { calls = 0; fail_at = n; }
int fake_calls(void) { return calls; }
int fake_alive(char *text, int length) {
    int sum = 0;
    text[0] = 0;
    for (int i = 0; i < KINDS; i++) {
        sum += alive[i];
        if (alive[i]) snprintf(text + strlen(text), length - strlen(text), "%s %d ", names[i], alive[i]);
    }
    return sum;
}

/* What is launched, copied or set: done at once, or recorded in a graph. */
typedef struct { int kind; const char *function; u64 to, from, bytes; unsigned x, y, z; unsigned char arguments[MOST_ARGUMENTS]; } work;
typedef struct { int count; work *all; } list;
static __thread list *recording;

static void bump(u64 states, int count, int64_t offset) {
    for (int i = 0; i < count; i++) ((float *)((u64 *)states)[i])[offset] += 1;
}
static void kernel(const work *w) {
    const u64 *a = (const u64 *)w->arguments;
    if (!strcmp(w->function, "step_wkv")) bump(a[21], w->y, a[22]);
    else if (!strcmp(w->function, "rows_prev")) bump(a[1], w->x, a[2]);
    else if (!strcmp(w->function, "rows_wkv_scan")) bump(a[3], w->z, (int64_t)a[4] + 1);
    else if (!strcmp(w->function, "rows_wkv_states")) bump(a[4], w->z, (int64_t)a[5] + 1);
    else if (!strcmp(w->function, "sample")) for (unsigned i = 0; i < w->x; i++) ((int *)a[5])[i] = 1;
}
static void run(const work *w) {
    if (w->kind == 0) memcpy((void *)w->to, (const void *)w->from, w->bytes);
    else if (w->kind == 1) memset((void *)w->to, 0, w->bytes);
    else kernel(w);
}
static int put(work w) {
    if (!recording) { run(&w); return OK; }
    recording->all = realloc(recording->all, (recording->count + 1) * sizeof w);
    recording->all[recording->count++] = w;
    return OK;
}

int cuInit(unsigned f) { return OK; }
int cuDriverGetVersion(int *v) { *v = 12080; return OK; }
int cuGetErrorName(int e, const char **t) { *t = e == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_FAKE"; return OK; }
int cuGetErrorString(int e, const char **t) { *t = "a fake driver's error"; return OK; }
int cuDeviceGetCount(int *n) { *n = 1; return OK; }
int cuDeviceGet(int *d, int i) { *d = i; return OK; }
int cuDeviceGetName(char *n, int length, int d) { snprintf(n, length, "fake device"); return OK; }
int cuDeviceGetAttribute(int *v, int a, int d) { *v = a == 16 ? 132 : a == 75 ? 9 : 0; return OK; }
int cuDevicePrimaryCtxRetain(void **c, int d) { TAKE(CONTEXTS); *c = (void *)1; return OK; }
int cuDevicePrimaryCtxRelease_v2(int d) { GIVE(CONTEXTS); return OK; }
int cuCtxSetCurrent(void *c) { return OK; }
int cuCtxSetLimit(int l, size_t v) { return fails() ? OUT_OF_MEMORY : OK; }

int cuMemGetInfo_v2(size_t *f, size_t *t) { *f = (size_t)3 << 30; *t = (size_t)4 << 30; return OK; }
int cuMemAlloc_v2(u64 *p, size_t n) { TAKE(MEMORY); *p = (u64)calloc(1, n); return OK; }
int cuMemFree_v2(u64 p) { GIVE(MEMORY); free((void *)p); return OK; }
int cuMemHostAlloc(void **p, size_t n, unsigned f) { TAKE(HOST); *p = calloc(1, n); return OK; }
int cuMemFreeHost(void *p) { GIVE(HOST); free(p); return OK; }
int cuMemGetAllocationGranularity(size_t *n, const void *p, int o) { *n = 2 << 20; return OK; }
int cuMemAddressReserve(u64 *p, size_t n, size_t a, u64 w, u64 f) {
    TAKE(RANGES);
    *p = (u64)mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return OK;
}
int cuMemAddressFree(u64 p, size_t n) { GIVE(RANGES); munmap((void *)p, n); return OK; }
/* A piece lives while its handle or its mapping does; the mappings' ends are kept to tell how many an unmapping covers. */
static u64 mapped[4096];
int cuMemCreate(u64 *h, size_t n, const void *p, u64 f) { TAKE(PIECES); *h = 1; return OK; }
int cuMemRelease(u64 h) { GIVE(PIECES); return OK; }
int cuMemMap(u64 p, size_t n, size_t o, u64 h, u64 f) {
    if (fails()) return OUT_OF_MEMORY;
    for (int i = 0; i < 4096; i++) if (!mapped[i]) { mapped[i] = p; break; }
    __atomic_add_fetch(&alive[PIECES], 1, __ATOMIC_SEQ_CST);
    return OK;
}
int cuMemSetAccess(u64 p, size_t n, const void *d, size_t c) {
    if (fails()) return OUT_OF_MEMORY;
    mprotect((void *)p, n, PROT_READ | PROT_WRITE);
    return OK;
}
int cuMemUnmap(u64 p, size_t n) {
    for (int i = 0; i < 4096; i++) if (mapped[i] >= p && mapped[i] < p + n) { mapped[i] = 0; GIVE(PIECES); }
    mmap((void *)p, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return OK;
}
int cuMemcpyHtoDAsync_v2(u64 to, const void *from, size_t n, void *s) { return put((work){ .to = to, .from = (u64)from, .bytes = n }); }
int cuMemcpyDtoHAsync_v2(void *to, u64 from, size_t n, void *s) { return put((work){ .to = (u64)to, .from = from, .bytes = n }); }
int cuMemcpyDtoDAsync_v2(u64 to, u64 from, size_t n, void *s) { return put((work){ .to = to, .from = from, .bytes = n }); }
int cuMemsetD8Async(u64 to, unsigned char v, size_t n, void *s) { return put((work){ .kind = 1, .to = to, .bytes = n }); }

int cuStreamCreate(void **s, unsigned f) { TAKE(STREAMS); *s = (void *)8; return OK; }
int cuStreamDestroy_v2(void *s) { GIVE(STREAMS); return OK; }
int cuStreamSynchronize(void *s) { return OK; }
int cuStreamBeginCapture_v2(void *s, int m) { recording = calloc(1, sizeof *recording); return OK; }
int cuStreamEndCapture(void *s, void **g) {
    list *done = recording;
    recording = NULL;
    *g = done;
    __atomic_add_fetch(&alive[GRAPHS], 1, __ATOMIC_SEQ_CST);
    return OK;
}
int cuEventCreate(void **e, unsigned f) { TAKE(EVENTS); *e = (void *)8; return OK; }
int cuEventDestroy_v2(void *e) { GIVE(EVENTS); return OK; }
int cuEventRecord(void *e, void *s) { return OK; }
int cuEventSynchronize(void *e) { return OK; }
int cuEventElapsedTime(float *t, void *a, void *b) { *t = 1; return OK; }
int cuGraphInstantiateWithFlags(void **x, void *g, u64 f) {
    TAKE(EXECUTABLES);
    list *from = g, *copy = malloc(sizeof *copy);
    copy->count = from->count;
    copy->all = malloc(from->count * sizeof(work) + 1);
    memcpy(copy->all, from->all, from->count * sizeof(work));
    *x = copy;
    return OK;
}
int cuGraphUpload(void *x, void *s) { return fails() ? OUT_OF_MEMORY : OK; }
int cuGraphLaunch(void *x, void *s) { list *l = x; for (int i = 0; i < l->count; i++) run(&l->all[i]); return OK; }
static int drop(list *l, int kind) { GIVE(kind); free(l->all); free(l); return OK; }
int cuGraphDestroy(void *g) { return drop(g, GRAPHS); }
int cuGraphExecDestroy(void *x) { return drop(x, EXECUTABLES); }

int cuModuleLoadData(void **m, const void *i) { TAKE(MODULES); *m = (void *)8; return OK; }
int cuModuleUnload(void *m) { GIVE(MODULES); return OK; }
int cuModuleGetFunction(void **f, void *m, const char *n) { if (fails()) return OUT_OF_MEMORY; *f = strdup(n); return OK; }
int cuFuncSetAttribute(void *f, int a, int v) { return fails() ? OUT_OF_MEMORY : OK; }
typedef struct { unsigned gx, gy, gz, bx, by, bz, shared; void *stream, *attributes; unsigned count; } launch;
int cuLaunchKernelEx(const launch *c, void *f, void **p, void **e) {
    work w = { .kind = 2, .function = f, .x = c->gx, .y = c->gy, .z = c->gz };
    memcpy(w.arguments, p[0], 256); /* those that count in states have less; what follows lies on the caller's stack */
    return put(w);
}

int nvrtcVersion(int *a, int *i) { *a = 12; *i = 8; return OK; }
const char *nvrtcGetErrorString(int e) { return "NVRTC_ERROR_COMPILATION"; }
int nvrtcCreateProgram(void **p, const char *s, const char *n, int c, const char **h, const char **i) { __atomic_add_fetch(&alive[PROGRAMS], 1, __ATOMIC_SEQ_CST); *p = (void *)8; return OK; }
int nvrtcDestroyProgram(void **p) { GIVE(PROGRAMS); *p = NULL; return OK; }
int nvrtcCompileProgram(void *p, int c, const char **o) { return fails() ? NVRTC_COMPILATION : OK; }
int nvrtcGetProgramLogSize(void *p, size_t *n) { *n = 1; return OK; }
int nvrtcGetProgramLog(void *p, char *t) { *t = 0; return OK; }
int nvrtcGetCUBINSize(void *p, size_t *n) { *n = 4; return OK; }
int nvrtcGetCUBIN(void *p, char *i) { memcpy(i, "\x7f""ELF", 4); return OK; }

/* As cuBLAS loads a kernel when it is first needed, a product of new sizes takes memory. */
static u64 loaded[256];
int cublasCreate_v2(void **b) { if (fails()) return BLAS_ALLOC_FAILED; memset(loaded, 0, sizeof loaded); alive[BLAS]++; *b = (void *)8; return OK; }
int cublasDestroy_v2(void *b) { alive[BLAS]--; return OK; }
int cublasSetStream_v2(void *b, void *s) { return OK; }
int cublasSetWorkspace_v2(void *b, u64 w, size_t n) { return fails() ? BLAS_ALLOC_FAILED : OK; }
const char *cublasGetStatusName(int s) { return "CUBLAS_STATUS_ALLOC_FAILED"; }
int cublasGemmEx(void *b, int oa, int ob, int m, int n, int k, const void *al, u64 a, int ta, int la, u64 x, int tx, int lx, const void *be, u64 y, int ty, int ly, int c, int g) {
    u64 key = ((u64)m << 40) ^ ((u64)n << 20) ^ k ^ ((u64)oa << 60) ^ ((u64)ty << 61);
    int i = 0;
    while (i < 255 && loaded[i] && loaded[i] != key) i++;
    if (loaded[i] == key) return OK;
    if (fails()) return BLAS_ALLOC_FAILED;
    loaded[i] = key;
    return OK;
}
