/* What every C test shares: cmocka with its includes, and a teardown that fails a test on an unannounced warning. */
#ifndef AT_BASE_TEST_H
#define AT_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"

static inline int at_test_teardown(void **state)
{
	(void)state;
	return at_log_unexpected_for_test();
}

#define AT_TEST(fn) cmocka_unit_test_teardown(fn, at_test_teardown)

#endif
