/* The floor that `script/bench chat` measures against: a bare epoll WebSocket loop and a bare SQLite writer with group commit and fsync
 * before the acknowledgement, speaking just enough of the wire for the same load generator. No JSON parsing, no sign-in, no
 * membership, no limits: what is left when Aftertone is taken away. */
#ifndef AT_BENCH_FLOOR_H
#define AT_BENCH_FLOOR_H

/* Serves on 127.0.0.1:port until killed, with its database in dir. Sessions 2k and 2k+1 (in the order of their hello) are partners. Never
 * returns. */
_Noreturn void floor_serve(const char *dir, int port);

#endif
