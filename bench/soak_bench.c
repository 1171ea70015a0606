/* script/bench soak: a call beside a flood of strangers' packets, next to the same call in peace. */
#include "bench/session.h"
#include "bench/soak.h"

#include <getopt.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct soak_plan plan = {.seconds = 60, .packets_per_s = 50000, .seed = 20260131, .cpu = 0};
	struct soak_result flooded, peaceful;
	int option;

	while ((option = getopt(argc, argv, "t:r:s:")) != -1) {
		if (option == 't')
			plan.seconds = strtod(optarg, NULL);
		else if (option == 'r')
			plan.packets_per_s = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 's')
			plan.seed = strtoull(optarg, NULL, 10);
	}
	if (optind != argc || plan.seconds < 2)
		bench_die("usage: soak_bench [-t SECONDS] [-r PACKETS-A-SECOND] [-s SEED]");
	bench_pin(1);
	struct soak_plan peace = {.seconds = plan.seconds / 10 < 2 ? 2 : plan.seconds / 10, .seed = 1, .cpu = 0};

	soak_run(&peace, &peaceful);
	soak_run(&plan, &flooded);
	bench_print("soak_strange_per_s", (double)flooded.strange / plan.seconds, "packets/s");
	bench_print("soak_live_lost", (double)(flooded.live_sent - flooded.live_came), "packets");
	bench_print("soak_live_sent", (double)flooded.live_sent, "packets");
	bench_print("soak_live_p99_us", (double)flooded.live_p99_us, "us");
	bench_print("soak_peace_lost", (double)(peaceful.live_sent - peaceful.live_came), "packets");
	bench_print("soak_peace_p99_us", (double)peaceful.live_p99_us, "us");
	bench_print("soak_intruders", (double)flooded.intruders, "packets");
	bench_print("soak_moves", flooded.stats.legs[0].moves + flooded.stats.legs[1].moves, "moves");
	bench_print("soak_hints", (double)(flooded.events[MEDIA_SILENT] + flooded.events[MEDIA_MOVED]), "hints");
	bench_print("soak_lost_legs", (double)flooded.events[MEDIA_LOST], "legs");
	bench_print("soak_reply_share", (double)flooded.reply_bytes / (double)flooded.strange_bytes, "ratio");
	bench_print("soak_growth", (double)flooded.rss_after - (double)flooded.rss_before, "bytes");
	return flooded.still_passes ? 0 : 1;
}
