/* Any bytes as a STUN message, against an agent whose name they may hit (the seeds do). */
#include "media/ice/ice.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct ice *ice;
	static const struct ice_agent agent = {.now = {"AAAABBBB", "0123456789abcdefghijklmn"},
					       .before = {"CCCCDDDD", "nmlkjihgfedcba9876543210"},
					       .before_until_us = 1000};
	static const struct ice_tuple from = {.remote_ip = {[10] = 0xff, 0xff, 192, 0, 2, 1}, .remote_port = 4000};
	struct stun_message msg;
	struct ice_answer answer;
	char ufrag[ICE_UFRAG_LEN + 1];
	if (!ice)
		ice = ice_new();
	if (stun_parse(data, len, &msg))
		return 0;
	AT_ASSERT(msg.unknown_count <= STUN_UNKNOWN_MAX && msg.username_len <= STUN_USERNAME_MAX);
	AT_ASSERT(msg.integrity_at + 24 <= len || !msg.integrity_at);
	if (stun_local_ufrag(&msg, ufrag))
		AT_ASSERT(strlen(ufrag) == ICE_UFRAG_LEN);
	enum ice_verdict verdict = ice_handle(ice, &agent, 500, &from, &msg, &answer);
	bool authenticated = verdict == ICE_CHECK || verdict == ICE_REFUSED;
	AT_ASSERT(authenticated == (answer.reply_len > 0));
	if (!authenticated)
		return 0;
	AT_ASSERT(answer.reply_len <= ICE_REPLY_MAX && !stun_parse(answer.reply, answer.reply_len, &msg));
	AT_ASSERT(stun_fingerprint_ok(&msg));
	return 0;
}
