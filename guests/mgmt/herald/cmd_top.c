// SPDX-License-Identifier: GPL-2.0-only
/*
 * herald top: two looks and what is between them. On a terminal again and again, in place, until q; without one, printed
 * one after the other.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "herald.h"

/* Lines that are not rows of interrupts: two heads, two titles, a gap between; the VMs come on top. */
#define FIXED_LINES 6
#define DEFAULT_LINES 24

struct vm_look {
	struct herald_vm_info info;
	u64 exits[HERALD_NR_EXITS];
	u32 running;
};

struct look {
	double at;
	struct herald_stats st;
	struct vm_look *vms;
	size_t nr_vms;
	struct irq *irqs;
	size_t nr_irqs;
};

static struct termios saved;
static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void look_vm(struct vm_look *v, const struct herald_vm_info *info)
{
	void *found;
	long n = el2_list(info->handle, HERALD_LIST_VCPUS, 0, &found), i;
	const struct herald_vcpu_info *c = found;

	*v = (struct vm_look){ .info = *info };
	for (i = 0; i < n; i++, c++) {
		u32 k;

		v->running += c->state == HERALD_VCPU_RUNNING;
		for (k = 0; k < HERALD_NR_EXITS; k++)
			v->exits[k] += c->exits[k];
	}
	free(found);
}

static void look(struct look *l)
{
	const struct options all = { 0 };
	struct herald_vm_info *vms;
	size_t i, n;

	*l = (struct look){ .at = now(), .st = el2_stats() };
	vms = el2_vms(&all, &l->nr_vms);
	l->vms = calloc(l->nr_vms + 1, sizeof(*l->vms));
	if (!l->vms)
		die("no memory");
	for (i = 0; i < l->nr_vms; i++) {
		struct irq *irqs;

		look_vm(&l->vms[i], &vms[i]);
		n = el2_irqs(&vms[i], &irqs);
		l->irqs = realloc(l->irqs, (l->nr_irqs + n + 1) * sizeof(*irqs));
		if (!l->irqs)
			die("no memory");
		memcpy(l->irqs + l->nr_irqs, irqs, n * sizeof(*irqs));
		l->nr_irqs += n;
		free(irqs);
	}
	qsort(l->irqs, l->nr_irqs, sizeof(*l->irqs), irq_order);
	free(vms);
}

static void look_free(struct look *l)
{
	free(l->vms);
	free(l->irqs);
	*l = (struct look){ 0 };
}

static const struct vm_look *find_vm(const struct look *l, u64 handle)
{
	size_t i;

	for (i = 0; i < l->nr_vms; i++)
		if (l->vms[i].info.handle == handle)
			return &l->vms[i];
	return NULL;
}

/* How often it came since the look before; a wrap of 32 bits is none. */
static u32 came(const struct irq *irq, const struct look *before)
{
	const struct irq *b = bsearch(irq, before->irqs, before->nr_irqs, sizeof(*irq), irq_order);

	return b ? irq->i.count - b->i.count : 0;
}

static double rate(u64 after, u64 before, double seconds)
{
	return after >= before ? (double)(after - before) / seconds : 0;
}

static double vm_rate(const struct look *l, const u32 *since, u32 vm, double seconds, bool lpis)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < l->nr_irqs; i++)
		if (l->irqs[i].vm == vm && irq_is_lpi(&l->irqs[i]) == lpis)
			sum += since[i];
	return sum / seconds;
}

static void show_vms(const struct look *a, const struct look *b, const u32 *since, double seconds)
{
	static const struct vm_look none;
	size_t i;

	table_start(
		"vms",
		"VM VCPUS RUNNING LPI/s SPI/s FAULT/s WFI/s INTERRUPTED/s EVENTS MEMORY POOL <COMMAND");
	for (i = 0; i < b->nr_vms; i++) {
		const struct vm_look *v = &b->vms[i], *old = find_vm(a, v->info.handle);
		char name[32] = "(management VM)";

		if (!old)
			old = &none;
		if (v->info.id)
			name_owner(v->info.handle, name, sizeof(name));
		table_row();
		out_num("vm", v->info.id);
		out_num("vcpus", v->info.nr_vcpus);
		out_num("running", v->running);
		out_real("lpi_rate", vm_rate(b, since, v->info.id, seconds, true));
		out_real("spi_rate", vm_rate(b, since, v->info.id, seconds, false));
		out_real("fault_rate",
			 rate(v->exits[HERALD_EXIT_FAULT], old->exits[HERALD_EXIT_FAULT], seconds));
		out_real("wfi_rate",
			 rate(v->exits[HERALD_EXIT_WFI], old->exits[HERALD_EXIT_WFI], seconds));
		out_real("interrupted_rate", rate(v->exits[0], old->exits[0], seconds));
		out_num("events", v->exits[HERALD_EXIT_SYSTEM_EVENT]);
		out_bytes("memory", v->info.lent_pages * 4096);
		out_bytes("pool_used", v->info.pool_used);
		out_text("command", name);
	}
	table_end(0);
}

static const u32 *sort_since;

static int by_rate(const void *pa, const void *pb)
{
	size_t a = *(const size_t *)pa, b = *(const size_t *)pb;

	if (sort_since[a] != sort_since[b])
		return sort_since[a] > sort_since[b] ? -1 : 1;
	return a < b ? -1 : 1;
}

/* Those that came, the most frequent first. */
static void show_irqs(const struct look *l, const u32 *since, double seconds, size_t rows)
{
	size_t *order = calloc(l->nr_irqs + 1, sizeof(*order)), i;

	if (!order)
		die("no memory");
	for (i = 0; i < l->nr_irqs; i++)
		order[i] = i;
	sort_since = since;
	qsort(order, l->nr_irqs, sizeof(*order), by_rate);
	table_start("irqs", "RATE/s COUNT VM <TYPE INTID <REQUESTER DEVID EVENT VCPU <NAME");
	for (i = 0; i < l->nr_irqs && since[order[i]]; i++) {
		const struct irq *q = &l->irqs[order[i]];
		bool lpi = irq_is_lpi(q);
		char bdf[16], name[48];

		table_row();
		out_real("rate", since[order[i]] / seconds);
		out_num("count", q->i.count);
		out_num("vm", q->vm);
		out_text("type", lpi ? "LPI" : "SPI");
		out_num("intid", q->i.intid);
		out_text("requester", name_requester(q->requester, bdf));
		if (lpi) {
			out_hex("devid", q->i.devid);
			out_num("eventid", q->i.eventid);
		} else {
			out_none("devid");
			out_none("eventid");
		}
		if (q->i.vcpu == HERALD_NONE)
			out_none("vcpu");
		else
			out_num("vcpu", q->i.vcpu);
		out_text("name", name_irq(q, name, sizeof(name)));
	}
	table_end(rows);
	free(order);
}

/* @lines of the terminal; 0: there is none. */
static void show(const struct look *a, const struct look *b, size_t lines)
{
	double seconds = b->at - a->at;
	u32 *since = calloc(b->nr_irqs + 1, sizeof(*since));
	size_t i, used = FIXED_LINES + b->nr_vms;

	if (!since)
		die("no memory");
	if (seconds < 1e-3)
		seconds = 1e-3;
	for (i = 0; i < b->nr_irqs; i++)
		since[i] = came(&b->irqs[i], a);
	out_object(NULL);
	out_line("herald: %llu CPUs, %llu VMs; pool %llu of %llu KiB; %llu host LPIs",
		 (unsigned long long)b->st.cpus, (unsigned long long)b->st.vms,
		 (unsigned long long)b->st.pool_used / 1024,
		 (unsigned long long)b->st.pool_size / 1024, (unsigned long long)b->st.host_lpis);
	out_line(
		"MSIs of hardware: %.1f a second delivered, %llu blocked, %llu unmapped, %llu late, %llu dropped\n",
		rate(b->st.msi_delivered, a->st.msi_delivered, seconds),
		(unsigned long long)b->st.msi_blocked, (unsigned long long)b->st.msi_unmapped,
		(unsigned long long)b->st.msi_late, (unsigned long long)b->st.msi_dropped);
	if (out_json) {
		out_real("seconds", seconds);
		out_real("msi_rate", rate(b->st.msi_delivered, a->st.msi_delivered, seconds));
		out_num("pool_used", b->st.pool_used);
	}
	show_vms(a, b, since, seconds);
	out_line("%s", "");
	show_irqs(b, since, seconds, lines ? (lines > used + 1 ? lines - used - 1 : 1) : 0);
	out_end();
	free(since);
}

static void terminal_restore(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	fputs("\033[?25h\n", stdout);
	fflush(stdout);
}

static bool terminal_setup(void)
{
	struct termios raw;

	if (out_json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &saved))
		return false;
	raw = saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	atexit(terminal_restore);
	fputs("\033[?25l\033[2J", stdout);
	return true;
}

static size_t terminal_lines(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row ? DEFAULT_LINES : w.ws_row;
}

/* Waits; true: a key says that it is to end. */
static bool wait_or_quit(double seconds, bool terminal)
{
	double end = now() + seconds;

	while (!stop && now() < end) {
		struct pollfd p = { .fd = terminal ? STDIN_FILENO : -1, .events = POLLIN };
		char key;

		if (poll(&p, 1, (int)((end - now()) * 1000) + 1) <= 0)
			continue;
		if (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q' || key == 3)
			return true;
	}
	return stop;
}

int cmd_top(const struct options *o)
{
	struct sigaction act = { .sa_handler = on_signal };
	unsigned long rounds = o->rounds, i;
	struct look a, b;
	bool terminal;

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	terminal = terminal_setup();
	if (!rounds && !terminal)
		rounds = 1;
	look(&a);
	/* On a terminal the first picture is at once: nothing but what there is. */
	if (terminal) {
		fputs("\033[H", stdout);
		show(&a, &a, terminal_lines());
		fflush(stdout);
	}
	for (i = 0; !rounds || i < rounds; i++) {
		if (wait_or_quit(o->delay, terminal))
			break;
		look(&b);
		if (terminal)
			fputs("\033[H\033[J", stdout);
		else if (i && !out_json)
			putchar('\n');
		show(&a, &b, terminal ? terminal_lines() : 0);
		if (fflush(stdout))
			die("standard output is gone");
		look_free(&a);
		a = b;
		name_refresh();
	}
	look_free(&a);
	return EXIT_SUCCESS;
}
