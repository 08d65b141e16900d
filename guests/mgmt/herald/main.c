// SPDX-License-Identifier: GPL-2.0-only
/* herald: what the hypervisor under this machine does. Subcommands, options, help. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "herald.h"

#define VERSION "0.1.0"

static const struct command {
	const char *name;
	int (*run)(const struct options *o);
	const char *args;
	const char *options; /* letters of getopt, beyond those that all have */
	bool takes_vm;
	const char *summary;
	const char *help;
} commands[] = {
	{ "ls", cmd_ls, "[VM]", "", true, "virtual machines; of one VM, its vCPUs",
	  "VM 0 is the management VM. MEMORY is what the VM has of the management VM's memory now; POOL is\n"
	  "what it uses of Herald's own. PID and COMMAND are the process that made it.\n"
	  "The columns of vCPUs after CPU count how they returned to the management VM.\n" },
	{ "irq", cmd_irq, "[VM]", "", true,
	  "interrupts: requester ID, DeviceID, EventID, LPI, vCPU, counts",
	  "SPIs that are in use, then LPIs, each with the event that it is mapped to. COUNT is how often it\n"
	  "became pending. STATE: e enabled, p pending, a active. NAME is what Linux here calls it (VM 0).\n" },
	{ "its", cmd_its, "[VM]", "", true,
	  "virtual ITSes: registers, devices, collections, commands, errors",
	  "Commands and errors that were counted; errors have the architecture's names (IHI 0069).\n" },
	{ "stat", cmd_stat, "", "", false, "Herald's own figures: memory, VMs, MSIs", "" },
	{ "top", cmd_top, "[-d SECONDS] [-n ROUNDS]", "d:n:", false, "what happens now, live",
	  "  -d SECONDS   between two looks (1)\n"
	  "  -n ROUNDS    end after so many; without a terminal it is 1\n"
	  "On a terminal: q ends it.\n" },
	{ "dmesg", cmd_dmesg, "[-w]", "w", false, "Herald's log",
	  "  -w, --follow   go on, and print what comes\n" },
};

/* Names that are to come: they get an answer of their own. */
static const char *const planned[] = { "run", "stop", "console", "pci" };

static const char *running; /* the subcommand, for messages */

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "herald%s%s: ", running ? " " : "", running ? running : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(EXIT_FAILURE);
}

static void usage(FILE *f)
{
	size_t i;

	fprintf(f, "usage: herald COMMAND [--json] [ARGUMENTS]\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-7s%-26s%s\n", commands[i].name, commands[i].args,
			commands[i].summary);
	fprintf(f, "\n"
		   "  --json      for programs: one JSON value (top, dmesg -w: one a line)\n"
		   "  --help      this, or `herald COMMAND --help`\n"
		   "  --version\n\n"
		   "Exit status: 0, 1 if it could not be done, 2 if the command line is wrong.\n");
}

static void command_usage(FILE *f, const struct command *c)
{
	fprintf(f, "usage: herald %s [--json]%s%s\n\n%s.\n", c->name, *c->args ? " " : "", c->args,
		c->summary);
	if (*c->help)
		fprintf(f, "\n%s", c->help);
}

static _Noreturn void wrong(const struct command *c, const char *what, const char *arg)
{
	fprintf(stderr, "herald %s: %s%s%s\n", c->name, what, arg ? ": " : "", arg ? arg : "");
	command_usage(stderr, c);
	exit(EXIT_USAGE);
}

/* A whole number up to @max. */
static bool parse_number(const char *s, unsigned long max, unsigned long *val)
{
	char *end;

	errno = 0;
	*val = strtoul(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && !errno && *val <= max;
}

static void parse_option(const struct command *c, int opt, struct options *o)
{
	char *end;

	switch (opt) {
	case 'j':
		o->json = true;
		break;
	case 'h':
		command_usage(stdout, c);
		exit(EXIT_SUCCESS);
	case 'w':
		o->follow = true;
		break;
	case 'd':
		o->delay = strtod(optarg, &end);
		if (end == optarg || *end || !(o->delay >= 0.1 && o->delay <= 3600))
			wrong(c, "-d wants seconds, 0.1 to 3600", optarg);
		break;
	case 'n':
		if (!parse_number(optarg, 1000000000, &o->rounds) || !o->rounds)
			wrong(c, "-n wants a number, 1 or more", optarg);
		break;
	default:
		command_usage(stderr, c);
		exit(EXIT_USAGE);
	}
}

static int run(const struct command *c, int argc, char **argv)
{
	static const struct option all[] = { { "json", no_argument, NULL, 'j' },
					     { "help", no_argument, NULL, 'h' },
					     { "follow", no_argument, NULL, 'w' },
					     { NULL, 0, NULL, 0 } };
	struct options o = { .delay = 1 };
	unsigned long vm;
	char letters[16];
	int opt;

	running = c->name;
	snprintf(letters, sizeof(letters), "h%s", c->options);
	while ((opt = getopt_long(argc, argv, letters, all, NULL)) != -1) {
		if (opt == 'w' && !strchr(c->options, 'w'))
			wrong(c, "it has no option", "--follow");
		parse_option(c, opt, &o);
	}
	if (optind < argc && c->takes_vm) {
		if (!parse_number(argv[optind], 254, &vm))
			wrong(c, "not the number of a VM", argv[optind]);
		o.has_vm = true;
		o.vm = (u32)vm;
		optind++;
	}
	if (optind < argc)
		wrong(c, "too many arguments", argv[optind]);
	out_json = o.json;
	el2_open();
	opt = c->run(&o);
	if (fflush(stdout) || ferror(stdout))
		die("standard output: %s", strerror(errno));
	return opt;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	size_t i;

	/* --json may stand before the command, too. */
	if (name && !strcmp(name, "--json") && argc > 2) {
		argv[1] = argv[2];
		argv[2] = (char *)"--json";
		name = argv[1];
	}
	if (!name) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		usage(stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(name, "--version")) {
		printf("herald %s\n", VERSION);
		return EXIT_SUCCESS;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return run(&commands[i], argc - 1, argv + 1);
	for (i = 0; i < ARRAY_SIZE(planned); i++) {
		if (!strcmp(name, planned[i])) {
			fprintf(stderr, "herald: this version has no command \"%s\" yet\n", name);
			return EXIT_USAGE;
		}
	}
	fprintf(stderr, "herald: no command \"%s\"; `herald --help` lists them\n", name);
	return EXIT_USAGE;
}
