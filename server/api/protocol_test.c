/* docs/protocol.md against the server's tables: whatever stands in one and not in the other fails. */
#include "api/api_priv.h"

#include "base/mem.h"
#include "base/test.h"

enum { LINES_MAX = 400, LINE_LEN = 128 };

struct lines {
	size_t n;
	char text[LINES_MAX][LINE_LEN];
};

static void add(struct lines *lines, const char *fmt, const char *name, const char *role)
{
	assert_true(lines->n < LINES_MAX);
	snprintf(lines->text[lines->n++], LINE_LEN, fmt, name, role);
}

static bool has(const struct lines *lines, const char *text)
{
	for (size_t i = 0; i < lines->n; i++)
		if (strcmp(lines->text[i], text) == 0)
			return true;
	return false;
}

/* The n-th cell of a table's row, without blanks around it. */
static void cell(const char *row, int n, char out[LINE_LEN])
{
	for (; n >= 0 && row; n--)
		row = strchr(row, '|') ? strchr(row, '|') + 1 : NULL;
	size_t len = 0;
	if (row) {
		row += strspn(row, " ");
		len = strcspn(row, "|");
		while (len && row[len - 1] == ' ')
			len--;
	}
	snprintf(out, LINE_LEN, "%.*s", (int)len, row ? row : "");
}

static void add_row(struct lines *page, const char *section, const char *row)
{
	char names[LINE_LEN], who[LINE_LEN];
	cell(row, 0, names);
	cell(row, 1, who);
	/* Every name in backticks: "`block` / `unblock`". */
	for (char *p = names; (p = strchr(p, '`')) && strchr(p + 1, '`');) {
		char *end = strchr(p + 1, '`');
		*end = '\0';
		if (strcmp(section, "do") == 0)
			add(page, "command %s %s", p + 1, "session");
		else if (strcmp(section, "route") == 0)
			add(page, "route %s %s", p + 1, who);
		else if (strcmp(section, "ev") == 0)
			add(page, "event %s%s", p + 1, "");
		else if (strcmp(section, "error") == 0)
			add(page, "error %s%s", p + 1, "");
		p = end + 1;
	}
}

static void read_page(struct lines *page)
{
	char line[4096], section[LINE_LEN] = "", first[LINE_LEN];
	FILE *file = fopen("docs/protocol.md", "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] != '|') {
			section[0] = '\0';
			continue;
		}
		cell(line, 0, first);
		if (!section[0])
			snprintf(section, sizeof(section), "%s", first);
		else
			add_row(page, section, line);
	}
	fclose(file);
}

static void read_tables(struct lines *tables)
{
	char line[LINE_LEN];
	FILE *file = tmpfile();
	assert_non_null(file);
	api_table_print(file);
	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		add(tables, "%s%s", line, "");
	}
	fclose(file);
}

static int missing(const struct lines *from, const struct lines *in, const char *where)
{
	int n = 0;
	for (size_t i = 0; i < from->n; i++)
		if (!has(in, from->text[i])) {
			print_error("missing in %s: %s\n", where, from->text[i]);
			n++;
		}
	return n;
}

static void test_page_and_tables_agree(void **state)
{
	(void)state;
	struct lines *page = at_alloc(sizeof(*page)), *tables = at_alloc(sizeof(*tables));
	read_page(page);
	read_tables(tables);
	assert_true(page->n > 70);
	assert_int_equal(missing(page, tables, "the server's tables") + missing(tables, page, "docs/protocol.md"), 0);
	at_free(page);
	at_free(tables);
}

static void test_every_name_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < api_commands_n; i++)
		assert_ptr_equal(api_command_find(api_commands[i].name), &api_commands[i]);
	assert_null(api_command_find(""));
	assert_null(api_command_find("hell"));
	assert_null(api_command_find("hello "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_page_and_tables_agree),
		AT_TEST(test_every_name_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
