/* Open addressing with linear probing. Keys up to 16 bytes (ids, numbers) lie in the slot itself. A deletion leaves a marker and
 * never moves anything, which is what lets a walk delete the value it was just given. */
#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/siphash.h"

#include <pthread.h>
#include <string.h>

enum { INLINE_MAX = 16, CAP_MIN = 8 };

struct slot {
	uint32_t hash, key_len;
	union {
		uint8_t bytes[INLINE_MAX];
		uint8_t *heap;
	} key;
	void *value; /* NULL: empty or, with DELETED as key_len, a marker */
};

static const uint32_t DELETED = UINT32_MAX;

struct at_map {
	struct slot *slots;
	size_t cap, len, used; /* used counts markers too */
};

static uint8_t process_key[16];

static void make_process_key(void)
{
	at_rand(process_key, sizeof(process_key));
}

static uint32_t hash_of(const void *key, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_process_key);
	return (uint32_t)at_siphash(process_key, key, len);
}

static const uint8_t *slot_key(const struct slot *slot)
{
	return slot->key_len > INLINE_MAX ? slot->key.heap : slot->key.bytes;
}

static void slot_set_key(struct slot *slot, const void *key, size_t len)
{
	slot->key_len = (uint32_t)len;
	uint8_t *to = slot->key.bytes;
	if (len > INLINE_MAX)
		to = slot->key.heap = at_alloc(len);
	if (len)
		memcpy(to, key, len);
}

static void slot_free_key(struct slot *slot)
{
	if (slot->value && slot->key_len > INLINE_MAX)
		at_free(slot->key.heap);
}

struct at_map *at_map_new(void)
{
	return at_alloc(sizeof(struct at_map));
}

void at_map_free(struct at_map **map)
{
	struct at_map *m = *map;
	*map = NULL;
	if (!m)
		return;
	for (size_t i = 0; i < m->cap; i++)
		slot_free_key(&m->slots[i]);
	at_free(m->slots);
	at_free(m);
}

static struct slot *find(const struct at_map *map, uint32_t hash, const void *key, size_t len)
{
	if (!map->cap)
		return NULL;
	for (size_t i = hash & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
		struct slot *slot = &map->slots[i];
		if (!slot->value) {
			if (slot->key_len != DELETED)
				return NULL;
			continue;
		}
		if (slot->hash == hash && slot->key_len == len && (!len || memcmp(slot_key(slot), key, len) == 0))
			return slot;
	}
}

static struct slot *free_slot(struct slot *slots, size_t cap, uint32_t hash)
{
	size_t i = hash & (cap - 1);
	while (slots[i].value)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

/* Makes room for one more: at most 3/4 full, markers included. */
static void grow(struct at_map *map)
{
	if (map->cap && (map->used + 1) * 4 <= map->cap * 3)
		return;
	size_t cap = CAP_MIN;
	while (cap < (map->len + 1) * 2)
		cap *= 2;
	struct slot *slots = at_alloc(cap * sizeof(*slots));
	for (size_t i = 0; i < map->cap; i++)
		if (map->slots[i].value)
			*free_slot(slots, cap, map->slots[i].hash) = map->slots[i];
	at_free(map->slots);
	map->slots = slots;
	map->cap = cap;
	map->used = map->len;
}

void *at_map_get(const struct at_map *map, const void *key, size_t key_len)
{
	struct slot *slot = map->len ? find(map, hash_of(key, key_len), key, key_len) : NULL;
	return slot ? slot->value : NULL;
}

void *at_map_put(struct at_map *map, const void *key, size_t key_len, void *value)
{
	AT_ASSERT(value && key_len < DELETED);
	uint32_t hash = hash_of(key, key_len);
	struct slot *slot = find(map, hash, key, key_len);
	if (slot) {
		void *old = slot->value;
		slot->value = value;
		return old;
	}
	grow(map);
	slot = free_slot(map->slots, map->cap, hash);
	if (slot->key_len != DELETED)
		map->used++;
	slot->hash = hash;
	slot_set_key(slot, key, key_len);
	slot->value = value;
	map->len++;
	return NULL;
}

void *at_map_del(struct at_map *map, const void *key, size_t key_len)
{
	struct slot *slot = map->len ? find(map, hash_of(key, key_len), key, key_len) : NULL;
	if (!slot)
		return NULL;
	void *old = slot->value;
	slot_free_key(slot);
	slot->value = NULL;
	slot->key_len = DELETED;
	map->len--;
	return old;
}

size_t at_map_len(const struct at_map *map)
{
	return map->len;
}

void *at_map_next(const struct at_map *map, size_t *pos)
{
	while (*pos < map->cap) {
		void *value = map->slots[(*pos)++].value;
		if (value)
			return value;
	}
	return NULL;
}
