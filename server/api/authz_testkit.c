#include "api/authz_testkit.h"

#include "base/rand.h"
#include "base/time.h"

#include <unistd.h>

const char *const role_names[ROLES] = {"owner", "member", "stranger", "other", "former", "blocked", "admin"};

struct authz authz;

bool is_outsider(enum role role)
{
	return role >= STRANGER;
}

struct scene {
	struct objects *objects;
	uint64_t author, other;
	bool left;
	struct at_id blob;
};

static enum at_err add_chat(struct store_tx *tx, void *msg)
{
	static uint64_t cid = 1000;
	struct scene *scene = msg;
	struct store_conv conv;
	static const char text[] = "{\"text\":\"" SECRET "\"}", note[] = "{\"kind\":\"voice\",\"mime\":\"audio/mp4\"}";
	enum at_err err = store_conv_direct(tx, scene->author, scene->other, at_wall_ms(), &conv);
	bool dup;
	struct store_entry entry = {.conv = conv.id,
				    .author = scene->author,
				    .device = 1,
				    .cid = ++cid,
				    .ts = at_wall_ms(),
				    .kind = STORE_TEXT,
				    .badge = 1,
				    .body = text,
				    .body_len = sizeof(text) - 1};
	if (err == AT_OK)
		err = store_entry_append(tx, &entry, &dup);
	struct store_entry second = {.conv = conv.id,
				     .author = scene->author,
				     .device = 1,
				     .cid = ++cid,
				     .ts = at_wall_ms(),
				     .kind = STORE_NOTE,
				     .badge = 1,
				     .body = note,
				     .body_len = sizeof(note) - 1};
	if (err == AT_OK)
		err = store_entry_append(tx, &second, &dup);
	struct store_blob blob = {.id = scene->blob,
				  .conv = conv.id,
				  .seq = second.seq,
				  .owner = scene->author,
				  .bytes = 5,
				  .mime = "audio/mp4",
				  .created = at_wall_ms()};
	if (err == AT_OK && !at_id_is_zero(&scene->blob))
		err = store_blob_add(tx, &blob);
	struct store_member member = {.conv = conv.id, .user = scene->author, .left_seq = 2};
	if (err == AT_OK && scene->left)
		err = store_member_put(tx, &member);
	scene->objects->conv = conv.id;
	scene->objects->seq = entry.seq;
	scene->objects->user = scene->other;
	return err;
}

static enum at_err add_block(struct store_tx *tx, void *msg)
{
	(void)msg;
	return store_block_set(tx, authz.users[OWNER], authz.users[BLOCKED], true);
}

void fresh_id(char hex[AT_ID_HEX_LEN + 1])
{
	struct at_id id;
	at_rand(&id, sizeof(id));
	at_id_hex(&id, hex);
}

static void on_temp(void *arg, enum at_err err, int fd)
{
	assert_int_equal(err, AT_OK);
	*(int *)arg = fd;
}

static void on_kept(void *arg, enum at_err err)
{
	assert_int_equal(err, AT_OK);
	*(bool *)arg = true;
}

static struct at_id blob_on_disk(void)
{
	struct at_id id;
	struct blobs *blobs;
	int fd = -1;
	bool kept = false;
	at_rand(&id, sizeof(id));
	assert_int_equal(blobs_open(authz.w.dir, authz.w.loop, &blobs), AT_OK);
	blob_temp(blobs, &id, on_temp, &fd);
	while (fd < 0)
		at_loop_step(authz.w.loop, 5);
	assert_int_equal(write(fd, "bytes", 5), 5);
	blob_keep(blobs, &id, fd, on_kept, &kept);
	while (!kept)
		at_loop_step(authz.w.loop, 5);
	blobs_close(&blobs);
	return id;
}

static void chat_of(struct objects *objects, uint64_t author, uint64_t other, bool left, const struct at_id *blob)
{
	struct scene scene = {.objects = objects, .author = author, .other = other, .left = left};
	if (blob) {
		scene.blob = *blob;
		at_id_hex(blob, objects->blob);
	} else {
		fresh_id(objects->blob);
	}
	assert_int_equal(store_run_now(authz.w.store, add_chat, &scene), AT_OK);
}

void live_room(struct client *c, struct objects *objects)
{
	static int cid = 7000;
	client_ask(c, "group.create", "\"cid\":%d,\"name\":\"g\",\"users\":[%d]", ++cid, (int)objects->user);
	objects->group = number_in(c->answer, "conv");
	fresh_id(objects->room);
	client_ask(c, "room.start", "\"room\":\"%s\",\"conv\":%d,\"kind\":\"voice\",\"ring\":true", objects->room,
		   (int)objects->group);
	if (!strstr(c->answer, "\"ok\""))
		fail_msg("room.start: %s", c->answer);
}

void live_objects(enum role role, struct objects *objects)
{
	struct client *c = &authz.clients[role];
	client_ask(c, "invite.create", "\"uses\":1,\"days\":1");
	client_ask(c, "invite.list", "%s", "");
	objects->invite = number_in(c->answer, "id");
	/* One call at a time. */
	if (objects->call[0]) {
		client_ask(c, "call.cancel", "\"call\":\"%s\",\"note\":false", objects->call);
		client_ask(c, "call.leave", "\"call\":\"%s\"", objects->call);
	}
	fresh_id(objects->call);
	client_ask(c, "call.start", "\"call\":\"%s\",\"conv\":%d,\"kind\":\"voice\"", objects->call,
		   (int)objects->conv);
	if (!strstr(c->answer, "\"ok\""))
		fail_msg("call.start: %s", c->answer);
	fresh_id(objects->rec);
	client_ask(c, "rec.start",
		   "\"rec\":\"%s\",\"conv\":%d,\"call\":null,\"kind\":\"voice\",\"mime\":\"audio/webm\",\"seg\":0",
		   objects->rec, (int)objects->conv);
	assert_non_null(strstr(c->answer, "\"ok\""));
	live_room(c, objects);
}

int authz_setup(void **state)
{
	(void)state;
	world_new(&authz.w);
	authz.w.limits.commands_per_s = authz.w.limits.messages_per_s = 0;
	for (int r = 0; r < ROLES; r++) {
		authz.users[r] = world_person(&authz.w, role_names[r], role_names[r], r == ADMIN);
		authz.devices[r] = world_device(&authz.w, authz.users[r], "laptop");
		authz.spare[r] = world_device(&authz.w, authz.users[r], "spare");
	}
	uint64_t friend = world_person(&authz.w, "friend", "Friend", false);
	struct at_id blob = blob_on_disk();
	chat_of(&authz.theirs, authz.users[OWNER], authz.users[MEMBER], false, &blob);
	chat_of(&authz.own[OTHER], authz.users[OTHER], friend, false, NULL);
	chat_of(&authz.own[FORMER], authz.users[FORMER], authz.users[OWNER], true, NULL);
	chat_of(&authz.own[BLOCKED], authz.users[BLOCKED], authz.users[OWNER], false, NULL);
	assert_int_equal(store_run_now(authz.w.store, add_block, NULL), AT_OK);
	authz.absent = (struct objects){.conv = 999999,
					.seq = 1,
					.user = 999999,
					.device = 999999,
					.invite = 999999,
					.group = 999999};
	fresh_id(authz.absent.room);
	fresh_id(authz.absent.call);
	fresh_id(authz.absent.rec);
	fresh_id(authz.absent.blob);
	world_start(&authz.w);
	for (int r = 0; r < ROLES; r++) {
		client_hello(&authz.clients[r], &authz.w, &authz.devices[r]);
		authz.own[r].device = authz.spare[r].id;
	}
	authz.theirs.device = authz.spare[OWNER].id;
	live_objects(OWNER, &authz.theirs);
	live_objects(OTHER, &authz.own[OTHER]);
	return 0;
}

int authz_teardown(void **state)
{
	(void)state;
	for (int r = 0; r < ROLES; r++)
		client_close(&authz.clients[r]);
	world_end(&authz.w);
	return at_log_unexpected_for_test();
}
