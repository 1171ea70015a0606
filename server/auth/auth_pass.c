/* Argon2id, on a thread of its own: it takes a tenth of a second and 64 MiB, so the queue in front of it is short. */
#include "auth/auth_priv.h"

#include "base/mem.h"

#include <sodium.h>
#include <string.h>

enum { PASS_OPS = 3, PASS_MEM = 64 * 1024 * 1024 };

/* A hash of nothing in particular with the same parameters: what an unknown username is compared with. */
static const char dummy[] =
	"$argon2id$v=19$m=65536,t=3,p=1$bm8gb25lIGxpdmVzIGhlcg$c29tZXRoaW5nIHRoYXQgbm8gcGFzc3dvcmQgZml0cyE";

struct pass_job {
	struct auth *auth;
	char *password;
	char *stored; /* NULL: make one */
	char hash[crypto_pwhash_STRBYTES];
	enum at_err err;
	bool ok;
	auth_pass_fn *done;
	void *arg;
};

static void job_free(struct pass_job *job)
{
	sodium_memzero(job->password, strlen(job->password));
	at_free(job->password);
	at_free(job->stored);
	at_free(job);
}

static void finished(void *msg)
{
	struct pass_job *job = msg;
	job->auth->hashing--;
	job->done(job->arg, job->auth->closing ? AT_ERR_CLOSED : job->err, job->hash, job->ok);
	job_free(job);
}

static void run(void *ctx, void *msg)
{
	(void)ctx;
	struct pass_job *job = msg;
	size_t len = strlen(job->password);
	if (job->stored)
		job->ok = crypto_pwhash_str_verify(job->stored, job->password, len) == 0;
	else if (crypto_pwhash_str(job->hash, job->password, len, PASS_OPS, PASS_MEM) != 0)
		job->err = AT_ERR_BUSY; /* no memory for it now */
	at_loop_post(job->auth->loop, finished, job);
}

static enum at_err start(struct auth *auth, const char *password, const char *stored, auth_pass_fn *done, void *arg)
{
	struct pass_job *job = at_alloc(sizeof(*job));
	job->auth = auth;
	job->password = at_strdup(password);
	job->stored = at_strdup(stored);
	job->done = done;
	job->arg = arg;
	enum at_err err = auth->closing ? AT_ERR_CLOSED : at_worker_post(auth->worker, run, job);
	if (err != AT_OK)
		job_free(job);
	else
		auth->hashing++;
	return err;
}

enum at_err auth_pass_make(struct auth *auth, const char *password, auth_pass_fn *done, void *arg)
{
	return start(auth, password, NULL, done, arg);
}

enum at_err auth_pass_check(struct auth *auth, const char *password, const char *stored, auth_pass_fn *done, void *arg)
{
	return start(auth, password, stored && *stored ? stored : dummy, done, arg);
}

enum at_err auth_pass_hash_now(const char *password, char **hash_out)
{
	char hash[crypto_pwhash_STRBYTES];
	*hash_out = NULL;
	if (crypto_pwhash_str(hash, password, strlen(password), PASS_OPS, PASS_MEM) != 0)
		return AT_ERR_BUSY;
	*hash_out = at_strdup(hash);
	return AT_OK;
}
