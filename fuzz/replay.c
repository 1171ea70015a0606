/* Runs one fuzz target over the files of the given directories: what once crashed stays a test, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { INPUT_MAX = 4 * 1024 * 1024 };

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return 0;
	uint8_t *data = malloc(INPUT_MAX);
	size_t len = data ? fread(data, 1, INPUT_MAX, f) : 0;
	fclose(f);
	/* Of its own size, so that a read past its end is seen. */
	uint8_t *exact = malloc(len ? len : 1);
	for (size_t i = 0; exact && i < len; i++)
		exact[i] = data[i];
	free(data);
	if (exact)
		LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return 1;
}

static int run_dir(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char name[4096];
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			n += run_file(name);
	}
	if (dir)
		closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;
	for (int i = 1; i < argc; i++)
		n += run_dir(argv[i]);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("%d inputs\n", n);
	return 0;
}
