#include "base/list.h"
#include "base/siphash.h"
#include "base/test.h"

struct item {
	int n;
	struct at_link link;
};

static void list_keeps_order(void **state)
{
	(void)state;
	struct at_list list;
	struct item items[3] = {{.n = 1}, {.n = 2}, {.n = 3}};
	at_list_init(&list);
	assert_true(at_list_empty(&list));
	assert_null(at_list_first(&list));
	at_list_push(&list, &items[1].link);
	at_list_push(&list, &items[2].link);
	at_list_push_front(&list, &items[0].link);
	int n = 0;
	for (struct at_link *it = at_list_first(&list); it; it = at_list_next(&list, it))
		assert_int_equal(AT_ENTRY(it, struct item, link)->n, ++n);
	assert_int_equal(n, 3);
}

static void list_lets_go_while_walking(void **state)
{
	(void)state;
	struct at_list list;
	struct item items[3] = {{.n = 1}, {.n = 2}, {.n = 3}};
	at_list_init(&list);
	for (int i = 0; i < 3; i++)
		at_list_push(&list, &items[i].link);
	int n = 0;
	AT_LIST_EACH(&list, it) {
		at_list_remove(it);
		at_list_remove(it);
		n++;
	}
	assert_int_equal(n, 3);
	assert_true(at_list_empty(&list));
}

static void map_puts_replaces_and_deletes(void **state)
{
	(void)state;
	struct at_map *map = at_map_new();
	int a, b;
	assert_null(at_map_get(map, "k", 1));
	assert_null(at_map_del(map, "k", 1));
	assert_null(at_map_put(map, "k", 1, &a));
	assert_ptr_equal(at_map_put(map, "k", 1, &b), &a);
	assert_int_equal(at_map_len(map), 1);
	assert_null(at_map_get(map, "kk", 2));
	assert_null(at_map_put(map, "", 0, &a));
	assert_ptr_equal(at_map_get(map, NULL, 0), &a);
	const char *longer = "a key that is longer than sixteen bytes";
	assert_null(at_map_put(map, longer, strlen(longer), &a));
	assert_ptr_equal(at_map_get(map, longer, strlen(longer)), &a);
	assert_null(at_map_get(map, longer, strlen(longer) - 1));
	assert_ptr_equal(at_map_del(map, longer, strlen(longer)), &a);
	assert_null(at_map_put(map, longer, strlen(longer), &b));
	at_map_free(&map);
	assert_null(map);
	at_map_free(&map);
}

enum { MANY = 100000 };

static void map_under_many_keys(void **state)
{
	(void)state;
	struct at_map *map = at_map_new();
	int *values = calloc(MANY, sizeof(*values));
	for (uint64_t i = 0; i < MANY; i++)
		assert_null(at_map_put_u64(map, i * 4096, &values[i]));
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(at_map_get_u64(map, i * 4096), &values[i]);
	for (uint64_t i = 0; i < MANY; i += 2)
		assert_ptr_equal(at_map_del_u64(map, i * 4096), &values[i]);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(at_map_get_u64(map, i * 4096), i % 2 ? &values[i] : NULL);
	assert_int_equal(at_map_len(map), MANY / 2);
	/* Markers must not fill it up. */
	for (uint64_t i = 0; i < 4 * MANY; i++) {
		assert_null(at_map_put_u64(map, 1 + i * 4096, values));
		assert_ptr_equal(at_map_del_u64(map, 1 + i * 4096), values);
	}
	assert_null(at_map_get_u64(map, 1));
	free(values);
	at_map_free(&map);
}

static void map_walk_gives_each_once_and_allows_deleting(void **state)
{
	(void)state;
	struct at_map *map = at_map_new();
	uint64_t keys[1000];
	for (uint64_t i = 0; i < 1000; i++) {
		keys[i] = i;
		assert_null(at_map_put_u64(map, i, &keys[i]));
	}
	bool seen[1000] = {false};
	size_t pos = 0, n = 0;
	for (uint64_t *key; (key = at_map_next(map, &pos)); n++) {
		assert_false(seen[*key]);
		seen[*key] = true;
		if (*key % 3)
			assert_ptr_equal(at_map_del_u64(map, *key), key);
	}
	assert_int_equal(n, 1000);
	assert_int_equal(at_map_len(map), 334);
	at_map_free(&map);
}

/* The vectors of the paper: key 00..0f, messages of 0, 1, 8 and 15 bytes counted up. */
static void siphash_vectors(void **state)
{
	(void)state;
	uint8_t key[16], data[16];
	for (uint8_t i = 0; i < 16; i++)
		key[i] = data[i] = i;
	assert_true(at_siphash(key, data, 0) == 0x726fdb47dd0e0e31u);
	assert_true(at_siphash(key, data, 1) == 0x74f839c593dc67fdu);
	assert_true(at_siphash(key, data, 8) == 0x93f5f5799a932462u);
	assert_true(at_siphash(key, data, 15) == 0xa129ca6149be45e5u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(list_keeps_order),
		AT_TEST(list_lets_go_while_walking),
		AT_TEST(map_puts_replaces_and_deletes),
		AT_TEST(map_under_many_keys),
		AT_TEST(map_walk_gives_each_once_and_allows_deleting),
		AT_TEST(siphash_vectors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
