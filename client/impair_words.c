/* How a bad network is spelled. */
#include "base/str.h"
#include "client/impair.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS_MAX = 2, DELAY_MS_MAX = 10000, RATE_KBIT_MAX = 4000000, BURST_MAX = 1000 };

struct command {
	char word[16];
	double numbers[NUMBERS_MAX];
	unsigned n;
};

/* A word, then up to two numbers, a blank before each. */
static bool read_command(const char *line, struct command *command_out)
{
	size_t len = strcspn(line, " ");
	const char *at = line + len;
	char *end;

	*command_out = (struct command){0};
	if (len == 0 || len >= sizeof(command_out->word))
		return false;
	memcpy(command_out->word, line, len);
	while (*at == ' ' && command_out->n < NUMBERS_MAX) {
		double number = strtod(at + 1, &end);

		if (end == at + 1 || !(number >= 0))
			return false;
		command_out->numbers[command_out->n++] = number;
		at = end;
	}
	return *at == '\0';
}

static bool set_share(const struct command *command, double *share)
{
	if (command->n != 1 || command->numbers[0] > 100)
		return false;
	*share = command->numbers[0] / 100;
	return true;
}

static bool set_burst(struct impair_settings *settings, const struct command *command)
{
	if (command->n != 2 || command->numbers[0] > 100 || command->numbers[1] > BURST_MAX)
		return false;
	settings->loss = command->numbers[0] / 100;
	settings->burst = command->numbers[1];
	return true;
}

static bool set_delay(struct impair_settings *settings, const struct command *command)
{
	if (command->n < 1 || command->numbers[0] > DELAY_MS_MAX || command->numbers[1] > DELAY_MS_MAX)
		return false;
	settings->delay_us = (int64_t)(command->numbers[0] * 1000);
	settings->jitter_us = (int64_t)(command->numbers[1] * 1000);
	return true;
}

static bool set_rate(struct impair_settings *settings, const struct command *command)
{
	if (command->n != 1 || command->numbers[0] > RATE_KBIT_MAX)
		return false;
	settings->rate_bits_s = (uint32_t)(command->numbers[0] * 1000);
	return true;
}

static bool set(struct impair_settings *settings, const struct command *command)
{
	const char *word = command->word;

	if (at_str_eq(word, "loss")) {
		settings->burst = 0;
		return set_share(command, &settings->loss);
	}
	if (at_str_eq(word, "reorder"))
		return set_share(command, &settings->reorder);
	if (at_str_eq(word, "duplicate"))
		return set_share(command, &settings->duplicate);
	if (at_str_eq(word, "corrupt"))
		return set_share(command, &settings->corrupt);
	if (at_str_eq(word, "burst"))
		return set_burst(settings, command);
	if (at_str_eq(word, "delay"))
		return set_delay(settings, command);
	if (at_str_eq(word, "rate"))
		return set_rate(settings, command);
	if (at_str_eq(word, "cut"))
		settings->cut = true;
	else if (at_str_eq(word, "clear"))
		*settings = (struct impair_settings){0};
	else
		return false;
	return command->n == 0;
}

enum at_err impair_settings_set(struct impair_settings *settings, const char *line)
{
	struct impair_settings wanted = *settings;
	struct command command;

	if (!read_command(line, &command) || !set(&wanted, &command))
		return AT_ERR_BAD_REQUEST;
	*settings = wanted;
	return AT_OK;
}
