// SPDX-License-Identifier: GPL-2.0-only
/* herald dmesg: Herald's log, whole lines of printable characters. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "herald.h"

#define POLL_US 200000

/* "[    0.001232] herald: text" */
static void show_line(char *line)
{
	char *end = NULL, *text = strstr(line, "] ");
	double at = *line == '[' ? strtod(line + 1, &end) : 0;

	if (!out_json) {
		printf("%s\n", line);
		return;
	}
	out_object(NULL);
	if (text && end == text)
		out_real("ms", at * 1000);
	else
		out_none("ms");
	text = text && end == text ? text + 2 : line;
	if (!strncmp(text, "herald: ", 8))
		text += 8;
	out_text("text", text);
	out_end();
}

/* What has come since; lines may go across two calls. */
static void show_new(struct herald_log *l, char *line, size_t size, size_t *len)
{
	do {
		u64 from = l->position;
		size_t i;
		int err = el2_request(HERALD_READ_LOG, l);

		if (err)
			die("HERALD_READ_LOG: %s", strerror(-err));
		if (l->position - l->len > from)
			fprintf(stderr, "herald dmesg: %llu bytes are lost: the log was full\n",
				(unsigned long long)(l->position - l->len - from));
		for (i = 0; i < l->len && i < HERALD_LOG_TEXT; i++) {
			char c = ((const char *)l->text)[i];

			if (c != '\n' && *len + 1 < size) {
				line[(*len)++] = c;
				continue;
			}
			line[*len] = 0;
			*len = 0;
			show_line(line);
		}
	} while (l->len);
}

int cmd_dmesg(const struct options *o)
{
	static struct herald_log l;
	char line[512];
	size_t len = 0;

	if (!o->follow)
		out_array(NULL);
	do {
		show_new(&l, line, sizeof(line), &len);
		if (fflush(stdout))
			die("standard output: %s", strerror(errno));
		if (o->follow)
			usleep(POLL_US);
	} while (o->follow);
	out_end();
	return EXIT_SUCCESS;
}
