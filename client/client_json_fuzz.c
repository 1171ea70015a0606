#include "client/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void walk(struct json value, int depth)
{
	struct json element;
	struct at_id id;
	char text[64];
	size_t pos = 0;

	(void)json_int(value, 0);
	(void)json_str(value, text, sizeof(text));
	(void)json_id(value, &id);
	for (int n = 0; n < 64 && depth < 8 && json_each(value, &pos, &element); n++)
		walk(element, depth + 1);
	element = json_get(value, "ok");
	if (element.len > 0 && depth < 8)
		walk(element, depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	walk(json_of(data, len), 0);
	return 0;
}
