/* SPDX-License-Identifier: GPL-2.0-only */
/* Herald's own options: see boot/cmdline.h. */
#include "boot/cmdline.h"

#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* The next word from @at on, its length in *@len; NULL at the end of the line. */
static const char *cmdline_word(const char *at, size_t *len)
{
	while (is_blank(*at))
		at++;
	if (*at == '\0')
		return NULL;
	*len = 0;
	while (at[*len] != '\0' && !is_blank(at[*len]))
		(*len)++;
	return at;
}

/* The last word that is @name or begins with "@name="; NULL if there is none. */
static const char *cmdline_find(const char *line, const char *name, bool with_value, size_t *len)
{
	const char *found = NULL;
	size_t name_len = strlen(name);
	const char *word;
	size_t n = 0;

	for (word = cmdline_word(line, &n); word; word = cmdline_word(word + n, &n)) {
		if (n < name_len || memcmp(word, name, name_len) != 0)
			continue;
		if ((n == name_len && !with_value) || (n > name_len && word[name_len] == '=')) {
			found = word;
			*len = n;
		}
	}
	return found;
}

bool cmdline_has(const char *line, const char *name)
{
	size_t len;

	return cmdline_find(line, name, false, &len) != NULL;
}

int cmdline_get(const char *line, const char *name, char *buf, size_t size)
{
	size_t len = 0, skip = strlen(name) + 1;
	const char *word = cmdline_find(line, name, true, &len);

	if (size > 0)
		buf[0] = '\0';
	if (!word)
		return -ENOENT;
	if (len - skip >= size)
		return -ENOSPC;
	memcpy(buf, word + skip, len - skip);
	buf[len - skip] = '\0';
	return (int)(len - skip);
}
