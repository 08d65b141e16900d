/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device trees for the tests: compiled from source with dtc, changed with libfdt, and laid before a
 * page that cannot be read, so that a read past the end is a crash although libfdt itself has no
 * sanitizer in it.
 */
#ifndef HERALD_TESTS_TREE_H
#define HERALD_TESTS_TREE_H

#include <dirent.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hyp/board.h"

#define TREE_DIR "tests/unit/fdt"
/* Room for a tree that a test changes. */
#define TREE_MAX (256 * 1024)

static const char *const tree_names[] = { "virt",     "versal", "sbsa", "manyits",
					  "uart8250", "cells1", "gicv2" };

/* Compiles @path and opens it in a buffer with room for changes; free() it. */
static inline void *tree_load_path(const char *path)
{
	static char blob[TREE_MAX];
	char command[1152];
	void *tree = aligned_alloc(8, TREE_MAX);
	size_t size;
	FILE *dtc;

	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb '%s'", path);
	dtc = popen(command, "r");
	size = dtc ? fread(blob, 1, sizeof(blob), dtc) : 0;
	if (!dtc || pclose(dtc) != 0 || size == 0 || !tree ||
	    fdt_open_into(blob, tree, TREE_MAX) != 0) {
		printf("Bail out! %s cannot be compiled with dtc\n", path);
		exit(1);
	}
	return tree;
}

static inline void *tree_load(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), TREE_DIR "/%s.dts", name);
	return tree_load_path(path);
}

/*
 * Calls @run with every tree in the directory that HERALD_FACTS names, if it is there. Returns how
 * many.
 */
static inline int tree_for_each_fact(void (*run)(const char *path, void *tree))
{
	const char *facts = getenv("HERALD_FACTS");
	struct dirent **list;
	char path[1024];
	int n, trees = 0;

	if (!facts)
		facts = "../shared/facts";
	n = scandir(facts, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(list[i]->d_name);

		if (len > 4 && strcmp(list[i]->d_name + len - 4, ".dts") == 0) {
			void *tree;

			snprintf(path, sizeof(path), "%s/%s", facts, list[i]->d_name);
			tree = tree_load_path(path);
			run(list[i]->d_name, tree);
			free(tree);
			trees++;
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return trees;
}

/* The node at @path, which must be there. */
static inline int tree_node(const void *tree, const char *path)
{
	int node = fdt_path_offset(tree, path);

	if (node < 0) {
		printf("Bail out! no node %s\n", path);
		exit(1);
	}
	return node;
}

/* A test's change to the tree must work. */
static inline void tree_must(int err)
{
	if (err < 0) {
		printf("Bail out! %s\n", fdt_strerror(err));
		exit(1);
	}
}

static inline void tree_del_prop(void *tree, const char *path, const char *name)
{
	tree_must(fdt_delprop(tree, tree_node(tree, path), name));
}

static inline void tree_set_string(void *tree, const char *path, const char *name,
				   const char *value)
{
	tree_must(fdt_setprop_string(tree, tree_node(tree, path), name, value));
}

/* Sets a property of @count cells. */
static inline void tree_set_cells(void *tree, const char *path, const char *name,
				  const uint32_t *cells, size_t count)
{
	fdt32_t value[64];

	for (size_t i = 0; i < count; i++)
		value[i] = cpu_to_fdt32(cells[i]);
	tree_must(fdt_setprop(tree, tree_node(tree, path), name, value, (int)(count * 4)));
}

#define TREE_CELLS(tree, path, name, ...)                                                          \
	do {                                                                                       \
		const uint32_t tree_cells[] = { __VA_ARGS__ };                                     \
		tree_set_cells(tree, path, name, tree_cells, sizeof(tree_cells) / 4);              \
	} while (0)

/* Memory whose end is the end of a page, with nothing readable behind it. */
struct tree_guard {
	char *map;
	size_t size;
};

static inline struct tree_guard tree_guard_new(size_t size)
{
	size_t pages = (size + 4095) / 4096 * 4096;
	struct tree_guard g = { NULL, pages };

	g.map = mmap(NULL, pages + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (g.map == MAP_FAILED || mprotect(g.map + pages, 4096, PROT_NONE) != 0) {
		printf("Bail out! no memory\n");
		exit(1);
	}
	return g;
}

/*
 * Where @size bytes must begin to be 8-byte aligned and end as close to the guard page as that
 * allows.
 */
static inline void *tree_guard_at(const struct tree_guard *g, size_t size)
{
	return g->map + g->size - (size + 7) / 8 * 8;
}

static inline void tree_guard_free(struct tree_guard *g)
{
	munmap(g->map, g->size + 4096);
}

/* xorshift64*: the same stream on every machine. */
static inline uint64_t tree_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/*
 * Calls @run with @rounds damaged copies of @tree: a few bytes changed (in a third of them by one
 * bit only), or cut off with a header that does not know, or with one that does.
 */
static inline void tree_damage(const void *tree, int rounds, uint64_t seed,
			       void (*run)(const void *tree, size_t size))
{
	size_t size = fdt_totalsize(tree);
	struct tree_guard g = tree_guard_new(size);
	uint64_t rnd = seed;

	for (int i = 0; i < rounds; i++) {
		size_t len = i % 4 == 3 ? tree_random(&rnd) % (size + 1) : size;
		unsigned char *copy = tree_guard_at(&g, len);
		int changes = i % 4 == 3 ? 0 : 1 + (int)(tree_random(&rnd) % 4);

		memcpy(copy, tree, len);
		for (int c = 0; c < changes; c++) {
			size_t at = tree_random(&rnd) % len;
			unsigned char was = copy[at];

			copy[at] = (unsigned char)(i % 3 == 0
							   ? was ^ (1u << (tree_random(&rnd) % 8))
							   : tree_random(&rnd));
		}
		if (i % 8 == 7 && len >= sizeof(struct fdt_header))
			fdt_set_totalsize(copy, (uint32_t)len);
		run(copy, len);
	}
	tree_guard_free(&g);
}

#endif
