/* The disk that fails when it is told to. */
#include "store/store_testkit.c"
