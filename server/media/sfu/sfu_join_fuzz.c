/* Join parameters as bytes: what is accepted must hold what the check promises, and a peer made of it must live. */
#include "media/sfu/sfu_priv.h"

static void on_send(void *arg, const struct sfu_send *sends, size_t count)
{
	(void)arg;
	AT_ASSERT(sends && count);
}

/* Mostly good parameters, with bytes of the input here and there: whole random ones never pass. */
static struct sfu_params params_of(const uint8_t *data, size_t len)
{
	struct sfu_params p = {.audio = {111, 63, 4, 1}, .video = {96, 97, 4, 10, 11, 3, 2}, .recv_count = 6};
	for (unsigned i = 0; i < SFU_SOURCE_COUNT; i++)
		p.send[i].mid[0] = (char)('0' + i);
	for (unsigned i = 0; i < p.recv_count; i++) {
		p.recv[i].mid[0] = (char)('a' + i);
		p.recv[i].kind = (enum sfu_slot_kind)(i % 2);
	}
	uint8_t *bytes = (uint8_t *)&p;
	for (size_t i = 0; i + 3 <= len; i += 3) {
		size_t at = (size_t)(data[i] | data[i + 1] << 8) % sizeof(p);
		bytes[at] = data[i + 2];
	}
	return p;
}

static void look_at(const struct sfu_params *p)
{
	AT_ASSERT(p->recv_count <= SFU_SLOTS_MAX);
	for (size_t i = 0; i < p->recv_count; i++)
		AT_ASSERT(p->recv[i].kind < SFU_SLOT_KIND_COUNT && strlen(p->recv[i].mid) <= SFU_ID_MAX);
	for (size_t i = 0; i < SFU_SOURCE_COUNT; i++)
		AT_ASSERT(p->send[i].rid_count <= SFU_LAYERS_MAX);
	AT_ASSERT(p->audio.pt < 128 && p->video.pt < 128 && p->audio.ext_mid < 15 && p->video.ext_twcc < 15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct ice_credentials creds = {"AAAABBBB", "0123456789abcdefghijklmn"};
	static const struct at_id room = {{1}};
	static const struct sfu_keys keys = {{1}, {2}, {3}, {4}};
	struct sfu_params params = params_of(data, len);
	struct sfu_slot_ids slots[SFU_SLOTS_MAX];
	uint8_t fingerprint[SFU_FINGERPRINT_LEN] = {0};
	static struct sfu *sfu;
	static int64_t now_us = 1;
	if (!sfu) {
		sfu = sfu_new(&(struct sfu_options){.rooms_max = 1, .peers_max = 2, .send = on_send});
		AT_ASSERT(!sfu_room_open(sfu, now_us, &room));
	}
	enum at_err err = sfu_join(sfu, now_us, &room, 1, &creds, fingerprint, &params, slots);
	AT_ASSERT(err == sfu_params_check(&params));
	const struct ice_tuple tuple = {.remote_port = 1};
	if (!err) {
		look_at(&params);
		AT_ASSERT(!sfu_connect_for_test(sfu, now_us, &room, 1, &tuple, &keys));
		sfu_tick(sfu, now_us += SFU_TICK_US);
		AT_ASSERT(!sfu_leave(sfu, now_us, &room, 1));
	}
	/* Each finds the room as empty as the first. */
	AT_ASSERT(!sfu->peers_live && !sfu->rings_used && !sfu_knows(sfu, creds.ufrag) && !sfu_owns(sfu, &tuple));
	return 0;
}
