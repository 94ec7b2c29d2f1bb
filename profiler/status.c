/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/status.h"

const char *const role_names[ROLE_COUNT] = {
	[ROLE_SAMPLER] = "sampler",
	[ROLE_RESOLVER] = "resolver",
	[ROLE_SERVER] = "server",
	[ROLE_FETCHER] = "fetcher",
};

const char *const drop_reason_names[DROP_REASON_COUNT] = {
	[DROP_RING_FULL] = "ring_full",       [DROP_NO_SCRATCH] = "no_scratch",
	[DROP_NOT_SELECTED] = "not_selected", [DROP_BAD_RECORD] = "bad_record",
	[DROP_NO_STACK] = "no_stack",         [DROP_NO_MEMORY] = "no_memory",
	[DROP_TABLE_FULL] = "table_full",     [DROP_SERVER_BUSY] = "server_busy",
	[DROP_SERVER_LOST] = "server_lost",   [DROP_STORE_FULL] = "store_full",
	[DROP_LABEL_RULE] = "label_rule",
};

const char *const stack_outcome_names[STACK_OUTCOME_COUNT] = {
	[STACK_WHOLE] = "whole",
	[STACK_KERNEL_ONLY] = "kernel_only",
	[STACK_NO_USER] = "no_user",
	[STACK_FRAME_POINTERS] = "frame_pointers",
	[STACK_PENDING] = "pending",
	[STACK_TRUNCATED_DEPTH] = "truncated_depth",
	[STACK_TRUNCATED_READ] = "truncated_read",
	[STACK_TRUNCATED_NO_MAPPING] = "truncated_no_mapping",
	[STACK_TRUNCATED_NO_RULE] = "truncated_no_rule",
	[STACK_TRUNCATED_NO_TABLE] = "truncated_no_table",
	[STACK_TRUNCATED_JIT] = "truncated_jit",
	[STACK_TRUNCATED_REGISTER] = "truncated_register",
	[STACK_TRUNCATED_UNSUPPORTED] = "truncated_unsupported",
	[STACK_TRUNCATED_ASTRAY] = "truncated_astray",
};

const char *const stack_cut_reasons[STACK_OUTCOME_COUNT] = {
	[STACK_PENDING] = "unwind table pending",
	[STACK_TRUNCATED_DEPTH] = "too deep",
	[STACK_TRUNCATED_READ] = "stack not readable",
	[STACK_TRUNCATED_NO_MAPPING] = "pc in no mapping",
	[STACK_TRUNCATED_NO_RULE] = "no unwind rule",
	[STACK_TRUNCATED_NO_TABLE] = "no unwind table",
	[STACK_TRUNCATED_JIT] = "JIT without frame pointers",
	[STACK_TRUNCATED_REGISTER] = "register of a caller not known",
	[STACK_TRUNCATED_UNSUPPORTED] = "unwind rule not supported",
	[STACK_TRUNCATED_ASTRAY] = "stack went astray",
};

const char *const names_state_names[NAMES_STATE_COUNT] = {
	[NAMES_NONE] = "none",   [NAMES_PENDING] = "pending", [NAMES_FUNCTIONS] = "functions",
	[NAMES_LINES] = "lines", [NAMES_FAILED] = "failed",
};

const char *const build_outcome_names[BUILD_OUTCOME_COUNT] = {
	[BUILD_OK] = "ok",
	[BUILD_NO_NAMES] = "no_names",
	[BUILD_DAMAGED] = "damaged",
	[BUILD_NO_MEMORY] = "no_memory",
	[BUILD_TOO_LARGE] = "too_large",
	[BUILD_TIMED_OUT] = "timed_out",
	[BUILD_CRASHED] = "crashed",
	[BUILD_GONE] = "gone",
};

const char *const jit_refusal_names[JIT_REFUSAL_COUNT] = {
	[JIT_REFUSED_LINK] = "link",   [JIT_REFUSED_KIND] = "kind",
	[JIT_REFUSED_OWNER] = "owner", [JIT_REFUSED_FOREIGN] = "foreign",
	[JIT_REFUSED_IO] = "io",
};

const char *const container_loss_names[CONTAINER_LOSS_COUNT] = {
	[CONTAINER_LOSS_LABEL] = "label",
	[CONTAINER_LOSS_DAMAGED] = "damaged",
	[CONTAINER_LOSS_EVICTED] = "evicted",
	[CONTAINER_LOSS_UNREAD] = "unread",
};

const char *const jit_entry_names[JIT_ENTRY_COUNT] = {
	[JIT_ENTRY_TAKEN] = "taken",
	[JIT_ENTRY_DAMAGED] = "damaged",
	[JIT_ENTRY_FORGOTTEN] = "forgotten",
	[JIT_ENTRY_CUT] = "cut",
};

const char *const fetch_outcome_names[FETCH_OUTCOME_COUNT] = {
	[FETCH_FOUND] = "found",
	[FETCH_MISSING] = "missing",
	[FETCH_FAILED] = "failed",
	[FETCH_SKIPPED] = "skipped",
};

const char *const debug_file_kind_names[DEBUG_FILE_KIND_COUNT] = {
	[DEBUG_FILE_SEPARATE] = "separate",
	[DEBUG_FILE_ALTERNATE] = "alternate",
	[DEBUG_FILE_PACKAGE] = "package",
	[DEBUG_FILE_OBJECT] = "object",
};

const char *const symbol_loss_names[SYMBOL_LOSS_COUNT] = {
	[SYMBOL_LOSS_SECTION] = "section",
	[SYMBOL_LOSS_UNIT] = "unit",
	[SYMBOL_LOSS_SPLIT] = "split",
	[SYMBOL_LOSS_NAME] = "name",
};

const char *const unwind_loss_names[UNWIND_LOSS_COUNT] = {
	[UNWIND_LOSS_CFA_EXPRESSION] = "cfa_expression",
	[UNWIND_LOSS_CFA_OFFSET] = "cfa_offset",
	[UNWIND_LOSS_RA] = "return_address",
	[UNWIND_LOSS_SIGNAL] = "signal_frame",
	[UNWIND_LOSS_RULE_COUNT] = "rule_count",
	[UNWIND_LOSS_CHUNK_ROWS] = "row_count",
	[UNWIND_LOSS_GO_STACK] = "go_stack",
	[UNWIND_LOSS_BAD_PROGRAM] = "bad_program",
	[UNWIND_LOSS_FP] = "frame_pointer",
	[UNWIND_LOSS_BAD_ENTRY] = "bad_entry",
	[UNWIND_LOSS_OVERLAP] = "overlap",
};

const char *const cache_error_names[CACHE_ERROR_COUNT] = {
	[CACHE_ERROR_FOLDER] = "folder",
	[CACHE_ERROR_FULL] = "full",
	[CACHE_ERROR_READ_ONLY] = "read_only",
	[CACHE_ERROR_TOO_LARGE] = "too_large",
	[CACHE_ERROR_IO] = "io",
};

const char *const unwind_file_kind_names[UNWIND_FILE_KIND_COUNT] = {
	[UNWIND_FILE_NONE] = "anonymous",
	[UNWIND_FILE_TABLE] = "no_rule",
	[UNWIND_FILE_PENDING] = "pending",
	[UNWIND_FILE_NO_TABLE] = "no_table",
};

const char *const unwinder_names[UNWINDER_COUNT] = {
	[UNWINDER_TABLES] = "tables",
	[UNWINDER_FRAME_POINTERS] = "frame_pointers",
};

void status_join(const struct sampler_status *sampler, const struct store_status *store,
		 struct status *ret_status)
{
	uint64_t accounted;

	*ret_status = (struct status){ .sampler = *sampler, .store = *store };
	ret_status->store.stored += sampler->stored_before;
	ret_status->sampler.dropped[DROP_STORE_FULL] += store->dropped_full;
	ret_status->sampler.dropped[DROP_LABEL_RULE] += store->dropped_by_rule;
	accounted = sampler->idle + ret_status->store.stored;
	for (int i = 0; i < DROP_REASON_COUNT; i++)
		accounted += ret_status->sampler.dropped[i];
	ret_status->in_flight = sampler->ticks - accounted;
}
