/* SPDX-License-Identifier: GPL-2.0-only */
/* The error numbers that Linux gives these names: they are part of the ABI (KVM api.rst). */
#ifndef HERALD_LIB_ERRNO_H
#define HERALD_LIB_ERRNO_H

#ifdef HERALD_HOST
#include <errno.h>
#else
#define EPERM 1
#define ENOENT 2
#define EINTR 4
#define EIO 5
#define ENXIO 6
#define E2BIG 7
#define ENOEXEC 8
#define EBADF 9
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOTTY 25
#define EFBIG 27
#define ENOSPC 28
#define ERANGE 34
#define ENOSYS 38
#define EOVERFLOW 75
#define EOPNOTSUPP 95
#define ETIMEDOUT 110
#endif

#endif
