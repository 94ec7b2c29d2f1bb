/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pclntab version: the forms that Go's table of functions has had, each named by the first release
 * that wrote it.
 */

enum pclntab_version {
	PCLNTAB_1_16, /* also 1.17 */
	PCLNTAB_1_18, /* also 1.19 */
	PCLNTAB_1_20, /* and all since */
};
