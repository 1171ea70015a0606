/* A call's media through the whole server: real processes, real sockets. */
#include "main/main_testkit.h"

#include "base/time.h"

#include <signal.h>
#include <unistd.h>

static struct serving server;
static struct phone ana, ben;

static int setup(void **state)
{
	(void)state;
	serving_start(&server);
	phone_join(&ana, &server, 0);
	phone_join(&ben, &server, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	phone_free(&ana);
	phone_free(&ben);
	serving_drop(&server);
	return 0;
}

#define CALL "\"call\":\"%032u\""

static unsigned last_call;

static unsigned number_behind(const char *json, const char *key)
{
	const char *at = strstr(json, key);
	assert_non_null(at);
	return (unsigned)strtoul(at + strlen(key), NULL, 10);
}

/* Ana calls Ben; it rings. Gives the call's number. */
static unsigned ring(void)
{
	phone_ok(&ana, "people.find", "\"q\":\"ben\"");
	unsigned user = number_behind(ana.answer, "\"users\":[{\"id\":");
	phone_ok(&ana, "chat.open", "\"user\":%u", user);
	unsigned conv = number_behind(ana.answer, "\"conv\":");
	phone_ok(&ana, "call.start", CALL ",\"conv\":%u,\"kind\":\"voice\"", ++last_call, conv);
	phone_expect(&ben, "\"state\":\"reaching\"");
	phone_ok(&ben, "call.ring", CALL, last_call);
	phone_expect(&ana, "\"state\":\"ringing\"");
	return last_call;
}

static struct leg open_leg(struct phone *phone, unsigned call, bool fresh)
{
	/* Right after a role has come back it may not have said hello yet. */
	for (int i = 0; i < 100; i++) {
		const char *answer =
			phone_ask(phone, "media.open", CALL ",\"fresh\":%s", call, fresh ? "true" : "false");
		if (strcmp(answer, "{\"err\":\"unavailable\"}") != 0)
			break;
		usleep(20000);
	}
	return leg_of(phone->answer);
}

static bool passes(const struct leg *from, const struct leg *to)
{
	static uint32_t ssrc = 1000;
	for (int i = 0; i < 20; i++) {
		leg_send_rtp(from, ++ssrc);
		if (leg_hears_rtp(to, ssrc, 50))
			return true;
	}
	return false;
}

static void flows(const struct leg *a, const struct leg *b)
{
	assert_true(passes(a, b));
	assert_true(passes(b, a));
}

static void test_media_only_after_the_answer(void **state)
{
	(void)state;
	unsigned call = ring();
	assert_string_equal(phone_ask(&ana, "media.open", CALL ",\"fresh\":false", call), "{\"err\":\"conflict\"}");
	assert_string_equal(phone_ask(&ben, "media.open", CALL ",\"fresh\":false", call), "{\"err\":\"not_found\"}");
	phone_ok(&ben, "call.answer", CALL, call);
	phone_expect(&ana, "\"state\":\"answered\"");
	struct leg a = open_leg(&ana, call, false), b = open_leg(&ben, call, false);
	/* No address is proved yet: what is sent goes nowhere, and a wrong password gets no answer. */
	assert_false(passes(&a, &b));
	struct leg wrong = a;
	wrong.pwd[0] = wrong.pwd[0] == 'x' ? 'y' : 'x';
	assert_false(leg_check(&wrong, 200));
	assert_true(leg_check(&a, 2000));
	assert_false(passes(&b, &a));
	assert_true(leg_check(&b, 2000));
	flows(&a, &b);
	/* Somebody else's socket gets nothing through, and hears nothing. */
	struct leg stranger = leg_of(ana.answer[0] ? ben.answer : "");
	assert_false(passes(&stranger, &a));
	assert_false(passes(&a, &stranger));
	/* Another leg by ICE restart, from another port: the other side goes on. */
	struct leg again = open_leg(&ana, call, true);
	assert_true(leg_check(&again, 2000));
	flows(&again, &b);
	phone_ok(&ana, "call.leave", CALL, call);
	phone_expect(&ben, "\"state\":\"ended\"");
	assert_false(passes(&again, &b));
	assert_false(leg_check(&b, 200));
	assert_string_equal(phone_ask(&ben, "media.open", CALL ",\"fresh\":false", call), "{\"err\":\"gone\"}");
	leg_free(&a);
	leg_free(&b);
	leg_free(&again);
	leg_free(&stranger);
}

static void test_unanswered_calls_have_no_legs(void **state)
{
	(void)state;
	unsigned call = ring();
	phone_ok(&ben, "call.decline", CALL, call);
	phone_expect(&ana, "\"state\":\"ended\"");
	assert_string_equal(phone_ask(&ana, "media.open", CALL ",\"fresh\":false", call), "{\"err\":\"gone\"}");
	assert_string_equal(phone_ask(&ben, "media.open", CALL ",\"fresh\":false", call), "{\"err\":\"not_found\"}");
}

static unsigned answered(struct leg *a, struct leg *b)
{
	unsigned call = ring();
	phone_ok(&ben, "call.answer", CALL, call);
	*a = open_leg(&ana, call, false);
	*b = open_leg(&ben, call, false);
	assert_true(leg_check(a, 2000));
	assert_true(leg_check(b, 2000));
	flows(a, b);
	return call;
}

static void test_media_role_dies(void **state)
{
	(void)state;
	struct leg a, b;
	unsigned call = answered(&a, &b);
	int64_t begin = at_mono_ms();
	kill(serving_pid_of(&server, "media"), SIGKILL);
	phone_expect(&ana, "\"why\":\"restarted\"");
	phone_expect(&ben, "\"why\":\"restarted\"");
	int64_t told = at_mono_ms() - begin;
	/* Without any signalling: the credentials and the port are the same. */
	assert_true(leg_check(&a, 2000));
	assert_true(leg_check(&b, 2000));
	flows(&a, &b);
	/* And as browsers do it: afresh. */
	struct leg a2 = open_leg(&ana, call, true), b2 = open_leg(&ben, call, true);
	assert_true(leg_check(&a2, 2000));
	assert_true(leg_check(&b2, 2000));
	flows(&a2, &b2);
	int64_t all = at_mono_ms() - begin;
	print_message("told after %d ms, flowing after %d ms\n", (int)told, (int)all);
	assert_true(all < 3000);
	phone_ok(&ana, "call.leave", CALL, call);
	leg_free(&a);
	leg_free(&b);
	leg_free(&a2);
	leg_free(&b2);
}

static void test_core_dies(void **state)
{
	(void)state;
	struct leg a, b;
	unsigned call = answered(&a, &b);
	char mine[128];
	kill(serving_pid_of(&server, "core"), SIGKILL);
	flows(&a, &b); /* media does not notice */
	phone_hang(&ana);
	phone_hang(&ben);
	phone_hello(&ana);
	snprintf(mine, sizeof(mine), "\"calls\":[{\"call\":\"%032u\"", call);
	assert_non_null(strstr(ana.answer, mine));
	assert_non_null(strstr(ana.answer, "\"state\":\"answered\""));
	assert_non_null(strstr(ana.answer, "\"mine\":true"));
	phone_hello(&ben);
	flows(&a, &b);
	struct leg a2 = open_leg(&ana, call, true);
	assert_true(leg_check(&a2, 2000));
	flows(&a2, &b); /* one has restarted, the other not yet */
	struct leg b2 = open_leg(&ben, call, true);
	assert_true(leg_check(&b2, 2000));
	flows(&a2, &b2);
	phone_ok(&ben, "call.leave", CALL, call);
	phone_expect(&ana, "\"outcome\":\"answered\"");
	assert_false(passes(&a2, &b2));
	leg_free(&a);
	leg_free(&b);
	leg_free(&a2);
	leg_free(&b2);
}

static void test_server_restarts(void **state)
{
	(void)state;
	struct leg a, b;
	unsigned call = answered(&a, &b);
	serving_stop(&server);
	serving_start(&server);
	phone_hang(&ana);
	phone_hang(&ben);
	phone_hello(&ana);
	assert_non_null(strstr(ana.answer, "\"state\":\"answered\""));
	phone_hello(&ben);
	struct leg a2 = open_leg(&ana, call, true), b2 = open_leg(&ben, call, true);
	assert_true(leg_check(&a2, 2000));
	assert_true(leg_check(&b2, 2000));
	flows(&a2, &b2);
	phone_ok(&ana, "call.leave", CALL, call);
	leg_free(&a);
	leg_free(&b);
	leg_free(&a2);
	leg_free(&b2);
}

static void test_keys_and_signals(void **state)
{
	(void)state;
	struct leg a, b;
	static const char key[] = "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	phone_ok(&ana, "key.set", "\"key\":\"%s\"", key);
	phone_ok(&ana, "key.set", "\"key\":\"%s\"", key);
	assert_string_equal(phone_ask(&ana, "key.set", "\"key\":\"AgIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""),
			    "{\"err\":\"conflict\"}");
	assert_string_equal(phone_ask(&ben, "key.set", "\"key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""),
			    "{\"err\":\"bad_request\"}");
	assert_string_equal(phone_ask(&ben, "key.set", "\"key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\""),
			    "{\"err\":\"bad_request\"}");
	unsigned call = answered(&a, &b);
	assert_non_null(strstr(ben.answer, key));
	assert_non_null(strstr(ana.answer, "\"key\":null"));
	phone_ok(&ana, "media.signal", CALL ",\"kind\":\"offer\",\"sdp\":\"v=0\\r\\n\",\"sig\":\"\"", call);
	phone_expect(&ben, "\"kind\":\"offer\",\"sdp\":\"v=0\\r\\n\"");
	phone_ok(&ben, "media.ask", CALL ",\"yes\":null", call);
	phone_expect(&ana, "\"yes\":null");
	/* Kept on disk. */
	phone_ok(&ana, "call.leave", CALL, call);
	phone_hang(&ana);
	phone_hang(&ben);
	serving_stop(&server);
	serving_start(&server);
	phone_hello(&ana);
	phone_hello(&ben);
	call = answered(&a, &b);
	assert_non_null(strstr(ben.answer, key));
	leg_free(&a);
	leg_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_media_only_after_the_answer),
		cmocka_unit_test(test_unanswered_calls_have_no_legs),
		cmocka_unit_test(test_media_role_dies),
		cmocka_unit_test(test_core_dies),
		cmocka_unit_test(test_server_restarts),
		cmocka_unit_test(test_keys_and_signals),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
