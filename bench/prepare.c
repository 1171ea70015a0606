#include "auth/auth.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "bench/session.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum at_err add_person(struct store_tx *tx, const char *prefix, size_t number, uint64_t *id_out)
{
	char username[32], name[32];
	struct store_user user = {.username = username,
				  .name = name,
				  .password = "",
				  .receipts = true,
				  .created = at_wall_ms()};

	snprintf(username, sizeof(username), "%s%zu", prefix, number);
	snprintf(name, sizeof(name), "Person %s %zu", prefix, number);
	return store_user_add(tx, &user, id_out);
}

static enum at_err add_device(struct store_tx *tx, uint64_t user, struct bench_device *device)
{
	uint8_t secret[32];
	struct store_device row = {.user = user,
				   .name = "Load generator",
				   .created = at_wall_ms(),
				   .seen = at_wall_ms()};

	at_rand(secret, sizeof(secret));
	at_base64url(secret, sizeof(secret), device->token);
	auth_token_hash(device->token, row.token_hash);
	device->user = user;
	return store_device_add(tx, &row, &device->id);
}

static enum at_err add_person_with_device(struct store_tx *tx, const char *prefix, size_t number,
					  struct bench_device *device)
{
	uint64_t user;
	enum at_err err = add_person(tx, prefix, number, &user);

	return err ? err : add_device(tx, user, device);
}

static enum at_err add_chat(struct store_tx *tx, uint64_t a, uint64_t b, uint64_t *conv_out)
{
	struct store_conv conv;
	enum at_err err = store_conv_direct(tx, a, b, at_wall_ms(), &conv);

	*conv_out = err ? 0 : conv.id;
	return err;
}

static enum at_err add_pairs(struct store_tx *tx, struct bench_plan *plan)
{
	enum at_err err = AT_OK;

	plan->pair_devices = calloc(2 * plan->pairs + 1, sizeof(*plan->pair_devices));
	plan->pair_convs = calloc(plan->pairs + 1, sizeof(*plan->pair_convs));
	for (size_t i = 0; i < 2 * plan->pairs && !err; i++)
		err = add_person_with_device(tx, "pair", i, &plan->pair_devices[i]);
	for (size_t k = 0; k < plan->pairs && !err; k++)
		err = add_chat(tx, plan->pair_devices[2 * k].user, plan->pair_devices[2 * k + 1].user,
			       &plan->pair_convs[k]);
	return err;
}

static enum at_err add_fan(struct store_tx *tx, struct bench_plan *plan)
{
	uint64_t user;
	enum at_err err;

	if (plan->fan_devices == 0)
		return AT_OK;
	plan->fan = calloc(plan->fan_devices, sizeof(*plan->fan));
	err = add_person(tx, "fan", 0, &user);
	for (size_t i = 0; i < plan->fan_devices && !err; i++)
		err = add_device(tx, user, &plan->fan[i]);
	if (!err)
		err = add_person_with_device(tx, "fan", 1, &plan->fan_partner);
	return err ? err : add_chat(tx, user, plan->fan_partner.user, &plan->fan_conv);
}

static enum at_err fill(struct store_tx *tx, void *msg)
{
	struct bench_plan *plan = msg;
	enum at_err err = add_pairs(tx, plan);

	if (!err)
		err = add_fan(tx, plan);
	plan->idle_devices = calloc(plan->idle + 1, sizeof(*plan->idle_devices));
	for (size_t i = 0; i < plan->idle && !err; i++)
		err = add_person_with_device(tx, "idle", i, &plan->idle_devices[i]);
	return err;
}

void bench_prepare(const char *dir, struct bench_plan *plan)
{
	struct store *store;
	enum at_err err = store_open(dir, NULL, &store);

	if (!err) {
		err = store_run_now(store, fill, plan);
		store_close(&store);
	}
	if (err)
		bench_die("%s could not be filled: %s", dir, at_err_name(err));
}

void bench_plan_release(struct bench_plan *plan)
{
	free(plan->pair_devices);
	free(plan->pair_convs);
	free(plan->fan);
	free(plan->idle_devices);
}
