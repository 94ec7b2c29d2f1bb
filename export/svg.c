/* SPDX-License-Identifier: Apache-2.0 */
#include "export/svg.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "export/frame_tree.h"
#include "export/svg_parts.h"
#include "export/text.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/clock.h"
#include "profiler/profile.h"
#include "profiler/profile_words.h"

#define WIDTH_PX  1200 /* until the script knows better */
#define ROW_PX    18
#define GAP_PX    1
#define TOP_PX    64
#define BOTTOM_PX 36
#define LEGEND_PX 12 /* below the frames */

/* Without a script, texts are cut by these: the advance of a monospaced font of 12 px. */
#define CHARACTER_PX     7.3
#define MARGIN_PX        8
#define LEAST_CHARACTERS 3
#define MOST_LABEL_BYTES 768

#define NARROWEST_SHARE 5000 /* one of so many samples is a quarter of a pixel */

#define SHADE_COUNT 3

DEFINE_CLEANUP(struct frame_tree *, frame_tree_free)

static const struct {
	const char *style;
	const char *text;
} kinds[FRAME_NODE_KIND_COUNT] = {
	[FRAME_NODE_ALL] = { "all", "everything" },
	[FRAME_NODE_PROCESS] = { "process", "process" },
	[FRAME_NODE_NATIVE] = { "native", "native" },
	[FRAME_NODE_INLINED] = { "inlined", "inlined" },
	[FRAME_NODE_KERNEL] = { "kernel", "kernel" },
	[FRAME_NODE_CUT] = { "cut", "cut stack" },
	[FRAME_NODE_JIT] = { "jit", "generated at run time" },
};

/* What is drawn, and what is not. */
struct extent {
	uint32_t n_rows;
	uint64_t n_culled;
	uint64_t culled_samples; /* that end in culled frames */
};

static bool node_is_drawn(const struct frame_tree *tree, const struct frame_node *node)
{
	return node->count * NARROWEST_SHARE >= tree->nodes[0].count;
}

static struct extent measure(const struct frame_tree *tree)
{
	struct extent extent = { 0 };

	for (size_t i = 0; i < tree->n_nodes; i++) {
		const struct frame_node *node = &tree->nodes[i];

		if (!node_is_drawn(tree, node)) {
			extent.n_culled++;
			extent.culled_samples += node->self;
		} else if (node->depth >= extent.n_rows) {
			extent.n_rows = node->depth + 1;
		}
	}
	return extent;
}

/* Neighbours of one kind should differ; FNV-1a, so that a name has the same shade everywhere. */
static uint32_t shade_of(const char *name)
{
	uint32_t hash = 2166136261;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619;
	return (hash >> 8) % SHADE_COUNT;
}

static void append_label(struct buffer *out, const char *name, double width_px)
{
	char label[MOST_LABEL_BYTES];
	double room = (width_px - MARGIN_PX) / CHARACTER_PX;
	size_t n_bytes = 0, n_characters = 0;

	if (room < LEAST_CHARACTERS)
		return;
	for (; name[n_bytes] && n_bytes + 1 < sizeof(label); n_bytes++) {
		if ((name[n_bytes] & 0xc0) != 0x80 && ++n_characters > (size_t)room)
			break;
		label[n_bytes] = name[n_bytes];
	}
	if (name[n_bytes]) /* room for the ellipsis */
		while (n_bytes && (label[--n_bytes] & 0xc0) == 0x80)
			;
	label[n_bytes] = '\0';
	text_append_xml(out, label);
	if (name[n_bytes])
		buffer_append_string(out, "…");
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void append_frame(struct buffer *out, const struct frame_node *node, uint64_t total)
{
	double share = (double)node->count / (double)total;

	buffer_printf(out,
		      "<svg class=\"pl-frame pl-%s pl-shade-%" PRIu32 "\" x=\"%.5g%%\" y=\"%u\"",
		      kinds[node->kind].style, shade_of(node->name),
		      (double)node->start / (double)total * 100, TOP_PX + node->depth * ROW_PX);
	buffer_printf(out, " width=\"%.5g%%\" height=\"%d\"", share * 100, ROW_PX);
	buffer_printf(out, " data-at=\"%" PRIu32 " %" PRIu64 " %" PRIu64 "\"><title>", node->depth,
		      node->start, node->count);
	text_append_xml(out, node->name);
	buffer_printf(out, "\n%" PRIu64 " sample%s, %.2f %%", node->count, plural(node->count),
		      share * 100);
	if (node->self)
		buffer_printf(out, "; %" PRIu64 " in itself", node->self);
	buffer_printf(out,
		      "\n%s</title><rect width=\"100%%\" height=\"%d\"/><text x=\"4\" y=\"13\">",
		      kinds[node->kind].text, ROW_PX - GAP_PX);
	append_label(out, node->name, share * WIDTH_PX);
	buffer_append_string(out, "</text></svg>\n");
}

static void append_frames(struct buffer *out, const struct frame_tree *tree)
{
	uint64_t total = tree->nodes[0].count;

	for (size_t i = 0; total && i < tree->n_nodes && !buffer_error(out); i++) {
		if (node_is_drawn(tree, &tree->nodes[i]))
			append_frame(out, &tree->nodes[i], total);
	}
}

/* ", 0.61 s of CPU time"; of what was read from elsewhere, only what is not its count again */
static void append_value(struct buffer *out, const struct profile *profile)
{
	uint64_t value = 0;

	for (size_t i = 0; i < profile->n_samples; i++)
		value += profile->samples[i].value;
	if (!strcmp(profile_value_unit(profile), "nanoseconds"))
		buffer_printf(out, ", %.4g s of %s time", (double)value / NS_PER_SECOND,
			      profile->extras ? profile_value_name(profile) : "CPU");
}

/* "61 samples, 0.61 s of CPU time, in 5 s from 2023-11-14 22:13:20 UTC" */
static void append_summary(struct buffer *out, const struct profile *profile, uint64_t n_samples)
{
	time_t start = profile->start_unix_ns / NS_PER_SECOND;
	struct tm utc;
	char when[64];

	buffer_printf(out, "%" PRIu64 " sample%s", n_samples, plural(n_samples));
	append_value(out, profile);
	if (profile->duration_ns)
		buffer_printf(out, ", in %.4g s", (double)profile->duration_ns / NS_PER_SECOND);
	if (start && gmtime_r(&start, &utc) && strftime(when, sizeof(when), "%F %T", &utc))
		buffer_printf(out, " from %s UTC", when);
}

/* "; 1 frame too narrow to be drawn, in which 3 samples end", or nothing */
static void append_culled(struct buffer *out, const struct extent *extent)
{
	if (!extent->n_culled)
		return;
	buffer_printf(out,
		      "; %" PRIu64 " frame%s too narrow to be drawn, in which %" PRIu64
		      " sample%s end%s",
		      extent->n_culled, plural(extent->n_culled), extent->culled_samples,
		      plural(extent->culled_samples), extent->culled_samples == 1 ? "s" : "");
}

static void append_head(struct buffer *out, const struct profile *profile,
			const struct frame_tree *tree, const struct extent *extent)
{
	buffer_printf(out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"pl-flame\" role=\"img\""
		      " width=\"%d\" height=\"%" PRIu32
		      "\">\n<title>CPU flame graph</title>\n<desc>",
		      WIDTH_PX, TOP_PX + extent->n_rows * ROW_PX + BOTTOM_PX);
	append_summary(out, profile, tree->nodes[0].count);
	append_culled(out, extent);
	buffer_append_string(out, "</desc>\n<style><![CDATA[\n");
	buffer_append_string(out, svg_style);
	buffer_append_string(out,
			     "]]></style>\n<rect class=\"pl-paper\" width=\"100%\""
			     " height=\"100%\"/>\n<text class=\"pl-heading\" x=\"8\" y=\"26\">"
			     "CPU flame graph</text>\n<text class=\"pl-note\" x=\"8\" y=\"46\">");
	append_summary(out, profile, tree->nodes[0].count);
	append_culled(out, extent);
	buffer_append_string(out, "</text>\n");
}

static void append_legend(struct buffer *out, uint32_t y)
{
	uint32_t x = 8;

	for (uint32_t kind = FRAME_NODE_PROCESS; kind < FRAME_NODE_KIND_COUNT; kind++) {
		buffer_printf(out,
			      "<g class=\"pl-%s\"><rect x=\"%" PRIu32 "\" y=\"%" PRIu32
			      "\" width=\"12\" height=\"12\"/></g>"
			      "<text class=\"pl-note\" x=\"%" PRIu32 "\" y=\"%" PRIu32
			      "\">%s</text>\n",
			      kinds[kind].style, x, y, x + 17, y + 10, kinds[kind].text);
		x += 84;
	}
}

static void append_foot(struct buffer *out)
{
	buffer_append_string(out, "<foreignObject class=\"pl-holder\" x=\"30%\" y=\"10\""
				  " width=\"69.4%\" height=\"30\"/>\n<script><![CDATA[\n");
	buffer_append_string(out, svg_script);
	buffer_append_string(out, "]]></script>\n</svg>\n");
}

int svg_encode(const struct profile *profile, struct buffer *out)
{
	_cleanup_(frame_tree_freep) struct frame_tree *tree = NULL;
	struct extent extent;
	int r;

	r = frame_tree_new(profile, &tree);
	if (r < 0)
		return r;
	extent = measure(tree);
	append_head(out, profile, tree, &extent);
	append_frames(out, tree);
	append_legend(out, TOP_PX + extent.n_rows * ROW_PX + LEGEND_PX);
	append_foot(out);
	return buffer_error(out);
}
