#include "parts.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOOKS = 2000 }; /* at the phase before a thread sleeps: some 20 microseconds */

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Let numbers below 1e-38, with which processors are slow, be 0 in this thread; return the setting before. */
static uint32_t drop_denormals(void) {
#if defined(__x86_64__)
    uint32_t before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}

static void restore_setting(uint32_t before) {
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(before);
#endif
}

static void wait_for_next_phase(struct parts *parts, uint32_t phase) {
    for (int i = 0; i < LOOKS; i++) {
        if (__atomic_load_n(&parts->phase, __ATOMIC_ACQUIRE) != phase) return;
        pause_briefly();
    }
    __atomic_fetch_add(&parts->sleepers, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&parts->phase, __ATOMIC_SEQ_CST) == phase)
        syscall(SYS_futex, &parts->phase, FUTEX_WAIT_PRIVATE, phase, 0, 0, 0);
    __atomic_fetch_sub(&parts->sleepers, 1, __ATOMIC_SEQ_CST);
}

static void finish_part(struct parts *parts, uint32_t phase) {
    if (__atomic_add_fetch(&parts->done, 1, __ATOMIC_ACQ_REL) != phase * (uint32_t)parts->count) return;
    __atomic_store_n(&parts->phase, phase + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&parts->sleepers, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, &parts->phase, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

void share_parts(struct parts *parts, int self, uint32_t last, phase_work *work, void *job) {
    uint32_t setting = drop_denormals();
    for (;;) {
        uint32_t phase = __atomic_load_n(&parts->phase, __ATOMIC_ACQUIRE);
        if (phase > last) break;
        for (int i = 0; i < parts->count; i++) {
            int part = (self + i) % parts->count;
            uint32_t before = phase - 1;
            if (__atomic_compare_exchange_n(&parts->claimed[part], &before, phase, 0, __ATOMIC_ACQ_REL,
                                            __ATOMIC_RELAXED)) {
                work(job, phase, part);
                finish_part(parts, phase);
            }
        }
        if (__atomic_load_n(&parts->phase, __ATOMIC_ACQUIRE) == phase) wait_for_next_phase(parts, phase);
    }
    restore_setting(setting);
}
