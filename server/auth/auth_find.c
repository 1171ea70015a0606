/* Finding people by the start of a word of their name. Names are folded once, and sorted when somebody asks after a change. */
#include "auth/auth_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FOLD_MAX = 256 };

/* Lower case, as far as one code point becomes one: enough to find a name, not to sort a library. Own decoding and no locale, so that a
 * server finds the same people wherever it runs. */
static size_t fold(const char *s, uint32_t out[FOLD_MAX])
{
	size_t n = 0;
	const uint8_t *p = (const uint8_t *)s;
	while (*p && n < FOLD_MAX) {
		uint32_t c = *p++;
		int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
		if (more)
			c &= 0x3fu >> more;
		for (; more && (*p & 0xc0) == 0x80; more--)
			c = c << 6 | (*p++ & 0x3f);
		if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
		    (c >= 0x410 && c <= 0x42f))
			c += 32;
		else if (c >= 0x400 && c <= 0x40f)
			c += 80;
		else if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x4ff))
			c |= 1;
		else if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
			c += c & 1;
		out[n++] = c;
	}
	return n;
}

static bool is_gap(uint32_t c)
{
	return c == ' ' || c == '-' || c == '.' || c == '_' || c == '\'' || c == '(' || c == 0xa0 || c == 0x2019;
}

static bool starts(const uint32_t *text, size_t n, const uint32_t *q, size_t q_n)
{
	return n >= q_n && !memcmp(text, q, q_n * sizeof(*q));
}

static bool matches(const struct auth_user_kept *kept, const uint32_t *q, size_t q_n)
{
	uint32_t username[FOLD_MAX];
	for (size_t i = 0; i < kept->folded_n; i++)
		if ((i == 0 || is_gap(kept->folded[i - 1])) && starts(kept->folded + i, kept->folded_n - i, q, q_n))
			return true;
	return starts(username, fold(kept->user.username, username), q, q_n);
}

void auth_name_changed(struct auth *auth, struct auth_user_kept *kept)
{
	uint32_t folded[FOLD_MAX];
	kept->folded_n = fold(kept->user.name, folded);
	kept->folded = at_realloc(kept->folded, (kept->folded_n + 1) * sizeof(*folded));
	memcpy(kept->folded, folded, kept->folded_n * sizeof(*folded));
	at_free(auth->sorted);
	auth->sorted = NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct auth_user_kept *x = *(struct auth_user_kept *const *)a, *y = *(struct auth_user_kept *const *)b;
	for (size_t i = 0; i < x->folded_n && i < y->folded_n; i++)
		if (x->folded[i] != y->folded[i])
			return x->folded[i] < y->folded[i] ? -1 : 1;
	if (x->folded_n != y->folded_n)
		return x->folded_n < y->folded_n ? -1 : 1;
	return strcmp(x->user.username, y->user.username);
}

static void sort(struct auth *auth)
{
	size_t n = 0, pos = 0;
	auth->sorted = at_alloc((at_map_len(auth->users) + 1) * sizeof(struct auth_user_kept *));
	for (struct auth_user_kept *kept; (kept = at_map_next(auth->users, &pos));)
		auth->sorted[n++] = kept;
	qsort(auth->sorted, n, sizeof(*auth->sorted), by_name);
}

size_t auth_find(struct auth *auth, const char *q, size_t max, uint64_t *users_out)
{
	uint32_t folded[FOLD_MAX];
	size_t q_n = fold(q, folded), n = 0;
	if (!auth->sorted)
		sort(auth);
	for (size_t i = 0; i < at_map_len(auth->users) && n < max; i++)
		if (matches(auth->sorted[i], folded, q_n))
			users_out[n++] = auth->sorted[i]->user.id;
	return n;
}
