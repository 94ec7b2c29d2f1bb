/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What every flame graph has inside: svg.css and svg.js, made strings by embed.py. */

extern const char svg_style[];
extern const char svg_script[];
