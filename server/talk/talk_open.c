/* media.open: a device asks for its leg. */
#include "base/log.h"
#include "talk/talk_priv.h"

void talks_write_candidates(const struct talks *talks, const uint8_t *reached_ip, struct wire_out *w)
{
	struct media_address addresses[MEDIA_ADDRESSES_MAX];
	size_t n = media_addresses_for(&talks->hello, reached_ip, addresses);
	char text[MEDIA_ADDRESS_TEXT];

	wire_arr(w, "candidates");
	for (unsigned tcp = 0; tcp <= (talks->hello.has_tcp ? 1u : 0u); tcp++)
		for (size_t i = 0; i < n; i++) {
			media_address_text(addresses[i].ip, text);
			wire_obj(w, NULL);
			wire_str(w, "proto", tcp ? "tcp" : "udp");
			wire_str(w, "addr", text);
			wire_int(w, "port", addresses[i].port);
			wire_obj_end(w);
		}
	wire_arr_end(w);
}

static void write_peer(const struct talk *talk, unsigned leg, struct wire_out *w)
{
	const struct talk_people *people = &talk->talks->people;
	const uint8_t *key = people->device_key(people->arg, talk_device(talk, !leg));
	char text[44];

	wire_obj(w, "peer");
	wire_int(w, "user", (int64_t)talk_user(talk, !leg));
	wire_int(w, "device", (int64_t)talk_device(talk, !leg));
	if (key)
		(void)at_base64url(key, 32, text);
	wire_str(w, "key", key ? text : NULL);
	wire_obj_end(w);
}

static enum at_err write_leg(const struct talk *talk, unsigned leg, const uint8_t *reached_ip)
{
	const struct ice_credentials *creds = &talk->legs[leg].creds;
	struct wire_out w;

	at_buf_clear(&talk->talks->out);
	w = wire_out_begin(&talk->talks->out);
	wire_obj(&w, NULL);
	wire_obj(&w, "leg");
	wire_str(&w, "ufrag", creds->ufrag);
	wire_str(&w, "pwd", creds->pwd);
	talks_write_candidates(talk->talks, reached_ip, &w);
	wire_obj_end(&w);
	wire_bool(&w, "offerer", leg == 0);
	write_peer(talk, leg, &w);
	wire_obj_end(&w);
	return wire_out_end(&w);
}

static enum at_err open_leg(struct talk *talk, unsigned leg, bool fresh)
{
	if (!talk->talks->has_hello)
		return AT_ERR_UNAVAILABLE;
	if (talk->err != AT_OK) {
		/* There may be room by now; then both are told. */
		talk->refused = 0;
		talk->tell_on_open = true;
		talk_say_open(talk);
		return AT_ERR_BUSY;
	}
	if (fresh) {
		ice_credentials_make(&talk->legs[leg].creds);
		talk_say_restart(talk, leg);
	}
	return AT_OK;
}

void talk_open(struct talks *talks, const struct talk_asker *asker, bool fresh, const uint8_t *reached_ip,
	       talk_open_fn *done, void *arg)
{
	struct talk *talk = NULL;
	unsigned leg = 0;
	enum at_err err = talk_find(talks, asker, &talk, &leg);

	if (err == AT_OK)
		err = open_leg(talk, leg, fresh);
	if (err == AT_OK)
		err = write_leg(talk, leg, reached_ip);
	if (err != AT_OK) {
		done(arg, err, NULL, 0);
		return;
	}
	done(arg, AT_OK, talks->out.data, talks->out.len);
	talk_catch_up(talk, leg);
}
