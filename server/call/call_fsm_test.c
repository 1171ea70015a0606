#include "base/test.h"
#include "call/call_fsm.h"

/* ---- the whole product, written a second time ---- */

/* A letter a state; the columns are the events in order. '.' = not taken. */
static const char letters[] = "NRIHsSdDALGMVXE";
/*                            start  ack  decline cancel timers leave note glare, move, turn
 *                            RSQX   A P A DH     CEN    URBSG  LCC   BE   G RF M T */
static const char *const grid[CALL_STATES] = {
	[CALL_NEW] = "RsMd . . . .. ... ..... ... .. . .. . .",
	[CALL_REACHING] = ".... I . A MH EEM M..M. .E. .. A EE . .",
	[CALL_RINGING] = ".... I . A MH MEM .GGG. .M. .. A MM . .",
	[CALL_HIDDEN] = ".... . . . .. MMM .MMM. .M. .. A MM . .",
	[CALL_SILENT_REACHING] = ".... . S . .. EEM M..M. .E. .. A EE . .",
	[CALL_SILENT_RINGING] = ".... . S . .. MEM .MMM. .M. .. A MM . .",
	[CALL_SHADOW_REACHING] = ".... . D . .. XXX X..X. .X. .. . XX . .",
	[CALL_SHADOW_RINGING] = ".... . D . .. XXX .XXX. .X. .. . XX . .",
	[CALL_ANSWERED] = ".... . . . .. ... ..... EEE .. . EM A A",
	[CALL_ANSWERED_LATE] = ".... . . . .. ... ..... EEE .. . EM L L",
	[CALL_GRACE] = ".... . . L .. MM. ....M .M. V. L .. . .",
	[CALL_MISSED] = ".... . . . .. ... ..... ... V. . .. . .",
	[CALL_LEAVING_NOTE] = ".... . . L .. ... ..... ... .M L .. . .",
	[CALL_SHADOW_ENDED] = ".... . . . .. ... ..... ... .. . .. . .",
	[CALL_ENDED] = ".... . . . .. ... ..... ... .. . .. . .",
};

static void test_grid(void **state)
{
	(void)state;
	assert_int_equal(strlen(letters), CALL_STATES);
	for (unsigned s = 0; s < CALL_STATES; s++) {
		const char *cell = grid[s];

		for (unsigned e = 0; e < CALL_EVENTS; e++, cell++) {
			struct call_step step = call_fsm_step(s, e);

			cell += *cell == ' ';
			if ((step.taken ? letters[step.next] : '.') != *cell)
				fail_msg("%s x %s: %s", call_state_name(s), call_event_name(e),
					 call_state_name(step.next));
			if (!step.taken) {
				assert_int_equal(step.next, s);
				assert_int_equal(step.effects | step.shown | step.theirs, 0);
			}
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned s = 0; s < CALL_STATES; s++)
		assert_non_null(call_state_name(s));
	for (unsigned e = 0; e < CALL_EVENTS; e++)
		assert_non_null(call_event_name(e));
	assert_null(call_outcome_name(CALL_NONE));
	for (unsigned o = 1; o < CALL_OUTCOMES; o++)
		assert_non_null(call_outcome_name(o));
}

/* ---- what each step may and may not do ---- */

static bool has_entry(unsigned s)
{
	return s >= CALL_ANSWERED_LATE;
}

static void check_durable(struct call_step step)
{
	if (step.effects & (CALL_FX_ENTRY | CALL_FX_ENTRY_CALLER | CALL_FX_AMEND | CALL_FX_MEDIA))
		assert_true(step.effects & CALL_FX_COMMIT);
	unsigned writes = step.effects & (CALL_FX_ENTRY | CALL_FX_ENTRY_CALLER | CALL_FX_AMEND);
	assert_true((writes & (writes - 1)) == 0);
	assert_int_equal(writes != 0, step.shown != CALL_NONE);
	if (writes == CALL_FX_ENTRY_CALLER)
		assert_int_equal(step.theirs, CALL_NONE);
	else if (writes)
		assert_int_not_equal(step.theirs, CALL_NONE);
}

static void check_step(unsigned s, struct call_step step)
{
	check_durable(step);
	/* 1: the entry comes with the first end, and only then. */
	bool writes = step.effects & (CALL_FX_ENTRY | CALL_FX_ENTRY_CALLER);
	assert_int_equal(writes, !has_entry(s) && has_entry(step.next));
	if (step.effects & CALL_FX_AMEND)
		assert_true(has_entry(s));
	/* 3: devices that ring are told that it is over. */
	if (call_state_rings(s) && !call_state_rings(step.next))
		assert_true(step.effects & CALL_FX_CALLEE);
	if (call_state_rings(step.next))
		assert_true(step.effects & CALL_FX_CALLEE);
	/* 4 */
	assert_int_equal(!!(step.effects & CALL_FX_MEDIA), call_state_answered(step.next) && !call_state_answered(s));
	/* 5 */
	if (call_state_shadow(s) || call_state_shadow(step.next)) {
		assert_true(call_state_shadow(step.next));
		assert_false(step.effects & (CALL_FX_CALLEE | CALL_FX_ENTRY | CALL_FX_AMEND | CALL_FX_MEDIA));
		assert_int_equal(step.theirs, CALL_NONE);
	}
	/* Whatever the caller can see, the caller is told. */
	if (call_state_open(s) != call_state_open(step.next) ||
	    call_state_reaching(s) != call_state_reaching(step.next))
		assert_true(step.effects & CALL_FX_CALLER);
	/* The callee's side of what pretends is silent until they call themselves. */
	if (call_state_pretends(s) && !call_state_answered(step.next))
		assert_false(step.effects & CALL_FX_CALLEE);
}

static void test_steps(void **state)
{
	(void)state;
	for (unsigned s = 0; s < CALL_STATES; s++)
		for (unsigned e = 0; e < CALL_EVENTS; e++)
			if (call_fsm_step(s, e).taken)
				check_step(s, call_fsm_step(s, e));
}

/* The caller of a shadow sees what the caller of an unblocked call sees whose callee does nothing. */
static void test_shadow_looks_the_same(void **state)
{
	(void)state;
	static const struct {
		enum call_event real, shadow;
	} pairs[] = {
		{CALL_ACK, CALL_PRETEND},
		{CALL_CANCEL, CALL_CANCEL},
		{CALL_CANCEL_EARLY, CALL_CANCEL_EARLY},
		{CALL_CANCEL_NOTE, CALL_CANCEL_NOTE},
		{CALL_T_UNREACHABLE, CALL_T_UNREACHABLE},
		{CALL_T_RING, CALL_T_RING},
		{CALL_T_STOP, CALL_T_STOP},
		{CALL_CALLER_GONE, CALL_CALLER_GONE},
		{CALL_FAIL, CALL_FAIL},
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct call_step a = call_fsm_step(CALL_REACHING, pairs[i].real);
		struct call_step b = call_fsm_step(CALL_SHADOW_REACHING, pairs[i].shadow);
		assert_int_equal(a.taken, b.taken);
		assert_int_equal(a.shown, b.shown);
		assert_int_equal(a.effects & CALL_FX_CALLER, b.effects & CALL_FX_CALLER);
		a = call_fsm_step(CALL_RINGING, pairs[i].real);
		b = call_fsm_step(CALL_SHADOW_RINGING, pairs[i].shadow);
		assert_int_equal(a.taken, b.taken);
		assert_int_equal(a.shown, b.shown);
		assert_int_equal(a.effects & CALL_FX_CALLER, b.effects & CALL_FX_CALLER);
	}
}

/* ---- the outcomes of PRODUCT.md, as stories ---- */

struct story {
	const char *name;
	enum call_event events[6];
	unsigned n;
	enum call_outcome shown, theirs;
};

#define DOING(...) {__VA_ARGS__}, sizeof((enum call_event[]){__VA_ARGS__}) / sizeof(enum call_event)
static const struct story stories[] = {
	{"no answer", DOING(CALL_START, CALL_ACK, CALL_T_RING), CALL_NO_ANSWER, CALL_NO_ANSWER},
	{"hard stop", DOING(CALL_START, CALL_ACK, CALL_T_STOP), CALL_NO_ANSWER, CALL_NO_ANSWER},
	{"declined", DOING(CALL_START, CALL_ACK, CALL_DECLINE), CALL_DECLINED, CALL_DECLINED},
	{"declined, hidden", DOING(CALL_START, CALL_ACK, CALL_DECLINE_HIDDEN, CALL_T_RING), CALL_NO_ANSWER,
	 CALL_DECLINED},
	{"busy", DOING(CALL_START, CALL_ACK, CALL_T_RING_BUSY), CALL_BUSY, CALL_BUSY},
	{"silenced", DOING(CALL_START_SILENT, CALL_PRETEND, CALL_T_RING), CALL_NO_ANSWER, CALL_SILENCED},
	{"silenced, shared", DOING(CALL_START_QUIET), CALL_SILENCED, CALL_SILENCED},
	{"silenced, nobody there", DOING(CALL_START_SILENT, CALL_T_UNREACHABLE), CALL_UNREACHABLE, CALL_SILENCED},
	{"unreachable", DOING(CALL_START, CALL_T_UNREACHABLE), CALL_UNREACHABLE, CALL_UNREACHABLE},
	{"cancelled", DOING(CALL_START, CALL_ACK, CALL_CANCEL), CALL_CANCELLED, CALL_CANCELLED},
	{"cancelled before it rang", DOING(CALL_START, CALL_CANCEL), CALL_CANCELLED_EARLY, CALL_NONE},
	{"cancelled at once", DOING(CALL_START, CALL_ACK, CALL_CANCEL_EARLY), CALL_CANCELLED_EARLY, CALL_NONE},
	{"a note now, ringing", DOING(CALL_START, CALL_ACK, CALL_CANCEL_NOTE), CALL_CANCELLED, CALL_CANCELLED},
	{"a note now, reaching", DOING(CALL_START, CALL_CANCEL_NOTE), CALL_UNREACHABLE, CALL_UNREACHABLE},
	{"answered", DOING(CALL_START, CALL_ACK, CALL_ANSWER, CALL_LEAVE), CALL_WAS_ANSWERED, CALL_WAS_ANSWERED},
	{"answered in the grace", DOING(CALL_START, CALL_ACK, CALL_T_RING, CALL_ANSWER, CALL_LEAVE), CALL_WAS_ANSWERED,
	 CALL_WAS_ANSWERED},
	{"too late", DOING(CALL_START, CALL_ACK, CALL_T_RING, CALL_T_GRACE, CALL_ANSWER), CALL_NO_ANSWER,
	 CALL_NO_ANSWER},
	{"picked up while it is left",
	 DOING(CALL_START, CALL_ACK, CALL_DECLINE, CALL_NOTE_BEGIN, CALL_ANSWER, CALL_LEAVE), CALL_WAS_ANSWERED,
	 CALL_WAS_ANSWERED},
	{"called back while it is left", DOING(CALL_START, CALL_T_UNREACHABLE, CALL_NOTE_BEGIN, CALL_GLARE, CALL_LEAVE),
	 CALL_WAS_ANSWERED, CALL_WAS_ANSWERED},
	{"glare", DOING(CALL_START, CALL_GLARE, CALL_CALLEE_GONE), CALL_WAS_ANSWERED, CALL_WAS_ANSWERED},
	{"answered, no media", DOING(CALL_START, CALL_ACK, CALL_ANSWER, CALL_FAIL), CALL_FAILED, CALL_FAILED},
	{"answered late, no media", DOING(CALL_START, CALL_ACK, CALL_DECLINE, CALL_NOTE_BEGIN, CALL_ANSWER, CALL_FAIL),
	 CALL_FAILED, CALL_FAILED},
	{"turned into video, then left", DOING(CALL_START, CALL_ACK, CALL_ANSWER, CALL_TURN, CALL_LEAVE),
	 CALL_WAS_ANSWERED, CALL_WAS_ANSWERED},
	{"failed, rang", DOING(CALL_START, CALL_ACK, CALL_RESTART), CALL_FAILED, CALL_FAILED},
	{"failed, had not rung", DOING(CALL_START, CALL_RESTART), CALL_FAILED, CALL_NONE},
	{"blocked", DOING(CALL_START_SHADOW, CALL_PRETEND, CALL_T_RING), CALL_NO_ANSWER, CALL_NONE},
	{"blocked, callee talks", DOING(CALL_START_SHADOW, CALL_PRETEND, CALL_T_RING_BUSY), CALL_NO_ANSWER, CALL_NONE},
	{"blocked, nobody there", DOING(CALL_START_SHADOW, CALL_T_UNREACHABLE), CALL_UNREACHABLE, CALL_NONE},
	{"decline after the answer", DOING(CALL_START, CALL_ACK, CALL_ANSWER, CALL_DECLINE, CALL_LEAVE),
	 CALL_WAS_ANSWERED, CALL_WAS_ANSWERED},
	{"cancel after the answer", DOING(CALL_START, CALL_ACK, CALL_ANSWER, CALL_CANCEL, CALL_LEAVE),
	 CALL_WAS_ANSWERED, CALL_WAS_ANSWERED},
	{"answer after the cancel", DOING(CALL_START, CALL_ACK, CALL_CANCEL, CALL_ANSWER), CALL_CANCELLED,
	 CALL_CANCELLED},
};

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *story = &stories[i];
		enum call_state now = CALL_NEW;
		unsigned shown = CALL_NONE, theirs = CALL_NONE, entries = 0;

		for (unsigned k = 0; k < story->n; k++) {
			struct call_step step = call_fsm_step(now, story->events[k]);

			entries += !!(step.effects & (CALL_FX_ENTRY | CALL_FX_ENTRY_CALLER));
			shown = step.shown ? step.shown : shown;
			theirs = step.shown ? step.theirs : theirs;
			now = step.next;
		}
		if (shown != story->shown || theirs != story->theirs || entries != 1)
			fail_msg("%s: shown %u, theirs %u, %u entries", story->name, shown, theirs, entries);
	}
}

/* ---- several devices, a network that reorders and repeats, and somebody who forges ---- */

enum { DEVICES = 3, WIRE = 64, LIVES = 40 };

struct packet {
	bool up;               /* to the server */
	unsigned device;       /* 0 = the caller's */
	enum call_event event; /* up */
	unsigned rev;          /* down: what they are told */
	bool rings, talks;
};

struct device {
	unsigned rev;
	bool rings, talks;
};

struct model {
	uint64_t seed;
	enum call_state state;
	struct device devices[1 + DEVICES];
	struct packet wire[WIRE];
	unsigned n, rev, answered_by, entries, answers, media_failed, told_callee;
	bool shadow, pretends;
	enum call_outcome theirs;
};

static unsigned pick(struct model *m, unsigned bound)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->seed >> 33) % bound;
}

static void post(struct model *m, struct packet packet)
{
	if (m->n < WIRE)
		m->wire[m->n++] = packet;
}

/* Orders may be late, doubled, out of order, and lost. */
static void tell(struct model *m, bool caller, bool callee)
{
	m->rev++;
	for (unsigned d = caller ? 0 : 1; d <= (callee ? DEVICES : 0); d++) {
		struct packet packet = {
			.device = d,
			.rev = m->rev,
			.rings = d > 0 && call_state_rings(m->state),
			.talks = call_state_answered(m->state) && (d == 0 || d == m->answered_by),
		};
		if (m->n == WIRE)
			m->wire[pick(m, WIRE)] = packet; /* what it replaces is lost with its connection */
		else
			post(m, packet);
	}
	m->told_callee += callee;
}

static void serve(struct model *m, enum call_event event, unsigned device)
{
	struct call_step step = call_fsm_step(m->state, event);
	bool was_answered = call_state_answered(m->state);

	if (!step.taken)
		return;
	if (step.effects & CALL_FX_MEDIA) {
		assert_false(was_answered);
		m->answers++;
		m->answered_by = device > 0 ? device : 1;
	}
	m->entries += !!(step.effects & (CALL_FX_ENTRY | CALL_FX_ENTRY_CALLER));
	assert_true(m->entries <= 1);
	if (step.effects & CALL_FX_AMEND)
		assert_int_equal(m->entries, 1);
	m->media_failed += was_answered && event == CALL_FAIL; /* it may be picked up again while a note is left */
	m->state = step.next;
	m->shadow |= call_state_shadow(m->state);
	if (step.shown)
		m->theirs = step.theirs;
	tell(m, step.effects & CALL_FX_CALLER, step.effects & CALL_FX_CALLEE);
}

static void arrive(struct model *m, struct packet packet)
{
	struct device *device = &m->devices[packet.device];

	if (packet.up) {
		serve(m, packet.event, packet.device);
		return;
	}
	if (packet.rev <= device->rev)
		return; /* stale, or the same again */
	if (packet.rings && !device->rings && pick(m, 8) > 0)
		post(m, (struct packet){.up = true, .device = packet.device, .event = CALL_ACK});
	device->rev = packet.rev;
	device->rings = packet.rings;
	device->talks = packet.talks;
}

static void deliver(struct model *m)
{
	if (m->n == 0)
		return;
	unsigned i = pick(m, m->n); /* any of them: reordered */
	struct packet packet = m->wire[i];

	if (pick(m, 4) > 0) /* else it stays, and comes again: doubled */
		m->wire[i] = m->wire[--m->n];
	arrive(m, packet);
}

static void act(struct model *m)
{
	static const enum call_event callees[] = {CALL_ANSWER, CALL_DECLINE, CALL_DECLINE_HIDDEN,
						  CALL_ACK,    CALL_LEAVE,   CALL_GLARE};
	static const enum call_event callers[] = {CALL_CANCEL, CALL_CANCEL_EARLY, CALL_CANCEL_NOTE,
						  CALL_LEAVE,  CALL_NOTE_BEGIN,   CALL_NOTE_END};
	unsigned device = pick(m, 1 + DEVICES);

	if (device == 0)
		post(m, (struct packet){.up = true, .event = callers[pick(m, 6)]});
	else if (m->devices[device].rings || pick(m, 16) == 0)
		post(m, (struct packet){.up = true, .device = device, .event = callees[pick(m, 6)]});
}

static void check_model(const struct model *m)
{
	bool ended = m->entries == 1;
	unsigned talking = 0;

	assert_true(ended == (m->state >= CALL_ANSWERED_LATE));
	assert_true(m->answers <= 1 + m->media_failed);
	for (unsigned d = 1; d <= DEVICES; d++)
		talking += m->devices[d].talks;
	if (m->media_failed == 0)
		assert_true(talking <= m->answers); /* the first answer won */
	if (m->shadow) {
		assert_int_equal(m->told_callee, 0);
		assert_int_equal(m->theirs, CALL_NONE);
		assert_int_equal(m->answers, 0);
	}
}

static void deliver_all(struct model *m)
{
	while (m->n > 0) {
		struct packet packet = m->wire[--m->n];

		if (!packet.up)
			arrive(m, packet);
	}
	/* What was lost stands in the hello of the next connection. */
	for (unsigned d = 1; d <= DEVICES; d++)
		if (m->devices[d].rev < m->rev)
			m->devices[d].rings = call_state_rings(m->state);
}

/* A life: a start of one of the four sorts, then steps at random. Returns the steps taken. */
static unsigned live(struct model *m)
{
	unsigned steps = LIVES + pick(m, LIVES);

	memset(m->devices, 0, sizeof(m->devices));
	*m = (struct model){.seed = m->seed};
	serve(m, CALL_START + pick(m, 4), 0);
	for (unsigned i = 0; i < steps; i++) {
		switch (pick(m, 8)) {
		case 0: act(m); break;
		case 1:
			if (call_state_pretends(m->state))
				serve(m, CALL_PRETEND, 0);
			break;
		case 2:
			if (pick(m, 3) == 0) /* anything at all, from anybody */
				serve(m, pick(m, CALL_EVENTS), 1 + pick(m, DEVICES));
			break;
		default: deliver(m);
		}
		check_model(m);
	}
	if (call_state_open(m->state))
		serve(m, CALL_RESTART, 0);
	assert_int_equal(m->entries, 1);
	deliver_all(m);
	for (unsigned d = 1; d <= DEVICES; d++)
		assert_false(m->devices[d].rings);
	return steps;
}

static void test_a_million_steps(void **state)
{
	(void)state;
	struct model m = {.seed = 20251211};

	for (unsigned done = 0; done < 1000000;)
		done += live(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_grid),    AT_TEST(test_names),
		AT_TEST(test_steps),   AT_TEST(test_shadow_looks_the_same),
		AT_TEST(test_stories), AT_TEST(test_a_million_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
