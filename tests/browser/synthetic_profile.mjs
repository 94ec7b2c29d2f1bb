// SPDX-License-Identifier: Apache-2.0

/**
 * A profile such as the daemon's, of a host that does not exist: several processes, threads,
 * kernel frames, inlined functions, run-time code, functions without names, deep recursion.
 *
 *     seed, seconds  --syntheticProfile-->  protobuf of pprof
 *
 * The function `burn_three` takes three times what `burn_one` takes, so that numbers can be checked.
 */

const HZ = 99;
const KERNEL = '[kernel.kallsyms]';
const JIT = '//anon';

/** @param {number} seed @returns {() => number} from [0, 1) */
function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Appends fields to a protobuf message. */
class Message {
  constructor() {
    this.bytes = /** @type {number[]} */ ([]);
  }
  varint(value) {
    let rest = BigInt(value);
    while (rest > 127n) {
      this.bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.bytes.push(Number(rest));
  }
  number(field, value) {
    if (!value) return this;
    this.varint(field * 8);
    this.varint(value);
    return this;
  }
  block(field, bytes) {
    this.varint(field * 8 + 2);
    this.varint(bytes.length);
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }
  packed(field, values) {
    const inner = new Message();
    for (const value of values) inner.varint(value);
    return this.block(field, inner.bytes);
  }
}

/** Numbers things from 1, and keeps what was first seen. */
class Ids {
  constructor() {
    this.ids = new Map();
  }
  id(key, onNew) {
    if (!this.ids.has(key)) {
      this.ids.set(key, this.ids.size + 1);
      onNew(this.ids.size);
    }
    return this.ids.get(key);
  }
}

/**
 * Encodes samples as pprof.
 * A frame is [name, module, file, line, inlined functions from the outermost to the innermost].
 */
export class ProfileWriter {
  constructor() {
    this.out = new Message();
    this.strings = new Map([['', 0]]);
    this.functions = new Ids();
    this.mappings = new Ids();
    this.locations = new Ids();
    this.type('samples', 'count').type('cpu', 'nanoseconds');
  }
  text(text) {
    if (!this.strings.has(text)) this.strings.set(text, this.strings.size);
    return this.strings.get(text);
  }
  type(type, unit) {
    this.out.block(1, new Message().number(1, this.text(type)).number(2, this.text(unit)).bytes);
    return this;
  }
  mapping(file) {
    return this.mappings.id(file, (id) => {
      const start = id * 0x100000;
      const row = new Message().number(1, id).number(2, start).number(3, start + 0xfffff);
      this.out.block(3, row.number(5, this.text(file)).bytes);
    });
  }
  fn(name, file) {
    return this.functions.id(`${name}\0${file}`, (id) => {
      const row = new Message().number(1, id).number(2, this.text(name)).number(3, this.text(name));
      this.out.block(5, row.number(4, this.text(file)).number(5, 10).bytes);
    });
  }
  location(frame) {
    return this.locations.id(JSON.stringify(frame), (id) => {
      const [name, module, file = '', line = 0, inlined = []] = frame;
      const mapping = this.mapping(module);
      const row = new Message().number(1, id).number(2, mapping).number(3, mapping * 0x100000 + id);
      for (const inner of [...inlined].reverse()) {
        row.block(4, new Message().number(1, this.fn(inner, file)).number(2, line + 7).bytes);
      }
      row.block(4, new Message().number(1, this.fn(name, file)).number(2, line).bytes);
      this.out.block(4, row.bytes);
    });
  }
  /** @param {Record<string, string>} labels @param {unknown[][]} stack from the root @param {number} count */
  sample(labels, stack, count) {
    const row = new Message();
    row.packed(1, stack.map((frame) => this.location(frame)).reverse());
    row.packed(2, [count, Math.round((count * 1e9) / HZ)]);
    for (const [key, value] of Object.entries(labels)) {
      row.block(3, new Message().number(1, this.text(key)).number(2, this.text(value)).bytes);
    }
    this.out.block(2, row.bytes);
  }
  /** @param {{endS: number, seconds: number, comments: string[]}} facts @returns {Uint8Array} */
  finish({ endS, seconds, comments }) {
    const { out } = this;
    out.number(9, BigInt(Math.round((endS - seconds) * 1000)) * 1000000n);
    out.number(10, seconds * 1e9);
    out.packed(13, comments.map((comment) => this.text(comment)));
    out.number(14, this.text('cpu'));
    for (const text of this.strings.keys()) out.block(6, Buffer.from(text));
    return Uint8Array.from(out.bytes);
  }
}

const kernel = (...names) => names.map((name) => [name, KERNEL]);
const native = (module, file, ...names) => names.map((name, i) => [name, module, file, 40 + 13 * i]);
const inlining = (module, file, line, name, ...inlined) => [[name, module, file, line, inlined]];

const LIBC = '/usr/lib/x86_64-linux-gnu/libc.so.6';
const syscall = kernel('entry_SYSCALL_64_after_hwframe', 'do_syscall_64');
const fault = kernel('asm_exc_page_fault', 'exc_page_fault', 'handle_mm_fault', '__handle_mm_fault');
const start = native('/usr/sbin/nginx', 'csu/libc-start.c', '_start', '__libc_start_main_impl', 'main');
const nginx = (...names) => native('/usr/sbin/nginx', 'src/event/ngx_event.c', ...names);
const worker = [...start, ...nginx('ngx_master_process_cycle', 'ngx_start_worker_processes',
  'ngx_spawn_process', 'ngx_worker_process_cycle', 'ngx_process_events_and_timers')];
const request = [...worker, ...nginx('ngx_epoll_process_events', 'ngx_http_wait_request_handler',
  'ngx_http_process_request_line', 'ngx_http_process_request', 'ngx_http_core_run_phases')];

const PG = '/usr/lib/postgresql/15/bin/postgres';
const postgres = [...native(PG, 'src/backend/main/main.c', '_start', 'main', 'PostmasterMain', 'ServerLoop',
  'BackendStartup', 'PostgresMain', 'exec_simple_query', 'PortalRun', 'PortalRunSelect', 'standard_ExecutorRun')];

const API = '/srv/api/bin/api-server';
const tokio = native(API, 'tokio/src/runtime/worker.rs', 'clone3', 'start_thread',
  'std::sys::pal::unix::thread::Thread::new::thread_start',
  'core::ops::function::FnOnce::call_once{{vtable.shim}}',
  'tokio::runtime::scheduler::multi_thread::worker::run',
  'tokio::runtime::scheduler::multi_thread::worker::Context::run_task',
  'tokio::runtime::task::harness::Harness<T,S>::poll',
  '<api::handlers::Search as tower::Service<Request>>::call::{{closure}}');
const CXX = '/opt/render/librender.so.4';
const walk = Array.from({ length: 46 }, (_, i) =>
  ['render::Node::layout(render::Constraints const&, std::vector<render::Box>&)', CXX, 'src/node.cc', 210 + (i % 3)]);
const node = [...native('/usr/bin/node', 'src/node_main.cc', '_start', 'main', 'node::Start(int, char**)',
  'node::SpinEventLoopInternal(node::Environment*)', 'uv_run', 'uv__io_poll'),
  ...native('/usr/bin/node', 'deps/v8/src/execution/execution.cc', 'v8::Function::Call(v8::Local<v8::Context>)')];
const js = (...names) => names.map((name) => [name, JIT]);
const GO = '/usr/local/bin/collector';
const go = native(GO, 'runtime/proc.go', 'runtime.goexit', 'main.(*Collector).run',
  'github.com/acme/collector/pipeline.(*Stage).Process', 'encoding/json.(*Decoder).Decode', 'encoding/json.(*decodeState).object');

/** comm, pids, [weight, stack][] */
const WORKLOAD = [
  ['nginx', ['812', '813', '814', '815'], [
    [40, [...request, ...nginx('ngx_http_static_handler', 'ngx_http_send_header'), ...native(LIBC, 'sysdeps/writev.c', 'writev'), ...syscall, ...kernel('__x64_sys_writev', 'vfs_writev', 'sock_write_iter', 'tcp_sendmsg', 'tcp_sendmsg_locked', 'tcp_push', 'tcp_write_xmit', '__tcp_transmit_skb', 'ip_queue_xmit', 'ip_output', 'dev_queue_xmit')]],
    [26, [...request, ...nginx('ngx_http_gzip_body_filter'), ...native('/usr/lib/x86_64-linux-gnu/libz.so.1.2.13', 'deflate.c', 'deflate', 'deflate_slow'), ...inlining('/usr/lib/x86_64-linux-gnu/libz.so.1.2.13', 'deflate.c', 1240, 'longest_match', 'zmemcmp', 'load_u64')]],
    [14, [...request, ...inlining('/usr/sbin/nginx', 'src/http/ngx_http_parse.c', 130, 'ngx_http_parse_header_line', 'ngx_hash', 'ngx_tolower')]],
    [9, [...worker, ...native(LIBC, 'epoll_wait.c', 'epoll_wait'), ...syscall, ...kernel('__x64_sys_epoll_wait', 'do_epoll_wait', 'ep_poll', 'schedule_hrtimeout_range')]],
    [6, [...request, ['libcrypto.so.3+0x1b2c40', '/usr/lib/x86_64-linux-gnu/libcrypto.so.3'], ['libcrypto.so.3+0x1b9ff2', '/usr/lib/x86_64-linux-gnu/libcrypto.so.3']]],
  ]],
  ['postgres', ['1204', '1377'], [
    [30, [...postgres, ...native(PG, 'src/backend/executor/nodeSeqscan.c', 'ExecSeqScan', 'SeqNext', 'heap_getnextslot', 'heapgettup_pagemode'), ...inlining(PG, 'src/backend/utils/adt/int8.c', 88, 'HeapTupleSatisfiesMVCC', 'TransactionIdIsCurrentTransactionId')]],
    [22, [...postgres, ...native(PG, 'src/backend/executor/nodeSort.c', 'ExecSort', 'tuplesort_performsort', 'qsort_tuple', 'comparetup_heap'), ...inlining(PG, 'src/backend/utils/adt/varlena.c', 1900, 'varstrfastcmp_c', 'memcmp')]],
    [11, [...postgres, ...native(PG, 'src/backend/storage/buffer/bufmgr.c', 'ReadBufferExtended', 'ReadBuffer_common', 'smgrread', 'FileRead'), ...native(LIBC, 'pread64.c', '__libc_pread64'), ...syscall, ...kernel('__x64_sys_pread64', 'vfs_read', 'ext4_file_read_iter', 'generic_file_read_iter', 'filemap_read', 'copy_page_to_iter', '_copy_to_iter')]],
    [7, [...postgres, ...native(PG, 'src/backend/utils/mmgr/aset.c', 'AllocSetAlloc'), ...fault, ...kernel('do_anonymous_page', 'clear_page_erms')]],
  ]],
  ['api-server', ['2210'], [
    [24, [...tokio, ...inlining(API, 'src/index/search.rs', 77, '<api::index::Reader>::search', 'core::slice::iter::Iter<T>::next', 'core::ptr::non_null::NonNull<T>::add'), ...native(API, 'src/index/score.rs', 'api::index::score::bm25')]],
    [12, [...tokio, ...native(API, 'serde_json/src/ser.rs', 'serde_json::ser::to_vec', '<api::model::Document as serde::Serialize>::serialize')]],
    [5, [...tokio, ...native(API, 'alloc/src/vec/mod.rs', 'alloc::raw_vec::RawVec<T,A>::reserve::do_reserve_and_handle'), ...native(LIBC, 'malloc/malloc.c', 'realloc', '_int_realloc', '_int_malloc')]],
  ]],
  ['renderer', ['3001'], [
    [18, [...native(CXX, 'src/main.cc', '_start', 'main', 'render::Document::update(render::Frame&)'), ...walk, ...native(CXX, 'src/text.cc', 'render::shape(std::basic_string_view<char, std::char_traits<char> >, render::Font const&)')]],
    [6, [...native(CXX, 'src/main.cc', '_start', 'main', 'render::Document::update(render::Frame&)'), ...walk.slice(0, 12), ...inlining(CXX, 'src/box.cc', 31, 'render::Box::intersect(render::Box const&) const', 'std::max<float>', 'std::min<float>')]],
  ]],
  ['node', ['4410', '4411'], [
    [13, [...node, ...js('LazyCompile:*handleRequest /srv/web/server.js:41', 'LazyCompile:*renderToString /srv/web/render.js:220', 'LazyCompile:*escapeHtml /srv/web/escape.js:8')]],
    [6, [...node, ...native('/usr/bin/node', 'deps/v8/src/heap/heap.cc', 'v8::internal::Heap::CollectGarbage(v8::internal::AllocationSpace)', 'v8::internal::ScavengerCollector::CollectGarbage()')]],
  ]],
  ['collector', ['5120'], [[8, [...go, ...native(GO, 'runtime/malloc.go', 'runtime.mallocgc', 'runtime.nextFreeFast')]], [5, [...go, ...native(GO, 'encoding/json/scanner.go', 'encoding/json.stateInString')]]]],
  ['fixture', ['6001'], [
    [12, native('/srv/fixture/fixture', 'fixture.c', '_start', 'main', 'burn_three')],
    [4, native('/srv/fixture/fixture', 'fixture.c', '_start', 'main', 'burn_one')],
  ]],
  ['kworker/u8:2', ['91'], [[3, kernel('ret_from_fork', 'kthread', 'worker_thread', 'process_one_work', 'wb_workfn', 'writeback_sb_inodes')]]],
  ['ksoftirqd/1', ['24'], [[2, kernel('ret_from_fork', 'kthread', 'smpboot_thread_fn', 'run_ksoftirqd', 'net_rx_action')]]],
  ['<b>evil</b>', ['666'], [[2, [['<img src=x onerror=alert(1)>', '/tmp/"><script>alert(1)</script>', 'a"b.c', 1]]]]],
];

/**
 * @param {{seed: number, seconds: number, endS: number}} options
 * @returns {Uint8Array} pprof, not compressed
 */
export function syntheticProfile({ seed, seconds, endS }) {
  const random = randomFrom(seed);
  const writer = new ProfileWriter();
  const perSecond = (2.7 * HZ) / 300;
  for (const [comm, pids, stacks] of WORKLOAD) {
    for (const [weight, stack] of stacks) {
      for (const pid of pids) {
        const noise = comm === 'fixture' ? 1 : 0.8 + 0.4 * random();
        const count = Math.round((weight * perSecond * seconds * noise) / pids.length);
        const exe = stack[0][1] === KERNEL ? '' : stack[0][1];
        const labels = { comm, pid, tid: pid, thread: comm, ...(exe && { exe }), cgroup: '/system.slice' };
        if (count) writer.sample(labels, stack, count);
      }
    }
  }
  const comments = ['host: synthetic', 'version: 0', `rate: ${HZ}`, 'dropped: 0'];
  return writer.finish({ endS, seconds, comments });
}

/** What the status route tells of the same host. */
export function syntheticStatus() {
  return {
    version: '0.1.0',
    host: 'synthetic',
    kernel: '6.1.0-18-amd64',
    frequency_hz: HZ,
    uptime_seconds: 7200,
    ticks: 2851200,
    idle: 930211,
    stored: 1920977,
    in_flight: 4,
    dropped: { ring_full: 8, no_stack: 0 },
    stacks: { whole: 1919020, kernel_only: 1400, truncated_depth: 557 },
    frames: { none: 12, pending: 31, functions: 900, lines: 4100 },
    files: { total: 212, with_lines: 160, pending: 3, failed: 1 },
    roles: { sampler: { restarts: 0 }, resolver: { restarts: 0 }, server: { restarts: 0 } },
  };
}
