// SPDX-License-Identifier: Apache-2.0

/** A host that does not exist: what its processes do, and what its daemon would tell of itself. */

export const HZ = 99;
export const KERNEL = '[kernel.kallsyms]';
const JIT = '//anon';

const kernel = (...names) => names.map((name) => [name, KERNEL]);
const native = (module, file, ...names) =>
  names.map((name, i) => [name, module, file, 40 + 13 * i]);
const inlining = (module, file, line, name, ...inlined) => [[name, module, file, line, inlined]];

const LIBC = '/usr/lib/x86_64-linux-gnu/libc.so.6';
const syscall = kernel('entry_SYSCALL_64_after_hwframe', 'do_syscall_64');
const fault = kernel(
  'asm_exc_page_fault',
  'exc_page_fault',
  'handle_mm_fault',
  '__handle_mm_fault',
);
const start = native(
  '/usr/sbin/nginx',
  'csu/libc-start.c',
  '_start',
  '__libc_start_main_impl',
  'main',
);
const nginx = (...names) => native('/usr/sbin/nginx', 'src/event/ngx_event.c', ...names);
const worker = [
  ...start,
  ...nginx(
    'ngx_master_process_cycle',
    'ngx_start_worker_processes',
    'ngx_spawn_process',
    'ngx_worker_process_cycle',
    'ngx_process_events_and_timers',
  ),
];
const request = [
  ...worker,
  ...nginx(
    'ngx_epoll_process_events',
    'ngx_http_wait_request_handler',
    'ngx_http_process_request_line',
    'ngx_http_process_request',
    'ngx_http_core_run_phases',
  ),
];

const PG = '/usr/lib/postgresql/15/bin/postgres';
const postgres = [
  ...native(
    PG,
    'src/backend/main/main.c',
    '_start',
    'main',
    'PostmasterMain',
    'ServerLoop',
    'BackendStartup',
    'PostgresMain',
    'exec_simple_query',
    'PortalRun',
    'PortalRunSelect',
    'standard_ExecutorRun',
  ),
];

const API = '/srv/api/bin/api-server';
const tokio = native(
  API,
  'tokio/src/runtime/worker.rs',
  'clone3',
  'start_thread',
  'std::sys::pal::unix::thread::Thread::new::thread_start',
  'core::ops::function::FnOnce::call_once{{vtable.shim}}',
  'tokio::runtime::scheduler::multi_thread::worker::run',
  'tokio::runtime::scheduler::multi_thread::worker::Context::run_task',
  'tokio::runtime::task::harness::Harness<T,S>::poll',
  '<api::handlers::Search as tower::Service<Request>>::call::{{closure}}',
);
const CXX = '/opt/render/librender.so.4';
const walk = Array.from({ length: 46 }, (_, i) => [
  'render::Node::layout(render::Constraints const&, std::vector<render::Box>&)',
  CXX,
  'src/node.cc',
  210 + (i % 3),
]);
const node = [
  ...native(
    '/usr/bin/node',
    'src/node_main.cc',
    '_start',
    'main',
    'node::Start(int, char**)',
    'node::SpinEventLoopInternal(node::Environment*)',
    'uv_run',
    'uv__io_poll',
  ),
  ...native(
    '/usr/bin/node',
    'deps/v8/src/execution/execution.cc',
    'v8::Function::Call(v8::Local<v8::Context>)',
  ),
];
const js = (...names) => names.map((name) => [name, JIT]);
const GO = '/usr/local/bin/collector';
const go = native(
  GO,
  'runtime/proc.go',
  'runtime.goexit',
  'main.(*Collector).run',
  'github.com/acme/collector/pipeline.(*Stage).Process',
  'encoding/json.(*Decoder).Decode',
  'encoding/json.(*decodeState).object',
);

/**
 * [comm, pids, [weight, stack][]][]; a stack runs from the root; its frames are ProfileWriter's.
 * `burn_three` weighs three times what `burn_one` does, so that numbers can be checked.
 * @type {[string, string[], [number, any[][]][]][]}
 */
export const WORKLOAD = [
  [
    'nginx',
    ['812', '813', '814', '815'],
    [
      [
        40,
        [
          ...request,
          ...nginx('ngx_http_static_handler', 'ngx_http_send_header'),
          ...native(LIBC, 'sysdeps/writev.c', 'writev'),
          ...syscall,
          ...kernel(
            '__x64_sys_writev',
            'vfs_writev',
            'sock_write_iter',
            'tcp_sendmsg',
            'tcp_sendmsg_locked',
            'tcp_push',
            'tcp_write_xmit',
            '__tcp_transmit_skb',
            'ip_queue_xmit',
            'ip_output',
            'dev_queue_xmit',
          ),
        ],
      ],
      [
        26,
        [
          ...request,
          ...nginx('ngx_http_gzip_body_filter'),
          ...native(
            '/usr/lib/x86_64-linux-gnu/libz.so.1.2.13',
            'deflate.c',
            'deflate',
            'deflate_slow',
          ),
          ...inlining(
            '/usr/lib/x86_64-linux-gnu/libz.so.1.2.13',
            'deflate.c',
            1240,
            'longest_match',
            'zmemcmp',
            'load_u64',
          ),
        ],
      ],
      [
        14,
        [
          ...request,
          ...inlining(
            '/usr/sbin/nginx',
            'src/http/ngx_http_parse.c',
            130,
            'ngx_http_parse_header_line',
            'ngx_hash',
            'ngx_tolower',
          ),
        ],
      ],
      [
        9,
        [
          ...worker,
          ...native(LIBC, 'epoll_wait.c', 'epoll_wait'),
          ...syscall,
          ...kernel('__x64_sys_epoll_wait', 'do_epoll_wait', 'ep_poll', 'schedule_hrtimeout_range'),
        ],
      ],
      [
        6,
        [
          ...request,
          ['libcrypto.so.3+0x1b2c40', '/usr/lib/x86_64-linux-gnu/libcrypto.so.3'],
          ['libcrypto.so.3+0x1b9ff2', '/usr/lib/x86_64-linux-gnu/libcrypto.so.3'],
        ],
      ],
    ],
  ],
  [
    'postgres',
    ['1204', '1377'],
    [
      [
        30,
        [
          ...postgres,
          ...native(
            PG,
            'src/backend/executor/nodeSeqscan.c',
            'ExecSeqScan',
            'SeqNext',
            'heap_getnextslot',
            'heapgettup_pagemode',
          ),
          ...inlining(
            PG,
            'src/backend/utils/adt/int8.c',
            88,
            'HeapTupleSatisfiesMVCC',
            'TransactionIdIsCurrentTransactionId',
          ),
        ],
      ],
      [
        22,
        [
          ...postgres,
          ...native(
            PG,
            'src/backend/executor/nodeSort.c',
            'ExecSort',
            'tuplesort_performsort',
            'qsort_tuple',
            'comparetup_heap',
          ),
          ...inlining(PG, 'src/backend/utils/adt/varlena.c', 1900, 'varstrfastcmp_c', 'memcmp'),
        ],
      ],
      [
        11,
        [
          ...postgres,
          ...native(
            PG,
            'src/backend/storage/buffer/bufmgr.c',
            'ReadBufferExtended',
            'ReadBuffer_common',
            'smgrread',
            'FileRead',
          ),
          ...native(LIBC, 'pread64.c', '__libc_pread64'),
          ...syscall,
          ...kernel(
            '__x64_sys_pread64',
            'vfs_read',
            'ext4_file_read_iter',
            'generic_file_read_iter',
            'filemap_read',
            'copy_page_to_iter',
            '_copy_to_iter',
          ),
        ],
      ],
      [
        7,
        [
          ...postgres,
          ...native(PG, 'src/backend/utils/mmgr/aset.c', 'AllocSetAlloc'),
          ...fault,
          ...kernel('do_anonymous_page', 'clear_page_erms'),
        ],
      ],
    ],
  ],
  [
    'api-server',
    ['2210'],
    [
      [
        24,
        [
          ...tokio,
          ...inlining(
            API,
            'src/index/search.rs',
            77,
            '<api::index::Reader>::search',
            'core::slice::iter::Iter<T>::next',
            'core::ptr::non_null::NonNull<T>::add',
          ),
          ...native(API, 'src/index/score.rs', 'api::index::score::bm25'),
        ],
      ],
      [
        12,
        [
          ...tokio,
          ...native(
            API,
            'serde_json/src/ser.rs',
            'serde_json::ser::to_vec',
            '<api::model::Document as serde::Serialize>::serialize',
          ),
        ],
      ],
      [
        5,
        [
          ...tokio,
          ...native(
            API,
            'alloc/src/vec/mod.rs',
            'alloc::raw_vec::RawVec<T,A>::reserve::do_reserve_and_handle',
          ),
          ...native(LIBC, 'malloc/malloc.c', 'realloc', '_int_realloc', '_int_malloc'),
        ],
      ],
    ],
  ],
  [
    'renderer',
    ['3001'],
    [
      [
        18,
        [
          ...native(
            CXX,
            'src/main.cc',
            '_start',
            'main',
            'render::Document::update(render::Frame&)',
          ),
          ...walk,
          ...native(
            CXX,
            'src/text.cc',
            'render::shape(std::basic_string_view<char, std::char_traits<char> >, Font const&)',
          ),
        ],
      ],
      [
        6,
        [
          ...native(
            CXX,
            'src/main.cc',
            '_start',
            'main',
            'render::Document::update(render::Frame&)',
          ),
          ...walk.slice(0, 12),
          ...inlining(
            CXX,
            'src/box.cc',
            31,
            'render::Box::intersect(render::Box const&) const',
            'std::max<float>',
            'std::min<float>',
          ),
        ],
      ],
    ],
  ],
  [
    'node',
    ['4410', '4411'],
    [
      [
        13,
        [
          ...node,
          ...js(
            'LazyCompile:*handleRequest /srv/web/server.js:41',
            'LazyCompile:*renderToString /srv/web/render.js:220',
            'LazyCompile:*escapeHtml /srv/web/escape.js:8',
          ),
        ],
      ],
      [
        6,
        [
          ...node,
          ...native(
            '/usr/bin/node',
            'deps/v8/src/heap/heap.cc',
            'v8::internal::Heap::CollectGarbage(v8::internal::AllocationSpace)',
            'v8::internal::ScavengerCollector::CollectGarbage()',
          ),
        ],
      ],
    ],
  ],
  [
    'collector',
    ['5120'],
    [
      [8, [...go, ...native(GO, 'runtime/malloc.go', 'runtime.mallocgc', 'runtime.nextFreeFast')]],
      [5, [...go, ...native(GO, 'encoding/json/scanner.go', 'encoding/json.stateInString')]],
    ],
  ],
  [
    'fixture',
    ['6001'],
    [
      [12, native('/srv/fixture/fixture', 'fixture.c', '_start', 'main', 'burn_three')],
      [4, native('/srv/fixture/fixture', 'fixture.c', '_start', 'main', 'burn_one')],
    ],
  ],
  [
    'kworker/u8:2',
    ['91'],
    [
      [
        3,
        kernel(
          'ret_from_fork',
          'kthread',
          'worker_thread',
          'process_one_work',
          'wb_workfn',
          'writeback_sb_inodes',
        ),
      ],
    ],
  ],
  [
    'ksoftirqd/1',
    ['24'],
    [
      [
        2,
        kernel('ret_from_fork', 'kthread', 'smpboot_thread_fn', 'run_ksoftirqd', 'net_rx_action'),
      ],
    ],
  ],
  [
    '<b>evil</b>',
    ['666'],
    [[2, [['<img src=x onerror=alert(1)>', '/tmp/"><script>alert(1)</script>', 'a"b.c', 1]]]],
  ],
];

/** What the status route tells of the same host. */
export function syntheticStatus() {
  return {
    version: '0.1.0',
    host: 'synthetic',
    kernel: '6.1.0-18-amd64',
    frequency_hz: HZ,
    event: 'cpu-clock',
    cpus: 4,
    uptime_seconds: 7200,
    ticks: 2851200,
    idle: 930211,
    stored: 1920977,
    in_flight: 4,
    dropped: { ring_full: 8, no_stack: 0 },
    stacks: { whole: 1919020, kernel_only: 1400, truncated_depth: 557 },
    frames: { none: 12, pending: 31, functions: 900, lines: 4100 },
    files: { total: 212, with_lines: 160, pending: 3, failed: 1 },
    roles: {
      sampler: { restarts: 0, cpu_seconds: 6.2, resident_bytes: 9 << 20 },
      resolver: { restarts: 0, cpu_seconds: 4.1, resident_bytes: 14 << 20 },
      server: { restarts: 0, cpu_seconds: 5.3, resident_bytes: 17 << 20 },
    },
    bpf: { run_seconds: 0, runs: 0, map_bytes: 41 << 20 },
    queued: { symbol_builds: 3, unwind_tables: 0 },
    symbol_builds: { ok: 211, no_names: 1 },
    history_errors: { full: 0 },
  };
}
