// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boots an arm64 Image (Linux's Documentation/arch/arm64/booting.rst): memory, a GICv3, an ITS if KVM has one, a UART that
 * only sends, and a bell: a store of an EventID makes the VMM raise that MSI. One thread per vCPU, each on a CPU of its own
 * as far as there are any.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm.h"

#define RAM_SIZE 0x8000000
#define FDT_AT 0x7e00000 /* in RAM, on 2 MiB */
#define FDT_ROOM 0x10000
#define IMAGE_MAX FDT_AT
#define IMAGE_MAGIC 0x644d5241 /* "ARM\x64" */
#define IMAGE_MIN 64
#define UART_IPA 0x09000000
#define UART_DR 0
#define BELL_IPA 0x0b000000
#define BELL_DEVID 0x42

struct guest {
	struct vm vm;
	struct machine machine;
	u8 *ram;
	u64 entry;
	pthread_mutex_t ended_lock;
	pthread_cond_t ended_cond;
	bool ended;
	int status;
};

struct vcpu_thread {
	struct guest *guest;
	int id;
	pthread_t thread;
};

static void image_load(struct guest *g, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	u64 offset;
	ssize_t n;
	u32 magic;

	if (fd < 0 || fstat(fd, &st) < 0)
		fail(path);
	errno = ENOEXEC;
	if (st.st_size < IMAGE_MIN || st.st_size > IMAGE_MAX / 2 || pread(fd, &offset, 8, 8) != 8 ||
	    pread(fd, &magic, 4, 56) != 4 || magic != IMAGE_MAGIC ||
	    offset > IMAGE_MAX / 2 - (u64)st.st_size)
		fail(path);
	n = read(fd, g->ram + offset, (size_t)st.st_size);
	if (n != st.st_size)
		fail(path);
	close(fd);
	g->entry = RAM_IPA + offset;
}

static void end(struct guest *g, int status)
{
	pthread_mutex_lock(&g->ended_lock);
	if (!g->ended)
		g->status = status;
	g->ended = true;
	pthread_cond_signal(&g->ended_cond);
	pthread_mutex_unlock(&g->ended_lock);
}

static void bell(struct guest *g, u32 event)
{
	struct kvm_msi msi = {
		.address_lo = ITS_IPA + ITS_TRANSLATER,
		.data = event,
		.flags = KVM_MSI_VALID_DEVID,
		.devid = BELL_DEVID,
	};

	ioctl(g->vm.fd, KVM_SIGNAL_MSI, &msi); /* a guest that has not mapped it gets nothing */
}

/* The UART sends at once and is never full: what a guest reads is 0, everywhere. */
static void mmio(struct guest *g, struct kvm_run *r)
{
	u64 address = r->mmio.phys_addr;
	u32 val;

	if (!r->mmio.is_write) {
		memset(r->mmio.data, 0, sizeof(r->mmio.data));
		return;
	}
	memcpy(&val, r->mmio.data, sizeof(val));
	if (address == BELL_IPA)
		bell(g, val);
	else if (address == UART_IPA + UART_DR)
		putchar((int)(val & 0xff));
}

static void pin(int id)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)(id % (int)sysconf(_SC_NPROCESSORS_ONLN)), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *vcpu_run(void *arg)
{
	struct vcpu_thread *t = arg;
	struct guest *g = t->guest;
	struct vcpu *v = &g->vm.vcpu[t->id];
	int ret;

	pin(t->id);
	for (;;) {
		ret = run(v);
		if (ret == -EINTR)
			continue;
		if (ret || v->run->exit_reason != KVM_EXIT_MMIO)
			break;
		mmio(g, v->run);
	}
	if (!ret && v->run->exit_reason == KVM_EXIT_SYSTEM_EVENT) {
		end(g, 0);
		return NULL;
	}
	printf("# vCPU %d: KVM_RUN: %d, exit reason %u\n", t->id, ret, v->run->exit_reason);
	end(g, 1);
	return NULL;
}

static void vcpus_start(struct guest *g, struct vcpu_thread *threads)
{
	struct kvm_mp_state off = { .mp_state = KVM_MP_STATE_STOPPED };
	int i;

	reg_set(&g->vm.vcpu[0], CORE_REG(regs.pc), g->entry);
	reg_set(&g->vm.vcpu[0], CORE_REG(regs.regs[0]), RAM_IPA + FDT_AT);
	for (i = 0; i < g->vm.nr_vcpus; i++) {
		if (i && xioctl(g->vm.vcpu[i].fd, KVM_SET_MP_STATE, (unsigned long)&off))
			fail("KVM_SET_MP_STATE");
		threads[i] = (struct vcpu_thread){ .guest = g, .id = i };
		if (pthread_create(&threads[i].thread, NULL, vcpu_run, &threads[i]))
			fail("a vCPU's thread");
	}
}

int boot(const char *image, int nr_vcpus, const char *bootargs)
{
	static struct guest g = {
		.ended_lock = PTHREAD_MUTEX_INITIALIZER,
		.ended_cond = PTHREAD_COND_INITIALIZER,
	};
	static struct vcpu_thread threads[sizeof(g.vm.vcpu) / sizeof(g.vm.vcpu[0])];

	errno = EINVAL;
	if (nr_vcpus < 1 || nr_vcpus > (int)(sizeof(threads) / sizeof(threads[0])))
		fail("number of vCPUs");
	vm_new(&g.vm, nr_vcpus);
	g.ram = memory(RAM_SIZE);
	if (vm_slot(&g.vm, 1, 0, RAM_IPA, RAM_SIZE, g.ram))
		fail("KVM_SET_USER_MEMORY_REGION");
	image_load(&g, image);
	g.machine = (struct machine){
		.nr_vcpus = nr_vcpus,
		.its = !its_new(&g.vm, ITS_IPA),
		.ram_size = RAM_SIZE,
		.uart = UART_IPA,
		.bell = BELL_IPA,
		.bell_devid = BELL_DEVID,
		.bootargs = bootargs,
	};
	fdt_make(&g.machine, g.ram + FDT_AT, FDT_ROOM);
	vcpus_start(&g, threads);
	pthread_mutex_lock(&g.ended_lock);
	while (!g.ended)
		pthread_cond_wait(&g.ended_cond, &g.ended_lock);
	pthread_mutex_unlock(&g.ended_lock);
	fflush(stdout);
	return g.status; /* the other vCPUs end with the program */
}
