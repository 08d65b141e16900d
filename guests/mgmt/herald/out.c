// SPDX-License-Identifier: GPL-2.0-only
/* Output: tables for people, JSON for programs, from the same calls. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "herald.h"

#define MAX_COLUMNS 20
#define MAX_DEPTH 8

bool out_json;

static char closing[MAX_DEPTH]; /* of the JSON structures that are open */
static bool begun[MAX_DEPTH]; /* they have an element */
static unsigned int depth;

static struct {
	bool open;
	bool row_open; /* JSON: an object for the row */
	unsigned int columns;
	char *titles;
	char *title[MAX_COLUMNS];
	bool left[MAX_COLUMNS];
	char **cell; /* rows of as many as there are columns */
	size_t cells, room;
} table;

static void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c > '~')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void json_key(const char *key)
{
	if (depth && begun[depth - 1])
		printf(",");
	if (depth)
		begun[depth - 1] = true;
	if (!key)
		return;
	json_string(key);
	putchar(':');
}

static void json_open(const char *key, char open, char close)
{
	json_key(key);
	putchar(open);
	closing[depth] = close;
	begun[depth++] = false;
}

static void json_close(void)
{
	putchar(closing[--depth]);
	if (!depth)
		putchar('\n');
}

void out_object(const char *key)
{
	if (out_json)
		json_open(key, '{', '}');
}

void out_array(const char *key)
{
	if (out_json)
		json_open(key, '[', ']');
}

void out_end(void)
{
	if (out_json)
		json_close();
}

static void table_add(const char *text)
{
	if (table.cells == table.room) {
		table.room = table.room ? table.room * 2 : 64;
		table.cell = realloc(table.cell, table.room * sizeof(*table.cell));
		if (!table.cell)
			die("no memory");
	}
	table.cell[table.cells] = strdup(text);
	if (!table.cell[table.cells++])
		die("no memory");
}

/* One value, as text: a cell, or a line with its name, in which underscores are blanks if it is no register's. */
static void text_value(const char *key, const char *val)
{
	char name[64];
	size_t i;

	if (table.open) {
		table_add(val);
		return;
	}
	snprintf(name, sizeof(name), "%s:", key);
	for (i = 0; name[i]; i++)
		if (name[i] == '_' && *key >= 'a')
			name[i] = ' ';
	printf("%-28s%s\n", name, val);
}

static void value(const char *key, const char *json, const char *text)
{
	if (out_json) {
		json_key(key);
		fputs(json, stdout);
	} else {
		text_value(key, text);
	}
}

void out_num(const char *key, u64 val)
{
	char s[32];

	snprintf(s, sizeof(s), "%llu", (unsigned long long)val);
	value(key, s, s);
}

void out_hex(const char *key, u64 val)
{
	char s[32], hex[32];

	snprintf(s, sizeof(s), "%llu", (unsigned long long)val);
	snprintf(hex, sizeof(hex), "%#llx", (unsigned long long)val);
	value(key, s, hex);
}

void out_reg(const char *key, u64 val)
{
	char s[32], json[40];

	snprintf(s, sizeof(s), "0x%016llx", (unsigned long long)val);
	snprintf(json, sizeof(json), "\"%s\"", s);
	value(key, json, s);
}

void out_real(const char *key, double val)
{
	char s[64];

	snprintf(s, sizeof(s), "%.1f", val);
	value(key, s, s);
}

void out_none(const char *key)
{
	value(key, "null", "-");
}

void out_text(const char *key, const char *val)
{
	if (!*val) {
		out_none(key);
	} else if (out_json) {
		json_key(key);
		json_string(val);
	} else {
		text_value(key, val);
	}
}

void out_bool(const char *key, bool val, const char *yes, const char *no)
{
	value(key, val ? "true" : "false", val ? yes : no);
}

void out_bytes(const char *key, u64 val)
{
	char s[32], text[32];

	snprintf(s, sizeof(s), "%llu", (unsigned long long)val);
	if (val && val < 10 * SZ_1M)
		snprintf(text, sizeof(text), "%llu KiB", (unsigned long long)((val + 1023) / 1024));
	else
		snprintf(text, sizeof(text), "%.1f MiB", (double)val / (double)SZ_1M);
	value(key, s, val ? text : "0");
}

void table_start(const char *key, const char *columns)
{
	char *word, *save = NULL;

	if (out_json) {
		json_open(key, '[', ']');
		return;
	}
	table.open = true;
	table.columns = 0;
	table.cells = 0;
	table.titles = strdup(columns);
	if (!table.titles)
		die("no memory");
	for (word = strtok_r(table.titles, " ", &save); word && table.columns < MAX_COLUMNS;
	     word = strtok_r(NULL, " ", &save)) {
		table.left[table.columns] = *word == '<';
		table.title[table.columns++] = word + (*word == '<');
	}
}

void table_row(void)
{
	if (!out_json)
		return;
	if (table.row_open)
		json_close();
	json_open(NULL, '{', '}');
	table.row_open = true;
}

static void print_cell(const char *text, unsigned int column, size_t width)
{
	const char *gap = column ? "  " : "";

	if (!table.left[column])
		printf("%s%*s", gap, (int)width, text);
	else if (column + 1 == table.columns)
		printf("%s%s", gap, text); /* no blanks at the line's end */
	else
		printf("%s%-*s", gap, (int)width, text);
}

static void table_print(size_t limit)
{
	size_t width[MAX_COLUMNS], rows = table.cells / table.columns, r;
	unsigned int c;

	for (c = 0; c < table.columns; c++) {
		width[c] = strlen(table.title[c]);
		for (r = 0; r < rows; r++)
			width[c] = MAX(width[c], strlen(table.cell[r * table.columns + c]));
		print_cell(table.title[c], c, width[c]);
	}
	putchar('\n');
	for (r = 0; r < rows && (!limit || r < limit); r++) {
		for (c = 0; c < table.columns; c++)
			print_cell(table.cell[r * table.columns + c], c, width[c]);
		putchar('\n');
	}
}

void table_end(size_t limit)
{
	size_t i;

	if (out_json) {
		if (table.row_open)
			json_close();
		table.row_open = false;
		json_close();
		return;
	}
	table_print(limit);
	for (i = 0; i < table.cells; i++)
		free(table.cell[i]);
	free(table.titles);
	table.open = false;
}

void out_line(const char *fmt, ...)
{
	va_list ap;

	if (out_json)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}
