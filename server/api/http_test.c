/* HTTP from outside: a real server on a port, requests as a browser sends them. */
#include "api/api_testkit.h"

#include "base/mem.h"
#include "base/time.h"

#include <sys/stat.h>
#include <unistd.h>

static struct world w;
static struct device ana, ana_phone, ben, cem;
static struct http_answer got;

static int setup(void **state)
{
	(void)state;
	world_new(&w);
	uint64_t a = world_person(&w, "ana", "Ana", true), b = world_person(&w, "ben", "Ben", false),
		 c = world_person(&w, "cem", "Cem", false);
	ana = world_device(&w, a, "laptop");
	ana_phone = world_device(&w, a, "phone");
	ben = world_device(&w, b, "laptop");
	cem = world_device(&w, c, "laptop");
	world_start(&w);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_end(&w);
	return at_log_unexpected_for_test();
}

/* ---- HTTP ---- */

static void test_about_and_session(void **state)
{
	(void)state;
	http_as(&w, NULL, "GET", "/api/about", NULL, &got);
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(got.body, "\"name\":\"Test\",\"version\":\"1\",\"limits\":{\"ring_ms\":45000,"));
	assert_non_null(strstr(got.body, "\"first_run\":false}"));
	http_as(&w, NULL, "GET", "/api/session", NULL, &got);
	assert_int_equal(got.status, 401);
	assert_string_equal(got.body, "{\"err\":\"unauthorized\"}");
	http_as(&w, &ana, "GET", "/api/session", NULL, &got);
	assert_int_equal(got.status, 200);
	assert_non_null(
		strstr(got.body, "\"username\":\"ana\",\"name\":\"Ana\",\"device\":1,\"admin\":true,\"token\":\""));
	assert_null(strstr(got.body, ana.token));
	http_as(&w, &ana, "HEAD", "/api/session", NULL, &got);
	assert_int_equal(got.status, 200);
	http_as(&w, NULL, "GET", "/api/nothing", NULL, &got);
	assert_int_equal(got.status, 404);
	http_as(&w, NULL, "GET", "/api/signin", NULL, &got);
	assert_int_equal(got.status, 400);
}

static void test_other_origins_are_refused(void **state)
{
	(void)state;
	static const char *const bad[][2] = {{"http://evil.example:", ""}, {"null", ""},
					     {"http://localhost:1", ""},   {"https://localhost:", ""},
					     {"http://localhost:", "/"},   {"http://localhost:", ".evil.example"}};
	char line[128];
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, sizeof(line), "Origin: %s%u%s\r\n", bad[i][0], net_server_port(w.server), bad[i][1]);
		http(&w, "POST", "/api/invite", line, "{\"token\":\"x\"}", &got);
		assert_int_equal(got.status, 401);
	}
	http(&w, "POST", "/api/invite", "", "{\"token\":\"x\"}", &got);
	assert_int_equal(got.status, 410);
	http(&w, "POST", "/api/invite", "Content-Type: text/plain\r\n", "{\"token\":\"x\"}", &got);
	assert_int_equal(got.status, 415);
	http(&w, "POST", "/api/invite", "Content-Type: application/json; charset=utf-8\r\n", "{\"token\":\"x\"}", &got);
	assert_int_equal(got.status, 410);
	http(&w, "POST", "/api/invite", "Content-Type: application/jsonp\r\n", "{\"token\":\"x\"}", &got);
	assert_int_equal(got.status, 415);
	http(&w, "POST", "/api/invite", "", "[]", &got);
	assert_int_equal(got.status, 400);
	http(&w, "POST", "/api/invite", "", "{\"token\":7}", &got);
	assert_int_equal(got.status, 400);
	struct client c;
	assert_false(client_open(&c, &w, ana.token, "http://evil.example"));
	assert_false(client_open(&c, &w, NULL, NULL));
	assert_false(client_open(&c, &w, "0000000000000000000000000000000000000000999", NULL));
}

static void cookie_of(const struct http_answer *answer, char token[AUTH_TOKEN_LEN + 1])
{
	const char *at = strstr(answer->head, "Set-Cookie: at=");
	assert_non_null(at);
	assert_non_null(strstr(at, "; Path=/; HttpOnly; SameSite=Lax; Max-Age="));
	snprintf(token, AUTH_TOKEN_LEN + 1, "%s", at + 15);
}

static void test_joining_and_signing_in_and_out(void **state)
{
	(void)state;
	struct client a;
	char body[512];
	struct device dea = {0};
	client_hello(&a, &w, &ana);
	client_ask(&a, "invite.create", "\"uses\":1,\"days\":7");
	char token[64];
	assert_int_equal(sscanf(a.answer, "{\"ok\":{\"token\":\"%43[^\"]", token), 1);
	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
	http(&w, "POST", "/api/invite", "", body, &got);
	assert_string_equal(got.body, "{\"ok\":true,\"admin\":false,\"from\":\"Ana\"}");
	snprintf(body, sizeof(body),
		 "{\"token\":\"%s\",\"username\":\"Dea\",\"name\":\"Dea\",\"password\":\"dea is my "
		 "name\",\"device\":\"tablet\"}",
		 token);
	http(&w, "POST", "/api/join", "", body, &got);
	assert_int_equal(got.status, 200);
	dea.user = number_in(got.body, "user");
	dea.id = number_in(got.body, "device");
	cookie_of(&got, dea.token);
	http_as(&w, &dea, "GET", "/api/session", NULL, &got);
	assert_int_equal(number_in(got.body, "user"), dea.user);
	http(&w, "POST", "/api/join", "", body, &got);
	assert_int_equal(got.status, 410);

	http(&w, "POST", "/api/signin", "", "{\"username\":\"dea\",\"password\":\"wrong wrong\",\"device\":\"x\"}",
	     &got);
	assert_int_equal(got.status, 401);
	http(&w, "POST", "/api/signin", "", "{\"username\":\"dea\",\"password\":\"dea is my name\",\"device\":\"x\"}",
	     &got);
	assert_int_equal(got.status, 200);
	struct device again = dea;
	cookie_of(&got, again.token);
	assert_string_not_equal(again.token, dea.token);

	struct client d;
	client_hello(&d, &w, &dea);
	http_as(&w, &dea, "POST", "/api/signout", "{}", &got);
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(got.head, "Set-Cookie: at=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0\r\n"));
	assert_int_equal(client_end(&d), 4001);
	http_as(&w, &dea, "GET", "/api/session", NULL, &got);
	assert_int_equal(got.status, 401);
	http_as(&w, &again, "GET", "/api/session", NULL, &got);
	assert_int_equal(got.status, 200);
	client_close(&d);
	client_close(&a);
}

/* The peer is gone before the hash is there: its answer has nowhere to go. */
static void test_an_answer_without_a_peer(void **state)
{
	(void)state;
	for (int turns = 0; turns < 6; turns++)
		http_and_leave(&w, "/api/signin",
			       "{\"username\":\"x\",\"password\":\"whatever it is\",\"device\":\"x\"}", turns);
	world_turn(&w, 200);
	http_and_leave(&w, "/api/signin", "{\"username\":\"x\",\"password\":\"whatever it is\",\"device\":\"x\"}", 5);
	world_stop(&w);
}

static void test_behind_a_proxy(void **state)
{
	(void)state;
	char cookie[160];
	world_stop(&w);
	w.origin = "https://chat.example.org";
	world_start(&w);
	http(&w, "POST", "/api/invite", "", "{\"token\":\"x\"}", &got);
	assert_int_equal(got.status, 401);
	http(&w, "POST", "/api/invite", "Origin: https://chat.example.org\r\n", "{\"token\":\"x\"}", &got);
	assert_int_equal(got.status, 410);
	/* Only the name that no other host may set. */
	http_as(&w, &ana, "GET", "/api/session", NULL, &got);
	assert_int_equal(got.status, 401);
	snprintf(cookie, sizeof(cookie), "Cookie: __Host-at=%s\r\n", ana.token);
	http(&w, "GET", "/api/session", cookie, NULL, &got);
	assert_int_equal(got.status, 200);
	snprintf(cookie, sizeof(cookie), "Origin: https://chat.example.org\r\nCookie: __Host-at=%s\r\n", ana.token);
	http(&w, "POST", "/api/signout", cookie, "{}", &got);
	assert_non_null(
		strstr(got.head, "Set-Cookie: __Host-at=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure\r\n"));
	w.origin = NULL;
}

/* ---- files ---- */

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_the_web_client(void **state)
{
	(void)state;
	char dir[128], assets[160];
	world_stop(&w);
	snprintf(dir, sizeof(dir), "%s/web", w.dir);
	snprintf(assets, sizeof(assets), "%s/assets", dir);
	mkdir(dir, 0700);
	mkdir(assets, 0700);
	put_file(dir, "index.html", "<!doctype html>");
	put_file(dir, "sw.js", "//sw");
	put_file(dir, ".secret", "x");
	put_file(dir, "manifest.webmanifest", "{}");
	put_file(assets, "app-1234.js", "//plain");
	put_file(assets, "app-1234.js.br", "BR");
	put_file(assets, "app-1234.js.gz", "GZ");
	w.web_dir = dir;
	world_start(&w);

	static const char *const pages[] = {"/", "/index.html", "/chat/7", "/anything"};
	for (size_t i = 0; i < 4; i++) {
		http(&w, "GET", pages[i], "", NULL, &got);
		assert_int_equal(got.status, 200);
		assert_string_equal(got.body, "<!doctype html>");
		assert_non_null(strstr(got.head, "text/html"));
		assert_non_null(strstr(got.head, "Cache-Control: no-cache\r\n"));
	}
	static const char *const absent[] = {"/x.js",  "/.secret", "/assets/.x", "/assets/none.js",
					     "/api/x", "/media/x", "/rec/x",     "/media/"};
	for (size_t i = 0; i < 8; i++) {
		http_as(&w, &ana, "GET", absent[i], NULL, &got);
		assert_int_equal(got.status, 404);
	}
	http(&w, "GET", "/assets/app-1234.js", "", NULL, &got);
	assert_string_equal(got.body, "//plain");
	assert_non_null(strstr(got.head, "Cache-Control: public, max-age=31536000, immutable\r\n"));
	http(&w, "GET", "/assets/app-1234.js", "Accept-Encoding: gzip, deflate, br;q=0.9\r\n", NULL, &got);
	assert_string_equal(got.body, "BR");
	assert_non_null(strstr(got.head, "Content-Encoding: br\r\n"));
	assert_non_null(strstr(got.head, "text/javascript"));
	http(&w, "GET", "/assets/app-1234.js", "Accept-Encoding: br;q=0, gzip\r\n", NULL, &got);
	assert_string_equal(got.body, "GZ");
	http(&w, "GET", "/assets/app-1234.js", "Accept-Encoding: gzip;q=0.0, brx\r\n", NULL, &got);
	assert_string_equal(got.body, "//plain");
	char etag[128], line[160];
	assert_int_equal(sscanf(strcasestr(got.head, "etag: "), "%*s %127s", etag), 1);
	snprintf(line, sizeof(line), "If-None-Match: %s\r\n", etag);
	http(&w, "GET", "/assets/app-1234.js", line, NULL, &got);
	assert_int_equal(got.status, 304);
	http(&w, "GET", "/manifest.webmanifest", "", NULL, &got);
	assert_non_null(strstr(got.head, "application/manifest+json"));
	http(&w, "GET", "/sw.js", "", NULL, &got);
	assert_non_null(strstr(got.head, "Cache-Control: no-cache\r\n"));
	w.web_dir = NULL;
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_about_and_session),
		T(test_other_origins_are_refused),
		T(test_joining_and_signing_in_and_out),
		T(test_an_answer_without_a_peer),
		T(test_behind_a_proxy),
		T(test_the_web_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
