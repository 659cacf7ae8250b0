/* Threads that share work: phase after phase, each of as many parts.

   A thread claims a part that nobody has claimed in this phase, its own first, and the phase ends with its last part.
   Nobody waits for a thread that has claimed nothing: beside a busy neighbour the others do its share. Who waits gives
   up the processor after some microseconds. What is computed depends on the parts, not on who does them. */

#ifndef PARTS_H
#define PARTS_H

#include <stdint.h>

enum { MOST_PARTS = 64 };

struct parts {
    int32_t count;
    uint32_t phase;    /* the one that is worked on, from 1 on */
    uint32_t done;     /* parts, of all phases */
    uint32_t sleepers; /* threads that wait for the next phase and are to be woken */
    uint32_t claimed[MOST_PARTS]; /* the last phase in which each part was claimed */
};

typedef void phase_work(void *job, uint32_t phase, int part);

/* Work on phases up to `last`, as thread number `self`; return when the last one is done. */
void share_parts(struct parts *parts, int self, uint32_t last, phase_work *work, void *job);

#endif
