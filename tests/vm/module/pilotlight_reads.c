/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module of the kernel whose answer is known: reading /proc/NAME takes time, in a function that
 * was inlined into one that was not. It is built twice, under the name of either file.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>

#define LOOPS 10000
#define CALLS 100

static __always_inline void made_inline(void)
{
	volatile int i;

	for (i = 0; i < LOOPS; i++)
		; /* line of made_inline */
}

static noinline void made_own(void)
{
	made_inline(); /* line of made_own */
	barrier();
}

static ssize_t made_read(struct file *file, char __user *bytes, size_t size, loff_t *off)
{
	int i;

	for (i = 0; i < CALLS; i++)
		made_own(); /* line of made_read */
	return 0;
}

static const struct proc_ops made_ops = { .proc_read = made_read };

static int __init made_begin(void)
{
	return proc_create(KBUILD_MODNAME, 0444, NULL, &made_ops) ? 0 : -ENOMEM;
}

static void __exit made_end(void)
{
	remove_proc_entry(KBUILD_MODNAME, NULL);
}

module_init(made_begin);
module_exit(made_end);
MODULE_DESCRIPTION("takes time when it is read");
MODULE_LICENSE("Apache-2.0");
