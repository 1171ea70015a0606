/* The socket from outside: a real server on a port, frames as a browser sends them. */
#include "api/api_testkit.h"

#include "base/mem.h"
#include "base/time.h"

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

/* ---- the socket ---- */

static int closed_after(const char *first, const char *second)
{
	struct client c;
	assert_true(client_open(&c, &w, ana.token, NULL));
	client_text(&c, first);
	if (second)
		client_text(&c, second);
	int code = client_end(&c);
	client_close(&c);
	return code;
}

static void test_the_first_frame(void **state)
{
	(void)state;
	assert_int_equal(closed_after("{\"id\":1,\"do\":\"people.find\",\"q\":\"\"}", NULL), 4002);
	assert_int_equal(closed_after("{\"id\":1,\"do\":\"hello\"}", NULL), 4002);
	assert_int_equal(closed_after("{\"id\":1,\"do\":\"hello\",\"token\":\"x\"}", "{}"), 4002);
	assert_int_equal(closed_after("nonsense", NULL), 4002);
	struct client c;
	assert_true(client_open(&c, &w, ana.token, NULL));
	client_binary(&c, "\1", 1);
	assert_int_equal(client_end(&c), 4002);
	client_close(&c);
	/* Somebody else's frame token does not do. */
	char token[AUTH_TOKEN_LEN + 1];
	auth_frame_token(w.auth, ben.token, token);
	assert_true(client_open(&c, &w, ana.token, NULL));
	client_ask(&c, "hello", "\"token\":\"%s\"", token);
	assert_string_equal(c.answer, "{\"err\":\"unauthorized\"}");
	client_close(&c);
	/* Silence. */
	assert_true(client_open(&c, &w, ana.token, NULL));
	at_clock_shift_for_test(0, API_HELLO_MS + 1);
	assert_int_equal(client_end(&c), 4002);
	client_close(&c);
	assert_int_equal(hub_reachable(w.hub, ana.user), 0);
}

static void test_bad_frames(void **state)
{
	(void)state;
	static const char *const bad[] = {"nonsense",
					  "[]",
					  "{}",
					  "{\"id\":0,\"do\":\"got\"}",
					  "{\"id\":1,\"do\":\"got\"}",
					  "{\"id\":-3,\"do\":\"got\"}",
					  "{\"id\":9}",
					  "{\"id\":9,\"do\":7}",
					  "{\"id\":\"9\",\"do\":\"got\"}",
					  "{\"id\":9.5,\"do\":\"got\"}"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct client c;
		client_hello(&c, &w, &ana);
		client_text(&c, bad[i]);
		assert_int_equal(client_end(&c), 4003);
		client_close(&c);
	}
	struct client c;
	client_hello(&c, &w, &ana);
	assert_string_equal(client_ask(&c, "nothing", "%s", ""), "{\"err\":\"unknown_command\"}");
	assert_string_equal(client_ask(&c, "hello", "\"token\":\"x\""), "{\"err\":\"bad_request\"}");
	assert_string_equal(client_ask(&c, "got", "%s", ""), "{\"err\":\"bad_request\"}");
	assert_string_equal(client_ask(&c, "visible", "\"on\":true"), "{\"ok\":{}}");
	client_close(&c);
}

static void test_a_second_socket_takes_over(void **state)
{
	(void)state;
	struct client first, second;
	client_hello(&first, &w, &ana);
	client_hello(&second, &w, &ana);
	assert_int_equal(client_end(&first), 4009);
	assert_int_equal(hub_reachable(w.hub, ana.user), 1);
	client_close(&first);
	assert_int_equal(hub_reachable(w.hub, ana.user), 1);
	assert_string_equal(client_ask(&second, "visible", "\"on\":false"), "{\"ok\":{}}");
	client_close(&second);
}

static void test_rates(void **state)
{
	(void)state;
	struct api_bucket bucket = {0};
	int64_t retry;
	for (int i = 0; i < 10; i++)
		assert_true(api_bucket_take(&bucket, 5, 10, 1000, &retry));
	assert_false(api_bucket_take(&bucket, 5, 10, 1000, &retry));
	assert_int_equal(retry, 200);
	assert_false(api_bucket_take(&bucket, 5, 10, 1199, &retry));
	assert_int_equal(retry, 1);
	assert_true(api_bucket_take(&bucket, 5, 10, 1200, &retry));
	for (int i = 0; i < 10; i++)
		assert_true(api_bucket_take(&bucket, 5, 10, 900000, &retry));
	assert_false(api_bucket_take(&bucket, 5, 10, 900000, &retry));
	assert_true(api_bucket_take(&bucket, 0, 0, 900000, &retry));

	struct client c;
	world_stop(&w);
	w.limits.commands_per_s = 2;
	world_start(&w);
	client_hello(&c, &w, &ana);
	int limited = 0;
	for (int i = 0; i < 20; i++)
		limited += strstr(client_ask(&c, "visible", "\"on\":true"), "rate_limited") != NULL;
	assert_true(limited > 0);
	assert_non_null(strstr(c.answer, "\"retry_ms\":"));
	at_clock_shift_for_test(0, 10000);
	world_turn(&w, 1);
	assert_string_equal(client_ask(&c, "visible", "\"on\":true"), "{\"ok\":{}}");
	client_close(&c);
}

static uint64_t chat_between(struct client *c, uint64_t with)
{
	client_ask(c, "chat.open", "\"user\":%d", (int)with);
	return number_in(c->answer, "conv");
}

static void test_people(void **state)
{
	(void)state;
	struct client a, p, b;
	client_hello(&a, &w, &ana);
	client_hello(&p, &w, &ana_phone);
	client_hello(&b, &w, &ben);
	client_ask(&a, "people.find", "\"q\":\"be\"");
	assert_string_equal(a.answer, "{\"ok\":{\"users\":[{\"id\":2,\"username\":\"ben\",\"name\":\"Ben\",\"blocked\":"
				      "false,\"online\":0}]}}");
	client_ask(&a, "people.find", "\"q\":\"\"");
	assert_null(strstr(a.answer, "\"ana\""));
	assert_non_null(strstr(a.answer, "\"cem\""));

	/* Whoever opens a chat is known to the other from then on. */
	uint64_t conv = chat_between(&a, ben.user);
	assert_true(conv > 0);
	client_expect(&b, "{\"ev\":\"user\",\"user\":{\"id\":1,\"username\":\"ana\",\"name\":\"Ana\",\"blocked\":false,"
			  "\"online\":2}}");
	client_expect(&p, "{\"ev\":\"user\",\"user\":{\"id\":2,\"username\":\"ben\",\"name\":\"Ben\",\"blocked\":false,"
			  "\"online\":1}}");
	client_ask(&a, "people.find", "\"q\":\"be\"");
	assert_int_equal(number_in(a.answer, "online"), 1);

	client_close(&p);
	client_expect(&b, "\"online\":1");
	client_ask(&a, "me.set", "\"name\":\" Ana Maria \",\"receipts\":false,\"quiet_until\":5,\"quiet_share\":true");
	assert_string_equal(a.answer, "{\"ok\":{\"me\":{\"id\":1,\"username\":\"ana\",\"name\":\"Ana "
				      "Maria\",\"admin\":true,\"receipts\":false,"
				      "\"hide_decline\":false,\"quiet_until\":5,\"quiet_share\":true}}}");
	client_expect(&b, "\"name\":\"Ana Maria\"");
	client_hello(&p, &w, &ana_phone);
	assert_non_null(strstr(p.answer, "\"users\":[{\"id\":2,"));
	client_ask(&a, "me.set", "\"hide_decline\":true");
	client_expect(&p, "{\"ev\":\"me\",\"me\":{\"id\":1,");
	assert_string_equal(client_ask(&a, "me.set", "\"name\":\"  \""), "{\"err\":\"bad_request\"}");
	assert_string_equal(client_ask(&a, "me.set", "\"receipts\":1"), "{\"err\":\"bad_request\"}");

	/* Blocked people do not see whether one is there. */
	assert_string_equal(client_ask(&a, "block", "\"user\":1"), "{\"err\":\"bad_request\"}");
	assert_string_equal(client_ask(&a, "block", "\"user\":99"), "{\"err\":\"not_found\"}");
	assert_string_equal(client_ask(&a, "block", "\"user\":2"), "{\"ok\":{}}");
	client_expect(&p, "\"blocked\":true");
	client_expect(&b, "\"id\":1,\"username\":\"ana\",\"name\":\"Ana Maria\",\"blocked\":false,\"online\":0");
	assert_string_equal(client_ask(&a, "unblock", "\"user\":2"), "{\"ok\":{}}");
	client_expect(&b, "\"online\":2");
	client_close(&a);
	client_close(&p);
	client_expect(&b, "\"online\":0");
	client_close(&b);
}

static void test_devices_and_invitations(void **state)
{
	(void)state;
	struct client a, p, b;
	client_hello(&a, &w, &ana);
	client_hello(&p, &w, &ana_phone);
	client_hello(&b, &w, &ben);
	assert_string_equal(client_ask(&a, "device.rename", "\"device\":2,\"name\":\"Kitchen\""), "{\"ok\":{}}");
	client_ask(&a, "device.list", "%s", "");
	assert_non_null(strstr(a.answer, "{\"id\":1,\"name\":\"laptop\","));
	assert_non_null(strstr(a.answer, "{\"id\":2,\"name\":\"Kitchen\","));
	assert_non_null(strstr(a.answer, "\"current\":true"));
	assert_string_equal(client_ask(&b, "device.revoke", "\"device\":2"), "{\"err\":\"not_found\"}");
	assert_string_equal(client_ask(&b, "device.revoke", "\"device\":99"), "{\"err\":\"not_found\"}");
	assert_string_equal(client_ask(&a, "device.revoke", "\"device\":2"), "{\"ok\":{}}");
	assert_int_equal(client_end(&p), 4001);
	client_close(&p);

	client_ask(&b, "invite.create", "\"uses\":2,\"days\":3");
	assert_non_null(strstr(b.answer, "{\"ok\":{\"token\":\""));
	assert_string_equal(client_ask(&b, "invite.create", "\"uses\":1,\"days\":3,\"admin\":true"),
			    "{\"err\":\"not_found\"}");
	assert_string_equal(client_ask(&b, "invite.create", "\"uses\":0,\"days\":3"), "{\"err\":\"bad_request\"}");
	client_ask(&a, "invite.create", "\"uses\":1,\"days\":3,\"admin\":true");
	assert_non_null(strstr(a.answer, "{\"ok\":{\"token\":\""));
	client_ask(&b, "invite.list", "%s", "");
	assert_non_null(strstr(b.answer, "{\"ok\":{\"invites\":[{\"id\":1,\"uses\":2,"));
	assert_null(strstr(b.answer, "\"id\":2"));
	client_ask(&a, "invite.list", "%s", "");
	assert_non_null(strstr(a.answer, "\"id\":1"));
	assert_string_equal(client_ask(&b, "invite.revoke", "\"invite\":2"), "{\"err\":\"not_found\"}");
	assert_string_equal(client_ask(&a, "invite.revoke", "\"invite\":1"), "{\"ok\":{}}");
	assert_string_equal(client_ask(&b, "invite.list", "%s", ""), "{\"ok\":{\"invites\":[]}}");
	client_close(&a);
	client_close(&b);
}

/* What happens while hello is being answered comes behind the answer, and comes. */
static void test_nothing_falls_between_hello_and_the_first_event(void **state)
{
	(void)state;
	struct client a, b;
	char token[AUTH_TOKEN_LEN + 1], text[128], last[32];
	client_hello(&b, &w, &ben);
	int conv = (int)chat_between(&b, ana.user);
	auth_frame_token(w.auth, ana.token, token);
	for (int i = 1; i <= 12; i++) {
		assert_true(client_open(&a, &w, ana.token, NULL));
		snprintf(text, sizeof(text), "{\"id\":1,\"do\":\"hello\",\"token\":\"%s\"}", token);
		snprintf(last, sizeof(last), "message %d!", i);
		client_text(&a, text);
		world_turn(&w, i % 4);
		client_ask(&b, "msg.send", "\"conv\":%d,\"cid\":%d,\"text\":\"%s\"", conv, i, last);
		for (int k = 0; k < 500 && !strstr(a.answer, last) && !client_heard(&a, last); k++)
			;
		assert_int_equal(a.answered, 1);
		assert_int_equal(a.heard_first, 0);
		assert_true(strstr(a.answer, last) || client_heard(&a, last));
		client_close(&a);
	}
	client_close(&b);
}

static void test_messages(void **state)
{
	(void)state;
	struct client a, b;
	client_hello(&a, &w, &ana);
	client_hello(&b, &w, &ben);
	int conv = (int)chat_between(&a, ben.user);
	client_ask(&a, "msg.send", "\"conv\":%d,\"cid\":1,\"text\":\"hello\"", conv);
	assert_int_equal(number_in(a.answer, "seq"), 1);
	client_expect(&b, "\"body\":{\"text\":\"hello\"}");
	char first[sizeof(a.answer)];
	snprintf(first, sizeof(first), "%s", a.answer);
	client_ask(&a, "msg.send", "\"conv\":%d,\"cid\":1,\"text\":\"hello\"", conv);
	assert_string_equal(a.answer, first);
	client_ask(&b, "msg.send", "\"conv\":%d,\"cid\":1,\"text\":\"hi\",\"re\":1", conv);
	assert_int_equal(number_in(b.answer, "seq"), 2);
	client_ask(&a, "log.get", "\"conv\":%d,\"after\":0", conv);
	assert_int_equal(number_in(a.answer, "last_seq"), 2);
	assert_non_null(strstr(a.answer, "\"re\":1"));
	client_ask(&a, "log.get", "\"conv\":%d,\"ids\":[2]", conv);
	assert_null(strstr(a.answer, "hello"));
	assert_string_equal(client_ask(&a, "log.get", "\"conv\":%d", conv), "{\"err\":\"bad_request\"}");
	assert_string_equal(client_ask(&a, "log.get", "\"conv\":%d,\"after\":0,\"before\":1", conv),
			    "{\"err\":\"bad_request\"}");
	assert_string_equal(client_ask(&a, "log.get", "\"conv\":%d,\"after\":0,\"limit\":201", conv),
			    "{\"err\":\"bad_request\"}");
	assert_string_equal(client_ask(&a, "typing", "\"conv\":%d", conv), "{\"ok\":{}}");
	client_expect(&b, "\"ev\":\"typing\"");
	assert_string_equal(client_ask(&b, "got", "\"conv\":%d,\"seq\":2", conv), "{\"ok\":{}}");
	assert_string_equal(client_ask(&b, "read", "\"conv\":%d,\"seq\":2", conv), "{\"ok\":{}}");
	client_expect(&a, "\"ev\":\"receipt\"");
	client_ask(&a, "entry.delete", "\"conv\":%d,\"seq\":1,\"cid\":2", conv);
	assert_int_equal(number_in(a.answer, "seq"), 3);
	client_close(&a);
	client_hello(&a, &w, &ana);
	assert_non_null(strstr(a.answer, "\"convs\":[{\"conv\":"));
	client_close(&a);
	client_close(&b);
}

static void test_a_call_and_its_draft(void **state)
{
	(void)state;
	struct client a, b;
	client_hello(&a, &w, &ana);
	client_hello(&b, &w, &ben);
	int conv = (int)chat_between(&a, ben.user);
	const char *id = "000102030405060708090a0b0c0d0e0f";
	client_ask(&a, "call.start", "\"call\":\"%s\",\"conv\":%d,\"kind\":\"voice\"", id, conv);
	assert_non_null(strstr(a.answer, "{\"ok\":{\"call\":{\"call\":\"000102030405060708090a0b0c0d0e0f\","));
	client_expect(&b, "\"state\":\"reaching\"");
	assert_string_equal(client_ask(&b, "call.ring", "\"call\":\"%s\"", id), "{\"ok\":{}}");
	client_expect(&a, "\"state\":\"ringing\"");
	assert_string_equal(client_ask(&b, "call.decline", "\"call\":\"%s\",\"text\":\"later\"", id), "{\"ok\":{}}");
	client_expect(&a, "\"text\":\"later\"");
	const char *rec = "a00102030405060708090a0b0c0d0e0f";
	client_ask(&a, "rec.start",
		   "\"rec\":\"%s\",\"conv\":%d,\"call\":\"%s\",\"kind\":\"voice\",\"mime\":\"audio/"
		   "webm;codecs=opus\",\"seg\":0",
		   rec, conv, id);
	assert_non_null(strstr(a.answer, "{\"ok\":{\"rec\":{\"rec\":\"a00102030405060708090a0b0c0d0e0f\","));
	uint8_t fragment[64] = {1, 0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	fragment[26] = 250;
	client_binary(&a, fragment, sizeof(fragment));
	client_expect(&a, "{\"ev\":\"rec.ack\",\"rec\":\"a00102030405060708090a0b0c0d0e0f\",\"next\":1");
	assert_string_equal(client_ask(&a, "rec.state", "\"rec\":\"%s\",\"state\":\"paused\",\"ms\":250", rec),
			    "{\"ok\":{}}");
	assert_string_equal(client_ask(&a, "rec.commit",
				       "\"rec\":\"%s\",\"cid\":5,\"fragments\":1,\"duration_ms\":250,\"peaks\":[1]",
				       rec),
			    "{\"err\":\"bad_request\"}");
	assert_string_equal(client_ask(&a, "rec.discard", "\"rec\":\"%s\"", rec), "{\"ok\":{}}");
	client_ask(&a, "rec.undo", "\"rec\":\"%s\"", rec);
	assert_non_null(strstr(a.answer, "\"state\":\"draft\""));
	client_binary(&a, "\2junk", 5);
	assert_int_equal(client_end(&a), 4003);
	client_close(&a);
	client_hello(&a, &w, &ana);
	assert_non_null(strstr(a.answer, "\"recs\":[{\"rec\":\"a001"));
	client_close(&a);
	client_close(&b);
}

/* Commands under way whose socket goes: no answer, no crash (the sanitizers watch). */
static void test_sockets_that_go_with_questions_open(void **state)
{
	(void)state;
	struct client a, b;
	client_hello(&b, &w, &ben);
	for (int i = 0; i < 20; i++) {
		client_hello(&a, &w, &ana);
		char text[128];
		for (int k = 0; k < 20; k++) {
			snprintf(text, sizeof(text),
				 k % 2 ? "{\"id\":%d,\"do\":\"chat.open\",\"user\":2}"
				       : "{\"id\":%d,\"do\":\"me.set\",\"receipts\":true}",
				 k + 2);
			client_text(&a, text);
		}
		client_close(&a);
	}
	http_as(&w, &ben, "POST", "/api/signout", "{}", &got);
	assert_int_equal(client_end(&b), 4001);
	client_close(&b);
	client_hello(&a, &w, &ana);
	client_text(&a, "{\"id\":2,\"do\":\"chat.open\",\"user\":3}");
	world_stop(&w);
	client_close(&a);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_the_first_frame),
		T(test_bad_frames),
		T(test_a_second_socket_takes_over),
		T(test_rates),
		T(test_people),
		T(test_devices_and_invitations),
		T(test_nothing_falls_between_hello_and_the_first_event),
		T(test_messages),
		T(test_a_call_and_its_draft),
		T(test_sockets_that_go_with_questions_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
