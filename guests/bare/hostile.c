// SPDX-License-Identifier: GPL-2.0-only
#include "guests/bare/suite.h"
void suite_hostile(void) {}
