/* The agent: who is answered, with what, and who gets nothing. */
#include "base/test.h"
#include "media/ice/ice.h"

static struct ice *ice;
static struct ice_agent agent = {
	.now = {"AAAABBBB", "0123456789abcdefghijklmn"},
	.before = {"CCCCDDDD", "nmlkjihgfedcba9876543210"},
	.before_until_us = 1000,
};
static const struct ice_tuple from = {.remote_ip = {[10] = 0xff, 0xff, 192, 0, 2, 1}, .remote_port = 4000};

static int setup(void **state)
{
	(void)state;
	ice = ice_new();
	return 0;
}

static int teardown(void **state)
{
	ice_free(&ice);
	return at_test_teardown(state);
}

struct outcome {
	enum ice_verdict verdict;
	struct ice_answer answer;
	struct stun_message reply;
	size_t request_len;
};

static struct outcome ask_at(struct ice_request request, int64_t now_us)
{
	static uint8_t bytes[ICE_PACKET_MAX];
	static struct outcome o;
	struct stun_message msg;
	memset(&o, 0, sizeof(o));
	memcpy(request.tid, "transaction!", STUN_TID_LEN);
	o.request_len = ice_request_put(ice, &request, bytes);
	assert_int_equal(stun_parse(bytes, o.request_len, &msg), AT_OK);
	o.verdict = ice_handle(ice, &agent, now_us, &from, &msg, &o.answer);
	if (o.answer.reply_len) {
		assert_int_equal(stun_parse(o.answer.reply, o.answer.reply_len, &o.reply), AT_OK);
		assert_memory_equal(o.reply.tid, "transaction!", STUN_TID_LEN);
		assert_true(stun_fingerprint_ok(&o.reply));
	}
	return o;
}

static struct outcome ask(struct ice_request request)
{
	return ask_at(request, 500);
}

static const struct ice_request good = {
	.type = STUN_BINDING_REQUEST,
	.username = "AAAABBBB:peer",
	.pwd = "0123456789abcdefghijklmn",
	.priority = 0x7effffff,
};

static void a_check_is_answered(void **state)
{
	(void)state;
	struct outcome o = ask(good);
	assert_int_equal(o.verdict, ICE_CHECK);
	assert_int_equal(o.reply.type, STUN_BINDING_SUCCESS);
	assert_true(ice_integrity_ok(ice, &o.reply, good.pwd));
	assert_true(o.reply.has_mapped && o.reply.mapped_port == 4000);
	assert_memory_equal(o.reply.mapped_ip, from.remote_ip, 16);
	assert_false(o.answer.by_before || o.answer.use_candidate);
	assert_int_equal(o.answer.priority, 0x7effffff);
	assert_true(o.answer.reply_len <= o.request_len);
}

static void nomination_is_told(void **state)
{
	(void)state;
	struct ice_request r = good;
	r.use_candidate = true;
	assert_true(ask(r).answer.use_candidate);
}

static void both_sets_are_good_during_a_restart(void **state)
{
	(void)state;
	struct ice_request r = good;
	r.username = "CCCCDDDD:peer";
	r.pwd = agent.before.pwd;
	struct outcome o = ask_at(r, 999);
	assert_int_equal(o.verdict, ICE_CHECK);
	assert_true(o.answer.by_before && ice_integrity_ok(ice, &o.reply, agent.before.pwd));
	assert_int_equal(ask_at(r, 1000).verdict, ICE_DROP_INTEGRITY);
	/* The name of one, the password of the other. */
	r.pwd = agent.now.pwd;
	assert_int_equal(ask_at(r, 999).verdict, ICE_DROP_INTEGRITY);
}

static void strangers_get_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *username, *pwd;
		enum ice_verdict expected;
	} table[] = {
		{"peer:AAAABBBB", "0123456789abcdefghijklmn", ICE_DROP_SHAPE}, /* swapped */
		{"peerpeer:AAAABBBB", "0123456789abcdefghijklmn", ICE_DROP_INTEGRITY},
		{"AAAABBBB:peer", "0123456789abcdefghijklmo", ICE_DROP_INTEGRITY},
		{"AAAABBBB:peer", "", ICE_DROP_INTEGRITY},
		{"AAAABBBB:peer", NULL, ICE_DROP_SHAPE},
		{"AAAABBBc:peer", "0123456789abcdefghijklmn", ICE_DROP_INTEGRITY},
		{NULL, "0123456789abcdefghijklmn", ICE_DROP_SHAPE},
		{NULL, NULL, ICE_DROP_SHAPE},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct ice_request r = good;
		r.username = table[i].username;
		r.pwd = table[i].pwd;
		struct outcome o = ask(r);
		assert_int_equal(o.verdict, table[i].expected);
		assert_int_equal(o.answer.reply_len, 0);
	}
}

static void a_check_has_a_fingerprint(void **state)
{
	(void)state;
	struct ice_request r = good;
	r.no_fingerprint = true;
	assert_int_equal(ask(r).verdict, ICE_DROP_SHAPE);
}

/* The integrity is right, the sum is not. */
static void a_wrong_fingerprint_gets_nothing(void **state)
{
	(void)state;
	uint8_t bytes[ICE_PACKET_MAX];
	struct stun_message msg;
	struct ice_answer answer;
	size_t len = ice_request_put(ice, &good, bytes);
	bytes[len - 1] ^= 1;
	assert_int_equal(stun_parse(bytes, len, &msg), AT_OK);
	assert_true(ice_integrity_ok(ice, &msg, good.pwd));
	assert_int_equal(ice_handle(ice, &agent, 500, &from, &msg, &answer), ICE_DROP_INTEGRITY);
	assert_int_equal(answer.reply_len, 0);
}

static void unknown_attributes_are_420(void **state)
{
	(void)state;
	struct ice_request r = good;
	r.unknown = 0x7f7f;
	struct outcome o = ask(r);
	assert_int_equal(o.verdict, ICE_REFUSED);
	assert_int_equal(o.reply.type, STUN_BINDING_ERROR);
	assert_int_equal(o.reply.error, 420);
	assert_true(ice_integrity_ok(ice, &o.reply, good.pwd));
	r.unknown = 0xc057; /* may be ignored */
	assert_int_equal(ask(r).verdict, ICE_CHECK);
	/* Never before the password was right. */
	r.unknown = 0x7f7f;
	r.pwd = "wrong";
	assert_int_equal(ask(r).answer.reply_len, 0);
}

static void we_stay_controlled(void **state)
{
	(void)state;
	struct ice_request r = good;
	r.is_controlled = true;
	struct outcome o = ask(r);
	assert_int_equal(o.verdict, ICE_REFUSED);
	assert_int_equal(o.reply.error, 487);
}

static void only_requests_are_answered(void **state)
{
	(void)state;
	static const uint16_t types[] =
		{STUN_BINDING_INDICATION, STUN_BINDING_SUCCESS, STUN_BINDING_ERROR, 0x0003, 0x0004, 0x0016, 0x3fff};
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct ice_request r = good;
		r.type = types[i];
		struct outcome o = ask(r);
		assert_int_equal(o.verdict, ICE_DROP_SHAPE);
		assert_int_equal(o.answer.reply_len, 0);
	}
}

static void credentials(void **state)
{
	(void)state;
	struct ice_credentials a, b;
	for (int i = 0; i < 200; i++) {
		ice_credentials_make(&a);
		ice_credentials_make(&b);
		assert_true(ice_credentials_valid(&a));
		assert_false(ice_credentials_eq(&a, &b));
		assert_true(ice_credentials_eq(&a, &a));
	}
	a.ufrag[3] = ':';
	assert_false(ice_credentials_valid(&a));
	b.pwd[ICE_PWD_LEN - 1] = '\0';
	assert_false(ice_credentials_valid(&b));
}

#define ICE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ICE_TEST(a_check_is_answered),
		ICE_TEST(nomination_is_told),
		ICE_TEST(both_sets_are_good_during_a_restart),
		ICE_TEST(strangers_get_nothing),
		ICE_TEST(a_check_has_a_fingerprint),
		ICE_TEST(a_wrong_fingerprint_gets_nothing),
		ICE_TEST(unknown_attributes_are_420),
		ICE_TEST(we_stay_controlled),
		ICE_TEST(only_requests_are_answered),
		ICE_TEST(credentials),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
