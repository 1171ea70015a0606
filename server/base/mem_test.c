#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/test.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether fn ends its process by abort. */
static bool dies(void (*fn)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		close(STDERR_FILENO);
		fn();
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void alloc_is_zeroed(void **state)
{
	(void)state;
	char *p = at_alloc(100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	p = at_realloc(p, 200);
	at_free(p);
	at_free(at_alloc(0));
	at_free(NULL);
}

static void strings_are_copied(void **state)
{
	(void)state;
	assert_null(at_strdup(NULL));
	assert_null(at_strndup(NULL, 3));
	char *s = at_strndup("abcdef", 3);
	assert_string_equal(s, "abc");
	at_free(s);
	s = at_strndup("ab", 10);
	assert_string_equal(s, "ab");
	at_free(s);
}

/* AddressSanitizer stands in for malloc and never trims: there, what lies below it is asked. */
#if defined(__SANITIZE_ADDRESS__)
void *__libc_malloc(size_t len);
void __libc_free(void *p);
#define heap_alloc __libc_malloc
#define heap_free __libc_free
#else
#define heap_alloc at_alloc
#define heap_free at_free
#endif

static size_t resident(void)
{
	size_t whole, pages;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu %zu", &whole, &pages), 2);
	assert_int_equal(fclose(f), 0);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* As handshakes leave it: what is gone lay between what is kept, so the heap has nothing at its end to give back. */
static void trim_gives_back_what_lies_between(void **state)
{
	enum { COUNT = 256, GONE = 64 * 1024, KEPT = 64 };
	static char *gone[COUNT], *kept[COUNT];
	(void)state;
	for (int i = 0; i < COUNT; i++) {
		gone[i] = heap_alloc(GONE);
		kept[i] = heap_alloc(KEPT);
		memset(gone[i], 1, GONE);
		memset(kept[i], i, KEPT);
	}
	const size_t full = resident();
	for (int i = 0; i < COUNT; i++)
		heap_free(gone[i]);
	assert_true(resident() + COUNT * GONE / 4 > full);
	at_mem_trim();
	assert_true(resident() + COUNT * GONE / 2 < full);
	for (int i = 0; i < COUNT; i++) {
		for (int n = 0; n < KEPT; n++)
			assert_int_equal((uint8_t)kept[i][n], i);
		heap_free(kept[i]);
	}
}

static void arena_hands_out_aligned_zeroed_memory(void **state)
{
	(void)state;
	struct at_arena *arena = at_arena_new(1 << 20);
	for (size_t len = 0; len < 500; len++) {
		uint8_t *p = at_arena_alloc(arena, len);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, len);
	}
	at_arena_reset(arena);
	assert_int_equal(at_arena_used(arena), 0);
	uint8_t *p = at_arena_alloc(arena, 64);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	at_arena_free(&arena);
	assert_null(arena);
}

static void arena_grows_and_formats(void **state)
{
	(void)state;
	struct at_arena *arena = at_arena_new(1 << 20);
	char *big = at_arena_alloc(arena, 300000);
	memset(big, 'x', 300000);
	assert_string_equal(at_arena_printf(arena, "%s-%d", "a", 7), "a-7");
	assert_string_equal(at_arena_strdup(arena, "hello"), "hello");
	assert_string_equal(at_arena_strndup(arena, "hello", 2), "he");
	assert_true(at_arena_used(arena) > 300000);
	at_arena_reset(arena);
	at_arena_alloc(arena, 900000);
	at_arena_free(&arena);
}

static void exhaust_arena(void)
{
	struct at_arena *arena = at_arena_new(1000);
	at_arena_alloc(arena, 800);
	at_arena_alloc(arena, 800);
}

static void overflow_arena(void)
{
	struct at_arena *arena = at_arena_new(1000);
	at_arena_alloc(arena, SIZE_MAX - 3);
}

static void arena_dies_above_its_maximum(void **state)
{
	(void)state;
	assert_true(dies(exhaust_arena));
	assert_true(dies(overflow_arena));
}

static void fail_assert(void)
{
	AT_ASSERT(1 == 2);
}

static void asserts_stay_on(void **state)
{
	(void)state;
	AT_ASSERT(1 == 1);
	assert_true(dies(fail_assert));
}

static void errors_have_wire_names(void **state)
{
	(void)state;
	assert_string_equal(at_err_name(AT_OK), "ok");
	assert_string_equal(at_err_name(AT_ERR_NOT_FOUND), "not_found");
	assert_string_equal(at_err_name(AT_ERR_IO), "internal");
	for (int err = 0; err < AT_ERR_COUNT; err++)
		assert_non_null(at_err_name((enum at_err)err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(alloc_is_zeroed),
		AT_TEST(strings_are_copied),
		AT_TEST(trim_gives_back_what_lies_between),
		AT_TEST(arena_hands_out_aligned_zeroed_memory),
		AT_TEST(arena_grows_and_formats),
		AT_TEST(arena_dies_above_its_maximum),
		AT_TEST(asserts_stay_on),
		AT_TEST(errors_have_wire_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
